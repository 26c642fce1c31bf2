//! Heat maps: what is asked in × what is answered in.
//!
//! A cell says how far along a scale it is; the style knows the colours, for light and for dark. Lightness is linear in
//! OKLab, so that equal steps of a value look equal.

use maud::{Markup, html};

use super::super::summary::{Collection, Matrix, Summary};
use super::{number, parts};

/// From here on a cell is so strong that its number is printed in the other ink (see `--strong` in the style).
const STRONG: f64 = 0.6;

/// Below this a difference is noise of the third decimal, and the map would shout about nothing.
const SMALLEST_RANGE: f64 = 0.01;

#[derive(Clone, Copy)]
enum Scale {
    /// From the least to the greatest.
    Sequential { low: f64, high: f64 },
    /// As far to either side of zero.
    Diverging { range: f64 },
}

impl Scale {
    fn sequential(matrices: &[&Matrix]) -> Self {
        let values = || matrices.iter().flat_map(|matrix| matrix.present());
        Self::Sequential {
            low: values().fold(f64::INFINITY, f64::min),
            high: values().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    fn diverging(matrices: &[Matrix]) -> Self {
        let values = matrices.iter().flat_map(Matrix::present);
        Self::Diverging {
            range: values.map(f64::abs).fold(SMALLEST_RANGE, f64::max),
        }
    }

    /// The class of a value's cell, and how far it is from none.
    fn shade(self, value: f64) -> (&'static str, f64) {
        match self {
            Self::Sequential { low, high } if high > low => {
                match ((value - low) / (high - low)).clamp(0.0, 1.0) {
                    part if part > STRONG => ("heat strong", part),
                    part => ("heat", part),
                }
            }
            Self::Sequential { .. } => ("heat", 0.5),
            Self::Diverging { range } => match value / range {
                part if part < 0.0 => ("worse", part.abs().min(1.0)),
                part => ("better", part.min(1.0)),
            },
        }
    }

    fn print(self, value: f64) -> String {
        match self {
            Self::Sequential { .. } => number::value(value),
            Self::Diverging { .. } => number::difference(value),
        }
    }
}

pub(super) fn section(summary: &Summary) -> Markup {
    let measure = summary.main_measure();
    let maps = parts(summary, |collection| {
        match (&collection.by_query_language, collection.matrices().next()) {
            (Some(matrix), _) => Some(by_query_language(matrix)),
            (None, Some(_)) => Some(by_pair(summary, collection)),
            (None, None) => None,
        }
    });
    html! {
        @if !maps.0.is_empty() {
            p { (measure) " of every pair of languages." }
            (maps)
        }
    }
}

fn by_query_language(matrix: &Matrix) -> Markup {
    let scale = Scale::sequential(&[matrix]);
    html! {
        figure {
            (map(matrix, scale, "systems", "query language"))
            (legend(scale))
        }
    }
}

/// One map per system, and its difference to the baseline's; the script leaves one in sight.
fn by_pair(summary: &Summary, collection: &Collection) -> Markup {
    let matrices: Vec<_> = collection.matrices().collect();
    let values: Vec<&Matrix> = matrices.iter().map(|(_, matrix)| *matrix).collect();
    let sequential = Scale::sequential(&values);
    let baseline = matrices.iter().find(|(system, _)| system.is_baseline);
    let differences: Vec<Matrix> = match baseline {
        Some((_, baseline)) => values.iter().map(|matrix| matrix.minus(baseline)).collect(),
        None => Vec::new(),
    };
    let diverging = Scale::diverging(&differences);
    let by_mean = |i: &usize| (values[*i].mean().unwrap_or_default() * 1e6) as i64;
    let best = (0..values.len()).max_by_key(by_mean).unwrap_or_default();
    let id = &collection.info.name;
    let is_alone = matrices.len() < 2;
    html! {
        div.maps {
            @if !is_alone {
                div.choices {
                    fieldset {
                        legend.hidden { "System" }
                        @for (i, (system, _)) in matrices.iter().enumerate() {
                            label {
                                input type="radio" name={ "system-" (id) } value=(i) data-choice="system" checked[i == best];
                                span { (system.info.name) }
                            }
                        }
                    }
                    @if let Some(name) = summary.baseline().filter(|_| !differences.is_empty()) {
                        fieldset {
                            legend.hidden { "Numbers" }
                            label {
                                input type="radio" name={ "kind-" (id) } value="value" data-choice="kind" checked;
                                span { (summary.main_measure()) }
                            }
                            label {
                                input type="radio" name={ "kind-" (id) } value="difference" data-choice="kind";
                                span { "difference to " (name) }
                            }
                        }
                    }
                }
            }
            @for (i, (system, matrix)) in matrices.iter().enumerate() {
                figure data-system=(i) data-kind="value" {
                    figcaption { b { (system.info.name) } ", " (summary.main_measure()) }
                    (map(matrix, sequential, "queries", "documents"))
                    (legend(sequential))
                }
                @if let (false, Some(difference)) = (system.is_baseline, differences.get(i)) {
                    figure data-system=(i) data-kind="difference" {
                        figcaption { b { (system.info.name) } " less the baseline, " (summary.main_measure()) }
                        (map(difference, diverging, "queries", "documents"))
                        (legend(diverging))
                    }
                }
            }
        }
    }
}

fn map(matrix: &Matrix, scale: Scale, down: &str, across: &str) -> Markup {
    html! {
        div.scroll {
            table.map {
                thead {
                    tr {
                        th scope="col" { small { (down) " ↓ " (across) " →" } }
                        @for column in &matrix.columns { th scope="col" { (column) } }
                        th.mean scope="col" { "mean" }
                    }
                }
                tbody {
                    @for (i, row) in matrix.rows.iter().enumerate() {
                        tr {
                            th scope="row" { (row) }
                            @for (j, value) in matrix.values[i].iter().enumerate() {
                                (shaded(*value, scale, matrix.columns.get(j) == Some(row)))
                            }
                            td.mean { (printed(matrix.row_mean(i), scale)) }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" { "mean" }
                        @for j in 0..matrix.columns.len() { td.mean { (printed(matrix.column_mean(j), scale)) } }
                        td.mean { b { (printed(matrix.mean(), scale)) } }
                    }
                }
            }
        }
    }
}

fn shaded(value: Option<f64>, scale: Scale, is_own: bool) -> Markup {
    let Some(value) = value else {
        return html! { td.none { (number::NONE) } };
    };
    let (class, part) = scale.shade(value);
    html! {
        td.(class).own[is_own] style=(format!("--t:{part:.2}")) { (scale.print(value)) }
    }
}

fn printed(value: Option<f64>, scale: Scale) -> String {
    value.map_or_else(|| number::NONE.to_owned(), |value| scale.print(value))
}

/// The scale, from one end to the other.
fn legend(scale: Scale) -> Markup {
    let (low, high) = match scale {
        Scale::Sequential { low, high } => (low, high),
        Scale::Diverging { range } => (-range, range),
    };
    let steps = 11;
    let at = |step: usize| low + (high - low) * step as f64 / f64::from(steps - 1);
    html! {
        p.legend aria-hidden="true" {
            span { (scale.print(low)) }
            @for step in 0..steps as usize {
                @let (class, part) = scale.shade(at(step));
                i.(class) style=(format!("--t:{part:.2}")) {}
            }
            span { (scale.print(high)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_follow_values() {
        let sequential = Scale::Sequential {
            low: 0.2,
            high: 0.7,
        };
        let diverging = Scale::Diverging { range: 0.2 };
        let flat = Scale::Sequential {
            low: 0.5,
            high: 0.5,
        };
        for (scale, value, class, part) in [
            (sequential, 0.2, "heat", 0.0),
            (sequential, 0.7, "heat strong", 1.0),
            (flat, 0.5, "heat", 0.5),
            (diverging, -0.1, "worse", 0.5),
            (diverging, 0.2, "better", 1.0),
        ] {
            let (found, at) = scale.shade(value);
            assert_eq!(found, class, "{value}");
            assert!((at - part).abs() < 1e-9, "{value}: {at}");
        }
    }

    /// The style's own lightness, for light and for dark.
    fn lightness() -> Vec<(f64, f64)> {
        let number = |text: &str| text.split(';').next().unwrap().trim().parse().unwrap();
        let after = |text: &str, name: &str| number(text.split_once(name).unwrap().1);
        let modes = super::super::STYLE.match_indices("--l0:");
        modes
            .map(|(at, _)| &super::super::STYLE[at..])
            .map(|style| (after(style, "--l0:"), after(style, "--l1:")))
            .collect()
    }

    /// Relative luminance (WCAG) of a colour in OKLCH (Ottosson 2020).
    fn luminance(lightness: f64, chroma: f64, hue: f64) -> f64 {
        let (a, b) = (
            chroma * hue.to_radians().cos(),
            chroma * hue.to_radians().sin(),
        );
        let l = (lightness + 0.396_337_8 * a + 0.215_803_8 * b).powi(3);
        let m = (lightness - 0.105_561_3 * a - 0.063_854_2 * b).powi(3);
        let s = (lightness - 0.089_484_2 * a - 1.291_485_5 * b).powi(3);
        let red = 4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_9 * s;
        let green = -1.268_438 * l + 2.609_757_4 * m - 0.341_319_4 * s;
        let blue = -0.004_196_1 * l - 0.703_418_6 * m + 1.707_614_7 * s;
        0.2126 * red.clamp(0.0, 1.0)
            + 0.7152 * green.clamp(0.0, 1.0)
            + 0.0722 * blue.clamp(0.0, 1.0)
    }

    #[test]
    fn numbers_are_read_on_every_shade() {
        let modes = lightness();
        assert_eq!(modes.len(), 2, "light and dark");
        for (from, by) in modes {
            // After dark the plain ink is the bright one.
            let is_dark_mode = by > 0.0;
            for step in 0..=100 {
                let part = f64::from(step) / 100.0;
                let chroma = 0.012 + 0.19 * part * (1.0 - 0.55 * part);
                let shade = luminance(from + by * part, chroma, 225.0 + 45.0 * part);
                let ink = f64::from(u8::from((part > STRONG) != is_dark_mode));
                let contrast = (shade.max(ink) + 0.05) / (shade.min(ink) + 0.05);
                assert!(
                    contrast > 4.5,
                    "{part}: {contrast:.2} (dark: {is_dark_mode})"
                );
            }
        }
    }
}
