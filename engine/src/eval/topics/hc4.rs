//! HC4's topics, in which HC3's and NeuCLIR's are written too: JSON lines with every topic in several languages and
//! wordings.

use serde_json::Value;

use crate::error::Result;
use crate::input::Line;
use crate::language::Lang;

use super::{RawTopic, TopicChoice, TopicField};

const ORIGINAL: &str = "original";
const HUMAN: &str = "human translation";
/// Stands for the only source that is neither of the others.
const MACHINE: &str = "machine translation";
/// The parts of a narrative, from the best documents to the worst.
const NARRATIVE_PARTS: [&str; 4] = [
    "very_valuable",
    "somewhat_valuable",
    "not_that_valuable",
    "non_relevant",
];

/// A topic in one language by one author.
struct Wording<'a> {
    lang: Lang,
    source: &'a str,
    fields: &'a Value,
}

/// The topic of a line; none where it was not judged in the chosen language, nor translated into it by a human.
pub(super) fn read(line: Line<'_>, choice: &TopicChoice) -> Result<Option<RawTopic>> {
    let record: Value = serde_json::from_str(line.text)
        .map_err(|_| line.malformed("line", line.text, "one JSON object"))?;
    let judged = judged_in(&record, line)?;
    if choice.judged_in.is_some_and(|lang| !judged.contains(&lang)) {
        return Ok(None);
    }
    let english = "en".parse().unwrap_or(Lang::UNKNOWN);
    let lang = choice.lang.unwrap_or(english);
    let wordings = wordings(&record, line)?;
    let ours: Vec<&Wording<'_>> = wordings.iter().filter(|one| one.lang == lang).collect();
    let Some(wording) = chosen(&ours, choice.source.as_deref(), line)? else {
        // People translated a topic only into the languages in which it was judged.
        if !judged.contains(&lang)
            && choice
                .source
                .as_deref()
                .is_none_or(|source| source == HUMAN)
        {
            return Ok(None);
        }
        let known: Vec<&str> = ours.iter().map(|one| one.source).collect();
        return Err(line.malformed(
            "source",
            &known.join(", "),
            "the language and source that were chosen",
        ));
    };
    let text = |field| match field {
        TopicField::Title => string(wording.fields, "topic_title"),
        TopicField::Description => string(wording.fields, "topic_description"),
        TopicField::Narrative => {
            let own = string(wording.fields, "topic_narrative");
            own.or_else(|| narrative(&record, choice.judged_in))
        }
    };
    Ok(Some(RawTopic {
        id: id(&record, line)?,
        query: super::joined(line, choice, text)?,
        lang,
        line: line.number,
    }))
}

fn id(record: &Value, line: Line<'_>) -> Result<String> {
    match &record["topic_id"] {
        Value::String(id) => Ok(id.clone()),
        Value::Number(id) => Ok(id.to_string()),
        other => Err(line.malformed("topic_id", &other.to_string(), "a string")),
    }
}

fn judged_in(record: &Value, line: Line<'_>) -> Result<Vec<Lang>> {
    let Some(codes) = record["languages_with_qrels"].as_array() else {
        return Ok(Vec::new());
    };
    codes
        .iter()
        .map(|code| lang(code, "languages_with_qrels", line))
        .collect()
}

fn lang(code: &Value, field: &'static str, line: Line<'_>) -> Result<Lang> {
    let lang = code.as_str().and_then(|code| code.parse().ok());
    lang.ok_or_else(|| line.malformed(field, &code.to_string(), "a language code such as `zho`"))
}

fn wordings<'a>(record: &'a Value, line: Line<'_>) -> Result<Vec<Wording<'a>>> {
    let Some(topics) = record["topics"].as_array() else {
        return Err(line.malformed("topics", &record["topics"].to_string(), "an array"));
    };
    let wording = |fields: &'a Value| {
        let Some(source) = fields["source"].as_str() else {
            return Err(line.malformed("source", &fields["source"].to_string(), "a string"));
        };
        Ok(Wording {
            lang: lang(&fields["lang"], "lang", line)?,
            source,
            fields,
        })
    };
    topics.iter().map(wording).collect()
}

fn chosen<'a>(
    wordings: &[&'a Wording<'a>],
    source: Option<&str>,
    line: Line<'_>,
) -> Result<Option<&'a Wording<'a>>> {
    let by = |source: &str| wordings.iter().find(|one| one.source == source).copied();
    match source {
        None => Ok(by(ORIGINAL).or_else(|| by(HUMAN))),
        Some(MACHINE) => {
            let machines = wordings
                .iter()
                .filter(|one| ![ORIGINAL, HUMAN].contains(&one.source));
            let machines: Vec<&'a Wording<'a>> = machines.copied().collect();
            if machines.len() > 1 {
                let known: Vec<&str> = machines.iter().map(|one| one.source).collect();
                let expected = "one machine translation; name one of these as the source";
                // All of them, however many: they are what to choose from.
                return Err(line.malformed_in_full("source", known.join(", "), expected));
            }
            Ok(machines.first().copied())
        }
        Some(named) => Ok(by(named)),
    }
}

fn narrative(record: &Value, judged_in: Option<Lang>) -> Option<String> {
    let narratives = record["narratives"].as_object()?;
    let mut narratives = narratives.iter();
    let (_, narrative) = narratives.find(|(code, _)| {
        judged_in.is_none_or(|lang| code.parse().is_ok_and(|code: Lang| code == lang))
    })?;
    let parts = NARRATIVE_PARTS
        .iter()
        .filter_map(|part| string(narrative, part));
    Some(parts.collect::<Vec<_>>().join(" "))
}

fn string(fields: &Value, name: &str) -> Option<String> {
    let text = fields[name].as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
