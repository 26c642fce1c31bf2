//! What is searched: documents, queries and judgments.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use xenoglot_engine::eval::{TopicChoice, TopicField};
use xenoglot_engine::input::TextEncoding;
use xenoglot_engine::{self as engine, Lang};
use xenoglot_indexer::CorpusFormat;

/// A test collection: documents in some languages, queries in some, and what assessors said.
#[derive(Debug, Clone)]
pub struct Collection {
    /// As results name it.
    pub name: String,
    /// For people.
    pub title: String,
    /// Files or patterns; `{documents}` stands for a language of the documents.
    pub documents: Vec<String>,
    /// How the documents are written down.
    pub format: CorpusFormat,
    /// The encoding of their files.
    pub encoding: TextEncoding,
    /// The languages that are asked in, as files name them.
    pub query_languages: Vec<String>,
    /// The languages of the documents, as files name them.
    pub document_languages: Vec<String>,
    /// Whether documents of all languages lie in one index.
    pub pooled: bool,
    /// Which languages are asked about which.
    pub pairs: Pairs,
    /// The collection's own queries, and their translations by name.
    pub queries: QueryFiles,
    /// Judgments; `{documents}` and `{queries}` stand for languages.
    pub qrels: String,
    /// How many candidates of a topic are judged.
    pub depth: usize,
    /// Whether a topic is the same question in every language.
    pub parallel_topics: bool,
}

/// The collection's own queries, and their translations by name.
#[derive(Debug, Clone)]
pub struct QueryFiles {
    own: QueryFile,
    translations: BTreeMap<String, QueryFile>,
}

/// A file of topics, and what of it is asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryFile {
    /// `{documents}` and `{queries}` stand for languages.
    pub path: String,
    /// How topics are written down; without it, that is to be seen.
    pub format: Option<String>,
    /// `title`, `description`, `narrative`; the title where none is named.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The language of the topics, where not that of the queries; `{documents}` and `{queries}` stand for languages.
    pub language: Option<String>,
    /// Where topics were translated in several ways: which.
    pub source: Option<String>,
    /// Where a file says which languages a topic's documents were judged in: which; with the same placeholders.
    pub judged_in: Option<String>,
    /// Where identifiers are letters and digits, and those of the judgments digits alone.
    #[serde(default)]
    pub numeric_ids: bool,
}

/// Which languages are asked about which.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(
    untagged,
    expecting = "`all`, `cross`, `own`, or a list of [queries, documents]"
)]
pub enum Pairs {
    /// All, those of two languages, or those of one.
    Kind(PairKind),
    /// These: query language, document language.
    Listed(Vec<[String; 2]>),
    /// What is typed where nothing is: all.
    #[default]
    #[serde(skip)]
    All,
}

/// A kind of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PairKind {
    /// Every language about every language.
    All,
    /// Every language about every other.
    Cross,
    /// Every language about itself.
    Own,
}

/// A language of queries, and the documents that it is asked about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// As files name it.
    pub queries: String,
    /// As files name it; nothing where documents are pooled.
    pub documents: Option<String>,
}

/// What stands for documents of all languages.
pub(crate) const ALL: &str = "all";

/// A collection as it is typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CollectionTable {
    name: String,
    title: Option<String>,
    documents: OneOrMore,
    format: Option<String>,
    encoding: Option<String>,
    #[serde(default)]
    languages: Vec<String>,
    query_languages: Option<Vec<String>>,
    document_languages: Option<Vec<String>>,
    #[serde(default)]
    pooled: bool,
    #[serde(default)]
    pairs: Pairs,
    queries: PathOrFile,
    #[serde(default)]
    translations: BTreeMap<String, QueryFile>,
    qrels: String,
    depth: Option<usize>,
    #[serde(default = "yes")]
    parallel_topics: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a path, or a list of paths")]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a path, or a table with `path`")]
enum PathOrFile {
    Path(String),
    File(QueryFile),
}

impl CollectionTable {
    pub(super) fn meant(self, usual_depth: usize) -> Result<Collection, String> {
        let name = self.name;
        let languages = |given: Option<Vec<String>>, what: &str| {
            let languages = given.unwrap_or_else(|| self.languages.clone());
            let wrong = |code: &&String| code.parse::<Lang>().is_err();
            match languages.iter().find(wrong) {
                _ if languages.is_empty() => Err(format!(
                    "collection {name:?}: expected `languages` or `{what}`"
                )),
                Some(code) => Err(format!(
                    "collection {name:?}: `{what}`: got {code:?}, expected a language code"
                )),
                None => Ok(languages),
            }
        };
        let depth = self.depth.unwrap_or(usual_depth);
        if depth == 0 {
            return Err(format!(
                "collection {name:?}: `depth` is 0, expected at least 1"
            ));
        }
        let own = match self.queries {
            PathOrFile::Path(path) => QueryFile {
                path,
                ..QueryFile::default()
            },
            PathOrFile::File(file) => file,
        };
        for file in self.translations.values().chain([&own]) {
            file.check()
                .map_err(|problem| format!("collection {name:?}: `queries`: {problem}"))?;
        }
        Ok(Collection {
            title: self.title.unwrap_or_else(|| name.clone()),
            documents: match self.documents {
                OneOrMore::One(path) => vec![path],
                OneOrMore::More(paths) => paths,
            },
            format: named(&name, self.format.as_deref())?,
            encoding: named(&name, self.encoding.as_deref())?,
            query_languages: languages(self.query_languages, "query_languages")?,
            document_languages: languages(self.document_languages, "document_languages")?,
            pooled: self.pooled,
            pairs: self.pairs,
            queries: QueryFiles {
                own,
                translations: self.translations,
            },
            qrels: self.qrels,
            parallel_topics: self.parallel_topics,
            depth,
            name,
        })
    }
}

