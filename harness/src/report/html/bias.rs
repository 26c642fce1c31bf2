//! Which languages a list of several favours.

use maud::{Markup, html};

use super::super::summary::{Bias, Collection, Summary, System};
use super::chart::{Frame, Scale, px, ticks};
use super::{colour, named, number, parts};

const ROW: f64 = 19.0;

pub(super) fn section(summary: &Summary) -> Markup {
    let dots = parts(summary, |collection| {
        let is_biased = collection.biases().next().is_some();
        is_biased.then(|| dots(collection))
    });
    html! {
        @if !dots.0.is_empty() {
            p {
                "Which languages fill the head of a list of several. " b { "PEER" } " is 1 where every language is treated "
                "alike (Yang et al. 2024); " b { "own first" } " is how often the first document is in the language of the "
                "query. Rings: a language's share of the relevant documents; dots: its share of the head."
            }
            (dots)
        }
    }
}

fn dots(collection: &Collection) -> Markup {
    let shares = collection
        .biases()
        .flat_map(|(_, bias)| bias.shares.values());
    let most = shares
        .map(|share| share.retrieved.max(share.relevant))
        .fold(0.0, f64::max);
    html! {
        div.grid.small {
            @for (system, bias) in collection.biases() {
                figure.chart {
                    figcaption {
                        (named(system))
                        span.aside {
                            "PEER " b { (number::value(bias.peer)) } ", own first " b { (number::value(bias.own_language_first)) }
                        }
                    }
                    (drawing(system, bias, most))
                }
            }
        }
        @if let Some((_, bias)) = collection.biases().next() {
            p.note { "The head: the first " (number::counted(bias.cutoff, "document", "documents")) ". Means over query languages." }
        }
    }
}

fn drawing(system: &System, bias: &Bias, most: f64) -> Markup {
    let frame = Frame {
        width: 300.0,
        height: bias.shares.len() as f64 * ROW + 32.0,
        left: 34.0,
        right: 12.0,
        top: 4.0,
        bottom: 26.0,
    };
    let x = Scale::linear((0.0, most.max(1e-9) * 1.05), frame.across());
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    html! {
        svg viewBox=(frame.view()) role="img" aria-label={ "Shares of languages, " (system.info.name) } {
            (frame.foot(&x, &ticks(x.from, 4), percent))
            @for (i, (language, share)) in bias.shares.iter().enumerate() {
                @let y = frame.top + (i as f64 + 0.5) * ROW;
                @let (ring, dot) = (px(x.at(share.relevant)), px(x.at(share.retrieved)));
                g.(colour(system)) {
                    title { (language) ": " (percent(share.retrieved)) " of the head, " (percent(share.relevant)) " of the relevant" }
                    line.rule x1=(px(frame.across().0)) x2=(px(frame.across().1)) y1=(px(y)) y2=(px(y)) {}
                    text.tick x="26" y=(px(y + 4.0)) text-anchor="end" { (language) }
                    line.whisker x1=(ring) x2=(dot) y1=(px(y)) y2=(px(y)) {}
                    circle.ring cx=(ring) cy=(px(y)) r="4" {}
                    circle.point cx=(dot) cy=(px(y)) r="4" {}
                }
            }
        }
    }
}
