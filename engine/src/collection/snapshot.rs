//! A collection as it is at one moment: what a search runs over, whatever is written meanwhile.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use fixedbitset::FixedBitSet;
use ndarray::ArrayView1;

use crate::dense::{Reach, Recall};
use crate::document::{DocId, DocOrd, Document};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::language::Lang;
use crate::lexical::{LexicalIndex, Searched, Terminology};
use crate::passage::Span;
use crate::ranking::{Candidate, Ranking};
use crate::segment::{IndexSettings, Passages, Segment};

use super::manifest::Manifest;

/// Documents of a part that may be found, by their place in it; `None` means all.
pub(crate) type Allowed<'s> = Option<Cow<'s, FixedBitSet>>;

/// The segments of one manifest.
pub(crate) struct Snapshot {
    pub(crate) manifest: Manifest,
    pub(crate) parts: Vec<Part>,
}

/// A segment in a snapshot.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) segment: Arc<Segment>,
    /// The ordinal of its first document.
    pub(crate) base: u32,
    /// The documents that were not deleted; `None` means all.
    pub(crate) living: Option<Arc<FixedBitSet>>,
}

impl Part {
    fn lives(&self, local: DocOrd) -> bool {
        let living = self.living.as_ref();
        living.is_none_or(|living| living.contains(local.index()))
    }
}

