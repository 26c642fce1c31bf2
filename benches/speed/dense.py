#!/usr/bin/env python3
"""How many nearest-neighbour queries a second on one core, at a recall@10 of .98?

Corpus: 100,000 distinct sentences in 30 languages (Tatoeba, of ../shared/data or XENOGLOT_SHARED), drawn with a fixed
seed, as vectors of 384 numbers of the encoder inside the program (`xenoglot embed`); 1,000 others are the queries.
Peers: hnswlib, faiss-HNSW (float32, and 8 bits by its scalar quantiser) and usearch (float32, float16, int8). M = 16 and
efConstruction = 200 everywhere, one thread each; a system searches with the least ef of a list that reaches the recall.
Truth is a product of all vectors in float32. The order of systems turns from round to round; figures are medians of
processor seconds, because neighbours may be busy.

    make bench-dense            # ARGS='--rounds 3' for a quick look
    make bench-dense-scale      # 10⁴ to 10⁶ vectors made up of clusters, ours alone
"""

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = (
    "deu fra spa rus jpn cmn_Hans ita por tur pol nld ukr heb hun ara fin ces vie kor swe ell dan hin ron ind lit bul "
    "mkd fas ben"
).split()
N_BASE, N_QUERIES, DIM, DEPTH = 100_000, 1_000, 384, 10
M, EF_CONSTRUCTION = 16, 200
EFS = [32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 320, 384, 512, 768]
GOAL = 0.98
PEERS = ["hnswlib", "faiss f32", "faiss sq8", "usearch f32", "usearch f16", "usearch i8"]


def make_vectors(xenoglot: str, work: Path) -> None:
    """Writes base.f32, queries.f32 and languages.txt, unless they are there."""
    import numpy as np

    if (work / "queries.f32").exists():
        return
    shared = Path(os.environ.get("XENOGLOT_SHARED", ROOT.parent / "shared"))
    language_of: dict[str, str] = {}
    for language in LANGUAGES:
        file = shared / "data" / "parallel" / "tatoeba" / f"{language}.tsv.zst"
        lines = subprocess.run(["zstdcat", file], capture_output=True, text=True, check=True).stdout.splitlines()
        for sentence in (line.split("\t")[1].strip() for line in lines if "\t" in line):
            if sentence:
                language_of.setdefault(sentence, language)
    drawn = list(language_of.items())
    random.Random(20261123).shuffle(drawn)
    # Some have equal vectors, of which the first is kept.
    drawn = drawn[: int(1.1 * (N_BASE + N_QUERIES))]
    (work / "texts.txt").write_text("".join(f"{sentence}\n" for sentence, _ in drawn))
    command = [xenoglot, "embed", work / "texts.txt", "--input", "lines", "--format", "npy", "--output", work / "v.npy"]
    subprocess.run(command, check=True)
    vectors = np.load(work / "v.npy")
    first = np.sort(np.unique(vectors, axis=0, return_index=True)[1])
    first = first[np.linalg.norm(vectors[first], axis=1) > 0.5][: N_BASE + N_QUERIES]
    vectors[first[:N_BASE]].tofile(work / "base.f32")
    (work / "languages.txt").write_text("\n".join(drawn[i][1] for i in first[:N_BASE]))
    vectors[first[N_BASE:]].tofile(work / "queries.f32")


def read(file: Path):
    import numpy as np

    return np.fromfile(file, dtype=np.float32).reshape(-1, DIM)


def peer(name: str, work: Path) -> None:
    """Builds the index of a library, then answers all queries for every line of the standard input, as ours does."""
    import numpy as np

    base, queries = read(work / "base.f32"), read(work / "queries.f32")
    library, _, numbers = name.partition(" ")
    before = resident_bytes()
    if library == "hnswlib":
        import hnswlib

        index = hnswlib.Index("ip", DIM)
        index.init_index(len(base), M=M, ef_construction=EF_CONSTRUCTION)
        start = time.perf_counter(), time.process_time()
        index.add_items(base, num_threads=1)
        set_ef, search = index.set_ef, lambda: index.knn_query(queries, DEPTH, num_threads=1)[0]
    elif library == "faiss":
        import faiss

        faiss.omp_set_num_threads(1)
        metric = faiss.METRIC_INNER_PRODUCT
        index = (
            faiss.IndexHNSWFlat(DIM, M, metric)
            if numbers == "f32"
            else faiss.IndexHNSWSQ(DIM, faiss.ScalarQuantizer.QT_8bit, M, metric)
        )
        index.hnsw.efConstruction = EF_CONSTRUCTION
        start = time.perf_counter(), time.process_time()
        index.train(base)
        index.add(base)
        set_ef, search = lambda ef: setattr(index.hnsw, "efSearch", ef), lambda: index.search(queries, DEPTH)[1]
    else:
        from usearch.index import Index

        metric = "cos" if numbers == "i8" else "ip"
        index = Index(ndim=DIM, metric=metric, dtype=numbers, connectivity=M, expansion_add=EF_CONSTRUCTION)
        start = time.perf_counter(), time.process_time()
        index.add(np.arange(len(base)), base, threads=1)
        set_ef = lambda ef: setattr(index, "expansion_search", ef)  # noqa: E731
        search = lambda: index.search(queries, DEPTH, threads=1).keys  # noqa: E731
    took = time.perf_counter() - start[0], time.process_time() - start[1]
    print(*took, resident_bytes() - before, flush=True)
    for line in sys.stdin:
        ef, _, out = line.split()
        set_ef(int(ef))
        start = time.perf_counter(), time.process_time()
        found = search()
        took = time.perf_counter() - start[0], time.process_time() - start[1]
        found.astype(np.uint32).tofile(out)
        print(*took, flush=True)


