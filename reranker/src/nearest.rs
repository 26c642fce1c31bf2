//! Which language stands in for one that has no module: a relative in the same script, if there is one.

mod table;

use std::collections::BTreeMap;

use xenoglot_engine::Lang;

pub use table::{FAMILIES, Family};

/// How a language without a module finds another's.
///
/// Its own list comes first, if somebody wrote one. Otherwise the table of families decides ([`FAMILIES`]): a language
/// of the same branch in the same script, then of the same branch, then of the same family in the same script, then of
/// the same family; of several, the one that stands first in the table. Languages of other families never stand in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nearest {
    /// Languages and what may stand in for each, best first; nothing may where the list is empty.
    pub own: BTreeMap<Lang, Vec<Lang>>,
    /// Whether languages without a list of their own go without a module.
    pub own_only: bool,
}

impl Nearest {
    /// The best of `available` for `wanted`, which is not among them.
    pub fn find(&self, wanted: Lang, available: &[Lang]) -> Option<Lang> {
        let primary = || wanted.primary().parse().ok();
        let own = self.own.get(&wanted);
        if let Some(own) = own.or_else(|| self.own.get(&primary()?)) {
            return own.iter().copied().find(|lang| available.contains(lang));
        }
        if self.own_only {
            return None;
        }
        let (family, script) = place(wanted)?;
        let ranked = available.iter().filter_map(|lang| {
            let (other, other_script) = place(*lang)?;
            let rank = match (family.branch == other.branch, script == other_script) {
                _ if family.name != other.name => return None,
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => 2,
                (false, false) => 3,
            };
            Some((rank, position(*lang), *lang))
        });
        ranked.min().map(|(.., lang)| lang)
    }
}

/// Where `lang` stands in the table: its family, and its script, which its code may say.
fn place(lang: Lang) -> Option<(&'static Family, &'static str)> {
    let of_table = |family: &&Family| family.languages.contains(&lang.primary());
    let family = FAMILIES.iter().find(of_table)?;
    Some((family, script_of(lang).unwrap_or(family.script)))
}

/// The script that the code itself says.
fn script_of(lang: Lang) -> Option<&'static str> {
    let script = lang.code().split('-').nth(1)?.to_owned();
    FAMILIES
        .iter()
        .map(|family| family.script)
        .find(|known| *known == script)
}

/// Where `lang` stands among all, from the top of the table.
fn position(lang: Lang) -> usize {
    let mut languages = FAMILIES.iter().flat_map(|family| family.languages);
    let position = languages.position(|known| *known == lang.primary());
    position.unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[track_caller]
    fn check(wanted: &str, available: &[&str], expected: Option<&str>) {
        let available: Vec<Lang> = available.iter().map(|code| code.parse().unwrap()).collect();
        let found = Nearest::default().find(wanted.parse().unwrap(), &available);
        assert_eq!(
            found,
            expected.map(|code| code.parse().unwrap()),
            "{wanted}"
        );
    }

    #[test]
    fn relatives_stand_in_those_of_the_same_script_first() {
        check("ky", &["tr", "kk", "ru", "uz"], Some("kk"));
        check("ug", &["tr", "kk", "en"], Some("tr"));
        check("gsw", &["en", "de", "sv"], Some("de"));
        check("uk", &["pl", "ru", "hr"], Some("ru"));
        check("ne", &["bn", "hi"], Some("hi"));
        check("uz-Cyrl", &["tr", "kk"], Some("kk"));
    }

    #[test]
    fn strangers_do_not() {
        check("eu", &["es", "fr"], None);
        check("ja", &["zh", "ko"], None);
        check("tlh", &["en"], None);
    }

    #[test]
    fn a_list_of_ones_own_comes_first_and_may_be_empty() {
        let lang = |code: &str| code.parse::<Lang>().unwrap();
        let mut nearest = Nearest::default();
        nearest.own.insert(lang("ja"), vec![lang("zh"), lang("ko")]);
        nearest.own.insert(lang("uk"), vec![]);
        assert_eq!(nearest.find(lang("ja"), &[lang("ko")]), Some(lang("ko")));
        assert_eq!(nearest.find(lang("uk"), &[lang("ru")]), None);
        nearest.own_only = true;
        assert_eq!(nearest.find(lang("be"), &[lang("ru")]), None);
    }

    #[test]
    fn the_table_names_each_language_once_by_its_shortest_code() {
        let mut seen = HashSet::new();
        for code in FAMILIES.iter().flat_map(|family| family.languages) {
            assert_eq!(code.parse::<Lang>().unwrap().code(), *code);
            assert!(seen.insert(code), "{code} comes twice");
        }
    }
}
