"""Trains the rows of the static encoder: translations alike, questions near their passages, English where the teacher has it.

Reads pairs.tsv, questions.tsv, the teacher's vectors and tokenizer.json from `--work`; writes rows.npy there, and checkpoint.pt
to go on from (`--resume`). The same script runs on CPU and CUDA.
"""

import argparse
import json
import os
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from bags import Bags
from evaluate import StaticModel, read_xquad, summarise_xquad, xquad_matrix
from teacher import load_teacher, read_taught
from train_tokenizer import UNKNOWN

DIM = 384
# A text's worth by where it comes from: prose counts more, templated interface messages and bare titles less.
SOURCE_WEIGHT = {
    "flores-dev": 5.0, "storybooks": 1.5, "storybooks-global": 1.5, "opensource-guide": 1.5, "raspberrypi-projects": 1.5,
    "comprehensive-rust": 1.0, "bitcoin-org": 1.0, "flores1-wiki": 1.0, "tatoeba": 1.0, "mozilla-www": 0.8,
    "python-docs": 0.5, "react-docs": 0.5, "bible": 0.6, "aosp": 0.5, "scratch-l10n": 0.5, "osm-id": 0.5,
    "thunderbird-android": 0.5, "wikimedia-mit": 0.4, "wikipedia-android": 0.5, "cldr": 0.6, "wikidict": 0.6,
}
# Few pairs or rich morphology, and many readers: seen more often than their share.
LANGUAGE_BOOST = {
    "th": 6, "ar": 7, "el": 5, "hi": 5, "vi": 4, "tr": 4, "ru": 4, "zh": 4, "de": 3, "es": 3, "sw": 2, "ta": 2, "ko": 2,
    "fa": 2, "bn": 2, "fr": 2, "ja": 2, "pt": 1.5, "it": 1.5, "uk": 1.5, "id": 1.5,
}
MAX_RUN = 6  # neighbouring pairs in a pseudo-paragraph, at most
BALANCE = 0.6  # a language's share is its number of pairs to this power

COMMON = 2e-2  # a piece of this share of a language's text counts half


def ignored_ids(tokenizer: Tokenizer) -> set:
    """The unknown piece and the bare word mark carry no meaning: the mean leaves them out."""
    return {i for i in (tokenizer.token_to_id(UNKNOWN), tokenizer.token_to_id("▁")) if i is not None}


class Data:
    """Everything tokenised, and the odds of drawing each pair."""

    def __init__(self, work: Path):
        self.tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
        self.ignored = ignored_ids(self.tokenizer)
        langs, sources, english, other = zip(*(line.rstrip("\n").split("\t") for line in (work / "pairs.tsv").open(encoding="utf-8")))
        self.languages, self.lang = np.unique(langs, return_inverse=True)
        unique = {}
        self.english_of = np.array([unique.setdefault(text, len(unique)) for text in english])
        self.english = self.bags(work, "english", list(unique))
        self.other = self.bags(work, "other", list(other))
        self.odds = np.cumsum(pair_weights(langs, sources))
        self.read_questions(work)
        taught, self.taught_vectors = read_taught(work)
        self.taught = self.bags(work, f"taught-{len(taught)}", taught)
        place = {text: i for i, text in enumerate(taught)}
        self.taught_of = np.array([place.get(text, -1) for text in unique])

    def bags(self, work: Path, name: str, texts: list) -> Bags:
        path = work / f"bags-{name}.npz"
        if not path.exists() or path.stat().st_mtime < (work / "tokenizer.json").stat().st_mtime:
            Bags.tokenize(self.tokenizer, texts, self.ignored).save(path)
        return Bags.load(path)

    def read_questions(self, work: Path):
        lines = [line.rstrip("\n").split("\t") for line in (work / "questions.tsv").open(encoding="utf-8")]
        self.questions = self.bags(work, "questions", [q for _, _, q, _, _ in lines])
        passage_id = {}
        texts = [f"{title}\n{text}" if title else text for *_, title, text in lines]
        self.passage_of = np.array([passage_id.setdefault(text, len(passage_id)) for text in texts])
        self.passages = self.bags(work, "passages", list(passage_id))
        group = np.array([f"{'afriqa' if 'afriqa' in source else lang}" for lang, source, *_ in lines])
        self.question_groups = [np.flatnonzero(group == g) for g in np.unique(group)]
        size = np.array([len(g) for g in self.question_groups]) ** 0.5
        self.question_odds = np.cumsum(size / size.sum())

    def draw(self, rng, n: int) -> np.ndarray:
        return np.minimum(np.searchsorted(self.odds, rng.random(n) * self.odds[-1]), len(self.lang) - 1)


def pair_weights(langs, sources) -> np.ndarray:
    """Odds of a pair: source weight, then every language brought to its balanced share."""
    weight = np.array([SOURCE_WEIGHT[s] for s in sources])
    total = Counter()
    for lang, w in zip(langs, weight):
        total[lang] += w
    share = {lang: n**BALANCE * LANGUAGE_BOOST.get(lang, 1) for lang, n in total.items()}
    return weight * np.array([share[lang] / total[lang] for lang in langs])


