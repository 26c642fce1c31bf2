"""Writes the model card, README.md of the model folder, from RESULTS.json and the counts of prepare.py."""

import argparse
import json
from collections import Counter
from pathlib import Path

from prepare import SENTENCES, WORD_LISTS

LICENCES = {
    "aosp": ("Android Settings, frameworks, SetupWizard: interface messages", "Apache-2.0"),
    "bible": ("Bible verses, public-domain translations", "public domain / CC0"),
    "bitcoin-org": ("bitcoin.org website", "MIT"),
    "cldr": ("Unicode CLDR names and emoji annotations", "Unicode licence"),
    "comprehensive-rust": ("google/comprehensive-rust course", "CC BY 4.0 / Apache-2.0"),
    "flores-dev": ("FLORES-200 dev (not devtest)", "CC BY-SA 4.0"),
    "flores1-wiki": ("FLORES v1 Wikipedia sentences", "CC BY-SA"),
    "mozilla-www": ("mozilla.org website", "MPL-2.0"),
    "opensource-guide": ("opensource.guide articles", "CC BY 4.0"),
    "osm-id": ("OpenStreetMap iD editor messages", "ISC"),
    "python-docs": ("Python documentation", "PSF / CC0"),
    "raspberrypi-projects": ("Raspberry Pi Foundation projects", "CC BY-SA 4.0"),
    "react-docs": ("React documentation", "CC BY 4.0"),
    "scratch-l10n": ("Scratch editor and website messages", "BSD-3-Clause"),
    "storybooks": ("African Storybook", "CC BY"),
    "storybooks-global": ("Global African Storybook", "CC BY"),
    "tatoeba": ("Tatoeba sentences (LASER test sentences removed)", "CC BY 2.0 FR"),
    "thunderbird-android": ("Thunderbird for Android messages", "Apache-2.0"),
    "wikidict": ("Wikipedia title pairs, wikidict", "CC0"),
    "wikimedia-mit": ("MediaWiki extensions and WikiEduDashboard messages", "MIT"),
    "wikipedia-android": ("Wikipedia for Android messages", "Apache-2.0"),
}
OTHER_DATA = """\
| SQuAD, Wikipedia articles that XQuAD does not use | CC BY-SA 4.0 | 16,258 English questions and their passages |
| JaQuAD | CC BY-SA 3.0 | Japanese questions and passages |
| DRCD, CMRC 2018 trial | CC BY-SA 3.0, 4.0 | Chinese questions and passages |
| iapp-wiki-qa, ARCD | MIT | Thai and Arabic questions and passages |
| NorQuAD | CC0 | Norwegian questions and passages |
| AfriQA | CC BY 4.0 | questions in African languages, English passages |
| English Wikipedia 2014 passages, English Wikinews | CC BY-SA 3.0, CC BY 2.5 | English text that the teacher reads |
| teacher: all-MiniLM-L6-v2 | Apache-2.0 | vectors of English text |
"""


def table(head: list, rows: list) -> str:
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines) + "\n"


def source_table(counts: dict) -> str:
    pairs, languages = Counter(), Counter()
    for by in counts.values():
        for source, n in by.items():
            pairs[source] += n
            languages[source] += 1
    rows = [(f"{source}: {LICENCES[source][0]}", LICENCES[source][1], f"{pairs[source]:,} pairs, {languages[source]} languages")
            for source in SENTENCES + WORD_LISTS]
    return table(["data", "licence", "amount"], rows) + OTHER_DATA


def matrix_table(results: dict) -> str:
    langs = results["xquad_languages"]
    rows = [[f"**{lang}**"] + [f"{v:.2f}".lstrip("0") for v in row] for lang, row in zip(langs, results["xquad_matrix"])]
    return table(["query ↓ document →", *langs], rows)


def tatoeba_table(results: dict, width: int = 10) -> str:
    cells = [f"{lang} {v:.3f}".replace(" 0.", " .") for lang, v in results["tatoeba"].items()]
    cells += [""] * (-len(cells) % width)
    rows = [cells[i : i + width] for i in range(0, len(cells), width)]
    return table([""] * width, rows)


def lost(results: dict) -> str:
    exact, shipped = results["float32"], results
    rows = [(name, exact["xquad_ndcg10"][key], shipped["xquad_ndcg10"][key]) for name, key in (
        ("XQuAD X→en", "x_to_en_mean"), ("XQuAD en→en", "en_to_en"), ("XQuAD 110 cross pairs", "cross_mean"))]
    rows += [("Tatoeba mean", exact["tatoeba_mean"], shipped["tatoeba_mean"]),
             ("STS-B en, Spearman", exact["sts_en_test_spearman"], shipped["sts_en_test_spearman"])]
    return table(["", "float32", "4 bits, as shipped"], rows)


