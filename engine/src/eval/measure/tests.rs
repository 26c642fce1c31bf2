use proptest::prelude::*;

use super::*;

const RATIOS: [&str; 35] = [
    "AP",
    "AP@3",
    "AP(rel=2)",
    "nDCG",
    "nDCG@3",
    "P@5",
    "P(rel=2)@2",
    "R@3",
    "RR",
    "RR@2",
    "Rprec",
    "Success@2",
    "AP(found)",
    "AP(11pt)",
    "AP'",
    "nDCG'@3",
    "nDCG(dcg='exp-log2')@3",
    "nDCG(gains={1:3,2:9,3:10,4:11})",
    "P(relative)@3",
    "Rprec(multiple=0.5)",
    "bpref",
    "bpref(rel=2)",
    "infAP",
    "RBP",
    "RBP(p=0.5,rel=1)@4",
    "ERR@3",
    "IPrec@0.1",
    "IPrec(nearest)@0.5",
    "SetP",
    "SetP(relative)",
    "SetR",
    "SetF(beta=2)",
    "SetAP'",
    "Compat",
    "AP(mean=geometric)",
];

/// What a document moved up may lower: those that count what is unjudged or not relevant.
const OTHERS: [&str; 13] = [
    "Judged@5",
    "Unjudged@5",
    "RBPresidual(p=0.9)",
    "Utility",
    "NumQ",
    "NumRet",
    "NumRel(rel=2)",
    "NumRelRet",
    "NumNonRelRet",
    "PEER@10",
    "PEER(weights={1:0.25,3:0.75})@20",
    "AWRF@10",
    "alpha_nDCG(alpha=0.3)@10",
];

fn measure(name: &str) -> Measure {
    name.parse().unwrap()
}

/// An unjudged document, in rows.
const UNJUDGED: i32 = i32::MIN;

fn grade_of(grade: i32) -> Option<i32> {
    (grade != UNJUDGED).then_some(grade)
}

#[track_caller]
fn check(ranked: &[i32], judged: &[i32], expected: &[(&str, f64)]) {
    let ranked: Vec<_> = ranked.iter().map(|grade| grade_of(*grade)).collect();
    let ranking = JudgedRanking::new(ranked.clone(), judged.to_vec());
    for (name, value) in expected {
        let found = measure(name).value(&ranking);
        assert!(
            (found - value).abs() < 5e-5,
            "{name} of {ranked:?} in {judged:?}: {found}, expected {value}"
        );
    }
}

#[test]
fn measures_follow_their_definitions() {
    check(
        &[1, 0, 1, 0],
        &[1, 1, 1, 0],
        &[
            ("AP", (1.0 + 2.0 / 3.0) / 3.0),
            ("AP@2", 1.0 / 3.0),
            ("P@3", 2.0 / 3.0),
            ("P@10", 0.2),
            ("R@1", 1.0 / 3.0),
            ("R@1000", 2.0 / 3.0),
            ("Rprec", 2.0 / 3.0),
            ("RR", 1.0),
            ("NumRet", 4.0),
            ("NumRel", 3.0),
            ("NumRelRet", 2.0),
        ],
    );
    check(
        &[0, 2, 3, -1],
        &[3, 2, 1, -1],
        &[
            (
                "nDCG",
                (2.0 / 3f64.log2() + 1.5) / (3.0 + 2.0 / 3f64.log2() + 0.5),
            ),
            ("nDCG@1", 0.0),
            ("nDCG@2", (2.0 / 3f64.log2()) / (3.0 + 2.0 / 3f64.log2())),
            ("RR", 0.5),
            ("RR@1", 0.0),
            ("RR(rel=3)", 1.0 / 3.0),
            ("Success@1", 0.0),
            ("Success@2", 1.0),
            ("AP(rel=3)", 1.0 / 3.0),
            ("NumRel(rel=2)", 2.0),
        ],
    );
}

#[test]
fn incomplete_judgments_are_told_from_bad_documents() {
    let second = 1.0 / 3f64.log2();
    check(
        &[UNJUDGED, 1, -1, 0, 2],
        &[1, 2, 1, 0, 0, -1, -1],
        &[
            ("AP'", (1.0 + 2.0 / 3.0) / 3.0),
            ("nDCG'@1", 0.5),
            ("nDCG(judged_only=True)", (1.0 + 1.0) / (2.0 + second + 0.5)),
            ("P'@2", 0.5),
            ("RR'", 1.0),
            ("SetP'", 2.0 / 3.0),
            ("Judged@5", 0.8),
            ("Judged@2", 0.5),
            ("Judged@10", 0.8),
            ("Unjudged@5", 0.4),
            ("Unjudged@10", 0.2),
            ("RBPresidual(p=0.5)", 0.5f64.powi(5) + 0.5 * 1.25),
            ("NumNonRelRet", 1.0),
            ("NumNonRelRet(rel=2)", 2.0),
            // One of two irrelevant documents is above the second.
            ("bpref", (1.0 + 0.5) / 3.0),
            // The second at rank 5: of two judged above, about one is relevant, as of the pooled one.
            ("infAP", (0.5 + (1.0 + 3.0 * 0.5) / 5.0) / 3.0),
        ],
    );
}

