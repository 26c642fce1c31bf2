//! The next generation: a segment of what was written, and older segments without what that replaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use fixedbitset::FixedBitSet;
use tempfile::TempDir;

use crate::document::DocOrd;
use crate::error::Result;
use crate::ingest::Embedded;
use crate::language::Lang;
use crate::segment::{FileEntry, Inventory, Segment, SegmentWriter};

use super::buffer::Buffer;
use super::live::Shared;
use super::log;
use super::manifest::{SegmentEntry, write_living};
use super::site::remove_stale;
use super::snapshot::Snapshot;

/// Documents that are added to a segment at once: their terms are made side by side, in memory.
const BATCH: usize = 512;

/// A segment of the next generation.
pub(super) struct Next {
    pub(super) entry: SegmentEntry,
    pub(super) segment: Arc<Segment>,
    pub(super) living: Option<Arc<FixedBitSet>>,
    /// Whether `living` is not on disk yet.
    changed: bool,
}

impl Next {
    /// What `snapshot` has.
    pub(super) fn of(snapshot: &Snapshot) -> Vec<Self> {
        let entries = snapshot.manifest.segments.iter();
        let segments = entries.zip(&snapshot.parts).map(|(entry, part)| Self {
            entry: entry.clone(),
            segment: Arc::clone(&part.segment),
            living: part.living.clone(),
            changed: false,
        });
        segments.collect()
    }

    /// A new segment, all of whose documents live.
    fn new(entry: SegmentEntry, segment: Segment) -> Self {
        Self {
            entry,
            segment: Arc::new(segment),
            living: None,
            changed: false,
        }
    }

    /// Lets the document at `ord` live no longer.
    pub(super) fn delete(&mut self, ord: DocOrd) {
        let n_docs = self.segment.inventory.n_docs;
        let living = self.living.get_or_insert_with(|| {
            let mut all = FixedBitSet::with_capacity(n_docs);
            all.insert_range(..);
            Arc::new(all)
        });
        if !living.contains(ord.index()) {
            return;
        }
        Arc::make_mut(living).set(ord.index(), false);
        self.changed = true;
        forget(&mut self.entry.languages, self.segment.documents.lang(ord));
    }
}

fn forget(languages: &mut BTreeMap<Lang, usize>, lang: Lang) {
    if let Some(n) = languages.get_mut(&lang) {
        *n -= 1;
        if *n == 0 {
            languages.remove(&lang);
        }
    }
}

impl Shared {
    /// Makes `batch`, which the log has up to record `logged`, part of the segments. `committing` must be held.
    pub(super) fn commit(&self, batch: &Buffer, logged: u64) -> Result<()> {
        let before = self.snapshot();
        let mut segments = Next::of(&before);
        for id in batch.ids() {
            for next in &mut segments {
                if let Some(ord) = next.segment.documents.find(id) {
                    next.delete(ord);
                }
            }
        }
        let puts: Vec<Embedded> = batch.puts().cloned().collect();
        let number = before.manifest.next_segment;
        if !puts.is_empty() {
            segments.push(self.new_segment(&puts, number)?);
        }
        self.publish(segments, number + 1, logged)
    }

    fn new_segment(&self, docs: &[Embedded], number: u64) -> Result<Next> {
        let building = self.site.building()?;
        let mut writer = SegmentWriter::create(building.path(), &self.settings)?;
        for docs in docs.chunks(BATCH) {
            writer.add(docs)?;
        }
        // Merges build the graph: here somebody waits.
        let (inventory, file, _) = writer.finish(None)?;
        self.install(&building, number, inventory, file)
    }

    /// Makes what was finished in `building` segment `number`, which no manifest names yet. `committing` must be held.
    pub(super) fn install(
        &self,
        building: &TempDir,
        number: u64,
        inventory: Inventory,
        file: FileEntry,
    ) -> Result<Next> {
        let dir = self.site.install(building, number)?;
        let segment = Segment::open(&dir, &file, &self.settings)?;
        Ok(Next::new(
            SegmentEntry::new(number, inventory, file),
            segment,
        ))
    }

    /// Makes `segments` the next generation, and shows it to searches that begin from now on. `committing` must be held.
    pub(super) fn publish(
        &self,
        segments: Vec<Next>,
        next_segment: u64,
        logged: u64,
    ) -> Result<()> {
        let before = self.snapshot();
        let generation = before.manifest.generation + 1;
        let (mut segments, dead): (Vec<Next>, Vec<Next>) = segments
            .into_iter()
            .partition(|next| next.entry.n_docs() > 0);
        for next in segments.iter_mut().filter(|next| next.changed) {
            if let Some(living) = &next.living {
                let file = write_living(&next.segment.dir, generation, living)?;
                next.entry.living = Some(file);
            }
        }
        let entries = segments.iter().map(|next| next.entry.clone()).collect();
        let mut manifest = before.manifest.followed_by(entries, next_segment);
        manifest.logged = logged;
        manifest.publish(self.site.dir())?;
        dead.iter().for_each(|next| next.segment.doom());
        self.tidy(&before, &segments, logged);
        let parts = segments.into_iter().map(|next| (next.segment, next.living));
        self.show(Snapshot::over(manifest, parts.collect())?);
        self.work.merge();
        Ok(())
    }

    /// Removes what the generation of `segments` does not need. What cannot be removed costs disk and no answer.
    fn tidy(&self, before: &Snapshot, segments: &[Next], logged: u64) {
        for part in &before.parts {
            let is_kept = |next: &Next| Arc::ptr_eq(&next.segment, &part.segment);
            if !segments.iter().any(is_kept) {
                part.segment.doom();
            }
        }
        let changed = segments.iter().filter(|next| next.changed);
        for next in changed {
            let living = next.entry.living.as_ref().map(|file| file.path.as_str());
            if let Err(error) = remove_stale(&next.segment.dir, living) {
                tracing::warn!(%error, "cannot remove what is out of date");
            }
        }
        if let Err(error) = log::remove_up_to(self.site.dir(), logged) {
            tracing::warn!(%error, "cannot remove the log of what is in segments");
        }
    }
}
