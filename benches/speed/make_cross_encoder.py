#!/usr/bin/env python3
"""Makes what the reranking benches run on: a cross-encoder of the size of MiniLM-L6, and modules for it.

    python3 -m venv target/bench/venv && target/bench/venv/bin/pip install -r benches/speed/requirements.txt
    target/bench/venv/bin/python benches/speed/make_cross_encoder.py runtime/models/all-MiniLM-L6-v2 target/bench/rerank
    ... --vocab 250002      with the embeddings of a multilingual model: the rows beyond the tokenizer's are random

Into the folder go

    base/                  BERT for sequence classification, one label: tokenizer and body are the given model's, the
                           head is random
    adapterhub/lang-NN/    32 Pfeiffer language adapters, reduction 8
    adapterhub/rank/       a Pfeiffer ranking adapter, reduction 16, with a head
    sft/lang-N/, sft/rank/ 8 language masks and a ranking mask with a head, over every linear weight and the word
                           embeddings: 4.15 % of their entries, the density of the masks of Litschko et al. (2022)

Speed does not ask for trained modules: all are random, and seeded. The files are those that the adapters library and
composable-sft write.
"""

import argparse
import json
import shutil
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

SEED = 1
LANGUAGE_ADAPTERS = 32
LANGUAGE_MASKS = 8
MASK_DENSITY = 0.0415
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
# Spread of random weights: BERT's own, at which a module moves the scores without drowning the text.
SPREAD = 0.02


def generator(name: str) -> torch.Generator:
    """Seeded by name: a module comes out the same however many others are made."""
    return torch.Generator().manual_seed(SEED + zlib.crc32(name.encode()))


def normal(shape: tuple, rng: torch.Generator, spread: float = SPREAD) -> torch.Tensor:
    return torch.randn(shape, generator=rng) * spread


def head(hidden: int, rng: torch.Generator) -> dict[str, torch.Tensor]:
    """A classifier of one label, wide enough that scores spread over the sigmoid."""
    return {"classifier.weight": normal((1, hidden), rng, 0.2), "classifier.bias": normal((1,), rng)}


def write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def make_base(source: Path, folder: Path, vocab: int | None) -> tuple[dict, dict[str, torch.Tensor]]:
    """The sequence classifier: its config and weights, which are also written."""
    rng = generator("base")
    weights = {f"bert.{key}": value for key, value in load_file(source / "model.safetensors").items()}
    weights.pop("bert.embeddings.position_ids", None)
    config = json.loads((source / "config.json").read_text())
    config.pop("_name_or_path", None)
    if vocab is not None:
        words = weights["bert.embeddings.word_embeddings.weight"]
        extra = normal((vocab - len(words), words.shape[1]), rng, words.std().item())
        weights["bert.embeddings.word_embeddings.weight"] = torch.cat([words, extra])
        config["vocab_size"] = vocab
    weights |= head(config["hidden_size"], rng)
    labels = {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config | labels | {"architectures": ["BertForSequenceClassification"]})
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    for name in TOKENIZER_FILES:
        if (source / name).exists():
            shutil.copyfile(source / name, folder / name)
    limit_tokens(folder, config["max_position_embeddings"])
    return config, weights