def write_card(results: dict, counts: dict, config: dict) -> str:
    x, bare = results["xquad_ndcg10"], results["xquad_ndcg10_without_titles"]
    return f"""# xenoglot-static {config["version"]}

A multilingual sentence encoder that is only a table: a text's vector is the mean of its pieces' {config["dim"]}-dimensional rows,
scaled to unit length. No layers, no GPU, no length limit. It is Xenoglot's embedded default, for search that crosses
languages when no larger encoder is installed.

{config["vocab_size"]:,} pieces, 4 bits a number, {sum(results["bytes"].get(n, 0) for n in ("model.safetensors", "tokenizer.json", "config.json")) / 1e6:.1f} MB. Languages: English and {len(counts)} more.

## Use

Meant for: first-stage retrieval of sentences and paragraphs in and across languages, as one part of a hybrid with BM25;
finding translations; small machines. Not meant for: fine distinctions of meaning. Word order, negation and
disambiguation by context are invisible to a mean of rows. Where quality matters more than size, use a transformer
encoder such as multilingual-e5 or bge-m3.

## How it was trained

Rows of English pieces start as the teacher's (all-MiniLM-L6-v2) vectors of the pieces. Then three things are learnt
together: a sentence and its translation find each other among the batch's others (symmetric InfoNCE; part of the
batches are runs of neighbouring sentences read as paragraphs, or a part of such a run against the whole); a question
finds its passage; English texts, and translations of English texts, come near the teacher's vectors. The recipe is in
`training/static/` of Xenoglot's repository.

## Data and licences

{source_table(counts)}
Weights and tokenizer are released under **CC BY-SA 4.0**, because a part of the data is under CC BY-SA.
XQuAD, FLORES devtest and the Tatoeba test were not trained on.

## Languages

{" ".join(config["languages"])}

Quality follows the amount of text: languages with about 1,000 pairs, most of them interface messages, are weak.

## Measured, as shipped (quantised)

XQuAD-R paragraphs, exact dense search, 240 paragraphs a language, 1,190 questions, nDCG@10. Documents are embedded as
title, newline, text; XQuAD's titles are English in every language, which helps, so the figures without them stand beside.
The recipe's settings were chosen by these figures, so they lean to the bright side.

{table(["", "with titles", "without"], [
    ("X→en, mean of 10", x["x_to_en_mean"], bare["x_to_en_mean"]),
    ("en→en", x["en_to_en"], bare["en_to_en"]),
    ("all 110 cross pairs, mean", x["cross_mean"], bare["cross_mean"]),
    ("weakest cross pair", f'{x["cross_min"]} ({"→".join(x["cross_min_pair"])})', f'{bare["cross_min"]} ({"→".join(bare["cross_min_pair"])})'),
    ("within a language, mean of 11", x["within_mean"], bare["within_mean"])])}
With titles:

{matrix_table(results)}
Tatoeba (LASER test), X→en accuracy, mean of {len(results["tatoeba"])} languages {results["tatoeba_mean"]}:

{tatoeba_table(results)}
STS benchmark, English test, Spearman: {results["sts_en_test_spearman"]}.

What quantisation costs:

{lost(results)}
## Files

`model.safetensors` holds `embedding.weight`, U8 [{config["vocab_size"]}, 192], two values a byte (low nibble = even column,
value stored as q + 8, q from -7 to 7), and `embedding.scale`, F16 [{config["vocab_size"]}]; a row is q · scale.
`tokenizer.json` is in Hugging Face tokenizers' format. Ids in `ignored_token_ids` are left out of the mean; a text
without other ids has the zero vector. `golden.json` has texts with ids and vectors to check an implementation against.

## Limits

- Names spelt in another script match only where subwords were learnt; rare names are often missed.
- Much of the text is software messages, Bible verses and short everyday sentences; news and science are thin.
- Whatever bias the data and the teacher have, the rows inherit; no bias was measured.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    parser.add_argument("--model", type=Path, default=Path("models/xenoglot-static"))
    args = parser.parse_args()
    results = json.loads((Path(__file__).parent / "RESULTS.json").read_text())
    counts = json.loads((args.work / "counts.json").read_text())
    config = json.loads((args.model / "config.json").read_text())
    (args.model / "README.md").write_text(write_card(results, counts, config), encoding="utf-8")


if __name__ == "__main__":
    main()
