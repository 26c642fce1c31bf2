#!/usr/bin/env python3
"""How long does a randomisation test of many topics take?

Corpus: 10,000 seeded random topics, two systems of almost one mean; 10,000 rounds. Peer: scipy.stats.permutation_test with
permutation_type="samples" and a vectorised statistic, in the same run, where SciPy is installed. Our whole comparison has
the t-test and 10,000 bootstrap resamples beside the randomisation test.

    make bench-significance        # on one core
"""

import random
import statistics
import subprocess
import sys
import tempfile
import time

TOPICS = 10_000
ROUNDS = 10_000
REPEATS = 5
# SciPy takes long.
PEER_REPEATS = 2


def report(name: str, seconds: list[float], p: float) -> None:
    spread = f"{min(seconds):.3f}–{max(seconds):.3f}"
    print(f"| {name} | {statistics.median(seconds):.3f} ({spread}) | {p:.4f} |", flush=True)


def ours(program: str, path: str) -> None:
    seconds: dict[str, list[float]] = {}
    found = {}
    # The first is the warm-up.
    for repeat in range(REPEATS + 1):
        lines = subprocess.run([program, path, str(ROUNDS)], check=True, capture_output=True, text=True).stdout
        for line in lines.splitlines():
            task, took, p = line.split("\t")
            if repeat:
                seconds.setdefault(task, []).append(float(took))
            found[task] = float(p)
    for task, times in seconds.items():
        report(f"ours, {task}", times, found[task])


def scipys(pairs: list[tuple[float, float]]) -> None:
    try:
        import numpy
        from scipy import stats
    except ImportError:
        print("SciPy is not installed: ours alone")
        return
    differences = numpy.array([system - baseline for baseline, system in pairs])
    times = []
    for repeat in range(PEER_REPEATS):
        start = time.perf_counter()
        p = stats.permutation_test(
            (differences,),
            lambda d, axis: d.mean(axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=ROUNDS,
            # All at once is 800 MB.
            batch=500,
            rng=repeat,
        ).pvalue
        times.append(time.perf_counter() - start)
    report("scipy.stats.permutation_test", times, p)


def main() -> None:
    draw = random.Random(1)
    pairs = []
    for _ in range(TOPICS):
        baseline = draw.random()
        pairs.append((baseline, min(1.0, max(0.0, baseline + draw.gauss(0.002, 0.2)))))
    print(f"{TOPICS} topics, {ROUNDS} rounds\n\n| | s (fastest–slowest) | p |\n|---|---|---|")
    with tempfile.NamedTemporaryFile("w") as file:
        file.writelines(f"{baseline!r}\t{system!r}\n" for baseline, system in pairs)
        file.flush()
        ours(sys.argv[1], file.name)
    scipys(pairs)


if __name__ == "__main__":
    main()
