//! Is a text's language told right, and is "unknown" said rather than something wrong?
//!
//! Texts: XQuAD's questions (11 languages), topics of MIRACL (18) and CIRAL (4, African), FLORES devtest sentences (113
//! languages) and one, two and three words in a row of them, lower-cased, where words have spaces; and sentences in five
//! languages that the identifier has never seen, where nothing but "unknown" is right. Nothing of it was trained on.
//! Detectors: without a prior; favouring the 11 languages of XQuAD, as an index of these would; among them alone.
//! Peers: lingua 1.8 and whatlang 0.18 on the same texts, in benches/RESULTS.md.
//!
//! ```text
//! cargo bench --bench eval -- langid                prints the table and compares it with benches/eval/langid.tsv
//! cargo bench --bench eval -- langid --write        keeps the figures as the expected ones
//! cargo bench --bench eval -- langid --list         prints the texts, `set TAB language TAB text`, for peers
//! ```

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use xenoglot_engine::Lang;
use xenoglot_engine::eval::read_topics;
use xenoglot_engine::language::Detector;

use crate::figures::Figures;
use crate::ground::{root, shared};

const XQUAD: [&str; 11] = [
    "ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh",
];
const CIRAL: [&str; 4] = ["ha", "so", "sw", "yo"];
/// Languages in `parallel/` that `training/langid/prepare.py` keeps away.
const UNSEEN: [&str; 5] = ["br", "ast", "nso", "ee", "co"];
/// Their words have no spaces between them, and their scripts decide.
const UNSPACED: [&str; 7] = ["zh", "zh-Hant", "ja", "th", "lo", "km", "my"];
/// Every so manieth question and sentence is enough.
const STEP: usize = 20;
const TOPICS: usize = 100;
const COLUMNS: &[&str] = &["detector", "set", "measure", "value"];

/// A text and the language it is in.
struct Item {
    set: &'static str,
    lang: Lang,
    text: String,
}

/// The figures of one detector on one set.
struct Row {
    detector: &'static str,
    set: String,
    n: usize,
    /// Share of the texts that get a language, that get the right one, and share of right ones among the languages given.
    answered: f64,
    right: f64,
    precision: f64,
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    let items = items(&shared()?.join("data"))?;
    if args.iter().any(|arg| arg == "--list") {
        list(&items);
        return Ok(());
    }
    let start = Instant::now();
    let rows = measure(&items)?;
    let n: usize = rows.iter().map(|row| row.n).sum();
    print(&rows, start.elapsed().as_secs_f64() * 1e6 / n as f64);
    let mut figures = Figures::new(COLUMNS);
    for row in &rows {
        let measures = [
            ("answered", row.answered),
            ("right", row.right),
            ("precision", row.precision),
        ];
        for (measure, value) in measures {
            figures.insert(&[row.detector, &row.set, measure], value);
        }
    }
    figures.write_or_compare(&root().join("benches/eval/langid.tsv"), args)
}

fn items(data: &Path) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for lang in XQUAD {
        let topics = read_topics(&data.join(format!("xquad-r/queries.{lang}.jsonl.zst")))?;
        let texts = topics
            .into_iter()
            .map(|topic| topic.query)
            .step_by(STEP / 4);
        items.extend(texts.map(|text| item("xquad", lang, text)));
    }
    for (name, text) in archive(&data.join("topics-qrels/miracl.tar.zst"))? {
        let lang = name
            .strip_prefix("miracl/topics.miracl-v1.0-")
            .and_then(|name| name.strip_suffix("-dev.tsv"));
        items.extend(
            lang.into_iter()
                .flat_map(|lang| topics("miracl", lang, &text)),
        );
    }
    for (name, text) in archive(&data.join("topics-qrels/ciral.tar.zst"))? {
        let lang = CIRAL
            .into_iter()
            .find(|lang| name == format!("ciral/topics.ciral-v1.0-{lang}-test-a-native.tsv"));
        items.extend(
            lang.into_iter()
                .flat_map(|lang| topics("ciral", lang, &text)),
        );
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(data.join("flores-devtest"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let lang = name
            .strip_prefix("sent.")
            .and_then(|name| name.strip_suffix(".txt.zst"));
        let Some(lang) = lang else { continue };
        for (at, sentence) in unpacked(&path)?.lines().step_by(STEP).enumerate() {
            items.extend(words_of(lang, sentence, at));
            items.push(item("flores", lang, sentence.to_owned()));
        }
    }
    for lang in UNSEEN {
        for folder in std::fs::read_dir(data.join("parallel"))? {
            let path = folder?.path().join(format!("{lang}.tsv.zst"));
            if path.exists() {
                let text = unpacked(&path)?;
                let texts = text.lines().filter_map(|line| line.split('\t').nth(1));
                // Interface messages are mostly shorter, and some were never translated.
                let sentences = texts.filter(|text| text.split(' ').count() >= 6);
                let some = sentences.step_by(STEP).take(TOPICS);
                items.extend(some.map(|text| item("unseen", "und", text.to_owned())));
            }
        }
    }
    Ok(items)
}

#[allow(clippy::expect_used, reason = "codes of this file and of file names")]
fn item(set: &'static str, lang: &str, text: String) -> Item {
    let lang = lang.parse().expect("a language code");
    Item { set, lang, text }
}

/// `id TAB text` lines.
fn topics(set: &'static str, lang: &str, text: &str) -> Vec<Item> {
    let texts = text.lines().filter_map(|line| line.split_once('\t'));
    texts
        .take(TOPICS)
        .map(|(_, text)| item(set, lang, text.to_owned()))
        .collect()
}

/// One, two and three words of a sentence, from another place in each.
fn words_of(lang: &str, sentence: &str, at: usize) -> Vec<Item> {
    let lower = sentence.to_lowercase();
    let words: Vec<&str> = lower
        .split(' ')
        .map(|word| {
            word.trim_matches(|c: char| c.is_ascii_punctuation() || "«»“”„।،؛؟".contains(c))
        })
        .filter(|word| word.chars().any(char::is_alphabetic))
        .collect();
    if UNSPACED.contains(&lang) || words.len() < 3 {
        return Vec::new();
    }
    let first = at * 7 % (words.len() - 2);
    ["words1", "words2", "words3"]
        .into_iter()
        .zip(1..)
        .map(|(set, n)| item(set, lang, words[first..first + n].join(" ")))
        .collect()
}

fn unpacked(path: &Path) -> Result<String> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut text = String::new();
    zstd::Decoder::new(file)?.read_to_string(&mut text)?;
    Ok(text)
}

