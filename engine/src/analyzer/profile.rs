//! What each language asks of its analyzer: the one table that the code runs by and the documentation is written from.

use frostem::Algorithm;
use unicode_script::Script;

use super::normalize::{Arabic, Cyrillic, Ethiopic, Indic, Letters};
use super::stem::Stem;

/// How a language's texts become terms.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// What the language is written in; a word in any other script is some other language's.
    pub(super) scripts: [Script; 2],
    pub(super) letters: Letters,
    pub(super) apostrophe: Apostrophe,
    pub(super) stem: Stem,
    /// Latin letters beside a to z that stay apart in terms; every other one loses its marks after stemming.
    pub(super) distinct: Option<&'static str>,
    /// The list of crate `stop-words` that holds for it.
    pub(super) stop_words: Option<&'static str>,
}

/// What an apostrophe inside a word does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Apostrophe {
    /// Nothing: it is left out.
    Join,
    /// Ends one word and begins another: l'eau, dell'arte.
    Split,
    /// Ends the word, and what follows is its ending: Türkiye'nin.
    CutTail,
    /// The stemmer sees it; the term does not have it: women's, м'ята.
    Keep,
}

const fn lang(code: &'static str, name: &'static str, script: Script) -> Profile {
    Profile {
        code,
        name,
        scripts: [script, script],
        letters: Letters::PLAIN,
        apostrophe: Apostrophe::Join,
        stem: Stem::NONE,
        distinct: None,
        stop_words: None,
    }
}

impl Profile {
    const fn also(mut self, script: Script) -> Self {
        self.scripts[1] = script;
        self
    }

    const fn latin(mut self, alphabet: &'static str) -> Self {
        self.letters.latin = Some(alphabet);
        self
    }

    const fn every_mark(mut self) -> Self {
        self.letters.latin = None;
        self
    }

    const fn then_only(mut self, distinct: &'static str) -> Self {
        self.distinct = Some(distinct);
        self
    }

    const fn dotless_i(mut self) -> Self {
        self.letters.dotless_i = true;
        self
    }

    const fn arabic(mut self, arabic: Arabic) -> Self {
        self.letters.arabic = arabic;
        self
    }

    const fn cyrillic(mut self, cyrillic: Cyrillic) -> Self {
        self.letters.cyrillic = cyrillic;
        self
    }

    const fn ethiopic(mut self, ethiopic: Ethiopic) -> Self {
        self.letters.ethiopic = ethiopic;
        self
    }

    const fn indic(mut self, indic: Indic) -> Self {
        self.letters.indic = indic;
        self
    }

    const fn simplify_hanzi(mut self) -> Self {
        self.letters.simplify_hanzi = true;
        self
    }

    const fn vietnamese_tones(mut self) -> Self {
        self.letters.vietnamese_tones = true;
        self
    }

    const fn apostrophe(mut self, apostrophe: Apostrophe) -> Self {
        self.apostrophe = apostrophe;
        self
    }

    const fn snowball(mut self, algorithm: Algorithm) -> Self {
        self.stem.snowball = Some(algorithm);
        self
    }

    /// Leaves the first `n` letters of a stem.
    const fn cut(mut self, n: usize) -> Self {
        self.stem.letters = Some(n);
        self
    }

    const fn stop_words(mut self, list: &'static str) -> Self {
        self.stop_words = Some(list);
        self
    }

    /// Whether the language is written in `script`.
    pub(super) fn is_own(&self, script: Script) -> bool {
        self.scripts.contains(&script)
    }

    /// The profile of the language with this primary subtag.
    pub(super) fn of(primary: &str) -> &'static Self {
        let found = PROFILES.binary_search_by(|profile| profile.code.cmp(primary));
        found.map_or(&UNKNOWN, |at| &PROFILES[at])
    }

    /// The profile of what is most often written in `script`.
    pub(super) fn of_script(script: Script) -> &'static Self {
        let code = match script {
            Script::Latin => "en",
            Script::Cyrillic => "ru",
            Script::Arabic => "ar",
            Script::Greek => "el",
            Script::Hebrew => "he",
            Script::Devanagari => "hi",
            Script::Bengali => "bn",
            Script::Gurmukhi => "pa",
            Script::Gujarati => "gu",
            Script::Oriya => "or",
            Script::Tamil => "ta",
            Script::Telugu => "te",
            Script::Kannada => "kn",
            Script::Malayalam => "ml",
            Script::Sinhala => "si",
            Script::Thai => "th",
            Script::Lao => "lo",
            Script::Khmer => "km",
            Script::Myanmar => "my",
            Script::Georgian => "ka",
            Script::Armenian => "hy",
            Script::Ethiopic => "am",
            Script::Hangul => "ko",
            Script::Han => "zh",
            Script::Hiragana | Script::Katakana => "ja",
            _ => return &UNKNOWN,
        };
        Self::of(code)
    }
}

