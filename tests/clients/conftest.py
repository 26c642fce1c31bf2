"""Servers of the real program, one with the model inside it and one with a transformer.

    make test-clients       sets up what this needs in target/bench, and runs it

XENOGLOT_BIN names the program. What needs all-MiniLM-L6-v2 (`make test-model` fetches it) is skipped where that is not.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MINILM = ROOT / "runtime" / "models" / "all-MiniLM-L6-v2"

DOCUMENTS = [
    {"id": "tides-de", "text": "Der Mond hebt die Meere, und so entstehen die Gezeiten.", "lang": "de"},
    {"id": "bread-es", "text": "El pan se hornea por la mañana en el pueblo.", "lang": "es"},
    {"id": "chess-en", "title": "Chess", "text": "Chess is played on a board of sixty-four squares.", "lang": "en"},
    {"id": "rain-fr", "text": "La pluie tombe surtout en automne.", "lang": "fr"},
]


@dataclass(frozen=True)
class Server:
    """A server that answers, and the name of its model."""

    url: str
    model: str


def start(work: Path, model: Path | None, name: str, *flags: str) -> Iterator[Server]:
    """A server over DOCUMENTS that takes further ones, with further flags; stopped when the test is done with it."""
    program = os.environ["XENOGLOT_BIN"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XENOGLOT_")}
    if runtime := next((ROOT / "runtime").glob("libonnxruntime*"), None):
        environment["XENOGLOT_ORT_DYLIB"] = str(runtime)
    if model is not None:
        environment["XENOGLOT_MODEL"] = str(model)
    (work / "corpus.jsonl").write_text("".join(json.dumps(document) + "\n" for document in DOCUMENTS))
    run = {"cwd": work, "env": environment}
    subprocess.run(
        [program, "index", "corpus.jsonl", "--index", "collections/default"], check=True, capture_output=True, **run
    )
    with open(work / "log.txt", "w") as log:
        child = subprocess.Popen(
            [program, "serve", "--collections", "collections", "--writable", "--bind", "127.0.0.1:0", *flags],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            **run,
        )
        try:
            # The first line names the address.
            line = child.stdout.readline()
            if not line.startswith("listening on "):
                raise RuntimeError(f"got {line!r}: {(work / 'log.txt').read_text()}")
            yield Server(line.split()[2], name)
        finally:
            child.terminate()
            child.wait(20)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the model inside the program."""
    yield from start(tmp_path_factory.mktemp("embedded"), None, "xenoglot-static")


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a transformer."""
    if not MINILM.is_dir():
        pytest.skip("all-MiniLM-L6-v2 is not here; `make test-model` fetches it")
    yield from start(tmp_path_factory.mktemp("minilm"), MINILM, "all-MiniLM-L6-v2")


@pytest.fixture(params=["embedded", "minilm"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of them."""
    return request.getfixturevalue(request.param)
