#!/usr/bin/env python3
"""Writes tiny models with random weights, and what the reference libraries make of a dozen texts with each.

    python3 -m venv /tmp/parity-venv && /tmp/parity-venv/bin/pip install -r tests/parity/requirements.txt
    /tmp/parity-venv/bin/python tests/parity/fixtures.py [NAME...]

Each `tests/fixtures/models/NAME/` is a model directory as people publish them, and beside it `expected.json`:

    systems     versions of the libraries that answered
    texts       what was asked
    ids         per text, the token ids the model is given: special tokens in, truncated. Static models have none of
                the special tokens; model2vec also drops the unknown token after it has truncated
    embeddings  per text, the vector at unit length, shortest decimals that give the same float32 again; a static
                model has a zero vector for a text without tokens

`bert-poolings`, `prompts` and `onnx-only` add keys of their own, described at their functions.

The answers come from sentence-transformers on the CPU in float32, one text at a time, so that no padding can leak into
a reference; model2vec models answer through model2vec. Every weight, bias and scale is random, and large: a layer that
is skipped, swapped or read transposed moves the vectors far. Seeds are fixed; a rerun with the pinned versions changes
nothing but the last digits on another processor.
"""

import json
import logging
import math
import os
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
warnings.filterwarnings("ignore")  # the exporter says at length that it is the older of two
logging.getLogger().setLevel(logging.ERROR)

import numpy as np
import onnx
import onnxruntime
import sentence_transformers
import torch
import transformers
from model2vec import StaticModel
from model2vec import version as model2vec_version
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import (
    Dense,
    LayerNorm,
    Normalize,
    Pooling,
    StaticEmbedding,
    Transformer,
)
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    XLMRobertaConfig,
    XLMRobertaModel,
)

transformers.logging.disable_progress_bar()
torch.set_num_threads(1)

MODELS = Path(__file__).resolve().parent.parent / "fixtures" / "models"

TEXTS = [
    "",
    "bridge",
    "THE NIGHT TRAIN",
    "The bridge over the river was finished in 1932, after nine years of work.",
    "  Two  spaces   here,\tthen a tab\nand a new line. ",
    "Störche überwintern südlich der Sahara – meistens.",
    "В каком году построили мост через реку?",
    "قطار الليل يصل عند الفجر",
    "这座桥建于1932年，河上只有它。",
    "रात की ट्रेन भोर में पहुँचती है।",
    "👩🏽‍🔬 found 🧬 in the river 🦠!",
    "e\u0301cole \ufb01n zero\u200bwidth soft\u00adhyphen",
    "[SEP] </s> [MASK] are only words here",
    "The storks return to the same chimney every spring. " * 30,
    "Ночной поезд приходит на рассвете. " * 20,
]

# What the vocabularies are counted on. Devanagari is left out: those words are unknown to WordPiece and Unigram.
CORPUS = [
    "The bridge over the river was built in 1932 after nine years of hard work.",
    "A night train waits near the bridge, and the river runs below it.",
    "The storks return to the same chimney in spring; they found it empty.",
    "Only two words are here: every word counts, never a number like 45678.",
    "Die Brücke über den Fluss wurde nach neun Jahren fertig.",
    "Störche überwintern südlich der Sahara und kehren im Frühling zurück.",
    "Мост через реку построили в том году, поезд приходит ночью.",
    "Аисты возвращаются каждой весной на одну и ту же крышу.",
    "قطار الليل يصل عند الفجر فوق الجسر",
    "الجسر فوق النهر قديم جدا",
    "这座桥在河上。桥很长，河很宽。",
    "夜里的火车到了。",
]


# Tokenizers. The trainers of the `tokenizers` library give another vocabulary on every run, so the pieces are counted
# here; the models, normalizers and post-processors are the library's, set as the families' own are.


def counted_pieces(words: Counter, most: int) -> list[tuple[str, int]]:
    """Every character of `words` with its count, then the `most` substrings that cover most text, ties by alphabet."""
    chars, spans = Counter(), Counter()
    for word, count in words.items():
        for char in word:
            chars[char] += count
        for start in range(len(word)):
            for end in range(start + 2, min(start + 6, len(word)) + 1):
                spans[word[start:end]] += count
    repeated = [(span, count) for span, count in spans.items() if count > 1]
    repeated.sort(key=lambda item: (-item[1] * len(item[0]), item[0]))
    return sorted(chars.items()) + repeated[:most]


