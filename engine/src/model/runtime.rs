//! ONNX Runtime itself: finding its shared library, loading it once, and asking what it can do.
//!
//! The library is looked for where a user would put it, best place first: the path the user named; beside the program;
//! a folder `runtime/` in the working directory or in a directory above the program; an installed Python package
//! `onnxruntime` or `onnxruntime-gpu`. A named path is the only candidate; elsewhere a library that cannot be used is
//! passed over for the next.
//!
//! `ort` reads the version of a library before it calls anything else in it, and answers a file that is no library, or
//! one that is too old, with an error. It panics only when it is left to look for a library by itself, and so nothing
//! in this room makes an `ort` value before [`start`] has succeeded.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::LoadDynamicError;
use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::Session;

use crate::error::{Error, Result};

use super::onnx::{Element, GraphBuilder};
use super::session::{self, Provider};

/// How far above the program's directory `runtime/` is looked for: from `target/debug/deps` to the project. Farther up
/// lie directories that others may write to, and whoever writes the library runs in this process.
const ANCESTORS: usize = 3;

/// Where ONNX Runtime may lie. Nothing is read from the environment here: whoever starts the program says where.
#[derive(Debug, Clone, Default)]
pub struct RuntimeSearch {
    /// The library, or the folder that holds it, if the user named one.
    pub explicit: Option<PathBuf>,
    /// The running program.
    pub executable: Option<PathBuf>,
    /// The working directory. Whoever owns its `runtime/` decides what code runs, so leave it out where that matters.
    pub working_dir: Option<PathBuf>,
    /// `site-packages` folders.
    pub python_packages: Vec<PathBuf>,
}

/// The library in use and what it can do.
#[derive(Debug, Clone)]
pub struct RuntimeInfo {
    /// Where it was loaded from.
    pub path: PathBuf,
    /// Its version, where its file name says it; it is at least the one that the engine asks for.
    pub version: Option<String>,
    /// Where models can run, best place first.
    pub providers: Vec<ProviderStatus>,
}

/// Whether models can run in one place.
#[derive(Debug, Clone)]
pub struct ProviderStatus {
    /// What people call the place.
    pub name: &'static str,
    /// Why a model cannot run there; nothing if one can.
    pub problem: Option<String>,
}

/// The loaded library. There is one in a process.
#[derive(Debug)]
pub(crate) struct Runtime {
    path: PathBuf,
    environment: Environment,
}

