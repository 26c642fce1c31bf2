//! One system on one set of topics and documents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use xenoglot_engine::eval::{
    Averaged, Measure, Qrels, Run, Scores, Topic, read_qrels, read_topics_as, score,
};
use xenoglot_engine::{Plan, Query, Searcher, whole_file};

use crate::error::{Error, Result};
use crate::experiment::{Collection, Experiment, Pair, QueryFile, System};
use crate::fingerprint::fingerprint;
use crate::indexes::write_json;
use crate::languages::{bias, languages};
use crate::mteb;
use crate::results::{Bias, Cell, N_RECALL_LEVELS, Percentiles, SCORES};
use crate::timing::Stopwatch;
use crate::workshop::Workshop;

/// The file of a cell that says what it was made of and what came of it; written last.
const FILE: &str = "cell.json";
/// The rankings of a cell.
pub(crate) const RUN: &str = "run.trec.zst";
/// Rankings compress well at any level; this one costs little time.
const ZSTD_LEVEL: i32 = 3;
/// How much of a name becomes the name of a file, in characters.
const LONGEST_NAME: usize = 60;
/// Queries that are asked before times count, for pages and caches to be warm.
const WARMING_QUERIES: usize = 2;

/// What a cell is made of.
pub(crate) struct Job<'a> {
    pub(crate) workshop: &'a Workshop<'a>,
    pub(crate) experiment: &'a Experiment,
    pub(crate) collection: &'a Collection,
    pub(crate) system: &'a System,
    pub(crate) pair: Pair,
    /// What is asked, for any pair.
    pub(crate) queries: &'a QueryFile,
    /// The key of the index.
    pub(crate) index: &'a str,
    /// The directory of the results.
    pub(crate) out: &'a Path,
}

/// A cell as it is kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptCell {
    pub(crate) ingredients: String,
    pub(crate) cell: Cell,
    /// How long it took to run.
    pub(crate) seconds: f64,
    /// What MTEB's result files hold, by its names.
    pub(crate) mteb: BTreeMap<String, f64>,
}

/// What a cell depends on.
#[derive(Serialize)]
struct Ingredients<'a> {
    program: &'a str,
    index: &'a str,
    queries: QueryFile,
    system: &'a toml::Table,
    files: Vec<String>,
    depth: usize,
    measures: Vec<String>,
    timed_queries: usize,
    computed: String,
}

/// Topics, and what was answered to them.
struct Answered {
    run: Run,
    scores: Scores,
    bias: Option<Bias>,
}

