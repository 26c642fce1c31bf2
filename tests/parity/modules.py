#!/usr/bin/env python3
"""Writes tiny rerankers, modules for them, and the logits that the reference libraries give with each stack of modules.

    python3 -m venv /tmp/modules-venv && /tmp/modules-venv/bin/pip install -r tests/parity/requirements-modules.txt
    /tmp/modules-venv/bin/python tests/parity/modules.py

The tokenizers are those of the golden models in ../shared/golden (or XENOGLOT_SHARED); all weights are random. Each
`tests/fixtures/modules/FAMILY/` has the layout of a golden family: `base/`, `adapterhub/NAME/`, `peft/NAME/`,
`sft/NAME/` and `expected.json`, which holds

    systems     versions of the libraries that answered
    tokens      the pairs, and the ids that every case was given, one pair at a time, without padding
    cases       name; modules, from the backbone upwards; options; per pair the logit, or a list of logits of a head
                with several labels, and then `scores`, the softmax of label 1. Options are
                  base           another base directory than `base`
                  invertible     false: the invertible adapter of the first module is deleted
                  skip_layers    AdapterDrop: layers without modules of any kind; the invertible adapter stays
                  split          {query, document}: language modules under `modules`; `split_at` has a position a pair
                  same_as        a case that must come out alike
    refused     directories that must not load, and a word that the message must contain
    breaks      stacks that the library itself cannot run, and what it says: of interest to readers, not to tests

What the libraries save is loaded again for each case, so that a case tests files and not a model in memory. A library's
initial values are moved by large noise: a part that is left out moves the logits by more than `LEAST_EFFECT`, which
`check_effects` makes sure of, for every case against every other.
"""

import copy
import json
import logging
import os
import re
import shutil
import warnings
import zlib
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
warnings.filterwarnings("ignore")
# A loading model is asked once before its adapters are set, and warns of that.
logging.getLogger("adapters").setLevel(logging.ERROR)

import adapters
import numpy as np
import peft
import torch
import transformers
from adapters import AutoAdapterModel, BnConfig, DoRAConfig, IA3Config, LoRAConfig, PrefixTuningConfig
from adapters.composition import Fuse, Split, Stack
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    BertConfig,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
)

from pairs import PAIRS

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = Path(os.environ.get("XENOGLOT_SHARED", ROOT.parent / "shared"))
OUT = ROOT / "tests" / "fixtures" / "modules"
MAX_TOKENS = 96
# Positions beyond the longest pair: PEFT's prefixes push the tokens of the text that far up.
SPARE = 8
NOISE = 0.3
# A module that is ignored, or taken for another, moves some logit by more than this.
LEAST_EFFECT = 0.01

SIZES = dict(
    hidden_size=24,
    num_attention_heads=4,
    intermediate_size=48,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
    num_labels=1,
)
FAMILIES = {
    "bert": BertConfig(**SIZES, num_hidden_layers=3, vocab_size=475, max_position_embeddings=MAX_TOKENS + SPARE),
    "xlmr": XLMRobertaConfig(
        **SIZES,
        num_hidden_layers=2,
        vocab_size=187,
        max_position_embeddings=MAX_TOKENS + SPARE + 2,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        pad_token_id=1,
    ),
}


# Bases.


