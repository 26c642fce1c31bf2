"""Our own Python client, and its retrievers."""

import asyncio
import json

import httpx
import pytest
from conftest import DOCUMENTS, Server
from xenoglot_client import ApiError, AsyncClient, Client, Document, TooManyRequests
from xenoglot_client import haystack as haystack_adapter
from xenoglot_client import langchain as langchain_adapter


def test_documents_come_and_are_found_and_go(embedded: Server) -> None:
    with Client(embedded.url) as client:
        client.create_collection("books")
        # More than one chunk, and one line that is none.
        many = ({"id": f"b{i}", "text": f"Book number {i} about the moon"} for i in range(2_500))
        written = client.upload(
            [Document("tea", "お茶は熱い。", title="Tea", meta={"pages": 7}), {"id": "bad"}, *many],
            collection="books",
            refresh=True,
        )
        assert (written.created, written.failed) == (2_501, 1)
        bad = next(line for line in written.results if line.status == "failed")
        assert bad.line == 2 and bad.field == "text"
        found = client.search("the moon", collection="books", depth=3, mode="lexical")
        assert len(found.hits) == 3 and [hit.rank for hit in found.hits] == [1, 2, 3]
        tea = client.get("tea", collection="books")
        assert (tea.title, tea.meta["pages"], tea.lang) == ("Tea", 7, "ja")
        assert client.collection("books").documents == 2_501
        client.delete(["tea"], collection="books", refresh=True)
        with pytest.raises(ApiError) as gone:
            client.get("tea", collection="books")
        assert gone.value.status == 404
        client.delete_collection("books")
        assert "books" not in [collection.name for collection in client.collections()]


def test_a_search_crosses_languages_and_names_a_wrong_field(embedded: Server) -> None:
    with Client(embedded.url) as client:
        found = client.search("Why does the moon move the seas?", lang="en", depth=2, explain=True)
        assert found.hits[0].id == "tides-de" and found.hits[0].lang == "de"
        assert found.lang == "en" and {stage.name for stage in found.stages} >= {"lexical", "dense"}
        with pytest.raises(ApiError) as wrong:
            client.search("moon", depth=0)
        assert (wrong.value.status, wrong.value.field) == (422, "depth")


def test_models_without_an_index(embedded: Server) -> None:
    with Client(embedded.url) as client:
        embeddings = client.embed(["moon", "Mond"], dimensions=32)
        assert len(embeddings.vectors) == 2 and len(embeddings.vectors[0]) == 32
        ranked = client.rerank("moon", ["Brot", "Der Mond"], top_n=1)
        assert [result.index for result in ranked.results] == [1] and ranked.model == "passages"


def test_the_awaited_client_does_the_same(embedded: Server) -> None:
    async def run() -> list[str]:
        async with AsyncClient(embedded.url) as client:
            answers = await asyncio.gather(*(client.search("bread in the morning") for _ in range(8)))
            return [answer.hits[0].id for answer in answers]

    assert asyncio.run(run()) == ["bread-es"] * 8


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    waits = []

    def busy_twice(request: httpx.Request) -> httpx.Response:
        waits.append(request.url.path)
        if len(waits) < 3:
            problem = {"status": 429, "detail": "full"}
            return httpx.Response(429, json=problem, headers={"retry-after": "0"})
        return httpx.Response(200, json={"collections": []})

    transport = httpx.MockTransport(busy_twice)
    with Client("http://server", transport=transport) as client:
        assert client.collections() == [] and len(waits) == 3
    waits.clear()
    with Client("http://server", transport=transport, retries=1) as client, pytest.raises(TooManyRequests) as full:
        client.collections()
    assert full.value.retry_after == 0 and len(waits) == 2


def test_the_key_is_sent() -> None:
    def check(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer secret"
        return httpx.Response(200, content=json.dumps({"collections": []}))

    with Client("http://server", api_key="secret", transport=httpx.MockTransport(check)) as client:
        client.collections()


def test_retrievers(embedded: Server) -> None:
    with Client(embedded.url) as client:
        found = langchain_adapter.XenoglotRetriever(client=client, k=2).invoke("bread in the morning")
        assert len(found) == 2 and found[0].id == "bread-es" and found[0].metadata["lang"] == "es"
        found = haystack_adapter.XenoglotRetriever(client, top_k=2).run(query="bread in the morning")["documents"]
        assert len(found) == 2 and found[0].id == "bread-es" and found[0].content == DOCUMENTS[1]["text"]
