#!/usr/bin/env python3
"""Writes what SciPy and statsmodels say of seeded random systems: tests/fixtures/comparison/comparison.json.

    python3 -m venv /tmp/comparison-venv && /tmp/comparison-venv/bin/pip install -r tests/parity/requirements-comparison.txt
    /tmp/comparison-venv/bin/python tests/parity/comparison.py

`pairs`: two systems over the same topics; t and p of the paired t-test (null where SciPy gives no finite number), the p of
the sign-flip test, all signs tried up to 15 topics that differ and `rounds` random ones above, and a bootstrap interval of
the mean. `corrections`: p values, raised by Bonferroni and Holm. `taus`: two scores of some systems, and Kendall's tau-b.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "comparison" / "comparison.json"
ROUNDS = 99_999
RESAMPLES = 20_000
MAX_EXACT = 15


def finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def pair(name: str, baseline: np.ndarray, system: np.ndarray) -> dict:
    n = len(baseline)
    found = {"name": name, "baseline": baseline.tolist(), "system": system.tolist()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = stats.ttest_rel(system, baseline)
    found |= {"t": finite(t.statistic), "p_t": finite(t.pvalue)}
    # In whole thousandths, whose sums have no rounding: equal sums are equal. A topic without a difference doubles the
    # signs that are tried, and changes no share of them.
    differing = np.round((system - baseline) * 1000)
    differing = differing[differing != 0]
    exact = len(differing) <= MAX_EXACT
    found["exact"] = exact
    if len(differing) == 0:
        found["p_randomisation"] = None
    else:
        if len(differing) == 1:
            # SciPy asks for two.
            differing = np.append(differing, 0.0)
        tested = stats.permutation_test(
            (differing,),
            lambda d, axis: d.sum(axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=np.inf if exact else ROUNDS,
            batch=10_000,
            rng=np.random.default_rng(1),
        )
        found["p_randomisation"] = float(tested.pvalue)
    if n > 1 and np.ptp(system - baseline) > 0:
        interval = stats.bootstrap(
            (system - baseline,), np.mean, method="percentile", n_resamples=RESAMPLES, batch=1000,
            rng=np.random.default_rng(2),
        ).confidence_interval
        found["interval"] = [float(interval.low), float(interval.high)]
    return found


def pairs() -> list[dict]:
    random = np.random.default_rng(20261123)
    made = []

    def values(n: int) -> np.ndarray:
        # Few decimals, so that the file is small and sums tie.
        return np.round(random.beta(1.2, 1.5, n), 3)

    for n in (1, 2, 3, 5, 10, 15, 30, 50, 200):
        for gain in (0.0, 0.03, 0.2):
            baseline = values(n)
            system = np.round(np.clip(baseline + random.normal(gain, 0.1, n), 0, 1), 3)
            made.append(pair(f"{n} topics, gain {gain}", baseline, system))
    for n, equal in ((12, 4), (40, 30), (60, 20)):
        baseline = values(n)
        system = np.round(np.clip(baseline + random.normal(0.05, 0.1, n), 0, 1), 3)
        system[:equal] = baseline[:equal]
        made.append(pair(f"{n} topics, {equal} without a difference", baseline, system))
    # Grades of few values: many sums tie.
    made.append(pair("ties", random.integers(0, 3, 14) / 4, random.integers(0, 5, 14) / 4))
    baseline = values(8)
    made.append(pair("the same", baseline, baseline))
    quarters = random.integers(0, 3, 8) / 4
    made.append(pair("one difference", quarters, quarters + 0.25))
    made.append(pair("a baseline of zeros", np.zeros(9), values(9)))
    return made


def corrections() -> list[dict]:
    random = np.random.default_rng(3)
    given = [[0.01], [0.5, 0.5], [0.0, 1.0, 0.04], [0.02, 0.01, 0.03]]
    given += [random.beta(0.4, 2, n).tolist() for n in (4, 9, 25)]
    return [
        {"p": p} | {method: multipletests(p, method=method)[1].tolist() for method in ("bonferroni", "holm")}
        for p in given
    ]


def taus() -> list[dict]:
    random = np.random.default_rng(4)
    given = [([1, 2], [1, 2]), ([1, 2], [2, 1]), ([1, 1], [1, 2]), ([1], [1])]
    given += [(random.random(n).tolist(), random.random(n).tolist()) for n in (3, 8, 40)]
    given += [(random.integers(0, 5, n).tolist(), random.integers(0, 4, n).tolist()) for n in (6, 20, 50)]
    return [{"a": a, "b": b, "tau": finite(stats.kendalltau(a, b).statistic)} for a, b in given]


def rows(found: list[dict]) -> str:
    return ",\n".join(json.dumps(row) for row in found)


def main() -> None:
    found = {"rounds": ROUNDS, "resamples": RESAMPLES, "pairs": pairs(), "corrections": corrections(), "taus": taus()}
    OUT.parent.mkdir(exist_ok=True)
    lists = [f'"{name}": [\n{rows(found[name])}\n]' for name in ("pairs", "corrections", "taus")]
    numbers = [f'"{name}": {found[name]}' for name in ("rounds", "resamples")]
    OUT.write_text("{" + ",\n".join(numbers + lists) + "}\n")
    print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
