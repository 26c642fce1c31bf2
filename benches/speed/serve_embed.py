#!/usr/bin/env python3
"""How many embeddings a second does `xenoglot serve` answer over HTTP, against sentence-transformers behind FastAPI and uvicorn?

Corpus: sentences of FLORES (English) in ../shared/data (or XENOGLOT_SHARED), one a request. Model: all-MiniLM-L6-v2, the same weights for
all, float32; ours in 8-bit integers is a further row. Peer: `SentenceTransformer.encode` in FastAPI's own thread pool under one uvicorn
process, as its users write it; and the same with a queue that gathers requests, which is what such a server does at best.
Load: `--clients` connections of one process, each asking again as soon as it is answered (closed loop), `--seconds` a turn. The order of
the systems turns from round to round; printed are medians and ranges, and cosines to sentence-transformers' own vectors.

    make bench-serve-embed     sets up what it needs in target/bench, and runs this
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PORT = 18_431


def sentences(shared: Path) -> list[str]:
    """The English sentences of FLORES, in their order."""
    path = shared / "data" / "flores-devtest" / "sent.en.txt.zst"
    text = subprocess.run(["zstdcat", path], check=True, capture_output=True).stdout.decode()
    return [line.strip() for line in text.split("\n") if line.strip()]


# Peers: this file is also their server.


def peer(model: str, gathers: bool) -> None:
    """Serves `POST /embed` {"inputs": [text]} until it is stopped."""
    import uvicorn
    from fastapi import FastAPI
    from pydantic import BaseModel
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(model, device="cpu")
    encoder.max_seq_length = 256
    app = FastAPI()

    class Request(BaseModel):
        inputs: list[str]

    def encode(texts: list[str]) -> list[list[float]]:
        return encoder.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False).tolist()

    if gathers:
        waiting: asyncio.Queue = asyncio.Queue()

        async def run() -> None:
            while True:
                batch = [await waiting.get()]
                while not waiting.empty() and len(batch) < 64:
                    batch.append(waiting.get_nowait())
                texts = [text for inputs, _ in batch for text in inputs]
                vectors = iter(await asyncio.to_thread(encode, texts))
                for inputs, answer in batch:
                    answer.set_result([next(vectors) for _ in inputs])

        @app.on_event("startup")
        async def start() -> None:
            app.state.task = asyncio.create_task(run())

        @app.post("/embed")
        async def embed(request: Request) -> list[list[float]]:
            answer = asyncio.get_running_loop().create_future()
            waiting.put_nowait((request.inputs, answer))
            return await answer
    else:

        @app.post("/embed")
        def embed(request: Request) -> list[list[float]]:
            return encode(request.inputs)

    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")


# Load.


async def ask(reader, writer, text: str) -> list[float]:
    """The vector of `text`."""
    body = json.dumps({"inputs": [text]}).encode()
    head = f"POST /embed HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    status = await reader.readline()
    length = 0
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    answer = await reader.readexactly(length)
    if b" 200 " not in status:
        raise SystemExit(f"{status!r}: {answer[:200]!r}")
    # Who asks parses, but not here: the clients' own work would slow the servers down, which share the cores.
    return answer


async def load(port: int, texts: list[str], clients: int, seconds: float) -> tuple[float, list[float]]:
    """Requests a second, and their latencies."""
    end = time.perf_counter() + seconds
    latencies: list[float] = []

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        at = number * 31
        while time.perf_counter() < end:
            start = time.perf_counter()
            await ask(reader, writer, texts[at % len(texts)])
            latencies.append(time.perf_counter() - start)
            at += 1
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    return len(latencies) / (time.perf_counter() - start), latencies


async def vectors(port: int, texts: list[str]) -> list[list[float]]:
    """The vectors of `texts`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = [json.loads(await ask(reader, writer, text))[0] for text in texts]
    writer.close()
    return found


# Systems.


class Peer:
    """sentence-transformers behind FastAPI."""

    def __init__(self, args: argparse.Namespace, gathers: bool) -> None:
        self.label = "sentence-transformers, FastAPI" + (", gathering" if gathers else "")
        command = [sys.executable, __file__, str(args.model), "--peer", "gathers" if gathers else "plain"]
        self.port = PORT
        self.child = subprocess.Popen(command)
        for _ in range(600):
            try:
                asyncio.run(vectors(self.port, ["ready"]))
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"{self.label}: does not answer")


