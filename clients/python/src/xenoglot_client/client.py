"""Clients, one that waits and one that is awaited."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

import httpx

from . import requests
from .errors import ApiError, TooManyRequests, error_of
from .requests import Call
from .types import Collection, Document, Embeddings, Reranked, SearchAnswer, WriteAnswer

T = TypeVar("T")

# What a wait begins with where the server does not say how long, and what it is never longer than.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0


class _Settings:
    """What both clients are made of."""

    def __init__(self, retries: int) -> None:
        self._retries = retries

    def _wait(self, error: ApiError, attempt: int) -> float:
        """How long to wait after `error` before the next attempt; raises it where there is no next."""
        may_pass = isinstance(error, TooManyRequests) or error.status == 503
        if not may_pass or attempt >= self._retries:
            raise error
        said = error.retry_after if error.retry_after is not None else FIRST_WAIT_S * 2**attempt
        return min(max(said, 0.0), LONGEST_WAIT_S)


def _headers(api_key: str | None) -> dict[str, str]:
    return {} if api_key is None else {"authorization": f"Bearer {api_key}"}


def _options(call: Call[Any]) -> dict[str, Any]:
    headers = {} if call.content is None else {"content-type": call.content_type}
    return {"content": call.content, "params": dict(call.params) or None, "headers": headers}


def _read(call: Call[T], response: httpx.Response) -> T:
    try:
        body = response.json() if response.content else None
    except ValueError:
        body = None
    if response.is_success:
        return call.read(body)
    raise error_of(response.status_code, body, response.text, response.headers.get("retry-after"))


class Client(_Settings):
    """A client of the server at `url`. Requests that the server has no room for are made again up to `retries` times."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        *,
        api_key: str | None = None,
        timeout_s: float = 60.0,
        retries: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(retries)
        self._http = httpx.Client(base_url=url, headers=_headers(api_key), timeout=timeout_s, transport=transport)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    def _do(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            try:
                return _read(call, self._http.request(call.method, call.path, **_options(call)))
            except ApiError as error:
                time.sleep(self._wait(error, attempt))
                attempt += 1

    def search(
        self, query: str | Sequence[float], *, collection: str | None = None, **settings: Any
    ) -> SearchAnswer:
        """The hits for words or for a vector. `settings` are the fields of `POST /v1/search`: `lang`, `mode`, `depth`,
        `filter`, `rerank`, `explain`, `highlight`, `timeout_ms` and the others."""
        return self._do(requests.search(query, collection, settings))

    def upload(
        self,
        documents: Iterable[Document | Mapping[str, Any]],
        *,
        collection: str | None = None,
        refresh: bool = False,
    ) -> WriteAnswer:
        """Adds documents, or puts them in the place of those of the same id; as many as there are, in chunks. With
        `refresh`, searches find them when this returns."""
        return WriteAnswer.total([self._do(call) for call in requests.upload(documents, collection, refresh)])

    def get(self, id: str, *, collection: str | None = None) -> Document:
        """The document of this id."""
        return self._do(requests.get(id, collection))

    def delete(self, ids: Sequence[str], *, collection: str | None = None, refresh: bool = False) -> None:
        """Deletes the documents of these ids."""
        self._do(requests.delete(ids, collection, refresh))

    def delete_where(self, filter: Any, *, collection: str | None = None, refresh: bool = False) -> None:
        """Deletes the documents that `filter` lets through."""
        self._do(requests.delete_where(filter, collection, refresh))

    def collections(self) -> list[Collection]:
        """All collections."""
        return self._do(requests.collections())

    def collection(self, name: str) -> Collection:
        """One collection."""
        return self._do(requests.collection(name))

    def create_collection(self, name: str, **settings: Any) -> None:
        """Makes a collection. `settings` are the fields of `PUT /v1/collections/{name}`: `vectors`, `passages`."""
        self._do(requests.create_collection(name, settings))

    def delete_collection(self, name: str) -> None:
        """Deletes a collection and all that is in it."""
        self._do(requests.delete_collection(name))

    def embed(self, texts: Sequence[str], *, dimensions: int | None = None) -> Embeddings:
        """A vector for each text."""
        return self._do(requests.embed(texts, dimensions))

    def rerank(
        self, query: str, texts: Sequence[str], *, stack: str | None = None, top_n: int | None = None
    ) -> Reranked:
        """The texts by how well they answer, best first."""
        return self._do(requests.rerank(query, texts, stack, top_n))


class AsyncClient(_Settings):
    """The same as [`Client`], to be awaited."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        *,
        api_key: str | None = None,
        timeout_s: float = 60.0,
        retries: int = 4,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(retries)
        headers = _headers(api_key)
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_s, transport=transport)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()

    async def _do(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            try:
                return _read(call, await self._http.request(call.method, call.path, **_options(call)))
            except ApiError as error:
                await asyncio.sleep(self._wait(error, attempt))
                attempt += 1

    async def search(
        self, query: str | Sequence[float], *, collection: str | None = None, **settings: Any
    ) -> SearchAnswer:
        """The hits for words or for a vector; see [`Client.search`]."""
        return await self._do(requests.search(query, collection, settings))

    async def upload(
        self,
        documents: Iterable[Document | Mapping[str, Any]],
        *,
        collection: str | None = None,
        refresh: bool = False,
    ) -> WriteAnswer:
        """Adds or replaces documents; see [`Client.upload`]."""
        answers = [await self._do(call) for call in requests.upload(documents, collection, refresh)]
        return WriteAnswer.total(answers)

    async def get(self, id: str, *, collection: str | None = None) -> Document:
        """The document of this id."""
        return await self._do(requests.get(id, collection))

    async def delete(self, ids: Sequence[str], *, collection: str | None = None, refresh: bool = False) -> None:
        """Deletes the documents of these ids."""
        await self._do(requests.delete(ids, collection, refresh))

    async def delete_where(self, filter: Any, *, collection: str | None = None, refresh: bool = False) -> None:
        """Deletes the documents that `filter` lets through."""
        await self._do(requests.delete_where(filter, collection, refresh))

    async def collections(self) -> list[Collection]:
        """All collections."""
        return await self._do(requests.collections())

    async def collection(self, name: str) -> Collection:
        """One collection."""
        return await self._do(requests.collection(name))

    async def create_collection(self, name: str, **settings: Any) -> None:
        """Makes a collection. `settings` are the fields of `PUT /v1/collections/{name}`: `vectors`, `passages`."""
        await self._do(requests.create_collection(name, settings))

    async def delete_collection(self, name: str) -> None:
        """Deletes a collection and all that is in it."""
        await self._do(requests.delete_collection(name))

    async def embed(self, texts: Sequence[str], *, dimensions: int | None = None) -> Embeddings:
        """A vector for each text."""
        return await self._do(requests.embed(texts, dimensions))

    async def rerank(
        self, query: str, texts: Sequence[str], *, stack: str | None = None, top_n: int | None = None
    ) -> Reranked:
        """The texts by how well they answer, best first."""
        return await self._do(requests.rerank(query, texts, stack, top_n))
