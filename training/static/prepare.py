"""Reads the open parallel text, the English text and the question→passage pairs; writes them as plain, deduplicated files.

Out of `--shared` come, in `--work`:
    pairs.tsv      lang, source, English, other language   (one translation pair a line)
    questions.tsv  lang, source, question, title, passage
    english.json   English passages, news and sentences for distillation
    counts.json    pairs per language and source, after all filters
"""

import argparse
import io
import json
import os
import random
import re
from collections import Counter, defaultdict
from pathlib import Path

import zstandard

from languages import bcp47

# Every source here may be shipped (its licence stands in shared/data/SOURCES.md and in the model card).
# Word lists do not count towards a language's MIN_SENTENCES.
SENTENCES = [
    "aosp", "bible", "bitcoin-org", "comprehensive-rust", "flores-dev", "flores1-wiki", "mozilla-www",
    "opensource-guide", "osm-id", "python-docs", "raspberrypi-projects", "react-docs", "scratch-l10n",
    "storybooks", "storybooks-global", "tatoeba", "thunderbird-android", "wikimedia-mit", "wikipedia-android",
]
WORD_LISTS = ["cldr", "wikidict"]
# Not tquad (no licence), not wikiqa (research licence), nothing that XQuAD was made from.
QUESTIONS = ["arcd-train", "cmrc2018-trial", "drcd-dev-test", "iapp-thai-train", "jaquad-train", "norquad-valid", "afriqa-train-dev"]
MIN_SENTENCES = 1000
MAX_CHARS = 1200
# No source floods a language: evenly thinned to this many pairs, titles to fewer.
MOST_PAIRS = {"tatoeba": 25_000, "wikidict": 6_000, "bible": 8_000, "react-docs": 5_000}
SPACE = re.compile(r"\s+")


def read_lines(path: Path):
    """Lines of a text file, zstd or plain."""
    raw = path.open("rb")
    stream = zstandard.ZstdDecompressor().stream_reader(raw) if path.suffix == ".zst" else raw
    for line in io.TextIOWrapper(stream, "utf-8", newline="\n"):
        yield line.rstrip("\n")


def read_jsonl(path: Path):
    return (json.loads(line) for line in read_lines(path))


def tidy(text: str) -> str:
    return SPACE.sub(" ", text).strip()


def read_source(folder: Path):
    """(language, English, other) of one folder under parallel/."""
    if folder.name == "flores-dev":
        english = list(read_lines(folder / "en.txt.zst"))
        for path in sorted(folder.glob("*.txt.zst")):
            name = path.name.removesuffix(".txt.zst")
            if name != "en":
                yield from ((bcp47(name), en, xx) for en, xx in zip(english, read_lines(path), strict=True))
        return
    for path in sorted(folder.glob("*.tsv.zst")):
        lang = bcp47(path.name.removesuffix(".tsv.zst"))
        for line in read_lines(path):
            fields = line.split("\t")
            if len(fields) == 2:
                yield lang, *fields


def test_sentences(data: Path) -> set:
    """(language, sentence) of the Tatoeba test: a pair with such a sentence is left out, wherever it came from."""
    found = set()
    for path in (data / "tatoeba").glob("*-eng.tsv.zst"):
        lang = bcp47(path.name.removesuffix("-eng.tsv.zst"))
        found.update((lang, tidy(line.split("\t")[0]).lower()) for line in read_lines(path))
    return found


def is_usable(en: str, xx: str) -> bool:
    """A pair long enough to mean something, and really translated."""
    if not (2 <= len(en) <= MAX_CHARS and 1 <= len(xx) <= MAX_CHARS) or en.lower() == xx.lower():
        return False
    return len(xx) < 4 * len(en) + 30 and len(en) < 6 * len(xx) + 30


def read_pairs(data: Path) -> dict:
    """language → source → pairs; each pair once, in the first source that has it."""
    pairs, seen, held_out = defaultdict(lambda: defaultdict(list)), set(), test_sentences(data)
    for source in SENTENCES + WORD_LISTS:
        for lang, en, xx in read_source(data / "parallel" / source):
            en, xx = tidy(en), tidy(xx)
            key = hash((lang, en.lower(), xx.lower()))
            if lang == "en" or key in seen or not is_usable(en, xx) or (lang, xx.lower()) in held_out:
                continue
            seen.add(key)
            pairs[lang][source].append((en, xx))
    enough = {lang: by for lang, by in pairs.items() if sum(len(by[s]) for s in SENTENCES) >= MIN_SENTENCES}
    return {lang: {source: thin(source, found) for source, found in by.items() if found} for lang, by in enough.items()}


def thin(source: str, pairs: list) -> list:
    return pairs[:: -(-len(pairs) // MOST_PAIRS.get(source, 20_000))]


def write_pairs(pairs: dict, path: Path):
    with path.open("w", encoding="utf-8") as out:
        for lang in sorted(pairs):
            for source in sorted(pairs[lang]):
                out.writelines(f"{lang}\t{source}\t{en}\t{xx}\n" for en, xx in pairs[lang][source])


def read_questions(data: Path):
    """(language, source, question, title, passage); AfriQA's question is also there in its English translation."""
    for source in ["squad"] + QUESTIONS:
        folder = data / source if source == "squad" else data / "qa" / source
        passages = {d["_id"]: d for d in read_jsonl(folder / "corpus.jsonl.zst")}
        queries = {q["_id"]: q for q in read_jsonl(folder / "queries.jsonl.zst")}
        qrels = next(p for p in (folder / "qrels.txt", folder / "qrels.txt.zst") if p.exists())
        for line in read_lines(qrels):
            query, _, passage, _ = line.split()
            q, d = queries[query], passages[passage]
            if source == "afriqa-train-dev" and d.get("lang", "en") != "en":
                continue
            title, text = tidy(d.get("title") or ""), tidy(d["text"])
            yield bcp47(q["lang"]), source, tidy(q["text"]), title, text
            if q.get("translated"):
                yield "en", source, tidy(q["translated"]), title, text


def english_texts(data: Path, pairs: dict, rng: random.Random):
    """Passages and sentences that the teacher will read, most useful first."""
    passages = [tidy(f"{d['title']} {d['text']}") for d in read_jsonl(data / "mono" / "enwiki2014-passages.jsonl.zst")]
    news = [tidy(f"{d['title']} {d['text'][:900]}") for d in read_jsonl(data / "mono" / "wikinews-en.jsonl.zst")]
    sentences = sorted({en for by in pairs.values() for source in by for en, _ in by[source]})
    for texts in (passages, news, sentences):
        rng.shuffle(texts)
    return {"passages": passages, "news": news, "sentences": sentences}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=os.environ.get("XENOGLOT_SHARED", "../shared"))
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    args = parser.parse_args()
    data, work = Path(args.shared) / "data", args.work
    work.mkdir(parents=True, exist_ok=True)

    pairs = read_pairs(data)
    write_pairs(pairs, work / "pairs.tsv")
    with (work / "questions.tsv").open("w", encoding="utf-8") as out:
        out.writelines("\t".join(fields) + "\n" for fields in read_questions(data))
    (work / "english.json").write_text(json.dumps(english_texts(data, pairs, random.Random(1)), ensure_ascii=False))
    counts = {lang: {s: len(by[s]) for s in sorted(by)} for lang, by in sorted(pairs.items())}
    (work / "counts.json").write_text(json.dumps(counts, indent=1))
    total = Counter({lang: sum(by.values()) for lang, by in counts.items()})
    print(len(total), "languages,", sum(total.values()), "pairs;", total.most_common(15))


if __name__ == "__main__":
    main()
