#!/usr/bin/env python3
"""How fast does sentence-transformers score query–document pairs with a cross-encoder? The peer of our reranker.

Corpus: whatever pairs it is given, a JSON line {"query", "document"} each.
Peer: `CrossEncoder(DIR, device="cpu").predict(pairs, batch_size=32)`, float32, from strings to scores; it sorts pairs
by their length itself. After one warm-up, the median of the rounds counts.

    python3 -m venv target/bench/venv && target/bench/venv/bin/pip install -r benches/speed/requirements.txt
    target/bench/venv/bin/python benches/speed/rerank.py DIR PAIRS.jsonl --scores target/bench/scores.npy

Prints one JSON object: median_s, pairs_per_s, least_s, most_s, pairs, tokens (without padding), threads, the versions,
and scores_file, which holds a float32 a pair in the order given, for ours to be held against. `make_cross_encoder.py`
makes a directory to measure with.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """The pairs of a JSONL file."""
    rows = [json.loads(line) for line in path.read_text().split("\n") if line.strip()]
    return [(row["query"], row["document"]) for row in rows]


def timed(predict) -> tuple[float, object]:
    """Seconds of one run, and its scores."""
    start = time.perf_counter()
    scores = predict()
    return time.perf_counter() - start, scores


def token_count(model, pairs: list[tuple[str, str]]) -> int:
    """Tokens that the model reads: special ones in, cut as the model cuts, no padding."""
    return int(sum(model.preprocess(pairs[i : i + 32])["attention_mask"].sum() for i in range(0, len(pairs), 32)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast are pairs scored? See the head of this file.")
    parser.add_argument("model", type=Path, help="directory of a cross-encoder")
    parser.add_argument("pairs", type=Path, help='JSONL of {"query", "document"}')
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds after one warm-up [5]")
    parser.add_argument("--threads", type=int, default=2, help="threads [2]")
    parser.add_argument("--batch", type=int, default=32, help="batch size [32]")
    parser.add_argument("--max-tokens", type=int, help="cut pairs here [where the model does]")
    parser.add_argument(
        "--scores", type=Path, default=Path("scores.npy"), help="where to write the scores [scores.npy]"
    )
    return parser.parse_args()


def main() -> None:
    args = arguments()
    # Before torch and tokenizers are loaded, which read them once.
    os.environ |= {"OMP_NUM_THREADS": str(args.threads), "MKL_NUM_THREADS": str(args.threads)}
    os.environ |= {"RAYON_NUM_THREADS": str(args.threads), "TOKENIZERS_PARALLELISM": "true"}
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    import numpy as np
    import sentence_transformers
    import torch
    import transformers
    from sentence_transformers import CrossEncoder

    transformers.logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    pairs = read_pairs(args.pairs)
    model = CrossEncoder(str(args.model), device="cpu", max_length=args.max_tokens)
    predict = lambda: model.predict(pairs, batch_size=args.batch, show_progress_bar=False)
    predict()
    seconds = []
    for turn in range(args.rounds):
        took, scores = timed(predict)
        seconds.append(took)
        print(f"round {turn + 1}: {took:.2f} s", file=sys.stderr)
    args.scores.parent.mkdir(parents=True, exist_ok=True)
    np.save(args.scores, np.asarray(scores, dtype=np.float32))
    median = statistics.median(seconds)
    result = {
        "median_s": median,
        "pairs_per_s": len(pairs) / median,
        "least_s": min(seconds),
        "most_s": max(seconds),
        "pairs": len(pairs),
        "tokens": token_count(model, pairs),
        "threads": args.threads,
        "systems": {library.__name__: library.__version__ for library in (torch, transformers, sentence_transformers)},
        "scores_file": str(args.scores),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
