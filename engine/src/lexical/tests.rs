use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::analyzer::Analyzer;
use crate::document::Document;

fn document(lang: &str, title: &str, text: &str) -> Document {
    Document {
        id: "x".into(),
        lang: lang.parse().unwrap(),
        title: title.into(),
        text: text.into(),
        meta: Default::default(),
    }
}

fn index_of(docs: &[Document], settings: LexicalSettings) -> (tempfile::TempDir, LexicalIndex) {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LexicalWriter::create(dir.path()).unwrap();
    for (doc, ord) in docs.iter().zip(0..) {
        let analyzed = LexicalWriter::analyze(doc, &settings);
        writer.add(DocOrd(ord), &analyzed).unwrap();
    }
    writer.commit().unwrap();
    let languages: Vec<Lang> = docs.iter().map(|doc| doc.lang).collect();
    let index = LexicalIndex::open(dir.path(), &languages, settings).unwrap();
    (dir, index)
}

fn index(docs: &[(&str, &str)]) -> (tempfile::TempDir, LexicalIndex) {
    let docs: Vec<Document> = docs
        .iter()
        .map(|(lang, text)| document(lang, "", text))
        .collect();
    index_of(&docs, LexicalSettings::default())
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
fn check(index: &LexicalIndex, lang: &str, text: &str, expected: &[u32]) {
    let ranking = index
        .search(&query(lang, text), Weighing::default(), 10)
        .unwrap();
    let found: Vec<u32> = ranking.docs().map(|doc| doc.0).collect();
    assert_eq!(found, expected, "{lang}: {text}");
}

#[test]
fn words_are_found_in_any_form_and_the_rarer_ones_weigh_more() {
    let (_dir, index) = index(&[
        ("en", "The tide rises."),
        ("en", "Rising sea."),
        ("de", "Die Gezeiten."),
    ]);
    check(&index, "en", "tides", &[0]);
    check(&index, "en", "rising tides", &[0, 1]);
    check(&index, "en", "moon", &[]);
    check(&index, "en", "", &[]);
}

#[test]
fn a_query_of_unknown_language_is_read_in_every_language_of_the_index() {
    let (_dir, index) = index(&[("en", "The tide rises."), ("es", "Las ballenas cantan.")]);
    check(&index, "und", "tides", &[0]);
    check(&index, "und", "ballena", &[1]);
}

#[test]
fn names_are_found_in_documents_of_other_languages() {
    let (_dir, index) = index(&[
        ("en", "Newton."),
        ("de", "Newtons Apfel."),
        ("de", "Äpfel."),
    ]);
    check(&index, "en", "Newton", &[0, 1]);
}

#[test]
fn equal_documents_stand_in_the_order_of_the_index() {
    let docs: Vec<_> = (0..300).map(|_| ("en", "one word")).collect();
    let (_dir, index) = index(&docs);
    check(&index, "en", "word", &(0..10).collect::<Vec<_>>());
}

#[test]
fn how_rare_a_word_is_depends_on_the_languages_where_it_stands() {
    let many = |lang, n| (0..n).map(move |_| document(lang, "", "other words"));
    let mut docs = vec![
        document("sw", "", "simba wawili"),
        document("sw", "", "twiga"),
    ];
    let score = |docs: &[Document]| {
        let (_dir, index) = index_of(docs, LexicalSettings::default());
        index
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
    let (_dir, index) = index_of(&docs, LexicalSettings::default());
    let first = |title_weight| {
        let bm25 = Bm25 {
            title_weight,
            ..Bm25::default()
        };
        let ranking = index.search(&query("en", "tides"), by(bm25), 10).unwrap();
        ranking.docs().map(|doc| doc.0).collect::<Vec<_>>()
    };
    assert_eq!(first(3.0), [1, 0]);
    assert_eq!(first(0.0), [0]);
}

/// What `rm3` makes of the best documents for `query`, as a searcher does it.
fn expansion(index: &LexicalIndex, docs: &[Document], query: &Query, rm3: Rm3) -> Expansion {
    let first = index.search(query, Weighing::default(), rm3.docs).unwrap();
    let believed = first.candidates().iter().map(|found| Believed {
        doc: &docs[found.doc.index()],
        score: found.score,
    });
    let believed: Vec<Believed<'_>> = believed.collect();
    index.expansion(&rm3, &believed, None).unwrap()
}

#[test]
fn feedback_finds_what_the_best_documents_speak_of() {
    let docs = [
        document("en", "", "Spring tides lift harbours."),
        document("en", "", "Harbours are flooded."),
        document("en", "", "Bread and butter."),
        document("de", "", "Harbours und Brot."),
    ];
    let (_dir, index) = index_of(&docs, LexicalSettings::default());
    let query = query("en", "tides");
    let expansion = expansion(&index, &docs, &query, Rm3::default());
    let weighing = Weighing {
        bm25: None,
        expansion: Some(&expansion),
    };
    let ranking = index.search(&query, weighing, 10).unwrap();
    // Terms of English documents find nothing in German ones.
    assert_eq!(ranking.docs().map(|doc| doc.0).collect::<Vec<_>>(), [0, 1]);
    let explained = index.explain(&query, weighing, &[(DocOrd(1), docs[1].lang)]);
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
        let (_dir, index) = index_of(&docs, LexicalSettings::default());
        let query = query("qya", &text);
        let bm25 = Bm25 { k1, b, title_weight };
        let ranking = index.search(&query, by(bm25), docs.len()).unwrap();
        // Documents of no language hold the words as well, by statistics of their own.
        let own = ranking.candidates().iter().filter(|found| docs[found.doc.index()].lang == query.lang);
        let found: BTreeMap<u32, f32> = own.map(|found| (found.doc.0, found.score)).collect();
        let expected = reference(&docs, &query, bm25);
        prop_assert_eq!(found.len(), expected.len());
        for (score, doc) in &expected {
            prop_assert!((f64::from(found[doc]) - score).abs() < 1e-4, "{} is not {}", found[doc], score);
        }
        // Fewer are the best of these, in the same order, and what is said of them adds up.
        let cut = index.search(&query, by(bm25), depth).unwrap();
        prop_assert_eq!(&cut, &ranking.cut(depth));
        for candidate in cut.candidates() {
            let lang = docs[candidate.doc.index()].lang;
            let explained = index.explain(&query, by(bm25), &[(candidate.doc, lang)]).unwrap();
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
        let (_dir, index) = index_of(&docs, LexicalSettings::default());
        let query = query("qya", &text);
        let plain = index.search(&query, Weighing::default(), docs.len()).unwrap();
        let rm3 = Rm3 { original_weight, ..Rm3::default() };
        let expansion = expansion(&index, &docs, &query, rm3);
        let weighing = Weighing { bm25: None, expansion: Some(&expansion) };
        let expanded = index.search(&query, weighing, docs.len()).unwrap();
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
            let explained = index.explain(&query, weighing, &[(candidate.doc, lang)]).unwrap();
            let total: f32 = explained[0].iter().map(|found| found.score).sum();
            prop_assert!((total - candidate.score).abs() < 1e-4);
        }
    }
}
