//! What every drawing needs: scales, ticks, an axis, and labels that do not lie on each other.

use maud::{Markup, html};

use super::number;

/// How wide a letter of a label is, about: enough to tell whether two labels meet.
const LETTER: f64 = 6.4;

/// How far apart the lines of two labels are.
pub(super) const LINE: f64 = 14.0;

/// Numbers to places.
pub(super) struct Scale {
    pub(super) from: (f64, f64),
    to: (f64, f64),
    is_log: bool,
}

impl Scale {
    pub(super) fn linear(from: (f64, f64), to: (f64, f64)) -> Self {
        let is_log = false;
        Self { from, to, is_log }
    }

    /// Equal factors are equally far apart; `from` is above zero.
    pub(super) fn log(from: (f64, f64), to: (f64, f64)) -> Self {
        let is_log = true;
        Self { from, to, is_log }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let warp = |value: f64| if self.is_log { value.ln() } else { value };
        let (low, high) = (warp(self.from.0), warp(self.from.1));
        let part = match high > low {
            true => (warp(value) - low) / (high - low),
            false => 0.5,
        };
        self.to.0 + part * (self.to.1 - self.to.0)
    }
}

/// A drawing's size, and what its axes leave of it.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Frame {
    /// From left to right.
    pub(super) fn across(&self) -> (f64, f64) {
        (self.left, self.width - self.right)
    }

    /// From the bottom up.
    pub(super) fn up(&self) -> (f64, f64) {
        (self.height - self.bottom, self.top)
    }

    /// `0 0 WIDTH HEIGHT`
    pub(super) fn view(&self) -> String {
        format!("0 0 {} {}", self.width, self.height)
    }

    /// Lines across, with their numbers at the left.
    pub(super) fn rules(&self, y: &Scale, ticks: &[f64], label: impl Fn(f64) -> String) -> Markup {
        let (x1, x2) = self.across();
        html! {
            @for tick in ticks {
                @let at = y.at(*tick);
                line.rule x1=(px(x1)) x2=(px(x2)) y1=(px(at)) y2=(px(at)) {}
                text.tick x=(px(x1 - 6.0)) y=(px(at + 4.0)) text-anchor="end" { (label(*tick)) }
            }
        }
    }

    /// Numbers along the bottom.
    pub(super) fn foot(&self, x: &Scale, ticks: &[f64], label: impl Fn(f64) -> String) -> Markup {
        let y = self.height - self.bottom;
        html! {
            @for tick in ticks {
                @let at = px(x.at(*tick));
                line.rule x1=(at) x2=(at) y1=(px(y)) y2=(px(y + 4.0)) {}
                text.tick x=(at) y=(px(y + 17.0)) text-anchor="middle" { (label(*tick)) }
            }
        }
    }
}

