use proptest::prelude::*;

use super::*;

fn scored(pairs: &[(u32, f32)]) -> Ranking {
    let candidates = pairs.iter().map(|&(doc, score)| Candidate {
        doc: DocOrd(doc),
        score,
    });
    Ranking::new(candidates.collect(), pairs.len())
}

/// Reciprocal ranks, both rankings alike.
fn rrf() -> Fusion {
    Fusion {
        method: FusionMethod::ReciprocalRank { k: 60.0 },
        ..Fusion::default()
    }
}

fn ranking(docs: &[u32]) -> Ranking {
    let pairs: Vec<(u32, f32)> = docs
        .iter()
        .zip(0u16..)
        .map(|(&doc, i)| (doc, -f32::from(i)))
        .collect();
    scored(&pairs)
}

fn order(ranking: &Ranking) -> Vec<u32> {
    ranking.docs().map(|doc| doc.0).collect()
}

#[track_caller]
fn check(fused: &Ranking, expected: &[(u32, f64)]) {
    assert_eq!(
        order(fused),
        expected.iter().map(|(doc, _)| *doc).collect::<Vec<_>>()
    );
    for (candidate, (doc, score)) in fused.candidates().iter().zip(expected) {
        let off = (f64::from(candidate.score) - score).abs();
        assert!(off < 1e-5, "{doc}: {} is not {score}", candidate.score);
    }
}

fn sum(normalisation: Normalisation, lexical_weight: f32) -> Fusion {
    Fusion {
        method: FusionMethod::Sum(normalisation),
        lexical_weight,
        per_language: false,
    }
}

fn methods() -> impl Strategy<Value = FusionMethod> {
    let named = FusionMethod::NAMES.map(|name| name.parse().unwrap());
    prop::sample::select(named.to_vec())
}

#[test]
fn reciprocal_ranks_add_up() {
    let fused = rrf().fuse(&[ranking(&[1, 2]), ranking(&[2, 3])], 10);
    check(
        &fused,
        &[
            (2, 1.0 / 62.0 + 1.0 / 61.0),
            (1, 1.0 / 61.0),
            (3, 1.0 / 62.0),
        ],
    );
}

#[test]
fn the_first_ranking_counts_as_much_as_its_weight_says() {
    let rankings = [ranking(&[1, 2]), ranking(&[2, 3])];
    let fusion = Fusion {
        lexical_weight: 0.75,
        ..rrf()
    };
    check(
        &fusion.fuse(&rankings, 10),
        &[
            (2, 1.5 / 62.0 + 0.5 / 61.0),
            (1, 1.5 / 61.0),
            (3, 0.5 / 62.0),
        ],
    );
}

#[test]
fn normalised_scores_add_up() {
    let rankings = [
        scored(&[(1, 9.0), (2, 7.0), (3, 5.0)]),
        scored(&[(2, 0.9), (4, 0.6), (1, 0.5)]),
    ];
    check(
        &sum(Normalisation::MinMax, 0.25).fuse(&rankings, 10),
        &[(2, 0.5 * 0.5 + 1.5), (1, 0.5), (4, 1.5 * 0.25), (3, 0.0)],
    );
    check(
        &sum(Normalisation::TheoreticalMinMax, 0.5).fuse(&rankings, 2),
        &[(1, 1.0 + 1.5 / 1.9), (2, 7.0 / 9.0 + 1.0)],
    );
}

#[test]
fn a_ranking_that_cannot_judge_a_document_counts_as_it_does_on_average() {
    // The first ranking judges even documents alone. Of 2 and 4 it found one; 5 it put first all the same.
    let rankings = [ranking(&[5, 2]), ranking(&[1, 2, 4, 5])];
    let fused = rrf().fuse_where(&rankings, |i, doc| i == 1 || doc.0.is_multiple_of(2), 10);
    let agreement = (1.0 / 62.0) / (1.0 / 62.0 + 1.0 / 63.0);
    check(
        &fused,
        &[
            (2, 2.0 / 62.0),
            (5, 1.0 / 61.0 + 1.0 / 64.0),
            (1, (1.0 + agreement) / 61.0),
            (4, 1.0 / 63.0),
        ],
    );
}

