#!/usr/bin/env python3
"""Writes the vectors that sentence-transformers gives, for the engine's tests to agree with.

    python3 -m venv /tmp/ref-venv && /tmp/ref-venv/bin/pip install sentence-transformers
    python3 scripts/setup.py --test-models
    /tmp/ref-venv/bin/python scripts/make_minilm_fixture.py
"""

import json
from pathlib import Path

import sentence_transformers
import torch
import transformers
from sentence_transformers import SentenceTransformer

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "runtime" / "models" / "all-MiniLM-L6-v2"
FIXTURE = ROOT / "engine" / "src" / "model" / "fixtures" / "minilm.json"

TEXTS = [
    "",
    " \t\n",
    "bridge",
    "Where do storks nest in winter?",
    "The bridge was finished in 1932 after nine years of work.",
    "Störche überwintern südlich der Sahara.",
    "В каком году построили мост?",
    "这座桥于1932年建成。",
    "قطار الليل يصل عند الفجر",
    "रात की ट्रेन भोर में पहुँचती है।",
    "ไก่จิกเด็กตายบนปากโอ่ง",
    "👩🏽‍🔬 found 🧬 in 🦠!",
    "e\u0301cole \ufb01n \u200bzero\u00adwidth [SEP] [MASK] ##ing",
    # Far beyond the 256 tokens that the model reads.
    "The storks return to the same chimney every spring. " * 60,
]


def main() -> None:
    model = SentenceTransformer(str(MODEL), device="cpu")
    # One text at a time: no padding can leak into a reference.
    vectors = [model.encode(text, normalize_embeddings=True) for text in TEXTS]
    fixture = {
        "systems": {
            "sentence-transformers": sentence_transformers.__version__,
            "transformers": transformers.__version__,
            "torch": torch.__version__,
        },
        "texts": TEXTS,
        "embeddings": [[round(float(x), 6) for x in vector] for vector in vectors],
    }
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(json.dumps(fixture, separators=(",", ":")).replace("],[", "],\n[") + "\n")
    print(f"{len(TEXTS)} texts in {FIXTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
