//! One page that fetches nothing: what is looked at first stands first.

mod answer;
mod bias;
mod chart;
mod cost;
mod curves;
mod examples;
mod maps;
mod provenance;
mod topics;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::number;
use super::summary::{Collection, Summary, System};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Whatever a document says, the page asks nobody for anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// As many as the style has colours.
const N_COLOURS: usize = 7;

/// A part of the page: where links lead, what it is called, what it holds.
struct Section {
    id: &'static str,
    title: &'static str,
    body: Markup,
}

/// The whole page.
pub(super) fn page(summary: &Summary) -> String {
    let sections = sections(summary);
    let name = &summary.results.name;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                nav aria-label="Contents" {
                    ol {
                        @for section in &sections {
                            li { a href={ "#" (section.id) } { (section.title) } }
                        }
                    }
                }
                main {
                    (answer::head(summary))
                    @for section in &sections {
                        section id=(section.id) {
                            h2 { (section.title) }
                            (section.body)
                        }
                    }
                    footer { "Made by " code { "xenoglot eval report" } "." }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// The sections that have something to show.
fn sections(summary: &Summary) -> Vec<Section> {
    let section = |id, title, body| Section { id, title, body };
    let all = [
        section("results", "Results", answer::tables(summary)),
        section("comparison", "Comparison", answer::comparisons(summary)),
        section("languages", "Languages", maps::section(summary)),
        section(
            "precision",
            "Precision and recall",
            curves::section(summary),
        ),
        section("topics", "Topic by topic", topics::section(summary)),
        section("cost", "Cost and quality", cost::section(summary)),
        section("bias", "Language bias", bias::section(summary)),
        section("examples", "Topics to look at", examples::section(summary)),
        section("provenance", "Provenance", provenance::section(summary)),
    ];
    let has_body = |section: &Section| !section.body.0.is_empty();
    all.into_iter().filter(has_body).collect()
}

/// A part of a section about one collection; the heading is left out where there is but one.
fn part(summary: &Summary, collection: &Collection, body: &Markup) -> Markup {
    html! {
        div.part {
            @if summary.collections.len() > 1 {
                h3 { (collection.info.title) span.aside { (collection.extent()) } }
            }
            (body)
        }
    }
}

/// The same for every collection that has something to show.
fn parts(summary: &Summary, body: impl Fn(&Collection) -> Option<Markup>) -> Markup {
    html! {
        @for collection in &summary.collections {
            @if let Some(body) = body(collection) { (part(summary, collection, &body)) }
        }
    }
}

/// The class that has a system's colour.
fn colour(system: &System) -> String {
    match system.is_baseline {
        true => "base".to_owned(),
        false => format!("s{}", system.place % N_COLOURS),
    }
}

/// A system's name behind its colour.
fn named(system: &System) -> Markup {
    html! { span.named { i.swatch.(colour(system)) {} (system.info.name) } }
}

#[cfg(test)]
mod tests;
