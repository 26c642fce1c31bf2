#!/usr/bin/env python3
"""Makes the topics on which romanised search is judged: the same words in two scripts.

Documents: FLORES devtest, 281 articles in each language that is not written in Latin letters; and lines that
../shared/data (or XENOGLOT_SHARED) holds in two scripts of one language. Topics: four words of a sentence of an article,
spelled in Latin letters by a romaniser that is not the program's own, one topic an article and spelling; the other way
round, the native words and documents that a romaniser spelled. Nothing here uses any_ascii. Last, the first sentence of
an article asks for the article in a sibling language of another script.

    python3 -m venv target/bench/venv-romanised
    target/bench/venv-romanised/bin/pip install -r benches/eval/romanised.txt
    target/bench/venv-romanised/bin/python benches/eval/romanised.py target/bench/romanised

Writes `documents.jsonl`, a line {"name", "lang", "texts"} a collection, and `cases.jsonl`, a line {"kind", "lang",
"spelling", "documents", "topics": [{"text", "relevant": [index of a text]}]} a set of topics. Every choice by lot is
seeded. Takes ten minutes on two cores.
"""

import argparse
import functools
import json
import os
import random
import re
import unicodedata
from multiprocessing import Pool
from pathlib import Path

import cyrtranslit
import icu
import pykakasi
import pypinyin
import transliterate
import unidecode
import uroman
import zstandard
from aksharamukha import transliterate as aksharamukha
from hangul_romanize import Transliter
from hangul_romanize.rule import academic
from indic_transliteration import sanscript
from korean_romanizer.romanizer import Romanizer
from mishkal.tashkeel import TashkeelClass
from pythainlp.transliterate.royin import romanize as royin

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 1
WORDS_A_TOPIC = 4
PAIRED_TOPICS = 500

ISO3 = {
    "ru": "rus", "el": "ell", "ar": "ara", "he": "heb", "fa": "fas", "ur": "urd", "hi": "hin", "bn": "ben", "ta": "tam",
    "te": "tel", "ml": "mal", "mr": "mar", "gu": "guj", "pa": "pan", "ne": "nep", "si": "sin", "kn": "kan", "th": "tha",
    "ko": "kor", "ja": "jpn", "zh": "zho", "km": "khm", "my": "mya", "lo": "lao", "ka": "kat", "hy": "hye", "kk": "kaz",
    "ky": "kir", "ug": "uig", "tg": "tgk", "mn": "mon", "tt": "tat", "ba": "bak", "bg": "bul", "uk": "ukr", "be": "bel",
    "sr": "srp", "mk": "mkd", "am": "amh", "ti": "tir", "ps": "pus", "ckb": "ckb", "sd": "snd", "as": "asm", "or": "ori",
}
BRAHMIC = {
    "hi": "devanagari", "mr": "devanagari", "ne": "devanagari", "bn": "bengali", "as": "bengali", "gu": "gujarati",
    "pa": "gurmukhi", "or": "oriya", "ta": "tamil", "te": "telugu", "kn": "kannada", "ml": "malayalam", "si": "sinhala",
}
# Where the inherent vowel falls silent at the end of a word.
SCHWA_DROPPING = {"hi", "mr", "ne", "bn", "as", "gu", "pa"}
BGN = {
    "ru": "Russian", "uk": "Ukrainian", "be": "Belarusian", "bg": "Bulgarian", "sr": "Serbian", "mk": "Macedonian",
    "kk": "Kazakh", "ky": "Kirghiz", "mn": "Mongolian", "hy": "Armenian", "ka": "Georgian", "am": "Amharic", "el": "Greek",
}
CYRTRANSLIT = {"ru": "ru", "uk": "ua", "be": "by", "bg": "bg", "sr": "rs", "mk": "mk", "mn": "mn", "tg": "tj"}
# What chat writes, letter by letter; capitals of visual Greeklish do not matter, for case does not.
GREEKLISH = str.maketrans(dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "abgdezh8iklmn3oprsstyfx4w")))
ARABIZI = str.maketrans({
    "ا": "a", "أ": "2a", "إ": "2i", "آ": "2a", "ب": "b", "ت": "t", "ث": "th", "ج": "g", "ح": "7", "خ": "5", "د": "d",
    "ذ": "z", "ر": "r", "ز": "z", "س": "s", "ش": "sh", "ص": "s", "ض": "d", "ط": "6", "ظ": "z", "ع": "3", "غ": "gh",
    "ف": "f", "ق": "9", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "w", "ي": "y", "ى": "a", "ة": "a",
    "ئ": "2", "ؤ": "2", "ء": "2", "َ": "a", "ُ": "o", "ِ": "e", "ً": "", "ٌ": "", "ٍ": "", "ْ": "", "ّ": "",
})
RUSSIAN_CHAT = str.maketrans({
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "j", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "u", "я": "ya",
})


