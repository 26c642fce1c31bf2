"""What is sent, and what is made of the answer: the part that has no network in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from .types import Collection, Document, Embeddings, Ranked, Reranked, SearchAnswer, WriteAnswer

T = TypeVar("T")

CHUNK_DOCUMENTS = 1_000
# A server takes 32 MB at once; what is larger than this is sent in pieces.
CHUNK_BYTES = 8 << 20


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and how to read its answer."""

    method: str
    path: str
    read: Callable[[Any], T]
    content: bytes | None = None
    content_type: str = "application/json"
    params: Mapping[str, str] = field(default_factory=dict)


def nothing(_: Any) -> None:
    """There is nothing to be read."""


def call(
    method: str, path: str, read: Callable[[Any], T], body: Any = None, params: Mapping[str, str] | None = None
) -> Call[T]:
    """A request whose body is `body` as JSON, or none."""
    content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    return Call(method, path, read, content, params=params or {})


def refreshed(refresh: bool) -> dict[str, str]:
    """Whether the answer waits until searches see what was written."""
    return {"refresh": "true"} if refresh else {}


def within(collection: str | None, path: str) -> str:
    """`path` of the collection, or of the one that is meant where none is named."""
    return f"/v1/collections/{quote(collection, safe='')}{path}" if collection is not None else f"/v1{path}"


def search(
    query: str | Sequence[float], collection: str | None, settings: Mapping[str, Any]
) -> Call[SearchAnswer]:
    """A search by words or by a vector; `settings` as in the API, those that are None left out."""
    asked: dict[str, Any] = {"query": query} if isinstance(query, str) else {"vector": list(query)}
    asked |= {name: value for name, value in settings.items() if value is not None}
    return call("POST", within(collection, "/search"), SearchAnswer.of, asked)


def upload(
    documents: Iterable[Document | Mapping[str, Any]], collection: str | None, refresh: bool
) -> Iterator[Call[WriteAnswer]]:
    """The documents in chunks of bounded size, as they come."""
    lines: list[bytes] = []
    n_bytes = n_before = 0
    params = refreshed(refresh)
    path = within(collection, "/documents")

    def chunk(lines: list[bytes], n_before: int) -> Call[WriteAnswer]:
        read = lambda raw: WriteAnswer.of(raw, n_before)  # noqa: E731
        return Call("POST", path, read, b"\n".join(lines), "application/x-ndjson", params)

    for document in documents:
        raw = document.to_json() if isinstance(document, Document) else dict(document)
        line = json.dumps(raw, ensure_ascii=False).encode()
        if lines and (len(lines) == CHUNK_DOCUMENTS or n_bytes + len(line) > CHUNK_BYTES):
            yield chunk(lines, n_before)
            n_before += len(lines)
            lines, n_bytes = [], 0
        lines.append(line)
        n_bytes += len(line) + 1
    if lines:
        yield chunk(lines, n_before)


def get(id: str, collection: str | None) -> Call[Document]:
    """One document."""
    return call("GET", within(collection, f"/documents/{quote(id, safe='')}"), Document.of)


def delete(ids: Sequence[str], collection: str | None, refresh: bool) -> Call[None]:
    """Documents by their ids."""
    asked = {"ids": list(ids)}
    return call("POST", within(collection, "/documents/delete"), nothing, asked, refreshed(refresh))


def delete_where(filter: Any, collection: str | None, refresh: bool) -> Call[None]:
    """Documents by what is in them."""
    asked = {"filter": filter}
    return call("POST", within(collection, "/documents/delete"), nothing, asked, refreshed(refresh))


def collections() -> Call[list[Collection]]:
    """All collections."""
    return call("GET", "/v1/collections", lambda raw: [Collection.of(one) for one in raw["collections"]])


def collection(name: str) -> Call[Collection]:
    """One collection."""
    return call("GET", within(name, ""), Collection.of)


def create_collection(name: str, settings: Mapping[str, Any]) -> Call[None]:
    """A new collection; settings that are None are left out."""
    said = {key: value for key, value in settings.items() if value is not None}
    return call("PUT", within(name, ""), nothing, said)


def delete_collection(name: str) -> Call[None]:
    """A collection less."""
    return call("DELETE", within(name, ""), nothing)


def embed(texts: Sequence[str], dimensions: int | None) -> Call[Embeddings]:
    """Vectors of texts."""
    asked: dict[str, Any] = {"input": list(texts)}
    if dimensions is not None:
        asked["dimensions"] = dimensions

    def read(raw: Any) -> Embeddings:
        rows = sorted(raw["data"], key=lambda row: row["index"])
        return Embeddings([row["embedding"] for row in rows], raw["model"], raw["usage"]["total_tokens"])

    return call("POST", "/v1/embeddings", read, asked)


def rerank(query: str, texts: Sequence[str], stack: str | None, top_n: int | None) -> Call[Reranked]:
    """Texts by how well they answer."""
    asked = {"query": query, "documents": list(texts), "return_documents": False}
    asked |= {name: value for name, value in {"model": stack, "top_n": top_n}.items() if value is not None}

    def read(raw: Any) -> Reranked:
        results = [Ranked(result["index"], result["relevance_score"]) for result in raw["results"]]
        return Reranked(results, raw["model"])

    return call("POST", "/v1/rerank", read, asked)
