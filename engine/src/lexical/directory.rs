//! Directories as tantivy sees them: one that it reads and never touches, and one that it writes once.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::Directory;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, DirectoryLock, FileHandle, Lock, MmapDirectory, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
};

/// Files of an index that is never written again.
///
/// tantivy takes a lock when it opens an index, by making a file: another user's index, or one on a disk that cannot
/// be written, could not be searched.
#[derive(Debug, Clone)]
pub(super) struct ReadOnly(MmapDirectory);

impl ReadOnly {
    pub(super) fn open(dir: &Path) -> tantivy::Result<Self> {
        Ok(Self(MmapDirectory::open(dir)?))
    }
}

impl Directory for ReadOnly {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.0.get_file_handle(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.0.exists(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.0.atomic_read(path)
    }

    fn acquire_lock(&self, _lock: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(unlocked())
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError {
            io_error: Arc::new(refused()),
            filepath: path.to_owned(),
        })
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::wrap_io_error(
            refused(),
            PathBuf::from(path),
        ))
    }

    fn atomic_write(&self, _path: &Path, _data: &[u8]) -> io::Result<()> {
        Err(refused())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }
}

fn refused() -> io::Error {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        "an index is not written after its commit",
    )
}

/// tantivy's list of the files that it may remove, which it writes again with every file. Nothing is removed here.
const MANAGED: &str = ".managed.json";

/// A new directory that one writer fills, and that nobody reads before it is whole.
///
/// Nothing is made last here, where tantivy would make every file last, and its list of files with each: whoever puts the
/// directory in its place does that once. There is nobody to lock out either.
#[derive(Debug, Clone)]
pub(super) struct Unsynced {
    dir: PathBuf,
    files: ReadOnly,
}

impl Unsynced {
    pub(super) fn open(dir: &Path) -> tantivy::Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            files: ReadOnly::open(dir)?,
        })
    }
}

impl Directory for Unsynced {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.files.get_file_handle(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.files.exists(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.files.atomic_read(path)
    }

    fn acquire_lock(&self, _lock: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(unlocked())
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let failed = |source| DeleteError::IoError {
            io_error: Arc::new(source),
            filepath: path.to_owned(),
        };
        std::fs::remove_file(self.dir.join(path)).map_err(failed)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let file = File::create_new(self.dir.join(path))
            .map_err(|source| OpenWriteError::wrap_io_error(source, path.to_owned()))?;
        Ok(BufWriter::new(Box::new(Unfinished(file))))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        if path == Path::new(MANAGED) {
            return Ok(());
        }
        let path = self.dir.join(path);
        // Some file systems write a file that is cut to nothing to disk at once, and wait for it.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => std::fs::write(&path, data),
        }
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A file that tantivy writes.
struct Unfinished(File);

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl TerminatingWrite for Unfinished {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.0.flush()
    }
}

fn unlocked() -> DirectoryLock {
    DirectoryLock::from(Box::new(()))
}
