#!/usr/bin/env bash
# Makes models/xenoglot-langid/table.bin from ../shared/data/parallel (or XENOGLOT_SHARED): six minutes on two busy cores.
# Needs Python 3 with `anyascii` (0.3), and zstdcat.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=target/langid
mkdir -p "$work"
python3 training/langid/prepare.py "${XENOGLOT_SHARED:-../shared}/data" "$work/train.tsv"
cargo run --release --example train-langid -- "$work/train.tsv" "${1:-8000000}" models/xenoglot-langid/table.bin
