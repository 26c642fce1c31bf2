//! The names that a pickle may import.

use super::Dtype;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Import {
    OrderedDict,
    RebuildTensor,
    RebuildTensorV2,
    RebuildTensorV3,
    RebuildParameter,
    Size,
    /// A class of storages; none of bytes has a type.
    Storage(Option<Dtype>),
    Dtype(Dtype),
    NumpyScalar,
    NumpyDtype,
    Encode,
}

/// What `module.name` stands for; nothing for whatever a checkpoint does not need.
pub(super) fn find(module: &str, name: &str) -> Option<Import> {
    Some(match (module, name) {
        ("collections", "OrderedDict") => Import::OrderedDict,
        ("torch._utils", "_rebuild_tensor") => Import::RebuildTensor,
        ("torch._utils", "_rebuild_tensor_v2") => Import::RebuildTensorV2,
        ("torch._utils", "_rebuild_tensor_v3") => Import::RebuildTensorV3,
        ("torch._utils", "_rebuild_parameter") => Import::RebuildParameter,
        ("torch", "Size") => Import::Size,
        ("torch.storage", "UntypedStorage") => Import::Storage(None),
        ("torch", name) => match name.strip_suffix("Storage") {
            Some(kind) => Import::Storage(Some(storage_dtype(kind)?)),
            None => Import::Dtype(torch_dtype(name)?),
        },
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Import::NumpyScalar,
        ("numpy", "dtype") => Import::NumpyDtype,
        ("_codecs", "encode") => Import::Encode,
        _ => return None,
    })
}

fn storage_dtype(kind: &str) -> Option<Dtype> {
    Some(match kind {
        "Double" => Dtype::F64,
        "Float" => Dtype::F32,
        "Half" => Dtype::F16,
        "BFloat16" => Dtype::BF16,
        "Long" => Dtype::I64,
        "Int" => Dtype::I32,
        "Short" => Dtype::I16,
        "Char" => Dtype::I8,
        "Byte" => Dtype::U8,
        "Bool" => Dtype::Bool,
        _ => return None,
    })
}

const TORCH_DTYPES: [(&str, Dtype); 13] = [
    ("float64", Dtype::F64),
    ("float32", Dtype::F32),
    ("float16", Dtype::F16),
    ("bfloat16", Dtype::BF16),
    ("int64", Dtype::I64),
    ("int32", Dtype::I32),
    ("int16", Dtype::I16),
    ("int8", Dtype::I8),
    ("uint64", Dtype::U64),
    ("uint32", Dtype::U32),
    ("uint16", Dtype::U16),
    ("uint8", Dtype::U8),
    ("bool", Dtype::Bool),
];

fn torch_dtype(name: &str) -> Option<Dtype> {
    let mut dtypes = TORCH_DTYPES.iter();
    dtypes
        .find(|(known, _)| *known == name)
        .map(|(_, dtype)| *dtype)
}

/// What PyTorch calls `dtype`.
pub(super) fn torch_name(dtype: Dtype) -> String {
    let mut dtypes = TORCH_DTYPES.iter();
    let name = dtypes
        .find(|(_, known)| *known == dtype)
        .map_or("", |(name, _)| name);
    format!("torch.{name}")
}
