# Everything a new machine needs is fetched by these targets: Rust, Python 3 and pip are enough.

.PHONY: demo test setup test-model lint bench-xquad bench-index bench-encode bench-encode-gpu bench-precision bench-memory bench-rerank

## Build, then index and search a sample corpus in 20 languages.
demo:
	python3 scripts/setup.py || echo 'going on without ONNX Runtime: the demo does not need it'
	cargo run --release -- demo

## Fetch what is missing, build and pass every test.
test: test-model
	cargo test --workspace

## ONNX Runtime's shared library, into runtime/ (checked by its SHA-256).
setup:
	python3 scripts/setup.py

# That, and the model that parity tests run: all-MiniLM-L6-v2.
test-model:
	python3 scripts/setup.py --test-models

## What CI asks for beside the tests.
lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

## XQuAD, 11 query languages × 11 document languages × 3 first stages (needs ../shared or XENOGLOT_SHARED).
bench-xquad:
	cargo bench --bench xquad

## 100,000 documents: speed of each stage and peak memory (needs ../shared or XENOGLOT_SHARED).
bench-index:
	benches/speed/index-100k.sh

ENCODE := $(or $(CARGO_TARGET_DIR),target)/release/examples/encode
# What the peers of bench-encode need.
BENCH_VENV := target/bench/venv
$(BENCH_VENV): benches/speed/requirements.txt
	python3 -m venv $@
	$@/bin/pip install --quiet -r $<
	touch $@

## Texts per second against sentence-transformers and Python's onnxruntime (needs ../shared or XENOGLOT_SHARED, and
## zstdcat; ARGS='--count 500 --rounds 2' for a quick look).
bench-encode: test-model $(BENCH_VENV)
	cargo build --release --example encode
	$(BENCH_VENV)/bin/python benches/speed/encode.py runtime/models/all-MiniLM-L6-v2 \
	    --ours fp32='$(ENCODE)' \
	    --ours int8='$(ENCODE) --precision int8' $(ARGS)

## The same on a GPU, in 16 bits, with the share of the card's peak (PEAK_TFLOPS, from its data sheet).
bench-encode-gpu: test-model $(BENCH_VENV)
	cargo build --release --example encode
	$(BENCH_VENV)/bin/python benches/speed/encode.py runtime/models/all-MiniLM-L6-v2 --device cuda --batch 256 \
	    --peak-tflops $(PEAK_TFLOPS) --ours fp16='$(ENCODE) --cuda --precision fp16' $(ARGS)

## What each precision costs: nDCG@10 on English XQuAD (needs ../shared or XENOGLOT_SHARED).
bench-precision: test-model
	benches/eval/precision.sh

## Memory while 100,000 texts are embedded (needs ../shared or XENOGLOT_SHARED, and zstdcat).
bench-memory: test-model
	benches/speed/embed-memory.sh

## What modules cost, and candidates per second against sentence-transformers' CrossEncoder (needs ../shared or
## XENOGLOT_SHARED, and zstdcat).
bench-rerank: test-model $(BENCH_VENV)
	benches/speed/rerank.sh