impl Job<'_> {
    /// The cell as it was kept, if nothing that it is made of has changed.
    ///
    /// # Errors
    /// When a file that it is made of cannot be read.
    pub(crate) fn kept(&self) -> Result<Option<KeptCell>> {
        let text = std::fs::read(self.dir().join(FILE)).ok();
        let kept: Option<KeptCell> = text.and_then(|text| serde_json::from_slice(&text).ok());
        let ingredients = self.ingredients()?;
        Ok(kept.filter(|kept| kept.ingredients == ingredients))
    }

    /// Whether what is asked and judged is there, before anything is run.
    ///
    /// # Errors
    /// When a file is missing, or a language is none.
    pub(crate) fn check(&self) -> Result<()> {
        self.queries.of(&self.pair).choice()?;
        self.hashes().map(drop)
    }

    /// The hashes of every file that the cell is made of, but for those of the index.
    fn hashes(&self) -> Result<Vec<String>> {
        let data = &self.experiment.data;
        let mut files = vec![data.join(self.queries.of(&self.pair).path)];
        files.extend(self.collection.qrels_paths(data, &self.pair));
        files.extend(self.workshop.files_of(self.system)?);
        let hash = |path: &PathBuf| Ok(self.workshop.file(path)?.blake3);
        files.iter().map(hash).collect()
    }

    /// `error`, which says where it happened.
    pub(crate) fn named(&self, error: Error) -> Error {
        Error::In {
            what: format!(
                "{}, {}, {} → {}",
                self.collection.name,
                self.system.name,
                self.pair.queries,
                self.pair.documents()
            ),
            source: Box::new(error),
        }
    }

    /// Asks, scores, times, and keeps.
    ///
    /// # Errors
    /// When topics or judgments cannot be read, no topic is judged, a model fails, or the disk does.
    pub(crate) fn run(&self, searcher: &Searcher) -> Result<KeptCell> {
        let start = Instant::now();
        let (topics, mut qrels) = self.topics_and_qrels()?;
        let bm25 = searcher.settings().lexical.bm25;
        let plan = self.system.plan(bm25, self.collection.depth);
        let latency_ms = self.latency(searcher, &plan, &topics)?;
        let answered = self.answer(searcher, &plan, &topics, &mut qrels)?;
        let measured = self.experiment.measures.len();
        let all = answered.scores.all();
        let mut precision_at_recall = [0.0; N_RECALL_LEVELS];
        precision_at_recall.copy_from_slice(&all[measured..measured + N_RECALL_LEVELS]);
        let kept = KeptCell {
            ingredients: self.ingredients()?,
            seconds: start.elapsed().as_secs_f64(),
            mteb: mteb::named(&all[measured + N_RECALL_LEVELS..], self.collection.depth),
            cell: Cell {
                collection: self.collection.name.clone(),
                system: self.system.name.clone(),
                queries: self.pair.queries.clone(),
                documents: self.pair.documents().to_owned(),
                index: self.index.to_owned(),
                n_topics: answered.scores.topics().len(),
                values: all[..measured].to_vec(),
                precision_at_recall,
                latency_ms,
                bias: answered.bias.clone(),
                folder: self.folder(),
            },
        };
        self.write(&answered)?;
        write_json(&self.dir().join(FILE), &kept)?;
        Ok(kept)
    }

    /// The topics that are judged, and what was said of their documents.
    pub(crate) fn topics_and_qrels(&self) -> Result<(Vec<Topic>, Qrels)> {
        let file = self.queries.of(&self.pair);
        let path = self.experiment.data.join(&file.path);
        let mut qrels = Qrels::default();
        for path in self
            .collection
            .qrels_paths(&self.experiment.data, &self.pair)
        {
            qrels.extend(read_qrels(&path)?);
        }
        let mut topics = read_topics_as(&path, &file.choice()?)?;
        topics.retain(|topic| qrels.topic(&topic.id).is_some());
        match topics.is_empty() {
            true => Err(Error::Settings {
                path: self.experiment.path.clone(),
                problem: format!(
                    "collection {:?}: no topic of {} has judgments",
                    self.collection.name,
                    path.display()
                ),
            }),
            false => Ok((topics, qrels)),
        }
    }

    fn ingredients(&self) -> Result<String> {
        Ok(fingerprint(&Ingredients {
            program: self.workshop.program(),
            index: self.index,
            queries: self.queries.of(&self.pair),
            system: &self.system.settings,
            files: self.hashes()?,
            depth: self.collection.depth,
            measures: self
                .experiment
                .measures
                .iter()
                .map(Measure::to_string)
                .collect(),
            timed_queries: self.experiment.timed_queries,
            computed: self.workshop.computed(&self.system.encoder),
        }))
    }

    /// How long stages take, one query at a time: some queries, the same in every run.
    fn latency(
        &self,
        searcher: &Searcher,
        plan: &Plan,
        topics: &[Topic],
    ) -> Result<BTreeMap<String, Percentiles>> {
        let mut watch = Stopwatch::default();
        let timed = evenly(topics, self.experiment.timed_queries);
        for topic in timed.iter().take(WARMING_QUERIES) {
            searcher.search(&query(topic), plan)?;
        }
        for topic in timed {
            let start = Instant::now();
            let answer = searcher.search(&query(topic), plan)?;
            let total = start.elapsed();
            watch.add(
                answer.stages.iter().map(|stage| (stage.name, stage.took)),
                total,
            );
        }
        Ok(watch.percentiles())
    }

    fn answer(
        &self,
        searcher: &Searcher,
        plan: &Plan,
        topics: &[Topic],
        qrels: &mut Qrels,
    ) -> Result<Answered> {
        let run = searcher.run(topics, plan, &one_word(&self.system.name))?;
        let mut measures = self.experiment.measures.clone();
        for level in 0..N_RECALL_LEVELS {
            measures.push(format!("IPrec@{}.{}", level / 10, level % 10).parse()?);
        }
        measures.extend(mteb::measures()?);
        // What the judgments say of languages themselves is surer.
        let mut langs = languages(searcher, &run, qrels);
        langs.extend(qrels.languages().clone());
        qrels.add_languages(langs);
        let scores = score(qrels, &run, &measures, Averaged::Answered)?;
        let bias = match searcher.manifest().languages.len() {
            0 | 1 => None,
            _ => Some(bias(&run, qrels, topics, self.collection.depth)?),
        };
        Ok(Answered { run, scores, bias })
    }

    fn write(&self, answered: &Answered) -> Result<()> {
        let dir = self.dir();
        let failed = |source| Error::Write {
            path: dir.clone(),
            source,
        };
        std::fs::create_dir_all(&dir).map_err(failed)?;
        // What it says of the files beside it is over.
        gone(&dir.join(FILE)).map_err(failed)?;
        whole_file::write(&dir.join(RUN), ".xenoglot-", |file| {
            let mut packed = zstd::Encoder::new(file, ZSTD_LEVEL)?;
            std::io::Write::write_fmt(&mut packed, format_args!("{}", answered.run))?;
            packed.finish().map(drop)
        })
        .map_err(failed)?;
        let measured = self.experiment.measures.len();
        whole_file::write(&dir.join(SCORES), ".xenoglot-", |file| {
            let names = self.experiment.measures.iter().map(Measure::to_string);
            writeln!(file, "topic\t{}", names.collect::<Vec<_>>().join("\t"))?;
            for topic in answered.scores.topics() {
                let values = topic.values[..measured]
                    .iter()
                    .map(|value| format!("{value:.6}"));
                writeln!(
                    file,
                    "{}\t{}",
                    topic.id,
                    values.collect::<Vec<_>>().join("\t")
                )?;
            }
            Ok(())
        })
        .map_err(failed)
    }

    /// Below the directory of the results.
    fn folder(&self) -> PathBuf {
        let pair = format!("{}-{}", self.pair.queries, self.pair.documents());
        Path::new("cells")
            .join(one_word(&self.collection.name))
            .join(one_word(&self.system.name))
            .join(one_word(&pair))
    }

    fn dir(&self) -> PathBuf {
        self.out.join(self.folder())
    }
}

/// Removes the file at `path`, if it is there.
pub(crate) fn gone(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn query(topic: &Topic) -> Query {
    Query {
        text: topic.query.clone(),
        lang: topic.lang,
    }
}

/// Up to `n` of `topics`, at even distances.
fn evenly(topics: &[Topic], n: usize) -> Vec<&Topic> {
    let n = n.min(topics.len());
    (0..n).map(|i| &topics[i * topics.len() / n]).collect()
}

/// A name as a file, or as a column of a run: what is neither letter nor digit becomes a dash.
///
/// Names that are too long for a file are cut. Two names that differ in such characters alone are told apart by a part of their hash.
pub(crate) fn one_word(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.=+".contains(c);
    if name.len() <= LONGEST_NAME && name.chars().all(is_plain) && !name.starts_with('.') {
        return name.to_owned();
    }
    let plain: String = name
        .chars()
        .map(|c| if is_plain(c) { c } else { '-' })
        .take(LONGEST_NAME)
        .collect();
    let hash = blake3::hash(name.as_bytes()).to_hex();
    format!("{}-{}", plain.trim_matches(['-', '.']), &hash[..6])
}
