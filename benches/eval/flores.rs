//! What does each stage find in 113 languages?
//!
//! Corpus: the 281 articles of FLORES-200 devtest in each language; topics: their English titles. Every language is a
//! collection of its own. Beside that the first sentence of an article asks for the rest of it in the same language. Peer:
//! the lexical stage without tables of translations, in the same table.
//!
//! ```text
//! cargo bench --bench eval -- flores              prints the table and compares it with benches/eval/flores.tsv
//! cargo bench --bench eval -- flores --write      keeps the figures as the expected ones
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use xenoglot_engine::eval::{Averaged, Measure, Qrels, Topic, read_qrels, read_topics, score};
use xenoglot_engine::{
    Encoder, FirstStage, Fusion, Lang, LexicalSettings, Plan, Searcher, Terminology,
};
use xenoglot_indexer::ReadPlan;

use crate::figures::Figures;
use crate::ground::{Scratch, encoder, lexicons, root, shared};

const COLUMNS: &[&str] = &["language", "system", "nDCG@10"];
const DEPTH: usize = 100;
/// In the order of the table's columns.
const SYSTEMS: [&str; 7] = [
    "own language",
    "lexical",
    "romanised",
    "translated",
    "dense",
    "hybrid",
    "hybrid, translated",
];

/// One line of `articles.jsonl`.
#[derive(Deserialize)]
struct Article {
    #[serde(rename = "_id")]
    id: String,
    /// Lines of the sentence files, from 0.
    sentences: Vec<usize>,
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    let data = shared()?.join("data/flores-devtest");
    let encoder = encoder(args)?;
    let figures = measure(&data, &encoder)?;
    print(&figures);
    figures.write_or_compare(&root().join("benches/eval/flores.tsv"), args)
}

fn measure(data: &Path, encoder: &Arc<dyn Encoder>) -> Result<Figures> {
    let articles = std::fs::read_to_string(data.join("articles.jsonl"))?;
    let articles: Vec<Article> = articles
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let mut titles = read_topics(&data.join("queries.title.en.jsonl"))?;
    for title in &mut titles {
        title.lang = "en".parse()?;
    }
    let flores = Flores {
        articles,
        titles,
        qrels: read_qrels(&data.join("qrels.title.txt"))?,
        scratch: Scratch::new("flores"),
        encoder,
        measures: vec!["nDCG@10".parse()?],
    };
    let languages = std::fs::read_to_string(data.join("langs.tsv"))?;
    let mut figures = Figures::new(COLUMNS);
    for line in languages.lines().skip(1) {
        let lang: Lang = line.split('\t').next().unwrap_or_default().parse()?;
        let sentences = sentences(&data.join(format!("sent.{lang}.txt.zst")))?;
        for (system, value) in flores
            .language(lang, &sentences)
            .with_context(|| lang.to_string())?
        {
            figures.insert(&[lang.code(), system], value);
        }
    }
    Ok(figures)
}

fn sentences(path: &Path) -> Result<Vec<String>> {
    let packed = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8(zstd::decode_all(packed.as_slice())?)?;
    Ok(text.lines().map(str::to_owned).collect())
}

struct Flores<'a> {
    articles: Vec<Article>,
    titles: Vec<Topic>,
    qrels: Qrels,
    scratch: Scratch,
    encoder: &'a Arc<dyn Encoder>,
    measures: Vec<Measure>,
}

impl Flores<'_> {
    /// nDCG@10 of each system in documents of `lang`.
    fn language(&self, lang: Lang, sentences: &[String]) -> Result<Vec<(&'static str, f64)>> {
        let whole = |article: &Article| self.text(article, sentences, 0);
        let rest = |article: &Article| self.text(article, sentences, 1);
        let open = |name: &str, romanised, text: &dyn Fn(&Article) -> String| {
            let dir = self.index(&format!("{lang}-{name}"), lang, romanised, text)?;
            anyhow::Ok(Searcher::open(&dir, Arc::clone(self.encoder))?)
        };
        let first_sentences: Vec<Topic> = self
            .articles
            .iter()
            .map(|article| Topic {
                id: article.id.clone(),
                query: sentences[article.sentences[0]].clone(),
                lang,
            })
            .collect();
        let plain = open("plain", false, &whole)?;
        let lexical = FirstStage::Lexical;
        let hybrid = FirstStage::Hybrid(Fusion::default());
        let mut figures = vec![
            (
                "own language",
                self.score(&open("rest", false, &rest)?, &first_sentences, &lexical)?,
            ),
            ("lexical", self.score(&plain, &self.titles, &lexical)?),
            (
                "dense",
                self.score(&plain, &self.titles, &FirstStage::Dense)?,
            ),
            ("hybrid", self.score(&plain, &self.titles, &hybrid)?),
            (
                "romanised",
                self.score(&open("romanised", true, &whole)?, &self.titles, &lexical)?,
            ),
        ];
        let translated = plain.with_terminology(Arc::new(Terminology {
            lexicons: lexicons()?,
            ..Terminology::default()
        }));
        figures.push((
            "translated",
            self.score(&translated, &self.titles, &lexical)?,
        ));
        figures.push((
            "hybrid, translated",
            self.score(&translated, &self.titles, &hybrid)?,
        ));
        Ok(figures)
    }

    fn text(&self, article: &Article, sentences: &[String], from: usize) -> String {
        let lines = article.sentences.iter().skip(from);
        lines
            .map(|line| sentences[*line].as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn index(
        &self,
        name: &str,
        lang: Lang,
        romanised: bool,
        text: &dyn Fn(&Article) -> String,
    ) -> Result<PathBuf> {
        let lines = self.articles.iter().map(|article| {
            json!({ "id": article.id, "text": text(article), "lang": lang.code() }).to_string()
        });
        let file = self.scratch.write(
            &format!("{name}.jsonl"),
            &lines.collect::<Vec<_>>().join("\n"),
        )?;
        let lexical = LexicalSettings {
            romanised,
            ..LexicalSettings::default()
        };
        let plan = ReadPlan {
            // An article of one sentence has no rest.
            on_error: xenoglot_indexer::OnError::Skip,
            ..ReadPlan::default()
        };
        self.scratch
            .index(name, &file, &plan, lexical, &**self.encoder)
    }

    fn score(
        &self,
        searcher: &Searcher,
        topics: &[Topic],
        first_stage: &FirstStage,
    ) -> Result<f64> {
        let plan = Plan {
            first_stage: first_stage.clone(),
            depth: DEPTH,
            ..Plan::default()
        };
        let run = searcher.run(topics, &plan, "flores")?;
        let scores = score(&self.qrels, &run, &self.measures, Averaged::Judged)?;
        let value = scores.all()[0];
        ensure!(value.is_finite(), "a measure is no number");
        Ok(value)
    }
}

#[allow(clippy::print_stdout, reason = "what a bench is for")]
fn print(figures: &Figures) {
    println!("\n### FLORES articles, nDCG@10\n");
    println!("| | {} |", SYSTEMS.join(" | "));
    println!("|---|{}", "---|".repeat(SYSTEMS.len()));
    let row = |name: &str, value: &dyn Fn(&str) -> Option<f64>| {
        let cells =
            SYSTEMS.map(|system| value(system).map_or("–".into(), |value| format!("{value:.3}")));
        println!("| {name} | {} |", cells.join(" | "));
    };
    for lang in figures.first_keys() {
        row(lang, &|system| figures.get(&[lang, system]));
    }
    row("**mean**", &|system| {
        figures.mean(|key| key[1] == system && key[0] != "en")
    });
}
