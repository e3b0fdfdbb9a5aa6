//! One axis of a picture for pgfplots.

use super::tex::escape;
use crate::axis::{Axis, Spacing};
use crate::scale::{Scale, Tick};

/// One axis with its limits.
pub(super) struct Along {
    pub(super) spacing: Spacing,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Where zero stands on a logarithmic axis that has one.
    zero: Option<f64>,
    ticks: Vec<Tick>,
}

impl Along {
    pub(super) fn new(
        axis: &Axis,
        values: impl Iterator<Item = f64>,
        count: usize,
    ) -> Option<Self> {
        let scale = Scale::new(axis.spacing, values, axis.range, (0.0, 1.0))?;
        let ticks = scale.ticks(count);
        let (low, high) = scale.domain();
        let has_zero = axis.spacing == Spacing::Log && scale.break_position().is_some();
        // A tenth of the axis for zero, which a logarithmic one does not have.
        let slot = |part: f64| low * (low / high).powf(part);
        Some(Self {
            spacing: axis.spacing,
            low: if has_zero { slot(0.1) } else { low },
            high,
            zero: has_zero.then(|| slot(0.08)),
            ticks,
        })
    }

    /// The value to draw at; `None` where there is none.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        match self.spacing {
            Spacing::Linear => value.is_finite().then_some(value),
            Spacing::Log if value == 0.0 => self.zero,
            Spacing::Log => (value.is_finite() && value > 0.0).then_some(value),
        }
    }

    pub(super) fn options(&self, name: char) -> String {
        let places = |labeled: bool| {
            let chosen = self
                .ticks
                .iter()
                .filter(move |tick| tick.label.is_empty() != labeled);
            chosen.filter_map(|tick| Some((number(self.at(tick.value)?), escape(&tick.label))))
        };
        let join = |all: Vec<String>| all.join(",");
        let at = join(places(true).map(|(at, _)| at).collect());
        let labels = join(places(true).map(|(_, l)| format!("{{{l}}}")).collect());
        let minor = join(places(false).map(|(at, _)| at).collect());
        format!(
            "{name}min={}, {name}max={}, {name}tick={{{at}}}, {name}ticklabels={{{labels}}}, minor {name}tick={{{minor}}}",
            number(self.low),
            number(self.high)
        )
    }

    /// How far along the axis a value is, from 0 to 1.
    pub(super) fn part(&self, value: f64) -> f64 {
        match self.spacing {
            Spacing::Linear => (value - self.low) / (self.high - self.low),
            Spacing::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        }
    }
}

/// A number with six digits, as pgfplots reads it.
pub(super) fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    match rounded.abs() {
        0.0 | 1e-3..1e6 => format!("{rounded}"),
        _ => format!("{rounded:e}"),
    }
}
