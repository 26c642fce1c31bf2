"""Names of languages: the folders' spellings → BCP 47, and which test file belongs to which language."""

# Tatoeba's file names (ISO 639-3, sometimes with a script) → the code we ship.
BCP47 = {
    "afr": "af", "ara": "ar", "asm": "as", "aze": "az", "bel": "be", "ben": "bn", "bos": "bs", "bre": "br",
    "bul": "bg", "cat": "ca", "ces": "cs", "cha": "ch", "chv": "cv", "cmn": "zh", "cmn_Hans": "zh",
    "cmn_Hant": "zh-Hant", "cor": "kw", "cym": "cy", "dan": "da", "deu": "de", "ell": "el", "epo": "eo",
    "est": "et", "eus": "eu", "fas": "fa", "fin": "fi", "fra": "fr", "fry": "fy", "gla": "gd", "gle": "ga",
    "glg": "gl", "grn": "gn", "hbs": "sh", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "hye": "hy",
    "ina": "ia", "ind": "id", "isl": "is", "ita": "it", "jav": "jv", "jpn": "ja", "kat": "ka", "kaz": "kk",
    "khm": "km", "kor": "ko", "kur": "ku", "lat": "la", "lav": "lv", "lit": "lt", "ltz": "lb", "lvs": "lv",
    "mal": "ml", "mar": "mr", "mkd": "mk", "mlt": "mt", "mon": "mn", "mri": "mi", "msa": "ms", "mya": "my",
    "nld": "nl", "nno": "nn", "no": "nb", "nob": "nb", "nor": "nb", "oci": "oc", "pes": "fa", "pol": "pl",
    "por": "pt", "que": "qu", "ron": "ro", "run": "rn", "rus": "ru", "slk": "sk", "slv": "sl", "spa": "es",
    "sqi": "sq", "srp": "sr", "srp_Cyrl": "sr", "srp_Latn": "sr-Latn", "swa": "sw", "swe": "sv", "swh": "sw",
    "tam": "ta", "tat": "tt", "tel": "te", "tgl": "tl", "tha": "th", "tuk": "tk", "tur": "tr", "uig": "ug",
    "ukr": "uk", "urd": "ur", "uzb": "uz", "vie": "vi", "xho": "xh", "yid": "yi", "yue_Hans": "yue",
    "yue_Hant": "yue", "zho": "zh", "zsm": "ms", "zsm_Latn": "ms",
    "es-ES": "es", "fy-NL": "fy", "hi-IN": "hi", "nb-NO": "nb", "nn-NO": "nn", "pa-IN": "pa", "pt-BR": "pt",
    "sv-SE": "sv", "zh-CN": "zh", "zh-TW": "zh-Hant", "hau": "ha", "ibo": "ig", "kin": "rw", "twi": "tw",
    "yor": "yo", "zul": "zu", "fil": "tl", "zh_yue": "yue", "zh_min_nan": "nan", "lgg-official": "lgg", "ha-ne": "ha",
}

XQUAD = ["ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh"]


def bcp47(name: str) -> str:
    """The code we use for the language that a data file calls `name`."""
    return BCP47.get(name, name)
