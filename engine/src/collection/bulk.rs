//! Documents and vectors → a whole index at once, all or nothing.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use crate::document::DocId;
use crate::error::{Error, Result};
use crate::ingest::Embedded;
use crate::monitor::Monitor;
use crate::segment::{IndexSettings, Segment, SegmentWriter, WriteTimes};

use super::log;
use super::manifest::{Manifest, SegmentEntry};
use super::site::Site;

/// Builds an index in a hidden directory inside its own; [`IndexWriter::commit`] makes it appear in one step, in the
/// place of the index that was there. Dropped before that, it leaves nothing.
pub struct IndexWriter {
    settings: IndexSettings,
    segment: SegmentWriter,
    monitor: Arc<Monitor>,
    // Dropped after the writer has let go of its files, and before the directory around it.
    building: TempDir,
    site: Site,
}

impl IndexWriter {
    /// Begins an index in `dir`, which is made if need be; an index that is there goes on answering.
    ///
    /// # Errors
    /// When `dir` holds other things than an index, another process writes it, or the settings are out of range.
    pub fn create(dir: &Path, settings: IndexSettings) -> Result<Self> {
        settings.check()?;
        let site = Site::claim(dir)?;
        let building = site.building()?;
        Ok(Self {
            segment: SegmentWriter::create(building.path(), &settings)?,
            monitor: Arc::default(),
            settings,
            building,
            site,
        })
    }

    /// The same writer, watched and stopped through `monitor`.
    pub fn with_monitor(self, monitor: Arc<Monitor>) -> Self {
        Self { monitor, ..self }
    }

    /// How many documents were added.
    pub fn n_docs(&self) -> usize {
        self.segment.n_docs()
    }

    /// Whether a document `id` was added already.
    pub fn contains(&self, id: &DocId) -> bool {
        self.segment.contains(id)
    }

    /// Adds documents.
    ///
    /// # Errors
    /// When an id comes twice, the vectors do not fit the settings, or the disk fails. The index is then unfit for
    /// [`commit`](IndexWriter::commit): drop it.
    pub fn add(&mut self, docs: &[Embedded]) -> Result<()> {
        self.segment.add(docs)
    }

    /// Builds the graph, makes every file last, and puts the index in its place. Returns what it is now, and how long
    /// each stage took.
    pub fn commit(self) -> Result<(Manifest, WriteTimes)> {
        let Self {
            settings,
            segment,
            monitor,
            building,
            site,
        } = self;
        let (inventory, entry, times) = segment.finish(Some(&monitor))?;
        // Whatever cannot be opened now must not replace what can.
        Segment::open(building.path(), &entry, &settings)?;
        let before = previous(site.dir(), settings)?;
        let number = site.free_number(&before)?;
        let segment = SegmentEntry::new(number, inventory, entry);
        let mut manifest = before.followed_by(vec![segment], number + 1);
        let installed = site.install(&building, number)?;
        if let Err(error) = manifest.publish(site.dir()) {
            // Nothing else may be written here while we hold the lock: the segment is ours, and nobody's.
            let _ = std::fs::remove_dir_all(installed);
            return Err(error);
        }
        // A server that reads the old files keeps them open; what cannot be removed costs disk and no answer.
        let tidied = site.remove_leftovers().and_then(|()| {
            let logs = log::files(site.dir()).map_err(std::io::Error::other)?;
            logs.iter()
                .try_for_each(|(_, path)| std::fs::remove_file(path))
        });
        if let Err(error) = tidied {
            tracing::warn!(%error, "cannot tidy up after the build");
        }
        Ok((manifest, times))
    }
}

/// What the index in `dir` is followed by: counted on from the one that is there, of nothing but `settings`.
fn previous(dir: &Path, settings: IndexSettings) -> Result<Manifest> {
    let generation = match Manifest::read(dir) {
        Ok(manifest) => manifest.generation,
        Err(Error::Read { path, source }) => return Err(Error::Read { path, source }),
        // There is none, or it is beyond reading.
        Err(_) => 0,
    };
    let mut manifest = Manifest::empty(settings);
    manifest.generation = generation;
    // What the log of the index before holds belongs to that one.
    manifest.logged = log::last_possible(dir)?;
    Ok(manifest)
}
