//! Languages by family, branch and script. Branches as Glottolog draws them, kept coarse, English apart from its nearest
//! kin; within a row, languages with much written text come first, because their modules are trained on more.

/// Languages of one branch that are written in one script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// The whole family.
    pub name: &'static str,
    /// A part of it.
    pub branch: &'static str,
    /// The usual script, as ISO 15924 calls it.
    pub script: &'static str,
    /// Codes in their shortest form.
    pub languages: &'static [&'static str],
}

const fn row(
    name: &'static str,
    branch: &'static str,
    script: &'static str,
    languages: &'static [&'static str],
) -> Family {
    Family {
        name,
        branch,
        script,
        languages,
    }
}

/// The table.
pub const FAMILIES: &[Family] = &[
    row(
        "Indo-European",
        "West Germanic",
        "Latn",
        &["de", "nl", "af", "lb", "fy", "li", "nds", "gsw", "bar"],
    ),
    row("Indo-European", "West Germanic", "Hebr", &["yi"]),
    row("Indo-European", "Anglic", "Latn", &["en", "sco"]),
    row(
        "Indo-European",
        "North Germanic",
        "Latn",
        &["sv", "da", "nb", "nn", "is", "fo"],
    ),
    row(
        "Indo-European",
        "Romance",
        "Latn",
        &[
            "es", "fr", "it", "pt", "ro", "ca", "gl", "oc", "ast", "sc", "scn", "vec", "lmo",
            "fur", "la", "ht",
        ],
    ),
    row("Indo-European", "East Slavic", "Cyrl", &["ru", "uk", "be"]),
    row(
        "Indo-European",
        "West Slavic",
        "Latn",
        &["pl", "cs", "sk", "hsb", "dsb", "szl"],
    ),
    row("Indo-European", "South Slavic", "Latn", &["hr", "sl", "bs"]),
    row("Indo-European", "South Slavic", "Cyrl", &["bg", "sr", "mk"]),
    row("Indo-European", "Baltic", "Latn", &["lt", "lv", "ltg"]),
    row(
        "Indo-European",
        "Celtic",
        "Latn",
        &["cy", "ga", "gd", "br", "gv", "kw"],
    ),
    row("Indo-European", "Greek", "Grek", &["el"]),
    row("Indo-European", "Albanian", "Latn", &["sq"]),
    row("Indo-European", "Armenian", "Armn", &["hy"]),
    row("Indo-European", "Iranian", "Arab", &["fa", "ps", "ckb"]),
    row("Indo-European", "Iranian", "Cyrl", &["tg", "os"]),
    row("Indo-European", "Iranian", "Latn", &["ku"]),
    row(
        "Indo-European",
        "Indo-Aryan",
        "Deva",
        &[
            "hi", "mr", "ne", "bho", "mai", "mag", "hne", "awa", "sa", "kok",
        ],
    ),
    row("Indo-European", "Indo-Aryan", "Beng", &["bn", "as"]),
    row("Indo-European", "Indo-Aryan", "Arab", &["ur", "sd", "ks"]),
    row("Indo-European", "Indo-Aryan", "Gujr", &["gu"]),
    row("Indo-European", "Indo-Aryan", "Guru", &["pa"]),
    row("Indo-European", "Indo-Aryan", "Orya", &["or"]),
    row("Indo-European", "Indo-Aryan", "Sinh", &["si"]),
    row("Uralic", "Finnic", "Latn", &["fi", "et"]),
    row("Uralic", "Hungarian", "Latn", &["hu"]),
    row("Uralic", "Sami", "Latn", &["se"]),
    row(
        "Uralic",
        "Mordvin and Permic",
        "Cyrl",
        &["myv", "mhr", "udm", "kv"],
    ),
    row("Turkic", "Oghuz", "Latn", &["tr", "az", "tk", "crh"]),
    row("Turkic", "Kipchak", "Cyrl", &["kk", "ky", "tt", "ba"]),
    row("Turkic", "Karluk", "Latn", &["uz"]),
    row("Turkic", "Karluk", "Arab", &["ug"]),
    row("Turkic", "Siberian", "Cyrl", &["sah", "tyv"]),
    row("Turkic", "Oghur", "Cyrl", &["cv"]),
    row("Mongolic", "Mongolic", "Cyrl", &["mn", "bxr"]),
    row("Kartvelian", "Kartvelian", "Geor", &["ka", "xmf"]),
    row(
        "Afro-Asiatic",
        "Arabic",
        "Arab",
        &["ar", "arz", "ary", "apc", "ajp", "acm", "ars", "aeb"],
    ),
    row("Afro-Asiatic", "Arabic", "Latn", &["mt"]),
    row("Afro-Asiatic", "Hebrew", "Hebr", &["he"]),
    row("Afro-Asiatic", "Ethiopian", "Ethi", &["am", "ti"]),
    row("Afro-Asiatic", "Cushitic", "Latn", &["so", "om"]),
    row("Afro-Asiatic", "Chadic", "Latn", &["ha"]),
    row("Afro-Asiatic", "Berber", "Latn", &["kab"]),
    row(
        "Niger-Congo",
        "Bantu",
        "Latn",
        &[
            "sw", "zu", "xh", "rw", "rn", "sn", "lg", "ny", "st", "tn", "nso", "ts", "ss", "ln",
            "kg", "bem", "ki", "lua", "umb",
        ],
    ),
    row(
        "Niger-Congo",
        "Volta-Niger",
        "Latn",
        &["yo", "ig", "ee", "fon"],
    ),
    row(
        "Niger-Congo",
        "Atlantic and Kwa",
        "Latn",
        &["wo", "ff", "tw", "ak"],
    ),
    row("Niger-Congo", "Mande", "Latn", &["bm", "dyu"]),
    row("Nilo-Saharan", "Nilotic", "Latn", &["luo", "din", "nus"]),
    row("Dravidian", "South Dravidian", "Taml", &["ta"]),
    row("Dravidian", "South Dravidian", "Mlym", &["ml"]),
    row("Dravidian", "South Dravidian", "Knda", &["kn"]),
    row("Dravidian", "South-Central Dravidian", "Telu", &["te"]),
    row(
        "Austronesian",
        "Malayic",
        "Latn",
        &["id", "ms", "min", "bjn"],
    ),
    row(
        "Austronesian",
        "Javanese and Sundanese",
        "Latn",
        &["jv", "su", "ban", "mad"],
    ),
    row(
        "Austronesian",
        "Philippine",
        "Latn",
        &["tl", "ceb", "ilo", "war", "pag"],
    ),
    row("Austronesian", "Malagasy", "Latn", &["mg"]),
    row(
        "Austronesian",
        "Polynesian",
        "Latn",
        &["mi", "sm", "haw", "fj"],
    ),
    row("Austroasiatic", "Vietic", "Latn", &["vi"]),
    row("Austroasiatic", "Khmer", "Khmr", &["km"]),
    row("Austroasiatic", "Munda", "Olck", &["sat"]),
    row("Kra-Dai", "Tai", "Thai", &["th"]),
    row("Kra-Dai", "Tai", "Laoo", &["lo"]),
    row("Kra-Dai", "Tai", "Mymr", &["shn"]),
    row(
        "Sino-Tibetan",
        "Sinitic",
        "Hans",
        &["zh", "yue", "wuu", "gan"],
    ),
    row("Sino-Tibetan", "Sinitic", "Latn", &["cdo", "nan", "hak"]),
    row("Sino-Tibetan", "Burmish", "Mymr", &["my"]),
    row("Sino-Tibetan", "Tibetic", "Tibt", &["bo", "dz"]),
    row("Sino-Tibetan", "Meitei", "Beng", &["mni"]),
    row("Japonic", "Japonic", "Jpan", &["ja"]),
    row("Koreanic", "Koreanic", "Kore", &["ko"]),
    row("Basque", "Basque", "Latn", &["eu"]),
    row("Quechuan", "Quechuan", "Latn", &["qu"]),
    row("Aymaran", "Aymaran", "Latn", &["ay"]),
    row("Tupian", "Tupi-Guarani", "Latn", &["gn"]),
];
