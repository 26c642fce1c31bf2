#!/usr/bin/env python3
"""Writes 500 texts and the vectors that sentence-transformers gives them with all-MiniLM-L6-v2.

    python3 -m venv /tmp/parity-venv && /tmp/parity-venv/bin/pip install -r tests/parity/requirements.txt
    /tmp/parity-venv/bin/python tests/parity/minilm.py runtime/models/all-MiniLM-L6-v2

Into `tests/fixtures/minilm/`: `texts.jsonl`, a line {"text", "n_tokens"} each, where n_tokens counts the two special
tokens and comes before truncation (the model reads 256); and `embeddings.npy`, float16 [500, 384], rows at unit length
in the same order, encoded one at a time in float32 on the CPU.

The texts are written here or drawn from Unicode with a fixed seed: scripts, lengths from nothing to 600 tokens, and
whatever a web page or a log may hold. Invisible characters are escaped in the file, so that a reader sees them.
"""

import json
import os
import random
import re
import sys
import unicodedata
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "minilm"
COUNT = 500

SENTENCES = """
en: The bridge was finished in 1932, after nine years of work.
en: Storks return to the same chimney every spring.
en: "Is this seat free?" she asked; nobody answered.
en: It's the driver's 2nd coffee – don't wake him before 6:30 a.m.
de: Die Brücke über den Fluss wurde nach neun Jahren fertig.
de: Störche überwintern südlich der Sahara, größtenteils jedenfalls.
de: Straßenbahnhaltestellenverzeichnis: ein langes Wort für eine Liste.
fr: L'été dernier, le train de nuit est arrivé à l'aube.
fr: Où sont passées les cigognes ? Elles sont déjà parties.
es: ¿En qué año se construyó el puente? ¡Nadie lo sabe!
es: El niño soñaba con un tren que cruzaba la montaña.
pt: A ponte não é tão antiga como a estação.
it: Il treno della notte è in ritardo perché nevica.
nl: De ooievaars zijn dit jaar vroeg teruggekomen.
sv: Tåget går över ån på en gammal bro.
da: Broen blev bygget på ni år af to hundrede mænd.
is: Brúin er gömul en áin er eldri.
pl: Żółta łódź płynie pod mostem, źle widoczna we mgle.
cs: Příliš starý most už nikdo neopraví.
hu: Az éjszakai vonat hajnalban érkezik az állomásra.
fi: Yöjuna saapuu asemalle aamunkoitteessa.
et: Öine rong jõuab jaama koidikul.
ro: Podul peste râu a fost terminat în toamnă și e frumos.
tr: İstanbul'da ışıklı köprünün altından gemiler geçiyor.
az: Gecə qatarı şəhərə səhər çatır.
vi: Chuyến tàu đêm đến ga lúc bình minh.
id: Kereta malam tiba di stasiun saat fajar.
sw: Treni ya usiku inafika kituoni alfajiri.
yo: Ọkọ̀ ojú irin dé ní òwúrọ̀.
ru: В каком году построили мост через реку?
ru: Ночной поезд приходит на рассвете, и станция ещё спит.
uk: Її дід будував цей міст дев'ять років.
bg: Щъркелите се връщат всяка пролет на същия комин.
kk: Түнгі пойыз таң ата келеді.
el: Η γέφυρα τελείωσε ύστερα από εννέα χρόνια.
el: Οι πελαργοί γυρίζουν κάθε άνοιξη στην ίδια στέγη.
hy: Գնացքը գալիս է լուսաբացին։
ka: ღამის მატარებელი გამთენიისას მოდის.
he: רכבת הלילה מגיעה עם שחר.
he: הגשר נבנה בשנת 1932 ומאז לא נסגר.
ar: قطار الليل يصل عند الفجر إلى محطة صغيرة.
ar: هل بُنِيَ الجِسرُ قبل مئة عام؟
fa: پل قدیمی روی رودخانه می‌ماند.
ur: رات کی ریل گاڑی صبح پہنچتی ہے۔
hi: रात की ट्रेन भोर में पहुँचती है।
hi: पुल बनने में नौ साल लगे।
bn: রাতের ট্রেন ভোরে আসে।
ta: இரவு ரயில் விடியற்காலையில் வருகிறது.
te: రాత్రి రైలు తెల్లవారుజామున వస్తుంది.
ml: രാത്രി വണ്ടി പുലർച്ചെ എത്തുന്നു.
th: รถไฟกลางคืนมาถึงตอนรุ่งสาง
th: สะพานนี้สร้างเสร็จหลังจากเก้าปี
lo: ລົດໄຟກາງຄືນມາຮອດຕອນເຊົ້າ
km: រថភ្លើងយប់មកដល់នៅពេលព្រឹក
my: ညရထားသည် မနက်စောစော ရောက်သည်။
am: የሌሊቱ ባቡር ንጋት ላይ ይደርሳል።
zh: 夜里的火车在黎明到站，站上没有人。
zh: 這座橋建於1932年，花了九年時間。
ja: 夜行列車は夜明けに駅へ着く。
ja: コウノトリは毎年同じ煙突に帰ってくるそうです。
ko: 밤 기차는 새벽에 역에 도착한다.
ko: 다리는 구 년 만에 완성되었다.
mn: Шөнийн галт тэрэг үүрээр ирдэг.
eo: La nokta trajno alvenas ĉe tagiĝo, laŭ la horaro.
"""

