//! Tensors of a model's files, left where they lie.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use half::{bf16, f16};
use rayon::prelude::*;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use crate::checkpoint::Checkpoint;
use crate::error::{Error, Result};

use super::directory::{Bytes, ModelDir};

const WHOLE: &str = "model.safetensors";
const SHARDS: &str = "model.safetensors.index.json";
/// What PyTorch wrote before there was safetensors.
const PICKLE: &str = "pytorch_model.bin";

/// The tensors of a model, in one file or in shards, whose headers were checked.
pub(crate) struct Weights {
    dir: ModelDir,
    shards: Vec<Shard>,
    tensors: HashMap<String, Tensor>,
    /// Those whose numbers were found to be finite.
    finite: Mutex<HashSet<String>>,
}

/// One file of weights.
pub(crate) struct Shard {
    /// Its name in the directory.
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    real: Option<RealFile>,
}

/// The file itself, behind any links. ONNX Runtime follows no link out of the folder it is told, and in the cache of
/// the model hub every file is such a link.
struct RealFile {
    folder: String,
    name: String,
}

/// One tensor.
#[derive(Debug, Clone)]
pub(crate) struct Tensor {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    shard: usize,
    /// Where its values lie in the shard.
    pub(crate) range: Range<usize>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Whether `dir` has weights for [`Weights::open`].
pub(crate) fn exist(dir: &ModelDir) -> bool {
    dir.has(WHOLE) || dir.has(SHARDS) || dir.has(PICKLE)
}

impl Weights {
    /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names, or else `pytorch_model.bin`.
    ///
    /// # Errors
    /// When there is none of them, or when a file is cut short or holds something else.
    pub(crate) fn open(dir: &ModelDir) -> Result<Self> {
        let names = if dir.has(WHOLE) {
            BTreeSet::from([WHOLE.to_owned()])
        } else if dir.has(SHARDS) {
            let index: Index = dir.json(SHARDS)?;
            index.weight_map.into_values().collect()
        } else if dir.has(PICKLE) {
            BTreeSet::from([PICKLE.to_owned()])
        } else {
            BTreeSet::from([WHOLE.to_owned()])
        };
        let mut weights = Self::none(dir);
        for name in names {
            weights.add(name)?;
        }
        weights.agree_on_folder();
        Ok(weights)
    }

    /// No tensors, for graphs that need none.
    pub(crate) fn none(dir: &ModelDir) -> Self {
        Self {
            dir: dir.clone(),
            shards: Vec::new(),
            tensors: HashMap::new(),
            finite: Mutex::default(),
        }
    }

    fn add(&mut self, name: String) -> Result<()> {
        self.dir.check_inside(&name)?;
        let bytes = self.dir.bytes(&name)?;
        let tensors = if name == PICKLE {
            self.pickled(&name)?
        } else {
            self.safetensors(&name, &bytes)?
        };
        self.tensors.extend(tensors);
        let path = self.dir.on_disk_path(&name);
        self.shards.push(Shard {
            real: path.and_then(|path| resolve(&path)),
            name,
            bytes,
        });
        Ok(())
    }

    /// The tensors of the next shard, whose format is safetensors.
    fn safetensors(&self, name: &str, bytes: &[u8]) -> Result<Vec<(String, Tensor)>> {
        let library = |source: safetensors::SafeTensorError| Error::ModelLibrary {
            path: self.dir.path_of(name),
            doing: "read these weights",
            source: source.into(),
        };
        let parsed = SafeTensors::deserialize(bytes).map_err(library)?;
        let tensors = parsed.iter().map(|(tensor, view)| {
            let start = view.data().as_ptr() as usize - bytes.as_ptr() as usize;
            let tensor_of = Tensor {
                dtype: view.dtype(),
                shape: view.shape().to_vec(),
                shard: self.shards.len(),
                range: start..start + view.data().len(),
            };
            (tensor.to_owned(), tensor_of)
        });
        Ok(tensors.collect())
    }

    /// The tensors of the next shard, a pickle of PyTorch: they lie in it one after the other, uncompressed.
    fn pickled(&self, name: &str) -> Result<Vec<(String, Tensor)>> {
        let path = self.dir.path_of(name);
        let checkpoint = Checkpoint::open(&path)?;
        let tensors = checkpoint.names().map(|tensor| {
            let (Some((dtype, range)), Some(shape)) =
                (checkpoint.place(tensor), checkpoint.shape(tensor))
            else {
                return Err(Error::Model {
                    path: path.clone(),
                    problem: format!("tensor `{tensor}` does not lie in one piece"),
                });
            };
            let tensor_of = Tensor {
                dtype: dtype.in_safetensors(),
                shape: shape.to_vec(),
                shard: self.shards.len(),
                range,
            };
            Ok((tensor.to_owned(), tensor_of))
        });
        tensors.collect()
    }

