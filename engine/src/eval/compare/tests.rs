//! Parity with SciPy and statsmodels, whose figures `tests/parity/comparison.py` wrote down.

use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Golden {
    rounds: u32,
    resamples: u32,
    pairs: Vec<Pair>,
    corrections: Vec<Corrections>,
    taus: Vec<Tau>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    baseline: Vec<f64>,
    system: Vec<f64>,
    t: Option<f64>,
    p_t: Option<f64>,
    /// Whether all signs were tried.
    exact: bool,
    p_randomisation: Option<f64>,
    interval: Option<(f64, f64)>,
}

#[derive(Deserialize)]
struct Corrections {
    p: Vec<f64>,
    bonferroni: Vec<f64>,
    holm: Vec<f64>,
}

#[derive(Deserialize)]
struct Tau {
    a: Vec<f64>,
    b: Vec<f64>,
    tau: Option<f64>,
}

fn golden() -> Golden {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/comparison/comparison.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected}"
    );
}

#[test]
fn tests_agree_with_scipy() {
    let golden = golden();
    let settings = CompareSettings {
        rounds: golden.rounds,
        resamples: golden.resamples,
        ..CompareSettings::default()
    };
    let (mut n_t, mut n_exact) = (0, 0);
    for pair in &golden.pairs {
        let name = &pair.name;
        let found = compare(&pair.baseline, &pair.system, &settings).unwrap();
        if let (Some(t), Some(found_t)) = (pair.t, found.t) {
            near(found_t, t, 1e-6 * t.abs().max(1.0), name);
            let p = pair.p_t.unwrap();
            // Small ones to six digits, not only to six decimals.
            near(found.p_t, p, 1e-6 * p, name);
            near(
                found.effect.unwrap() * (found.n as f64).sqrt(),
                t,
                1e-6 * t.abs().max(1.0),
                name,
            );
            n_t += 1;
        } else {
            assert_eq!(
                (pair.t, found.t, found.effect),
                (None, None, None),
                "{name}"
            );
        }
        let p = pair.p_randomisation.unwrap_or(1.0);
        if pair.exact {
            near(found.p_randomisation, p, 1e-12, name);
            n_exact += 1;
        } else {
            // Two estimates, each with a binomial error, of which four standard deviations are allowed.
            let rounds = f64::from(golden.rounds);
            let error = (2.0 * p.max(1.0 / rounds) / rounds).sqrt();
            near(found.p_randomisation, p, 4.0 * error, name);
        }
        if let Some((low, high)) = pair.interval {
            // Both ends are estimates; what separates two draws of so many is well below a twentieth of the interval.
            let tolerance = 0.05 * (high - low);
            near(found.interval.0, low, tolerance, name);
            near(found.interval.1, high, tolerance, name);
        }
    }
    assert!(n_t >= 27 && n_exact >= 20, "{n_t}, {n_exact}");
}

#[test]
fn corrections_agree_with_statsmodels() {
    for given in golden().corrections {
        let pairs = [
            (bonferroni(&given.p), given.bonferroni),
            (holm(&given.p), given.holm),
        ];
        for (found, expected) in pairs {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                near(*found, expected, 1e-12, "a corrected p");
            }
        }
    }
}

#[test]
fn kendalls_tau_agrees_with_scipy() {
    for Tau { a, b, tau } in golden().taus {
        match (kendall_tau(&a, &b), tau) {
            (Some(found), Some(expected)) => near(found, expected, 1e-12, "tau"),
            (found, expected) => assert_eq!(found, expected),
        }
    }
    assert_eq!(kendall_tau(&[1.0, f64::NAN], &[1.0, 2.0]), None);
    assert_eq!(kendall_tau(&[1.0, 2.0], &[1.0]), None);
}

/// t, p of t, p of randomisation, effect, (wins, ties, losses).
type Row = (Option<f64>, f64, f64, Option<f64>, (usize, usize, usize));

#[track_caller]
fn check(baseline: &[f64], system: &[f64], expected: Row) {
    let found = compare(baseline, system, &CompareSettings::default()).unwrap();
    let counts = (found.wins, found.ties, found.losses);
    let row = (
        found.t,
        found.p_t,
        found.p_randomisation,
        found.effect,
        counts,
    );
    assert_eq!(row, expected, "{baseline:?} {system:?}");
}

#[test]
fn what_cannot_be_tested_has_defined_answers() {
    check(&[0.5], &[0.9], (None, 1.0, 1.0, None, (1, 0, 0)));
    check(&[0.5; 3], &[0.5; 3], (None, 1.0, 1.0, None, (0, 3, 0)));
    // As equal as sums in another order are.
    check(
        &[0.1 + 0.2; 12],
        &[0.3; 12],
        (None, 1.0, 1.0, None, (0, 12, 0)),
    );
    // The same difference, but for rounding.
    check(
        &[0.2, 0.3, 0.4],
        &[0.1, 0.2, 0.3],
        (None, 0.0, 0.25, None, (0, 0, 3)),
    );
    let one = compare(&[0.0], &[0.25], &CompareSettings::default()).unwrap();
    assert_eq!((one.interval, one.relative), ((0.25, 0.25), None));
}

#[test]
fn a_win_is_more_than_a_tie() {
    let settings = CompareSettings {
        tie: 0.1,
        ..CompareSettings::default()
    };
    let found = compare(&[0.5, 0.5, 0.5], &[0.55, 0.7, 0.3], &settings).unwrap();
    assert_eq!((found.wins, found.ties, found.losses), (1, 1, 1));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let usual = CompareSettings::default();
    let no_rounds = CompareSettings { rounds: 0, ..usual };
    let too_sure = CompareSettings {
        confidence: 1.0,
        ..usual
    };
    for (baseline, system, settings, said) in [
        (&[1.0, 2.0][..], &[1.0][..], usual, "2 and 1"),
        (&[], &[], usual, "at least 1"),
        (&[f64::NAN], &[1.0], usual, "finite"),
        (&[1.0], &[1.0], no_rounds, "rounds"),
        (&[1.0], &[1.0], too_sure, "confidence"),
    ] {
        let error = compare(baseline, system, &settings).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

proptest! {
    #[test]
    fn whoever_is_the_baseline_the_p_is_the_same_and_nothing_is_nan(
        pairs in prop::collection::vec((0.0..1.0, 0.0..1.0), 1..40)
    ) {
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let settings = CompareSettings { rounds: 200, resamples: 50, ..CompareSettings::default() };
        let (one, other) = (compare(&a, &b, &settings).unwrap(), compare(&b, &a, &settings).unwrap());
        prop_assert_eq!(one.p_randomisation, other.p_randomisation);
        prop_assert!((one.p_t - other.p_t).abs() < 1e-12);
        prop_assert_eq!((one.wins, one.ties, one.losses), (other.losses, other.ties, other.wins));
        let printed = serde_json::to_value(&one).unwrap();
        // JSON has no NaN: it would be null.
        for field in ["mean", "difference", "p_t", "p_randomisation"] {
            prop_assert!(printed[field].is_number());
        }
        prop_assert!((0.0..=1.0).contains(&one.p_t) && one.p_randomisation > 0.0 && one.p_randomisation <= 1.0);
        prop_assert!(one.interval.0 <= one.interval.1);
    }
}
