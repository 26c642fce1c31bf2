//! Precision–recall curves.

use maud::{Markup, html};

use super::super::summary::{Collection, Summary, System};
use super::chart::{Frame, LINE, Scale, px, spread};
use super::{colour, number, parts};
use crate::results::N_RECALL_LEVELS;

const FRAME: Frame = Frame {
    width: 560.0,
    height: 330.0,
    left: 38.0,
    right: 128.0,
    top: 12.0,
    bottom: 40.0,
};

const LEVELS: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];

pub(super) fn section(summary: &Summary) -> Markup {
    let curves = parts(summary, |collection| {
        let has_curve = |system: &System| system.curve.iter().any(|precision| *precision > 0.0);
        let is_drawn = collection.systems.iter().any(has_curve);
        is_drawn.then(|| curves(collection))
    });
    html! {
        @if !curves.0.is_empty() {
            p { "Interpolated precision at eleven levels of recall, means over topics and pairs." }
            div.grid { (curves) }
        }
    }
}

fn curves(collection: &Collection) -> Markup {
    let x = Scale::linear((0.0, 1.0), FRAME.across());
    let y = Scale::linear((0.0, 1.0), FRAME.up());
    let systems = &collection.systems;
    let ends: Vec<f64> = systems
        .iter()
        .map(|system| y.at(system.curve[N_RECALL_LEVELS - 1]))
        .collect();
    let labels = spread(&ends, LINE + 1.0, (FRAME.top, FRAME.up().0));
    html! {
        figure.chart {
            svg viewBox=(FRAME.view()) role="img" aria-label={ "Precision–recall curves, " (collection.info.title) } {
                (FRAME.rules(&y, &LEVELS, |tick| format!("{tick:.1}")))
                (FRAME.foot(&x, &LEVELS, |tick| format!("{tick:.1}")))
                text.axis x=(px(x.at(0.5))) y=(px(FRAME.height - 6.0)) text-anchor="middle" { "recall" }
                text.axis x=(px(FRAME.left + 6.0)) y=(px(FRAME.top + 12.0)) { "precision" }
                @for ((system, end), label) in systems.iter().zip(&ends).zip(labels) {
                    g.(colour(system)) {
                        title { (system.info.name) ": " (numbers(system)) }
                        path.curve d=(line(system, &x, &y)) {}
                        @let edge = x.at(1.0);
                        path.leader d={ "M" (px(edge + 2.0)) " " (px(*end)) "L" (px(edge + 14.0)) " " (px(label)) } {}
                        text.label x=(px(edge + 18.0)) y=(px(label + 4.0)) { (system.info.name) }
                    }
                }
            }
        }
    }
}

fn numbers(system: &System) -> String {
    system.curve.map(number::value).join(" ")
}

fn line(system: &System, x: &Scale, y: &Scale) -> String {
    let point = |(level, precision): (usize, &f64)| {
        let recall = level as f64 / (N_RECALL_LEVELS - 1) as f64;
        format!("{} {}", px(x.at(recall)), px(y.at(*precision)))
    };
    let points: Vec<String> = system.curve.iter().enumerate().map(point).collect();
    format!("M{}", points.join("L"))
}