class Table:
    """Rows, and Adam that only touches the rows of a batch."""

    def __init__(self, rows: torch.Tensor):
        self.rows, self.mean, self.square = rows, torch.zeros_like(rows), torch.zeros(len(rows), 1, device=rows.device)

    def gather(self, ids: np.ndarray):
        """The batch's rows as a leaf of the graph, and where each id finds its row."""
        self.touched, places = torch.from_numpy(ids).to(self.rows.device).long().unique(return_inverse=True)
        self.leaf = self.rows[self.touched].requires_grad_()
        return places

    def step(self, rate: float, beta=(0.9, 0.99), weight_decay=0.0):
        """Row-wise second moment: one number a row, so a row turns without changing its proportions."""
        gradient, t = self.leaf.grad, self.touched
        mean = self.mean[t].lerp_(gradient, 1 - beta[0])
        square = self.square[t].mul_(beta[1]).add_(gradient.pow(2).mean(1, keepdim=True), alpha=1 - beta[1])
        self.mean[t], self.square[t] = mean, square
        self.rows[t] = self.leaf.detach() * (1 - rate * weight_decay) - rate * mean / (square.sqrt() + 1e-8)


def contrast(left, right, scale, same=None):
    """Symmetric InfoNCE within the batch; `same` marks off-diagonal pairs that are no negatives."""
    scores = scale * left @ right.T
    if same is not None:
        scores = scores.masked_fill(same, -1e4)
    target = torch.arange(len(left), device=left.device)
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


def duplicates(ids: np.ndarray, device):
    """Off-diagonal equals: the same English sentence drawn for two languages must not repel itself."""
    t = torch.from_numpy(ids).to(device)
    return (t[:, None] == t[None, :]) & ~torch.eye(len(t), dtype=torch.bool, device=device)


