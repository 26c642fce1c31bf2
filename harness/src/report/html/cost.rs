//! What quality costs: time of a query, and an index.

use maud::{Markup, html};

use super::super::summary::{Collection, Summary, System, stages_of};
use super::chart::{Frame, Scale, log_ticks, place_labels, px, ticks};
use super::{colour, named, number, parts};
use crate::results::Percentiles;

const FRAME: Frame = Frame {
    width: 560.0,
    height: 330.0,
    left: 44.0,
    right: 20.0,
    top: 26.0,
    bottom: 42.0,
};

/// The height of a bar of stages, and the distance to the next.
const BAR: (f64, f64) = (16.0, 46.0);

pub(super) fn section(summary: &Summary) -> Markup {
    parts(summary, |collection| {
        let is_timed = collection
            .systems
            .iter()
            .any(|system| system.cost.latency_ms.is_some());
        let has_index = collection
            .systems
            .iter()
            .any(|system| system.cost.n_indexes > 0);
        (is_timed || has_index).then(|| {
            html! {
                @if is_timed {
                    div.grid {
                        (quality(summary, collection))
                        (stages(collection))
                    }
                }
                (table(summary, collection))
            }
        })
    })
}

/// Systems that were timed.
fn timed<'a>(collection: &'a Collection) -> Vec<(&'a System<'a>, Percentiles)> {
    let systems = collection.systems.iter();
    systems
        .filter_map(|system| Some((system, system.cost.latency_ms?)))
        .collect()
}

/// One point per system: how long it takes × how good it is.
fn quality(summary: &Summary, collection: &Collection) -> Markup {
    let systems = timed(collection);
    // A logarithm wants something above nothing.
    let at_least = |ms: f64| ms.max(1e-3);
    let fastest = systems.iter().map(|(_, time)| at_least(time.p50));
    let slowest = systems.iter().map(|(_, time)| at_least(time.p95));
    let range = (
        fastest.fold(f64::INFINITY, f64::min) / 1.8,
        slowest.fold(0.0, f64::max) * 1.4,
    );
    let means = systems.iter().map(|(system, _)| system.mean);
    let (low, high) = means.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), mean| {
        (low.min(mean), high.max(mean))
    });
    let margin = (high - low).max(0.02) * 0.15;
    let x = Scale::log(range, FRAME.across());
    let y = Scale::linear(((low - margin).max(0.0), high + margin), FRAME.up());
    let places: Vec<(f64, f64)> = systems
        .iter()
        .map(|(system, time)| (x.at(at_least(time.p50)), y.at(system.mean)))
        .collect();
    let names: Vec<&str> = systems
        .iter()
        .map(|(system, _)| system.info.name.as_str())
        .collect();
    let labels = place_labels(&places, &names, FRAME.across());
    html! {
        figure.chart {
            figcaption { (summary.main_measure()) " by time of a query; bars from the median to the 95th percentile" }
            svg viewBox=(FRAME.view()) role="img" aria-label={ "Cost and quality, " (collection.info.title) } {
                (FRAME.rules(&y, &ticks(y.from, 5), number::value))
                (FRAME.foot(&x, &log_ticks(range), |ms| format!("{ms}")))
                text.axis x=(px(FRAME.width - FRAME.right)) y=(px(FRAME.height - 6.0)) text-anchor="end" { "ms per query" }
                text.axis x=(px(FRAME.left)) y="14" { (summary.main_measure()) }
                @for (((system, time), (cx, cy)), label) in systems.iter().zip(&places).zip(&labels) {
                    g.(colour(system)) {
                        title {
                            (system.info.name) ": " (number::value(system.mean)) ", p50 " (number::milliseconds(time.p50))
                            " ms, p95 " (number::milliseconds(time.p95)) " ms"
                        }
                        line.whisker x1=(px(*cx)) x2=(px(x.at(at_least(time.p95)))) y1=(px(*cy)) y2=(px(*cy)) {}
                        circle.point cx=(px(*cx)) cy=(px(*cy)) r="5" {}
                        text.label x=(px(label.x)) y=(px(label.y)) text-anchor=(label.anchor) { (system.info.name) }
                    }
                }
            }
        }
    }
}