/// The worked example of trec_eval's note on its old bpref (2005): what was not retrieved stands below what was.
#[test]
fn irrelevant_documents_that_were_not_retrieved_count_for_bpref() {
    check(
        &[0, 1, 1, 1, 1],
        &[0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
        &[("bpref", 0.5)],
    );
}

#[test]
fn sets_curves_and_models_of_readers_follow_their_definitions() {
    check(
        &[1, 0, 0, 3],
        &[1, 3, 2, 0],
        &[
            ("SetP", 0.5),
            ("SetR", 2.0 / 3.0),
            ("SetF", 4.0 / 7.0),
            ("SetF(beta=2)", 3.0 * 0.5 * (2.0 / 3.0) / (1.0 + 2.0 / 3.0)),
            ("SetAP", 1.0 / 3.0),
            ("SetRelP", 2.0 / 3.0),
            ("P(relative)@2", 0.5),
            ("P(relative)@10", 2.0 / 3.0),
            ("Utility", 0.0),
            ("IPrec@0", 1.0),
            ("IPrec@0.5", 0.5),
            ("IPrec@1", 0.0),
            // A third and a little more: the nearest whole number of three documents is 1, and 1.11 + 0.9 makes 2.
            ("IPrec@0.37", 0.5),
            ("IPrec(nearest)@0.37", 1.0),
            ("AP(11pt)", (5.0 + 4.0 * 0.5) / 11.0),
            ("AP(found)", (1.0 + 0.5) / 2.0),
            ("Rprec(multiple=2)", 2.0 / 6.0),
            ("RBP(p=0.5,rel=1)", 0.5 * (1.0 + 0.125)),
            ("RBP(p=0.5)", 0.5 * (1.0 / 3.0 + 0.125)),
            ("ERR@1", 1.0 / 16.0),
            ("ERR", 1.0 / 16.0 + 15.0 / 16.0 * 7.0 / 16.0 / 4.0),
            ("nDCG(dcg=exp-log2)@1", 1.0 / 7.0),
            ("nDCG(gains={1:5,3:0})@1", 1.0),
            ("nDCG(gains={0:1,1:0,2:0,3:0})@2", 1.0 / 3f64.log2()),
        ],
    );
    check(&[2, 1], &[2, 1], &[("Compat", 1.0)]);
    // Shared from depth 2 on: nothing, then 2 of 2.
    check(&[1, 2], &[2, 1], &[("Compat(p=0.5)", 0.5 / 1.5)]);
}

#[test]
fn nothing_relevant_and_nothing_retrieved_give_zero() {
    for name in RATIOS {
        check(&[0, -1], &[0, -1, -1], &[(name, 0.0)]);
        check(&[], &[1, 2], &[(name, 0.0)]);
        check(&[], &[], &[(name, 0.0)]);
    }
}

#[test]
fn names_are_read_and_printed_as_the_field_spells_them() {
    for name in RATIOS.into_iter().chain(OTHERS) {
        assert_eq!(measure(name).to_string(), name);
    }
    for (given, printed) in [
        ("ndcg@20", "nDCG@20"),
        ("AP(rel=1)", "AP"),
        ("MAP", "AP"),
        ("mrr@10", "RR@10"),
        ("Bpref", "bpref"),
        ("nDCG(judged_only=True)@20", "nDCG'@20"),
        ("nDCG(judged_only=False, dcg=\"log2\")@20", "nDCG@20"),
        (
            "nDCG(gains={3:3, 0:0,1:1})@20",
            "nDCG(gains={0:0,1:1,3:3})@20",
        ),
        ("P(cutoff=5,rel=2)", "P(rel=2)@5"),
        ("NumRet(rel=2)", "NumRelRet(rel=2)"),
        ("SetRelP", "SetP(relative)"),
        ("SetP(relative=True)", "SetP(relative)"),
        ("RBP(p=0.8,rel=1)", "RBP(rel=1)"),
        ("IPrec(recall=0.10)", "IPrec@0.1"),
        ("RBP′", "RBP'"),
        ("GMAP", "AP(mean=geometric)"),
        // trec_eval's.
        ("map", "AP"),
        ("map_cut_100", "AP@100"),
        ("ndcg_cut_10", "nDCG@10"),
        ("ndcg_1=3,2=9,4=4.5", "nDCG(gains={1:3,2:9,4:4.5})"),
        ("P_5", "P@5"),
        ("relative_P_5", "P(relative)@5"),
        ("recall_100", "R@100"),
        ("recip_rank", "RR"),
        ("iprec_at_recall_0.10", "IPrec(nearest)@0.1"),
        ("Rprec_mult_0.20", "Rprec(multiple=0.2)"),
        ("rbp", "RBP(p=0.9)"),
        ("unj_10", "Unjudged@10"),
    ] {
        assert_eq!(measure(given).to_string(), printed, "{given}");
    }
}

#[test]
fn equal_measures_are_one_key() {
    let measures = ["AP", "MAP", "map", "AP(rel=1)", "RBP", "RBP(rel=1)"].map(measure);
    let keys: std::collections::HashSet<_> = measures.into_iter().collect();
    assert_eq!(keys.len(), 3);
}

#[test]
fn a_relevance_level_is_for_measures_that_name_none() {
    for (name, expected) in [
        ("AP", "AP(rel=2)"),
        ("P(rel=3)@5", "P(rel=3)@5"),
        ("nDCG", "nDCG"),
        ("RBP", "RBP"),
        ("NumRet", "NumRet"),
    ] {
        assert_eq!(measure(name).with_rel(2).to_string(), expected);
        assert_eq!(measure(name).with_rel(1), measure(name));
    }
}

#[test]
fn an_unknown_measure_is_answered_with_the_known_ones() {
    for name in [
        "",
        "MAPP",
        "P",
        "R",
        "P@0",
        "P@-1",
        "P@ten",
        "AP(rel=0)",
        "AP(rel=2",
        "AP()",
        "AP(lost)",
        "AP(found,11pt)",
        "nDCG(rel=2)",
        "nDCG(dcg=log10)",
        "nDCG(gains={1:-1})",
        "nDCG(gains={1:1,1:2})",
        "nDCG(gains=1)",
        "Rprec@5",
        "AP@5@5",
        "IPrec",
        "IPrec@1.5",
        "RBP(p=2)",
        "RBP(p=nan)",
        "bpref'",
        "NumRet'",
        "AP(found,mean=geometric)",
        "PEER",
        "G",
    ] {
        let error = name.parse::<Measure>().unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("unknown measure {name:?}; known are AP, AP@k")),
            "{error}"
        );
    }
    for name in spelling::names() {
        assert!(spelling::KNOWN.contains(name), "{name}");
    }
}