#[test]
fn so_it_does_where_scores_are_summed() {
    let rankings = [
        scored(&[(2, 8.0), (4, 4.0), (6, 0.0)]),
        scored(&[(1, 1.0), (2, 0.75), (4, 0.25), (8, 0.0)]),
    ];
    let fused = sum(Normalisation::MinMax, 0.5).fuse_where(
        &rankings,
        |i, doc| i == 1 || doc.0.is_multiple_of(2),
        10,
    );
    // Of 2 and 4 it said 1.5 where the other said 1: it may be expected to say no more than that.
    check(
        &fused,
        &[(1, 2.0), (2, 1.75), (4, 0.75), (6, 0.0), (8, 0.0)],
    );
}

#[test]
fn where_a_ranking_judges_nothing_the_other_decides_alone() {
    let rankings = [Ranking::default(), ranking(&[3, 1, 2])];
    for name in FusionMethod::NAMES {
        let fusion = Fusion {
            method: name.parse().unwrap(),
            ..Fusion::default()
        };
        let fused = fusion.fuse_where(&rankings, |i, _| i == 1, 10);
        assert_eq!(order(&fused), [3, 1, 2], "{name}");
    }
}

#[test]
fn calibrated_lists_do_not_lean_to_one_language() {
    // Documents below 10 are of the query's language, and score higher whatever they say.
    let lang = |doc: DocOrd| {
        let code = if doc.0 < 10 { "en" } else { "de" };
        code.parse().unwrap()
    };
    let rankings = [ranking(&[1, 2, 3, 11, 12]), ranking(&[2, 1, 11, 3, 12])];
    let plain = rrf();
    let calibrated = Fusion {
        per_language: true,
        ..plain
    };
    let fused = |fusion: Fusion| fusion.fuse_among(&rankings, |_, _| true, lang, 10);
    assert_eq!(order(&fused(plain)), [1, 2, 3, 11, 12]);
    assert_eq!(order(&fused(calibrated)), [11, 1, 2, 12, 3]);
}

#[test]
fn a_language_of_few_documents_is_measured_by_the_whole_list() {
    let lang = |doc: DocOrd| {
        let code = if doc.0 < 10 { "en" } else { "de" };
        code.parse().unwrap()
    };
    let list = scored(&[
        (1, 9.0),
        (2, 8.0),
        (3, 7.0),
        (4, 6.0),
        (5, 5.0),
        (11, 3.0),
        (12, 1.0),
    ]);
    let fusion = Fusion {
        per_language: true,
        ..sum(Normalisation::MinMax, 0.5)
    };
    let fused = fusion.fuse_among(&[list], |_, _| true, lang, 10);
    let expected = [
        (1, 1.0),
        (2, 0.75),
        (3, 0.5),
        (4, 0.25),
        (11, 0.25),
        (5, 0.0),
        (12, 0.0),
    ];
    check(&fused, &expected);
}

#[test]
fn numbers_out_of_range_are_refused() {
    let check = |k, lexical_weight| {
        let method = FusionMethod::ReciprocalRank { k };
        let fusion = Fusion {
            method,
            lexical_weight,
            per_language: false,
        };
        fusion.check().is_ok()
    };
    assert!(check(0.0, 0.0) && check(60.0, 1.0));
    assert!(!check(-1.0, 0.5) && !check(f32::NAN, 0.5));
    assert!(!check(60.0, 1.1) && !check(60.0, -0.1) && !check(60.0, f32::NAN));
}

/// Some of the documents below 18, with scores that differ by more than rounding.
fn leg() -> impl Strategy<Value = Vec<(u32, f32)>> {
    let docs = Just((0u32..18).collect::<Vec<_>>()).prop_shuffle();
    let gaps = prop::collection::vec(0.01f32..1.0, 0..18);
    (docs, gaps).prop_map(|(docs, gaps)| {
        let scores = gaps.iter().scan(0.1, |score, gap| {
            *score += gap;
            Some(*score)
        });
        docs.into_iter().zip(scores).collect()
    })
}

