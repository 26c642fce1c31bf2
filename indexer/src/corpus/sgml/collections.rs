//! Which elements make the title and the text of a document, collection by collection.
//!
//! For CLEF's they are those that Litschko et al. (2022) gave their models: not Aamulehti's headlines, but the keywords
//! of the German news agency.

use xenoglot_engine::Lang;

/// A newspaper or a news agency.
#[derive(Debug, PartialEq)]
pub(super) struct Collection {
    /// What its identifiers look like: `9` is any digit, and `*` at the end anything.
    ids: &'static str,
    lang: Option<&'static str>,
    /// Elements of the title.
    pub(super) title: &'static [&'static str],
    /// Elements of the text; they follow each other as they do in the document.
    pub(super) text: &'static [&'static str],
}

const fn collection(
    ids: &'static str,
    lang: &'static str,
    title: &'static [&'static str],
    text: &'static [&'static str],
) -> Collection {
    Collection {
        ids,
        lang: Some(lang),
        title,
        text,
    }
}

const COLLECTIONS: [Collection; 19] = [
    // Glasgow Herald 1995.
    collection("GH999999-*", "en", &["headline"], &["text"]),
    // Los Angeles Times 1994, and of 2002 in later campaigns.
    collection(
        "LA999999-*",
        "en",
        &["headline", "hd"],
        &["text", "ld", "te"],
    ),
    // Frankfurter Rundschau 1994. TREC's Federal Register has one dash more.
    collection("FR999999-999999", "de", &["title"], &["text"]),
    // Der Spiegel 1994 and 1995.
    collection("SPIEGEL9*", "de", &["title"], &["lead", "text"]),
    // The Swiss news agency in German, French and Italian, 1994 and 1995.
    collection("SDA.9*", "de", &["ti"], &["ld", "tx", "kw"]),
    collection("ATS.9*", "fr", &["ti"], &["ld", "tx"]),
    collection("AGZ.9*", "it", &["ti"], &["ld", "tx"]),
    // Le Monde 1994 and 1995.
    collection("LEMONDE9*", "fr", &["title"], &["lead", "lead1", "text"]),
    // La Stampa 1994.
    collection("LASTAMPA9*", "it", &["title"], &["text"]),
    // Aamulehti 1994 and 1995.
    collection("AAMU*", "fi", &[], &["text"]),
    // Izvestia 1995.
    collection("IZ*", "ru", &["title"], &["text", "subject"]),
    // NRC Handelsblad and Algemeen Dagblad 1994 and 1995.
    collection("NH9*", "nl", &["ti"], &["le", "te", "os"]),
    collection("NRC*", "nl", &["ti"], &["le", "te", "os"]),
    collection("AD9*", "nl", &["ti"], &["le", "te", "os"]),
    // EFE 1994 and 1995.
    collection("EFE9*", "es", &["title"], &["text"]),
    // Tidningarnas Telegrambyrå 1994 and 1995: elements of the usual names.
    collection("TT9*", "sv", OTHER.title, OTHER.text),
    // Público and Folha de São Paulo 1994 and 1995, since 2004.
    collection("PUBLICO*", "pt", OTHER.title, OTHER.text),
    collection("FOLHA*", "pt", OTHER.title, OTHER.text),
    // Gigaword's Xinhua in Chinese, of NTCIR-8.
    collection("XIN_CMN_9*", "zh", OTHER.title, OTHER.text),
];

/// Whatever else there is: TREC's, NTCIR's and FIRE's newspapers.
const OTHER: Collection = Collection {
    ids: "*",
    lang: None,
    title: &["headline", "title", "ti", "hl", "hd", "head"],
    text: &[
        "text", "tx", "ld", "lead", "lead1", "le", "te", "os", "lp", "abstract",
    ],
};

/// Elements of the text where a document has none of its collection's, the better ones first.
pub(super) const OTHER_TEXTS: [&[&str]; 3] = [OTHER.text, &["body", "bodyy"], &["p"]];

impl Collection {
    /// The collection that documents named like `id` come from.
    pub(super) fn of(id: &str) -> &'static Self {
        let mut known = COLLECTIONS.iter();
        known
            .find(|collection| is_like(id, collection.ids))
            .unwrap_or(&OTHER)
    }

    /// The language of all its documents, if it has one.
    pub(super) fn lang(&self) -> Lang {
        let lang = self.lang.and_then(|code| code.parse().ok());
        lang.unwrap_or(Lang::UNKNOWN)
    }
}

fn is_like(id: &str, pattern: &str) -> bool {
    let mut id = id.bytes();
    for wanted in pattern.bytes() {
        let matches = match wanted {
            b'*' => return true,
            b'9' => id.next().is_some_and(|byte| byte.is_ascii_digit()),
            _ => id
                .next()
                .is_some_and(|byte| byte.eq_ignore_ascii_case(&wanted)),
        };
        if !matches {
            return false;
        }
    }
    id.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_is_known_by_its_identifiers() {
        for (id, lang) in [
            ("GH950102-000000", "en"),
            ("LA010194-0001", "en"),
            ("FR940104-000001", "de"),
            ("FR940104-0-00001", "und"),
            ("SPIEGEL9495-000003", "de"),
            ("SDA.940101.0001", "de"),
            ("ATS.940106.0082", "fr"),
            ("AGZ.950105.0021", "it"),
            ("LEMONDE94-000001-19940101", "fr"),
            ("LASTAMPA94-000001", "it"),
            ("aamu1994-1", "fi"),
            ("EFE19940101-00001", "es"),
            ("AD19940103-0001", "nl"),
            ("ADVERT-1", "und"),
            ("XIN_CMN_20020101.0001", "zh"),
            ("1040901_nation_story_3706482.utf8", "und"),
        ] {
            assert_eq!(Collection::of(id).lang().code(), lang, "{id}");
        }
        assert!(
            COLLECTIONS
                .iter()
                .all(|known| known.lang() != Lang::UNKNOWN)
        );
    }
}
