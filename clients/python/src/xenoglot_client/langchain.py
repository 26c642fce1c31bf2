"""A retriever for LangChain (`pip install xenoglot-client[langchain]`)."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from .client import AsyncClient, Client
from .types import Hit


class XenoglotRetriever(BaseRetriever):
    """Passages of a collection for a query in any language."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    client: Client
    async_client: AsyncClient | None = None
    collection: str | None = None
    k: int = 10
    settings: dict[str, Any] = Field(default_factory=dict)
    """Further fields of `POST /v1/search`."""

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        answer = self.client.search(query, collection=self.collection, depth=self.k, **self.settings)
        return [_document(hit) for hit in answer.hits]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        if self.async_client is None:
            return await super()._aget_relevant_documents(query, run_manager=run_manager)
        answer = await self.async_client.search(query, collection=self.collection, depth=self.k, **self.settings)
        return [_document(hit) for hit in answer.hits]


def _document(hit: Hit) -> Document:
    metadata = {"title": hit.title, "lang": hit.lang, "score": hit.score, "rank": hit.rank}
    return Document(page_content=hit.snippet, id=hit.id, metadata=metadata)
