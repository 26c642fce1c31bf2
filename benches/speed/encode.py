#!/usr/bin/env python3
"""How fast does Xenoglot encode 5,000 texts with all-MiniLM-L6-v2, against what one would otherwise use?

Corpus: 5,000 real texts of mixed length in more than 110 languages, drawn with a fixed seed from ../shared/data (or
XENOGLOT_SHARED); see `SOURCES`. None of them stays in the repository.
Peers: sentence-transformers' `encode`, float32, batches of 32; and Python's onnxruntime over the plain ONNX export of
the same model (what model hubs carry as onnx/model.onnx), batches of 32 sorted by length, all graph optimisations.
Each system has the same threads, goes from strings to unit vectors, and does so in every round; the order of the
systems turns from round to round. Speed is printed beside the cosines to sentence-transformers' own float32 vectors.

    make bench-encode          sets up what it needs in target/bench, and runs this

A system of ours is a command. It is given `--model DIR --texts FILE` (a line {"text": ...} each), loads both, prints
`ready`, and answers each line of its input with one of its output: `go` (encode all texts once) with
{"seconds": s}, and `save PATH` (write the vectors as .npy, float32, one row a text) with {"saved": PATH}. It ends
when its input does. RAYON_NUM_THREADS and OMP_NUM_THREADS tell it the threads.

With `--device cuda`, sentence-transformers runs in float16 on the GPU, the second peer is left out, and its share of
`--peak-tflops` is printed.
"""

import argparse
import json
import os
import platform
import random
import shlex
import statistics
import subprocess
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 1
MAX_TOKENS = 256
SGEMM_SIDE = 1536
# Seconds between two runs, for threads that spin while they wait for work to go to sleep.
PAUSE = 0.5


# Texts.

# Share of the texts, and the length they bring: about 8, 30, 150 and 500 words of English.
SOURCES = {
    "tatoeba": 0.25,  # short sentences, 112 languages
    "flores-devtest": 0.35,  # sentences of news and encyclopaedia, 113 languages
    "xquad-r": 0.25,  # paragraphs of Wikipedia, 11 languages
    "mono": 0.15,  # the rest; Wikinews in English, news in Kyrgyz, and passages of the English Wikipedia
}


def make_texts(shared: Path, count: int) -> list[dict]:
    """`count` different texts {"text", "source", "lang"}, always the same, in one random order."""
    rng = random.Random(SEED)
    pools = {name: sorted(set(pool(shared / "data"))) for name, pool in POOLS.items()}
    texts = []
    for name, share in SOURCES.items():
        # A language first, so that each has its part whatever the size of its file.
        by_lang = {}
        for lang, text in pools[name]:
            by_lang.setdefault(lang, []).append(text)
        for candidates in by_lang.values():
            rng.shuffle(candidates)
        langs = sorted(by_lang)
        due = round(share * count) if name != "mono" else count - len(texts)
        while due:
            langs = [lang for lang in langs if by_lang[lang]]
            if not langs:
                raise SystemExit(f"{name}: {due} texts short of its part of {count}")
            rng.shuffle(langs)
            texts += [{"text": by_lang[lang].pop(), "source": name, "lang": lang} for lang in langs[:due]]
            due -= min(due, len(langs))
    rng.shuffle(texts)
    return texts


def lines(path: Path) -> list[str]:
    """The lines of a .zst file."""
    return subprocess.run(["zstdcat", path], check=True, capture_output=True).stdout.decode().split("\n")[:-1]


def tatoeba(data: Path):
    """(language, sentence) of the side that is not English; empty ones left out, as everywhere."""
    for path in data.glob("tatoeba/*-eng.tsv.zst"):
        for line in lines(path):
            if text := line.split("\t")[0].strip():
                yield path.name.split("-")[0], text


def flores(data: Path):
    """(language, sentence)."""
    for path in data.glob("flores-devtest/sent.*.txt.zst"):
        for line in lines(path):
            if text := line.strip():
                yield path.name.split(".")[1], text


def xquad(data: Path):
    """(language, paragraph)."""
    for path in data.glob("xquad-r/corpus.*.jsonl.zst"):
        for line in lines(path):
            yield path.name.split(".")[1], json.loads(line)["text"].strip()


def mono(data: Path):
    """(collection, article): each of the three weighs like a language."""
    for path in data.glob("mono/*.jsonl.zst"):
        for line in lines(path):
            if text := json.loads(line)["text"].strip():
                yield path.name.split(".")[0], text


POOLS = {"tatoeba": tatoeba, "flores-devtest": flores, "xquad-r": xquad, "mono": mono}


