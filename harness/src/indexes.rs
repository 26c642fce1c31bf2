//! Indexes, kept from one run of an experiment to the next.

use std::path::{Path, PathBuf};

use serde::Serialize;
use xenoglot_engine::{IndexSettings, Lang, whole_file};
use xenoglot_indexer::{Corpus, OnError, Progress, ReadPlan, index};

use crate::error::{Error, Result};
use crate::experiment::{ALL, Collection, Experiment};
use crate::fingerprint::fingerprint;
use crate::results::IndexInfo;
use crate::workshop::Workshop;

/// Where indexes are kept, below the directory of the results.
pub(crate) const INDEXES: &str = "indexes";
/// The file beside an index that says what it was made of.
const FILE: &str = "harness.json";

/// How many of the documents that could not be read are told of one by one.
const LISTED: usize = 5;

/// An index, and where it lies.
pub(crate) struct Kept {
    pub(crate) info: IndexInfo,
    pub(crate) dir: PathBuf,
    /// Whether it was there already.
    pub(crate) was_kept: bool,
}

/// What an index depends on.
#[derive(Serialize)]
struct Ingredients<'a> {
    program: &'a str,
    /// Name and contents: some formats take identifiers and languages from names.
    files: Vec<(String, String)>,
    format: String,
    langs: Vec<String>,
    settings: &'a IndexSettings,
    computed: String,
}

/// The index of the documents of `collection` in `documents`, or in all its languages, with the vectors of `encoder`.
///
/// # Errors
/// When documents cannot be read or the disk fails.
pub(crate) fn kept(
    workshop: &Workshop<'_>,
    experiment: &Experiment,
    collection: &Collection,
    documents: Option<&str>,
    encoder_name: &str,
    cache: &Path,
) -> Result<Kept> {
    let encoder = workshop.encoder(encoder_name)?;
    let corpus = corpus(experiment, collection, documents)?;
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let files = corpus
        .paths()
        .iter()
        .map(|path| Ok((name(path), workshop.file(path)?.blake3)));
    let settings = IndexSettings {
        lexical: experiment.index.lexical(),
        hnsw: experiment.index.hnsw(),
        ..IndexSettings::new(encoder.spec().clone())
    };
    let key = fingerprint(&Ingredients {
        program: workshop.program(),
        files: files.collect::<Result<_>>()?,
        format: format!("{:?} {:?}", collection.format, collection.encoding),
        langs: collection
            .languages_of(documents)
            .into_iter()
            .map(ToOwned::to_owned)
            .collect(),
        settings: &settings,
        computed: workshop.computed(encoder_name),
    });
    let dir = cache.join(&key);
    let path = dir.join(FILE);
    if let Some(info) = std::fs::read(&path)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
    {
        // Another collection may have the same documents.
        let info = IndexInfo {
            collection: collection.name.clone(),
            ..info
        };
        return Ok(Kept {
            info,
            dir,
            was_kept: true,
        });
    }
    let plan = ReadPlan {
        // A test collection is as it is: what cannot be read is counted and told of.
        on_error: OnError::Skip,
        ..ReadPlan::default()
    };
    let progress = Progress::default();
    let summary = index(corpus, &plan, settings, &*encoder, &dir, &progress)?;
    let manifest = &summary.manifest;
    let info = IndexInfo {
        key,
        collection: collection.name.clone(),
        documents: documents.unwrap_or(ALL).to_owned(),
        n_docs: manifest.n_docs,
        languages: manifest
            .languages
            .iter()
            .map(|(lang, n)| (lang.to_string(), *n))
            .collect(),
        size_bytes: manifest.size_bytes(),
        build_seconds: summary.timings.total.as_secs_f64(),
        encoder: encoder.spec().name.clone(),
        n_skipped: summary.skipped.n,
        skipped: summary.skipped.listed.into_iter().take(LISTED).collect(),
    };
    write_json(&path, &info)?;
    Ok(Kept {
        info,
        dir,
        was_kept: false,
    })
}

/// The documents of `collection` in `documents`, or in all its languages, each in the language that its file is named for.
fn corpus(
    experiment: &Experiment,
    collection: &Collection,
    documents: Option<&str>,
) -> Result<Corpus> {
    let mut corpus: Option<Corpus> = None;
    for (paths, lang) in collection.document_paths(&experiment.data, documents) {
        let lang = lang.map(str::parse).transpose()?;
        let part = Corpus::open(&paths)?
            .with_format(collection.format)
            .with_encoding(collection.encoding)
            .in_language(lang.unwrap_or(Lang::UNKNOWN));
        corpus = Some(match corpus {
            Some(corpus) => corpus.followed_by(part),
            None => part,
        });
    }
    match corpus {
        Some(corpus) => Ok(corpus),
        None => Ok(Corpus::open(&[])?),
    }
}

/// Writes `value` to `path`, whole or not at all.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let written = whole_file::write(path, ".xenoglot-", |file| {
        serde_json::to_writer_pretty(&mut *file, value).map_err(std::io::Error::from)?;
        file.write_all(b"\n")
    });
    written.map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}
