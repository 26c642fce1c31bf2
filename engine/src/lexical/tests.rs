use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fixedbitset::FixedBitSet;
use proptest::prelude::*;

use serde_json::json;

use super::*;
use crate::analyzer::Analyzer;
use crate::document::Document;
use crate::filter::Filter;

fn document(lang: &str, title: &str, text: &str) -> Document {
    Document {
        id: "x".into(),
        lang: lang.parse().unwrap(),
        title: title.into(),
        text: text.into(),
        meta: Default::default(),
    }
}

/// Documents in parts, with what a searcher has beside them.
struct Store {
    dir: tempfile::TempDir,
    parts: Vec<(LexicalPart, u32, Option<FixedBitSet>)>,
    settings: LexicalSettings,
    terminology: Terminology,
}

impl Store {
    /// `n_parts` parts of about the same size.
    fn new(docs: &[Document], settings: LexicalSettings, n_parts: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut parts = Vec::new();
        let mut base = 0;
        for (docs, at) in docs.chunks(docs.len().div_ceil(n_parts).max(1)).zip(0..) {
            let path = write(dir.path(), at, docs, &settings);
            let languages: Vec<Lang> = docs.iter().map(|doc| doc.lang).collect();
            parts.push((LexicalPart::open(&path, &languages).unwrap(), base, None));
            base += docs.len() as u32;
        }
        let terminology = Terminology::default();
        Self {
            dir,
            parts,
            settings,
            terminology,
        }
    }

    fn index(&self) -> LexicalIndex<'_> {
        let parts = self.parts.iter().map(|(part, base, allowed)| Searched {
            part,
            base: *base,
            allowed: allowed.as_ref(),
        });
        LexicalIndex::over(parts.collect(), self.settings, &self.terminology)
    }
}

/// A new part in `dir`.
fn write(dir: &Path, name: u32, docs: &[Document], settings: &LexicalSettings) -> PathBuf {
    let path = dir.join(name.to_string());
    std::fs::create_dir(&path).unwrap();
    let mut writer = LexicalWriter::create(&path).unwrap();
    for (doc, ord) in docs.iter().zip(0..) {
        let analyzed = LexicalWriter::analyze(doc, settings);
        writer.add(DocOrd(ord), &analyzed).unwrap();
    }
    writer.commit().unwrap();
    path
}

fn index(docs: &[(&str, &str)]) -> Store {
    let docs: Vec<Document> = docs
        .iter()
        .map(|(lang, text)| document(lang, "", text))
        .collect();
    Store::new(&docs, LexicalSettings::default(), 1)
}

fn query(lang: &str, text: &str) -> Query {
    Query {
        text: text.into(),
        lang: lang.parse().unwrap(),
    }
}

fn by(bm25: Bm25) -> Weighing<'static> {
    Weighing {
        bm25: Some(bm25),
        expansion: None,
    }
}

#[track_caller]
fn check(store: &Store, lang: &str, text: &str, expected: &[u32]) {
    let ranking = store
        .index()
        .search(&query(lang, text), Weighing::default(), 10)
        .unwrap();
    let found: Vec<u32> = ranking.docs().map(|doc| doc.0).collect();
    assert_eq!(found, expected, "{lang}: {text}");
}

#[test]
fn words_are_found_in_any_form_and_the_rarer_ones_weigh_more() {
    let store = index(&[
        ("en", "The tide rises."),
        ("en", "Rising sea."),
        ("de", "Die Gezeiten."),
    ]);
    check(&store, "en", "tides", &[0]);
    check(&store, "en", "rising tides", &[0, 1]);
    check(&store, "en", "moon", &[]);
    check(&store, "en", "", &[]);
}

#[test]
fn a_query_of_unknown_language_is_read_in_every_language_of_the_index() {
    let store = index(&[("en", "The tide rises."), ("es", "Las ballenas cantan.")]);
    check(&store, "und", "tides", &[0]);
    check(&store, "und", "ballena", &[1]);
}

#[test]
fn names_are_found_in_documents_of_other_languages() {
    let store = index(&[
        ("en", "Newton."),
        ("de", "Newtons Apfel."),
        ("de", "Äpfel."),
    ]);
    check(&store, "en", "Newton", &[0, 1]);
}

#[test]
fn equal_documents_stand_in_the_order_of_the_index() {
    let docs: Vec<_> = (0..300).map(|_| ("en", "one word")).collect();
    let store = index(&docs);
    check(&store, "en", "word", &(0..10).collect::<Vec<_>>());
}