def describe_lengths(texts: list[dict], untruncated: list[int]) -> str:
    """One sentence on how many tokens the texts have."""
    ordered = sorted(untruncated)
    at = {q: ordered[min(len(ordered) - 1, len(ordered) * q // 100)] for q in (5, 25, 50, 75, 95)}
    over = sum(n > MAX_TOKENS for n in untruncated) / len(untruncated)
    parts = ", ".join(f"{n} of {name}" for name, n in sorted(Counter(row["source"] for row in texts).items()))
    return (
        f"{len(texts):,} texts ({parts}). Tokens with the two special ones, before "
        f"truncation, at the 5th, 25th, 50th, 75th and 95th per cent: {', '.join(map(str, at.values()))}; "
        f"{over:.1%} are longer than the {MAX_TOKENS} that are read; "
        f"{sum(min(n, MAX_TOKENS) for n in untruncated):,} tokens are read in all."
    )


# Systems. Each has a label, `run()` which encodes everything once and returns (seconds, CPU seconds), `vectors()`,
# and `padded`, the tokens of a run with padding where it is known.


class SentenceTransformers:
    """`SentenceTransformer.encode` with its defaults; on the GPU in float16."""

    def __init__(self, model: Path, texts: list[str], device: str, batch: int) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        self.label = "sentence-transformers" + (" float16, GPU" if device == "cuda" else " float32")
        self.texts, self.batch, self.padded = texts, batch, None
        self.model = SentenceTransformer(str(model), device=device)
        self.model.max_seq_length = MAX_TOKENS
        assert next(self.model.parameters()).dtype == torch.float32
        # Also the warm-up, but for the GPU's.
        self.reference = self.last = self._count_padding(self._encode)
        if device == "cuda":
            self.model.half()
            self.run()

    def _encode(self):
        return self.model.encode(
            self.texts, batch_size=self.batch, normalize_embeddings=True, show_progress_bar=False
        )

    def _count_padding(self, encode):
        """The result of `encode`, while the sizes of its batches are noted."""
        original, self.padded = self.model.preprocess, 0

        def preprocess(*args, **kwargs):
            features = original(*args, **kwargs)
            self.padded += features["input_ids"].numel()
            return features

        self.model.preprocess = preprocess
        try:
            return encode()
        finally:
            self.model.preprocess = original

    def run(self) -> tuple[float, float]:
        cpu, start = time.process_time(), time.perf_counter()
        self.last = self._encode()
        return time.perf_counter() - start, time.process_time() - cpu

    def vectors(self):
        return self.last.astype("float32")


class PythonOnnxruntime:
    """onnxruntime as its users call it from Python: tokenise all, sort, batches of 32, mean and length in numpy."""

    label = "Python onnxruntime float32"

    def __init__(self, model: Path, texts: list[str], threads: int, work: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.texts, self.padded = texts, None
        exported = work / "model.onnx"
        if not exported.exists():
            export_onnx(model, exported)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(exported), options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.no_padding()

    def run(self) -> tuple[float, float]:
        cpu, start = time.process_time(), time.perf_counter()
        self.last = self._encode()
        return time.perf_counter() - start, time.process_time() - cpu

    def _encode(self):
        import numpy as np

        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(self.texts)]
        order = sorted(range(len(ids)), key=lambda i: -len(ids[i]))
        out = np.empty((len(ids), 384), dtype=np.float32)
        self.padded = 0
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            width = max(len(ids[i]) for i in rows)
            self.padded += width * len(rows)
            input_ids = np.zeros((len(rows), width), dtype=np.int64)
            mask = np.zeros_like(input_ids)
            for row, i in enumerate(rows):
                input_ids[row, : len(ids[i])] = ids[i]
                mask[row, : len(ids[i])] = 1
            feed = {"input_ids": input_ids, "attention_mask": mask, "token_type_ids": np.zeros_like(mask)}
            hidden = self.session.run(["last_hidden_state"], feed)[0]
            weights = mask[:, :, None].astype(np.float32)
            mean = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
            out[rows] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return out

    def vectors(self):
        return self.last


def export_onnx(model: Path, exported: Path) -> None:
    """Writes the model as hubs carry it: one file, plain operators of opset 14, batch and length left open."""
    import torch
    from transformers import AutoModel

    class LastHidden(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = AutoModel.from_pretrained(model, attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask, token_type_ids):
            return self.model(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state

    inputs, output = ["input_ids", "attention_mask", "token_type_ids"], "last_hidden_state"
    partial = exported.with_suffix(".partial")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this exporter is the older of two; hubs were filled with it
        torch.onnx.export(
            LastHidden(),
            tuple(torch.ones(2, 7, dtype=torch.long) for _ in inputs),
            str(partial),
            input_names=inputs,
            output_names=[output],
            dynamic_axes={name: {0: "batch_size", 1: "sequence_length"} for name in [*inputs, output]},
            opset_version=14,
            dynamo=False,
        )
    partial.rename(exported)


class Ours:
    """A child process that speaks the protocol above."""

    padded = None

    def __init__(self, label: str, command: str, model: Path, texts: Path, threads: int, work: Path) -> None:
        self.label = f"Xenoglot {label}"
        self.saved = work / f"vectors-{label.replace('/', '-')}.npy"
        environment = os.environ | {"RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        arguments = [*shlex.split(command), "--model", str(model), "--texts", str(texts)]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        if (line := self._line()) != "ready":
            raise SystemExit(f"{self.label}: got {line!r}, expected `ready`")

    def _line(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.label}: ended with status {self.process.wait()} where an answer was expected")
        return line.strip()

    def _ask(self, request: str) -> dict:
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return json.loads(self._line())

    def run(self) -> tuple[float, float]:
        cpu, start = tree_cpu_seconds(self.process.pid), time.perf_counter()
        seconds = self._ask("go")["seconds"]
        wall = time.perf_counter() - start
        # The clock of the child counts, for ours would else pay for the pipe; but it must be the same clock.
        if not seconds <= wall * 1.01 <= seconds * 1.1 + 0.1:
            raise SystemExit(f"{self.label}: says {seconds:.3f} s for what took {wall:.3f} s")
        return seconds, tree_cpu_seconds(self.process.pid) - cpu

    def vectors(self):
        import numpy as np

        self.saved.unlink(missing_ok=True)
        saved = self._ask(f"save {self.saved}")["saved"]
        return np.load(saved)

    def close(self) -> None:
        """Ends the child by ending its input; one that stays is killed."""
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def tree_cpu_seconds(pid: int) -> float:
    """CPU seconds, of user and system, of a process and of what it has started that still runs or was waited for."""
    # After the name, which may hold spaces and brackets: utime, stime and the two of waited-for children.
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    total = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    for children in Path(f"/proc/{pid}/task").glob("*/children"):  # a kernel may be built without
        total += sum(map(tree_cpu_seconds, map(int, children.read_text().split())))
    return total


# Measures.


def machine_busy_seconds() -> float:
    """CPU seconds that all processes of the machine have used so far, and that its host has kept from it."""
    fields = list(map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]))
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def sgemm_gflops(threads: int) -> dict[str, float]:
    """The best float32 products of SGEMM_SIDE³ of each library: PyTorch's (MKL) and ONNX Runtime's (MLAS)."""
    import numpy as np
    import onnx
    import onnxruntime
    import torch

    a, b = (torch.rand(SGEMM_SIDE, SGEMM_SIDE) for _ in range(2))
    shapes = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [SGEMM_SIDE] * 2) for name in "aby"]
    node = onnx.helper.make_node("MatMul", ["a", "b"], ["y"])
    graph = onnx.helper.make_graph([node], "sgemm", shapes[:1], shapes[2:], [onnx.numpy_helper.from_array(b.numpy(), "b")])
    model = onnx.helper.make_model(graph, ir_version=9, opset_imports=[onnx.helper.make_opsetid("", 20)])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    inputs = {"a": np.ascontiguousarray(a.numpy())}
    products = {"PyTorch": lambda: a @ b, "ONNX Runtime": lambda: session.run(None, inputs)}
    return {name: best_gflops(product, SGEMM_SIDE) for name, product in products.items()}


def gpu_matmul_gflops() -> float:
    """The best float16 products of 8192³ on the GPU."""
    import torch

    a, b = (torch.rand(8192, 8192, device="cuda").half() for _ in range(2))

    def product() -> None:
        a @ b
        torch.cuda.synchronize()

    return best_gflops(product, 8192)


def best_gflops(product, side: int) -> float:
    """The best of what `product`, of two square matrices of `side`, reaches within a second."""
    best, end = 0.0, time.perf_counter() + 1.0
    while time.perf_counter() < end:
        start = time.perf_counter()
        product()
        best = max(best, 2 * side**3 / (time.perf_counter() - start) / 1e9)
    return best


def model_flops(config: dict, lengths: list[int]) -> float:
    """Floating-point operations that the texts need without padding: linear layers, and attention's two products."""
    hidden, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    linear = 2 * (4 * hidden * hidden + 2 * hidden * inner)
    return float(sum(layers * n * (linear + 4 * n * hidden) for n in lengths))


def agreement(vectors, reference) -> tuple[float, float]:
    """Least and mean cosine between rows."""
    import numpy as np

    assert vectors.dtype == np.float32 and vectors.shape == reference.shape, (vectors.dtype, vectors.shape)
    a, b = vectors.astype(np.float64), reference.astype(np.float64)
    norms = np.linalg.norm(a, axis=1)
    assert (abs(norms - 1) < 1e-3).all(), f"not at unit length: {norms.min()} to {norms.max()}"
    cosines = (a * b).sum(axis=1) / norms / np.linalg.norm(b, axis=1)
    return float(cosines.min()), float(cosines.mean())


def measure(systems: list, rounds: int, threads: int) -> tuple[dict[str, list[dict]], list[dict[str, float]]]:
    """Per system its runs, and the matrix products' GFLOP/s, measured before each round and after the last."""
    runs = {system.label: [] for system in systems}
    sgemm = []
    for turn in range(rounds):
        sgemm.append(sgemm_gflops(threads))
        for system in systems if turn % 2 == 0 else systems[::-1]:
            time.sleep(PAUSE)
            busy, start = machine_busy_seconds(), time.perf_counter()
            seconds, cpu = system.run()
            wall = time.perf_counter() - start
            others = max(0.0, (machine_busy_seconds() - busy - cpu) / wall)
            runs[system.label].append({"seconds": seconds, "cpu_seconds": cpu, "other_cores": others})
            print(f"round {turn + 1}: {system.label}: {seconds:.2f} s, CPU {cpu:.2f} s", file=sys.stderr)
    sgemm.append(sgemm_gflops(threads))
    return runs, sgemm


def summarise(systems: list, runs: dict, cosines: dict, tokens: int, texts: int, flops: float, peak: float) -> list:
    """A row of figures per system."""
    medians = {label: statistics.median(run["seconds"] for run in of) for label, of in runs.items()}
    rows = []
    for system in systems:
        of, seconds = runs[system.label], medians[system.label]
        row = {
            "system": system.label,
            "median_seconds": seconds,
            "least_seconds": min(run["seconds"] for run in of),
            "most_seconds": max(run["seconds"] for run in of),
            "texts_per_second": texts / seconds,
            "tokens_per_second": tokens / seconds,
            "cpu_seconds": statistics.median(run["cpu_seconds"] for run in of),
            "other_cores": statistics.median(run["other_cores"] for run in of),
            "padding_share": 1 - tokens / system.padded if system.padded else None,
            "gflops": flops / seconds / 1e9,
            "share_of_sgemm": flops / seconds / 1e9 / peak,
            "least_cosine": cosines[system.label][0],
            "mean_cosine": cosines[system.label][1],
            "runs": of,
        }
        for key, kind in (("to_sentence_transformers", SentenceTransformers), ("to_onnxruntime", PythonOnnxruntime)):
            peer = next((medians[other.label] for other in systems if isinstance(other, kind)), None)
            row[key] = peer / seconds if peer else None
        rows.append(row)
    return rows


def table(rows: list[dict]) -> str:
    """The rows as Markdown. Ratios are speeds: above 1 is faster than the peer."""
    columns = {
        "system": lambda r: r["system"],
        "seconds, median (range)": lambda r: (
            f"{r['median_seconds']:.2f} ({r['least_seconds']:.2f}–{r['most_seconds']:.2f})"
        ),
        "texts/s": lambda r: f"{r['texts_per_second']:.0f}",
        "tokens/s": lambda r: f"{r['tokens_per_second']:,.0f}",
        "× sentence-transformers": lambda r: optional(r["to_sentence_transformers"], ".2f"),
        "× Python onnxruntime": lambda r: optional(r["to_onnxruntime"], ".2f"),
        "CPU s": lambda r: f"{r['cpu_seconds']:.1f}",
        "others' cores": lambda r: f"{r['other_cores']:.2f}",
        "padding": lambda r: optional(r["padding_share"], ".1%"),
        "GFLOP/s": lambda r: f"{r['gflops']:.1f}",
        "of sgemm": lambda r: f"{r['share_of_sgemm']:.0%}",
        "cosine, least": lambda r: f"{r['least_cosine']:.6f}",
        "mean": lambda r: f"{r['mean_cosine']:.6f}",
    }
    out = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    out += ["| " + " | ".join(cell(row) for cell in columns.values()) + " |" for row in rows]
    return "\n".join(out)


def optional(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def cpu_name() -> str:
    """What the processor calls itself."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast are texts encoded? See the head of this file.")
    parser.add_argument("model", type=Path, help="directory of all-MiniLM-L6-v2")
    parser.add_argument("--ours", action="append", default=[], metavar="LABEL=CMD", help="a system of ours; repeated")
    parser.add_argument("--count", type=int, default=5000, help="how many texts [5000]")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds after one warm-up [5]")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of each system [all cores]")
    parser.add_argument("--work", type=Path, default=ROOT / "target" / "bench", help="folder for texts and the export")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="of sentence-transformers [cpu]")
    parser.add_argument("--batch", type=int, default=32, help="batch size of sentence-transformers [32]")
    parser.add_argument("--peak-tflops", type=float, help="of the GPU in float16, from its data sheet")
    parser.add_argument("--texts-only", action="store_true", help="write and describe the texts, measure nothing")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    args = parser.parse_args()
    if any("=" not in ours for ours in args.ours):
        parser.error("--ours takes LABEL=CMD")
    return args


def main() -> None:
    args = arguments()
    # Before torch and tokenizers are loaded, which read them once.
    os.environ |= {"OMP_NUM_THREADS": str(args.threads), "MKL_NUM_THREADS": str(args.threads)}
    os.environ |= {"RAYON_NUM_THREADS": str(args.threads), "TOKENIZERS_PARALLELISM": "true"}
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    from tokenizers import Tokenizer

    args.work.mkdir(parents=True, exist_ok=True)
    texts_file = args.work.resolve() / f"texts-{args.count}.jsonl"
    rows = make_texts(Path(os.environ.get("XENOGLOT_SHARED", ROOT.parent / "shared")), args.count)
    texts_file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    texts = [row["text"] for row in rows]
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    untruncated = [len(encoding.ids) for encoding in tokenizer.encode_batch(texts)]
    lengths = [min(n, MAX_TOKENS) for n in untruncated]
    note = describe_lengths(rows, untruncated)
    if args.texts_only:
        print(note)
        return

    import torch
    import transformers

    transformers.logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    config = json.loads((args.model / "config.json").read_text())
    children = []
    try:
        reference = SentenceTransformers(args.model, texts, args.device, args.batch)
        systems = [reference]
        if args.device == "cpu":
            systems.append(PythonOnnxruntime(args.model, texts, args.threads, args.work))
        for ours in args.ours:
            label, command = ours.split("=", 1)
            children.append(Ours(label, command, args.model.resolve(), texts_file, args.threads, args.work.resolve()))
        systems += children
        cosines = {}
        for system in systems:
            if system is not reference:  # which has warmed up when it made the reference
                system.run()
            cosines[system.label] = agreement(system.vectors(), reference.reference)
        runs, sgemm = measure(systems, args.rounds, args.threads)
    finally:
        for child in children:
            child.close()

    flops = model_flops(config, lengths)
    products = {library: statistics.median(turn[library] for turn in sgemm) for library in sgemm[0]}
    peak = max(products.values())
    results = summarise(systems, runs, cosines, sum(lengths), len(texts), flops, peak)
    print(f"{note}\n")
    print(
        f"{cpu_name()}, {args.threads} threads; {args.rounds} rounds. sgemm of {SGEMM_SIDE}³ with the same threads: "
        + ", ".join(f"{library} {gflops:.0f} GFLOP/s" for library, gflops in products.items())
        + f"; shares are of the larger. A run needs {flops / 1e12:.2f} TFLOP.\n"
    )
    print(table(results))
    gpu = {}
    if args.device == "cuda":
        achieved = results[0]["gflops"] / 1e3
        gpu = {"name": torch.cuda.get_device_name(), "tflops": achieved, "matmul_tflops": gpu_matmul_gflops() / 1e3}
        gpu["mfu"] = achieved / args.peak_tflops if args.peak_tflops else None
        print(
            f"\n{gpu['name']}: {achieved:.1f} TFLOP/s in batches of {args.batch}, "
            f"{optional(gpu['mfu'], '.2%')} of the stated peak (MFU); "
            f"float16 products of 8192³ reach {gpu['matmul_tflops']:.0f} TFLOP/s."
        )
    if args.json:
        head = {
            "date": time.strftime("%Y-%m-%d"),
            "cpu": cpu_name(),
            "threads": args.threads,
            "texts": len(texts),
            "lengths": note,
            "tokens": sum(lengths),
            "flops": flops,
            "sgemm_gflops": sgemm,
            "gpu": gpu or None,
        }
        args.json.write_text(json.dumps(head | {"systems": results}, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