def corpus_words(tokenizer: Tokenizer) -> Counter:
    """How often each word of the corpus comes out of the tokenizer's normalizer and pre-tokenizer."""
    words = Counter()
    for line in CORPUS:
        line = tokenizer.normalizer.normalize_str(line) if tokenizer.normalizer else line
        words.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(line))
    return words


def around(first: str, last: str, tokenizer: Tokenizer) -> processors.TemplateProcessing:
    """The post-processor that puts a text between two special tokens."""
    ids = [(token, tokenizer.token_to_id(token)) for token in (first, last)]
    return processors.TemplateProcessing(
        single=f"{first} $A {last}", pair=f"{first} $A {last} $B:1 {last}:1", special_tokens=ids
    )


def wordpiece_tokenizer(specials: dict[str, str], lowercase: bool = True) -> Tokenizer:
    """WordPiece as BERT has it; `specials` are transformers' names of the special tokens, in the order of their ids."""
    tokenizer = Tokenizer(models.WordPiece({}, unk_token=specials["unk_token"]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words = corpus_words(tokenizer)
    tokens = list(dict.fromkeys(specials.values()))
    added = [AddedToken(token, normalized=False, special=True) for token in tokens]
    for piece, _ in counted_pieces(words, 60):
        tokens += [piece] if any(word.startswith(piece) for word in words) else []
        tokens += [f"##{piece}"] if any(piece in word[1:] for word in words) else []
    vocab = {token: i for i, token in enumerate(tokens)}
    tokenizer.model = models.WordPiece(vocab, unk_token=specials["unk_token"], max_input_chars_per_word=100)
    # The vocabulary is always of lower-case words; a cased normalizer then needs `do_lower_case` from elsewhere.
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=None if lowercase else True)
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = around(specials["cls_token"], specials["sep_token"], tokenizer)
    tokenizer.add_special_tokens(added)
    return tokenizer


BERT_SPECIALS = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
# MPNet: RoBERTa's specials around BERT's WordPiece.
MPNET_SPECIALS = {
    "cls_token": "<s>",
    "pad_token": "<pad>",
    "sep_token": "</s>",
    "unk_token": "[UNK]",
    "mask_token": "<mask>",
    "bos_token": "<s>",
    "eos_token": "</s>",
}
ROBERTA_SPECIALS = {
    "cls_token": "<s>",
    "pad_token": "<pad>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
    "bos_token": "<s>",
    "eos_token": "</s>",
}


def byte_level_tokenizer() -> Tokenizer:
    """Byte-level BPE as RoBERTa has it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words = {tuple(word): count for word, count in corpus_words(tokenizer).items()}
    merges = []
    while len(merges) < 50:
        pairs = Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        merged = Counter()
        for word, count in words.items():
            joined, i = [], 0
            while i < len(word):
                width = 2 if word[i : i + 2] == best else 1
                joined.append("".join(word[i : i + width]))
                i += width
            merged[tuple(joined)] += count
        words = merged
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    tokens = specials + sorted(pre_tokenizers.ByteLevel.alphabet()) + ["".join(pair) for pair in merges] + ["<mask>"]
    tokenizer.model = models.BPE(vocab={token: i for i, token in enumerate(dict.fromkeys(tokens))}, merges=merges)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    tokenizer.add_special_tokens([AddedToken(token, normalized=True, special=True) for token in specials])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False, special=True)])
    return tokenizer


def unigram_tokenizer() -> Tokenizer:
    """Unigram over words that begin with U+2581, as XLM-R has it; NFKC stands for its table of characters."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    pieces = counted_pieces(corpus_words(tokenizer), 70)
    total = sum(count for _, count in pieces)
    vocab = [(special, 0.0) for special in ("<s>", "<pad>", "</s>", "<unk>")]
    vocab += [(piece, math.log(count / total)) for piece, count in pieces] + [("<mask>", 0.0)]
    tokenizer.model = models.Unigram(vocab, unk_id=3)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = around("<s>", "</s>", tokenizer)
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    )
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False, special=True)])
    return tokenizer


# Models and directories.

