//! Merging neighbouring segments, and the threads that see to it.
//!
//! Only neighbours are merged, so that documents stay in the order in which they were written, and rankings as they were.

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::Result;
use crate::segment::merge;

use super::commit::Next;
use super::live::{Shared, locked};
use super::manifest::SegmentEntry;
use super::snapshot::Part;

/// Segments up to this many documents count as of one size.
const SMALL: usize = 1_000;
/// A segment of whose documents fewer live is written anew.
const MIN_LIVING: f64 = 0.5;

/// What the caretakers are asked to do.
#[derive(Default)]
pub(super) struct Work {
    asked: Mutex<Asked>,
    changed: Condvar,
}

#[derive(Default)]
struct Asked {
    /// There are writes to be made a segment of, in time.
    refresh_soon: bool,
    /// At once: writers wait.
    refresh_now: bool,
    merge: bool,
    stop: bool,
}

impl Work {
    fn ask(&self, change: impl FnOnce(&mut Asked)) {
        change(&mut locked(&self.asked));
        self.changed.notify_all();
    }

    pub(super) fn refresh_soon(&self) {
        self.ask(|asked| asked.refresh_soon = true);
    }

    pub(super) fn refresh(&self) {
        self.ask(|asked| asked.refresh_now = true);
    }

    pub(super) fn merge(&self) {
        self.ask(|asked| asked.merge = true);
    }

    pub(super) fn stop(&self) {
        self.ask(|asked| asked.stop = true);
    }

    /// Waits until `is_due`, or for `patience`; whether to go on.
    fn wait(&self, patience: Option<Duration>, is_due: impl Fn(&Asked) -> bool) -> bool {
        let idle = |asked: &mut Asked| !asked.stop && !is_due(asked);
        let asked = locked(&self.asked);
        let asked = match patience {
            Some(patience) => {
                let waited = self.changed.wait_timeout_while(asked, patience, idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let waited = self.changed.wait_while(asked, idle);
                waited.unwrap_or_else(PoisonError::into_inner)
            }
        };
        !asked.stop
    }
}

/// Starts the thread that refreshes, and the one that merges.
pub(super) fn caretakers(shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let (refreshing, merging) = (Arc::clone(shared), Arc::clone(shared));
    vec![
        std::thread::spawn(move || keep_refreshing(&refreshing)),
        std::thread::spawn(move || keep_merging(&merging)),
    ]
}

fn keep_refreshing(shared: &Shared) {
    let work = &shared.work;
    while work.wait(None, |asked| asked.refresh_soon || asked.refresh_now)
        && work.wait(Some(shared.options.refresh), |asked| asked.refresh_now)
    {
        work.ask(|asked| (asked.refresh_soon, asked.refresh_now) = (false, false));
        if let Err(error) = shared.refresh() {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "writes stay in the log, which is tried again"
            );
            work.refresh_soon();
        }
    }
}

fn keep_merging(shared: &Shared) {
    while shared.work.wait(None, |asked| asked.merge) {
        shared.work.ask(|asked| asked.merge = false);
        let merged = shared.merge_some(|entries| due(entries, shared.options.merge_factor));
        match merged {
            Ok(true) => shared.work.merge(),
            Ok(false) => {}
            Err(_) if shared.monitor.check().is_err() => {}
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "segments could not be merged"
                );
            }
        }
    }
}

/// How large a segment is, in steps of `factor`.
fn size_class(entry: &SegmentEntry, factor: usize) -> u32 {
    (entry.n_docs() / SMALL)
        .checked_ilog(factor)
        .map_or(0, |class| class + 1)
}

/// The neighbouring segments to be merged, if any: the smallest `factor` or more of about one size, or one that is mostly dead.
fn due(parts: &[(SegmentEntry, usize)], factor: usize) -> Option<Range<usize>> {
    let factor = factor.max(2);
    let classes: Vec<u32> = parts
        .iter()
        .map(|(entry, _)| size_class(entry, factor))
        .collect();
    for class in 0..=classes.iter().copied().max().unwrap_or_default() {
        let mut start = 0;
        while start < classes.len() {
            let run = classes[start..]
                .iter()
                .take_while(|own| **own <= class)
                .count();
            if run >= factor {
                return Some(start..start + run);
            }
            start += run + 1;
        }
    }
    let mostly_dead = |(entry, n_docs): &(SegmentEntry, usize)| {
        (entry.n_docs() as f64) < MIN_LIVING * *n_docs as f64
    };
    parts.iter().position(mostly_dead).map(|at| at..at + 1)
}

impl Shared {
    /// Merges all segments into one.
    pub(super) fn compact(&self) -> Result<()> {
        let all = |parts: &[(SegmentEntry, usize)]| match parts {
            [] => None,
            [(entry, n_docs)] if entry.n_docs() == *n_docs => None,
            parts => Some(0..parts.len()),
        };
        self.merge_some(all).map(|_| ())
    }

    /// Merges the segments that `choose` picks out of all with the numbers of their documents, dead ones among them; whether
    /// there were any.
    fn merge_some(
        &self,
        choose: impl FnOnce(&[(SegmentEntry, usize)]) -> Option<Range<usize>>,
    ) -> Result<bool> {
        let _merging = locked(&self.merging);
        let before = self.snapshot();
        let entries = before.manifest.segments.iter().cloned();
        let sizes = before
            .parts
            .iter()
            .map(|part| part.segment.inventory.n_docs);
        let entries: Vec<(SegmentEntry, usize)> = entries.zip(sizes).collect();
        let Some(range) = choose(&entries) else {
            return Ok(false);
        };
        let parts = &before.parts[range];
        let building = self.site.building()?;
        let sources: Vec<_> = parts
            .iter()
            .map(|part| (Arc::clone(&part.segment), part.living.clone()))
            .collect();
        let (inventory, file) = self
            .mergers
            .install(|| merge(&sources, building.path(), &self.settings, &self.monitor))?;

        // From here on nothing else is committed.
        let _committing = locked(&self.committing);
        let now = self.snapshot();
        let number = now.manifest.next_segment;
        let mut merged = self.install(&building, number, inventory, file)?;
        let mut segments = Next::of(&now);
        for part in parts {
            let still = segments
                .iter()
                .find(|next| Arc::ptr_eq(&next.segment, &part.segment));
            delete_since(part, still, &mut merged)?;
        }
        let is_merged = |next: &Next| {
            parts
                .iter()
                .any(|part| Arc::ptr_eq(&next.segment, &part.segment))
        };
        let place = segments.iter().position(is_merged);
        segments.retain(|next| !is_merged(next));
        // Where all of them are gone, so are their documents.
        segments.insert(place.unwrap_or(0), merged);
        self.publish(segments, number + 1, now.manifest.logged)?;
        Ok(true)
    }
}

/// Deletes from `merged` what was deleted from `part` while it was merged, `still` being what has become of it.
fn delete_since(part: &Part, still: Option<&Next>, merged: &mut Next) -> Result<()> {
    let lived = |ord: usize| {
        part.living
            .as_ref()
            .is_none_or(|living| living.contains(ord))
    };
    let lives = |ord: usize| {
        still.is_some_and(|next| {
            next.living
                .as_ref()
                .is_none_or(|living| living.contains(ord))
        })
    };
    for ord in 0..part.segment.inventory.n_docs {
        if lived(ord) && !lives(ord) {
            let id = part
                .segment
                .documents
                .id(crate::document::DocOrd(ord as u32))?;
            if let Some(ord) = merged.segment.documents.find(&id) {
                merged.delete(ord);
            }
        }
    }
    Ok(())
}