/// What `given` names; the usual where nothing is.
fn named<T: Default + FromStr<Err = engine::Error>>(
    collection: &str,
    given: Option<&str>,
) -> Result<T, String> {
    let parsed = given.map(str::parse).transpose();
    let parsed = parsed.map_err(|error| format!("collection {collection:?}: {error}"))?;
    Ok(parsed.unwrap_or_default())
}

impl Collection {
    /// Every index that the collection needs: a language of its documents, or nothing for all in one.
    pub(crate) fn document_sets(&self) -> Vec<Option<String>> {
        match self.pooled {
            true => vec![None],
            false => self.document_languages.iter().cloned().map(Some).collect(),
        }
    }

    /// The pairs that ask about `documents`.
    pub(crate) fn pairs_with(&self, documents: Option<&str>) -> Vec<Pair> {
        let asks = |queries: &&String| match (&self.pairs, documents) {
            (_, None) | (Pairs::All | Pairs::Kind(PairKind::All), _) => true,
            (Pairs::Kind(PairKind::Cross), Some(documents)) => *queries != documents,
            (Pairs::Kind(PairKind::Own), Some(documents)) => *queries == documents,
            (Pairs::Listed(pairs), Some(documents)) => {
                pairs.iter().any(|[q, d]| q == *queries && d == documents)
            }
        };
        let pair = |queries: &String| Pair {
            queries: queries.clone(),
            documents: documents.map(ToOwned::to_owned),
        };
        self.query_languages.iter().filter(asks).map(pair).collect()
    }

    /// The files or patterns of documents, below `data`: of each language, or of all where they are not told apart.
    pub(crate) fn document_paths<'a>(
        &'a self,
        data: &Path,
        documents: Option<&'a str>,
    ) -> Vec<(Vec<String>, Option<&'a str>)> {
        let filled = |language: &str| -> Vec<String> {
            let paths = self.documents.iter();
            let paths = paths.map(|path| data.join(path.replace("{documents}", language)));
            paths.map(|path| path.display().to_string()).collect()
        };
        let are_apart = self
            .documents
            .iter()
            .all(|path| path.contains("{documents}"));
        match documents {
            Some(language) => vec![(filled(language), Some(language))],
            None if are_apart => {
                let languages = self.document_languages.iter();
                languages
                    .map(|language| (filled(language), Some(language.as_str())))
                    .collect()
            }
            None => vec![(filled(ALL), None)],
        }
    }

    /// The files of judgments, below `data`.
    pub(crate) fn qrels_paths(&self, data: &Path, pair: &Pair) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = Vec::new();
        for language in self.languages_of(pair.documents.as_deref()) {
            let path = self.qrels.replace("{documents}", language);
            let path = data.join(path.replace("{queries}", &pair.queries));
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }

    /// The languages of `documents`: one, or all.
    pub(crate) fn languages_of<'a>(&'a self, documents: Option<&'a str>) -> Vec<&'a str> {
        match documents {
            Some(language) => vec![language],
            None => self.document_languages.iter().map(String::as_str).collect(),
        }
    }
}

impl QueryFiles {
    /// The translations called `name`, or the collection's own queries where nothing is named.
    pub(crate) fn named(&self, name: Option<&str>) -> Option<&QueryFile> {
        match name {
            None => Some(&self.own),
            Some(name) => self.translations.get(name),
        }
    }
}

impl QueryFile {
    /// Whether formats and fields are known.
    fn check(&self) -> Result<(), String> {
        let unfilled = Self {
            language: None,
            judged_in: None,
            ..self.clone()
        };
        unfilled
            .choice()
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// What is read of the file.
    pub(crate) fn choice(&self) -> engine::Result<TopicChoice> {
        let usual = TopicChoice::default();
        let fields: Vec<TopicField> = self
            .fields
            .iter()
            .map(|field| field.parse())
            .collect::<Result<_, _>>()?;
        Ok(TopicChoice {
            format: self.format.as_deref().map(str::parse).transpose()?,
            fields: if fields.is_empty() {
                usual.fields
            } else {
                fields
            },
            lang: self.language.as_deref().map(str::parse).transpose()?,
            source: self.source.clone(),
            judged_in: self.judged_in.as_deref().map(str::parse).transpose()?,
            numeric_ids: self.numeric_ids,
        })
    }

    /// The same for one pair.
    pub(crate) fn of(&self, pair: &Pair) -> Self {
        let filled = |text: &str| {
            let text = text.replace("{queries}", &pair.queries);
            text.replace("{documents}", pair.documents.as_deref().unwrap_or(ALL))
        };
        Self {
            path: filled(&self.path),
            language: Some(filled(self.language.as_deref().unwrap_or("{queries}"))),
            judged_in: self.judged_in.as_deref().map(filled),
            ..self.clone()
        }
    }
}

impl Pair {
    /// What results call the documents.
    pub(crate) fn documents(&self) -> &str {
        self.documents.as_deref().unwrap_or(ALL)
    }
}
