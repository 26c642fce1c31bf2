#!/usr/bin/env bash
# Does memory stay flat while 100,000 texts become vectors? Texts: sentences of FLORES in every language it has here,
# one language after another turned into one of every language after another, so that lengths vary from batch to batch.
# Prints what the process holds after every 10,000 texts: all of it, and what is its own (the rest are mapped files).
# Peer: the same process after its first 10,000 texts.
#
#   benches/speed/embed-memory.sh [MODEL_DIR] [PRECISION]      (default: all-MiniLM-L6-v2, fp32)
set -euo pipefail
cd "$(dirname "$0")/../.."
model=${1:-runtime/models/all-MiniLM-L6-v2}
precision=${2:-fp32}
data=${XENOGLOT_SHARED:-../shared}/data/flores-devtest
[ -d "$data" ] || { echo "no data at $data; set XENOGLOT_SHARED" >&2; exit 1; }
xenoglot=${XENOGLOT:-}
if [ -z "$xenoglot" ]; then
    cargo build --release
    xenoglot=${CARGO_TARGET_DIR:-target}/release/xenoglot
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for file in "$data"/sent.*.txt.zst; do
    zstdcat "$file" | awk '{ printf "%d\t%s\n", NR, $0 }'
done | sort -s -n -k1,1 | cut -f2 | sed -n '1,100000p' >"$work/texts.txt"
printf '%s texts, %s\n' "$(wc -l <"$work/texts.txt")" "$precision"

printf 'texts\tresident MB\town MB\n'
"$xenoglot" embed "$work/texts.txt" --input lines --model "$model" --precision "$precision" 2>"$work/log" | {
    n=0
    pid=$(pgrep -n -f "$work/texts.txt")
    while IFS= read -r _; do
        n=$((n + 1))
        if [ $((n % 10000)) -eq 0 ] && [ -r "/proc/$pid/status" ]; then
            awk -v n="$n" '/^VmRSS/ { all = $2 } /^RssAnon/ { own = $2 }
                END { printf "%d\t%d\t%d\n", n, all / 1024, own / 1024 }' "/proc/$pid/status"
        fi
    done
}
cat "$work/log"