def limit_tokens(folder: Path, limit: int) -> None:
    """Lifts the limit of the embedding model, which cuts at 128 or 256, to that of its positions, and pads nothing."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    write_json(
        folder / "tokenizer_config.json",
        json.loads((folder / "tokenizer_config.json").read_text()) | {"model_max_length": limit},
    )
    (folder / "tokenizer.json").write_text(
        json.dumps(tokenizer | {"truncation": None, "padding": None}, ensure_ascii=False)
    )


# AdapterHub.

PFEIFFER = {
    "adapter_residual_before_ln": False,
    "cross_adapter": False,
    "dropout": 0.0,
    "inv_adapter": None,
    "inv_adapter_reduction_factor": None,
    "is_parallel": False,
    "leave_out": [],
    "ln_after": False,
    "ln_before": False,
    "mh_adapter": False,
    "non_linearity": "relu",
    "original_ln_after": True,
    "original_ln_before": True,
    "output_adapter": True,
    "residual_before_ln": True,
    "scaling": 1.0,
    "use_gating": False,
}


def make_adapter(folder: Path, config: dict, reduction: int, with_head: bool) -> None:
    """A Pfeiffer adapter named as its directory."""
    name, hidden = folder.name, config["hidden_size"]
    rng, width = generator(f"adapterhub/{name}"), hidden // reduction
    shapes = {
        "adapter_down.0.weight": (width, hidden),
        "adapter_down.0.bias": (width,),
        "adapter_up.weight": (hidden, width),
        "adapter_up.bias": (hidden,),
    }
    weights = {
        f"bert.encoder.layer.{layer}.output.adapters.{name}.{key}": normal(shape, rng)
        for layer in range(config["num_hidden_layers"])
        for key, shape in shapes.items()
    }
    outer = {
        "hidden_size": hidden,
        "model_class": "BertForSequenceClassification",
        "model_name": "",
        "model_type": "bert",
        "version": "adapters.1.3.0",
    }
    folder.mkdir(parents=True, exist_ok=True)
    inner = PFEIFFER | {"reduction_factor": reduction}
    write_json(folder / "adapter_config.json", outer | {"name": name, "config": inner})
    torch.save(weights, folder / "pytorch_adapter.bin")
    if with_head:
        labels = {"label2id": {"LABEL_0": 0}, "num_labels": 1}
        write_json(folder / "head_config.json", outer | labels | {"name": None, "config": None})
        torch.save(head(hidden, rng), folder / "pytorch_model_head.bin")


# composable-sft.


def encoded(shape: torch.Size, rng: torch.Generator) -> dict:
    """Random differences of one parameter: their places flattened with the first axis fastest, as steps, and values."""
    places = (torch.rand(shape.numel(), generator=rng) < MASK_DENSITY).nonzero().flatten().numpy()
    # The first step is a numpy scalar and the others are ints: so it is in published files.
    steps = list(places[:1]) + np.diff(places).tolist()
    return {"size": shape, "index_steps": steps, "values": normal((len(places),), rng)}


def make_mask(folder: Path, weights: dict[str, torch.Tensor], with_head: bool) -> int:
    """A mask over linear weights and word embeddings; how many entries it has."""
    rng = generator(f"sft/{folder.name}")
    linear = [
        key for key, value in weights.items() if value.ndim == 2 and key.startswith(("bert.encoder.", "bert.pooler."))
    ]
    diffs = {key: encoded(weights[key].shape, rng) for key in ["bert.embeddings.word_embeddings.weight", *linear]}
    hidden = weights["classifier.weight"].shape[1]
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"diffs": diffs, "abs": head(hidden, rng) if with_head else {}}, folder / "pytorch_diff.bin")
    return sum(len(diff["values"]) for diff in diffs.values())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="A cross-encoder and modules to measure with. See the head of this file."
    )
    parser.add_argument("model", type=Path, help="directory of all-MiniLM-L6-v2")
    parser.add_argument("out", type=Path, help="folder to make")
    parser.add_argument("--vocab", type=int, help="rows of the word embeddings [the tokenizer's]")
    parser.add_argument("--no-adapters", action="store_true", help="leave the adapters out")
    parser.add_argument("--no-masks", action="store_true", help="leave the masks out, which are large")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    config, weights = make_base(args.model, args.out / "base", args.vocab)
    if not args.no_adapters:
        for i in range(LANGUAGE_ADAPTERS):
            make_adapter(args.out / "adapterhub" / f"lang-{i:02}", config, reduction=8, with_head=False)
        make_adapter(args.out / "adapterhub" / "rank", config, reduction=16, with_head=True)
    if not args.no_masks:
        for i in range(LANGUAGE_MASKS):
            make_mask(args.out / "sft" / f"lang-{i}", weights, with_head=False)
        entries = make_mask(args.out / "sft" / "rank", weights, with_head=True)
        print(f"masks of {entries:,} entries")


if __name__ == "__main__":
    main()
