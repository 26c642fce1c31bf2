#!/usr/bin/env python3
"""The corpus of the benches with 100,000 documents: English Wikipedia passages and Wikinews articles (../shared/data/mono), and
texts in 100 other languages, each of eight lines from ../shared/data/parallel; shuffled with a fixed seed.

    corpus_100k.py DATA OUT.jsonl
"""

import json, pathlib, random, subprocess, sys

data, out = map(pathlib.Path, sys.argv[1:])


def lines(path):
    return subprocess.run(["zstdcat", path], check=True, capture_output=True).stdout.decode().splitlines()


docs = []
for name in ("enwiki2014-passages", "wikinews-en"):
    for record in map(json.loads, lines(data / f"mono/{name}.jsonl.zst")):
        docs.append((record.get("title") or "", record.get("text") or "", "en"))
for path in sorted(data.glob("parallel/*/*.tsv.zst")):
    texts = [line.split("\t")[1] for line in lines(path)]
    lang = path.name.split(".")[0]
    docs += [("", " ".join(texts[i : i + 8]), lang) for i in range(0, len(texts) - 7, 8)]
docs = [doc for doc in docs if doc[1].strip()]
random.Random(1).shuffle(docs)
with open(out, "w") as corpus:
    for i, (title, text, lang) in enumerate(docs[:100_000]):
        record = {"id": f"d{i}", "title": title, "text": text}
        # Codes longer than three letters are not languages of ISO 639 (`lgg-official`): detection takes those.
        if len(lang.split("-")[0]) <= 3:
            record["lang"] = lang
        print(json.dumps(record, ensure_ascii=False), file=corpus)