/// A place in a drawing, to a tenth.
pub(super) fn px(place: f64) -> String {
    let text = format!("{place:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A difference at an axis: `+.2`, `0`.
pub(super) fn gain(tick: f64) -> String {
    let text = number::difference(tick);
    match text.trim_end_matches('0').trim_end_matches('.') {
        "±" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// Round numbers within a range, about `n` of them.
pub(super) fn ticks((low, high): (f64, f64), n: usize) -> Vec<f64> {
    let rough = (high - low) / n.max(1) as f64;
    if !(rough.is_finite() && rough > 0.0) {
        return Vec::new();
    }
    let unit = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * unit);
    let step = steps.into_iter().find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * unit);
    let (first, last) = (
        (low / step).ceil() as i64,
        (high / step + 1e-9).floor() as i64,
    );
    (first..=last).map(|i| i as f64 * step).collect()
}

/// Powers of ten within a range, and 2 and 5 times them where there is room.
pub(super) fn log_ticks((low, high): (f64, f64)) -> Vec<f64> {
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let factors: &[f64] = match high / low {
        ratio if ratio < 50.0 => &[1.0, 2.0, 5.0],
        _ => &[1.0],
    };
    let ticks = decades.flat_map(|decade| factors.iter().map(move |f| f * 10_f64.powi(decade)));
    ticks.filter(|tick| (low..=high).contains(tick)).collect()
}

/// Moves places apart until neighbours are `gap` apart, within `range` as far as they fit; the order stays.
pub(super) fn spread(places: &[f64], gap: f64, range: (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let mut moved = places.to_vec();
    let mut floor = range.0;
    for i in &order {
        moved[*i] = moved[*i].max(floor);
        floor = moved[*i] + gap;
    }
    let mut ceiling = range.1;
    for i in order.iter().rev() {
        moved[*i] = moved[*i].min(ceiling);
        ceiling = moved[*i] - gap;
    }
    moved
}

/// Where a label goes, and which of its ends is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Label {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) anchor: &'static str,
}

/// A place for every label near its point, where it covers neither a point nor another label, if there is one.
pub(super) fn place_labels(
    points: &[(f64, f64)],
    texts: &[&str],
    across: (f64, f64),
) -> Vec<Label> {
    let mut boxes: Vec<[f64; 4]> = points
        .iter()
        .map(|(x, y)| [x - 5.0, y - 5.0, x + 5.0, y + 5.0])
        .collect();
    let mut labels = Vec::new();
    for ((x, y), text) in points.iter().zip(texts) {
        let width = text.chars().count() as f64 * LETTER;
        let candidates = [
            (x - width / 2.0, y - 10.0),
            (x - width / 2.0, y + 20.0),
            (x - width - 9.0, y - 6.0),
            (x + 9.0, y - 6.0),
            (x - width / 2.0, y - 10.0 - LINE),
            (x - width / 2.0, y + 20.0 + LINE),
        ];
        let area = |(left, y): (f64, f64)| [left, y - 10.0, left + width, y + 3.0];
        let is_free = |place: &(f64, f64)| {
            let [left, top, right, bottom] = area(*place);
            let meets = |other: &[f64; 4]| {
                left < other[2] && other[0] < right && top < other[3] && other[1] < bottom
            };
            left >= across.0 && right <= across.1 && !boxes.iter().any(meets)
        };
        let place = candidates
            .into_iter()
            .find(is_free)
            .unwrap_or(candidates[0]);
        // Near an edge a label leans inwards rather than out of the drawing.
        let left = place.0.min(across.1 - width).max(across.0);
        boxes.push(area((left, place.1)));
        labels.push(Label {
            x: left + width / 2.0,
            y: place.1,
            anchor: "middle",
        });
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_keep_their_ends() {
        for (scale, value, expected) in [
            (Scale::linear((0.0, 1.0), (10.0, 110.0)), 0.5, 60.0),
            (Scale::linear((0.0, 1.0), (110.0, 10.0)), 1.0, 10.0),
            (Scale::log((1.0, 100.0), (0.0, 10.0)), 10.0, 5.0),
            (Scale::linear((2.0, 2.0), (0.0, 10.0)), 2.0, 5.0),
        ] {
            assert!((scale.at(value) - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(
            ticks((0.0, 1.0), 5),
            [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
        );
        assert_eq!(ticks((-0.13, 0.22), 4), [-0.1, 0.0, 0.1, 0.2]);
        assert_eq!(ticks((1.0, 1.0), 4), [0.0; 0]);
        assert_eq!(log_ticks((2.0, 900.0)), [10.0, 100.0]);
        assert_eq!(log_ticks((8.0, 60.0)), [10.0, 20.0, 50.0]);
    }

    #[test]
    fn labels_are_moved_apart_and_keep_their_order() {
        let moved = spread(&[10.0, 11.0, 50.0, 10.5], 14.0, (0.0, 60.0));
        assert_eq!(moved, [10.0, 38.0, 52.0, 24.0]);
        let moved = spread(&[99.0, 98.0], 14.0, (0.0, 100.0));
        assert_eq!(moved, [100.0, 86.0]);
    }

    #[test]
    fn labels_of_near_points_do_not_meet() {
        let points = [(100.0, 100.0), (104.0, 102.0), (98.0, 97.0)];
        let labels = place_labels(&points, &["one", "two", "three"], (0.0, 400.0));
        for (i, a) in labels.iter().enumerate() {
            for b in &labels[..i] {
                assert!(
                    (a.y - b.y).abs() > 10.0 || (a.x - b.x).abs() > 20.0,
                    "{a:?} {b:?}"
                );
            }
        }
    }
}