def resident_bytes() -> int:
    """What this process has in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


class System:
    """A process that has built an index and waits for queries."""

    def __init__(self, label: str, command: list, work: Path):
        environment = os.environ | {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
        self.label, self.out = label, work / f"found-{label.replace(' ', '-')}.u32"
        self.process = subprocess.Popen([str(part) for part in command], **pipes)
        self.ef, self.recall, self.rounds = 0, 0.0, []

    def wait_for_build(self) -> None:
        self.build_s, self.build_cpu_s, self.memory = map(float, self.process.stdout.readline().split())

    def search(self, ef: int, allowed: str = "-"):
        """The documents found, `[queries, DEPTH]`, and the seconds it took, by the clock and of a processor."""
        import numpy as np

        self.process.stdin.write(f"{ef} {allowed} {self.out}\n")
        self.process.stdin.flush()
        wall, cpu = map(float, self.process.stdout.readline().split())
        return np.fromfile(self.out, dtype=np.uint32).reshape(N_QUERIES, -1), wall, cpu

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def recall(found, truth) -> float:
    """The share of the truth that was found."""
    return sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist())) / truth.size


def best(scores, n: int):
    import numpy as np

    return np.argsort(-scores, axis=1, kind="stable")[:, :n]


def filters(work: Path):
    """Names and sets of documents: random shares, and the smallest language."""
    import numpy as np

    languages = np.array((work / "languages.txt").read_text().split("\n"))
    names, counts = np.unique(languages, return_counts=True)
    draw = np.random.default_rng(20261123).random(N_BASE)
    yield from ((f"{share:.1%} at random", draw < share) for share in (0.5, 0.05, 0.005))
    yield from ((names[i], languages == names[i]) for i in np.argsort(counts)[[-1, 0]])


def main() -> None:
    parser = argparse.ArgumentParser(description="Dense search beside other libraries. See the head of this file.")
    parser.add_argument("--ours", help="the program of benches/speed/dense.rs")
    parser.add_argument("--xenoglot", help="the program whose encoder makes the vectors")
    parser.add_argument("--work", type=Path, default=ROOT / "target" / "bench" / "dense")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--systems", default=",".join(PEERS), help="peers, between commas [all]")
    parser.add_argument("--builds", type=int, default=1, help="builds at once, each on one thread [1]")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    args = parser.parse_args()
    work = args.work.resolve()
    if args.peer:
        return peer(args.peer, work)
    work.mkdir(parents=True, exist_ok=True)
    make_vectors(args.xenoglot, work)
    base, queries = read(work / "base.f32"), read(work / "queries.f32")
    scores = queries @ base.T
    truth = best(scores, DEPTH)

    ours = work / f"ours-{os.getpid()}"
    ours.mkdir()
    files = [work / "base.f32", work / "queries.f32"]
    commands = {"ours": [args.ours, "serve", *files, DIM, ours]}
    for name in filter(None, args.systems.split(",")):
        commands[name] = [sys.executable, __file__, "--work", work, "--peer", name]
    systems, building = [], []
    for label, command in commands.items():
        building.append(System(label, command, work))
        systems.append(building[-1])
        if len(building) == args.builds:
            for system in building:
                system.wait_for_build()
            building = []
    for system in building:
        system.wait_for_build()

    for system in systems:
        for system.ef in EFS:
            system.recall = recall(system.search(system.ef)[0], truth)
            if system.recall >= GOAL:
                break
    for turn in range(args.rounds):
        for i in range(len(systems)):
            system = systems[(i + turn) % len(systems)]
            system.rounds.append(system.search(system.ef)[1:])

    print("| system | build, CPU s | memory or files, MiB | ef | recall@10 | QPS | least–most |")
    print("|---|---|---|---|---|---|---|")
    qps = {}
    for system in systems:
        rates = sorted(N_QUERIES / cpu for _, cpu in system.rounds)
        qps[system.label] = statistics.median(rates)
        print(
            f"| {system.label} | {system.build_cpu_s:.1f} | {system.memory / 2**20:.0f} | {system.ef} | "
            f"{system.recall:.4f} | {qps[system.label]:.0f} | {rates[0]:.0f}–{rates[-1]:.0f} |"
        )
    peers = [system for system in systems[1:] if system.recall >= GOAL]
    if peers:
        fastest, soonest = max(qps[peer.label] for peer in peers), min(peer.build_cpu_s for peer in systems[1:])
        print(f"\nOurs: {qps['ours'] / fastest:.2f} × the QPS of the fastest peer that reaches {GOAL}, ", end="")
        print(f"{systems[0].build_cpu_s / soonest:.2f} × the build of the soonest.\n")

    print("| may be found | documents | recall@10 | µs a query |\n|---|---|---|---|")
    for name, allowed in filters(work):
        file = work / "allowed.bin"
        allowed.astype("u1").tofile(file)
        among = scores.copy()
        among[:, ~allowed] = -2
        runs = [systems[0].search(systems[0].ef, file) for _ in range(args.rounds)]
        us = statistics.median(cpu for *_, cpu in runs) / N_QUERIES * 1e6
        print(f"| {name} | {allowed.sum():,} | {recall(runs[0][0], best(among, DEPTH)):.4f} | {us:.0f} |")
    for system in systems:
        system.close()
    subprocess.run(["rm", "-r", ours], check=True)


if __name__ == "__main__":
    main()