def made(folder: Path) -> Path:
    """The folder, which is there now."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def seed_of(name: str) -> int:
    """A seed that depends on the name alone, so that adding a module changes no other."""
    return zlib.crc32(name.encode())


def shaken(parameters, name: str) -> None:
    """Moves parameters away from what they were initialised with, which is zero or one for many."""
    generator = torch.Generator().manual_seed(seed_of(name))
    with torch.no_grad():
        for parameter in parameters:
            noise = torch.randn(parameter.shape, generator=generator) * NOISE
            parameter.add_(noise.to(parameter.dtype))


def write_base(family: str) -> None:
    """`base/`, and for BERT `base-bin/`: the same weights as a pickle, as older releases published them."""
    torch.manual_seed(seed_of(family))
    model = AutoModelForSequenceClassification.from_config(FAMILIES[family])
    shaken(model.parameters(), family)
    folders = {"base": True} | ({"base-bin": False} if family == "bert" else {})
    for name, safe in folders.items():
        folder = OUT / family / name
        model.save_pretrained(folder, safe_serialization=safe)
        for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
            shutil.copyfile(SHARED / "golden" / family / "base" / file, folder / file)


def nameless(model):
    """The model without the path it came from, which the libraries would write into what they save."""
    model.config.name_or_path = ""
    model.name_or_path = ""
    return model


class Family:
    """A base with its tokenized pairs; builds modules upon it and asks for logits."""

    def __init__(self, name: str):
        self.name = name
        self.folder = OUT / name
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(self.folder / "base")
        self.inputs = [self.encode(*pair) for pair in PAIRS]
        self.cases, self.refused, self.breaks = [], [], []

    def encode(self, query: str, document: str) -> dict:
        """What a model of the family is given for a pair. XLM-R has no token types."""
        kwargs = {} if self.name == "bert" else {"return_token_type_ids": False}
        return self.tokenizer(
            query, document, truncation="longest_first", max_length=MAX_TOKENS, return_tensors="pt", **kwargs
        )

    def split_at(self, inputs: dict) -> int:
        """The first position of the document: token type 1 for BERT; for XLM-R what follows `<s> query </s></s>`."""
        if self.name == "bert":
            return inputs["token_type_ids"][0].tolist().index(1)
        return inputs["input_ids"][0].tolist().index(self.tokenizer.sep_token_id) + 2

    def fresh(self, base: str = "base", n_labels: int = 1):
        """The base as transformers loads it. The head is made anew where it has another number of labels."""
        torch.manual_seed(0)
        model = AutoModelForSequenceClassification.from_pretrained(
            self.folder / base, num_labels=n_labels, ignore_mismatched_sizes=True
        )
        return nameless(model).eval()

    def logits(self, model) -> list:
        """Per pair its logits, each pair alone."""
        with torch.no_grad():
            return [model(**inputs).logits[0] for inputs in self.inputs]

    def case(self, name: str, modules: list[str], logits: list, **options) -> None:
        """Adds a case; logits of several labels are kept as lists, with the score of label 1."""
        case = {"name": name, "modules": modules} | options
        if len(logits[0]) == 1:
            case["logits"] = [row.item() for row in logits]
        else:
            case["logits"] = [row.tolist() for row in logits]
            case["scores"] = [row.softmax(0)[1].item() for row in logits]
        assert np.isfinite(np.array(case["logits"])).all(), name
        self.cases.append(case)

    def write(self) -> None:
        """expected.json."""
        systems = {library.__name__: library.__version__ for library in (torch, transformers, adapters, peft)}
        tokens = [
            {"query": query, "document": document}
            | {key: ids[0].tolist() for key, ids in inputs.items() if key != "attention_mask"}
            for (query, document), inputs in zip(PAIRS, self.inputs)
        ]
        content = {
            "systems": systems,
            "max_length": MAX_TOKENS,
            "truncation": "longest_first",
            "tokens": tokens,
            "cases": self.cases,
            "refused": self.refused,
            "breaks": self.breaks,
        }
        text = json.dumps(content, indent=1, ensure_ascii=False)
        # Numbers of one list on one line.
        text = re.sub(r"\[\s+([-\d][^\[\]\"]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
        (self.folder / "expected.json").write_text(text + "\n")


def check_effects(cases: list[dict]) -> None:
    """No two cases give the same logits, unless they say so; of those that say so, all do."""
    outcome = {case["name"]: np.array(case.get("scores", case["logits"])) for case in cases}
    assert len(outcome) == len(cases), "two cases of one name"
    twin = {case["name"]: case.get("same_as", case["name"]) for case in cases}
    for one, logits in outcome.items():
        for other, others in outcome.items():
            distance = np.abs(logits - others).max()
            if twin[one] == twin[other]:
                assert distance < 1e-5, f"{one} and {other} differ by {distance}"
            else:
                assert distance > LEAST_EFFECT, f"{one} and {other} differ by {distance} only"


# AdapterHub. A name here is both the directory and the adapter's own.

PFEIFFER = dict(
    mh_adapter=False,
    output_adapter=True,
    original_ln_before=True,
    original_ln_after=True,
    residual_before_ln=True,
    reduction_factor=4,
    non_linearity="relu",
)
HOULSBY = PFEIFFER | dict(mh_adapter=True, original_ln_before=False, non_linearity="swish")
PARALLEL = PFEIFFER | dict(original_ln_before=False, is_parallel=True, scaling=4.0)
INVERTIBLE = dict(inv_adapter="nice", inv_adapter_reduction_factor=2)


def bottleneck(preset: dict, **changes) -> BnConfig:
    return BnConfig(**(preset | changes))


LANGUAGE_MODULES = {
    "lang-a": bottleneck(PFEIFFER, reduction_factor=2, **INVERTIBLE),
    "lang-b": bottleneck(PFEIFFER, reduction_factor=2, non_linearity="gelu", **INVERTIBLE),
    "lang-plain": bottleneck(PFEIFFER, reduction_factor=8),
    "lang-leave-out": bottleneck(PFEIFFER, reduction_factor=2, leave_out=[0], **INVERTIBLE),
    "lang-houlsby": bottleneck(HOULSBY, reduction_factor=2, **INVERTIBLE),
    "lang-parallel": bottleneck(PARALLEL, **INVERTIBLE),
    "lang-ln": bottleneck(PFEIFFER, ln_before=True, ln_after=True, residual_before_ln="post_add"),
    "lang-gelu-new": bottleneck(PFEIFFER, reduction_factor=2, non_linearity="gelu_new", **INVERTIBLE),
}
RANKING_MODULES = {
    "rank": bottleneck(PFEIFFER),
    "rank-leave-out": bottleneck(PFEIFFER, leave_out=[1]),
    "ln-before": bottleneck(PFEIFFER, ln_before=True),
    "ln-after": bottleneck(PFEIFFER, ln_after=True),
    "ln-after-residual": bottleneck(PFEIFFER, ln_after=True, adapter_residual_before_ln=True),
    "ln-both": bottleneck(PFEIFFER, ln_before=True, ln_after=True),
    "residual-after-ln": bottleneck(PFEIFFER, residual_before_ln=False),
    "residual-post-add": bottleneck(PFEIFFER, residual_before_ln="post_add"),
    "no-ln-before": bottleneck(PFEIFFER, original_ln_before=False),
    "no-ln-after": bottleneck(PFEIFFER, original_ln_after=False, residual_before_ln=False),
    "no-ln": bottleneck(PFEIFFER, original_ln_before=False, original_ln_after=False),
    "scaling-number": bottleneck(PFEIFFER, scaling=2.5),
    "scaling-learned": bottleneck(PFEIFFER, scaling="learned"),
    "scaling-channel": bottleneck(PFEIFFER, scaling="channel"),
    "gating": bottleneck(PFEIFFER, use_gating=True),
    "adapter-plus": bottleneck(
        PFEIFFER,
        original_ln_after=False,
        residual_before_ln=False,
        scaling="channel",
        non_linearity="gelu",
        init_weights="houlsby",
        reduction_factor=16,
    ),
    "act-gelu": bottleneck(PFEIFFER, non_linearity="gelu"),
    "act-gelu-new": bottleneck(PFEIFFER, non_linearity="gelu_new"),
    "act-swish": bottleneck(PFEIFFER, non_linearity="swish"),
    "act-tanh": bottleneck(PFEIFFER, non_linearity="tanh"),
    "act-leakyrelu": bottleneck(PFEIFFER, non_linearity="leakyrelu"),
    "width-one": bottleneck(PFEIFFER, reduction_factor={"0": 64, "default": 6.4}),
    "houlsby": bottleneck(HOULSBY),
    "houlsby-attention-only": bottleneck(HOULSBY, output_adapter=False),
    "parallel": bottleneck(PARALLEL),
    "parallel-variants": bottleneck(
        PARALLEL, mh_adapter=True, ln_before=True, ln_after=True, scaling="channel", use_gating=True
    ),
    "lora": LoRAConfig(r=4, alpha=8, intermediate_lora=True, output_lora=True, attn_matrices=["q", "k", "v"]),
    "lora-gating": LoRAConfig(r=4, alpha=8, use_gating=True),
    "dora": DoRAConfig(r=4, alpha=8),
    "ia3": IA3Config(),
    "prefix-flat": PrefixTuningConfig(flat=True, prefix_length=5),
    "prefix": PrefixTuningConfig(prefix_length=5, bottleneck_size=8),
}
# As pickles: two of each kind, and what safetensors refuses for having several names for one tensor: `ln_before`, which is
# also `adapter_down.0`, and prefixes, which every layer repeats.
PICKLED = {"lang-a", "lang-parallel", "lang-gelu-new", "lang-ln", "rank", "ln-before", "ln-both", "parallel-variants"}
PICKLED |= {"houlsby", "dora", "two-labels", "prefix", "prefix-flat", "refused-glow", "refused-fusion"}
# What the smaller family has of them.
XLMR_MODULES = {
    *("lang-a", "lang-b", "lang-houlsby", "rank", "ln-both", "residual-post-add", "scaling-channel", "gating"),
    *("houlsby", "parallel", "lora", "dora", "ia3", "prefix"),
}


def of_adapter(model, name: str):
    """The parameters of one adapter, wherever in the model they are."""
    inside = re.compile(rf"\.{re.escape(name)}\.")
    return [parameter for key, parameter in sorted(model.named_parameters()) if inside.search(key)]


def write_adapter(family: Family, name: str, config, with_head: bool, n_labels=1) -> None:
    """One adapter on a fresh base, saved by the library; a ranking module with a head of its own."""
    model = family.fresh(n_labels=n_labels)
    adapters.init(model)
    torch.manual_seed(seed_of(name))
    model.add_adapter(name, config=config)
    shaken(of_adapter(model, name), f"{family.name}/{name}")
    if with_head:
        shaken(model.classifier.parameters(), f"{family.name}/{name}/head")
    folder = made(family.folder / "adapterhub" / name)
    model.save_adapter(str(folder), name, with_head=with_head, use_safetensors=name not in PICKLED)


def loaded(model, folder: Path) -> str:
    """The name of an adapter that `model` now has from its directory; the library wants to be told of safetensors."""
    return model.load_adapter(str(folder), use_safetensors=(folder / "adapter.safetensors").exists())


def stacked(family: Family, modules: list[str], invertible=True, skip_layers=None, split=None, base="base", n_labels=1):
    """The base with adapters loaded from their directories and laid over each other; `split` waits for `set_split`."""
    model = family.fresh(base, n_labels)
    adapters.init(model)
    languages = [split["query"], split["document"]] if split else []
    names = [loaded(model, family.folder / path) for path in languages + modules]
    if not invertible:
        model.base_model.delete_invertible_adapter(names[0])
    if split is None:
        model.set_active_adapters(Stack(*names), skip_layers=skip_layers)
    return model.eval(), names


def split_logits(family: Family, model, names: list[str]) -> list:
    """As `Family.logits`, with the first two adapters each on its own side of the pair."""
    rows = []
    for inputs in family.inputs:
        length, at = inputs["input_ids"].shape[1], family.split_at(inputs)
        split = Split(*names[:2], splits=[at, length - at])
        model.set_active_adapters(Stack(split, *names[2:]) if names[2:] else split)
        with torch.no_grad():
            rows.append(model(**inputs).logits[0])
    return rows


def adapter_case(family: Family, name: str, modules: list[str], same_as=None, n_labels=1, **options) -> None:
    """A case of AdapterHub modules, from their directories."""
    modules = [f"adapterhub/{module}" for module in modules]
    if "split" in options:
        options["split"] = {side: f"adapterhub/{module}" for side, module in options["split"].items()}
    model, names = stacked(family, modules, n_labels=n_labels, **options)
    if "split" in options:
        logits = split_logits(family, model, names)
        options["split_at"] = [family.split_at(inputs) for inputs in family.inputs]
    else:
        logits = family.logits(model)
    extra = {"same_as": same_as} if same_as else {}
    family.case(name, modules, logits, **options, **extra)


def broken_case(family: Family, name: str, modules: list[str], **options) -> None:
    """Notes what the library says of a stack that it cannot run."""
    try:
        n_cases = len(family.cases)
        adapter_case(family, name, modules, **options)
        del family.cases[n_cases:]
    except Exception as error:
        family.breaks.append(
            {"name": name, "modules": modules} | options | {"error": f"{type(error).__name__}: {error}"}
        )
    else:
        raise AssertionError(f"the library runs {name} after all")


def adapterhub(family: Family) -> None:
    """Bottlenecks, LoRA, (IA)³ and prefixes of the adapters library, alone and in stacks."""
    wanted = lambda name: family.name == "bert" or name in XLMR_MODULES
    for name, config in LANGUAGE_MODULES.items():
        if wanted(name):
            write_adapter(family, name, config, with_head=False)
    for name, config in RANKING_MODULES.items():
        if wanted(name):
            write_adapter(family, name, config, with_head=True)
            adapter_case(family, name, [name])
    for name, modules in STACKS.items():
        if all(map(wanted, modules)):
            adapter_case(family, name, modules)
    switches(family)
    splits(family)


STACKS = {
    "language alone": ["lang-a"],
    "language under rank": ["lang-a", "rank"],
    "houlsby language under rank": ["lang-houlsby", "rank"],
    "houlsby language under houlsby": ["lang-houlsby", "houlsby"],
    "language under houlsby": ["lang-a", "houlsby"],
    "language with norms under rank": ["lang-ln", "rank"],
    "language under ln-both": ["lang-a", "ln-both"],
    "language under residual-post-add": ["lang-a", "residual-post-add"],
    "language under residual-after-ln": ["lang-a", "residual-after-ln"],
    "language under no-ln-after": ["lang-a", "no-ln-after"],
    "language under no-ln-before": ["lang-a", "no-ln-before"],
    "language under adapter-plus": ["lang-a", "adapter-plus"],
    "language under gating": ["lang-a", "gating"],
    "parallel language under rank": ["lang-parallel", "rank"],
    "language under parallel": ["lang-a", "parallel"],
    "parallel language under parallel": ["lang-parallel", "parallel"],
    "parallel language under houlsby": ["lang-parallel", "houlsby"],
    "language leaves a layer out under rank": ["lang-leave-out", "rank"],
    "language under rank that leaves a layer out": ["lang-a", "rank-leave-out"],
    "both leave a layer out": ["lang-leave-out", "rank-leave-out"],
    "two languages under rank": ["lang-a", "lang-b", "rank"],
    "rank under language": ["rank", "lang-a"],
    "language under lora": ["lang-a", "lora"],
    "language under dora": ["lang-a", "dora"],
    "language under ia3": ["lang-a", "ia3"],
    "language under prefix": ["lang-a", "prefix"],
}


def switches(family: Family) -> None:
    """Options of a stack: the invertible adapter deleted, layers skipped."""
    adapter_case(family, "language under rank, not invertible", ["lang-a", "rank"], invertible=False)
    adapter_case(family, "language alone, not invertible", ["lang-a"], invertible=False)
    adapter_case(family, "language under rank, layer 0 skipped", ["lang-a", "rank"], skip_layers=[0])
    if family.name == "bert":
        adapter_case(family, "language under rank, layers 0 and 1 skipped", ["lang-a", "rank"], skip_layers=[0, 1])
        # The invertible adapter belongs to no layer, and stays.
        adapter_case(family, "language under rank, all layers skipped", ["lang-a", "rank"], skip_layers=[0, 1, 2])
        adapter_case(family, "houlsby skips the last layer", ["lang-houlsby", "houlsby"], skip_layers=[2])
        adapter_case(family, "lora skips a layer", ["lora"], skip_layers=[1])
        adapter_case(family, "prefix skips a layer", ["prefix"], skip_layers=[1])


def splits(family: Family) -> None:
    """The language module of each side under a ranking module."""
    sides = {"query": "lang-a", "document": "lang-b"}
    adapter_case(family, "split under rank", ["rank"], split=sides)
    adapter_case(family, "split under rank, not invertible", ["rank"], split=sides, invertible=False)
    adapter_case(family, "split the other way", ["rank"], split={"query": "lang-b", "document": "lang-a"})
    adapter_case(family, "split alone", [], split=sides)
    adapter_case(family, "split under lora", ["lora"], split=sides)
    broken_case(family, "split under houlsby", ["houlsby"], split=sides)
    if family.name == "bert":
        houlsby = {"query": "lang-houlsby", "document": "lang-a"}
        broken_case(family, "split of a houlsby and a pfeiffer", ["rank"], split=houlsby)
        adapter_case(
            family, "split with unlike first steps", ["rank"], split={"query": "lang-ln", "document": "lang-b"}
        )
        adapter_case(
            family, "split with a query of no invertible", ["rank"], split={"query": "lang-plain", "document": "lang-b"}
        )
        leave_out = {"query": "lang-leave-out", "document": "lang-b"}
        broken_case(family, "split whose query leaves a layer out", ["rank"], split=leave_out)
        leave_out = {"query": "lang-a", "document": "lang-leave-out"}
        broken_case(family, "split whose document leaves a layer out", ["rank"], split=leave_out)


def heads(family: Family) -> None:
    """Heads other than a single label of a static model."""
    write_adapter(family, "two-labels", bottleneck(PFEIFFER), with_head=True, n_labels=2)
    adapter_case(family, "two-labels", ["two-labels"], n_labels=2)
    adapter_case(family, "language under two-labels", ["lang-a", "two-labels"], n_labels=2)
    flex = {"flex-one-layer": dict(layers=1), "flex-two-layers": dict(layers=2)}
    if family.name == "bert":
        flex["flex-pooler"] = dict(layers=1, use_pooler=True)
        flex["flex-pooler-two-layers"] = dict(layers=2, use_pooler=True, activation_function="relu")
        flex["flex-two-labels"] = dict(layers=2, num_labels=2)
    for name, options in flex.items():
        flex_head(family, name, {"num_labels": 1} | options)


def flex_head(family: Family, name: str, options: dict) -> None:
    """An adapter with the head of a model class that takes many; asked alone and over a language."""
    model = nameless(AutoAdapterModel.from_pretrained(family.folder / "base"))
    torch.manual_seed(seed_of(name))
    model.add_adapter(name, config=bottleneck(PFEIFFER))
    model.add_classification_head(name, **options)
    shaken(of_adapter(model, name), f"{family.name}/{name}")
    folder = f"adapterhub/{name}"
    model.save_adapter(str(made(family.folder / folder)), name, use_safetensors=name != "flex-two-layers")
    for title, modules in {name: [folder], f"language under {name}": ["adapterhub/lang-a", folder]}.items():
        model = AutoAdapterModel.from_pretrained(family.folder / "base")
        names = [loaded(model, family.folder / path) for path in modules]
        model.set_active_adapters(Stack(*names))
        model.active_head = name
        family.case(title, modules, family.logits(model.eval()))


def legacy(family: Family) -> None:
    """A language module as adapter-transformers 1 wrote it: other keys, another config, `gelu` for its tanh form."""
    source, target = (family.folder / "adapterhub" / name for name in ("lang-gelu-new", "lang-legacy"))
    config = json.loads((source / "adapter_config.json").read_text())
    inner = config["config"]
    # The keys that version 1 knew, in its spelling.
    kept = (
        "leave_out",
        "ln_after",
        "ln_before",
        "mh_adapter",
        "output_adapter",
        "original_ln_after",
        "original_ln_before",
    )
    kept += ("adapter_residual_before_ln", "reduction_factor", "residual_before_ln", "cross_adapter")
    old = {key: inner[key] for key in kept} | {
        "attention_type": "sent-lstm",
        "invertible_adapter": {"block_type": "nice", "non_linearity": "relu", "reduction_factor": 2},
        "new_attention_norm": False,
        "non_linearity": "gelu",
    }
    del config["version"]
    target.mkdir(parents=True)
    config |= {"config": old, "config_id": "random", "name": "lang-legacy", "type": "text_lang"}
    (target / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True))
    rename = {
        "output.adapters.lang-gelu-new": "output.layer_text_lang_adapters.lang-legacy",
        "invertible_adapters.lang-gelu-new": "invertible_lang_adapters.lang-legacy",
    }
    weights = torch.load(source / "pytorch_adapter.bin")
    torch.save({renamed(key, rename): value for key, value in weights.items()}, target / "pytorch_adapter.bin")
    adapter_case(family, "language with tanh gelu under rank", ["lang-gelu-new", "rank"])
    adapter_case(
        family, "legacy language under rank", ["lang-legacy", "rank"], same_as="language with tanh gelu under rank"
    )


def renamed(key: str, rename: dict[str, str]) -> str:
    for old, new in rename.items():
        key = key.replace(old, new)
    return key


def legacy_houlsby(family: Family) -> None:
    """A ranking module of version 1 with adapters after attention, which have names of their own; it declares an
    invertible adapter that it does not hold, as task adapters of that time did."""
    source, target = (family.folder / "adapterhub" / name for name in ("houlsby", "houlsby-legacy"))
    shutil.copytree(source, target)
    config = json.loads((target / "adapter_config.json").read_text())
    del config["version"]
    config |= {"name": "houlsby-legacy", "type": "text_task"}
    del config["config"]["inv_adapter"], config["config"]["inv_adapter_reduction_factor"]
    config["config"]["invertible_adapter"] = {"block_type": "nice", "non_linearity": "relu", "reduction_factor": 2}
    (target / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True))
    rename = {
        "attention.output.adapters.houlsby": "attention.output.attention_text_task_adapters.houlsby-legacy",
        "output.adapters.houlsby": "output.layer_text_task_adapters.houlsby-legacy",
    }
    weights = torch.load(target / "pytorch_adapter.bin")
    torch.save({renamed(key, rename): value for key, value in weights.items()}, target / "pytorch_adapter.bin")
    adapter_case(family, "legacy houlsby", ["houlsby-legacy"], same_as="houlsby")


def legacy_lora(family: Family) -> None:
    """A LoRA of a release before 1.1.0, whose alpha counts as the rank: the library scaled so when it was trained."""
    target = family.folder / "adapterhub" / "lora-legacy"
    shutil.copytree(family.folder / "adapterhub" / "lora", target)
    config = json.loads((target / "adapter_config.json").read_text())
    (target / "adapter_config.json").write_text(
        json.dumps(config | {"version": "adapters.1.0.1"}, indent=2, sort_keys=True)
    )
    adapter_case(family, "legacy lora", ["lora-legacy"])


def other_classes(family: Family) -> None:
    """A language module saved from other model classes: without a head (no `bert.` before the keys), and from a masked
    language model, whose head comes with it and must be left alone."""
    classes = {"lang-no-prefix": AutoModel, "lang-masked-lm": AutoModelForMaskedLM}
    for name, model_class in classes.items():
        model = nameless(model_class.from_pretrained(family.folder / "base"))
        adapters.init(model)
        model.load_adapter(str(family.folder / "adapterhub" / "lang-a"), load_as=name, with_head=False)
        # The bias of a masked language model's head is another tensor with two names.
        safe = model_class is AutoModel
        model.save_adapter(str(made(family.folder / "adapterhub" / name)), name, use_safetensors=safe)
        adapter_case(family, f"{name} under rank", [name, "rank"], same_as="language under rank")


# What must be refused, and by which word.


def refused_adapters(family: Family) -> None:
    """Modules of the adapters library that have no place in a stack of ours, or not on this base."""
    configs = {
        "glow": (bottleneck(PFEIFFER, inv_adapter="glow", inv_adapter_reduction_factor=2), "glow"),
        "prompt": (adapters.PromptTuningConfig(prompt_length=4), "prompt_tuning"),
        "reft": (adapters.LoReftConfig(r=2), "reft"),
        "compacter": (bottleneck(PFEIFFER, phm_layer=True, reduction_factor=6), "phm_layer"),
        "union": (adapters.ConfigUnion(bottleneck(PFEIFFER), LoRAConfig(r=2, alpha=2)), "union"),
        "vera": (adapters.VeraConfig(r=2, alpha=2), "vera"),
    }
    for name, (config, word) in configs.items():
        write_adapter(family, f"refused-{name}", config, with_head=False)
        family.refused.append({"module": f"adapterhub/refused-{name}", "word": word})
    model, names = stacked(family, ["adapterhub/lang-a", "adapterhub/lang-b"])
    model.add_adapter_fusion(Fuse(*names))
    model.save_adapter_fusion(str(made(family.folder / "adapterhub" / "refused-fusion")), Fuse(*names), with_head=False)
    family.refused.append({"module": "adapterhub/refused-fusion", "word": "fusion"})
    other = copy.deepcopy(FAMILIES[family.name])
    other.hidden_size, other.num_hidden_layers = 16, 2
    model = AutoModelForSequenceClassification.from_config(other)
    adapters.init(model)
    model.add_adapter("narrow", config=bottleneck(PFEIFFER))
    model.save_adapter(str(made(family.folder / "adapterhub" / "refused-narrow")), "narrow", with_head=False)
    family.refused.append({"module": "adapterhub/refused-narrow", "word": "hidden"})


# PEFT.

SEQ_CLS = dict(task_type="SEQ_CLS")
PEFT_MODULES = {
    "lora": peft.LoraConfig(r=4, lora_alpha=8, **SEQ_CLS),
    "lora-embeddings": peft.LoraConfig(
        r=4, lora_alpha=8, target_modules=["word_embeddings", "query", "dense"], **SEQ_CLS
    ),
    "lora-bias-of-b": peft.LoraConfig(r=4, lora_alpha=8, lora_bias=True, target_modules=["query", "value"], **SEQ_CLS),
    "patterns": peft.LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules=["query", "value", "output.dense"],
        rank_pattern={r"layer\.0\.attention\.self\.query": 2, r"^.*\.layer\.1\..*output\.dense": 6},
        alpha_pattern={"value": 2, r"layer\.1\.output\.dense": 24},
        **SEQ_CLS,
    ),
    "regex-targets": peft.LoraConfig(
        r=4, lora_alpha=8, target_modules=r".*layer\.[01]\.attention\.self\.(query|key)", **SEQ_CLS
    ),
    "layers": peft.LoraConfig(
        r=4, lora_alpha=8, target_modules=["query", "dense"], layers_to_transform=[1], layers_pattern="layer", **SEQ_CLS
    ),
    "exclude": peft.LoraConfig(
        r=4, lora_alpha=8, target_modules=["query", "dense"], exclude_modules=["pooler.dense"], **SEQ_CLS
    ),
    "bias-all": peft.LoraConfig(r=4, lora_alpha=8, bias="all", target_modules=["query", "value"], **SEQ_CLS),
    "bias-lora-only": peft.LoraConfig(
        r=4, lora_alpha=8, bias="lora_only", target_modules=["query", "value"], **SEQ_CLS
    ),
    "all-linear": peft.LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", **SEQ_CLS),
    "all-linear-dora": peft.LoraConfig(r=4, lora_alpha=8, use_dora=True, target_modules="all-linear", **SEQ_CLS),
    "dora-embeddings": peft.LoraConfig(
        r=4, lora_alpha=8, use_dora=True, use_rslora=True, target_modules=["word_embeddings", "query"], **SEQ_CLS
    ),
    "no-task": peft.LoraConfig(r=4, lora_alpha=8, target_modules=["query", "classifier"]),
    "saved-layers": peft.LoraConfig(
        r=4, lora_alpha=8, target_modules=["query"], modules_to_save=["pooler", "LayerNorm"], **SEQ_CLS
    ),
    "ia3-default": peft.IA3Config(**SEQ_CLS),
    "ia3-feedforward": peft.IA3Config(
        target_modules=["key", "value", "intermediate.dense", "output.dense"],
        feedforward_modules=["intermediate.dense", "output.dense"],
        **SEQ_CLS,
    ),
    "prefix": peft.PrefixTuningConfig(num_virtual_tokens=5, **SEQ_CLS),
}
PEFT_XLMR = {"lora-embeddings", "patterns", "bias-all", "all-linear", "ia3-feedforward"}
PEFT_REFUSED = {
    "refused-adalora": (
        peft.AdaLoraConfig(init_r=4, target_r=2, total_step=10, target_modules=["query"], **SEQ_CLS),
        "ADALORA",
    ),
    "refused-vera": (peft.VeraConfig(r=4, target_modules=["query"], **SEQ_CLS), "VERA"),
    "refused-prompt": (peft.PromptTuningConfig(num_virtual_tokens=4, **SEQ_CLS), "PROMPT_TUNING"),
}


def write_peft(family: Family, name: str, config) -> None:
    """One PEFT module on a fresh base, all that it trains moved, saved by the library."""
    torch.manual_seed(seed_of(name))
    model = peft.get_peft_model(family.fresh(), copy.deepcopy(config))
    shaken(
        [parameter for _, parameter in sorted(model.named_parameters()) if parameter.requires_grad],
        f"{family.name}/{name}",
    )
    folder = family.folder / "peft" / name
    model.save_pretrained(folder, safe_serialization=name != "all-linear")
    (folder / "README.md").unlink(missing_ok=True)
    config_file = folder / "adapter_config.json"
    saved = json.loads(config_file.read_text())
    # Sets come out in another order each time, and the base as a path of the machine.
    saved = {key: sorted(value) if isinstance(value, list) else value for key, value in saved.items()}
    saved["base_model_name_or_path"] = "base"
    config_file.write_text(json.dumps(saved, indent=2, sort_keys=True) + "\n")


def pefts(family: Family) -> None:
    """PEFT's modules, each alone: the library merges or adds them up, but does not stack."""
    for name, config in PEFT_MODULES.items():
        if family.name == "bert" or name in PEFT_XLMR:
            write_peft(family, name, config)
            model = peft.PeftModel.from_pretrained(family.fresh(), family.folder / "peft" / name)
            family.case(f"peft {name}", [f"peft/{name}"], family.logits(model.eval()))
    if family.name == "bert":
        for name, (config, word) in PEFT_REFUSED.items():
            write_peft(family, name, config)
            family.refused.append({"module": f"peft/{name}", "word": word})
    else:
        prefix_breaks(family)


