#!/usr/bin/env python3
"""The pairs that `rerank.sh` measures with, and what it found.

    rerank_pairs.py make XQUAD_DIR PAIRS.jsonl      300 pairs of a question and a paragraph of XQuAD, in 11 languages
    rerank_pairs.py compare DIR                     DIR/throughput.txt, and DIR/scores.txt against DIR/scores.npy
"""

import json
import random
import statistics
import subprocess
import sys
from pathlib import Path

LANGUAGES = "ar de el en es hi ru th tr vi zh".split()
PAIRS = 300
SEED = 1


def records(path: Path) -> list[dict]:
    """The JSON lines of a zstd file."""
    text = subprocess.run(["zstdcat", str(path)], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def make(data: Path, out: Path) -> None:
    """Questions and paragraphs drawn at random: as in a first stage's ranking, most do not belong together."""
    rng = random.Random(SEED)
    questions = {lang: records(data / f"queries.{lang}.jsonl.zst") for lang in LANGUAGES}
    paragraphs = {lang: records(data / f"corpus.{lang}.jsonl.zst") for lang in LANGUAGES}
    with out.open("w") as file:
        for i in range(PAIRS):
            question = rng.choice(questions[rng.choice(LANGUAGES)])
            paragraph = rng.choice(paragraphs[LANGUAGES[i % len(LANGUAGES)]])
            query = question.get("query") or question["text"]
            file.write(json.dumps({"query": query, "document": paragraph["text"]}, ensure_ascii=False) + "\n")


def compare(folder: Path) -> None:
    """The ratio of the medians, and how far scores lie apart."""
    import numpy as np

    times = {"ours": [], "theirs": []}
    for line in (folder / "throughput.txt").read_text().splitlines():
        name, _, result = line.partition(":")
        times[name].append(json.loads(result)["median_s"])
    ours, theirs = (statistics.median(times[name]) for name in ("ours", "theirs"))
    scores = np.array([float(line) for line in (folder / "scores.txt").read_text().split()])
    apart = np.abs(scores - np.load(folder / "scores.npy")).max()
    print(f"ours {PAIRS / ours:.1f} pairs/s, theirs {PAIRS / theirs:.1f}: {theirs / ours:.2f} times as fast")
    print(f"scores lie at most {apart:.1e} apart")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", data, out]:
            make(Path(data), Path(out))
        case ["compare", folder]:
            compare(Path(folder))
        case _:
            sys.exit(__doc__)