SMALL = dict(
    hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=40
)
# RoBERTa's positions begin at 2: 40 positions hold 38 tokens.
ROBERTA_TOKENS = dict(bos_token_id=0, pad_token_id=1, eos_token_id=2)


def randomised(module: torch.nn.Module, seed: int) -> torch.nn.Module:
    """The module with every parameter drawn anew: weights and biases around 0, scales of layer norms around 1."""
    generator = torch.Generator().manual_seed(seed)
    norms = {id(m.weight) for m in module.modules() if isinstance(m, torch.nn.LayerNorm)}
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0.0, 0.3, generator=generator)
            if id(parameter) in norms:
                parameter.add_(1.0)
    return module.eval()


def save_transformer(folder: Path, model, tokenizer: Tokenizer, specials: dict, limit: int | None, **saving) -> Path:
    """Model, config and tokenizer as transformers saves them; `limit` goes to tokenizer_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder, **saving)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **specials)
    if limit is not None:
        wrapped.model_max_length = limit
    wrapped.save_pretrained(folder)
    return folder


def write_json(path: Path, content) -> None:
    """`content` as indented JSON, parents made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_modules(folder: Path, modules: list[tuple[str, str]]) -> None:
    """modules.json with the short type names that releases before 5.4 wrote: (path, class) per module."""
    rows = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(modules)
    ]
    write_json(folder / "modules.json", rows)


BOOLEANS = {
    "cls": "pooling_mode_cls_token",
    "mean": "pooling_mode_mean_tokens",
    "max": "pooling_mode_max_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


def boolean_pooling(*modes: str) -> dict:
    """1_Pooling/config.json as releases before 5.4 wrote it."""
    return {"word_embedding_dimension": 16} | {key: mode in modes for mode, key in BOOLEANS.items()}


def save_pipeline(folder: Path, transformer: Path, *modules) -> None:
    """The directory that sentence-transformers' own `save_pretrained` writes for these modules, less the model card."""
    model = SentenceTransformer(modules=[Transformer(str(transformer)), *modules], device="cpu")
    model.save_pretrained(str(folder), create_model_card=False)


def scratch() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="parity-")


# Expectations.


def decimals(vectors) -> list[list[float]]:
    """Float32 rows at unit length as the shortest decimals that read back as the same float32."""
    rows = np.atleast_2d(np.asarray(vectors, dtype=np.float32))
    assert np.isfinite(rows).all()
    lengths = np.linalg.norm(rows, axis=1)
    assert (np.isclose(lengths, 1, atol=1e-5) | (lengths == 0)).all(), lengths
    return [[float(str(value)) for value in row] for row in rows]


def embed(model: SentenceTransformer, encode=None) -> list[list[float]]:
    """The vectors of all texts, each encoded alone."""
    encode = encode or model.encode
    return decimals([encode(text, normalize_embeddings=True) for text in TEXTS])