# Short texts that have broken tokenizers or JSON before, or well might.
ODD = [
    "",
    " ",
    "    ",
    "\n",
    " \t\r\n\f ",
    "\u00a0\u2003\u3000",
    "\u200b",
    "\u200b\u200c\u200d\u2060\ufeff",
    "\u0000",
    "null\u0000byte",
    "\u0001\u0002\u0007\u001b[31mred\u001b[0m\u007f",
    "c1 \u0080\u0085\u009f controls",
    "line\u2028separator\u2029paragraph",
    "\ufffd",
    "\ufffd\ufffd broken \ufffd bytes",
    "\ufeffbyte order mark",
    "\ue000\uf8ff private use \U000f0000",
    "\ufdd0\uffff not characters",
    "soft\u00adhy\u00adphen\u00adat\u00adion",
    "zero\u200bwidth\u200cjoin\u200ders",
    "\u202eright to left override\u202c",
    "\u2066isolated\u2069 \u200ftext\u200e",
    "e\u0301 e\u0300 o\u0308 n\u0303 A\u030a c\u0327",
    "é è ö ñ Å ç",
    "\u0301\u0308\u0327",
    "a" + "\u0301" * 40,
    "Z\u0351\u0343\u0322a\u0334\u0315l\u0328\u0360g\u0317o\u0338\u0489",
    "ﬁne ﬂow oﬃce ﬆ ŉ ǆ",
    "ＦＵＬＬ　ｗｉｄｔｈ　１２３",
    "ｶﾀｶﾅ half width",
    "𝓼𝓬𝓻𝓲𝓹𝓽 𝔣𝔯𝔞𝔨𝔱𝔲𝔯 𝟙𝟚𝟛",
    "ⅷ ½ ² ₂ ① ㎏ ㍻ ℃ №",
    "ẞ ß İ I ı i ſ K Å",
    "ΑΣ ΑΣ. ΣΟΦΟΣ ς",
    "ǅ Ǆ ǆ Ĳ ĳ",
    "각 각 \u1100\u1161\u11a8",
    "が か\u3099 ガ",
    "ｶﾞ",
    "\u0e01\u0e33 \u0e01\u0e4d\u0e32",
    "שָׁלוֹם שלום",
    "السَّلامُ عَلَيْكُم ـــ ﷺ ﷽",
    "क्‍ष क्ष क्‌ष",
    "𠀀𠮷𡈽 𪚥",
    "㐀䶵一鿿豈",
    "👍",
    "👍🏿 👍🏻",
    "👩‍👩‍👧‍👦",
    "👩🏽‍🔬🧑🏾‍🚀",
    "🇰🇬🇯🇵🇩🇪",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "❤️ ❤ ☎︎ ☎️ 1️⃣ #️⃣",
    "😀😃😄😁😆" * 12,
    "a😀b🎉c",
    "🫠🫡 🪿",
    "a",
    "I",
    "?",
    "…",
    "—",
    "中",
    "ก",
    "ß",
    "5",
    "%",
    "[CLS]",
    "[SEP]",
    "[MASK] the bridge [MASK]",
    "[PAD][PAD] [UNK]",
    "[ SEP ] [sep] [Mask]",
    "##ing ##s # #",
    "<s> </s> <pad> <unk> <mask>",
    "x" * 99,
    "x" * 100,
    "x" * 101,
    "x" * 1000,
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch",
    "muvaffakiyetsizleştiricileştiriveremeyebileceklerimizdenmişsinizcesine",
    "3.14159265358979323846264338327950288419716939937510582097494459",
    "1,234,567.89 -40°C 10⁻⁹ 0x1F 1e-7 50% $5 €7 £3 ¥9 ₹4",
    "12345678901234567890" * 10,
    "٠١٢٣٤٥٦٧٨٩ ०१२३४५६७८९ 〇一二三",
    "!!!???...,,,;;;:::",
    "-" * 300,
    "." * 598,
    "don't can't l'eau o’clock ‘single’ “double” «guillemets» „low“ 「kagi」",
    "C++ C# .NET node.js a/b AT&T R&D 24/7 re:invent",
    "https://www.example.org/a/b-c_d.html?q=1&r=%D0%B0#top",
    "someone+tag@mail.example.com, @handle #hashtag #хэштег",
    "C:\\Users\\nobody\\file.txt ~/notes /dev/null",
    "<p class=\"lead\">The <b>bridge</b> &amp; the&nbsp;river<br/></p>",
    "<!DOCTYPE html><html lang=\"en\"><head><title>Timetable</title></head><body><ul><li>5:40</li><li>6:10</li></ul>"
    "<script>if (a < b && c > d) { alert('x'); }</script></body></html>",
    "<!-- nothing but a comment -->",
    "&lt;b&gt; &#128512; &eacute; &unknown;",
    "fn main() {\n    let tracks: Vec<u8> = (0..9).collect();\n    println!(\"{tracks:?}\");\n}",
    "def arrive(train, *, late=False):\n\treturn None if late else train[::-1]  # nobody waits",
    "SELECT name, COUNT(*) FROM stations WHERE year >= 1932 GROUP BY name HAVING COUNT(*) > 1;",
    "{\"bridge\": {\"year\": 1932, \"open\": true, \"tolls\": [1.5, null]}}",
    "for i in $(seq 1 9); do echo \"$i\" | tee -a log.txt; done && exit 0",
    "| train | time |\n|---|---|\n| night | 05:40 |\n\n**late** _again_ `code` [link](x)",
    "\\frac{a^2 + b^2}{\\sqrt{c}} \\leq \\sum_{i=1}^{n} x_i",
    "∀x∈ℝ ∃y: x²≥0 ∧ y≠∞ ⇒ ∫f dx ≈ π",
    "2026-11-22T05:40:00Z ERROR [worker-3] timeout after 30000ms (id=7f3a9c)",
    "TG9uZyBsaW5lcyBvZiBsZXR0ZXJzIHRoYXQgc2F5IG5vdGhpbmcgdG8gYW55Ym9keQ==",
    "THE WHOLE SENTENCE IS IN CAPITALS AND SO IT IS LOUD",
    "tHe nIgHt tRaIn iS lAtE",
    "t h e   n i g h t   t r a i n",
    "thenighttrainislateagainandnobodyknowswhy",
    "no,spaces,after,commas;nor:colons",
    "word " * 254,
    "word " * 253,
    "word " * 255,
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "漢字kanji混じりmixed文text",
    "Приветhelloمرحبا你好",
    "The ar word قطار and the he word רכבת in one line",
]