fn lang_of(doc: DocOrd) -> Lang {
    ["en", "de", "zh"][doc.index() % 3].parse().unwrap()
}

proptest! {
    #[test]
    fn fusing_in_another_order_gives_the_same_ranking(
        a in leg(), b in leg(), depth in 0usize..20,
        method in methods(), lexical_weight in 0.0f32..=1.0, per_language: bool,
    ) {
        // Whether a ranking is of words is a matter of its place, and so is what its scores can be at least.
        prop_assume!(method != FusionMethod::Sum(Normalisation::TheoreticalMinMax));
        let fusion = Fusion { method, lexical_weight, per_language };
        let turned = Fusion { lexical_weight: 1.0 - lexical_weight, ..fusion };
        let judges = |i: usize, doc: DocOrd| i == 1 || !doc.0.is_multiple_of(5);
        let (a, b) = (scored(&a), scored(&b));
        let one = fusion.fuse_among(&[a.clone(), b.clone()], judges, lang_of, depth);
        let other = turned.fuse_among(&[b, a], |i, doc| judges(1 - i, doc), lang_of, depth);
        // 1 − (1 − w) is w but for rounding.
        prop_assert_eq!(one.len(), other.len());
        for (one, other) in one.candidates().iter().zip(other.candidates()) {
            prop_assert!((one.score - other.score).abs() <= 1e-5 * one.score.abs().max(1.0));
        }
        if lexical_weight == 0.5 {
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn the_unit_of_scores_changes_nothing(
        a in leg(), b in leg(), factor in prop::sample::select(vec![0.25f32, 2.0, 1024.0]),
        method in methods(), per_language: bool,
    ) {
        let fusion = Fusion { method, per_language, ..Fusion::default() };
        // By a power of two, which rounds nothing.
        let scaled: Vec<(u32, f32)> = a.iter().map(|&(doc, score)| (doc, score * factor)).collect();
        let fuse = |a: &[(u32, f32)]| fusion.fuse_among(&[scored(a), scored(&b)], |_, _| true, lang_of, 20);
        prop_assert_eq!(fuse(&a), fuse(&scaled));
    }

    #[test]
    fn what_counts_alone_keeps_its_order(a in leg(), b in leg(), method in methods(), lexical_weight in prop::sample::select(vec![0.0f32, 1.0])) {
        let fusion = Fusion { method, lexical_weight, per_language: false };
        let own = scored(if lexical_weight == 1.0 { &a } else { &b });
        let fused = fusion.fuse(&[scored(&a), scored(&b)], 20);
        let places: Vec<usize> = own.docs().map(|doc| fused.docs().position(|found| found == doc).unwrap()).collect();
        let clipped = method == FusionMethod::Sum(Normalisation::Distribution);
        prop_assert_eq!(fused.len(), own.len());
        prop_assert!(clipped || places.is_sorted(), "{:?}", places);
    }

    #[test]
    fn no_more_are_fused_than_asked_for_and_ties_stand_in_the_order_of_the_index(
        a in leg(), b in leg(), depth in 0usize..40, method in methods(), per_language: bool,
    ) {
        let fusion = Fusion { method, per_language, ..Fusion::default() };
        let fuse = |depth| fusion.fuse_among(&[scored(&a), scored(&b)], |_, _| true, lang_of, depth);
        let (cut, all) = (fuse(depth), fuse(100));
        prop_assert!(cut.len() <= depth);
        prop_assert_eq!(&cut, &all.clone().cut(depth));
        prop_assert!(all.candidates().iter().all(|found| found.score.is_finite() && found.score >= 0.0));
        for pair in all.candidates().windows(2) {
            prop_assert!(pair[0].score > pair[1].score || pair[0].doc < pair[1].doc);
        }
    }
}