    /// ONNX Runtime is told one folder: shards in several are handed over from memory.
    fn agree_on_folder(&mut self) {
        let folders: BTreeSet<Option<&str>> = self
            .shards
            .iter()
            .map(|shard| shard.real.as_ref().map(|real| real.folder.as_str()))
            .collect();
        if folders.len() != 1 {
            for shard in &mut self.shards {
                shard.real = None;
            }
        }
    }

    /// The files, in the order of their names.
    pub(crate) fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// The names of the files that decide what the weights are.
    pub(crate) fn file_names(&self) -> Vec<String> {
        self.shards.iter().map(|shard| shard.name.clone()).collect()
    }

    /// The folder that holds every shard under its [`location`](Shard::location), if they lie on disk in one folder.
    pub(crate) fn folder_on_disk(&self) -> Option<&str> {
        let shard = self.shards.first()?;
        shard.real.as_ref().map(|real| real.folder.as_str())
    }

    /// Whether there is a tensor `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The shapes of all tensors, by their names without `prefix`.
    pub(crate) fn shapes(&self, prefix: &str) -> BTreeMap<String, Vec<usize>> {
        let tensors = self.tensors.iter().map(|(name, tensor)| {
            let name = name.strip_prefix(prefix).unwrap_or(name);
            (name.to_owned(), tensor.shape.clone())
        });
        tensors.collect()
    }

    /// How many numbers the tensors hold, positions and the like aside.
    pub(crate) fn n_parameters(&self) -> u64 {
        let learned = self.tensors.values().filter(|tensor| is_learned(tensor));
        let sizes = learned.map(|tensor| {
            let n = tensor.shape.iter().product::<usize>() as u64;
            // Bytes hold two numbers of four bits.
            if tensor.dtype == Dtype::U8 { 2 * n } else { n }
        });
        sizes.sum()
    }

    /// The types of those numbers, the most used first.
    pub(crate) fn dtypes(&self) -> Vec<String> {
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        for tensor in self.tensors.values().filter(|tensor| is_learned(tensor)) {
            let name = match tensor.dtype {
                Dtype::U8 => "4-bit pairs".into(),
                dtype => format!("{dtype:?}"),
            };
            *sizes.entry(name).or_default() += tensor.range.len();
        }
        let mut dtypes: Vec<(usize, String)> = sizes.into_iter().map(|(k, n)| (n, k)).collect();
        dtypes.sort_by(|a, b| b.cmp(a));
        dtypes.into_iter().map(|(_, dtype)| dtype).collect()
    }

    /// The tensor `name`.
    pub(crate) fn tensor(&self, name: &str) -> Result<&Tensor> {
        self.tensors
            .get(name)
            .ok_or_else(|| self.problem(format!("tensor `{name}` is missing")))
    }

    /// The tensor `name`, whose shape has to be `shape`, and whose numbers have to be finite.
    ///
    /// # Errors
    /// When it is missing, has another shape, holds something else than floating-point numbers, or one that is none.
    pub(crate) fn checked(&self, name: &str, shape: &[usize]) -> Result<&Tensor> {
        let tensor = self.tensor(name)?;
        if tensor.shape != shape {
            return Err(self.problem_of(
                tensor,
                format!(
                    "tensor `{name}` has shape {:?}, expected {shape:?}",
                    tensor.shape
                ),
            ));
        }
        let finite = || self.finite.lock().unwrap_or_else(PoisonError::into_inner);
        if finite().contains(name) {
            return Ok(tensor);
        }
        let bytes = self.bytes(tensor);
        let bad = match tensor.dtype {
            Dtype::F32 => position::<4>(bytes, |x| !f32::from_le_bytes(x).is_finite()),
            Dtype::F16 => position::<2>(bytes, |x| !f16::from_le_bytes(x).is_finite()),
            Dtype::BF16 => position::<2>(bytes, |x| !bf16::from_le_bytes(x).is_finite()),
            other => {
                let problem = format!("tensor `{name}` is {other:?}, expected F32, F16 or BF16");
                return Err(self.problem_of(tensor, problem));
            }
        };
        match bad {
            None => {
                finite().insert(name.to_owned());
                Ok(tensor)
            }
            Some(at) => {
                let problem = format!(
                    "tensor `{name}` holds a number that is not finite, at {at} of its values"
                );
                Err(self.problem_of(tensor, problem))
            }
        }
    }