BLOCKS = {
    "latin-1": (0xA1, 0xFF),
    "latin extended": (0x100, 0x24F),
    "phonetic": (0x250, 0x2AF),
    "combining": (0x300, 0x36F),
    "greek": (0x370, 0x3FF),
    "cyrillic": (0x400, 0x52F),
    "armenian": (0x531, 0x58A),
    "hebrew": (0x591, 0x5F4),
    "arabic": (0x600, 0x6FF),
    "syriac": (0x700, 0x74F),
    "devanagari": (0x900, 0x97F),
    "bengali": (0x980, 0x9FE),
    "gurmukhi": (0xA01, 0xA76),
    "tamil": (0xB82, 0xBFA),
    "telugu": (0xC00, 0xC7F),
    "sinhala": (0xD81, 0xDF4),
    "thai": (0xE01, 0xE5B),
    "tibetan": (0xF00, 0xFDA),
    "myanmar": (0x1000, 0x109F),
    "georgian": (0x10A0, 0x10FF),
    "jamo": (0x1100, 0x11FF),
    "ethiopic": (0x1200, 0x137C),
    "cherokee": (0x13A0, 0x13FD),
    "syllabics": (0x1400, 0x167F),
    "khmer": (0x1780, 0x17F9),
    "mongolian": (0x1800, 0x18AA),
    "vietnamese latin": (0x1E00, 0x1EFF),
    "polytonic": (0x1F00, 0x1FFE),
    "punctuation": (0x2000, 0x206F),
    "currency and letters": (0x20A0, 0x214F),
    "arrows and mathematics": (0x2190, 0x22FF),
    "boxes and shapes": (0x2500, 0x27BF),
    "braille": (0x2800, 0x28FF),
    "tifinagh": (0x2D30, 0x2D7F),
    "cjk punctuation": (0x3000, 0x303F),
    "kana": (0x3041, 0x30FF),
    "bopomofo": (0x3105, 0x312F),
    "extension a": (0x3400, 0x4DBF),
    "han": (0x4E00, 0x9FFC),
    "yi": (0xA000, 0xA48C),
    "hangul": (0xAC00, 0xD7A3),
    "compatibility han": (0xF900, 0xFAD9),
    "arabic forms": (0xFB50, 0xFDFC),
    "half and full width": (0xFF01, 0xFFEE),
    "gothic": (0x10330, 0x1034A),
    "cuneiform": (0x12000, 0x12399),
    "mathematical letters": (0x1D400, 0x1D7FF),
    "emoji": (0x1F300, 0x1F6FC),
    "extension b": (0x20000, 0x2A6D6),
}


