"""Requests and answers as Python sees them. What a newer server adds to an answer stays in `raw`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Document:
    """What is searched. Without `lang`, the server looks at the text."""

    id: str
    text: str
    title: str = ""
    lang: str | None = None
    meta: Json = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The document as a line of NDJSON holds it."""
        optional = {"title": self.title, "lang": self.lang, "meta": dict(self.meta)}
        return {"id": self.id, "text": self.text} | {name: value for name, value in optional.items() if value}

    @classmethod
    def of(cls, raw: Json) -> Document:
        """The document of an answer."""
        return cls(raw["id"], raw["text"], raw.get("title") or "", raw.get("lang"), raw.get("meta") or {})


@dataclass(frozen=True)
class Span:
    """From which character of a snippet to which, in code points."""

    start: int
    end: int


@dataclass(frozen=True)
class Hit:
    """A document that was found."""

    id: str
    rank: int
    score: float
    lang: str
    title: str
    snippet: str
    highlights: Sequence[Span]
    raw: Json = field(repr=False)

    @classmethod
    def of(cls, raw: Json) -> Hit:
        """The hit of an answer."""
        spans = [Span(span["start"], span["end"]) for span in raw.get("highlights") or []]
        known = (raw["id"], raw["rank"], raw["score"], raw["lang"], raw.get("title") or "", raw.get("snippet") or "")
        return cls(*known, highlights=spans, raw=raw)


@dataclass(frozen=True)
class Stage:
    """One stage of a search."""

    name: str
    took_ms: float
    candidates: int


@dataclass(frozen=True)
class SearchAnswer:
    """Hits, best first, and how they came about. `partial` where the time was over before all was done."""

    lang: str
    confidence: float
    hits: Sequence[Hit]
    stages: Sequence[Stage]
    took_ms: float
    partial: bool
    raw: Json = field(repr=False)

    @classmethod
    def of(cls, raw: Json) -> SearchAnswer:
        """The answer of `/v1/search`."""
        stages = [Stage(stage["name"], stage["took_ms"], stage.get("candidates") or 0) for stage in raw["stages"]]
        return cls(
            lang=raw["query"]["lang"],
            confidence=raw["query"]["confidence"],
            hits=[Hit.of(hit) for hit in raw["hits"]],
            stages=stages,
            took_ms=raw["took_ms"],
            partial=raw["partial"],
            raw=raw,
        )


@dataclass(frozen=True)
class LineResult:
    """What became of one document of an upload. `line` counts from 1 over the whole upload."""

    line: int
    id: str | None
    status: str
    field: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class WriteAnswer:
    """What became of an upload."""

    created: int
    updated: int
    failed: int
    results: Sequence[LineResult]

    @classmethod
    def of(cls, raw: Json, lines_before: int = 0) -> WriteAnswer:
        """The answer to one chunk, which stood after `lines_before` others."""
        results = [
            LineResult(
                line=line.get("line", i + 1) + lines_before,
                id=line.get("id"),
                status=line["status"],
                field=line.get("field"),
                error=line.get("error"),
            )
            for i, line in enumerate(raw.get("results") or [])
        ]
        return cls(raw.get("created", 0), raw.get("updated", 0), raw.get("failed", 0), results)

    @classmethod
    def total(cls, answers: Sequence[WriteAnswer]) -> WriteAnswer:
        """The answers to all chunks as one."""
        return cls(
            sum(answer.created for answer in answers),
            sum(answer.updated for answer in answers),
            sum(answer.failed for answer in answers),
            [line for answer in answers for line in answer.results],
        )


@dataclass(frozen=True)
class Collection:
    """A collection, and what is in it."""

    name: str
    documents: int
    languages: Mapping[str, int]
    raw: Json = field(repr=False)

    @classmethod
    def of(cls, raw: Json) -> Collection:
        """The collection of an answer."""
        return cls(raw["name"], raw["documents"], raw.get("languages") or {}, raw)


@dataclass(frozen=True)
class Embeddings:
    """One vector for each text, and what made them."""

    vectors: Sequence[Sequence[float]]
    model: str
    n_tokens: int


@dataclass(frozen=True)
class Ranked:
    """A text, by its position among those that were sent, and how well it answers, from 0 to 1."""

    index: int
    score: float


@dataclass(frozen=True)
class Reranked:
    """Texts, best first, and what ranked them."""

    results: Sequence[Ranked]
    model: str