/// One bar per system: where its time goes, whatever it takes in all.
fn stages(collection: &Collection) -> Markup {
    let stages = stages_of(collection);
    let systems = collection
        .systems
        .iter()
        .filter(|system| !system.cost.stages_ms.is_empty());
    let systems: Vec<&System> = systems.collect();
    let height = systems.len() as f64 * BAR.1 + 8.0;
    let width = FRAME.width - 76.0;
    html! {
        @if !stages.is_empty() {
            figure.chart {
                figcaption {
                    "Where the time goes"
                    span.key {
                        @for (i, stage) in stages.iter().enumerate() { span { i.swatch.stage.(stage_class(i)) {} (stage) } }
                    }
                }
                svg viewBox={ "0 0 " (FRAME.width) " " (height) } role="img" aria-label={ "Time by stage, " (collection.info.title) } {
                    @for (row, system) in systems.iter().enumerate() {
                        @let y = row as f64 * BAR.1;
                        text.label x="1" y=(px(y + 13.0)) { (system.info.name) }
                        (bar(system, &stages, width, y + 19.0))
                        text.tick x=(px(width + 8.0)) y=(px(y + 19.0 + BAR.0 - 4.0)) {
                            (number::milliseconds(sum(system))) " ms"
                        }
                    }
                }
            }
        }
    }
}

/// All stages of a system, in milliseconds.
fn sum(system: &System) -> f64 {
    system.cost.stages_ms.values().sum()
}

fn bar(system: &System, stages: &[&str], width: f64, y: f64) -> Markup {
    let x = Scale::linear((0.0, sum(system).max(1e-9)), (1.0, width));
    let mut from = 0.0;
    let mut part = |i: usize, stage: &str| {
        let ms = system.cost.stages_ms.get(stage).copied()?;
        let (left, right) = (x.at(from), x.at(from + ms));
        from += ms;
        Some(html! {
            // What takes any time is seen.
            rect.stage.(stage_class(i)) x=(px(left)) y=(px(y)) width=(px((right - left).max(0.8))) height=(BAR.0) {
                title { (stage) ": " (number::milliseconds(ms)) " ms" }
            }
        })
    };
    let stages = stages.iter().enumerate();
    let parts: Vec<Markup> = stages.filter_map(|(i, stage)| part(i, stage)).collect();
    html! { @for part in parts { (part) } }
}

fn stage_class(place: usize) -> String {
    format!("g{}", place % super::N_COLOURS)
}

fn table(summary: &Summary, collection: &Collection) -> Markup {
    let stages = stages_of(collection);
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "System" }
                        th.num scope="col" { (summary.main_measure()) }
                        @for percentile in ["p50", "p95", "p99"] { th.num scope="col" { (percentile) small { " ms" } } }
                        @for stage in &stages { th.num scope="col" { (stage) small { " ms" } } }
                        th.num scope="col" { "Documents" } th.num scope="col" { "Index" } th.num scope="col" { "Built in" }
                    }
                }
                tbody { @for system in &collection.systems { (row(system, &stages)) } }
            }
        }
        p.note {
            "One query at a time"
            @if collection.n_pairs > 1 { "; medians over pairs of languages" }
            ". Stages that run side by side make the sum of stages longer than the whole."
            @if collection.systems.iter().any(|system| system.cost.n_indexes > 1) {
                " Documents, size and time to build are of all indexes that a system searched, together."
            }
        }
    }
}

fn row(system: &System, stages: &[&str]) -> Markup {
    let cost = &system.cost;
    let ms = |ms: Option<f64>| ms.map_or_else(|| number::NONE.to_owned(), number::milliseconds);
    html! {
        tr {
            th scope="row" { (named(system)) }
            td.num { (number::value(system.mean)) }
            @for percentile in [
                cost.latency_ms.map(|time| time.p50),
                cost.latency_ms.map(|time| time.p95),
                cost.latency_ms.map(|time| time.p99),
            ] { td.num { (ms(percentile)) } }
            @for stage in stages { td.num.dim { (ms(cost.stages_ms.get(*stage).copied())) } }
            td.num { (number::count(cost.n_docs)) }
            td.num { (number::bytes(cost.size_bytes)) }
            td.num { (number::seconds(cost.build_seconds)) }
        }
    }
}