/// ONNX Runtime allows one environment per process, and `ort` one library.
static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The libraries that `search` finds, best first; none was opened yet.
pub fn locate(search: &RuntimeSearch) -> Vec<PathBuf> {
    if let Some(explicit) = &search.explicit {
        // A named path that does not exist stays a candidate, so that loading it says so.
        return if explicit.is_dir() {
            libraries_in(explicit)
        } else {
            vec![explicit.clone()]
        };
    }
    let program = search.executable.as_ref().map(|executable| {
        let real = executable
            .canonicalize()
            .unwrap_or_else(|_| executable.clone());
        real.parent().map(Path::to_owned).unwrap_or_default()
    });
    let mut folders = Vec::new();
    if let Some(program) = &program {
        folders.push(program.clone());
    }
    if let Some(working_dir) = &search.working_dir {
        folders.push(working_dir.join("runtime"));
    }
    if let Some(program) = &program {
        let above = program.ancestors().take(ANCESTORS + 1);
        folders.extend(above.map(|folder| folder.join("runtime")));
    }
    folders.extend(
        search
            .python_packages
            .iter()
            .map(|packages| packages.join("onnxruntime").join("capi")),
    );
    let mut found: Vec<PathBuf> = Vec::new();
    for path in folders.iter().flat_map(|folder| libraries_in(folder)) {
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

/// What the library that `search` finds can do. Loads it if none is loaded yet.
///
/// # Errors
/// When no library is found, or none that can be used.
pub fn info(search: &RuntimeSearch) -> Result<RuntimeInfo> {
    let runtime = start(search)?;
    let status = |name, provider| ProviderStatus {
        name,
        problem: runtime.try_provider(provider).err().map(|e| e.to_string()),
    };
    Ok(RuntimeInfo {
        path: runtime.path.clone(),
        version: version_in_name(&runtime.path).map(|numbers| {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            numbers.join(".")
        }),
        providers: vec![
            status("CUDA", Provider::Cuda(0)),
            status("CPU", Provider::Cpu),
        ],
    })
}

/// Loads the first library of `search` that can be used. Once one is loaded it stays, whatever `search` says.
pub(crate) fn start(search: &RuntimeSearch) -> Result<&'static Runtime> {
    static STARTING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let mut first_problem = None;
    for path in locate(search) {
        match load(&path) {
            Ok(runtime) => return Ok(RUNTIME.get_or_init(|| runtime)),
            Err(problem) => {
                tracing::warn!(path = %path.display(), %problem, "passing over an ONNX Runtime");
                first_problem.get_or_insert(problem);
            }
        }
    }
    Err(first_problem.unwrap_or(Error::RuntimeMissing {
        expected: LIBRARY_NAME,
    }))
}

#[cfg(windows)]
const LIBRARY_NAME: &str = "onnxruntime.dll";
#[cfg(target_vendor = "apple")]
const LIBRARY_NAME: &str = "libonnxruntime.dylib";
#[cfg(not(any(windows, target_vendor = "apple")))]
const LIBRARY_NAME: &str = "libonnxruntime.so";

impl Runtime {
    /// What sessions are made in.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Runs a tiny model in `provider`. "Compiled in" would say too little: drivers and libraries may be missing.
    pub(crate) fn try_provider(&self, provider: Provider) -> ort::Result<()> {
        let mut graph = GraphBuilder::new();
        let x = graph.input("x", Element::F32, &["n"]);
        let sum = graph.op("Add", &[&x, &x]);
        graph.output("y", &sum, Element::F32, &["n"]);
        let mut builder = session::builder(&self.environment, provider, 1)?;
        let mut session: Session = builder.commit_from_memory(&graph.into_model().bytes)?;
        let x = ort::value::Tensor::from_array(([1_usize], vec![1.0_f32]))?;
        session.run(ort::inputs!["x" => x])?;
        Ok(())
    }
}

fn load(path: &Path) -> Result<Runtime> {
    // `ort` reads a relative path from the program's directory; a user means the working directory.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let builder = ort::init_from(&path).map_err(|problem| Error::RuntimeLoad {
        path: path.clone(),
        source: match problem {
            LoadDynamicError::BadVersion { version_str, .. } => format!(
                "it is version {version_str}, expected 1.{} or newer",
                ort::MINOR_VERSION
            )
            .into(),
            LoadDynamicError::MissingApi { .. } => "it is not ONNX Runtime".into(),
            LoadDynamicError::Dlopen { error, .. } => error.into(),
            other => other.into(),
        },
    })?;
    let environment = builder
        .with_name("xenoglot")
        // Microsoft's builds may report what they run; nothing here reaches the network unasked.
        .with_telemetry(false)
        .build()
        .map_err(|source| Error::RuntimeLoad {
            path: path.clone(),
            source: source.into(),
        })?;
    // Below warnings it tells of every node, and each line is formatted before `tracing` throws it away.
    environment.set_log_level(LogLevel::Warning);
    tracing::debug!(path = %path.display(), "ONNX Runtime is loaded");
    Ok(Runtime { path, environment })
}

/// The libraries in `folder`: the newest version first, names without a version last.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = folder.read_dir() else {
        return Vec::new();
    };
    let mut libraries: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_library_name(path) && path.is_file())
        .collect();
    libraries.sort_by_key(|path| (std::cmp::Reverse(version_in_name(path)), path.clone()));
    libraries
}

/// `libonnxruntime.so`, `libonnxruntime.so.1.31.1`, `libonnxruntime.1.31.1.dylib`, `onnxruntime.dll`; not its plug-ins.
fn is_library_name(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    if cfg!(windows) {
        name.eq_ignore_ascii_case("onnxruntime.dll")
    } else if cfg!(target_vendor = "apple") {
        name.starts_with("libonnxruntime.") && name.ends_with(".dylib")
    } else {
        name == "libonnxruntime.so" || name.starts_with("libonnxruntime.so.")
    }
}