class Trainer:
    def __init__(self, data: Data, rows: torch.Tensor, args):
        self.data, self.table, self.args = data, Table(rows), args
        self.device = rows.device
        self.rng = np.random.default_rng(args.seed)

    def pair_batch(self):
        """Which pairs to read in the other language and which in English: a row is one text of the batch.

        Sentences as they are; or runs of neighbouring pairs as paragraphs, of which one side may be a part only,
        as a question is to the paragraph that answers it.
        """
        d, a = self.data, self.args
        if self.rng.random() >= a.paragraphs:
            pairs = d.draw(self.rng, a.batch)[:, None]
            return pairs, pairs
        first = np.minimum(d.draw(self.rng, a.batch // 2), len(d.lang) - MAX_RUN)
        run = first[:, None] + np.arange(self.rng.integers(3, MAX_RUN + 1))
        part = run[:, : self.rng.integers(1, 3)]
        return [(run, run), (part, run), (run, part)][self.rng.integers(3)]

    def question_batch(self):
        d = self.data
        group = d.question_groups[min(np.searchsorted(d.question_odds, self.rng.random()), len(d.question_groups) - 1)]
        return self.rng.choice(group, min(self.args.questions, len(group)), replace=False)

    def step(self, rate: float) -> float:
        d, a = self.data, self.args
        (foreign, native), asked = self.pair_batch(), self.question_batch()
        taught = self.rng.integers(0, len(d.taught), a.taught)
        parts = [d.other.take(foreign), d.english.take(d.english_of[native]), d.questions.take(asked), d.passages.take(d.passage_of[asked]), d.taught.take(taught)]
        other, english, question, passage, student = self.embed(parts)
        loss = contrast(other, english, a.scale, duplicates(d.english_of[native[:, 0]], self.device))
        loss = loss + a.question_weight * contrast(question, passage, a.scale, duplicates(d.passage_of[asked], self.device))
        loss = loss + a.teacher_weight * self.distance(student, taught)
        if native.shape[1] == foreign.shape[1] == 1:
            with_teacher = d.taught_of[d.english_of[native[:, 0]]]
            known = torch.from_numpy(np.flatnonzero(with_teacher >= 0)).to(self.device)
            if len(known):
                loss = loss + a.foreign_weight * self.distance(other[known], with_teacher[with_teacher >= 0])
        loss.backward()
        self.table.step(rate)
        return float(loss.detach())

    def distance(self, vectors, which):
        target = torch.from_numpy(self.data.taught_vectors[which]).to(self.device)
        return (1 - (vectors * target).sum(1)).mean()

    def embed(self, parts):
        """All the step's texts in one pass: unit vectors, part by part."""
        ids = np.concatenate([p[0] for p in parts])
        shift = np.cumsum([0] + [len(p[0]) for p in parts[:-1]])
        starts = np.concatenate([p[1] + s for p, s in zip(parts, shift)])
        places = self.table.gather(ids)
        sums = F.embedding_bag(places, self.table.leaf, torch.from_numpy(starts).to(self.device), mode="sum")
        return F.normalize(sums, dim=1, eps=1e-6).split([len(p[1]) for p in parts])

    def run(self, evaluate, work: Path):
        a, began, losses = self.args, time.time(), []
        for step in range(self.first_step(work), a.steps):
            rate = a.rate * min(1, (step + 1) / 100) * max(1 - step / a.steps, 0.02)
            losses.append(self.step(rate))
            if (step + 1) % a.every == 0:
                print(step + 1, f"{time.time() - began:.0f}s loss {np.mean(losses):.3f}", evaluate(self.table.rows), flush=True)
                losses = []
                self.save(work, step + 1)

    def save(self, work: Path, step: int):
        t = self.table
        torch.save({"step": step, "rows": t.rows, "mean": t.mean, "square": t.square, "rng": self.rng.bit_generator.state}, work / "checkpoint.pt")

    def first_step(self, work: Path) -> int:
        if not self.args.resume:
            return 0
        saved = torch.load(work / "checkpoint.pt", map_location=self.device, weights_only=False)
        self.table.rows, self.table.mean, self.table.square = saved["rows"], saved["mean"], saved["square"]
        self.rng.bit_generator.state = saved["rng"]
        return saved["step"]


def first_rows(data: Data, work: Path, seed: int) -> np.ndarray:
    """A piece of English starts as the teacher's vector of its text, rarer pieces longer; the others almost at zero."""
    path = work / "first-rows.npy"
    if path.exists() and path.stat().st_mtime > (work / "tokenizer.json").stat().st_mtime:
        return np.load(path)
    size = data.tokenizer.get_vocab_size()
    counts = np.bincount(np.concatenate([data.english.ids, data.taught.ids]), minlength=size)
    pieces = {i: p.replace("▁", "") for p, i in data.tokenizer.get_vocab().items()}
    english = [i for i in np.flatnonzero(counts >= 10) if pieces[i].isascii() and pieces[i] and i not in data.ignored]
    vectors = load_teacher().encode([pieces[i] for i in english], batch_size=256, normalize_embeddings=True).astype(np.float32)
    rows = np.random.default_rng(seed).normal(0, 0.003, (size, DIM)).astype(np.float32)
    odds = counts[english] / counts.sum()
    rows[english] = (vectors - vectors.mean(0)) * (1e-3 / (1e-3 + odds))[:, None]
    np.save(path, rows)
    return rows


def commonness(data: Data, least: int = 100_000) -> np.ndarray:
    """A piece's share of the language that uses it most, among languages with at least `least` pieces of text."""
    size = data.tokenizer.get_vocab_size()
    share = np.bincount(data.english.ids, minlength=size) / len(data.english.ids)
    # pairs.tsv is sorted by language, so a language is one stretch of the array.
    edges = np.append(np.flatnonzero(np.diff(data.lang, prepend=-1)), len(data.lang))
    for first, end in zip(edges, edges[1:]):
        ids = data.other.ids[data.other.starts[first] : data.other.starts[end]]
        if len(ids) >= least:
            share = np.maximum(share, np.bincount(ids, minlength=size) / len(ids))
    return share


def soften_common(rows: np.ndarray, data: Data) -> np.ndarray:
    """Every language's commonest pieces shortened (SIF): more of it helps to find paragraphs, less of it to match sentences."""
    return rows * (COMMON / (COMMON + commonness(data)))[:, None].astype(np.float32)


def xquad_scorer(data: Data, shared: Path):
    """A short figure while training: XQuAD with unquantised rows."""
    sets = read_xquad(Path(shared) / "data")

    def score(rows: torch.Tensor) -> str:
        model = StaticModel(data.tokenizer, rows.cpu().numpy(), data.ignored)
        matrix = xquad_matrix(model.encode, sets)
        by_language = np.round(np.delete(matrix, 3, 0)[:, 3], 2).tolist()
        return json.dumps({**summarise_xquad(matrix), "x_to_en": by_language})

    return score


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=os.environ.get("XENOGLOT_SHARED", "../shared"))
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    parser.add_argument("--name", default="rows", help="file of the trained rows, without .npy")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--questions", type=int, default=64, help="question→passage pairs a step")
    parser.add_argument("--taught", type=int, default=128, help="English texts held to the teacher a step")
    parser.add_argument("--paragraphs", type=float, default=0.25, help="share of steps on pseudo-paragraphs")
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--scale", type=float, default=20.0)
    parser.add_argument("--question-weight", type=float, default=0.5)
    parser.add_argument("--teacher-weight", type=float, default=2.0)
    parser.add_argument("--foreign-weight", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--every", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1, help="on a busy machine a second thread waits more than it helps")
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    data = Data(args.work)
    rows = torch.from_numpy(first_rows(data, args.work, args.seed)).to(device)
    trainer = Trainer(data, rows, args)
    score = xquad_scorer(data, args.shared)
    print("start", score(rows), flush=True)
    trainer.run(score, args.work)
    rows = soften_common(trainer.table.rows.cpu().numpy(), data)
    print("with common pieces shortened", score(torch.from_numpy(rows)), flush=True)
    np.save(args.work / f"{args.name}.npy", rows)


if __name__ == "__main__":
    main()
