#!/usr/bin/env bash
# What does each precision cost? nDCG@10 of dense search over English XQuAD (1,190 questions, 240 paragraphs), with
# documents and queries encoded in each precision, and with documents in fp32 and queries in int8.
# Peer: the same model in fp32, in the same run.
#
#   benches/eval/precision.sh [MODEL_DIR] [PRECISION…]      (default: all-MiniLM-L6-v2; fp32 fp16 int8)
set -euo pipefail
cd "$(dirname "$0")/../.."
model=${1:-runtime/models/all-MiniLM-L6-v2}
shift || true
precisions=("$@")
[ ${#precisions[@]} -gt 0 ] || precisions=(fp32 fp16 int8)
data=${XENOGLOT_SHARED:-../shared}/data/xquad-r
[ -d "$data" ] || { echo "no data at $data; set XENOGLOT_SHARED" >&2; exit 1; }
xenoglot=${XENOGLOT:-}
if [ -z "$xenoglot" ]; then
    cargo build --release
    xenoglot=${CARGO_TARGET_DIR:-target}/release/xenoglot
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# documents' precision, queries' precision
row() {
    "$xenoglot" search --topics "$data/queries.en.jsonl.zst" --run "$work/run.trec" --index "$work/$1" \
        --mode dense --depth 10 --model "$model" --precision "$2" 2>>"$work/log"
    ndcg=$("$xenoglot" eval score --qrels "$data/qrels/para.en.qrels" --run "$work/run.trec" -m nDCG@10 | cut -f3)
    printf '%s\t%s\t%s\n' "$1" "$2" "$ndcg"
    rm "$work/run.trec"
}

printf 'documents\tqueries\tnDCG@10\n'
for precision in "${precisions[@]}"; do
    "$xenoglot" index "$data/corpus.en.jsonl.zst" --index "$work/$precision" --model "$model" \
        --precision "$precision" 2>>"$work/log" || { cat "$work/log" >&2; exit 1; }
    row "$precision" "$precision"
done
if [[ " ${precisions[*]} " == *" fp32 "* && " ${precisions[*]} " == *" int8 "* ]]; then
    row fp32 int8
fi
