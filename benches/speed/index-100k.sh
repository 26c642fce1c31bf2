#!/usr/bin/env bash
# How fast do 100,000 documents become an index, stage by stage, and does memory grow with the corpus?
#
# Corpus: English Wikipedia passages and Wikinews articles (../shared/data/mono), and texts in 100 other languages, each
# of eight lines from ../shared/data/parallel; shuffled with a fixed seed. 25,000 and 100,000 of them are indexed, so
# that two peaks of memory can be compared.
# Needs: zstd, Python 3, ../shared or XENOGLOT_SHARED. Command: benches/speed/index-100k.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
shared=${XENOGLOT_SHARED:-../shared}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo build --release --quiet
xenoglot=${CARGO_TARGET_DIR:-target}/release/xenoglot

python3 - "$shared/data" "$scratch/corpus.jsonl" <<'PYTHON'
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
PYTHON

for n in 25000 100000; do
    echo "== $n documents"
    head -n "$n" "$scratch/corpus.jsonl" | "$xenoglot" index - --index "$scratch/index-$n"
done
