//! Axes: from values to positions, and where the ticks go.

use crate::axis::Spacing;
use crate::number::{fixed, power_of_ten};

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    /// Empty for a minor tick.
    pub(crate) label: String,
}

/// Room that zero takes on a logarithmic axis, in pixels.
const ZERO_SLOT: f64 = 34.0;

/// A map from values to positions along one axis.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    spacing: Spacing,
    /// Smallest and largest value, without the zero of a logarithmic axis.
    domain: (f64, f64),
    /// Positions of the two; the first is past the slot of zero.
    range: (f64, f64),
    /// Position of zero on a logarithmic axis that has one.
    zero: Option<f64>,
}

/// Whether a value can be drawn at all. The bounds keep differences finite and ratios defined.
pub(crate) fn is_drawable(value: f64, spacing: Spacing) -> bool {
    value.abs() < 1e300 && (spacing == Spacing::Linear || value == 0.0 || value > 1e-300)
}

impl Scale {
    /// A scale over `values`, or exactly over `fixed`, from position `start` to `end`.
    ///
    /// `None` if there is no value that can be drawn.
    pub(crate) fn new(
        spacing: Spacing,
        values: impl Iterator<Item = f64>,
        fixed: Option<(f64, f64)>,
        (start, end): (f64, f64),
    ) -> Option<Self> {
        let (mut low, mut high, mut has_zero) = (f64::INFINITY, f64::NEG_INFINITY, false);
        for value in values.filter(|value| is_drawable(*value, spacing)) {
            if spacing == Spacing::Log && value == 0.0 {
                has_zero = true;
            } else {
                (low, high) = (low.min(value), high.max(value));
            }
        }
        if low > high {
            return None;
        }
        let fixed = fixed.filter(|(a, b)| {
            is_drawable(*a, spacing)
                && is_drawable(*b, spacing)
                && a < b
                && (spacing == Spacing::Linear || *a > 0.0)
        });
        let domain = fixed.unwrap_or_else(|| padded(spacing, low, high));
        let slot = if has_zero {
            ZERO_SLOT * (end - start).signum()
        } else {
            0.0
        };
        Some(Self {
            spacing,
            domain,
            range: (start + slot, end),
            zero: has_zero.then_some(start + 0.25 * slot),
        })
    }

    /// Smallest and largest value shown, without the zero of a logarithmic axis.
    pub(crate) fn domain(&self) -> (f64, f64) {
        self.domain
    }

    /// Position of a value; `None` if it has none on this axis.
    pub(crate) fn position(&self, value: f64) -> Option<f64> {
        if !is_drawable(value, self.spacing) {
            return None;
        }
        let (low, high) = self.domain;
        let part = match self.spacing {
            Spacing::Linear => (value - low) / (high - low),
            Spacing::Log if value == 0.0 => return self.zero,
            Spacing::Log => (value / low).ln() / (high / low).ln(),
        };
        Some(self.range.0 + part * (self.range.1 - self.range.0))
    }

    /// Where the axis is broken between zero and the first decade.
    pub(crate) fn break_position(&self) -> Option<f64> {
        self.zero.map(|zero| 0.4 * zero + 0.6 * self.range.0)
    }

    /// Ticks inside the axis, about `count` of them labeled.
    pub(crate) fn ticks(&self, count: usize) -> Vec<Tick> {
        let mut ticks = match self.spacing {
            Spacing::Linear => enough_linear_ticks(self.domain, count),
            Spacing::Log => log_ticks(self.domain, count),
        };
        if self.zero.is_some() {
            ticks.insert(
                0,
                Tick {
                    value: 0.0,
                    label: "0".to_owned(),
                },
            );
        }
        ticks
    }
}

/// A little room around the data, and some extent for data without any.
fn padded(spacing: Spacing, low: f64, high: f64) -> (f64, f64) {
    match spacing {
        Spacing::Linear if high - low > (1e-12 * low.abs().max(high.abs())).max(1e-290) => {
            let room = 0.03 * (high - low);
            // Data that start at zero start on the axis.
            (if low == 0.0 { 0.0 } else { low - room }, high + room)
        }
        Spacing::Linear => {
            let room = if low.abs() < 1e-280 {
                1.0
            } else {
                0.1 * low.abs()
            };
            (low - room, high + room)
        }
        Spacing::Log if high / low > 1.0 + 1e-9 => {
            let room = (high / low).powf(0.03);
            (low / room, high * room)
        }
        Spacing::Log => (low / 2.0, high * 2.0),
    }
}