impl Snapshot {
    /// Opens what the manifest in `dir` names.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        loop {
            let manifest = Manifest::read(dir)?;
            let generation = manifest.generation;
            match Self::of(dir, manifest) {
                // A writer put the next generation in place while we were opening this one.
                Err(_) if Manifest::read(dir)?.generation != generation => {}
                opened => return opened,
            }
        }
    }

    /// Opens what `manifest` names in `dir`.
    pub(super) fn of(dir: &Path, manifest: Manifest) -> Result<Self> {
        let mut segments = Vec::with_capacity(manifest.segments.len());
        for entry in &manifest.segments {
            let (segment, living) = manifest.open_segment(dir, entry)?;
            segments.push((Arc::new(segment), living));
        }
        Self::over(manifest, segments)
    }

    /// The snapshot of `segments`, which are those that `manifest` names.
    pub(super) fn over(
        manifest: Manifest,
        segments: Vec<(Arc<Segment>, Option<Arc<FixedBitSet>>)>,
    ) -> Result<Self> {
        let max = u32::MAX;
        let mut parts = Vec::with_capacity(segments.len());
        let mut base: u32 = 0;
        for (segment, living) in segments {
            let n_docs = u32::try_from(segment.inventory.n_docs).ok();
            let next = n_docs.and_then(|n_docs| base.checked_add(n_docs));
            parts.push(Part {
                segment,
                base,
                living,
            });
            base = next.ok_or(Error::TooManyDocuments { max })?;
        }
        Ok(Self { manifest, parts })
    }

    /// Refuses an encoder that did not make this index's vectors.
    pub(crate) fn check_encoder(
        &self,
        dir: &Path,
        given: &crate::encoder::EncoderSpec,
    ) -> Result<()> {
        let built = &self.manifest.settings.encoder;
        if built.fingerprint == given.fingerprint && built.dim == given.dim {
            return Ok(());
        }
        let describe = |spec: &crate::encoder::EncoderSpec| {
            format!(
                "{} ({}, {} dimensions)",
                spec.name, spec.fingerprint, spec.dim
            )
        };
        Err(Error::EncoderMismatch {
            dir: dir.to_owned(),
            built: describe(built),
            given: describe(given),
        })
    }

    /// The part that `ord` is in, and its place there.
    fn locate(&self, ord: DocOrd) -> Option<(&Part, DocOrd)> {
        let after = self.parts.partition_point(|part| part.base <= ord.0);
        let part = self.parts.get(after.checked_sub(1)?)?;
        Some((part, DocOrd(ord.0 - part.base)))
    }

    /// The documents at `ords`, in that order.
    pub(crate) fn documents(&self, ords: impl Iterator<Item = DocOrd>) -> Result<Vec<Document>> {
        // Part by part, for documents of one search often lie in one block.
        let ords: Vec<DocOrd> = ords.collect();
        let mut docs: Vec<Option<Document>> = vec![None; ords.len()];
        for part in &self.parts {
            let end = part.base as usize + part.segment.inventory.n_docs;
            let here = |ord: &DocOrd| ord.0 >= part.base && ord.index() < end;
            let places: Vec<usize> = (0..ords.len()).filter(|at| here(&ords[*at])).collect();
            let locals = places.iter().map(|at| DocOrd(ords[*at].0 - part.base));
            let found = part.segment.documents.get(locals)?;
            for (at, doc) in places.into_iter().zip(found) {
                docs[at] = Some(doc);
            }
        }
        Ok(docs.into_iter().flatten().collect())
    }

    /// Where the document `id` is, if it lives.
    pub(crate) fn find(&self, id: &DocId) -> Option<DocOrd> {
        self.parts.iter().rev().find_map(|part| {
            let local = part.segment.documents.find(id)?;
            part.lives(local).then(|| DocOrd(part.base + local.0))
        })
    }

    /// The id of the document at `ord`; much cheaper than the document.
    pub(crate) fn id(&self, ord: DocOrd) -> Result<DocId> {
        match self.locate(ord) {
            Some((part, local)) => part.segment.documents.id(local),
            None => Err(Error::Setting {
                name: "a document's ordinal",
                got: ord.0.to_string(),
                expected: "one of this index",
            }),
        }
    }

    /// The language of the document at `ord`.
    pub(crate) fn lang(&self, ord: DocOrd) -> Lang {
        let place = self.locate(ord);
        place.map_or(Lang::UNKNOWN, |(part, local)| {
            part.segment.documents.lang(local)
        })
    }

    /// The documents that live and that `filter` lets through, part by part; `None` means all of a part.
    pub(crate) fn allowed(&self, filter: Option<&Filter>) -> Result<Vec<Allowed<'_>>> {
        let allowed = self.parts.iter().map(|part| {
            let living = part.living.as_deref();
            let Some(filter) = filter else {
                return Ok(living.map(Cow::Borrowed));
            };
            let mut matching = part.segment.terms.matching(filter)?;
            if let Some(living) = living {
                matching.intersect_with(living);
            }
            Ok(Some(Cow::Owned(matching)))
        });
        allowed.collect()
    }

    /// The documents in `allowed`, in order.
    pub(crate) fn ords(&self, allowed: &[Allowed<'_>]) -> impl Iterator<Item = DocOrd> {
        self.parts.iter().zip(allowed).flat_map(|(part, allowed)| {
            let n_docs = part.segment.inventory.n_docs as u32;
            let lets = |local: &u32| {
                let allowed = allowed.as_ref();
                allowed.is_none_or(|allowed| allowed.contains(*local as usize))
            };
            (0..n_docs)
                .filter(lets)
                .map(|local| DocOrd(part.base + local))
        })
    }

    /// The terms of the documents in `allowed`.
    pub(crate) fn lexical<'s>(
        &'s self,
        settings: &IndexSettings,
        terminology: &'s Terminology,
        allowed: &'s [Allowed<'s>],
    ) -> LexicalIndex<'s> {
        let searched = self
            .parts
            .iter()
            .zip(allowed)
            .map(|(part, allowed)| Searched {
                part: &part.segment.terms,
                base: part.base,
                allowed: allowed.as_deref(),
            });
        LexicalIndex::over(searched.collect(), settings.lexical, terminology)
    }

    /// The `depth` documents in `allowed` whose vectors are nearest to `query`, each by its nearest passage; and which those
    /// are, where documents are split.
    pub(crate) fn nearest(
        &self,
        query: ArrayView1<'_, f32>,
        depth: usize,
        recall: Recall,
        allowed: &[Allowed<'_>],
    ) -> Result<(Ranking, HashMap<DocOrd, Span>)> {
        let query = query.to_vec();
        let mut candidates = Vec::new();
        let mut passages = HashMap::new();
        for (part, allowed) in self.parts.iter().zip(allowed) {
            let segment = &part.segment;
            let reach = Reach {
                docs: allowed.as_deref(),
                owners: segment.passages.as_ref().map(Passages::owners),
            };
            for near in segment.dense.search(&query, depth, recall, reach)? {
                let doc = DocOrd(part.base + near.doc);
                candidates.push(Candidate {
                    doc,
                    score: near.score,
                });
                if let Some(table) = &segment.passages {
                    passages.extend(table.span(near.vector).map(|span| (doc, span)));
                }
            }
        }
        Ok((Ranking::new(candidates, depth), passages))
    }
}