/// The numbers between the dots of a file name.
fn version_in_name(path: &Path) -> Option<Vec<u32>> {
    let name = path.file_name()?.to_str()?;
    let numbers: Vec<u32> = name
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect();
    (!numbers.is_empty()).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn touch(path: &Path) -> PathBuf {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "not a library").unwrap();
        path.to_owned()
    }

    /// File names of this platform: `versioned("1.31.1")`.
    fn versioned(version: &str) -> String {
        if cfg!(windows) {
            "onnxruntime.dll".into()
        } else if cfg!(target_vendor = "apple") {
            format!("libonnxruntime.{version}.dylib")
        } else {
            format!("libonnxruntime.so.{version}")
        }
    }

    #[test]
    fn libraries_are_found_in_the_documented_order() {
        let root = TempDir::new().unwrap();
        let root = root.path().canonicalize().unwrap();
        let executable = touch(&root.join("project/target/debug/xenoglot"));
        let name = versioned("1.31.1");
        let beside = touch(&root.join("project/target/debug").join(&name));
        let working = touch(&root.join("work/runtime").join(&name));
        let project = touch(&root.join("project/runtime").join(&name));
        let python = touch(&root.join("venv/onnxruntime/capi").join(&name));
        touch(&root.join("runtime").join(&name));
        let mut search = RuntimeSearch {
            explicit: None,
            executable: Some(executable),
            working_dir: Some(root.join("work")),
            python_packages: vec![root.join("venv"), root.join("nowhere")],
        };
        let found = locate(&search);
        assert_eq!(found[..3], [beside, working, project]);
        assert_eq!(found.last(), Some(&python));

        let named = root.join("elsewhere").join(LIBRARY_NAME);
        search.explicit = Some(named.clone());
        assert_eq!(locate(&search), [named]);
        search.explicit = Some(root.join("venv/onnxruntime/capi"));
        assert_eq!(locate(&search), [python]);
    }

    #[test]
    fn nothing_is_looked_for_far_above_the_program() {
        let root = TempDir::new().unwrap();
        let executable = touch(&root.path().join("a/b/c/d/e/xenoglot"));
        touch(&root.path().join("a/runtime").join(versioned("1.31.1")));
        let search = RuntimeSearch {
            executable: Some(executable),
            ..RuntimeSearch::default()
        };
        assert_eq!(locate(&search), Vec::<PathBuf>::new());
    }

    #[cfg(not(windows))]
    #[test]
    fn the_newest_version_comes_first_and_plug_ins_do_not_come() {
        let folder = TempDir::new().unwrap();
        let old = touch(&folder.path().join(versioned("1.9.0")));
        let new = touch(&folder.path().join(versioned("1.31.1")));
        let bare = touch(&folder.path().join(LIBRARY_NAME));
        touch(&folder.path().join("libonnxruntime_providers_shared.so"));
        touch(&folder.path().join("libonnxruntime_providers_shared.dylib"));
        assert_eq!(libraries_in(folder.path()), [new, old, bare]);
    }

    #[test]
    fn a_file_that_is_no_library_is_an_error_that_names_it() {
        let folder = TempDir::new().unwrap();
        let path = touch(&folder.path().join(LIBRARY_NAME));
        for path in [path, folder.path().join("missing")] {
            let error = load(&path).unwrap_err();
            assert!(
                matches!(&error, Error::RuntimeLoad { path: named, .. } if *named == path),
                "{error:?}"
            );
        }
    }

    #[test]
    fn another_library_is_not_taken_for_onnx_runtime() {
        // Any shared library will do; where this one is absent the loader's own error is tested above.
        let Some(other) = ["/lib/x86_64-linux-gnu/libz.so.1", "/usr/lib/libz.so.1"]
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())
        else {
            return println!("skipped: no library that is not ONNX Runtime");
        };
        let error = load(&other).unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "it is not ONNX Runtime");
    }
}
