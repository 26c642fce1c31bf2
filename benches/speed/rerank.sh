#!/usr/bin/env bash
# How fast are candidates reranked, and what do modules cost?
#
#   languages   one batch of 32 pairs under one language, under 8 or 32 in one bank, and under as many one after another,
#               at 128 and at 32 tokens. Peer: the same batch under one language.
#   throughput  300 pairs of an XQuAD question and a paragraph, in 11 languages, 20 to 512 tokens, from strings to
#               scores. Peer: sentence_transformers.CrossEncoder on the same weights, in turns with ours.
#   masks       what a pair of masks costs as a batch runs, to compose and to switch to, and what 1 and 8 of them hold in
#               memory. The masks cover every linear weight and the words at 4.15 %; the table of words has 30,522 rows
#               (small), or 250,002 as XLM-R's (large). Peers: no masks; one pair.
#
#   make bench-rerank            (or: benches/speed/rerank.sh, with PYTHON set to one that has sentence-transformers)
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${XENOGLOT_SHARED:-../shared}/data/xquad-r
work=${BENCH_DIR:-target/bench}/rerank
python=${PYTHON:-target/bench/venv/bin/python}
mkdir -p "$work"
[ -x "$python" ] || { echo "no Python at $python; make bench-rerank sets one up" >&2; exit 1; }
cargo build --release --workspace --example rerank
bench=${CARGO_TARGET_DIR:-target}/release/examples/rerank

[ -d "$work/small/sft/rank" ] ||
    "$python" benches/speed/make_cross_encoder.py runtime/models/all-MiniLM-L6-v2 "$work/small"
[ -d "$work/large/sft/rank" ] ||
    "$python" benches/speed/make_cross_encoder.py runtime/models/all-MiniLM-L6-v2 "$work/large" --no-adapters \
        --vocab 250002

echo "== languages"
"$bench" --world "$work/small" languages --n-languages 8 --n-tokens 128
"$bench" --world "$work/small" languages --n-languages 32 --n-tokens 32

echo "== throughput"
"$python" benches/speed/rerank_pairs.py make "$data" "$work/pairs.jsonl"
for round in 1 2 3; do
    echo "ours:   $("$bench" --world "$work/small" throughput --pairs "$work/pairs.jsonl" --rounds 1 \
        --scores "$work/scores.txt")"
    echo "theirs: $("$python" benches/speed/rerank.py "$work/small/base" "$work/pairs.jsonl" --rounds 1 \
        --scores "$work/scores.npy")"
done | tee "$work/throughput.txt"
"$python" benches/speed/rerank_pairs.py compare "$work"

echo "== masks"
"$bench" --world "$work/small" mask-speed
for world in small large; do
    for n in 1 8; do
        echo "$world: $("$bench" --world "$work/$world" masks --resident "$n")"
    done
done
