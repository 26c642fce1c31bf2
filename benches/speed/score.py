#!/usr/bin/env python3
"""Times pytrec_eval on the files that score.rs made: `score.py QRELS RUN`, called by it."""

import sys
import time

import pytrec_eval

MEASURES = {"map", "ndcg_cut.10", "recall.100", "P.10", "bpref"}


def main() -> None:
    qrels, run = sys.argv[1:]
    rounds = []
    for _ in range(3):
        begun = time.perf_counter()
        with open(qrels) as judged, open(run) as answered:
            judgments, answers = pytrec_eval.parse_qrel(judged), pytrec_eval.parse_run(answered)
        read = time.perf_counter() - begun
        values = pytrec_eval.RelevanceEvaluator(judgments, MEASURES).evaluate(answers)
        rounds.append((time.perf_counter() - begun, read))
    whole, read = sorted(rounds)[1]
    print(f"pytrec_eval: {whole * 1e3:.0f} ms (of it reading in Python {read * 1e3:.0f} ms)")
    names = sorted(next(iter(values.values())))
    means = {name: sum(of[name] for of in values.values()) / len(values) for name in names}
    print({name: round(value, 6) for name, value in means.items()})


if __name__ == "__main__":
    main()