#[test]
fn how_rare_a_word_is_depends_on_the_languages_where_it_stands() {
    let many = |lang, n| (0..n).map(move |_| document(lang, "", "other words"));
    let mut docs = vec![
        document("sw", "", "simba wawili"),
        document("sw", "", "twiga"),
    ];
    let score = |docs: &[Document]| {
        let store = Store::new(docs, LexicalSettings::default(), 1);
        store
            .index()
            .search(&query("sw", "simba"), Weighing::default(), 1)
            .unwrap()
            .candidates()[0]
            .score
    };
    let alone = score(&docs);
    docs.extend(many("en", 50));
    assert_eq!(score(&docs), alone);
    docs.extend(many("sw", 1));
    assert!(score(&docs) > alone);
}

#[test]
fn a_word_in_the_title_counts_as_often_as_it_is_told() {
    let docs = [
        document("en", "", "tides and other things of the sea"),
        document("en", "tides", "things of the sea"),
    ];
    let store = Store::new(&docs, LexicalSettings::default(), 1);
    let first = |title_weight| {
        let bm25 = Bm25 {
            title_weight,
            ..Bm25::default()
        };
        let ranking = store
            .index()
            .search(&query("en", "tides"), by(bm25), 10)
            .unwrap();
        ranking.docs().map(|doc| doc.0).collect::<Vec<_>>()
    };
    assert_eq!(first(3.0), [1, 0]);
    assert_eq!(first(0.0), [0]);
}

/// What `rm3` makes of the best documents for `query`, as a searcher does it.
fn expansion(store: &Store, docs: &[Document], query: &Query, rm3: Rm3) -> Expansion {
    let first = store
        .index()
        .search(query, Weighing::default(), rm3.docs)
        .unwrap();
    let believed = first.candidates().iter().map(|found| Believed {
        doc: &docs[found.doc.index()],
        score: found.score,
    });
    let believed: Vec<Believed<'_>> = believed.collect();
    store.index().expansion(&rm3, &believed, None).unwrap()
}

#[test]
fn feedback_finds_what_the_best_documents_speak_of() {
    let docs = [
        document("en", "", "Spring tides lift harbours."),
        document("en", "", "Harbours are flooded."),
        document("en", "", "Bread and butter."),
        document("de", "", "Harbours und Brot."),
    ];
    let store = Store::new(&docs, LexicalSettings::default(), 1);
    let query = query("en", "tides");
    let expansion = expansion(&store, &docs, &query, Rm3::default());
    let weighing = Weighing {
        bm25: None,
        expansion: Some(&expansion),
    };
    let ranking = store.index().search(&query, weighing, 10).unwrap();
    // Terms of English documents find nothing in German ones.
    assert_eq!(ranking.docs().map(|doc| doc.0).collect::<Vec<_>>(), [0, 1]);
    let explained = store
        .index()
        .explain(&query, weighing, &[(DocOrd(1), docs[1].lang)]);
    let explained = explained.unwrap();
    let words: Vec<&str> = explained[0]
        .iter()
        .map(|found| found.word.as_str())
        .collect();
    assert_eq!(words, ["harbour"]);
    assert!((explained[0][0].score - ranking.candidates()[1].score).abs() < 1e-6);
}

