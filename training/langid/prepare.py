#!/usr/bin/env python3
"""Writes what the language identifier is trained on: lines of `script/language TAB text`, sorted by the first column.

    prepare.py SHARED_DATA OUT

From `parallel/` and, for English, `mono/`; no test collection. At most CHARS characters a language, FLORES dev twice. Scripts that one language
decides are left out. `und` stands for what the identifier is to leave unnamed: languages it has too little of, and other
scripts' text romanised.
"""

import json
import random
import subprocess
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

from anyascii import anyascii

CHARS = 450_000
SCRIPTS = {
    "Latin": "af az bs ca ceb cs cy da de en eo es et eu fi fo fr ga gd gl ha hr ht hu id ig is it jv ku lb lg ln lt lv mg mi"
    " ms mt nb nl nn ny oc om pl pt ro rw sk sl sn so sq sr-Latn su sv sw tk tl tn tr uz vi wo xh yo zu und",
    "Cyrillic": "ba be bg kk ky mk mn ru sr tg tt uk und",
    "Arabic": "ar ckb fa ps sd ug ur",
    "Devanagari": "hi mr ne",
    "Ethiopic": "am ti",
    "Bengali": "as bn",
    "Hebrew": "he yi",
}
RANGES = {
    "Latin": [(0x41, 0x2AF), (0x1E00, 0x1EFF)],
    "Cyrillic": [(0x400, 0x52F)],
    "Arabic": [(0x600, 0x6FF)],
    "Devanagari": [(0x900, 0x97F)],
    "Ethiopic": [(0x1200, 0x139F)],
    "Bengali": [(0x980, 0x9FF)],
    "Hebrew": [(0x590, 0x5FF)],
}
# Files under these codes teach `und`. Breton, Asturian, Northern Sotho, Ewe and Corsican are kept away, as a test of it.
UNNAMED = {
    "Latin": "fy ia ilo io jam kab kl la nds pam pcm scn se ss st tet ts war".split(),
    "Cyrillic": "cv xal".split(),
}
# Two romanisations would be better than one; names of places are spelt in neither.
ROMANISED = "hi mr ne bn ta te kn ml gu pa or si ur fa ar ru uk bg el ka hy th am he zh ja ko km my ckb kk mn".split()
ROMANISED_LINES = 300
# Tatoeba's files are named by ISO 639-3 (a few by a macrolanguage that is one language here).
TATOEBA = dict(
    pair.split(":")
    for pair in "afr:af ara:ar asm:as aze:az bel:be ben:bn bul:bg cat:ca ces:cs chv:cv cym:cy dan:da deu:de epo:eo est:et eus:eu"
    " fas:fa fin:fi fra:fr gle:ga glg:gl heb:he hin:hi hrv:hr hun:hu ilo:ilo ina:ia ind:id isl:is ita:it kab:kab lat:la lav:lv"
    " lit:lt ltz:lb mar:mr mkd:mk mlt:mt mri:mi nds:nds nld:nl nob:nb oci:oc pam:pam pes:fa pol:pl por:pt ron:ro rus:ru slv:sl"
    " spa:es sqi:sq srp_Cyrl:sr srp_Latn:sr-Latn swa:sw swe:sv tat:tt tgl:tl tuk:tk tur:tr uig:ug ukr:uk urd:ur vie:vi war:war"
    " xal:xal yid:yi zsm_Latn:ms".split()
)
# Interface messages repeat themselves; sentences do not.
MESSAGES = {"mozilla-www": 800, "cldr": 800, "tatoeba": 8000}
MESSAGES_ELSE = 2500


def main() -> None:
    parallel, out = Path(sys.argv[1]) / "parallel", Path(sys.argv[2])
    files = defaultdict(list)
    for path in sorted(parallel.glob("*/*.tsv.zst")):
        code = path.name.removesuffix(".tsv.zst")
        code = TATOEBA.get(code) if path.parent.name == "tatoeba" else code
        files[code].append(path)
    rng = random.Random(0)
    with open(out, "w") as lines:
        for script in sorted(SCRIPTS):
            for code in sorted(SCRIPTS[script].split()):
                if code == "und":
                    texts = unnamed(parallel, files, script, rng)
                else:
                    texts = in_language(parallel, files[code], code, script, rng)
                for text in texts:
                    lines.write(f"{script}/{code}\t{text}\n")


def in_language(parallel: Path, files: list[Path], code: str, script: str, rng: random.Random) -> list[str]:
    flores = parallel / f"flores-dev/{code}.txt.zst"
    texts = 2 * read(flores) if flores.exists() else []
    if code == "en":
        texts += [line.split("\t")[0] for line in read(parallel / "tatoeba/fra.tsv.zst")[:8000]]
        passages = read(parallel.parent / "mono/enwiki2014-passages.jsonl.zst")[::20]
        texts += [part for line in passages for part in (json.loads(line)["title"], json.loads(line)["text"][:250])]
    for path in files:
        texts += translations(path, rng)
    texts = [text for text in texts if is_in(script, text)]
    rng.shuffle(texts)
    return first_chars(texts, 2 * CHARS if code == "en" else CHARS)


def unnamed(parallel: Path, files: dict[str, list[Path]], script: str, rng: random.Random) -> list[str]:
    texts = []
    for code in UNNAMED[script]:
        some = [text for path in files[code] for text in translations(path, rng) if is_in(script, text)]
        rng.shuffle(some)
        texts += first_chars(some, CHARS // 5)
    if script == "Latin":
        for code in ROMANISED:
            texts += [anyascii(line) for line in read(parallel / f"flores-dev/{code}.txt.zst")[:ROMANISED_LINES]]
    rng.shuffle(texts)
    return texts


def translations(path: Path, rng: random.Random) -> list[str]:
    """Some of a file's texts, without those that say the same in English: names, and what nobody translated."""
    pairs = [line.split("\t") for line in read(path)]
    rng.shuffle(pairs)
    texts = []
    for english, text in (pair[:2] for pair in pairs if len(pair) > 1):
        words, known = text.lower().split(), set(english.lower().split())
        if words and sum(word in known for word in words) <= 0.4 * len(words):
            texts.append(text)
    return texts[: MESSAGES.get(path.parent.name, MESSAGES_ELSE)]


def is_in(script: str, text: str) -> bool:
    letters = [ord(c) for c in text if unicodedata.category(c)[0] == "L"]
    inside = sum(any(low <= letter <= high for low, high in RANGES[script]) for letter in letters)
    return bool(letters) and inside >= 0.8 * len(letters)


def first_chars(texts: list[str], chars: int) -> list[str]:
    kept, total = [], 0
    for text in texts:
        if total > chars:
            break
        kept.append(text)
        total += len(text)
    return kept


def read(path: Path) -> list[str]:
    text = subprocess.run(["zstdcat", path], capture_output=True, text=True, check=True).stdout
    return [line for line in text.split("\n") if line]


if __name__ == "__main__":
    main()
