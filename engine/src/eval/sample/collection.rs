//! A sample as a collection on disk: `corpus.jsonl` and `queries.jsonl` as BEIR has them, `qrels.trec`, and `sample.json`,
//! which says how it was drawn.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::document::{DocId, Document};
use crate::error::{Error, Result};
use crate::eval::{Qrels, Topic};
use crate::language::Lang;
use crate::whole_file;

use super::{Sample, SampleSettings};

/// How the folder is called until it is whole.
const UNFINISHED: &str = ".sample-";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleSummary {
    /// How the sample was drawn.
    #[serde(flatten)]
    pub settings: SampleSettings,
    /// The systems whose documents it has, in order.
    pub runs: Vec<String>,
    /// How many topics.
    pub n_topics: usize,
    /// How many documents.
    pub n_documents: usize,
    /// How many judgments, of documents that the corpus has or has not.
    pub n_judgments: usize,
    /// How many judged documents the corpus does not have; their judgments stay, as they count for recall in the whole
    /// collection too.
    pub n_judged_missing: usize,
}

/// Writes the part of a collection that `sample` has into the new folder `out`: all of it, or nothing.
///
/// `runs` are the names of the systems, for the record. Documents are written in the order they come in.
///
/// # Errors
/// When `out` exists and is not an empty folder, a document is wrong or comes twice, a document that a run retrieved is not
/// among `documents`, or the disk fails.
pub fn write_sample(
    out: &Path,
    sample: &Sample,
    runs: &[String],
    (topics, qrels): (&[Topic], &Qrels),
    documents: impl Iterator<Item = Result<Document>>,
) -> Result<SampleSummary> {
    let write_failed = |source| Error::Write {
        path: out.to_owned(),
        source,
    };
    check_free(out)?;
    let folder = Folder::beside(out).map_err(write_failed)?;
    let mut written: HashSet<DocId> = HashSet::with_capacity(sample.n_documents());
    let mut corpus = folder.file("corpus.jsonl").map_err(write_failed)?;
    for doc in documents {
        let doc = doc?;
        if !sample.has_document(&doc.id) {
            continue;
        }
        write_line(&mut corpus, &beir_document(&doc)).map_err(write_failed)?;
        if let Some(id) = written.replace(doc.id) {
            return Err(Error::DuplicateId { id: id.0 });
        }
    }
    let n_judged_missing = n_judged_missing(sample, &written)?;
    let mut summary = SampleSummary {
        settings: sample.settings,
        runs: runs.to_vec(),
        n_topics: 0,
        n_documents: written.len(),
        n_judgments: 0,
        n_judged_missing,
    };
    let rest = || {
        folder.finish(corpus)?;
        let mut queries = folder.file("queries.jsonl")?;
        for topic in topics.iter().filter(|t| sample.topics.contains(&t.id)) {
            write_line(&mut queries, &beir_query(topic))?;
            summary.n_topics += 1;
        }
        folder.finish(queries)?;
        let mut lines = folder.file("qrels.trec")?;
        for (topic, doc, grade) in judgments(sample, qrels) {
            writeln!(lines, "{topic} 0 {doc} {grade}")?;
            summary.n_judgments += 1;
        }
        folder.finish(lines)?;
        let mut about = folder.file("sample.json")?;
        serde_json::to_writer_pretty(&mut about, &summary)?;
        writeln!(about)?;
        folder.finish(about)?;
        folder.rename(out)
    };
    rest().map_err(write_failed)?;
    Ok(summary)
}

/// A folder under way, removed unless it is renamed.
struct Folder(TempDir);

impl Folder {
    fn beside(out: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        // A temporary folder is its owner's alone; what it becomes is as readable as any new one.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let folder = builder.prefix(UNFINISHED).tempdir_in(parent(out))?;
        Ok(Self(folder))
    }

    fn file(&self, name: &str) -> io::Result<BufWriter<File>> {
        Ok(BufWriter::new(File::create_new(self.0.path().join(name))?))
    }

    fn finish(&self, file: BufWriter<File>) -> io::Result<()> {
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()
    }

    fn rename(&self, out: &Path) -> io::Result<()> {
        whole_file::sync_directory(self.0.path())?;
        // An empty folder is replaced, one that was filled meanwhile is not. The guard finds nothing to remove after.
        fs::rename(self.0.path(), out)?;
        whole_file::sync_directory(parent(out))
    }
}

fn parent(out: &Path) -> &Path {
    out.parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Before a corpus is read for nothing.
fn check_free(out: &Path) -> Result<()> {
    let is_free = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if is_free {
        return Ok(());
    }
    Err(Error::Setting {
        name: "the folder of the sample",
        got: out.display().to_string(),
        expected: "one that is new or empty",
    })
}

/// How many judged documents are not `written`.
fn n_judged_missing(sample: &Sample, written: &HashSet<DocId>) -> Result<usize> {
    let missing = || {
        sample
            .documents
            .iter()
            .filter(|(doc, _)| !written.contains(*doc))
    };
    // The first by name, so that the error is the same every time.
    if let Some((doc, _)) = missing()
        .filter(|(_, source)| source.run.is_some())
        .min_by_key(|(doc, _)| *doc)
    {
        return Err(Error::Setting {
            name: "a document of a run",
            got: doc.0.clone(),
            expected: "one that the corpus has",
        });
    }
    Ok(missing().count())
}

fn judgments<'a>(
    sample: &'a Sample,
    qrels: &'a Qrels,
) -> impl Iterator<Item = (&'a str, &'a DocId, i32)> {
    sample.topics.iter().flat_map(|topic| {
        let grades = qrels
            .topic(topic)
            .into_iter()
            .flat_map(|grades| grades.iter());
        let mut grades: Vec<_> = grades.collect();
        grades.sort_unstable();
        grades
            .into_iter()
            .map(move |(doc, grade)| (topic.as_str(), doc, grade))
    })
}

fn beir_document(doc: &Document) -> Map<String, Value> {
    let mut record = Map::from_iter([
        ("_id".to_owned(), json!(doc.id)),
        ("title".to_owned(), json!(doc.title)),
        ("text".to_owned(), json!(doc.text)),
    ]);
    add_lang(&mut record, doc.lang);
    if !doc.meta.is_empty() {
        record.insert("metadata".to_owned(), json!(doc.meta));
    }
    record
}

fn beir_query(topic: &Topic) -> Map<String, Value> {
    let mut record = Map::from_iter([
        ("_id".to_owned(), json!(topic.id)),
        ("text".to_owned(), json!(topic.query)),
    ]);
    add_lang(&mut record, topic.lang);
    record
}

fn add_lang(record: &mut Map<String, Value>, lang: Lang) {
    if lang != Lang::UNKNOWN {
        record.insert("lang".to_owned(), json!(lang));
    }
}

fn write_line(out: &mut impl Write, record: &Map<String, Value>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    out.write_all(b"\n")
}
