//! Files mapped into memory: the one place that promises the operating system's side of the bargain.

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use crate::error::{Error, Result};

/// The contents of the file at `path`, read from disk as they are touched.
#[allow(unsafe_code)]
pub(crate) fn map(path: &Path) -> Result<Mmap> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    // SAFETY: a mapping is undefined when the file shrinks or changes under it. Files of an index are never written
    // again after their commit, only unlinked, which leaves mappings whole; model files are the user's, who is told
    // in the README to replace and not to edit them while a server runs.
    unsafe { Mmap::map(&file) }.map_err(failed)
}
