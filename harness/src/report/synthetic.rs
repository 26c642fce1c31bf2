//! Results that nobody measured, but that look as if: five systems, eleven languages asked in eleven, and one pooled list.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::results::*;

const MEASURES: [&str; 4] = ["nDCG@10", "AP", "RR", "R@100"];
const N_TOPICS: usize = 60;

/// Languages, and how well models know them.
const LANGUAGES: [(&str, f64); 11] = [
    ("ar", 0.72),
    ("de", 0.93),
    ("el", 0.80),
    ("en", 1.00),
    ("es", 0.95),
    ("hi", 0.66),
    ("ru", 0.88),
    ("th", 0.55),
    ("tr", 0.74),
    ("vi", 0.78),
    ("zh", 0.84),
];

struct Made {
    name: &'static str,
    /// Quality where query and document are of one language, and what is lost between two.
    own: f64,
    lost: f64,
    latency_ms: &'static [(&'static str, f64)],
}

const SYSTEMS: [Made; 5] = [
    Made {
        name: "bm25",
        own: 0.80,
        lost: 0.74,
        latency_ms: &[("lexical", 2.1)],
    },
    Made {
        name: "bm25+rm3",
        own: 0.79,
        lost: 0.72,
        latency_ms: &[("lexical", 9.4)],
    },
    Made {
        name: "dense",
        own: 0.76,
        lost: 0.12,
        latency_ms: &[("encode", 11.5), ("dense", 3.2)],
    },
    Made {
        name: "hybrid",
        own: 0.86,
        lost: 0.22,
        latency_ms: &[
            ("encode", 11.7),
            ("lexical", 2.2),
            ("dense", 3.3),
            ("fusion", 0.1),
        ],
    },
    Made {
        name: "hybrid+rerank",
        own: 0.91,
        lost: 0.10,
        latency_ms: &[
            ("encode", 11.8),
            ("lexical", 2.2),
            ("dense", 3.3),
            ("fusion", 0.1),
            ("rerank", 640.0),
        ],
    },
];

/// Numbers that are the same every time (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    /// From 0 to 1.
    fn roll(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Writes scores of every cell below `dir`, as the runner would, and returns what belongs to them.
pub(super) fn write(dir: &Path) -> Results {
    let mut dice = Dice(6);
    let mut cells = Vec::new();
    for (place, system) in SYSTEMS.iter().enumerate() {
        for (queries, known) in LANGUAGES {
            for (documents, answered) in LANGUAGES {
                let is_own = queries == documents;
                let kept = if is_own { 1.0 } else { 1.0 - system.lost };
                let quality = system.own * kept * (0.35 + 0.65 * f64::sqrt(known * answered));
                let made = cell(
                    dir,
                    &mut dice,
                    ("xquad", place, queries, documents),
                    quality,
                );
                cells.push(made);
            }
            let quality = system.own * (1.0 - 0.8 * system.lost) * (0.3 + 0.6 * known);
            let mut made = cell(
                dir,
                &mut dice,
                ("xquad-pooled", place, queries, "all"),
                quality,
            );
            made.bias = Some(bias(&mut dice, system, queries));
            cells.push(made);
        }
    }
    let results = Results {
        name: "XQuAD-R, eleven languages".into(),
        description: "Questions in eleven languages over paragraphs in eleven languages: one index per language, then one \
                      list of all. Figures of this page are invented."
            .into(),
        measures: MEASURES.map(str::to_owned).to_vec(),
        baseline: Some("bm25".into()),
        seed: 42,
        collections: vec![collection("xquad", false), collection("xquad-pooled", true)],
        systems: SYSTEMS.iter().map(settings).collect(),
        indexes: indexes(),
        cells,
        published: published(),
        examples: examples(),
        provenance: provenance(),
    };
    std::fs::write(dir.join(FILE), serde_json::to_string(&results).unwrap()).unwrap();
    std::fs::write(
        dir.join("experiment.toml"),
        "name = \"XQuAD-R\"\n[baseline]\nstages = [\"lexical\"]\n",
    )
    .unwrap();
    results
}

fn collection(name: &str, pooled: bool) -> CollectionInfo {
    let languages = LANGUAGES.map(|(language, _)| language.to_owned()).to_vec();
    CollectionInfo {
        name: name.into(),
        title: match pooled {
            true => "XQuAD paragraphs, one list of eleven languages".into(),
            false => "XQuAD paragraphs, language by language".into(),
        },
        query_languages: languages.clone(),
        document_languages: languages,
        pooled,
        depth: 100,
        parallel_topics: true,
    }
}

fn settings(system: &Made) -> SystemInfo {
    let has = |stage| system.latency_ms.iter().any(|(name, _)| *name == stage);
    let first = match (has("lexical"), has("dense")) {
        (true, true) => "hybrid",
        (true, false) => "lexical",
        _ => "dense",
    };
    let mut settings = serde_json::json!({ "first_stage": first, "depth": 100 });
    if has("lexical") {
        settings["bm25"] = serde_json::json!({ "k1": 0.9, "b": 0.4 });
    }
    if system.name.contains("rm3") {
        settings["rm3"] = serde_json::json!({ "terms": 10, "documents": 10, "weight": 0.5 });
    }
    if has("fusion") {
        settings["fusion"] = serde_json::json!({ "rrf": { "k": 60 } });
    }
    if has("rerank") {
        settings["rerank"] =
            serde_json::json!({ "depth": 100, "stack": ["language:doc", "ranking:en"] });
    }
    SystemInfo {
        name: system.name.into(),
        settings,
    }
}

fn cell(
    dir: &Path,
    dice: &mut Dice,
    (collection, place, queries, documents): (&str, usize, &str, &str),
    quality: f64,
) -> Cell {
    let system = &SYSTEMS[place];
    let folder = PathBuf::from(format!(
        "cells/{collection}/{}/{queries}-{documents}",
        system.name
    ));
    let mut text = format!("topic\t{}\n", MEASURES.join("\t"));
    let mut sums = [0.0; MEASURES.len()];
    // A topic is as hard for every system, more or less.
    let mut hardness = Dice(1000);
    for topic in 0..N_TOPICS {
        let hard = hardness.roll() - 0.5;
        let noise = (dice.roll() - 0.5) * 0.5;
        let ndcg = (quality + 0.5 * hard + noise).clamp(0.0, 1.0);
        let values = [
            ndcg,
            ndcg * (0.8 + 0.1 * dice.roll()),
            (ndcg * (0.85 + 0.2 * dice.roll())).min(1.0),
            (ndcg * 0.6 + 0.4 * f64::from(u8::from(ndcg > 0.0))).min(1.0),
        ];
        write!(text, "q{topic:03}").unwrap();
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value / N_TOPICS as f64;
            write!(text, "\t{value}").unwrap();
        }
        text.push('\n');
    }
    std::fs::create_dir_all(dir.join(&folder)).unwrap();
    std::fs::write(dir.join(&folder).join(SCORES), text).unwrap();
    Cell {
        collection: collection.into(),
        system: system.name.into(),
        queries: queries.into(),
        documents: documents.into(),
        index: format!("{collection}-{documents}"),
        n_topics: N_TOPICS,
        values: sums.to_vec(),
        precision_at_recall: std::array::from_fn(|level| {
            let recall = level as f64 / 10.0;
            (sums[0] * 1.12 - 0.55 * recall * recall * sums[0]).clamp(0.0, 1.0)
        }),
        latency_ms: latency(dice, system),
        bias: None,
        folder,
    }
}

