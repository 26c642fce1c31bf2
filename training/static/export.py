"""Writes the model folder: 4-bit rows, tokenizer, config, and golden.json to check another implementation against."""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from evaluate import StaticModel
from train import ignored_ids

LIMIT_BYTES = 20_000_000
GOLDEN_TEXTS = [
    "", "   ", "\u200b", "😀", "Hello, world!", "Where is the nearest train station?", "The 1998 World Cup final: 3–0.",
    "naïve café in ZÜRICH", "Wo ist der nächste Bahnhof?", "¿Dónde está la estación de tren más cercana?",
    "أَيْنَ أقرب محطة قطار؟", "نزدیک‌ترین ایستگاه قطار کجاست؟", "Πού είναι ο πλησιέστερος σταθμός;", "निकटतम रेलवे स्टेशन कहाँ है?",
    "Где ближайший вокзал?", "สถานีรถไฟที่ใกล้ที่สุดอยู่ที่ไหน", "İstanbul'da en yakın İSTASYON nerede, Irmak mı?",
    "Ga tàu gần nhất ở đâu?", "最近的火车站在哪里？共有308分。", "一番近い駅はどこですか。", "가장 가까운 기차역이 어디예요?",
    "அருகிலுள்ள ரயில் நிலையம் எங்கே?", "ﬁne ① ½ ＡＢＣ a\tb\r\nc  #hash @user http://example.org/?q=1&r=%20",
    "A very long text. 很长的文字。 " * 400,
]


def quantise(rows: np.ndarray):
    """Signed 4-bit values and a scale for each row, the scale that loses the least of the row."""
    best_error = np.full(len(rows), np.inf, np.float32)
    best_q, best_scale = np.zeros(rows.shape, np.int8), np.zeros(len(rows), np.float16)
    widest = np.abs(rows).max(1)
    for share in np.linspace(0.3, 1.0, 29):
        scale = (widest * share / 7).astype(np.float16)
        divisor = np.where(scale == 0, 1, scale.astype(np.float32))[:, None]
        q = np.clip(np.round(rows / divisor), -7, 7)
        # For these values the best scale has a closed form.
        fitted = ((rows * q).sum(1) / np.maximum((q * q).sum(1), 1)).astype(np.float16)
        error = ((rows - q * fitted.astype(np.float32)[:, None]) ** 2).sum(1)
        better = error < best_error
        best_error[better], best_q[better], best_scale[better] = error[better], q[better].astype(np.int8), fitted[better]
    return best_q, best_scale


def pack(q: np.ndarray) -> np.ndarray:
    """Even column in the low nibble, odd column in the high one; a value is stored as q + 8."""
    stored = (q + 8).astype(np.uint8)
    return np.ascontiguousarray(stored[:, 0::2] | (stored[:, 1::2] << 4))


def describe(tokenizer: Tokenizer, languages: list) -> dict:
    return {
        "model_type": "static",
        "architecture": "StaticEmbedding",
        "dim": 384,
        "vocab_size": tokenizer.get_vocab_size(),
        "pooling": "mean",
        "normalize": True,
        "ignored_token_ids": sorted(ignored_ids(tokenizer)),
        "max_tokens": None,
        "quantization": {"bits": 4, "scheme": "row-symmetric"},
        "languages": languages,
        "name": "xenoglot-static",
        "version": "1.0.0",
        "license": "CC-BY-SA-4.0",
    }


def golden(folder: Path) -> list:
    """Texts with their ids and vectors from the quantised model."""
    model = StaticModel.load(folder)
    vectors = model.encode(GOLDEN_TEXTS)
    return [
        {"text": text, "ids": model.tokenizer.encode(text, add_special_tokens=False).ids, "vector": [round(float(x), 6) for x in vector]}
        for text, vector in zip(GOLDEN_TEXTS, vectors)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    parser.add_argument("--name", default="rows")
    parser.add_argument("--model", type=Path, default=Path("models/xenoglot-static"))
    args = parser.parse_args()
    args.model.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(args.work / "tokenizer.json", args.model / "tokenizer.json")
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    q, scale = quantise(np.load(args.work / f"{args.name}.npy"))
    save_file({"embedding.weight": pack(q), "embedding.scale": scale}, args.model / "model.safetensors")
    (args.model / "model.safetensors").chmod(0o644)  # the library writes it for its owner only
    languages = sorted(json.loads((args.work / "counts.json").read_text())) + ["en"]
    (args.model / "config.json").write_text(json.dumps(describe(tokenizer, sorted(languages)), indent=1) + "\n")
    (args.model / "golden.json").write_text(json.dumps(golden(args.model), ensure_ascii=False, separators=(",", ":")) + "\n")
    size = sum(p.stat().st_size for p in args.model.iterdir())
    print(size, "bytes")
    if size > LIMIT_BYTES:
        raise SystemExit(f"the folder is {size - LIMIT_BYTES} bytes over its limit: train a tokenizer with fewer pieces")


if __name__ == "__main__":
    main()