/// Labels that an axis has at least.
const FEWEST: usize = 3;

/// About `count` ticks, and more where steps of 1, 2 and 5 leave too few.
fn enough_linear_ticks(domain: (f64, f64), count: usize) -> Vec<Tick> {
    let tried = (count..count + 8).map(|count| linear_ticks(domain, count));
    let enough = |ticks: &Vec<Tick>| ticks.len() >= FEWEST;
    let mut tried = tried.skip_while(|ticks| !enough(ticks));
    tried.next().unwrap_or_else(|| linear_ticks(domain, count))
}

fn linear_ticks((low, high): (f64, f64), count: usize) -> Vec<Tick> {
    let rough = (high - low) / count.max(1) as f64;
    let decade = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0]
        .map(|factor| factor * decade)
        .into_iter()
        .find(|step| *step >= rough * 0.7);
    let step = step.unwrap_or(10.0 * decade);
    // Rounding of the quotients must not lose a tick at either end.
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let largest = low.abs().max(high.abs());
    // Very large and very small values share one power of ten.
    let power = if step < 0.999e-4 || largest >= 1e7 {
        largest.log10().floor()
    } else {
        0.0
    };
    let decimals = (power - (step * 1.001).log10().floor()).clamp(0.0, 15.0) as usize;
    (0..64)
        .map(|k| first + f64::from(k))
        .take_while(|k| *k <= last)
        .map(|k| {
            let value = k * step;
            let mut label = fixed(value / 10_f64.powf(power), decimals);
            if power != 0.0 {
                label = if k == 0.0 {
                    "0".to_owned()
                } else {
                    format!("{label} × {}", power_of_ten(power as i32))
                };
            }
            Tick { value, label }
        })
        .collect()
}

fn log_ticks((low, high): (f64, f64), count: usize) -> Vec<Tick> {
    let decades = (high / low).log10();
    if decades < 0.6 {
        return enough_linear_ticks((low, high), count);
    }
    let every = ((decades / count.max(1) as f64).ceil() as i32).max(1);
    let enough = |ticks: &Vec<Tick>| labels(ticks) >= FEWEST;
    let powers = (1..=every).rev();
    let mut powers = powers.map(|every| digit_ticks((low, high), &[1.0], every));
    // Over few decades the powers of ten alone are too few.
    let found = match decades * 3.0 > count as f64 {
        true => powers.find(enough),
        false => None,
    };
    let between = || Some(digit_ticks((low, high), &[1.0, 2.0, 5.0], 1)).filter(enough);
    let found = found.or_else(between);
    found.unwrap_or_else(|| enough_linear_ticks((low, high), count))
}

fn labels(ticks: &[Tick]) -> usize {
    ticks.iter().filter(|tick| !tick.label.is_empty()).count()
}