fn latency(dice: &mut Dice, system: &Made) -> BTreeMap<String, Percentiles> {
    let mut total = 0.0;
    let mut latency: BTreeMap<String, Percentiles> = system
        .latency_ms
        .iter()
        .map(|(stage, ms)| {
            let p50 = ms * (0.9 + 0.2 * dice.roll());
            total += p50;
            ((*stage).to_owned(), spread(p50))
        })
        .collect();
    latency.insert("total".into(), spread(total));
    latency
}

fn spread(p50: f64) -> Percentiles {
    Percentiles {
        p50,
        p95: p50 * 1.7,
        p99: p50 * 2.4,
        n: N_TOPICS,
    }
}

fn bias(dice: &mut Dice, system: &Made, queries: &str) -> Bias {
    let weight = |(language, known): (&str, f64)| {
        let own = if language == queries {
            1.0 + 6.0 * system.lost
        } else {
            1.0
        };
        (language.to_owned(), own * known * (0.9 + 0.2 * dice.roll()))
    };
    let mut share: BTreeMap<String, f64> = LANGUAGES.into_iter().map(weight).collect();
    let sum: f64 = share.values().sum();
    share.values_mut().for_each(|share| *share /= sum);
    Bias {
        peer: 0.95 - system.lost * 0.8 + 0.04 * dice.roll(),
        cutoff: 100,
        relevant_share: LANGUAGES
            .map(|(language, _)| (language.to_owned(), 1.0 / 11.0))
            .into(),
        share,
        own_language_first: (0.1 + system.lost).min(1.0),
    }
}

fn indexes() -> Vec<IndexInfo> {
    let index = |collection: &str, documents: &str, n_docs: usize| IndexInfo {
        key: format!("{collection}-{documents}"),
        collection: collection.into(),
        documents: documents.into(),
        n_docs,
        languages: BTreeMap::new(),
        size_bytes: n_docs as u64 * 5_300,
        build_seconds: n_docs as f64 * 0.021,
        encoder: "minilm".into(),
        n_skipped: 0,
        skipped: Vec::new(),
    };
    let mut indexes = vec![index("xquad-pooled", "all", 2640)];
    indexes.extend(LANGUAGES.map(|(language, _)| index("xquad", language, 240)));
    indexes
}

