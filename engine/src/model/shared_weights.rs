//! Weights that many sessions read, in memory once.
//!
//! On the CPU a session is handed every tensor where it lies in the mapped file, and what linear layers make of theirs (the
//! order in which products read them) is kept for all sessions: one more costs next to nothing.

use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};
use std::sync::{Arc, Mutex, PoisonError};

use ort::AsPointer;
use ort::memory::{Allocator, MemoryInfo};
use ort::session::builder::{PrepackedWeights, SessionBuilder};
use ort::sys::ONNXTensorElementDataType;
use ort::value::DynValue;

use super::onnx::{Numbers, Outside};
use super::session::Provider;
use super::weights::{Tensor, Weights};

/// The weights of a model with what sessions share of them.
pub(crate) struct SharedWeights {
    // Before the weights, so that they are dropped first: they point into them.
    values: Mutex<HashMap<String, Arc<DynValue>>>,
    packed: PrepackedWeights,
    pub(crate) weights: Weights,
}

impl SharedWeights {
    /// Nothing is shared yet.
    pub(crate) fn new(weights: Weights) -> Self {
        Self {
            values: Mutex::default(),
            packed: PrepackedWeights::new(),
            weights,
        }
    }

    /// `builder`, told where everything lies that a graph names `outside` itself. What it makes must not outlive these
    /// weights, nor those numbers.
    pub(crate) fn hand_to(
        &self,
        builder: SessionBuilder,
        provider: Provider,
        outside: &[Outside],
    ) -> ort::Result<SessionBuilder> {
        let mut builder = self.with_files(builder)?;
        if provider == Provider::Cpu {
            builder = builder.with_prepacked_weights(&self.packed)?;
        }
        for Outside { name, numbers } in outside {
            builder = match (numbers, provider) {
                (Numbers::Weight(tensor), Provider::Cpu) => match self.value(name, tensor)? {
                    Some(value) => builder.with_initializer(name, value)?,
                    None => builder,
                },
                // A GPU has its own memory, into which it copies from the file.
                (Numbers::Weight(_), Provider::Cuda(_)) => builder,
                (Numbers::Shared(array), _) => match array.as_slice() {
                    Some(numbers) => {
                        let value = in_place(numbers, array.shape())?;
                        builder.with_external_initializer(name, value)?
                    }
                    None => return Err(ort::Error::new("an array is not contiguous")),
                },
            };
        }
        Ok(builder)
    }

    /// Tells `builder` where the files lie.
    fn with_files(&self, mut builder: SessionBuilder) -> ort::Result<SessionBuilder> {
        if let Some(folder) = self.weights.folder_on_disk() {
            // Mapped by ONNX Runtime, where the other way makes a copy.
            let key = "session.model_external_initializers_file_folder_path";
            return Ok(builder.with_config_entry(key, folder)?);
        }
        for shard in self.weights.shards() {
            let bytes = Arc::from(&*shard.bytes);
            builder = builder.with_external_initializer_file_in_memory(shard.location(), bytes)?;
        }
        Ok(builder)
    }

    /// The tensor `name` where it lies; nothing if 32-bit numbers cannot be read there.
    fn value(&self, name: &str, tensor: &Tensor) -> ort::Result<Option<Arc<DynValue>>> {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = values.get(name) {
            return Ok(Some(Arc::clone(value)));
        }
        let Ok(numbers) = bytemuck::try_cast_slice(self.weights.bytes(tensor)) else {
            return Ok(None);
        };
        let value = Arc::new(in_place(numbers, &tensor.shape)?);
        values.insert(name.to_owned(), Arc::clone(&value));
        Ok(Some(value))
    }
}

/// A tensor of ONNX Runtime over `numbers` themselves, which have to outlive it and every session that is given it.
#[expect(
    unsafe_code,
    reason = "the library has no safe way to share memory that it does not own with a session"
)]
fn in_place(numbers: &[f32], shape: &[usize]) -> ort::Result<DynValue> {
    let shape: Vec<i64> = shape.iter().map(|n| *n as i64).collect();
    let memory = MemoryInfo::default();
    let mut value = null_mut();
    // SAFETY: `numbers` are as many bytes as are said here, in ordinary memory, and `shape` has as many dimensions as are
    // said. Sessions only read initialisers. `SessionPool` drops its sessions before what they read.
    let status = unsafe {
        (ort::api().CreateTensorWithDataAsOrtValue)(
            memory.ptr(),
            numbers.as_ptr().cast_mut().cast::<c_void>(),
            size_of_val(numbers),
            shape.as_ptr(),
            shape.len(),
            ONNXTensorElementDataType::ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
            &mut value,
        )
    };
    // SAFETY: the status comes from the library itself.
    unsafe { ort::Error::result_from_status(status) }?;
    let value = NonNull::new(value).ok_or_else(|| ort::Error::new("there is no tensor"))?;
    // SAFETY: the tensor was made above and belongs to nobody else. It does not own its numbers, so that no allocator is
    // ever asked to free them.
    Ok(unsafe { DynValue::from_ptr(value, Some(&Allocator::default())) })
}
