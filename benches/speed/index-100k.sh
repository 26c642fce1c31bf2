#!/usr/bin/env bash
# How fast do 100,000 documents become an index, stage by stage, and does memory grow with the corpus?
#
# Corpus: that of corpus_100k.py. 25,000 and 100,000 documents of it are indexed, so that two peaks of memory can be compared.
# Needs: zstd, Python 3, ../shared or XENOGLOT_SHARED. Command: benches/speed/index-100k.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
shared=${XENOGLOT_SHARED:-../shared}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo build --release --quiet
xenoglot=${CARGO_TARGET_DIR:-target}/release/xenoglot

python3 benches/speed/corpus_100k.py "$shared/data" "$scratch/corpus.jsonl"

for n in 25000 100000; do
    echo "== $n documents"
    head -n "$n" "$scratch/corpus.jsonl" | "$xenoglot" index - --index "$scratch/index-$n"
done