/// The files of a tar archive: a block of 512 bytes with name and size in octal, then the content in whole blocks.
fn archive(path: &Path) -> Result<Vec<(String, String)>> {
    let mut bytes = Vec::new();
    zstd::Decoder::new(std::fs::File::open(path)?)?.read_to_end(&mut bytes)?;
    let mut files = Vec::new();
    let mut rest = &bytes[..];
    while rest.len() > 512 && rest[0] != 0 {
        let field = |from: usize, to: usize| {
            let text = String::from_utf8_lossy(&rest[from..to]);
            text.trim_end_matches(['\0', ' ']).to_owned()
        };
        let size = usize::from_str_radix(&field(124, 136), 8).context("a size in octal")?;
        let content = String::from_utf8_lossy(&rest[512..512 + size]).into_owned();
        files.push((field(0, 100), content));
        rest = &rest[512 + size.next_multiple_of(512)..];
    }
    files.sort();
    Ok(files)
}

fn measure(items: &[Item]) -> Result<Vec<Row>> {
    let listed: Vec<Lang> = XQUAD
        .iter()
        .map(|code| code.parse())
        .collect::<Result<_, _>>()?;
    let is_listed = |item: &Item| listed.contains(&item.lang);
    let mut rows = Vec::new();
    for set in [
        "xquad", "miracl", "ciral", "flores", "words3", "words2", "words1", "unseen",
    ] {
        let all: Vec<&Item> = items.iter().filter(|item| item.set == set).collect();
        let (inside, outside): (Vec<&Item>, Vec<&Item>) =
            all.iter().copied().partition(|item| is_listed(item));
        let favouring = Detector::favouring(&listed);
        for (part, items) in [("listed", &inside), ("others", &outside)] {
            let set = format!("{set}, {part}");
            rows.push(row("any", set.clone(), &Detector::new(), items));
            rows.push(row("favouring", set.clone(), &favouring, items));
        }
        let only = Detector::among(&listed);
        rows.push(row("among", format!("{set}, listed"), &only, &inside));
    }
    rows.retain(|row| row.n > 0);
    Ok(rows)
}

fn row(detector: &'static str, set: String, how: &Detector, items: &[&Item]) -> Row {
    let found: Vec<(Lang, Lang)> = items
        .iter()
        .map(|item| (item.lang, how.detect(&item.text).lang))
        .collect();
    let count = |keep: &dyn Fn(&(Lang, Lang)) -> bool| {
        found.iter().filter(|pair| keep(pair)).count() as f64
    };
    let answered = count(&|(_, found)| *found != Lang::UNKNOWN);
    let right = count(&|(lang, found)| lang.primary() == found.primary());
    let right_answers =
        count(&|(lang, found)| *found != Lang::UNKNOWN && lang.primary() == found.primary());
    let n = items.len();
    Row {
        detector,
        set,
        n,
        answered: answered / n as f64,
        right: right / n as f64,
        precision: right_answers / answered.max(1.0),
    }
}

#[allow(clippy::print_stdout, reason = "what a bench is for")]
fn list(items: &[Item]) {
    for Item { set, lang, text } in items {
        println!("{set}\t{lang}\t{}", text.replace('\t', " "));
    }
}

#[allow(clippy::print_stdout, reason = "what a bench is for")]
fn print(rows: &[Row], us_per_text: f64) {
    println!(
        "\n| detector | set | texts | answered | right | precision |\n|---|---|---|---|---|---|"
    );
    for row in rows {
        println!(
            "| {} | {} | {} | {:.3} | {:.3} | {:.3} |",
            row.detector, row.set, row.n, row.answered, row.right, row.precision
        );
    }
    println!("\n{us_per_text:.1} µs a text");
}