def prefix_breaks(family: Family) -> None:
    """PEFT hands the second output of the body to the head, which is a cache where the body has no pooler."""
    model = peft.get_peft_model(family.fresh(), PEFT_MODULES["prefix"])
    try:
        family.logits(model.eval())
    except TypeError as error:
        family.breaks.append({"name": "peft prefix", "modules": [], "error": f"TypeError: {error}"})
    else:
        raise AssertionError("the library runs prefixes after all")


# Masks of composable-sft, written as its `encode_tensor` does: coordinates flattened with the first axis fastest.


def encoded(shape: torch.Size, index: list[tuple], values: torch.Tensor) -> dict:
    """One parameter's differences as the file keeps them."""
    strides = np.cumprod([1, *shape])[:-1]
    flat = np.array([int(np.dot(position, strides)) for position in index], dtype=np.int64)
    order = np.argsort(flat)
    # The first step is a numpy scalar and the others are ints: so it is in published files.
    steps = list(flat[order][:1]) + np.diff(flat[order]).tolist()
    return {"size": shape, "index_steps": steps, "values": values[order.tolist()] if len(order) else values}


def sparse_difference(shape: torch.Size, share: float, dtype, generator) -> tuple[dict, torch.Tensor]:
    """Random differences of a parameter, encoded and dense."""
    chosen = (torch.rand(shape, generator=generator) < share).nonzero()
    values = (torch.randn(len(chosen), generator=generator) * 2 * NOISE).to(dtype)
    dense = torch.zeros(shape)
    dense[tuple(chosen.T)] = values.float()
    return encoded(shape, [tuple(row) for row in chosen.tolist()], values), dense


