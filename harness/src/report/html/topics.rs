//! What every topic gains and loses: one bar per topic, from the greatest gain to the greatest loss.

use std::fmt::Write;

use maud::{Markup, html};
use serde_json::json;

use super::super::summary::{Collection, Contrast, Summary, System, TopicPair};
use super::chart::{Frame, Scale, gain, px, ticks};
use super::{named, number, parts};

const FRAME: Frame = Frame {
    width: 460.0,
    height: 190.0,
    left: 44.0,
    right: 8.0,
    top: 10.0,
    bottom: 10.0,
};

pub(super) fn section(summary: &Summary) -> Markup {
    let Some(baseline) = summary.baseline() else {
        return html! {};
    };
    let waterfalls = parts(summary, |collection| {
        let is_compared = collection.contrasts().next().is_some();
        is_compared.then(|| waterfalls(collection))
    });
    html! {
        @if !waterfalls.0.is_empty() {
            p {
                (summary.main_measure()) " of every topic less that of " b { (baseline) }
                ", means over pairs of languages. Point at a bar for its topic."
            }
            (waterfalls)
        }
    }
}

fn waterfalls(collection: &Collection) -> Markup {
    let topics = collection
        .contrasts()
        .flat_map(|(_, contrast)| &contrast.topics);
    let (low, high) = topics.fold((0.0, 0.0), |(low, high): (f64, f64), topic| {
        (low.min(topic.difference()), high.max(topic.difference()))
    });
    // All systems on one scale: a small gain looks small.
    let y = Scale::linear((low - 0.01, high + 0.01), FRAME.up());
    html! {
        div.grid {
            @for (system, contrast) in collection.contrasts() { (waterfall(system, contrast, &y)) }
        }
    }
}

fn waterfall(system: &System, contrast: &Contrast, y: &Scale) -> Markup {
    let compared = &contrast.comparison;
    let topics = &contrast.topics;
    let (left, right) = FRAME.across();
    html! {
        figure.chart {
            figcaption {
                (named(system))
                span.aside { (compared.wins) " better, " (compared.ties) " equal, " (compared.losses) " worse" }
            }
            svg.waterfall viewBox=(FRAME.view()) role="img" aria-label={ "Differences of topics, " (system.info.name) }
                data-left=(left) data-right=(right) data-topics=(data(topics)) {
                (FRAME.rules(y, &ticks(y.from, 4), gain))
                path.gain d=(bars(topics, y, |difference| difference > 0.0)) {}
                path.loss d=(bars(topics, y, |difference| difference < 0.0)) {}
                line.zero x1=(left) x2=(right) y1=(px(y.at(0.0))) y2=(px(y.at(0.0))) {}
                line.cursor y1=(FRAME.top) y2=(px(FRAME.up().0)) x1="0" x2="0" visibility="hidden" {}
            }
        }
    }
}

/// One path for all bars of a kind: a collection may have thousands of topics.
fn bars(topics: &[TopicPair], y: &Scale, is_drawn: impl Fn(f64) -> bool) -> String {
    let (left, right) = FRAME.across();
    let step = (right - left) / topics.len() as f64;
    // A gap between bars, while there is room for one.
    let width = if step > 3.0 { step - 1.0 } else { step };
    let mut path = String::new();
    for (i, topic) in topics.iter().enumerate() {
        let difference = topic.difference();
        if is_drawn(difference) {
            let x = left + i as f64 * step;
            // Writing to a string cannot fail.
            let _ = write!(
                path,
                "M{x:.2} {:.1}h{width:.2}V{:.1}h-{width:.2}z",
                y.at(0.0),
                y.at(difference)
            );
        }
    }
    path
}

/// What the script shows: topic, the baseline's value, the system's.
fn data(topics: &[TopicPair]) -> String {
    let topics = topics.iter().map(|topic| {
        json!([
            topic.topic,
            number::value(topic.baseline),
            number::value(topic.value),
            number::difference(topic.difference()),
        ])
    });
    serde_json::Value::from_iter(topics).to_string()
}
