//! Files that appear whole or not at all, and what makes a write last: every sync of an index goes through here.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes what `fill` gives to a temporary file beside `path`, makes it last, and renames it to `path`.
///
/// `prefix` begins the temporary name, so that whoever cleans up after a killed process knows it.
///
/// # Errors
/// When the disk fails, or `fill` does.
pub fn write(
    path: &Path,
    prefix: &str,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // A temporary file is its owner's alone; what it becomes is as readable as any new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = BufWriter::new(builder.prefix(prefix).tempfile_in(dir)?);
    fill(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    sync_file(file.as_file(), file.path())?;
    file.persist(path)?;
    Ok(())
}

/// Makes what was written to `file`, which lies at `path`, survive a power cut.
///
/// # Errors
/// When the disk fails.
pub fn sync_file(file: &File, path: &Path) -> io::Result<()> {
    file.sync_all()?;
    synced(path);
    Ok(())
}

/// Makes what was made, renamed and removed in `dir` survive a power cut.
///
/// # Errors
/// When the disk fails.
pub fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()?;
    synced(dir);
    Ok(())
}

#[cfg(not(test))]
fn synced(_path: &Path) {}

#[cfg(test)]
use observer::synced;

/// Tests look on: what was not synced is what a power cut may take.
#[cfg(test)]
pub(crate) mod observer {
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    type Observer = Arc<dyn Fn(&Path) + Send + Sync>;

    static OBSERVERS: Mutex<Vec<Observer>> = Mutex::new(Vec::new());

    /// Calls `observer` after every sync from now on, with the file or the directory that was synced, on the thread that
    /// waits for it.
    pub(crate) fn observe(observer: impl Fn(&Path) + Send + Sync + 'static) {
        OBSERVERS.lock().unwrap().push(Arc::new(observer));
    }

    pub(super) fn synced(path: &Path) {
        let observers = OBSERVERS.lock().unwrap().clone();
        observers.iter().for_each(|observer| observer(path));
    }
}