# Which parameters a mask touches, how densely, and in which type it keeps its values.
MASKS = {
    "lang-embeddings": dict(pattern="word_embeddings|position_embeddings", share=0.3),
    "lang-linear": dict(pattern=r"(query|key|value|dense)\.weight", share=0.1),
    "lang-biases": dict(pattern=r"(query|dense|LayerNorm)\.bias", share=0.5),
    "lang-empty": dict(pattern=r"query", share=0.0),
    "lang-half": dict(pattern=r"(value|dense)\.weight|word_embeddings", share=0.1, dtype=torch.float16),
    "lang-bfloat16": dict(pattern=r"(value|dense)\.weight|word_embeddings", share=0.1, dtype=torch.bfloat16),
    "rank": dict(pattern=r"(weight|bias)$", share=0.05, head=True),
    "rank-dense": dict(pattern=r"(query|LayerNorm)\.weight", share=1.0, head=True),
}
SUMS = {
    "masks: embeddings": ["lang-embeddings"],
    "masks: linear": ["lang-linear"],
    "masks: biases": ["lang-biases"],
    "masks: half": ["lang-half"],
    "masks: bfloat16": ["lang-bfloat16"],
    "masks: rank": ["rank"],
    "masks: rank-dense": ["rank-dense"],
    "masks: language, rank": ["lang-linear", "rank"],
    "masks: two languages, rank": ["lang-embeddings", "lang-biases", "rank"],
    "masks: two languages of other types, rank": ["lang-half", "lang-bfloat16", "rank-dense"],
    "masks: five": ["lang-embeddings", "lang-linear", "lang-biases", "lang-half", "rank"],
}