def main() -> None:
    folder = Path(sys.argv[1])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = all_texts(tokenizer)
    rows = [{"text": text, "n_tokens": len(tokenizer.encode(text).ids)} for text in texts]

    torch.set_num_threads(1)
    model = SentenceTransformer(str(folder), device="cpu")
    tokenizer.enable_truncation(model.max_seq_length)
    for text in texts:  # or n_tokens would not be about what the model reads
        assert model.preprocess([text])["input_ids"][0].tolist() == tokenizer.encode(text).ids, text
    # One text at a time: no padding can leak into a reference.
    vectors = np.stack([model.encode(text, normalize_embeddings=True) for text in texts])
    assert vectors.dtype == np.float32 and vectors.shape == (COUNT, 384)

    OUT.mkdir(parents=True, exist_ok=True)
    np.save(OUT / "embeddings.npy", vectors.astype(np.float16))
    (OUT / "texts.jsonl").write_text("".join(visible(json.dumps(row, ensure_ascii=False)) + "\n" for row in rows))
    assert [json.loads(line) for line in (OUT / "texts.jsonl").read_text().split("\n")[:-1]] == rows
    lengths = np.array([row["n_tokens"] for row in rows])
    quartiles = ", ".join(str(int(q)) for q in np.percentile(lengths, [0, 25, 50, 75, 100]))
    print(f"{COUNT} texts in {OUT.name}/, tokens at the quartiles: {quartiles}; {(lengths > 256).sum()} are truncated")