/// Of a text whose language nobody knows, or that is not in the table: what several languages write is not stemmed.
pub(super) static UNKNOWN: Profile = lang("und", "unknown, or any other", Script::Unknown);

/// Whether `script` is shared by languages that stem in different ways.
pub(super) fn is_ambiguous(script: Script) -> bool {
    matches!(
        script,
        Script::Latin
            | Script::Cyrillic
            | Script::Arabic
            | Script::Devanagari
            | Script::Bengali
            | Script::Hebrew
            | Script::Ethiopic
    )
}

/// By code.
#[rustfmt::skip]
pub(super) static PROFILES: &[Profile] = &[
    lang("af", "Afrikaans", Script::Latin).cut(6).stop_words("af"),
    lang("am", "Amharic", Script::Ethiopic).ethiopic(Ethiopic::Amharic).cut(4),
    lang("ar", "Arabic", Script::Arabic).snowball(Algorithm::Arabic).stop_words("ar"),
    lang("as", "Assamese", Script::Bengali).indic(Indic::Bengali).cut(4),
    lang("az", "Azerbaijani", Script::Latin).also(Script::Cyrillic).latin("çəğıöşü").dotless_i().apostrophe(Apostrophe::CutTail).cut(5).stop_words("az"),
    lang("ba", "Bashkir", Script::Cyrillic).cyrillic(Cyrillic::Io).cut(5),
    lang("be", "Belarusian", Script::Cyrillic).cut(5).stop_words("be"),
    lang("bg", "Bulgarian", Script::Cyrillic).cut(5).stop_words("bg"),
    lang("bn", "Bengali", Script::Bengali).indic(Indic::Bengali).cut(4).stop_words("bn"),
    lang("bo", "Tibetan", Script::Tibetan),
    lang("br", "Breton", Script::Latin).latin("ñ").stop_words("br"),
    lang("bs", "Bosnian", Script::Latin).also(Script::Cyrillic).latin("čćđšž").cyrillic(Cyrillic::Serbian).snowball(Algorithm::Serbian).cut(6).stop_words("hr"),
    lang("ca", "Catalan", Script::Latin).latin("àçèéíïòóúü").then_only("ç").snowball(Algorithm::Catalan).apostrophe(Apostrophe::Split).stop_words("ca"),
    lang("ceb", "Cebuano", Script::Latin).latin("ñ"),
    lang("ckb", "Central Kurdish", Script::Arabic).arabic(Arabic::Kurdish).cut(5),
    lang("cs", "Czech", Script::Latin).latin("áčďéěíňóřšťúůýž").snowball(Algorithm::Czech).stop_words("cs"),
    lang("cy", "Welsh", Script::Latin).cut(6),
    lang("da", "Danish", Script::Latin).latin("æøå").snowball(Algorithm::Danish).cut(7).stop_words("da"),
    lang("de", "German", Script::Latin).latin("äöü").snowball(Algorithm::German).cut(7).stop_words("de"),
    lang("dv", "Divehi", Script::Thaana),
    lang("el", "Greek", Script::Greek).snowball(Algorithm::Greek).cut(6).stop_words("el"),
    lang("en", "English", Script::Latin).snowball(Algorithm::English).apostrophe(Apostrophe::Keep).stop_words("en"),
    lang("eo", "Esperanto", Script::Latin).latin("ĉĝĥĵŝŭ").snowball(Algorithm::Esperanto).stop_words("eo"),
    lang("es", "Spanish", Script::Latin).latin("áéíóúüñ").then_only("ñ").snowball(Algorithm::Spanish).stop_words("es"),
    lang("et", "Estonian", Script::Latin).latin("äöõüšž").snowball(Algorithm::Estonian).cut(5).stop_words("et"),
    lang("eu", "Basque", Script::Latin).latin("ñç").snowball(Algorithm::Basque).cut(5).stop_words("eu"),
    lang("fa", "Persian", Script::Arabic).arabic(Arabic::Persian).snowball(Algorithm::Persian).stop_words("fa"),
    lang("fi", "Finnish", Script::Latin).latin("äöå").snowball(Algorithm::Finnish).cut(5).stop_words("fi"),
    lang("fo", "Faroese", Script::Latin).latin("áðíóúýæø").cut(5),
    lang("fr", "French", Script::Latin).latin("àâçéèêëîïôûùüÿœ").then_only("").snowball(Algorithm::French).apostrophe(Apostrophe::Split).stop_words("fr"),
    lang("ga", "Irish", Script::Latin).latin("áéíóú").snowball(Algorithm::Irish).apostrophe(Apostrophe::Split).cut(6).stop_words("ga"),
    lang("gd", "Scottish Gaelic", Script::Latin).latin("àèìòùáéó").then_only("").cut(6),
    lang("gl", "Galician", Script::Latin).latin("áéíóúüñ").then_only("ñ").cut(6).stop_words("gl"),
    lang("gu", "Gujarati", Script::Gujarati).cut(4).stop_words("gu"),
    lang("ha", "Hausa", Script::Latin).cut(5).stop_words("ha"),
    lang("he", "Hebrew", Script::Hebrew).cut(5).stop_words("he"),
    lang("hi", "Hindi", Script::Devanagari).indic(Indic::Hindi).snowball(Algorithm::Hindi),
    lang("hr", "Croatian", Script::Latin).also(Script::Cyrillic).latin("čćđšž").cyrillic(Cyrillic::Serbian).snowball(Algorithm::Serbian).cut(6).stop_words("hr"),
    lang("ht", "Haitian Creole", Script::Latin),
    lang("hu", "Hungarian", Script::Latin).latin("áéíóöőúüű").snowball(Algorithm::Hungarian).cut(6).stop_words("hu"),
    lang("hy", "Armenian", Script::Armenian).snowball(Algorithm::Armenian).cut(5).stop_words("hy"),
    lang("id", "Indonesian", Script::Latin).snowball(Algorithm::Indonesian).stop_words("id"),
    lang("ig", "Igbo", Script::Latin),
    lang("is", "Icelandic", Script::Latin).latin("áðéíóúýþæö").cut(5),
    lang("it", "Italian", Script::Latin).latin("àèéìíòóùú").then_only("").snowball(Algorithm::Italian).apostrophe(Apostrophe::Split).stop_words("it"),
    lang("ja", "Japanese", Script::Han).also(Script::Katakana).stop_words("ja"),
    lang("jv", "Javanese", Script::Latin),
    lang("ka", "Georgian", Script::Georgian).cut(5),
    lang("kk", "Kazakh", Script::Cyrillic).cyrillic(Cyrillic::Io).cut(5).stop_words("kk"),
    lang("km", "Khmer", Script::Khmer),
    lang("kn", "Kannada", Script::Kannada).cut(4),
    lang("ko", "Korean", Script::Hangul).stop_words("ko"),
    lang("ku", "Northern Kurdish", Script::Latin).latin("çêîşû").cut(5).stop_words("ku"),
    lang("ky", "Kyrgyz", Script::Cyrillic).cyrillic(Cyrillic::Io).cut(5),
    lang("la", "Latin", Script::Latin).stop_words("la"),
    lang("lb", "Luxembourgish", Script::Latin).latin("äëéöü").apostrophe(Apostrophe::Split).cut(6),
    lang("lg", "Ganda", Script::Latin),
    lang("ln", "Lingala", Script::Latin),
    lang("lo", "Lao", Script::Lao),
    lang("lt", "Lithuanian", Script::Latin).latin("ąčęėįšųūž").snowball(Algorithm::Lithuanian).cut(7).stop_words("lt"),
    lang("lv", "Latvian", Script::Latin).latin("āčēģīķļņšūž").cut(5).stop_words("lv"),
    lang("mg", "Malagasy", Script::Latin).cut(6),
    lang("mi", "Maori", Script::Latin),
    lang("mk", "Macedonian", Script::Cyrillic).cyrillic(Cyrillic::Macedonian).cut(5),
    lang("ml", "Malayalam", Script::Malayalam).indic(Indic::Malayalam).cut(4),
    lang("mn", "Mongolian", Script::Cyrillic).cut(6),
    lang("mr", "Marathi", Script::Devanagari).indic(Indic::Hindi).cut(4).stop_words("mr"),
    lang("ms", "Malay", Script::Latin).snowball(Algorithm::Indonesian).stop_words("ms"),
    lang("mt", "Maltese", Script::Latin).latin("ċġħż").apostrophe(Apostrophe::Split).cut(6),
    lang("my", "Burmese", Script::Myanmar),
    lang("nb", "Norwegian Bokmål", Script::Latin).latin("æøå").snowball(Algorithm::Norwegian).cut(7).stop_words("no"),
    lang("ne", "Nepali", Script::Devanagari).indic(Indic::Hindi).snowball(Algorithm::Nepali).stop_words("ne"),
    lang("nl", "Dutch", Script::Latin).snowball(Algorithm::Dutch).cut(7).stop_words("nl"),
    lang("nn", "Norwegian Nynorsk", Script::Latin).latin("æøå").snowball(Algorithm::Norwegian).cut(7).stop_words("no"),
    lang("ny", "Nyanja", Script::Latin),
    lang("oc", "Occitan", Script::Latin).latin("àáçèéíïòóúü").then_only("ç").apostrophe(Apostrophe::Split).cut(6),
    lang("om", "Oromo", Script::Latin).cut(5),
    lang("or", "Odia", Script::Oriya).cut(4),
    lang("pa", "Punjabi", Script::Gurmukhi),
    lang("pl", "Polish", Script::Latin).latin("ąćęłńóśźż").snowball(Algorithm::Polish).cut(6).stop_words("pl"),
    lang("ps", "Pashto", Script::Arabic).arabic(Arabic::Other).cut(5),
    lang("pt", "Portuguese", Script::Latin).latin("àáâãçéêíóôõúü").then_only("ç").snowball(Algorithm::Portuguese).stop_words("pt"),
    lang("ro", "Romanian", Script::Latin).latin("ăâîșț").snowball(Algorithm::Romanian).cut(7).stop_words("ro"),
    lang("ru", "Russian", Script::Cyrillic).cyrillic(Cyrillic::Io).snowball(Algorithm::Russian).cut(6).stop_words("ru"),
    lang("rw", "Kinyarwanda", Script::Latin),
    lang("sd", "Sindhi", Script::Arabic).arabic(Arabic::Other).cut(5),
    lang("sh", "Serbo-Croatian", Script::Latin).also(Script::Cyrillic).latin("čćđšž").cyrillic(Cyrillic::Serbian).snowball(Algorithm::Serbian).cut(6).stop_words("hr"),
    lang("si", "Sinhala", Script::Sinhala).cut(5),
    lang("sk", "Slovak", Script::Latin).latin("áäčďéíĺľňóôŕšťúýž").cut(6).stop_words("sk"),
    lang("sl", "Slovenian", Script::Latin).latin("čšž").cut(5).stop_words("sl"),
    lang("sn", "Shona", Script::Latin),
    lang("so", "Somali", Script::Latin).cut(5).stop_words("so"),
    lang("sq", "Albanian", Script::Latin).latin("çë").cut(5).stop_words("sq"),
    lang("sr", "Serbian", Script::Cyrillic).also(Script::Latin).latin("čćđšž").cyrillic(Cyrillic::Serbian).snowball(Algorithm::Serbian).cut(6).stop_words("hr"),
    lang("st", "Southern Sotho", Script::Latin).snowball(Algorithm::Sesotho).stop_words("st"),
    lang("su", "Sundanese", Script::Latin),
    lang("sv", "Swedish", Script::Latin).latin("åäö").snowball(Algorithm::Swedish).cut(7).stop_words("sv"),
    lang("sw", "Swahili", Script::Latin).stop_words("sw"),
    lang("ta", "Tamil", Script::Tamil).snowball(Algorithm::Tamil).stop_words("ta"),
    lang("te", "Telugu", Script::Telugu).cut(5),
    lang("tg", "Tajik", Script::Cyrillic).cyrillic(Cyrillic::Io).cut(5).stop_words("tg"),
    lang("th", "Thai", Script::Thai),
    lang("ti", "Tigrinya", Script::Ethiopic).ethiopic(Ethiopic::Tigrinya),
    lang("tk", "Turkmen", Script::Latin).latin("çäňöşüýž").cut(5),
    lang("tl", "Tagalog", Script::Latin).latin("ñ").stop_words("tl"),
    lang("tn", "Tswana", Script::Latin).snowball(Algorithm::Sesotho),
    lang("tr", "Turkish", Script::Latin).latin("çğıöşü").dotless_i().apostrophe(Apostrophe::CutTail).cut(5).stop_words("tr"),
    lang("tt", "Tatar", Script::Cyrillic).cyrillic(Cyrillic::Io).cut(5),
    lang("ug", "Uyghur", Script::Arabic).arabic(Arabic::Other).cut(5),
    lang("uk", "Ukrainian", Script::Cyrillic).snowball(Algorithm::Ukrainian).apostrophe(Apostrophe::Keep).stop_words("uk"),
    lang("ur", "Urdu", Script::Arabic).arabic(Arabic::Urdu).cut(5).stop_words("ur"),
    lang("uz", "Uzbek", Script::Latin).also(Script::Cyrillic).apostrophe(Apostrophe::Keep).cut(5).stop_words("uz"),
    lang("vi", "Vietnamese", Script::Latin).every_mark().vietnamese_tones(),
    lang("wo", "Wolof", Script::Latin).latin("àéëñóŋ").cut(5),
    lang("xh", "Xhosa", Script::Latin),
    lang("yi", "Yiddish", Script::Hebrew).snowball(Algorithm::Yiddish),
    lang("yo", "Yoruba", Script::Latin).stop_words("yo"),
    lang("zh", "Chinese", Script::Han).also(Script::Katakana).simplify_hanzi().stop_words("zh"),
    lang("zu", "Zulu", Script::Latin).stop_words("zu"),
];
