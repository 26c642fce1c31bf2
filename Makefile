# Everything a new machine needs is fetched by these targets: Rust, Python 3 and pip are enough.

.PHONY: demo test setup test-model lint bench-xquad bench-index

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
