//! The answer in one glance, and how sure it is.

use maud::{Markup, html};

use super::super::summary::{Collection, Contrast, Figure, RowKind, Summary, System, Table};
use super::chart::{Scale, gain, px, ticks};
use super::{colour, named, number, part, parts};

/// Width and height of an interval's drawing.
const FOREST: (f64, f64) = (260.0, 30.0);

/// Name, what it is about, and the answer in a sentence per collection.
pub(super) fn head(summary: &Summary) -> Markup {
    let results = summary.results;
    let made = &results.provenance;
    html! {
        header {
            h1 { (results.name) }
            @if !results.description.is_empty() { p.lede { (results.description) } }
            p.byline {
                time { (number::date(made.finished_at)) }
                " · xenoglot " (made.version)
                " · " (made.processor) ", " (number::counted(made.cores, "core", "cores"))
                " · " (number::counted(results.systems.len(), "system", "systems"))
                " · seed " (results.seed)
            }
            ul.glance {
                @for collection in &summary.collections { (glance(summary, collection)) }
            }
        }
    }
}

fn glance(summary: &Summary, collection: &Collection) -> Markup {
    let is_full = |system: &&System| {
        let row = collection
            .main
            .rows
            .iter()
            .find(|row| row.name == system.info.name);
        row.is_some_and(|row| !matches!(row.kind, RowKind::Ours { partial: Some(_) }))
    };
    let systems = collection.systems.iter().filter(is_full);
    let Some(best) = systems.max_by(|a, b| a.mean.total_cmp(&b.mean)) else {
        return html! {};
    };
    html! {
        li {
            span.glance-value { (number::value(best.mean)) }
            span.glance-text {
                b { (collection.info.title) }
                br;
                (summary.main_measure()) " of " b { (best.info.name) }
                @if let (Some(contrast), Some(baseline)) = (&best.contrast, summary.baseline()) {
                    ", " (number::difference(contrast.comparison.difference)) " over " (baseline)
                }
            }
        }
    }
}

/// The main table of every collection, and what pairs of languages have to do with it.
pub(super) fn tables(summary: &Summary) -> Markup {
    html! {
        @for collection in &summary.collections {
            (part(summary, collection, &html! {
                @if summary.collections.len() == 1 { p.aside { (collection.info.title) ", " (collection.extent()) } }
                (table(&collection.main, "System"))
                @if let Some(groups) = &collection.groups {
                    h4 { (summary.main_measure()) " by pairs of languages, query→document" }
                    (table(groups, "System"))
                }
                (beside(collection))
                (explanation(summary, collection))
            }))
        }
    }
}

fn explanation(summary: &Summary, collection: &Collection) -> Markup {
    html! {
        p.note {
            "Means over " (collection.extent())
            @if collection.n_pairs > 1 { ", every pair counting the same" }
            ". " b { "Bold" } ": best of its column. "
            @if let Some(baseline) = summary.baseline() {
                "Small: difference to " (baseline) ". "
                sup { "†" } " p < .05, " sup { "‡" } " p < .01: two-sided randomisation test over topics"
                @if collection.n_pairs > 1 { ", each averaged over pairs of languages first" }
                ", after Holm over the systems of a column. "
            }
            @if collection.main.has_partial_rows() {
                "Where a system was run on fewer pairs it says so: its mean is over those, its difference over what it shares "
                "with the baseline."
            }
        }
    }
}

