//! Several segments → one, without the documents that were deleted.

use std::path::Path;
use std::sync::Arc;

use fixedbitset::FixedBitSet;

use crate::dense::{self, VectorWriter};
use crate::error::{Error, Result};
use crate::lexical;
use crate::monitor::Monitor;
use crate::store::DocStoreWriter;

use super::inventory::{FileEntry, Inventory};
use super::passages::PassageWriter;
use super::reader::Segment;
use super::settings::IndexSettings;
use super::writer::{TERMS, failed, tidy_terms};

/// Fills the empty directory `dir` with the documents of `parts` that live, in their order.
///
/// Memory is that of the graph under construction and of the ids; documents are copied block by block, unparsed.
pub(crate) fn merge(
    parts: &[(Arc<Segment>, Option<Arc<FixedBitSet>>)],
    dir: &Path,
    settings: &IndexSettings,
    monitor: &Monitor,
) -> Result<(Inventory, FileEntry)> {
    let mut documents = DocStoreWriter::create(dir)?;
    let mut vectors = VectorWriter::create(dir, settings.encoder.dim, settings.vectors)?;
    let mut passages = match settings.passages {
        Some(_) => Some(PassageWriter::create(dir)?),
        None => None,
    };
    let mut n_vectors = 0;
    for (segment, living) in parts {
        segment
            .documents
            .for_each_line(living.as_deref(), |ord, line| {
                monitor.check()?;
                let id = segment.documents.id(ord)?;
                let new = documents.add_line(id, segment.documents.lang(ord), line)?;
                if let (Some(to), Some(from)) = (&mut passages, &segment.passages) {
                    let spans = from.of(ord.0);
                    n_vectors += spans.len();
                    to.add(new.0, spans).map_err(|source| failed(dir, source))?;
                } else {
                    n_vectors += 1;
                }
                Ok(())
            })?;
    }
    let n_docs = documents.len();
    let languages = documents.languages();
    documents.commit()?;
    let committed = passages.map_or(Ok(()), PassageWriter::commit);
    committed.map_err(|source| failed(dir, source))?;

    let kept: Vec<Option<FixedBitSet>> = parts
        .iter()
        .map(|(segment, living)| living.as_deref().map(|living| vectors_of(segment, living)))
        .collect();
    let dense: Vec<_> = parts
        .iter()
        .zip(&kept)
        .map(|((segment, _), kept)| (&segment.dense, kept.as_ref()))
        .collect();
    dense::merge_vectors(&dense, &mut vectors)?;
    vectors.commit()?;

    let terms = dir.join(TERMS);
    std::fs::create_dir(&terms).map_err(|source| Error::Write {
        path: terms.clone(),
        source,
    })?;
    let dirs: Vec<_> = parts
        .iter()
        .map(|(segment, _)| segment.terms_dir())
        .collect();
    let sources: Vec<_> = dirs
        .iter()
        .zip(parts)
        .map(|(dir, (_, living))| (dir.as_path(), living.as_deref()))
        .collect();
    lexical::merge(&sources, &terms)?;
    monitor.check()?;
    dense::build_graph(dir, settings.encoder.dim, settings.hnsw, monitor)?;
    monitor.check()?;
    tidy_terms(dir).map_err(|source| failed(dir, source))?;
    Inventory::write(dir, n_docs, n_vectors, languages)
}

/// The vectors of the documents in `living`.
fn vectors_of(segment: &Segment, living: &FixedBitSet) -> FixedBitSet {
    let Some(passages) = &segment.passages else {
        return living.clone();
    };
    let owners = passages.owners().iter().enumerate();
    let mut vectors = FixedBitSet::with_capacity(passages.owners().len());
    for (vector, owner) in owners {
        vectors.set(vector, living.contains(*owner as usize));
    }
    vectors
}
