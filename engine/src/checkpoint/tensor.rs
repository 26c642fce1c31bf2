//! Tensors: which bytes of a storage are which number.

use std::ops::Range;

use half::{bf16, f16};

use super::Found;

/// Torch allows 64; no weights come near.
const MAX_DIMS: usize = 16;

/// The type of a tensor's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of safetensors")]
pub enum Dtype {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}

impl Dtype {
    /// Bytes of one number.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// As safetensors calls it.
    pub(crate) fn in_safetensors(self) -> safetensors::Dtype {
        match self {
            Self::F64 => safetensors::Dtype::F64,
            Self::F32 => safetensors::Dtype::F32,
            Self::F16 => safetensors::Dtype::F16,
            Self::BF16 => safetensors::Dtype::BF16,
            Self::I64 => safetensors::Dtype::I64,
            Self::I32 => safetensors::Dtype::I32,
            Self::I16 => safetensors::Dtype::I16,
            Self::I8 => safetensors::Dtype::I8,
            Self::U64 => safetensors::Dtype::U64,
            Self::U32 => safetensors::Dtype::U32,
            Self::U16 => safetensors::Dtype::U16,
            Self::U8 => safetensors::Dtype::U8,
            Self::Bool => safetensors::Dtype::BOOL,
        }
    }

    pub(super) fn of_safetensors(dtype: safetensors::Dtype) -> Found<Self> {
        Ok(match dtype {
            safetensors::Dtype::F64 => Self::F64,
            safetensors::Dtype::F32 => Self::F32,
            safetensors::Dtype::F16 => Self::F16,
            safetensors::Dtype::BF16 => Self::BF16,
            safetensors::Dtype::I64 => Self::I64,
            safetensors::Dtype::I32 => Self::I32,
            safetensors::Dtype::I16 => Self::I16,
            safetensors::Dtype::I8 => Self::I8,
            safetensors::Dtype::U64 => Self::U64,
            safetensors::Dtype::U32 => Self::U32,
            safetensors::Dtype::U16 => Self::U16,
            safetensors::Dtype::U8 => Self::U8,
            safetensors::Dtype::BOOL => Self::Bool,
            other => return Err(format!("it is {other:?}, expected F32, F16 or BF16")),
        })
    }
}

/// A tensor of a file. Its numbers stay there until [`Pickle::numbers`](super::Pickle::numbers) fetches them.
///
/// One pointer wide, so that the whole numbers of a long list stay small beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor(Box<Named>);

#[derive(Debug, Clone, PartialEq)]
struct Named {
    name: String,
    layout: Layout,
}

impl Tensor {
    pub(super) fn new(name: String, layout: Layout) -> Self {
        Self(Box::new(Named { name, layout }))
    }

    /// Where it was found: the keys that lead to it, with `/` between them.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its dimensions.
    pub fn shape(&self) -> &[usize] {
        &self.0.layout.shape
    }

    /// The type of its numbers in the file.
    pub fn dtype(&self) -> Dtype {
        self.0.layout.dtype
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.0.layout
    }
}

/// Which numbers of which storage a tensor is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// In numbers, as `offset`.
    pub(super) strides: Vec<usize>,
    pub(super) offset: usize,
    /// Its place among the storages of the file.
    pub(super) storage: usize,
}

impl Layout {
    /// A tensor that is the whole of its storage, row by row.
    pub(super) fn contiguous(dtype: Dtype, shape: &[usize], storage: usize) -> Found<Self> {
        let layout = Self {
            dtype,
            shape: shape.to_vec(),
            strides: row_strides(shape).ok_or_else(|| too_large(shape))?,
            offset: 0,
            storage,
        };
        layout.extent()?;
        Ok(layout)
    }

    /// How many numbers it has.
    pub(super) fn n_numbers(&self) -> Found<usize> {
        let mut dims = self.shape.iter();
        // An empty tensor may have other dimensions of any size.
        if self.shape.contains(&0) {
            return Ok(0);
        }
        let n = dims.try_fold(1_usize, |n, dim| n.checked_mul(*dim));
        n.ok_or_else(|| too_large(&self.shape))
    }