/// BM25 as it is written down, over analysed documents: (score, document), best first.
fn reference(docs: &[Document], query: &Query, bm25: Bm25) -> Vec<(f64, u32)> {
    let all_terms = |doc: &Document| {
        let analyzer = Analyzer::new(doc.lang);
        let weigh = |text: &str, weight: f64| {
            let terms = analyzer.terms(text).into_iter();
            terms.map(move |term| (term, weight)).collect::<Vec<_>>()
        };
        [
            weigh(&doc.title, f64::from(bm25.title_weight)),
            weigh(&doc.text, 1.0),
        ]
        .concat()
    };
    let lang = query.lang;
    let own: Vec<(u32, Vec<(String, f64)>)> = (0u32..)
        .zip(docs)
        .filter(|(_, doc)| doc.lang == lang)
        .map(|(ord, doc)| (ord, all_terms(doc)))
        .collect();
    let length = |terms: &[(String, f64)]| terms.iter().map(|(_, weight)| weight).sum::<f64>();
    let average = own.iter().map(|(_, terms)| length(terms)).sum::<f64>() / own.len() as f64;
    let mut scored = Vec::new();
    for (ord, terms) in &own {
        let mut score = 0.0;
        for word in Analyzer::new(lang).words(&query.text) {
            for wanted in &word.terms {
                let holds = |terms: &[(String, f64)]| terms.iter().any(|(term, _)| term == wanted);
                let mut df = 0.0;
                let mut n_docs = 0.0;
                for lang in docs.iter().map(|doc| doc.lang).collect::<BTreeSet<Lang>>() {
                    let of_lang = docs.iter().filter(|doc| doc.lang == lang);
                    let holding = of_lang.clone().filter(|doc| holds(&all_terms(doc))).count();
                    if holding > 0 {
                        df += holding as f64;
                        n_docs += of_lang.count() as f64;
                    }
                }
                let frequency = terms.iter().filter(|(term, _)| term == wanted);
                let frequency: f64 = frequency.map(|(_, weight)| weight).sum();
                let idf = (1.0 + (n_docs - df + 0.5) / (df + 0.5)).ln();
                let (k1, b) = (f64::from(bm25.k1), f64::from(bm25.b));
                if frequency > 0.0 {
                    let norm = k1 * (1.0 - b + b * length(terms) / average);
                    score += idf * frequency / (frequency + norm);
                }
            }
        }
        if score > 0.0 {
            scored.push((score, *ord));
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored
}

fn texts(max_words: usize) -> impl Strategy<Value = String> {
    // No stop words, and few enough words that they come again.
    let word = prop::sample::select(vec![
        "mond", "flut", "see", "sturm", "fisch", "wal", "riff", "hai",
    ]);
    prop::collection::vec(word, 0..max_words).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn scores_are_those_of_the_formula(
        docs in prop::collection::vec((prop::sample::select(vec!["und", "qya"]), texts(4), texts(60)), 1..40),
        text in texts(6),
        k1 in 0.0f32..3.0,
        b in 0.0f32..=1.0,
        title_weight in prop::sample::select(vec![1.0f32, 0.5, 3.0]),
        depth in 1usize..12,
    ) {
        let docs: Vec<Document> = docs.iter().map(|(lang, title, text)| document(lang, title, text)).collect();
        let store = Store::new(&docs, LexicalSettings::default(), 1);
        let query = query("qya", &text);
        let bm25 = Bm25 { k1, b, title_weight };
        let ranking = store.index().search(&query, by(bm25), docs.len()).unwrap();
        // Documents of no language hold the words as well, by statistics of their own.
        let own = ranking.candidates().iter().filter(|found| docs[found.doc.index()].lang == query.lang);
        let found: BTreeMap<u32, f32> = own.map(|found| (found.doc.0, found.score)).collect();
        let expected = reference(&docs, &query, bm25);
        prop_assert_eq!(found.len(), expected.len());
        for (score, doc) in &expected {
            prop_assert!((f64::from(found[doc]) - score).abs() < 1e-4, "{} is not {}", found[doc], score);
        }
        // Fewer are the best of these, in the same order, and what is said of them adds up.
        let cut = store.index().search(&query, by(bm25), depth).unwrap();
        prop_assert_eq!(&cut, &ranking.cut(depth));
        for candidate in cut.candidates() {
            let lang = docs[candidate.doc.index()].lang;
            let explained = store.index().explain(&query, by(bm25), &[(candidate.doc, lang)]).unwrap();
            let matches = &explained[0];
            let total: f32 = matches.iter().map(|found| found.score).sum();
            prop_assert!((total - candidate.score).abs() < 1e-4);
            let words: BTreeSet<&str> = matches.iter().map(|found| found.word.as_str()).collect();
            prop_assert!(words.iter().all(|word| text.contains(word)));
        }
    }

    #[test]
    fn feedback_that_counts_for_nothing_changes_nothing(
        docs in prop::collection::vec((prop::sample::select(vec!["und", "qya"]), texts(4), texts(60)), 1..40),
        text in texts(6),
        original_weight in prop::sample::select(vec![0.0f32, 0.5, 1.0]),
    ) {
        let docs: Vec<Document> = docs.iter().map(|(lang, title, text)| document(lang, title, text)).collect();
        let store = Store::new(&docs, LexicalSettings::default(), 1);
        let query = query("qya", &text);
        let plain = store.index().search(&query, Weighing::default(), docs.len()).unwrap();
        let rm3 = Rm3 { original_weight, ..Rm3::default() };
        let expansion = expansion(&store, &docs, &query, rm3);
        let weighing = Weighing { bm25: None, expansion: Some(&expansion) };
        let expanded = store.index().search(&query, weighing, docs.len()).unwrap();
        if original_weight == 1.0 {
            prop_assert_eq!(&expanded, &plain);
        } else if original_weight > 0.0 {
            // Nothing is lost that the words found.
            let found: BTreeSet<_> = expanded.docs().collect();
            prop_assert!(plain.docs().all(|doc| found.contains(&doc)));
        }
        // What is said of the documents adds up.
        for candidate in expanded.candidates() {
            let lang = docs[candidate.doc.index()].lang;
            let explained = store.index().explain(&query, weighing, &[(candidate.doc, lang)]).unwrap();
            let total: f32 = explained[0].iter().map(|found| found.score).sum();
            prop_assert!((total - candidate.score).abs() < 1e-4);
        }
    }
}

fn metas() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["a", "b", "ä", "2024-02-29", "2024-02-29T12:00:00Z"])
            .prop_map(|text| json!(text)),
        prop::sample::select(vec![-1.5, 0.0, 3.0, 1e300]).prop_map(|number| json!(number)),
        any::<bool>().prop_map(|value| json!(value)),
        Just(json!(null)),
        Just(json!("x".repeat(600))),
    ];
    let value = leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| json!(list)),
            prop::collection::btree_map("[pq]", inner, 0..3).prop_map(|map| json!(map)),
        ]
    });
    prop::collection::btree_map("[pqr](\\.p)?", value, 0..4).prop_map(|map| json!(map))
}