def write_mask(family: Family, name: str, pattern: str, share: float, dtype=torch.float32, head=False) -> dict:
    """A mask; returns what it adds to each parameter, and under `abs` what it puts in its place."""
    generator = torch.Generator().manual_seed(seed_of(f"{family.name}/{name}"))
    state = family.fresh().state_dict()
    head_keys = [key for key in state if key.startswith("classifier.")]
    diffs, dense = {}, {}
    for key, value in state.items():
        if key not in head_keys and re.search(pattern, key):
            diffs[key], dense[key] = sparse_difference(value.shape, share, dtype, generator)
    if head:
        replaced = {key: torch.randn(state[key].shape, generator=generator) for key in head_keys}
    else:
        # A language mask carries the head it was trained with, which is to be skipped.
        replaced = {"cls.predictions.bias": torch.randn(FAMILIES[family.name].vocab_size, generator=generator)}
    folder = family.folder / "sft" / name
    folder.mkdir(parents=True)
    torch.save({"diffs": diffs, "abs": replaced}, folder / "pytorch_diff.bin")
    return {"diffs": dense, "abs": replaced if head else {}}


def masks(family: Family) -> None:
    """Sparse fine-tunings and their sums."""
    written = {name: write_mask(family, name, **options) for name, options in MASKS.items()}
    for name, parts in SUMS.items():
        mask_case(family, name, parts, written)
    mask_case(family, "masks: empty", ["lang-empty"], written, same_as="bare")
    mask_case(family, "masks: empty, rank", ["lang-empty", "rank"], written, same_as="masks: rank")
    reverse = "masks: rank, two languages"
    mask_case(
        family, reverse, ["rank", "lang-biases", "lang-embeddings"], written, same_as="masks: two languages, rank"
    )


def mask_case(family: Family, name: str, parts: list[str], written: dict, **extra) -> None:
    """The base plus each mask's differences, in order."""
    model = family.fresh()
    state = model.state_dict()
    with torch.no_grad():
        for part in parts:
            for key, difference in written[part]["diffs"].items():
                state[key].add_(difference)
            for key, value in written[part]["abs"].items():
                state[key].copy_(value)
    family.case(name, [f"sft/{part}" for part in parts], family.logits(model), **extra)


def main() -> None:
    for name in FAMILIES:
        shutil.rmtree(OUT / name, ignore_errors=True)
        write_base(name)
        family = Family(name)
        family.case("bare", [], family.logits(family.fresh()))
        if name == "bert":
            family.case(
                "bare, from a pickle", [], family.logits(family.fresh("base-bin")), base="base-bin", same_as="bare"
            )
        adapterhub(family)
        heads(family)
        if name == "bert":
            legacy(family)
            legacy_houlsby(family)
            legacy_lora(family)
            other_classes(family)
            refused_adapters(family)
        pefts(family)
        masks(family)
        family.write()
        check_effects(family.cases)
        print(f"{name}: {len(family.cases)} cases, {len(family.refused)} refused")


if __name__ == "__main__":
    main()
