//! The folder of one test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::command::Xenoglot;
use super::server::Server;
use super::{CORPUS, model};

/// A folder of one test, which is the working directory of every program that it runs. The model that they use is the
/// one in `model/`, a token table of our own.
pub(crate) struct World {
    dir: PathBuf,
    /// Removes the folder, unless it is to stay.
    _guard: Option<TempDir>,
}

impl World {
    /// A folder with a model and `corpus.jsonl`, and no index.
    pub(crate) fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let world = Self {
            dir: guard.path().to_owned(),
            _guard: Some(guard),
        };
        model::token_table(&world.path("model"), model::TOY);
        world.write("corpus.jsonl", CORPUS);
        world
    }

    /// The folder `name` of the build directory, emptied: for what many tests read and none writes.
    pub(crate) fn shared(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if dir.exists() {
            std::fs::remove_dir_all(&dir).unwrap();
        }
        std::fs::create_dir_all(&dir).unwrap();
        Self { dir, _guard: None }
    }

    /// A folder with a model, and the corpus indexed in `index/`.
    pub(crate) fn indexed() -> Self {
        let world = Self::new();
        world
            .xenoglot("index corpus.jsonl --index index")
            .succeeds();
        world
    }

    /// Where `name` lies.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        path
    }

    /// Reads a file of text.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program, about to run in this folder; `args` are separated by spaces.
    pub(crate) fn xenoglot(&self, args: &str) -> Xenoglot {
        Xenoglot::new(env!("CARGO_BIN_EXE_xenoglot"), &self.dir)
            .env("XENOGLOT_MODEL", "model")
            .words(args)
    }

    /// A shell script, about to run in this folder; `$0` in it is the program, and `$@` are `args`, separated by spaces.
    #[cfg(unix)]
    pub(crate) fn shell(&self, script: &str, args: &str) -> Xenoglot {
        Xenoglot::new("sh", &self.dir)
            .env("XENOGLOT_MODEL", "model")
            .arg("-c")
            .arg(script)
            .arg(env!("CARGO_BIN_EXE_xenoglot"))
            .words(args)
    }

    /// Serves the index in `index/`.
    #[track_caller]
    pub(crate) fn serve(&self) -> Server {
        Server::start(self.xenoglot("serve --index index --bind 127.0.0.1:0"))
    }

    /// The hits of a search, as `--json` prints them.
    #[track_caller]
    pub(crate) fn hits(&self, args: &str, query: &str) -> Vec<Value> {
        let ran = self.xenoglot("search --json").arg(query).words(args);
        ran.succeeds().json_lines()
    }

    /// The identifiers of the hits of a search, best first.
    #[track_caller]
    pub(crate) fn ids(&self, args: &str, query: &str) -> Vec<String> {
        let hits = self.hits(args, query);
        let ids = hits
            .iter()
            .map(|hit| hit["id"].as_str().unwrap().to_owned());
        ids.collect()
    }

    /// Every name in `folder`, hidden ones too, in order.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).unwrap();
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Every file below `folder`, hidden ones too, with its contents, in order.
    pub(crate) fn files(&self, folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.path(folder), &mut files);
        files.sort();
        files
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let contents = std::fs::read(&path).unwrap();
            files.push((path, contents));
        }
    }
}

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of the project's shared data, which is not in the repository: below the folder that `XENOGLOT_SHARED` names,
/// or below `shared/` beside the workspace. Where it is not, says what is skipped.
pub(crate) fn shared_data(folder: &str) -> Option<PathBuf> {
    let named = std::env::var_os("XENOGLOT_SHARED").filter(|name| name != OsStr::new(""));
    let shared = named.map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let dir = shared.join("data").join(folder);
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!(
        "skipped: there is no {folder} in the data beside the workspace or in XENOGLOT_SHARED"
    );
    None
}

/// ONNX Runtime's library, where `make setup` puts it or the tester's own environment says. Where there is none, says what
/// is skipped.
pub(crate) fn onnx_runtime() -> Option<PathBuf> {
    let named = std::env::var_os("XENOGLOT_ORT_DYLIB").map(PathBuf::from);
    let fetched = || {
        let files = std::fs::read_dir(workspace().join("runtime")).ok()?;
        let mut paths = files.map(|file| file.unwrap().path());
        paths.find(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .contains("onnxruntime")
        })
    };
    let found = named.or_else(fetched);
    if found.is_none() {
        eprintln!("skipped: ONNX Runtime is not here; `make setup` fetches it");
    }
    found
}