fn published() -> Vec<Published> {
    let figure = |queries: &str, documents: &str, value| Published {
        collection: if documents == "all" {
            "xquad-pooled"
        } else {
            "xquad"
        }
        .into(),
        system: "Somebody's mBERT".into(),
        queries: queries.into(),
        documents: documents.into(),
        measure: "AP".into(),
        value,
        source: "Somebody et al. (2021), Table 3".into(),
    };
    let mut published = vec![figure("en", "de", 0.412), figure("en", "th", 0.187)];
    published.extend(LANGUAGES.map(|(language, known)| figure(language, "all", 0.3 * known)));
    published
}

fn examples() -> Vec<Example> {
    let hit = |doc: &str, lang: &str, text: &str, grade| ExampleHit {
        doc: doc.into(),
        lang: lang.into(),
        text: text.into(),
        grade,
    };
    let example = |system: &str,
                   languages: (&str, &str),
                   query: &str,
                   values: (f64, f64),
                   hits: [ExampleHit; 3]| {
        let [first, second, third] = hits;
        Example {
            collection: if languages.1 == "all" {
                "xquad-pooled"
            } else {
                "xquad"
            }
            .into(),
            system: system.into(),
            queries: languages.0.into(),
            documents: languages.1.into(),
            topic: "q017".into(),
            query: query.into(),
            baseline_value: values.0,
            value: values.1,
            baseline_head: vec![third.clone(), second.clone(), first.clone()],
            head: vec![first.clone(), second.clone(), third],
            relevant: vec![
                ExampleRelevant {
                    hit: first,
                    baseline_rank: Some(3),
                    rank: Some(1),
                },
                ExampleRelevant {
                    hit: second,
                    baseline_rank: None,
                    rank: Some(2),
                },
            ],
        }
    };
    vec![
        example(
            "hybrid+rerank",
            ("ar", "all"),
            "متى تم بناء برج إيفل في باريس؟",
            (0.131, 1.0),
            [
                hit(
                    "ar-12",
                    "ar",
                    "برج إيفل هو برج حديدي يبلغ ارتفاعه 324 مترًا، بُني عام 1889 في باريس",
                    Some(1),
                ),
                hit(
                    "zh-12",
                    "zh",
                    "埃菲尔铁塔是位于法国巴黎战神广场的铁制镂空塔,建成于1889年",
                    Some(1),
                ),
                hit(
                    "th-40",
                    "th",
                    "หอไอเฟลเป็นหอคอยโครงสร้างเหล็กตั้งอยู่บนช็องเดอมาร์สในกรุงปารีส",
                    Some(0),
                ),
            ],
        ),
        example(
            "hybrid+rerank",
            ("th", "zh"),
            "แม่น้ำสายใดยาวที่สุดในโลก",
            (0.0, 0.864),
            [
                hit(
                    "zh-3",
                    "zh",
                    "尼罗河是一条流经非洲东部与北部的河流,长度为6,650公里",
                    Some(2),
                ),
                hit(
                    "zh-88",
                    "zh",
                    "亚马逊河位于南美洲,是世界上流量最大的河流",
                    Some(1),
                ),
                hit("zh-7", "zh", "长江是亚洲第一长河,发源于青藏高原", None),
            ],
        ),
        example(
            "dense",
            ("hi", "en"),
            "प्रकाश संश्लेषण में कौन सी गैस निकलती है?",
            (0.631, 0.0),
            [
                hit(
                    "en-5",
                    "en",
                    "Respiration is <script>alert(\"x\")</script> & \"the other way round\" | 100%_of it",
                    Some(0),
                ),
                hit(
                    "en-9",
                    "en",
                    "Photosynthesis releases oxygen, which is the source of nearly all of it in the atmosphere of the Earth",
                    Some(1),
                ),
                hit(
                    "hi-1",
                    "hi",
                    "प्रकाश संश्लेषण वह क्रिया है जिसमें पौधे सूर्य के प्रकाश में कार्बन डाइऑक्साइड और जल से भोजन बनाते हैं",
                    Some(1),
                ),
            ],
        ),
    ]
}

fn provenance() -> Provenance {
    let file = |name: &str, size_bytes| {
        let info = FileInfo {
            size_bytes,
            blake3: format!("{:064x}", size_bytes * 7_919),
        };
        (name.to_owned(), info)
    };
    let encoder = EncoderInfo {
        model: "paraphrase-multilingual-MiniLM-L12-v2".into(),
        fingerprint: "f00d".repeat(16),
        dim: 384,
    };
    Provenance {
        version: "0.1.0".into(),
        program: "beef".repeat(16),
        processor: "A processor of eight cores".into(),
        cores: 8,
        memory_bytes: 32_000_000_000,
        system: "linux x86_64".into(),
        finished_at: 1_795_392_000,
        seconds: 5_400.0,
        files: [
            file("xquad/xquad.ar.json", 2_100_345),
            file("xquad/xquad.zh.json", 1_402_112),
        ]
        .into(),
        encoders: [("minilm".to_owned(), encoder)].into(),
    }
}