def all_texts(tokenizer: Tokenizer) -> list[str]:
    """Exactly COUNT different texts, always the same; the tokenizer measures the long ones."""
    rng = random.Random(1932)
    sentences = [line.split(": ", 1)[1] for line in SENTENCES.strip().splitlines()]
    texts = ODD + sentences
    texts += [character(block, rng) for block in BLOCKS]
    texts += [gibberish([block], rng.randint(2, 60), rng) for block in BLOCKS]
    texts += [gibberish(list(BLOCKS), rng.randint(5, 150), rng) for _ in range(20)]
    texts += [disturbed(sentence, rng) for sentence in rng.sample(sentences, 40)]
    texts = list(dict.fromkeys(texts))
    while len(texts) < COUNT:
        text = article(sentences, tokenizer, rng)
        if text not in texts:
            texts.append(text)
    return texts


def character(block: str, rng: random.Random) -> str:
    """One assigned character. Unassigned ones are left out: what they are depends on the version of Unicode."""
    while True:
        char = chr(rng.randint(*BLOCKS[block]))
        if unicodedata.category(char) not in ("Cn", "Cs"):
            return char


def gibberish(blocks: list[str], length: int, rng: random.Random) -> str:
    """Words of random characters, `length` characters in all."""
    return "".join(" " if rng.random() < 0.15 else character(rng.choice(blocks), rng) for _ in range(length))


def disturbed(sentence: str, rng: random.Random) -> str:
    """A sentence after one of the things that happen to text on its way."""
    way = rng.randrange(7)
    chars = list(sentence)
    if way == 0:
        return unicodedata.normalize("NFD", sentence)
    if way == 1:
        return sentence.upper()
    if way == 2:
        return sentence.replace(" ", rng.choice(["  ", "\t", "\u00a0", "\u3000", "\r\n", "_"]))
    if way == 3:
        return "".join(rng.choice([char.upper(), char.lower()]) for char in chars)
    if way == 4:
        return "".join(char + rng.choice(["", "", "", "\u0301", "\u0323", "\u200b", "\u00ad"]) for char in chars)
    if way == 5:
        return sentence.encode().decode("latin-1")
    rng.shuffle(chars)
    return "".join(chars)


def article(sentences: list[str], tokenizer: Tokenizer, rng: random.Random) -> str:
    """Sentences in a row, of one, two, three or all languages, up to 600 tokens and every length alike."""
    pool = rng.sample(sentences, rng.choice([1, 2, 3, len(sentences)]))
    target = rng.randint(20, 600)
    text = rng.choice(pool)
    while True:
        longer = text + rng.choice([" ", " ", " ", "\n", "\n\n"]) + rng.choice(pool)
        if len(tokenizer.encode(longer).ids) > target:
            return text
        text = longer


def visible(line: str) -> str:
    """A line of JSON with every character escaped that a reader would not see."""

    def escaped(match: re.Match) -> str:
        units = match[0].encode("utf-16-be")
        return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))

    unseen = ("Cc", "Cf", "Co", "Cn", "Zl", "Zp", "Zs")
    hidden = {char for char in line if char != " " and unicodedata.category(char) in unseen}
    return re.sub("[" + re.escape("".join(sorted(hidden))) + "]", escaped, line) if hidden else line


if __name__ == "__main__":
    main()