/// Ticks at all digits of all decades; labels at some digits of each decade whose exponent `every` divides.
fn digit_ticks((low, high): (f64, f64), labeled: &[f64], every: i32) -> Vec<Tick> {
    let decades = (high / low).log10();
    let mut ticks = Vec::new();
    for exponent in low.log10().floor() as i32..=high.log10().ceil() as i32 {
        for digit in 1..=9 {
            let value = f64::from(digit) * 10_f64.powi(exponent);
            if value < low * (1.0 - 1e-9) || value > high * (1.0 + 1e-9) {
                continue;
            }
            let label = if !labeled.contains(&f64::from(digit)) || exponent.rem_euclid(every) != 0 {
                String::new()
            } else if labeled.len() > 1 && (-3..=4).contains(&exponent) {
                fixed(value, (-exponent).max(0) as usize)
            } else if digit == 1 {
                power_of_ten(exponent)
            } else {
                format!("{digit} × {}", power_of_ten(exponent))
            };
            // Minor ticks are noise where decades are narrow.
            if !label.is_empty() || decades <= 8.0 || digit == 1 {
                ticks.push(Tick { value, label });
            }
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels_of(ticks: &[Tick]) -> Vec<&str> {
        ticks
            .iter()
            .map(|tick| tick.label.as_str())
            .filter(|label| !label.is_empty())
            .collect()
    }

    fn scale(spacing: Spacing, values: &[f64]) -> Option<Scale> {
        Scale::new(spacing, values.iter().copied(), None, (0.0, 400.0))
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(
            labels_of(&linear_ticks((0.0, 12_000.0), 5)),
            ["0", "2000", "4000", "6000", "8000", "10,000", "12,000"]
        );
        assert_eq!(
            labels_of(&linear_ticks((-0.3, 0.1), 4)),
            ["−0.3", "−0.2", "−0.1", "0.0", "0.1"]
        );
        assert_eq!(
            labels_of(&linear_ticks((0.0, 2e-6), 2)),
            ["0", "1 × 10⁻⁶", "2 × 10⁻⁶"]
        );
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten() {
        assert_eq!(
            labels_of(&log_ticks((0.5, 20_000.0), 6)),
            ["10⁰", "10¹", "10²", "10³", "10⁴"]
        );
        assert_eq!(
            labels_of(&log_ticks((1e-9, 1e9), 6)).len(),
            7,
            "every third decade"
        );
        assert_eq!(
            labels_of(&log_ticks((0.4, 30.0), 6)),
            ["0.5", "1", "2", "5", "10", "20"]
        );
        assert_eq!(
            labels_of(&log_ticks((4.0, 6.0), 4)),
            ["4.0", "4.5", "5.0", "5.5", "6.0"]
        );
    }

    #[test]
    fn every_axis_has_three_labels() {
        for count in [2, 4, 8] {
            for k in 0..400 {
                let low = 0.1 + 0.37 * f64::from(k % 20);
                let high = low * 1.02_f64.powi(1 + k);
                for (name, ticks) in [
                    ("linear", enough_linear_ticks((low, high), count)),
                    ("log", log_ticks((low, high), count)),
                ] {
                    let found = labels_of(&ticks);
                    assert!(found.len() >= 3, "{name} {low} to {high}: {found:?}");
                    assert!(
                        found.len() <= 3 * count + 4,
                        "{name} {low} to {high}: {found:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn logarithmic_positions() {
        let scale = Scale::new(
            Spacing::Log,
            [1.0].into_iter(),
            Some((1.0, 100.0)),
            (0.0, 200.0),
        )
        .unwrap();
        assert!((scale.position(10.0).unwrap() - 100.0).abs() < 1e-9);
        assert_eq!(scale.position(0.0), None, "no room was made for zero");
        assert_eq!(scale.position(-1.0), None);
    }

    #[test]
    fn zero_stands_before_the_break() {
        let scale = scale(Spacing::Log, &[0.0, 1.0, 10.0, 100.0]).unwrap();
        let (zero, first) = (scale.position(0.0).unwrap(), scale.position(1.0).unwrap());
        let gap = scale.break_position().unwrap();
        assert!(0.0 < zero && zero < gap && gap < first);
        assert_eq!(labels_of(&scale.ticks(5))[0], "0");
    }

    #[test]
    fn nothing_to_draw_is_no_scale() {
        assert!(scale(Spacing::Linear, &[f64::NAN, f64::INFINITY]).is_none());
        assert!(
            scale(Spacing::Log, &[0.0, -3.0]).is_none(),
            "zero alone has no decade"
        );
        assert!(scale(Spacing::Linear, &[f64::MAX]).is_none());
    }

    #[test]
    fn one_value_gets_some_room() {
        for spacing in [Spacing::Linear, Spacing::Log] {
            let scale = scale(spacing, &[3.0, 3.0]).unwrap();
            let at = scale.position(3.0).unwrap();
            assert!(at > 100.0 && at < 300.0);
            assert!(!scale.ticks(4).is_empty());
        }
    }
}
