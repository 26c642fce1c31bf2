"""Trains the Unigram tokenizer on a balanced multilingual sample; writes tokenizer.json, minified.

normalise  NFKC, lower case, then folds what changes no meaning: Arabic and Hebrew vowel points, Greek accents, dotless i,
           invisible characters. Other accents stay: they are tones in Vietnamese and vowels in Hindi and Thai.
split      at spaces (▁ marks a word's start), punctuation and numbers
pieces     Unigram: finds words inside unspaced Thai, Chinese, Khmer, where WordPiece would answer [UNK]
"""

import argparse
import json
import math
import random
from collections import Counter, defaultdict
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

UNKNOWN = "<unk>"
GREEK = dict(zip("άέήίόύώϊϋΐΰς", "αεηιουωιυιυσ"))
TURKISH = {"i\u0307": "i", "ı": "i"}
ARABIC_POINTS = "[\u064b-\u0652\u0670\u0640]"
HEBREW_POINTS = "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]"
INVISIBLE = "[\u00ad\u200b-\u200f\u2060\ufeff\ufe0f]"
ARABIC_LETTERS = {"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ک": "ك", "ی": "ي", "ة": "ه"}
# The article and the conjunction or preposition before it, so that an Arabic noun is one piece with them or without.
ARABIC_PREFIX = "▁(?:[وف]?[بك]?ال|[وف]?لل)?(?=[ء-ي]{3,})"
XQUAD_BOOST = 2.0
ENGLISH_SHARE = 0.22


def build_tokenizer(model=None) -> Tokenizer:
    """The rules around the pieces."""
    fold = {**GREEK, **TURKISH, **ARABIC_LETTERS}
    tokenizer = Tokenizer(model or models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase()]
        + [normalizers.Replace(Regex(points), "") for points in (ARABIC_POINTS, HEBREW_POINTS, INVISIBLE)]
        + [normalizers.Replace(letter, to) for letter, to in fold.items()]
        + [normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
        pre_tokenizers.Split(Regex(ARABIC_PREFIX), "isolated"),
        pre_tokenizers.Punctuation("isolated"),
        pre_tokenizers.Digits(individual_digits=False),
    ])
    return tokenizer


def read_texts(work: Path) -> dict:
    """language → texts, English among them."""
    texts = defaultdict(list)
    for line in (work / "pairs.tsv").open(encoding="utf-8"):
        lang, _, _, other = line.rstrip("\n").split("\t")
        texts[lang].append(other)
    for line in (work / "questions.tsv").open(encoding="utf-8"):
        lang, source, question, _, passage = line.rstrip("\n").split("\t")
        if source == "afriqa-train-dev":
            texts[lang].append(question)
        elif lang != "en":
            texts[lang] += [question, passage]
    english = json.loads((work / "english.json").read_text())
    texts["en"] = english["passages"] + english["news"] + english["sentences"][:200_000]
    return texts


def balanced_sample(texts: dict, size: int, boosted: list, rng: random.Random) -> list:
    """About `size` characters; a language's share is its amount of text to the power of 0.4."""
    amount = {lang: sum(map(len, ts)) for lang, ts in texts.items()}
    weight = {lang: n**0.4 * (XQUAD_BOOST if lang in boosted else 1) for lang, n in amount.items() if lang != "en"}
    total, sample = sum(weight.values()), []
    for lang in sorted(texts):
        share = ENGLISH_SHARE if lang == "en" else (1 - ENGLISH_SHARE) * weight[lang] / total
        left = share * size
        picked = rng.sample(texts[lang], len(texts[lang]))
        # A small language is read more than once: repetition is how its words count for more.
        while left > 0 and picked:
            for text in picked:
                sample.append(text)
                left -= len(text)
                if left <= 0:
                    break
            if share * size > 4 * amount[lang]:
                break
    return sample


def drop_rare_letters(sample: list, tokenizer: Tokenizer, least: int) -> list:
    """The sample, normalised, with letters seen fewer than `least` times blanked: each would cost a piece."""
    sample = [tokenizer.normalizer.normalize_str(text) for text in sample]
    counts = Counter()
    for text in sample:
        counts.update(text)
    blank = str.maketrans({letter: " " for letter, n in counts.items() if n < least})
    return [text.translate(blank) for text in sample]


def unigram_pieces(sample: list, size: int) -> list:
    """(piece, log probability), the unknown piece first.

    Byte-pair merges propose the pieces, minutes faster than Unigram's own seeds; their counts decide which stay.
    """
    words = Counter()
    rules = build_tokenizer()
    for text in sample:
        words.update(word for word, _ in rules.pre_tokenizer.pre_tokenize_str(text))
    merger = Tokenizer(models.BPE(unk_token=UNKNOWN))
    trainer = trainers.BpeTrainer(
        vocab_size=int(size * 1.25), special_tokens=[UNKNOWN], max_token_length=14, min_frequency=3, show_progress=False
    )
    merger.train_from_iterator((word for word, n in words.items() for _ in range(min(n, 50_000))), trainer)
    counts = Counter()
    for word, n in words.items():
        for token in merger.encode(word).tokens:
            counts[token] += n
    letters = {letter for word in words for letter in word}
    ranked = sorted(merger.get_vocab(), key=lambda p: (p not in letters, -counts[p], p))
    kept = [piece for piece in ranked if piece != UNKNOWN][: size - 1]
    total = sum(counts[p] + 1 for p in kept)
    return [(UNKNOWN, 0.0)] + [(p, math.log((counts[p] + 1) / total)) for p in kept]


def minify(path: Path):
    """No white space; scores to four decimals: the file is a sixth of the model."""
    spec = json.loads(path.read_text())
    spec["model"]["vocab"] = [[piece, round(score, 4)] for piece, score in spec["model"]["vocab"]]
    path.write_text(json.dumps(spec, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    parser.add_argument("--pieces", type=int, default=90_500)
    parser.add_argument("--sample", type=int, default=24_000_000, help="characters to train on")
    args = parser.parse_args()
    boosted = ["ar", "de", "el", "es", "hi", "ru", "th", "tr", "vi", "zh", "ko", "sw", "ta", "ja", "fr", "fa", "bn"]
    tokenizer = build_tokenizer()
    sample = balanced_sample(read_texts(args.work), args.sample, boosted, random.Random(3))
    sample = drop_rare_letters(sample, tokenizer, least=8)
    tokenizer.model = models.Unigram(unigram_pieces(sample, args.pieces), unk_id=0, byte_fallback=False)
    path = args.work / "tokenizer.json"
    tokenizer.save(str(path), pretty=False)
    minify(path)
    print(tokenizer.get_vocab_size(), "pieces,", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