fn filters() -> impl Strategy<Value = serde_json::Value> {
    let name = || prop::sample::select(vec!["p", "q", "r", "p.p", "p.q", "q.p"]);
    let scalar = || {
        prop::sample::select(vec![
            json!("a"),
            json!("ä"),
            json!("2024-02-29"),
            json!(3),
            json!(-1.5),
            json!(true),
        ])
    };
    let number = || prop::sample::select(vec![json!(-1.5), json!(0), json!(2.5), json!(3)]);
    let date = || {
        prop::sample::select(vec![
            json!("2024-02-29"),
            json!("2024-02-29T12:00:00Z"),
            json!("2024-03-01"),
        ])
    };
    let low = || prop::sample::select(vec!["gt", "gte"]);
    let high = || prop::sample::select(vec!["lt", "lte"]);
    let leaf = prop_oneof![
        (name(), scalar()).prop_map(|(name, value)| json!({name: value})),
        (name(), prop::collection::vec(scalar(), 0..3))
            .prop_map(|(name, list)| json!({name: list})),
        (name(), any::<bool>()).prop_map(|(name, exists)| json!({name: {"exists": exists}})),
        (name(), scalar()).prop_map(|(name, value)| json!({name: {"not": value}})),
        (name(), low(), number()).prop_map(|(name, low, at)| json!({name: {low: at}})),
        (name(), low(), date(), high(), date())
            .prop_map(|(name, low, from, high, to)| json!({name: {low: from, high: to}})),
        prop::sample::select(vec!["und", "zh", "zh-Hant", "qya"])
            .prop_map(|lang| json!({"lang": lang})),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|filter| json!({"not": filter})),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| json!({"and": list})),
            prop::collection::vec(inner, 0..3).prop_map(|list| json!({"or": list})),
        ]
    })
}

fn documents(max: usize) -> impl Strategy<Value = Vec<Document>> {
    let lang = prop::sample::select(vec!["und", "qya", "zh", "zh-Hant"]);
    let doc = (lang, texts(4), texts(30), metas()).prop_map(|(lang, title, text, meta)| Document {
        meta: meta.as_object().unwrap().clone(),
        ..document(lang, &title, &text)
    });
    prop::collection::vec(doc, 1..max)
}