def token_ids(model: SentenceTransformer) -> list[list[int]]:
    """What the first module is given, checked against tokenizer.json read by the `tokenizers` library itself."""
    if isinstance(model[0], StaticEmbedding):
        return [model[0].tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
    ids = [model.preprocess([text])["input_ids"][0].tolist() for text in TEXTS]
    plain = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    plain.no_padding()
    plain.enable_truncation(model.max_seq_length)
    assert ids == [plain.encode(text).ids for text in TEXTS]
    return ids


SYSTEMS = {
    "sentence-transformers": sentence_transformers.__version__,
    "transformers": transformers.__version__,
    "torch": torch.__version__.split("+")[0],
}


def write_expected(folder: Path, ids: list[list[int]], embeddings: list[list[float]], systems=SYSTEMS, **more) -> None:
    """expected.json, one row of figures a line."""
    expected = {"systems": systems, "texts": TEXTS, "ids": ids, "embeddings": embeddings, **more}
    text = json.dumps(expected, ensure_ascii=False, separators=(",", ":")).replace("],[", "],\n[")
    (folder / "expected.json").write_text(text.replace(',"', ',\n"') + "\n")


def expect(folder: Path, **more) -> None:
    """Loads the directory afresh and writes down what it answers."""
    model = SentenceTransformer(str(folder), device="cpu")
    assert next(model.parameters()).dtype == torch.float32
    write_expected(folder, token_ids(model), embed(model), **more)


# One function per directory.


def bert(seed: int, **config) -> tuple[BertModel, Tokenizer]:
    """A small BERT and its tokenizer."""
    tokenizer = wordpiece_tokenizer(BERT_SPECIALS)
    model = BertModel(BertConfig(vocab_size=tokenizer.get_vocab_size(), **SMALL, **config))
    return randomised(model, seed), tokenizer


def distilbert(folder: Path) -> None:
    """DistilBERT as sentence-transformers 6 saves it.

    Its tokenizer.json asks for padding and for a shorter truncation; the library overrules both."""
    tokenizer = wordpiece_tokenizer(BERT_SPECIALS)
    config = DistilBertConfig(
        vocab_size=tokenizer.get_vocab_size(), dim=16, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=40
    )
    with scratch() as tmp:
        source = save_transformer(Path(tmp), randomised(DistilBertModel(config), 1), tokenizer, BERT_SPECIALS, 32)
        save_pipeline(folder, source, Pooling(16, "mean"))
    stale = json.loads((folder / "tokenizer.json").read_text())
    stale["truncation"] = {"direction": "Right", "max_length": 12, "strategy": "LongestFirst", "stride": 0}
    stale["padding"] = {
        "strategy": {"Fixed": 12},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    }
    write_json(folder / "tokenizer.json", stale)
    expect(folder)


def mpnet(folder: Path) -> None:
    """MPNet: positions from 2, a bias per distance shared by all layers; the older layout, limit in both configs."""
    tokenizer = wordpiece_tokenizer(MPNET_SPECIALS)
    config = MPNetConfig(
        vocab_size=tokenizer.get_vocab_size(),
        relative_attention_num_buckets=32,
        layer_norm_eps=1e-5,
        **SMALL,
        **ROBERTA_TOKENS,
    )
    model = randomised(MPNetModel(config), 2)
    with torch.no_grad():
        model.encoder.relative_attention_bias.weight.mul_(4)  # as large as the scores it is added to
    save_transformer(folder, model, tokenizer, MPNET_SPECIALS, 38)
    write_modules(folder, [("", "Transformer"), ("1_Pooling", "Pooling")])
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 36, "do_lower_case": False})
    write_json(folder / "1_Pooling" / "config.json", boolean_pooling("mean"))
    expect(folder)


def roberta(folder: Path) -> None:
    """RoBERTa, first token, from a checkpoint with the head of its pre-training, so that the names of weights begin
    with `roberta.`; the limit stands only in a config named as early releases named it."""
    tokenizer = byte_level_tokenizer()
    config = RobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), type_vocab_size=1, layer_norm_eps=1e-5, **SMALL, **ROBERTA_TOKENS
    )
    model = randomised(RobertaForMaskedLM(config), 3)
    save_transformer(folder, model, tokenizer, ROBERTA_SPECIALS, None)
    write_modules(folder, [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")])
    write_json(folder / "sentence_roberta_config.json", {"max_seq_length": 34, "do_lower_case": False})
    write_json(folder / "1_Pooling" / "config.json", boolean_pooling("cls"))
    expect(folder)


def xlmr(seed: int) -> tuple[XLMRobertaModel, Tokenizer]:
    """A small XLM-R and its tokenizer."""
    tokenizer = unigram_tokenizer()
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), type_vocab_size=1, layer_norm_eps=1e-5, **SMALL, **ROBERTA_TOKENS
    )
    return randomised(XLMRobertaModel(config), seed), tokenizer


def xlmr_dense(folder: Path) -> None:
    """XLM-R, mean, a dense layer 16 to 12 with tanh, unit length."""
    with scratch() as tmp:
        source = save_transformer(Path(tmp), *xlmr(4), ROBERTA_SPECIALS, 38)
        save_pipeline(folder, source, Pooling(16, "mean"), randomised(Dense(16, 12), 5), Normalize())
    expect(folder)


