"""Measures an exported model folder, quantised as it ships: XQuAD-R paragraphs, Tatoeba, English STS. Prints and writes RESULTS.json."""

import argparse
import json
import os
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from bags import Bags
from languages import XQUAD, bcp47
from prepare import read_jsonl, read_lines


class StaticModel:
    """The encoder as the engine runs it: mean of the pieces' rows, then unit length."""

    def __init__(self, tokenizer: Tokenizer, rows: np.ndarray, ignored: set):
        self.tokenizer, self.rows, self.ignored = tokenizer, rows, ignored

    @classmethod
    def load(cls, folder: Path) -> "StaticModel":
        config = json.loads((folder / "config.json").read_text())
        stored = load_file(folder / "model.safetensors")
        return cls(
            Tokenizer.from_file(str(folder / "tokenizer.json")),
            unpack_rows(stored["embedding.weight"], stored["embedding.scale"]),
            set(config["ignored_token_ids"]),
        )

    def encode(self, texts: list) -> np.ndarray:
        bags = Bags.tokenize(self.tokenizer, texts, self.ignored)
        vectors = np.zeros((len(texts), self.rows.shape[1]), np.float32)
        for i in range(len(texts)):
            ids = bags.ids[bags.starts[i] : bags.starts[i + 1]]
            if len(ids):
                vectors[i] = self.rows[ids].mean(0)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(norms == 0, 1, norms)


def unpack_rows(packed: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Two 4-bit values a byte, low nibble first, stored as q + 8; row = q · scale."""
    q = np.empty((packed.shape[0], packed.shape[1] * 2), np.float32)
    q[:, 0::2] = (packed & 15).astype(np.float32) - 8
    q[:, 1::2] = (packed >> 4).astype(np.float32) - 8
    return q * scale.astype(np.float32)[:, None]


def read_xquad(data: Path, title: bool = True) -> dict:
    """language → queries, documents and, for each query, the place of its paragraph."""
    sets = {}
    for lang in XQUAD:
        queries = list(read_jsonl(data / "xquad-r" / f"queries.{lang}.jsonl.zst"))
        docs = list(read_jsonl(data / "xquad-r" / f"corpus.{lang}.jsonl.zst"))
        place = {d["_id"]: i for i, d in enumerate(docs)}
        qrels = (line.split() for line in read_lines(data / "xquad-r" / "qrels" / f"para.{lang}.qrels"))
        relevant = {query: place[doc] for query, _, doc, grade in qrels if int(grade) > 0}
        text = [f"{d['title']}\n{d['text']}" if title and d["title"] else d["text"] for d in docs]
        sets[lang] = {"ids": [q["_id"] for q in queries], "queries": [q["text"] for q in queries], "docs": text, "relevant": relevant}
    return sets


def ndcg_at_10(queries: np.ndarray, docs: np.ndarray, relevant: np.ndarray) -> float:
    """One relevant paragraph a query: nDCG is 1 / log2(1 + rank) down to rank 10."""
    scores = queries @ docs.T
    rank = 1 + (scores > scores[np.arange(len(scores)), relevant][:, None]).sum(1)
    return float(np.where(rank <= 10, 1 / np.log2(1 + rank), 0).mean())


def xquad_matrix(encode, sets: dict) -> np.ndarray:
    """nDCG@10, queries' language down, documents' language across."""
    queries = {lang: encode(s["queries"]) for lang, s in sets.items()}
    docs = {lang: encode(s["docs"]) for lang, s in sets.items()}
    matrix = np.zeros((len(XQUAD), len(XQUAD)))
    for i, a in enumerate(XQUAD):
        for j, b in enumerate(XQUAD):
            relevant = np.array([sets[b]["relevant"][q] for q in sets[a]["ids"]])
            matrix[i, j] = ndcg_at_10(queries[a], docs[b], relevant)
    return matrix


def summarise_xquad(matrix: np.ndarray) -> dict:
    en, cross = XQUAD.index("en"), ~np.eye(len(XQUAD), dtype=bool)
    to_english = np.delete(matrix[:, en], en)
    worst = np.unravel_index(np.where(cross, matrix, 2).argmin(), matrix.shape)
    return {
        "x_to_en_mean": round(float(to_english.mean()), 4),
        "en_to_en": round(float(matrix[en, en]), 4),
        "cross_mean": round(float(matrix[cross].mean()), 4),
        "cross_min": round(float(matrix[worst]), 4),
        "cross_min_pair": [XQUAD[worst[0]], XQUAD[worst[1]]],
        "within_mean": round(float(matrix.diagonal().mean()), 4),
    }


def tatoeba_accuracy(encode, data: Path, languages: list) -> dict:
    """Share of sentences whose nearest English sentence is their translation."""
    accuracy = {}
    for path in sorted((data / "tatoeba").glob("*-eng.tsv.zst")):
        lang = bcp47(path.name.removesuffix("-eng.tsv.zst"))
        if lang in languages:
            pairs = [line.split("\t") for line in read_lines(path)]
            other, english = encode([p[0] for p in pairs]), encode([p[1] for p in pairs])
            accuracy[lang] = round(float(((other @ english.T).argmax(1) == np.arange(len(pairs))).mean()), 4)
    return accuracy


def sts_spearman(encode, path: Path) -> float:
    rows = [line.split("\t") for line in read_lines(path)]
    left, right = encode([r[0] for r in rows]), encode([r[1] for r in rows])
    ranks = [average_ranks(v) for v in ((left * right).sum(1), np.array([float(r[2]) for r in rows]))]
    return round(float(np.corrcoef(*ranks)[0, 1]), 4)


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks; equal values share theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def measure(encode, data: Path, languages: list) -> dict:
    matrix = xquad_matrix(encode, read_xquad(data))
    untitled = xquad_matrix(encode, read_xquad(data, title=False))
    tatoeba = tatoeba_accuracy(encode, data, languages)
    return {
        "xquad_ndcg10": summarise_xquad(matrix),
        "xquad_ndcg10_without_titles": summarise_xquad(untitled),
        "xquad_languages": XQUAD,
        "xquad_matrix": np.round(matrix, 4).tolist(),
        "tatoeba_mean": round(float(np.mean(list(tatoeba.values()))), 4),
        "tatoeba": tatoeba,
        "sts_en_test_spearman": sts_spearman(encode, data / "sts" / "stsb-en.test.tsv.zst"),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=os.environ.get("XENOGLOT_SHARED", "../shared"))
    parser.add_argument("--model", type=Path, default=Path("models/xenoglot-static"))
    parser.add_argument("--float", type=Path, help="work folder of the unquantised rows, to measure what quantisation costs")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "RESULTS.json")
    args = parser.parse_args()
    data, model = Path(args.shared) / "data", StaticModel.load(args.model)
    languages = json.loads((args.model / "config.json").read_text())["languages"]
    results = measure(model.encode, data, languages)
    results["bytes"] = {p.name: p.stat().st_size for p in sorted(args.model.iterdir())}
    if args.float:
        exact = StaticModel(model.tokenizer, np.load(args.float / "rows.npy").astype(np.float32), model.ignored)
        before = measure(exact.encode, data, languages)
        results["float32"] = {k: before[k] for k in ("xquad_ndcg10", "tatoeba_mean", "sts_en_test_spearman")}
    args.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps({k: v for k, v in results.items() if k not in ("tatoeba", "xquad_matrix")}, indent=1))


if __name__ == "__main__":
    main()
