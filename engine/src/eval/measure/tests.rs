use proptest::prelude::*;

use super::*;

const RATIOS: [&str; 12] = [
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
];

fn measure(name: &str) -> Measure {
    name.parse().unwrap()
}

#[track_caller]
fn check(ranked: &[i32], judged: &[i32], expected: &[(&str, f64)]) {
    let ranking = JudgedRanking::new(ranked.to_vec(), judged.to_vec());
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
fn nothing_relevant_and_nothing_retrieved_give_zero() {
    for name in RATIOS {
        check(&[0, -1], &[0, -1, -1], &[(name, 0.0)]);
        check(&[], &[1, 2], &[(name, 0.0)]);
        check(&[], &[], &[(name, 0.0)]);
    }
}

#[test]
fn names_are_read_and_printed_as_the_field_spells_them() {
    for name in
        RATIOS
            .into_iter()
            .chain(["NumRet", "NumRel(rel=2)", "NumRelRet", "Success(rel=3)@5"])
    {
        assert_eq!(measure(name).to_string(), name);
    }
    assert_eq!(measure("ndcg@20").to_string(), "nDCG@20");
    assert_eq!(measure("AP(rel=1)").to_string(), "AP");
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
        "nDCG(rel=2)",
        "Rprec@5",
        "AP@5@5",
    ] {
        let error = name.parse::<Measure>().unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("unknown measure {name:?}; known are AP, AP@k")),
            "{error}"
        );
    }
}

/// A topic's judged grades, of which the ranking holds the first few in an order of its own, among unjudged ones.
fn judged_ranking() -> impl Strategy<Value = (Vec<i32>, Vec<i32>)> {
    let judged = prop::collection::vec(-1i32..5, 0..30);
    judged
        .prop_flat_map(|judged| {
            let (found, unjudged) = (0..=judged.len(), 0usize..10);
            (found, unjudged, Just(judged))
        })
        .prop_flat_map(|(found, unjudged, judged)| {
            let ranked: Vec<i32> = judged[..found]
                .iter()
                .copied()
                .chain(vec![0; unjudged])
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
        for name in RATIOS {
            prop_assert!(measure(name).value(&better) >= measure(name).value(&worse) - 1e-12, "{}", name);
        }
    }

    #[test]
    fn judgments_may_come_in_any_order((ranked, judged) in judged_ranking()) {
        let reversed = judged.iter().rev().copied().collect();
        prop_assert_eq!(JudgedRanking::new(ranked.clone(), judged), JudgedRanking::new(ranked, reversed));
    }
}