def bert_poolings(folder: Path) -> None:
    """BERT with every pooling.

    `poolings` has the vectors of each, `configs` the contents of 1_Pooling/config.json that ask for it, each tried:
    the booleans that concatenate in an order of their own, and the names that concatenate in the order given.
    """
    with scratch() as tmp:
        source = save_transformer(Path(tmp), *bert(6), BERT_SPECIALS, 36)
        save_pipeline(folder, source, Pooling(16, "mean"))
    canonical = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
    several = [["cls", "mean"], ["max", "mean"], ["cls", "max", "mean", "mean_sqrt_len_tokens"], canonical]
    given_order = [["mean", "cls"], ["mean", "max"]]
    poolings, configs = {}, {}
    pooling = folder / "1_Pooling" / "config.json"
    kept = pooling.read_text()
    for modes in [[mode] for mode in canonical] + several + given_order:
        name = "+".join(modes)
        named = modes[0] if len(modes) == 1 else modes
        configs[name] = [{"embedding_dimension": 16, "pooling_mode": named, "include_prompt": True}]
        if modes not in given_order:
            configs[name].append(boolean_pooling(*modes))
        answers = []
        for config in configs[name]:
            write_json(pooling, config)
            answers.append(embed(SentenceTransformer(str(folder), device="cpu")))
        assert all(answer == answers[0] for answer in answers)
        poolings[name] = answers[0]
    pooling.write_text(kept)
    expect(folder, poolings=poolings, configs=configs)


def old_layout(folder: Path) -> None:
    """The transformer in a folder of its own, and `do_lower_case` before a tokenizer that keeps case."""
    model, _ = bert(7)
    tokenizer = wordpiece_tokenizer(BERT_SPECIALS, lowercase=False)
    inner = save_transformer(folder / "0_Transformer", model, tokenizer, BERT_SPECIALS, None)
    write_json(inner / "sentence_bert_config.json", {"max_seq_length": 35, "do_lower_case": True})
    write_modules(folder, [("0_Transformer", "Transformer"), ("1_Pooling", "Pooling")])
    four = dict(list(boolean_pooling("mean").items())[:5])  # the first releases knew four modes
    write_json(folder / "1_Pooling" / "config.json", four)
    write_json(folder / "config.json", {"__version__": "0.3.8"})  # what those releases left at the top
    expect(folder)


def layernorm(folder: Path) -> None:
    """A dense layer with neither bias nor activation, then a layer norm."""
    with scratch() as tmp:
        source = save_transformer(Path(tmp), *bert(8), BERT_SPECIALS, 36)
        dense = Dense(16, 8, bias=False, activation_function=torch.nn.Identity())
        save_pipeline(folder, source, Pooling(16, "mean"), randomised(dense, 9), randomised(LayerNorm(8), 10))
    expect(folder)


def static_embedding(seed: int) -> StaticEmbedding:
    """Random rows for BERT's tokenizer."""
    tokenizer = wordpiece_tokenizer(BERT_SPECIALS)
    rows = np.random.default_rng(seed).normal(0, 1, (tokenizer.get_vocab_size(), 16)).astype(np.float32)
    return StaticEmbedding(tokenizer, embedding_weights=rows)


def static_st(folder: Path) -> None:
    """StaticEmbedding as releases before 5 laid it out: in a folder of its own."""
    inner = folder / "0_StaticEmbedding"
    inner.mkdir(parents=True)
    static_embedding(11).save(str(inner))
    write_modules(folder, [("0_StaticEmbedding", "StaticEmbedding"), ("1_Normalize", "Normalize")])
    expect(folder)


def static_root(folder: Path) -> None:
    """StaticEmbedding as release 6 lays it out: at the top."""
    model = SentenceTransformer(modules=[static_embedding(12)], device="cpu")
    model.save_pretrained(str(folder), create_model_card=False)
    expect(folder)


def expect_model2vec(folder: Path) -> None:
    """What model2vec answers, and that sentence-transformers agrees where neither truncates nor meets an unknown."""
    model = StaticModel.from_pretrained(folder)
    head = model.max_length * model.median_token_length
    ids = [model.tokenize([text[:head]])[0] for text in TEXTS]
    vectors = np.stack([model.encode(text, normalize=True) for text in TEXTS])
    other = SentenceTransformer(str(folder), device="cpu")
    for text, of_text, vector in zip(TEXTS, ids, vectors):
        if of_text and other[0].tokenizer.encode(text, add_special_tokens=False).ids == of_text:
            assert vector @ other.encode(text, normalize_embeddings=True) > 0.99999
    write_expected(folder, ids, decimals(vectors), systems={"model2vec": model2vec_version.__version__})


