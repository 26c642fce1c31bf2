//! Where results go: standard output, or a file that appears whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::NamedTempFile;

use crate::terminal;

/// Begins the name of a file that is not whole yet.
const UNFINISHED: &str = ".xenoglot-";

/// As much as a pipe holds: a reader of many vectors is woken once per buffer.
const BUFFER_BYTES: usize = 64 << 10;

/// Results on their way, buffered. Dropped without [`commit`](Output::commit), a file leaves nothing.
pub(crate) struct Output {
    sink: BufWriter<Sink>,
    name: String,
}

enum Sink {
    Stdout(io::Stdout),
    /// A pipe or a device with a name: nothing may be put in its place.
    Straight(File),
    Whole {
        file: NamedTempFile,
        path: PathBuf,
    },
}

impl Output {
    /// The file at `path`, or standard output where there is none.
    ///
    /// Ctrl-C and SIGTERM take the unfinished file away and end the process at once.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self> {
        let name = path.map_or_else(
            || "standard output".into(),
            |path| path.display().to_string(),
        );
        let sink = match path {
            None => Ok(Sink::Stdout(io::stdout())),
            Some(path) => Sink::open(path).with_context(|| format!("cannot write {name}")),
        };
        Ok(Self {
            sink: BufWriter::with_capacity(BUFFER_BYTES, sink?),
            name,
        })
    }

    /// What it is called, for messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A file without a name, gone with the process, for what has to wait: on the disk that the result goes to, if it
    /// goes to one.
    pub(crate) fn spool(&self) -> io::Result<File> {
        match self.sink.get_ref() {
            Sink::Whole { path, .. } => tempfile::tempfile_in(folder(path)),
            Sink::Stdout(_) | Sink::Straight(_) => tempfile::tempfile(),
        }
    }

    /// Ends the output; a file is made to last and takes its name.
    pub(crate) fn commit(self) -> io::Result<()> {
        let sink = self.sink.into_inner();
        sink.map_err(io::IntoInnerError::into_error)?.commit()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl Sink {
    fn open(path: &Path) -> Result<Self> {
        let path = match std::fs::canonicalize(path) {
            // What a link points to is written anew; the link stays.
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(error.into()),
        };
        match std::fs::metadata(&path) {
            Ok(there) if there.is_dir() => Err(anyhow!("it is a folder, expected a file")),
            Ok(there) if !there.is_file() => {
                Ok(Self::Straight(File::options().write(true).open(path)?))
            }
            _ => {
                // Before there is something to take away.
                let signals = Signals::new([SIGINT, SIGTERM]);
                let signals = signals.context("cannot listen for Ctrl-C")?;
                let mut builder = tempfile::Builder::new();
                // A temporary file is its owner's alone; what it becomes is as readable as any new file.
                #[cfg(unix)]
                builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
                let file = builder.prefix(UNFINISHED).tempfile_in(folder(&path))?;
                remove_on_signal(signals, file.path().to_owned());
                Ok(Self::Whole { file, path })
            }
        }
    }

    fn commit(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::Straight(mut file) => file.flush(),
            Self::Whole { file, path } => {
                file.as_file().sync_all()?;
                file.persist(path)?;
                Ok(())
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Straight(file) => file.write(bytes),
            Self::Whole { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Straight(file) => file.flush(),
            Self::Whole { file, .. } => file.flush(),
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn remove_on_signal(mut signals: Signals, unfinished: PathBuf) {
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if std::fs::remove_file(&unfinished).is_ok() {
                terminal::report(&xenoglot_engine::Error::Interrupted.into());
                // A model may be in the midst of a batch of many seconds: nobody waits for it, nor takes it down in order.
                signal_hook::low_level::exit(1);
            }
            // It has its name already, and it would be wrong to say that nothing was changed.
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let names = || std::fs::read_dir(dir.path()).unwrap().count();
        let mut dropped = Output::open(Some(&path)).unwrap();
        dropped.write_all(b"half").unwrap();
        dropped.flush().unwrap();
        drop(dropped);
        assert_eq!(names(), 0);
        for text in ["first", "second"] {
            let mut output = Output::open(Some(&path)).unwrap();
            output.write_all(text.as_bytes()).unwrap();
            output.commit().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(names(), 1);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_its_file_is_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let [file, link] = ["file", "link"].map(|name| dir.path().join(name));
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut output = Output::open(Some(&link)).unwrap();
        output.write_all(b"new").unwrap();
        output.commit().unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        let device = Path::new("/dev/null");
        let mut output = Output::open(Some(device)).unwrap();
        output.write_all(b"gone").unwrap();
        output.commit().unwrap();
        assert!(!device.metadata().unwrap().is_file());
    }

    #[test]
    fn a_folder_is_no_place_for_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let Err(error) = Output::open(Some(dir.path())) else {
            panic!("a folder was opened");
        };
        assert!(format!("{error:#}").contains("it is a folder"), "{error:#}");
    }
}