/// Scores to six digits, and documents: equal where rankings are but for rounding.
fn shown(ranking: &Ranking) -> Vec<(u32, String)> {
    let candidates = ranking.candidates().iter();
    candidates
        .map(|found| (found.doc.0, format!("{:.5e}", found.score)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn filters_find_in_parts_what_they_mean(docs in documents(30), filters in prop::collection::vec(filters(), 12), n_parts in 1usize..4) {
        let store = Store::new(&docs, LexicalSettings::default(), n_parts);
        for filter in filters {
            let filter = Filter::parse(&filter).unwrap();
            let expected: Vec<bool> = docs.iter().map(|doc| filter.matches(doc)).collect();
            for _again in 0..2 {
                let found: Vec<bool> = store.parts.iter().flat_map(|(part, ..)| {
                    let found = part.matching(&filter).unwrap();
                    (0..found.len()).map(|doc| found.contains(doc)).collect::<Vec<_>>()
                }).collect();
                prop_assert_eq!(&found, &expected, "{}", filter);
            }
        }
    }

    #[test]
    fn how_documents_are_cut_into_parts_changes_nothing(
        docs in documents(40),
        text in texts(6),
        n_parts in 2usize..6,
        title_weight in prop::sample::select(vec![1.0f32, 0.5, 3.0]),
        depth in 1usize..12,
    ) {
        let bm25 = Bm25 { title_weight, ..Bm25::default() };
        let query = query("qya", &text);
        let one = Store::new(&docs, LexicalSettings::default(), 1);
        let many = Store::new(&docs, LexicalSettings::default(), n_parts);
        let expected = one.index().search(&query, by(bm25), depth).unwrap();
        let ranking = many.index().search(&query, by(bm25), depth).unwrap();
        prop_assert_eq!(&ranking, &expected);
        let docs: Vec<(DocOrd, Lang)> = ranking.docs().map(|doc| (doc, docs[doc.index()].lang)).collect();
        let (index, whole) = (many.index(), one.index());
        prop_assert_eq!(index.explain(&query, by(bm25), &docs).unwrap(), whole.explain(&query, by(bm25), &docs).unwrap());
    }

    #[test]
    fn documents_that_may_not_be_found_are_passed_over_and_no_score_changes(
        docs in documents(40),
        text in texts(6),
        n_parts in 1usize..4,
        keep in prop::collection::vec(any::<bool>(), 40),
        depth in 1usize..12,
    ) {
        let query = query("qya", &text);
        let mut store = Store::new(&docs, LexicalSettings::default(), n_parts);
        let all = store.index().search(&query, Weighing::default(), docs.len()).unwrap();
        for (part, base, allowed) in &mut store.parts {
            let local = (0..part.n_docs()).filter(|doc| keep[*base as usize + doc]);
            let mut kept = FixedBitSet::with_capacity(part.n_docs());
            local.for_each(|doc| kept.insert(doc));
            *allowed = Some(kept);
        }
        let found = store.index().search(&query, Weighing::default(), depth).unwrap();
        let expected = all.candidates().iter().filter(|found| keep[found.doc.index()]).copied().collect();
        prop_assert_eq!(found, Ranking::new(expected, depth));
    }

    #[test]
    fn a_merged_part_is_what_was_kept_written_anew(
        docs in documents(40),
        text in texts(6),
        filters in prop::collection::vec(filters(), 6),
        n_parts in 1usize..4,
        keep in prop::collection::vec(any::<bool>(), 40),
        keep_all in any::<bool>(),
    ) {
        let query = query("qya", &text);
        let settings = LexicalSettings { romanised: true, ..LexicalSettings::default() };
        let dir = tempfile::tempdir().unwrap();
        let mut parts = Vec::new();
        let n_each = docs.len().div_ceil(n_parts);
        for (docs, at) in docs.chunks(n_each).zip(0u32..) {
            let kept = (0..docs.len()).filter(|doc| keep[at as usize * n_each + doc]);
            let mut kept: FixedBitSet = kept.collect();
            kept.grow(docs.len());
            parts.push((write(dir.path(), at, docs, &settings), (!keep_all).then_some(kept)));
        }
        let parts: Vec<_> = parts.iter().map(|(path, kept)| (&**path, kept.as_ref())).collect();
        let kept: Vec<Document> = docs.iter().zip(keep).filter(|(_, keep)| *keep || keep_all).map(|(doc, _)| doc.clone()).collect();
        let into = dir.path().join("merged");
        std::fs::create_dir(&into).unwrap();
        merge(&parts, &into).unwrap();
        let languages: Vec<Lang> = kept.iter().map(|doc| doc.lang).collect();
        let mut merged = Store::new(&kept, settings, 1);
        let anew = Store::new(&kept, settings, 1);
        merged.parts = vec![(LexicalPart::open(&into, &languages).unwrap(), 0, None)];
        let found = merged.index().search(&query, Weighing::default(), 50).unwrap();
        let expected = anew.index().search(&query, Weighing::default(), 50).unwrap();
        prop_assert_eq!(shown(&found), shown(&expected));
        for filter in filters {
            let filter = Filter::parse(&filter).unwrap();
            let found = merged.parts[0].0.matching(&filter).unwrap();
            let found: Vec<bool> = (0..found.len()).map(|doc| found.contains(doc)).collect();
            let expected: Vec<bool> = kept.iter().map(|doc| filter.matches(doc)).collect();
            prop_assert_eq!(&found, &expected, "{}", filter);
        }
    }
}

#[test]
fn an_index_of_nothing_opens_and_merges() {
    let dir = tempfile::tempdir().unwrap();
    let nothing = write(dir.path(), 0, &[], &LexicalSettings::default());
    let into = dir.path().join("merged");
    std::fs::create_dir(&into).unwrap();
    merge(&[(&nothing, None)], &into).unwrap();
    for path in [nothing, into] {
        let part = LexicalPart::open(&path, &[]).unwrap();
        assert_eq!(
            part.matching(&Filter::parse(&json!({})).unwrap())
                .unwrap()
                .len(),
            0
        );
        assert!(LexicalPart::open(&path, &[Lang::UNKNOWN]).is_err());
        let names = std::fs::read_dir(&path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        assert!(
            names
                .into_iter()
                .all(|name| !name.to_string_lossy().contains("lock"))
        );
    }
}

/// Words that stand for each other, and one that must be there.
const GLOSSARY: &str = r#"
[[term]]
qya = ["mond", "sturm wal"]

[[term]]
must = true
qya = ["hai", "riff", "fisch see"]
"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_passed_over_is_not_among_the_best(
        seed in any::<u64>(),
        n_docs in 200usize..5_000,
        words in prop::collection::vec(prop::sample::select(vec!["mond", "flut", "see", "sturm", "fisch", "wal", "riff", "hai"]), 1..5),
        n_parts in 1usize..4,
        k1 in 0.0f32..3.0,
        b in 0.0f32..=1.0,
        title_weight in prop::sample::select(vec![1.0f32, 1.0, 0.5, 3.0]),
        one_in in prop::sample::select(vec![1u64, 2, 50]),
        has_glossary in any::<bool>(),
        depth in 1usize..30,
    ) {
        let mut state = seed;
        let mut draw = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        // The first words are common, the last rare, some documents long and all of them different.
        let all = ["mond", "flut", "see", "sturm", "fisch", "wal", "riff", "hai", "x"];
        let mut text = |max: u64| {
            let n = draw(max) * draw(4);
            let word = |_| all[(0..4).map(|_| draw(9)).min().unwrap_or(0) as usize];
            (0..n).map(word).collect::<Vec<_>>().join(" ")
        };
        let docs: Vec<Document> = (0..n_docs).map(|_| document("qya", &text(2), &text(12))).collect();
        let mut store = Store::new(&docs, LexicalSettings::default(), n_parts);
        if has_glossary {
            let file = store.dir.path().join("glossary.toml");
            std::fs::write(&file, GLOSSARY).unwrap();
            store.terminology.glossary = crate::lexicon::Glossary::open(&file).unwrap();
        }
        if one_in > 1 {
            for (part, _, allowed) in &mut store.parts {
                let mut kept = FixedBitSet::with_capacity(part.n_docs());
                (0..part.n_docs()).filter(|doc| (*doc as u64 ^ seed).is_multiple_of(one_in)).for_each(|doc| kept.insert(doc));
                *allowed = Some(kept);
            }
        }
        let bm25 = Bm25 { k1, b, title_weight };
        let query = query("qya", &words.join(" "));
        // Nothing is passed over where all are asked for.
        let everything = store.index().search(&query, by(bm25), n_docs + 1).unwrap();
        let best = store.index().search(&query, by(bm25), depth).unwrap();
        prop_assert_eq!(&best, &everything.cut(depth));
        for found in best.candidates() {
            let explained = store.index().explain(&query, by(bm25), &[(found.doc, docs[found.doc.index()].lang)]).unwrap();
            let total: f32 = explained[0].iter().map(|found| found.score).sum();
            prop_assert!((total - found.score).abs() < 1e-4, "{} is not {}", found.score, total);
        }
    }
}