def model2vec(folder: Path) -> None:
    """model2vec's layout. A text is cut to `max_length` times the median length of a token in characters, then to
    `max_length` tokens; unknown tokens are left out after that."""
    tokenizer = wordpiece_tokenizer(BERT_SPECIALS)
    rows = np.random.default_rng(13).normal(0, 1, (tokenizer.get_vocab_size(), 16)).astype(np.float32)
    config = {"model_type": "model2vec", "architectures": ["StaticModel"], "hidden_dim": 16}
    model = StaticModel(rows, tokenizer, config=config, normalize=True, max_length=24)
    save_model2vec(folder, model)
    expect_model2vec(folder)


def model2vec_quantized(folder: Path) -> None:
    """model2vec after it has quantised its vocabulary: 32 rows, which row each token has, and each token's weight."""
    tokenizer = unigram_tokenizer()
    random = np.random.default_rng(14)
    rows = random.normal(0, 1, (32, 16)).astype(np.float32)
    mapping = random.integers(0, 32, tokenizer.get_vocab_size()).astype(np.int32)  # what its k-means gives
    weights = random.uniform(0.1, 3, tokenizer.get_vocab_size()).astype(np.float32)
    config = {"model_type": "model2vec", "architectures": ["StaticModel"], "hidden_dim": 16}
    model = StaticModel(
        rows, tokenizer, config=config, normalize=True, max_length=24, weights=weights, token_mapping=mapping
    )
    save_model2vec(folder, model)
    expect_model2vec(folder)


def save_model2vec(folder: Path, model: StaticModel) -> None:
    """The directory that model2vec writes, less the model card."""
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)


def ofa(folder: Path) -> None:
    """XLM-R whose word embeddings are kept as two factors, as OFA keeps them: coordinates, and primitives.

    No modules.json: the mean of the tokens. transformers cannot read the factors, so it answers for their product."""
    model, tokenizer = xlmr(15)
    random = np.random.default_rng(16)
    coordinates = random.normal(0, 0.3, (tokenizer.get_vocab_size(), 6)).astype(np.float32)
    primitives = random.normal(0, 0.6, (16, 6)).astype(np.float32)
    with torch.no_grad():
        model.embeddings.word_embeddings.weight.copy_(torch.from_numpy(coordinates @ primitives.T))
    save_transformer(folder, model, tokenizer, ROBERTA_SPECIALS, 36)
    expect(folder)
    weights = load_file(folder / "model.safetensors")
    del weights["embeddings.word_embeddings.weight"]
    weights["embeddings.target_coordinates.weight"] = coordinates
    weights["embeddings.primitive_embeddings.weight"] = primitives
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", config | {"num_primitive": 6})


def prompts(folder: Path) -> None:
    """BERT with a prompt for queries and one for documents.

    `query_embeddings` and `passage_embeddings` have them before each text, `embeddings` has none.
    `without_prompt_tokens` has both again under the pooling in `config`, which reads the prompt but leaves it out."""
    with scratch() as tmp:
        source = save_transformer(Path(tmp), *bert(17, hidden_act="relu"), BERT_SPECIALS, 36)
        pipeline = [Transformer(str(source)), Pooling(16, "mean")]
        model = SentenceTransformer(
            modules=pipeline, prompts={"query": "query: ", "document": "passage: "}, device="cpu"
        )
        model.save_pretrained(str(folder), create_model_card=False)

    def both() -> dict:
        model = SentenceTransformer(str(folder), device="cpu")
        return {
            "query_embeddings": embed(model, model.encode_query),
            "passage_embeddings": embed(model, model.encode_document),
        }

    pooling = folder / "1_Pooling" / "config.json"
    kept = pooling.read_text()
    excluding = json.loads(kept) | {"include_prompt": False}
    write_json(pooling, excluding)
    without = both()
    pooling.write_text(kept)
    expect(folder, **both(), without_prompt_tokens={"config": excluding, **without})


def sharded(folder: Path) -> None:
    """BERT in several safetensors files and their index."""
    save_transformer(folder, *bert(18, hidden_act="gelu_new"), BERT_SPECIALS, 36, max_shard_size="12KB")
    assert len(list(folder.glob("model-*.safetensors"))) >= 3
    write_modules(folder, [("", "Transformer"), ("1_Pooling", "Pooling")])
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 36, "do_lower_case": False})
    write_json(folder / "1_Pooling" / "config.json", boolean_pooling("mean"))
    expect(folder)


