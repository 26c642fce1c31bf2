"""Clients that people already have, against the running server."""

import base64

import cohere
import numpy as np
import openai
import pytest
import requests
from conftest import Server
from huggingface_hub import InferenceClient
from langchain_openai import OpenAIEmbeddings

TEXTS = ["The moon raises the tides.", "Bread is baked in the morning.", "The moon lifts the sea."]


def near(a, b) -> bool:
    return bool(np.allclose(np.asarray(a), np.asarray(b), atol=1e-5))


def openai_client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


def test_openai_embeds(server: Server) -> None:
    client = openai_client(server)
    # The client asks for base64 where nobody says otherwise, and reads it.
    found = client.embeddings.create(model="text-embedding-3-small", input=TEXTS)
    assert found.model.startswith(server.model)
    assert [row.index for row in found.data] == [0, 1, 2]
    assert found.usage.total_tokens > 10
    numbers = client.embeddings.create(model="x", input=TEXTS, encoding_format="float")
    vectors = [row.embedding for row in found.data]
    assert near(vectors, [row.embedding for row in numbers.data])
    assert near(np.linalg.norm(vectors, axis=1), 1)
    assert np.dot(vectors[0], vectors[2]) > np.dot(vectors[0], vectors[1])
    cut = client.embeddings.create(model="x", input=TEXTS[0], dimensions=64).data[0].embedding
    assert len(cut) == 64 and near(np.linalg.norm(cut), 1)


def test_openai_says_what_is_wrong(server: Server) -> None:
    client = openai_client(server)
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="x", input="a", dimensions=100_000)
    assert refused.value.param == "dimensions" and refused.value.type == "invalid_request_error"
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="x", input=[])


def test_openai_token_ids_are_the_models_own(server: Server) -> None:
    tokens = requests.post(f"{server.url}/tokenize", json={"inputs": TEXTS[0], "add_special_tokens": False}).json()[0]
    found = openai_client(server).embeddings.create(model="x", input=[[token["id"] for token in tokens]])
    text = openai_client(server).embeddings.create(model="x", input=TEXTS[0])
    assert np.dot(found.data[0].embedding, text.data[0].embedding) > 0.99


def test_langchain_embeds(server: Server) -> None:
    embeddings = OpenAIEmbeddings(
        base_url=f"{server.url}/v1", api_key="none", model="x", check_embedding_ctx_length=False
    )
    documents = embeddings.embed_documents(TEXTS)
    assert near(documents[0], embeddings.embed_query(TEXTS[0]))


def test_hugging_face_embeds_and_compares(server: Server) -> None:
    expected = openai_client(server).embeddings.create(model="x", input=TEXTS)
    # The address of the server, as for text-embeddings-inference, or that of the route.
    for url in (server.url, f"{server.url}/embed"):
        vectors = InferenceClient(model=url).feature_extraction(TEXTS, normalize=True, truncate=True)
        assert vectors.shape == (3, len(expected.data[0].embedding))
        assert near(vectors, [row.embedding for row in expected.data])
    cosines = InferenceClient(model=f"{server.url}/similarity").sentence_similarity(TEXTS[0], other_sentences=TEXTS[1:])
    assert cosines[1] > cosines[0] and near(cosines[1], vectors[0] @ vectors[2])


def test_cohere_reranks(server: Server) -> None:
    documents = ["Schach wird auf einem Brett gespielt.", "Der Mond hebt das Meer.", "Brot und Butter."]
    if server.model.startswith("all-MiniLM"):
        documents = ["Chess is played on a board.", "The moon lifts the sea.", "Bread and butter."]
    settings = {"model": "rerank-v3.5", "query": "Why are there tides in the sea?", "documents": documents}
    v2 = cohere.ClientV2("none", base_url=server.url).rerank(**settings, top_n=2)
    assert [len(v2.results), v2.results[0].index] == [2, 1]
    assert 0 <= v2.results[1].relevance_score <= v2.results[0].relevance_score <= 1
    v1 = cohere.Client("none", base_url=server.url).rerank(**settings, return_documents=True)
    assert v1.results[0].document.text == documents[1]
    assert v1.results[0].relevance_score == v2.results[0].relevance_score
    assert v1.id and v1.meta.api_version.version == "1"
    with pytest.raises(cohere.core.api_error.ApiError) as refused:
        cohere.ClientV2("none", base_url=server.url).rerank(**settings | {"documents": []})
    assert refused.value.status_code == 422 and "documents" in refused.value.body["message"]


def test_requests_of_jina_and_text_embeddings_inference(server: Server) -> None:
    def post(path: str, body: dict) -> dict:
        answer = requests.post(server.url + path, json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    jina = {"model": "jina-reranker-v2-base-multilingual", "query": "tides", "documents": TEXTS, "top_n": 1}
    ranked = post("/v1/rerank", jina)
    assert ranked["results"][0]["document"]["text"] == TEXTS[ranked["results"][0]["index"]]
    assert ranked["usage"]["total_tokens"] > 0 and ranked["model"] == "passages"
    ranks = post("/rerank", {"query": "tides", "texts": TEXTS, "raw_scores": False, "return_text": True})
    assert ranks[0]["text"] == ranked["results"][0]["document"]["text"]
    tokens = post("/tokenize", {"inputs": TEXTS[:1]})[0]
    states = post("/embed_all", {"inputs": TEXTS[:1]})[0]
    marks = sum(token["special"] for token in tokens)
    assert len(states) in (len(tokens), len(tokens) - marks)
    packed = post("/v1/embeddings", {"input": TEXTS[0], "encoding_format": "base64"})["data"][0]["embedding"]
    assert near(np.frombuffer(base64.b64decode(packed), "<f4"), post("/embed", {"inputs": TEXTS[0]})[0])
    info = requests.get(f"{server.url}/info", timeout=30).json()
    assert info["model_id"].startswith(server.model)


def test_a_text_that_is_too_long_is_cut_or_refused(minilm: Server) -> None:
    text = "moon " * 600
    body = {"inputs": text, "truncate": False}
    refused = requests.post(f"{minilm.url}/embed", json=body, timeout=30)
    assert refused.status_code == 413 and refused.json()["error_type"] == "Validation"
    assert requests.post(f"{minilm.url}/embed", json=body | {"truncate": True}, timeout=30).status_code == 200
