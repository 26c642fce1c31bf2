//! `<top>` and `<topic>`: TREC's topics, whose fields nobody closes, CLEF's, whose tags begin with a language, and FIRE's.

use crate::error::Result;
use crate::input::Rest;
use crate::language::Lang;
use crate::sgml::{Element, elements};

use super::{RawTopic, TopicChoice, TopicField};

/// The language of topics that come in several.
const DEFAULT_LANG: &str = "en";
/// Words that TREC puts before the text of a field.
const LABELS: [&str; 6] = [
    "number:",
    "topic:",
    "title:",
    "description:",
    "summary:",
    "narrative:",
];

/// The topics of a file.
pub(super) fn read(rest: &Rest, choice: &TopicChoice) -> Result<Vec<RawTopic>> {
    let found = elements(&rest.text, |name| {
        is_topic(name) || name == "num" || name == "identifier" || field(name).is_some()
    });
    let mut topics = Vec::new();
    let mut fields = found.iter().peekable();
    while let Some(first) = fields.next() {
        if is_topic(&first.name) {
            let mut own = Vec::new();
            while let Some(field) = fields.next_if(|field| !is_topic(&field.name)) {
                own.push(field);
            }
            topics.push(topic(rest, first, &own, choice)?);
        }
    }
    Ok(topics)
}

fn is_topic(name: &str) -> bool {
    name == "top" || name == "topic"
}

/// Which field an element is, and the language that its name begins with.
fn field(name: &str) -> Option<(TopicField, Option<Lang>)> {
    let (lang, name) = match name.split_once('-') {
        Some((lang, name)) => (Some(lang.parse().ok()?), name),
        None => (None, name),
    };
    let field = match name {
        "title" => TopicField::Title,
        "desc" | "description" => TopicField::Description,
        "narr" | "narrative" => TopicField::Narrative,
        _ => return None,
    };
    Some((field, lang))
}

fn topic(
    rest: &Rest,
    top: &Element<'_>,
    own: &[&Element<'_>],
    choice: &TopicChoice,
) -> Result<RawTopic> {
    let line = rest.line_at(top.offset);
    let id = own
        .iter()
        .find(|field| field.name == "num" || field.name == "identifier");
    let Some(id) = id else {
        return Err(line.malformed("num", "nothing", "a number in <num>"));
    };
    // The tag of a field, or of the topic around it, says which language it is in.
    let lang_of = |element: &Element<'_>| {
        let attribute = || {
            let own = element.tag.attribute("lang");
            own.or_else(|| top.tag.attribute("lang"))?.parse().ok()
        };
        let prefix = field(&element.name).and_then(|(_, lang)| lang);
        prefix.or_else(attribute)
    };
    let langs: Vec<Lang> = own
        .iter()
        .filter(|element| field(&element.name).is_some())
        .filter_map(|element| lang_of(element))
        .collect();
    let lang = chosen_lang(&langs, choice);
    if !langs.is_empty() && lang.is_some_and(|lang| !langs.contains(&lang)) {
        let given: Vec<&str> = langs.iter().map(Lang::code).collect();
        return Err(line.malformed("lang", &given.join(", "), "the language that was chosen"));
    }
    let text = |wanted: TopicField| {
        let is_it = |element: &&&Element<'_>| {
            let is_field = field(&element.name).is_some_and(|(found, _)| found == wanted);
            is_field && lang_of(element).is_none_or(|own| Some(own) == lang)
        };
        own.iter()
            .find(is_it)
            .map(|element| unlabelled(&element.text))
    };
    let query = super::joined(line, choice, text)?;
    Ok(RawTopic {
        id: unlabelled(&id.text),
        query,
        lang: lang.unwrap_or(Lang::UNKNOWN),
        line: line.number,
    })
}

/// The chosen language; without a choice English where it is among several, else the first.
fn chosen_lang(langs: &[Lang], choice: &TopicChoice) -> Option<Lang> {
    let english = || langs.iter().find(|lang| lang.code() == DEFAULT_LANG);
    let default = || english().or(langs.first()).copied();
    choice.lang.or_else(default)
}

/// `text` as one line, without the word that names its field.
fn unlabelled(text: &str) -> String {
    let text = text.replace('\n', " ");
    let label = LABELS.iter().find(|label| {
        let start = text.get(..label.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(label))
    });
    text[label.map_or(0, |label| label.len())..]
        .trim()
        .to_owned()
}