/// A topic's judged grades, of which the ranking holds the first few in an order of its own, among unjudged ones.
fn judged_ranking() -> impl Strategy<Value = (Vec<Option<i32>>, Vec<i32>)> {
    let judged = prop::collection::vec(-1i32..5, 0..30);
    judged
        .prop_flat_map(|judged| {
            let (found, unjudged) = (0..=judged.len(), 0usize..10);
            (found, unjudged, Just(judged))
        })
        .prop_flat_map(|(found, unjudged, judged)| {
            let ranked: Vec<Option<i32>> = judged[..found]
                .iter()
                .copied()
                .map(Some)
                .chain(vec![None; unjudged])
                .collect();
            (Just(ranked).prop_shuffle(), Just(judged))
        })
}

proptest! {
    #[test]
    fn values_lie_between_0_and_1((ranked, judged) in judged_ranking()) {
        let ranking = JudgedRanking::new(ranked, judged);
        for name in RATIOS {
            let value = measure(name).value(&ranking);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&value), "{}: {}", name, value);
        }
    }

    #[test]
    fn the_ideal_ranking_has_an_ndcg_of_1(judged in prop::collection::vec(-1i32..5, 1..30)) {
        prop_assume!(judged.iter().any(|grade| *grade > 0));
        let mut ranked = judged.clone();
        ranked.sort_unstable_by(|a, b| b.cmp(a));
        let ranked = ranked.into_iter().map(Some).collect();
        let value = measure("nDCG").value(&JudgedRanking::new(ranked, judged));
        prop_assert!((value - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_better_document_moved_up_never_lowers_a_value((ranked, judged) in judged_ranking(), at in any::<prop::sample::Index>()) {
        prop_assume!(ranked.len() >= 2);
        let at = at.index(ranked.len() - 1);
        let (mut worse, mut better) = (ranked.clone(), ranked);
        worse[at..at + 2].sort_unstable();
        better[at..at + 2].sort_unstable_by(|a, b| b.cmp(a));
        let [worse, better] = [worse, better].map(|ranked| JudgedRanking::new(ranked, judged.clone()));
        // What is pooled and not judged counts for infAP as much as what is judged above it.
        for name in RATIOS.into_iter().filter(|name| *name != "infAP") {
            prop_assert!(measure(name).value(&better) >= measure(name).value(&worse) - 1e-12, "{}", name);
        }
    }

    #[test]
    fn judgments_may_come_in_any_order((ranked, judged) in judged_ranking()) {
        let reversed = judged.iter().rev().copied().collect();
        prop_assert_eq!(JudgedRanking::new(ranked.clone(), judged), JudgedRanking::new(ranked, reversed));
    }
}