def words(text: str) -> list[str]:
    """The words of a text by ICU's rules and dictionaries, those with a letter or a digit."""
    breaks = icu.BreakIterator.createWordInstance(icu.Locale("en"))
    # ICU counts in UTF-16.
    units = icu.UnicodeString(text)
    breaks.setText(units)
    found, start = [], 0
    for end in breaks:
        found.append(str(units[start:end]))
        start = end
    return [word for word in found if any(c.isalnum() for c in word)]


def without_marks(text: str) -> str:
    """The letters without their accents, as on a keyboard that has none."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def with_icu(name: str):
    return icu.Transliterator.createInstance(name).transliterate


@functools.cache
def with_uroman(lang: str):
    machine = uroman.Uroman()
    return lambda text: " ".join(machine.romanize_string(word, lcode=ISO3[lang.split("-")[0]]) for word in words(text))


# Letters that the libraries of Sanskrit do not know: Malayalam's final consonants, Assamese r and w, candra vowels.
UNKNOWN_TO_SANSKRIT = str.maketrans(
    {"ൺ": "ണ്", "ൻ": "ന്", "ർ": "ര്", "ൽ": "ല്", "ൾ": "ള്", "ൿ": "ക്", "ৰ": "র", "ৱ": "ব", "ॉ": "ो", "ॅ": "े"}
)


def brahmic(lang: str, scheme: str):
    return lambda text: sanscript.transliterate(text.translate(UNKNOWN_TO_SANSKRIT), BRAHMIC[lang], scheme)


def typed_brahmic(lang: str):
    """As people type: silent vowels dropped, long ones doubled or not, v and w as it comes."""

    def spell(text: str) -> str:
        habit = random.Random(text)
        long = habit.choice([{"A": "a", "I": "i", "U": "u"}, {"A": "aa", "I": "ee", "U": "oo"}])
        spelled = []
        for word in brahmic(lang, sanscript.ITRANS)(text).split():
            word = word.replace("RRi", "ri").replace("~N", "ng").replace("~n", "n").replace("x", "ksh").replace(".", "")
            if lang in SCHWA_DROPPING:
                word = re.sub(r"(?<=[^aeiouAIU\W])a(?=\W*$)", "", word) if len(word) > 2 else word
                word = re.sub(r"(?<=[aeiouAIU][b-df-hj-np-tv-z])a(?=[b-df-hj-np-tv-z][aeiouAIU])", "", word)
            word = re.sub("[AIU]", lambda found: long[found[0]], word)
            spelled.append(word.replace("M", "n").replace("v", habit.choice("vw")).lower())
        return " ".join(spelled)

    return spell


def colloquial(lang: str):
    return lambda text: aksharamukha.process(
        BRAHMIC[lang].capitalize(), "RomanColloquial", text.translate(UNKNOWN_TO_SANSKRIT)
    )


@functools.cache
def with_mishkal():
    return TashkeelClass().tashkeel


def vocalised(text: str) -> str:
    """Arabic with its short vowels, but without those of the case endings, which nobody speaks."""
    return " ".join(re.sub("[ًٌٍَُِْ]+$", "", word) for word in with_mishkal()(text).split())


def vowelled(spell):
    """Short vowels, which the script leaves out, put between consonants by lot."""

    def spelled(text: str) -> str:
        lot = random.Random(text)
        # Inside a word these letters are vowels more often than not.
        text = re.sub("(?<=\\w)[וو]", lambda _: lot.choice("ou"), text)
        text = re.sub("(?<=\\w)[יيی]", "i", text)
        letters = re.sub("[^a-z0-9 ]", "", unidecode.unidecode(spell(text)).lower())
        return re.sub(r"(?<=[b-df-hj-np-tv-z])(?=[b-df-hj-np-tv-z])", lambda _: lot.choice("aaiue"), letters)

    return spelled


def by_word(spell):
    return lambda text: " ".join(spell(word) for word in words(text))


def pinyin(separator: str):
    return lambda text: " ".join(separator.join(pypinyin.lazy_pinyin(word)) for word in words(text))


def kana(style: str):
    machine = pykakasi.kakasi()
    return lambda text: " ".join(part[style] for part in machine.convert(text))


def spellings(lang: str) -> dict:
    """The romanisers of a language by name, the most usual spelling first."""
    known = {}
    if lang == "ta":
        # The library writes Sanskrit's voiced and breathed sounds here, which Tamil letters do not tell apart.
        known["colloquial"] = colloquial(lang)
    elif lang in BRAHMIC:
        known["typed"] = typed_brahmic(lang)
        known["colloquial"] = colloquial(lang)
        known["iast"] = brahmic(lang, sanscript.IAST)
        known["hk"] = brahmic(lang, sanscript.HK)
    if lang in CYRTRANSLIT:
        known["cyrtranslit"] = lambda text: cyrtranslit.to_latin(text, CYRTRANSLIT[lang])
    if lang == "ru":
        known["chat"] = lambda text: text.lower().translate(RUSSIAN_CHAT)
    if lang in BGN:
        known["bgn"] = lambda text: without_marks(with_icu(f"{BGN[lang]}-Latin/BGN")(text))
    if lang in CYRTRANSLIT or lang in ("kk", "ky", "tt", "ba"):
        known["iso9"] = with_icu("Cyrillic-Latin")
    if lang in ("el", "hy", "ka"):
        known["transliterate"] = lambda text: transliterate.translit(text, lang, reversed=True)
    if lang == "el":
        known["greeklish"] = lambda text: without_marks(text.lower()).translate(GREEKLISH)
        known["ungegn"] = with_icu("Greek-Latin/UNGEGN")
    if lang == "ar":
        known["vocalised"] = lambda text: without_marks(with_icu("Arabic-Latin/BGN")(vocalised(text)))
        known["arabizi"] = lambda text: vocalised(text).translate(ARABIZI)
    if lang in ("he", "fa", "ur", "ps", "sd"):
        known["vowelled"] = vowelled(with_uroman(lang))
    if lang in ("am", "ti"):
        known["aethiopica"] = with_icu("Ethiopic-Latin/Aethiopica")
    if lang == "th":
        known["royin"] = by_word(royin)
        known["iso11940"] = by_word(with_icu("Thai-Latin"))
    if lang == "my":
        known["mlcts"] = by_word(with_icu("Burmese-Latin"))
    if lang == "ko":
        known["revised"] = lambda text: Romanizer(text).romanize()
        known["academic"] = Transliter(academic).translit
    if lang == "ja":
        known["hepburn"] = kana("hepburn")
        known["kunrei"] = kana("kunrei")
    if lang in ("zh", "zh-Hant"):
        known["pinyin words"] = pinyin("")
        known["pinyin syllables"] = pinyin(" ")
    else:
        known["uroman"] = with_uroman(lang)
    if lang not in ("ja", "zh", "zh-Hant"):
        known["unidecode"] = by_word(unidecode.unidecode)
    return known


def lines(path: Path) -> list[str]:
    return zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read().decode().rstrip("\n").split("\n")


def flores(data: Path, lang: str) -> tuple[list[str], list[str]]:
    """The articles of a language, and of each some words of one sentence."""
    sentences = lines(data / f"flores-devtest/sent.{lang}.txt.zst")
    articles, topics = [], []
    for row in (data / "flores-devtest/articles.jsonl").read_text().splitlines():
        article = json.loads(row)
        lot = random.Random(f"{SEED} {article['_id']}")
        articles.append(" ".join(sentences[line] for line in article["sentences"]))
        found = words(sentences[lot.choice(article["sentences"])])
        # Words that stand apart, so that no match reaches over from one to the next.
        shortest = 2 if lang in ("zh", "zh-Hant", "ja", "ko") else 3
        found = [word for word in found if len(word) >= shortest] or found
        at = sorted(lot.sample(range(len(found)), min(WORDS_A_TOPIC, len(found))))
        topics.append(" ".join(found[i] for i in at))
    return articles, topics


def of_language(job: tuple[Path, str]) -> tuple[list, list]:
    """Documents and cases of one language of FLORES."""
    data, lang = job
    articles, natives = flores(data, lang)
    collections = [{"name": lang, "lang": lang, "texts": articles}]
    cases = []
    for rank, (name, spell) in enumerate(spellings(lang).items()):
        topics = [{"text": spell(text), "relevant": [at]} for at, text in enumerate(natives)]
        cases.append({"kind": "to native", "lang": lang, "spelling": name, "documents": lang, "topics": topics})
        if rank == 0:
            latin = f"{lang} {name}"
            collections.append({"name": latin, "lang": lang, "texts": [spell(text) for text in articles]})
            topics = [{"text": text, "relevant": [at]} for at, text in enumerate(natives)]
            cases.append({"kind": "to latin", "lang": lang, "spelling": name, "documents": latin, "topics": topics})
    return collections, cases


def paired(name: str, lang: str, latin: list, native: list) -> tuple[list, list]:
    """Topics and documents both ways between two scripts, from (English, text) rows that share their English."""
    collections, cases = [], []
    for kind, asked, held in [("to native", latin, native), ("to latin", native, latin)]:
        texts = sorted({text for _, text in held})
        index = {text: at for at, text in enumerate(texts)}
        relevant: dict[str, set] = {}
        for english, text in held:
            relevant.setdefault(english, set()).add(index[text])
        topics = {text: relevant[english] for english, text in asked if english in relevant and len(text.split()) > 2}
        chosen = random.Random(SEED).sample(sorted(topics), min(PAIRED_TOPICS, len(topics)))
        documents = f"{name} {kind}"
        collections.append({"name": documents, "lang": lang, "texts": texts})
        rows = [{"text": text, "relevant": sorted(topics[text])} for text in chosen]
        cases.append({"kind": kind, "lang": lang, "spelling": name, "documents": documents, "topics": rows})
    return collections, cases


def pairs(data: Path) -> list[tuple[list, list]]:
    """What people wrote themselves in two scripts of one language."""

    def rows(path: str, english: int) -> list[tuple[str, str]]:
        fields = [line.split("\t") for line in lines(data / path)]
        return [(row[english], row[1 - english]) for row in fields if len(row) == 2]

    made = []
    for folder in ["aosp", "wikimedia-mit"]:
        latin, native = (rows(f"parallel/{folder}/{code}.tsv.zst", 0) for code in ("sr-Latn", "sr"))
        made.append(paired(f"{folder} pairs", "sr", latin, native))
    latin, native = (rows(f"parallel/tatoeba/srp_{script}.tsv.zst", 0) for script in ("Latn", "Cyrl"))
    made.append(paired("tatoeba pairs", "sr", latin, native))
    return made


def siblings(data: Path) -> list[tuple[list, list]]:
    """One speech in two scripts, each translated by itself: the whole first sentence finds the sibling's article."""
    made = []
    for asked, held in [("hr", "sr"), ("bs", "sr"), ("sr", "hr"), ("ur", "hi"), ("hi", "ur"), ("tg", "fa"), ("fa", "tg")]:
        sentences = lines(data / f"flores-devtest/sent.{asked}.txt.zst")
        articles = map(json.loads, (data / "flores-devtest/articles.jsonl").read_text().splitlines())
        topics = [{"text": sentences[row["sentences"][0]], "relevant": [at]} for at, row in enumerate(articles)]
        collections = [{"name": held, "lang": held, "texts": flores(data, held)[0]}] if held == "hr" else []
        case = {"kind": "sibling", "lang": held, "spelling": asked, "documents": held, "topics": topics}
        made.append((collections, [case]))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    data = Path(os.environ.get("XENOGLOT_SHARED", ROOT / "../shared")) / "data"
    args.out.mkdir(parents=True, exist_ok=True)
    with Pool() as pool:
        made = pool.map(of_language, [(data, lang) for lang in [*ISO3, "zh-Hant"]], chunksize=1)
    made += pairs(data) + siblings(data)
    for name, at in [("documents", 0), ("cases", 1)]:
        with (args.out / f"{name}.jsonl").open("w") as file:
            for one in made:
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in one[at])


if __name__ == "__main__":
    main()
