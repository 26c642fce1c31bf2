#!/usr/bin/env bash
# How many searches a second does a server answer, how long do they take, and what happens when there are more?
#
#   search   hybrid searches over the 100,000 documents of corpus_100k.py with the encoder inside the program. Requests come at
#            fixed moments whether answers have come or not (open loop), at 50, 80 and 120 % of what the server answers
#            when 32 clients ask as fast as they can. Latencies count from the moment at which a request was due.
#   rerank   30 candidates of about 64 tokens in 11 languages by one cross-encoder of the size of MiniLM-L6, in int8, one request
#            at a time.
#
# Server and load share the machine. Queries are XQuAD's in 11 languages, none twice in a row.
#   make bench-load              (needs ../shared or XENOGLOT_SHARED, and zstdcat)
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${XENOGLOT_SHARED:-../shared}/data
work=${BENCH_DIR:-target/bench}/load
python=${PYTHON:-target/bench/venv/bin/python}
mkdir -p "$work"
cargo build --release --workspace --bin xenoglot --example load
target=${CARGO_TARGET_DIR:-target}/release
xenoglot=$target/xenoglot

[ -f "$work/corpus.jsonl" ] || python3 benches/speed/corpus_100k.py "$data" "$work/corpus.jsonl"
[ -d "$work/index" ] || "$xenoglot" index "$work/corpus.jsonl" --index "$work/index"
for lang in ar de el en es hi ru th tr vi zh; do zstdcat "$data/xquad-r/queries.$lang.jsonl.zst"; done | shuf --random-source=<(yes) > "$work/queries.jsonl"

# serve ARGS…: a server whose address is in $address and whose process is in $server.
serve() {
    "$xenoglot" serve --bind 127.0.0.1:0 "$@" > "$work/address" 2> "$work/log" &
    server=$!
    trap 'kill $server 2> /dev/null || true' EXIT
    until address=$(grep -om1 '127.0.0.1:[0-9]*' "$work/address"); do kill -0 "$server"; sleep 0.1; done
}

echo "== search"
serve --index "$work/index"
"$target/examples/load" search "$address" "$work/queries.jsonl" "$server"
kill "$server" && wait "$server" || true

echo "== rerank"
if [ ! -d "$work/cross-encoder/sft/rank" ] && [ -x "$python" ]; then
    "$python" benches/speed/make_cross_encoder.py runtime/models/all-MiniLM-L6-v2 "$work/cross-encoder"
fi
for precision in fp32 int8; do
    echo -n "$precision: "
    serve --index "$work/index" --rerank "$work/cross-encoder/base" --precision "$precision"
    "$target/examples/load" rerank "$address" "$work/corpus.jsonl"
    kill "$server" && wait "$server" || true
done