class LastHidden(torch.nn.Module):
    """A model as a function of three tensors, for the exporter."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state


def onnx_only(folder: Path) -> None:
    """ELECTRA, whose embeddings are narrower than its layers, with nothing but two ONNX files to read it from.

    `embeddings` are PyTorch's. `quantized_embeddings` are what onnxruntime makes of model_quantized.onnx, on a
    processor without 8-bit dot products or with: they differ a little between the two, and by what shares a batch."""
    tokenizer = wordpiece_tokenizer(BERT_SPECIALS)
    vocab = tokenizer.get_vocab_size()
    config = ElectraConfig(vocab_size=vocab, embedding_size=8, attn_implementation="eager", **SMALL)
    model = randomised(ElectraModel(config), 19)
    with scratch() as tmp:
        source = save_transformer(Path(tmp), model, tokenizer, BERT_SPECIALS, 36)
        save_pipeline(folder, source, Pooling(16, "mean"))
        inputs = ["input_ids", "attention_mask", "token_type_ids"]
        (folder / "onnx").mkdir()
        full, quantized = folder / "onnx" / "model.onnx", folder / "onnx" / "model_quantized.onnx"
        torch.onnx.export(
            LastHidden(model),
            tuple(torch.ones(2, 7, dtype=torch.long) for _ in inputs),
            str(full),
            input_names=inputs,
            output_names=["last_hidden_state"],
            dynamic_axes={name: {0: "batch_size", 1: "sequence_length"} for name in inputs + ["last_hidden_state"]},
            opset_version=17,
            dynamo=False,
        )
        slim(full)
        quantize_dynamic(str(full), str(quantized), weight_type=QuantType.QInt8)
        slim(quantized)
    reference = SentenceTransformer(str(folder), device="cpu")
    for path, least in ((full, 0.999999), (quantized, 0.9)):
        answers = onnx_embed(path, reference)
        agreement = np.sum(np.array(answers) * np.array(embed(reference)), axis=1)
        assert agreement.min() > least, (path, agreement)
    expect(folder, quantized_embeddings=answers)
    (folder / "model.safetensors").unlink()


def slim(path: Path) -> None:
    """Gives nodes and values short names, and drops the exporter's notes on shapes and source files."""
    model = onnx.load(path)
    graph = model.graph
    kept = {value.name for value in [*graph.input, *graph.output, *graph.initializer]}
    short = {}
    for i, node in enumerate(graph.node):
        node.name = f"n{i}"
        node.doc_string = ""
        del node.metadata_props[:]
        for names in (node.input, node.output):
            # An empty name is an optional input left out.
            names[:] = [n if not n or n in kept else short.setdefault(n, f"v{len(short)}") for n in names]
    del graph.value_info[:]
    onnx.save(model, path)


def onnx_embed(path: Path, reference: SentenceTransformer) -> list[list[float]]:
    """The vectors of all texts from an ONNX file, mean of the tokens, each text alone."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rows = []
    for ids in token_ids(reference):
        ids = np.array([ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean = session.run(["last_hidden_state"], feed)[0][0].mean(axis=0)
        rows.append(mean / np.linalg.norm(mean))
    return decimals(rows)


FIXTURES = {
    "distilbert": distilbert,
    "mpnet": mpnet,
    "roberta": roberta,
    "xlmr-dense": xlmr_dense,
    "bert-poolings": bert_poolings,
    "old-layout": old_layout,
    "layernorm": layernorm,
    "static-st": static_st,
    "static-st-root": static_root,
    "model2vec": model2vec,
    "model2vec-quantized": model2vec_quantized,
    "ofa": ofa,
    "prompts": prompts,
    "sharded": sharded,
    "onnx-only": onnx_only,
}


def main() -> None:
    for name in sys.argv[1:] or FIXTURES:
        folder = MODELS / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        FIXTURES[name](folder)
        files = [path for path in folder.rglob("*") if path.is_file()]
        for path in files:
            path.chmod(0o644)
        model = sum(path.stat().st_size for path in files if path.name != "expected.json")
        print(f"{name}: {model / 1000:.0f} kB, and {(folder / 'expected.json').stat().st_size / 1000:.0f} kB expected")


if __name__ == "__main__":
    main()
