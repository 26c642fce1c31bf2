"""A retriever for Haystack (`pip install xenoglot-client[haystack]`)."""

from __future__ import annotations

from typing import Any

from haystack import Document, component

from .client import Client


@component
class XenoglotRetriever:
    """Passages of a collection for a query in any language."""

    def __init__(
        self, client: Client, collection: str | None = None, top_k: int = 10, settings: dict[str, Any] | None = None
    ) -> None:
        """`settings` are further fields of `POST /v1/search`."""
        self.client = client
        self.collection = collection
        self.top_k = top_k
        self.settings = settings or {}

    @component.output_types(documents=list[Document])
    def run(self, query: str, top_k: int | None = None) -> dict[str, list[Document]]:
        """The passages, best first."""
        depth = self.top_k if top_k is None else top_k
        answer = self.client.search(query, collection=self.collection, depth=depth, **self.settings)
        documents = [
            Document(
                id=hit.id,
                content=hit.snippet,
                score=hit.score,
                meta={"title": hit.title, "lang": hit.lang, "rank": hit.rank},
            )
            for hit in answer.hits
        ]
        return {"documents": documents}
