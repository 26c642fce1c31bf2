"""Texts as bags of piece ids: one flat array and where each text starts in it."""

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

CHUNK = 20_000


class Bags:
    """Many token lists, stored end to end."""

    def __init__(self, ids: np.ndarray, starts: np.ndarray):
        self.ids, self.starts = ids, starts

    def __len__(self):
        return len(self.starts) - 1

    @classmethod
    def tokenize(cls, tokenizer: Tokenizer, texts: list, ignored: set) -> "Bags":
        """Ids of every text, without those that the mean leaves out."""
        flat, lengths = [], []
        for start in range(0, len(texts), CHUNK):
            encodings = tokenizer.encode_batch_fast(texts[start : start + CHUNK], add_special_tokens=False)
            flat.append(np.array([i for e in encodings for i in e.ids], dtype=np.int32))
            lengths += [len(e.ids) for e in encodings]
        ids = np.concatenate(flat) if flat else np.zeros(0, np.int32)
        keep = ~np.isin(ids, sorted(ignored))
        kept_before = np.concatenate([[0], np.cumsum(keep)]).astype(np.int64)
        ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return cls(ids[keep], kept_before[ends])

    def save(self, path: Path):
        np.savez(path, ids=self.ids, starts=self.starts)

    @classmethod
    def load(cls, path: Path) -> "Bags":
        stored = np.load(path)
        return cls(stored["ids"], stored["starts"])

    def take(self, groups: np.ndarray):
        """Ids and starts of a batch. A row of `groups` lists texts that are read as one (a pseudo-paragraph)."""
        groups = groups.reshape(len(groups), -1)
        texts = groups.ravel()
        begin, length = self.starts[texts], self.starts[texts + 1] - self.starts[texts]
        ends = np.cumsum(length)
        positions = np.arange(ends[-1] if len(ends) else 0) + np.repeat(begin - (ends - length), length)
        per_group = length.reshape(groups.shape).sum(1)
        return self.ids[positions], np.concatenate([[0], np.cumsum(per_group)[:-1]])
