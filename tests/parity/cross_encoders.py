#!/usr/bin/env python3
"""Writes tiny cross-encoders with random weights, and what sentence-transformers scores with each.

    python3 -m venv /tmp/parity-venv && /tmp/parity-venv/bin/pip install -r tests/parity/requirements.txt
    /tmp/parity-venv/bin/python tests/parity/cross_encoders.py

Each `tests/fixtures/modules/cross-encoder/NAME/` is a directory as one of the releases wrote it:

    6         sentence-transformers 6: modules.json, sentence_bert_config.json, and the activation in
              config_sentence_transformers.json
    4 and 5   config.json has `sentence_transformers: {activation_fn, version}`
    2 and 3   config.json may have `sbert_ce_default_activation_function`
    plain     transformers alone

and `expected.json` beside them holds `systems` and, per directory under `models`: `layout` (which of these), the class
of the activation, `max_tokens`, and per pair the ids that the model is given, its raw logits, and its `score` as
`predict` returns it: with one label a number, with several a list. The tokenizers are those of the golden models in
../shared/golden (or XENOGLOT_SHARED) and of tests/fixtures/models/mpnet.
"""

import json
import os
import shutil
import warnings
import zlib
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
warnings.filterwarnings("ignore")

import sentence_transformers
import torch
import transformers
from sentence_transformers import CrossEncoder
from tokenizers import Tokenizer, processors
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    DistilBertConfig,
    MPNetConfig,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
)

from pairs import PAIRS

transformers.logging.disable_progress_bar()

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = Path(os.environ.get("XENOGLOT_SHARED", ROOT.parent / "shared"))
FIXTURES = ROOT / "tests" / "fixtures"
OUT = FIXTURES / "modules" / "cross-encoder"
MAX_TOKENS = 48
NOISE = 0.3

IDENTITY = "torch.nn.modules.linear.Identity"
SIGMOID = "torch.nn.modules.activation.Sigmoid"


# Tokenizers.

BERT_SPECIALS = dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
ROBERTA_SPECIALS = dict(
    bos_token="<s>", eos_token="</s>", pad_token="<pad>", cls_token="<s>", sep_token="</s>", mask_token="<mask>"
)
SPECIALS = {
    "bert": BERT_SPECIALS,
    "distilbert": BERT_SPECIALS,
    "xlmr": ROBERTA_SPECIALS | dict(unk_token="<unk>"),
    "mpnet": ROBERTA_SPECIALS | dict(unk_token="[UNK]"),
}
# MPNet's own tokenizer gives token types, and its model takes none.
TAKES_TYPES = {"bert"}