    /// How many bytes of its storage it reaches over.
    pub(super) fn extent(&self) -> Found<usize> {
        if self.shape.len() > MAX_DIMS || self.shape.len() != self.strides.len() {
            let (dims, strides) = (self.shape.len(), self.strides.len());
            return Err(format!(
                "a tensor has {dims} dimensions and {strides} strides, expected as many, and at most {MAX_DIMS}"
            ));
        }
        let numbers = if self.n_numbers()? == 0 {
            Some(self.offset)
        } else {
            let mut steps = self.shape.iter().zip(&self.strides);
            let last = steps.try_fold(self.offset, |last, (dim, stride)| {
                last.checked_add((dim - 1).checked_mul(*stride)?)
            });
            last.and_then(|last| last.checked_add(1))
        };
        numbers
            .and_then(|numbers| numbers.checked_mul(self.dtype.size()))
            .ok_or_else(|| too_large(&self.shape))
    }

    /// Where its bytes lie in its storage, if they lie row by row without gaps.
    pub(super) fn contiguous_bytes(&self) -> Option<Range<usize>> {
        let expected = row_strides(&self.shape)?;
        let mut dims = self.shape.iter().zip(&self.strides).zip(&expected);
        // Nothing is ever multiplied with the stride of a dimension of one.
        let n = self.n_numbers().ok()?;
        if n > 0 && !dims.all(|((dim, stride), expected)| *dim == 1 || stride == expected) {
            return None;
        }
        let start = self.offset.checked_mul(self.dtype.size())?;
        Some(start..start.checked_add(n.checked_mul(self.dtype.size())?)?)
    }

    /// Its numbers out of `storage`, row by row; nothing when it reaches beyond.
    pub(super) fn read(&self, storage: &[u8]) -> Option<Vec<f32>> {
        match self.dtype {
            Dtype::F64 => self.gather(storage, |x| f64::from_le_bytes(x) as f32),
            Dtype::F32 => self.gather(storage, f32::from_le_bytes),
            Dtype::F16 => self.gather(storage, |x| f16::from_le_bytes(x).to_f32()),
            Dtype::BF16 => self.gather(storage, |x| bf16::from_le_bytes(x).to_f32()),
            Dtype::I64 => self.gather(storage, |x| i64::from_le_bytes(x) as f32),
            Dtype::I32 => self.gather(storage, |x| i32::from_le_bytes(x) as f32),
            Dtype::I16 => self.gather(storage, |x| i16::from_le_bytes(x).into()),
            Dtype::I8 => self.gather(storage, |x| i8::from_le_bytes(x).into()),
            Dtype::U64 => self.gather(storage, |x| u64::from_le_bytes(x) as f32),
            Dtype::U32 => self.gather(storage, |x| u32::from_le_bytes(x) as f32),
            Dtype::U16 => self.gather(storage, |x| u16::from_le_bytes(x).into()),
            Dtype::U8 => self.gather(storage, |[x]| x.into()),
            Dtype::Bool => self.gather(storage, |[x]| if x == 0 { 0.0 } else { 1.0 }),
        }
    }

    fn gather<const N: usize>(
        &self,
        storage: &[u8],
        number: impl Fn([u8; N]) -> f32,
    ) -> Option<Vec<f32>> {
        if let Some(place) = self.contiguous_bytes() {
            let (numbers, _) = storage.get(place)?.as_chunks();
            return Some(numbers.iter().map(|x| number(*x)).collect());
        }
        let (numbers, _) = storage.as_chunks();
        let n = self.n_numbers().ok()?;
        let mut gathered = Vec::with_capacity(n);
        let mut index = vec![0; self.shape.len()];
        for _ in 0..n {
            let steps = index
                .iter()
                .zip(&self.strides)
                .map(|(i, stride)| i * stride);
            let at = self.offset + steps.sum::<usize>();
            gathered.push(number(*numbers.get(at)?));
            advance(&mut index, &self.shape);
        }
        Some(gathered)
    }
}

/// The next index, row by row.
fn advance(index: &mut [usize], shape: &[usize]) {
    for (i, dim) in index.iter_mut().zip(shape).rev() {
        *i += 1;
        if *i < *dim {
            return;
        }
        *i = 0;
    }
}

fn row_strides(shape: &[usize]) -> Option<Vec<usize>> {
    if shape.contains(&0) {
        return Some(vec![0; shape.len()]);
    }
    let mut strides = vec![1_usize; shape.len()];
    let mut stride = 1_usize;
    for (slot, dim) in strides.iter_mut().zip(shape).rev() {
        *slot = stride;
        stride = stride.checked_mul(*dim)?;
    }
    Some(strides)
}

fn too_large(shape: &[usize]) -> String {
    let dims = &shape[..shape.len().min(MAX_DIMS)];
    format!("a tensor has shape {dims:?}, which is too large")
}
