//! A collection and what is true of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::collection::{Collection, LiveOptions, Write};
use crate::document::Document;
use crate::encoder::{Encoder, HashEncoder};
use crate::ingest::embed;
use crate::language::Lang;
use crate::query::{FirstStage, Plan, Query};
use crate::search::Searcher;
use crate::segment::IndexSettings;

/// A directory, an encoder, and settings.
pub(super) struct World {
    dir: PathBuf,
    _guard: Option<TempDir>,
    encoder: Arc<HashEncoder>,
    settings: IndexSettings,
}

/// The document `id`, which says `text` in one language of three.
pub(super) fn doc(id: &str, text: &str) -> Document {
    let langs = ["en", "sw", "de"];
    let lang = langs[id.bytes().map(usize::from).sum::<usize>() % langs.len()];
    Document {
        id: id.into(),
        lang: lang.parse().unwrap(),
        title: String::new(),
        text: text.into(),
        meta: Default::default(),
    }
}

/// Nothing happens unless somebody asks for it.
pub(super) fn options() -> LiveOptions {
    LiveOptions {
        refresh: Duration::from_secs(3_600),
        merge_factor: 1_000,
        threads: 1,
        ..LiveOptions::default()
    }
}

/// A directory, in memory where there is such a thing: what a sync costs is not what is tested.
fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let inside = tempfile::tempdir_in(memory);
    inside.unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(IndexSettings::new(HashEncoder::new(16).spec().clone()))
    }

    pub(super) fn with(settings: IndexSettings) -> Self {
        let guard = scratch();
        Self {
            dir: guard.path().join("index"),
            _guard: Some(guard),
            ..Self::over(Path::new(""), settings)
        }
    }

    /// The world of the directory `dir`.
    pub(super) fn at(dir: &Path) -> Self {
        Self::over(dir, IndexSettings::new(HashEncoder::new(16).spec().clone()))
    }

    fn over(dir: &Path, settings: IndexSettings) -> Self {
        Self {
            dir: dir.to_owned(),
            _guard: None,
            encoder: Arc::new(HashEncoder::new(16)),
            settings,
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A path beside the index.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.parent().unwrap().join(name)
    }

    pub(super) fn encoder(&self) -> Arc<dyn Encoder> {
        self.encoder.clone()
    }

    pub(super) fn settings(&self) -> IndexSettings {
        self.settings.clone()
    }

    pub(super) fn open(&self) -> Collection {
        self.open_with(options())
    }

    pub(super) fn open_with(&self, options: LiveOptions) -> Collection {
        Collection::create(&self.dir, self.settings()).unwrap();
        Collection::open(&self.dir, self.encoder.spec(), options).unwrap()
    }

    pub(super) fn put(&self, doc: Document) -> Write {
        self.puts(&[doc]).remove(0)
    }

    pub(super) fn puts(&self, docs: &[Document]) -> Vec<Write> {
        let embedded = embed(docs.to_vec(), &*self.encoder, self.settings.passages);
        embedded.unwrap().into_iter().map(Write::Put).collect()
    }

    /// Leaves the directory as a process that is killed right after `writes` were acknowledged would.
    pub(super) fn write_and_die(&self, collection: Collection, writes: Vec<Write>) {
        collection.write(writes).unwrap();
        let kept = self.path("kept");
        collection.hold_still(|| copy_dir(&self.dir, &kept));
        drop(collection);
        std::fs::remove_dir_all(&self.dir).unwrap();
        std::fs::rename(&kept, &self.dir).unwrap();
    }

    /// The ids that `first_stage` finds for `text`.
    pub(super) fn find(
        &self,
        collection: &Collection,
        first_stage: FirstStage,
        text: &str,
    ) -> Vec<String> {
        let searcher = Searcher::fixed(collection.snapshot(), self.encoder());
        let query = Query {
            text: text.into(),
            // Every language reads it.
            lang: Lang::UNKNOWN,
        };
        let plan = Plan {
            first_stage,
            depth: 100_000,
            ..Plan::default()
        };
        let found = searcher.search(&query, &plan).unwrap().documents().unwrap();
        found.into_iter().map(|found| found.doc.id.0).collect()
    }

    /// The collection holds `docs` and no other, in every leg, each once; and counts them right.
    #[track_caller]
    pub(super) fn check(&self, collection: &Collection, docs: &[Document]) {
        let snapshot = collection.snapshot();
        let expected: BTreeMap<&str, &Document> =
            docs.iter().map(|doc| (doc.id.0.as_str(), doc)).collect();

        let all = snapshot.allowed(None).unwrap();
        let ords: Vec<_> = snapshot.ords(&all).collect();
        let scanned = snapshot.documents(ords.iter().copied()).unwrap();
        assert_eq!(scanned.len(), expected.len());
        for doc in &scanned {
            assert_eq!(Some(&doc), expected.get(doc.id.0.as_str()));
            let ord = snapshot.find(&doc.id).unwrap();
            assert_eq!(snapshot.id(ord).unwrap(), doc.id);
            assert_eq!(snapshot.lang(ord), doc.lang);
        }
        let mut languages = BTreeMap::new();
        for doc in docs {
            *languages.entry(doc.lang).or_insert(0) += 1;
        }
        assert_eq!(snapshot.manifest.n_docs, docs.len());
        assert_eq!(snapshot.manifest.languages, languages);

        let mut by_word: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for doc in docs {
            let word = doc.text.split_whitespace().next().unwrap_or_default();
            by_word.entry(word).or_default().push(&doc.id.0);
        }
        for (word, mut ids) in by_word {
            let mut found = self.find(collection, FirstStage::Lexical, word);
            found.sort();
            ids.sort_unstable();
            for id in &ids {
                assert!(
                    found.iter().any(|found| found == id),
                    "{id} by {word}: {found:?}"
                );
            }
            assert!(found.iter().all(|id| expected.contains_key(id.as_str())));
        }
        let mut near = self.find(collection, FirstStage::Dense, "nothing in particular");
        near.sort();
        let ids: Vec<&str> = expected.keys().copied().collect();
        assert_eq!(near, ids);
    }
}

/// Copies what lies in `from` to `to`.
pub(super) fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
