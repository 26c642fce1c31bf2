#!/usr/bin/env python3
"""Writes `golden.json` into a model directory: texts, and what sentence-transformers makes of them.

Xenoglot computes them again whenever it loads the model, and refuses a model that disagrees. Run this where
sentence-transformers is installed, once, with the model as its makers meant it:

    python3 scripts/golden.py MODEL_DIR ['a text of mine' …]
"""

import argparse
import json
from pathlib import Path

from sentence_transformers import SentenceTransformer

TEXTS = [
    "Where do storks nest in winter?",
    "Twice a day the sea rises and falls, because the moon pulls at it.",
    "Wo überwintern die Störche?",
    "Почему дважды в день поднимается море?",
    "لماذا يرتفع البحر مرتين في اليوم؟",
    "海水为什么每天涨落两次？",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="model directory")
    parser.add_argument("texts", nargs="*", default=TEXTS, help="texts in place of the usual ones")
    args = parser.parse_args()
    model = SentenceTransformer(str(args.model), device="cpu")
    vectors = model.encode(args.texts, normalize_embeddings=True)
    golden = [{"text": text, "vector": vector.tolist()} for text, vector in zip(args.texts, vectors)]
    out = args.model / "golden.json"
    out.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(golden)} texts are now in {out}")


if __name__ == "__main__":
    main()