fn table(table: &Table, first: &str) -> Markup {
    let is_published = |kind: &RowKind| matches!(kind, RowKind::Published { .. });
    let (theirs, ours): (Vec<_>, Vec<_>) =
        table.rows.iter().partition(|row| is_published(&row.kind));
    html! {
        div.scroll {
            table.main {
                thead { tr { th scope="col" { (first) } @for column in &table.columns { th.num scope="col" { (column) } } } }
                @for (rows, class) in [(ours, "ours"), (theirs, "theirs")] {
                    @if !rows.is_empty() {
                        tbody.(class) {
                            @for row in rows {
                                tr {
                                    th scope="row" { (row.name) (kind(&row.kind)) }
                                    @for figure in &row.figures { td.num { (cell(figure.as_ref())) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn kind(kind: &RowKind) -> Markup {
    html! {
        @match kind {
            RowKind::Baseline => small.tag { "baseline" },
            RowKind::Ours { partial: Some(asked) } => small.tag { (asked) },
            RowKind::Ours { partial: None } => {},
            RowKind::Published { source } => small.tag { "published: " (source) },
        }
    }
}

fn cell(figure: Option<&Figure>) -> Markup {
    let Some(figure) = figure else {
        return html! { span.none { (number::NONE) } };
    };
    let value = number::value(figure.value);
    html! {
        span.value {
            @if figure.is_best { b { (value) } } @else { (value) }
            sup { (figure.mark.sign()) }
        }
        @if let Some(difference) = figure.difference { small { (number::difference(difference)) } }
    }
}

/// Published figures for some of the pairs, and ours for the same.
fn beside(collection: &Collection) -> Markup {
    html! {
        @if !collection.beside.is_empty() {
            h4 { "Published figures, and ours for the same languages" }
            div.scroll {
                table {
                    thead {
                        tr {
                            th scope="col" { "Published" } th scope="col" { "Languages" } th scope="col" { "Measure" }
                            th.num scope="col" { "Theirs" }
                            @for system in &collection.systems { th.num scope="col" { (system.info.name) } }
                        }
                    }
                    tbody {
                        @for row in &collection.beside {
                            @let theirs = row.published;
                            tr {
                                th scope="row" { (theirs.system) small.tag { (theirs.source) } }
                                td { (theirs.queries) "→" (theirs.documents) }
                                td { (theirs.measure) }
                                td.num { (number::value(theirs.value)) }
                                @for value in &row.ours { td.num { (number::optional(*value)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Every system against the baseline: how much, how sure, on how many topics.
pub(super) fn comparisons(summary: &Summary) -> Markup {
    let Some(baseline) = summary.baseline() else {
        return html! {};
    };
    let tables = parts(summary, |collection| {
        collection
            .contrasts()
            .next()
            .is_some()
            .then(|| comparison(collection))
    });
    html! {
        @if !tables.0.is_empty() {
            p { (summary.main_measure()) " of every system less that of " b { (baseline) } ", over topics." }
            (tables)
            p.note {
                "Interval: 95 %, bootstrap over topics. p: two-sided randomisation test; Holm: adjusted for the number of "
                "systems. d: mean of the differences over their standard deviation. Topics: better / equal / worse than "
                "the baseline."
            }
        }
    }
}

fn comparison(collection: &Collection) -> Markup {
    let intervals = collection
        .contrasts()
        .map(|(_, contrast)| contrast.comparison.interval);
    let (low, high) = intervals.fold((0.0, 0.0), |(low, high): (f64, f64), interval| {
        (low.min(interval.0), high.max(interval.1))
    });
    let margin = (high - low).max(0.01) * 0.06;
    let scale = Scale::linear((low - margin, high + margin), (2.0, FOREST.0 - 2.0));
    html! {
        div.scroll {
            table.comparison {
                thead {
                    tr {
                        th scope="col" { "System" }
                        th.num scope="col" { "Difference" }
                        th scope="col" { "95 % interval" }
                        th scope="col" { span.hidden { "Drawn" } }
                        th.num scope="col" { "p" } th.num scope="col" { "Holm" }
                        th.num scope="col" { i { "d" } } th.num scope="col" { "Topics +/=/−" }
                    }
                }
                tbody {
                    @for (system, contrast) in collection.contrasts() { (contrast_row(system, contrast, &scale)) }
                    tr.axis { td {} td {} td {} td.drawn { (forest_axis(&scale)) } td {} td {} td {} td {} }
                }
            }
        }
    }
}

fn contrast_row(system: &System, contrast: &Contrast, scale: &Scale) -> Markup {
    let compared = &contrast.comparison;
    let (low, high) = compared.interval;
    html! {
        tr {
            th scope="row" { (named(system)) }
            td.num { (number::difference(compared.difference)) }
            td.num.interval { "[" (number::difference(low)) ", " (number::difference(high)) "]" }
            td.drawn.(colour(system)) { (forest(compared.difference, (low, high), scale)) }
            td.num { (number::probability(compared.p_randomisation)) }
            td.num { (number::probability(contrast.p_holm)) }
            td.num { (number::optional(compared.effect)) }
            td.num { (compared.wins) "/" (compared.ties) "/" (compared.losses) }
        }
    }
}

fn forest(difference: f64, (low, high): (f64, f64), scale: &Scale) -> Markup {
    let (width, height) = FOREST;
    let middle = px(height / 2.0);
    let zero = px(scale.at(0.0));
    html! {
        svg.forest viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) aria-hidden="true" {
            line.zero x1=(zero) x2=(zero) y1="-4" y2=(height + 4.0) {}
            line.whisker x1=(px(scale.at(low))) x2=(px(scale.at(high))) y1=(middle) y2=(middle) {}
            circle.point cx=(px(scale.at(difference))) cy=(middle) r="4" {}
        }
    }
}

fn forest_axis(scale: &Scale) -> Markup {
    let (width, height) = FOREST;
    html! {
        svg.forest viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) aria-hidden="true" {
            @for tick in ticks(scale.from, 4) {
                @let x = px(scale.at(tick));
                line.zero x1=(x) x2=(x) y1="0" y2="4" {}
                text x=(x) y="17" text-anchor="middle" { (gain(tick)) }
            }
        }
    }
}