    /// The numbers of the tensor `name`, checked as [`checked`](Self::checked) does.
    pub(crate) fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let tensor = self.checked(name, shape)?;
        let bytes = self.bytes(tensor);
        Ok(match tensor.dtype {
            Dtype::F16 => (bytes.as_chunks().0.iter())
                .map(|x| f16::from_le_bytes(*x).to_f32())
                .collect(),
            Dtype::BF16 => (bytes.as_chunks().0.iter())
                .map(|x| bf16::from_le_bytes(*x).to_f32())
                .collect(),
            _ => (bytes.as_chunks().0.iter())
                .map(|x| f32::from_le_bytes(*x))
                .collect(),
        })
    }

    /// The whole numbers of the vector `name`, each below `end`.
    ///
    /// # Errors
    /// When it is missing, no vector, made of other numbers, or holds one that is out of range.
    pub(crate) fn indexes(&self, name: &str, end: usize) -> Result<Vec<usize>> {
        let tensor = self.tensor(name)?;
        let bytes = self.bytes(tensor);
        let numbers: Vec<i64> = match tensor.dtype {
            Dtype::I32 => (bytes.as_chunks().0.iter())
                .map(|n| i64::from(i32::from_le_bytes(*n)))
                .collect(),
            Dtype::I64 => (bytes.as_chunks().0.iter())
                .map(|n| i64::from_le_bytes(*n))
                .collect(),
            other => {
                let problem = format!("tensor `{name}` is {other:?}, expected I32 or I64");
                return Err(self.problem_of(tensor, problem));
            }
        };
        let index = |n: i64| usize::try_from(n).ok().filter(|n| *n < end);
        let indexes: Option<Vec<usize>> = numbers.into_iter().map(index).collect();
        indexes.ok_or_else(|| {
            let problem = format!("tensor `{name}` points beyond the {end} rows that there are");
            self.problem_of(tensor, problem)
        })
    }

    /// The values of `tensor` as they lie in its file.
    pub(crate) fn bytes(&self, tensor: &Tensor) -> &[u8] {
        &self.shards[tensor.shard].bytes[tensor.range.clone()]
    }

    /// The file that holds `tensor`.
    pub(crate) fn shard(&self, tensor: &Tensor) -> &Shard {
        &self.shards[tensor.shard]
    }

    /// An error about the weights.
    pub(crate) fn problem(&self, problem: String) -> Error {
        let [shard] = &self.shards[..] else {
            return Error::Model {
                path: self.dir.path_of(SHARDS),
                problem,
            };
        };
        Error::Model {
            path: self.dir.path_of(&shard.name),
            problem,
        }
    }

    fn problem_of(&self, tensor: &Tensor, problem: String) -> Error {
        Error::Model {
            path: self.dir.path_of(&self.shard(tensor).name),
            problem,
        }
    }
}

impl Shard {
    /// What a graph calls the file.
    pub(crate) fn location(&self) -> &str {
        self.real.as_ref().map_or(&self.name, |real| &real.name)
    }
}

fn resolve(path: &Path) -> Option<RealFile> {
    let real = path.canonicalize().ok()?;
    Some(RealFile {
        folder: real.parent()?.to_str()?.to_owned(),
        name: real.file_name()?.to_str()?.to_owned(),
    })
}

fn is_learned(tensor: &Tensor) -> bool {
    !matches!(tensor.dtype, Dtype::I32 | Dtype::I64 | Dtype::BOOL)
}

/// Where the first number of `N` bytes lies that is `bad`.
fn position<const N: usize>(bytes: &[u8], bad: impl Fn([u8; N]) -> bool + Sync) -> Option<usize> {
    const PIECE: usize = 1 << 16;
    /// Many rayon threads are worth their while from here on. Below it there has to be none: what composes modules waits
    /// for nobody who may wait for it.
    const MANY: usize = 1 << 22;
    let (numbers, _) = bytes.as_chunks::<N>();
    if numbers.len() < MANY {
        return numbers.iter().position(|x| bad(*x));
    }
    // Looking for any comes first: without an early end it runs over many numbers at a time.
    let piece = numbers
        .par_chunks(PIECE)
        .position_first(|piece| piece.iter().fold(false, |any, x| any | bad(*x)))?;
    let at = numbers[piece * PIECE..].iter().position(|x| bad(*x))?;
    Some(piece * PIECE + at)
}
