//! Topics on which a system differs most from the baseline, with their text.

use maud::{Markup, html};

use super::super::summary::Summary;
use super::number;
use crate::results::{Example, ExampleHit};

/// Languages written from right to left.
const RIGHT_TO_LEFT: [&str; 11] = [
    "ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi",
];

pub(super) fn section(summary: &Summary) -> Markup {
    let examples = &summary.results.examples;
    html! {
        @if !examples.is_empty() {
            p { "Where a system does much better, or much worse, than the baseline: what was asked, and what came first." }
            @for (i, example) in examples.iter().enumerate() { (topic(summary, example, i == 0)) }
        }
    }
}

fn topic(summary: &Summary, example: &Example, is_open: bool) -> Markup {
    let baseline = summary.results.baseline.as_deref().unwrap_or("baseline");
    let change = example.value - example.baseline_value;
    html! {
        details.example open[is_open] {
            summary {
                span.change.(if change < 0.0 { "loss" } else { "gain" }) { (number::difference(change)) }
                (text("query", &example.queries, &example.query))
                span.aside {
                    (example.system) " · " (title(summary, &example.collection)) " · "
                    (example.queries) "→" (example.documents) " · topic " (example.topic)
                }
            }
            div.heads {
                (head(baseline, example.baseline_value, &example.baseline_head))
                (head(&example.system, example.value, &example.head))
            }
            @if !example.relevant.is_empty() { (relevant(example, baseline)) }
        }
    }
}

fn title<'a>(summary: &'a Summary, collection: &'a str) -> &'a str {
    let mut collections = summary.results.collections.iter();
    let known = collections.find(|known| known.name == collection);
    known.map_or(collection, |known| &known.title)
}

fn head(system: &str, value: f64, hits: &[ExampleHit]) -> Markup {
    html! {
        div {
            h4 { (system) span.aside { (number::value(value)) } }
            ol { @for hit in hits { li { (grade(hit.grade)) (document(hit)) } } }
        }
    }
}

fn relevant(example: &Example, baseline: &str) -> Markup {
    let rank = |rank: Option<usize>| rank.map_or_else(|| number::NONE.to_owned(), number::count);
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "Relevant" }
                        th.num scope="col" { "Rank, " (baseline) } th.num scope="col" { "Rank, " (example.system) }
                    }
                }
                tbody {
                    @for relevant in &example.relevant {
                        tr {
                            td.text { (grade(relevant.hit.grade)) (document(&relevant.hit)) }
                            td.num { (rank(relevant.baseline_rank)) }
                            td.num { (rank(relevant.rank)) }
                        }
                    }
                }
            }
        }
    }
}

/// What assessors said: how relevant, not at all, or nothing.
fn grade(grade: Option<i32>) -> Markup {
    html! {
        @match grade {
            Some(grade) if grade > 0 => span.grade.relevant title={ "relevant, grade " (grade) } { (grade) },
            Some(grade) => span.grade title={ "not relevant, grade " (grade) } { (grade) },
            None => span.grade.unjudged title="not judged" { "?" },
        }
    }
}

fn document(hit: &ExampleHit) -> Markup {
    html! { (text("document", &hit.lang, &hit.text)) span.aside { (hit.lang) " · " (hit.doc) } }
}

/// Somebody's words, told apart from ours: their language and its direction.
fn text(class: &str, language: &str, text: &str) -> Markup {
    html! { bdi.(class) lang=(language) dir=(direction(language)) { (text) } }
}

fn direction(language: &str) -> &'static str {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    match language.contains("Arab") || RIGHT_TO_LEFT.contains(&primary) {
        true => "rtl",
        false => "ltr",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_is_that_of_the_script() {
        for (language, expected) in [
            ("ar", "rtl"),
            ("fa-IR", "rtl"),
            ("pa-Arab", "rtl"),
            ("pa", "ltr"),
            ("zh-Hant", "ltr"),
        ] {
            assert_eq!(direction(language), expected, "{language}");
        }
    }
}