def tokenizer_of(family: str, limit: int | None) -> PreTrainedTokenizerFast:
    """The family's tokenizer with a limit, or with none, as directories of old often are."""
    files = {
        "bert": SHARED / "golden" / "bert" / "base",
        "distilbert": SHARED / "golden" / "bert" / "base",
        "xlmr": SHARED / "golden" / "xlmr" / "base",
        "mpnet": FIXTURES / "models" / "mpnet",
    }
    tokenizer = Tokenizer.from_file(str(files[family] / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if family == "mpnet":
        # That fixture is for single texts; MPNet keeps two texts apart as RoBERTa does.
        ends = [(token, tokenizer.token_to_id(token)) for token in ("</s>", "<s>")]
        tokenizer.post_processor = processors.RobertaProcessing(*ends, add_prefix_space=False)
    inputs = ["input_ids", "attention_mask"] + ["token_type_ids"] * (family in TAKES_TYPES)
    limits = {} if limit is None else {"model_max_length": limit}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=inputs, **SPECIALS[family], **limits)


# Models.

SMALL = dict(hidden_size=12, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24)
CONFIGS = {
    "bert": BertConfig(**SMALL, vocab_size=475, max_position_embeddings=64),
    "xlmr": XLMRobertaConfig(
        **SMALL, vocab_size=187, max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1
    ),
    "distilbert": DistilBertConfig(
        vocab_size=475, dim=12, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=64
    ),
    "mpnet": MPNetConfig(**SMALL, vocab_size=214, max_position_embeddings=66, layer_norm_eps=1e-5, pad_token_id=1),
}


def save_plain(folder: Path, family: str, labels: int, limit: int | None) -> None:
    """A sequence classifier with random weights as transformers saves it."""
    torch.manual_seed(zlib.crc32(folder.name.encode()))
    config = CONFIGS[family].__class__.from_dict(CONFIGS[family].to_dict() | {"num_labels": labels})
    model = AutoModelForSequenceClassification.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # The head more than the body, whose tiny states lie close together.
            scale = 4 * NOISE if name.startswith("classifier.") else NOISE
            parameter.add_(torch.randn(parameter.shape) * scale)
    model.save_pretrained(folder)
    tokenizer_of(family, limit).save_pretrained(folder)


def save_six(folder: Path, activation: str | None) -> None:
    """Rewrites a plain directory as sentence-transformers 6 does, less the model card."""
    chosen = {None: None, IDENTITY: torch.nn.Identity(), SIGMOID: torch.nn.Sigmoid()}[activation]
    model = CrossEncoder(str(folder), device="cpu", activation_fn=chosen)
    shutil.rmtree(folder)
    model.save_pretrained(str(folder), create_model_card=False)


def edit_config(folder: Path, **changes) -> None:
    """Adds what older releases kept in config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes, indent=2, sort_keys=True) + "\n")


# Per directory: layout, family, labels, the activation that is saved, and the tokenizer's limit.
MODELS = {
    "bert-sigmoid": ("6", "bert", 1, None, MAX_TOKENS),
    "xlmr-identity": ("6", "xlmr", 1, IDENTITY, MAX_TOKENS),
    "bert-two-labels": ("6", "bert", 2, None, MAX_TOKENS),
    "mpnet": ("6", "mpnet", 1, None, MAX_TOKENS),
    "distilbert": ("plain", "distilbert", 1, None, MAX_TOKENS),
    "xlmr-version-5": ("4 and 5", "xlmr", 1, IDENTITY, MAX_TOKENS),
    "bert-version-2-identity": ("2 and 3", "bert", 1, IDENTITY, MAX_TOKENS),
    "bert-without-limit": ("plain", "bert", 1, None, None),
    "bert-foreign-activation": ("4 and 5", "bert", 1, "somewhere.else.Activation", MAX_TOKENS),
}


def save(name: str) -> Path:
    """The directory of one of `MODELS`."""
    layout, family, labels, activation, limit = MODELS[name]
    folder = OUT / name
    save_plain(folder, family, labels, limit)
    if layout == "6":
        save_six(folder, activation)
    elif layout == "4 and 5":
        edit_config(folder, sentence_transformers={"activation_fn": activation, "version": "5.1.0"})
    elif layout == "2 and 3":
        edit_config(folder, sbert_ce_default_activation_function=activation)
    return folder


def answers(name: str, folder: Path) -> dict:
    """What sentence-transformers makes of the pairs, each alone."""
    model = CrossEncoder(str(folder), device="cpu")
    rows = []
    for pair in PAIRS:
        inputs = model.preprocess([pair])
        with torch.no_grad():
            logits = (
                model[0]
                .model(
                    **{key: inputs[key] for key in ("input_ids", "attention_mask", "token_type_ids") if key in inputs}
                )
                .logits[0]
            )
        row = {"query": pair[0], "document": pair[1], "input_ids": inputs["input_ids"][0].tolist()}
        if "token_type_ids" in inputs:
            row["token_type_ids"] = inputs["token_type_ids"][0].tolist()
        rows.append(row | {"logits": logits.tolist(), "score": model.predict([pair])[0].tolist()})
    activation = type(model.activation_fn).__name__
    return {
        "name": name,
        "layout": MODELS[name][0],
        "activation": activation,
        "max_tokens": model.max_seq_length,
        "pairs": rows,
    }


def check(models: list[dict]) -> None:
    """The scores of a model lie far enough apart to tell pairs, and directories, from each other."""
    for model in models:
        logits = torch.tensor([row["logits"] for row in model["pairs"]])
        assert logits.isfinite().all() and logits.std(0).min() > 0.05, model["name"]


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    models = [answers(name, save(name)) for name in MODELS]
    check(models)
    systems = {library.__name__: library.__version__ for library in (torch, transformers, sentence_transformers)}
    lines = ",\n".join("  " + json.dumps(model, ensure_ascii=False) for model in models)
    (OUT / "expected.json").write_text(f'{{\n "systems": {json.dumps(systems)},\n "models": [\n{lines}\n ]\n}}\n')
    print(f"{len(models)} cross-encoders")


if __name__ == "__main__":
    main()