class Ours:
    """`xenoglot serve` over an index of one document."""

    def __init__(self, args: argparse.Namespace, precision: str) -> None:
        self.label = f"Xenoglot {precision}"
        work = args.work / f"serve-{precision}"
        work.mkdir(parents=True, exist_ok=True)
        (work / "corpus.jsonl").write_text('{"id": "1", "text": "The moon raises the tides."}\n')
        environment = os.environ | {"XENOGLOT_MODEL": str(args.model.resolve()), "XENOGLOT_PRECISION": precision}
        library = next((ROOT / "runtime").glob("libonnxruntime*"))
        environment["XENOGLOT_ORT_DYLIB"] = str(library)
        run = {"cwd": work, "env": environment}
        if not (work / "index").exists():
            subprocess.run([args.xenoglot, "index", "corpus.jsonl", "--index", "index"], check=True, **run)
        command = [args.xenoglot, "serve", "--index", "index", "--bind", "127.0.0.1:0", *args.serve]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **run)
        self.port = int(self.child.stdout.readline().split()[2].rsplit(":", 1)[1])


def stop(child: subprocess.Popen) -> None:
    child.terminate()
    child.wait(30)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How many embeddings a second over HTTP? See the head of this file.")
    parser.add_argument("model", type=Path, help="directory of all-MiniLM-L6-v2")
    parser.add_argument("--xenoglot", type=lambda text: str(Path(text).resolve()), help="our program")
    parser.add_argument("--serve", action="append", default=[], help="an argument of our `serve`; repeated")
    parser.add_argument("--clients", type=int, default=32, help="connections [32]")
    parser.add_argument("--seconds", type=float, default=15, help="of a turn [15]")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each system [3]")
    parser.add_argument("--work", type=Path, default=ROOT / "target" / "bench", help="folder for indexes")
    parser.add_argument("--peer", choices=["plain", "gathers"], help=argparse.SUPPRESS)
    return parser.parse_args()


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def main() -> None:
    args = arguments()
    if args.peer:
        peer(str(args.model), args.peer == "gathers")
        return
    texts = sentences(Path(os.environ.get("XENOGLOT_SHARED", ROOT.parent / "shared")))
    makers = [
        lambda: Peer(args, False),
        lambda: Peer(args, True),
        lambda: Ours(args, "fp32"),
        lambda: Ours(args, "int8"),
    ]
    speeds: dict[str, list[float]] = {}
    waits: dict[str, list[float]] = {}
    cosines: dict[str, float] = {}
    reference: list[list[float]] | None = None
    for turn in range(args.rounds):
        # One server at a time, so that none idles beside another; the peer comes first in the first round and is the reference.
        for make in makers if turn % 2 == 0 else makers[::-1]:
            system = make()
            try:
                found = asyncio.run(vectors(system.port, texts[:50]))
                reference = reference or found
                cosines[system.label] = min(cosine(a, b) for a, b in zip(found, reference, strict=True))
                asyncio.run(load(system.port, texts, args.clients, min(3.0, args.seconds)))
                speed, latencies = asyncio.run(load(system.port, texts, args.clients, args.seconds))
            finally:
                stop(system.child)
            speeds.setdefault(system.label, []).append(speed)
            waits.setdefault(system.label, []).extend(latencies)
            print(f"round {turn + 1}: {system.label}: {speed:.1f} requests/s", file=sys.stderr)
    best = max(statistics.median(of) for label, of in speeds.items() if not label.startswith("Xenoglot"))
    print("| system | requests/s, median (range) | × the better peer | p50 ms | p99 ms | least cosine |\n|---|---|---|---|---|---|")
    for label, of in speeds.items():
        ordered = sorted(waits[label])
        p50, p99 = (1e3 * ordered[int(q * (len(ordered) - 1))] for q in (0.5, 0.99))
        median = statistics.median(of)
        print(
            f"| {label} | {median:.0f} ({min(of):.0f}–{max(of):.0f}) | {median / best:.2f} | {p50:.0f} | {p99:.0f} "
            f"| {cosines[label]:.6f} |"
        )


if __name__ == "__main__":
    main()
