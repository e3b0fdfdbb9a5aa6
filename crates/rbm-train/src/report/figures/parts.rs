//! Quantities of training rows and of test rows.

use super::group::Group;
use super::series::{Series, Style, by_group};
use crate::report::data::Replica;
use rbm_figures::Color;

/// Means of one quantity over both parts of the data, one series each per group.
pub struct Parts {
    train: Vec<Series>,
    test: Vec<Series>,
}

/// Values (x, y) of a run.
type Points<'a> = &'a dyn Fn(&Replica) -> Vec<(f64, f64)>;

impl Parts {
    /// From the values of training rows and of test rows.
    pub fn new(groups: &[Group<'_>], train: Points<'_>, test: Points<'_>) -> Self {
        let part = |points: Points<'_>, name: &str, k: usize| -> Vec<Series> {
            let all = by_group(groups, points).into_iter();
            let all = all.map(|series| series.named(name));
            // Colors tell groups apart, and parts where there is but one group.
            let styled = |series: Series| match (groups.len(), k) {
                (1, 0) => series.color(Color::Series(0)),
                (1, _) => series.color(Color::Series(1)).style(Style::Dashed),
                _ => series,
            };
            all.map(styled).collect()
        };
        Self {
            train: part(train, "training rows", 0),
            test: part(test, "test rows", 1),
        }
    }

    /// What is drawn: both parts of one group; of each of several groups test rows, or training rows where it has no
    /// others.
    pub fn drawn(&self) -> Vec<Series> {
        if let ([train], [test]) = (self.train.as_slice(), self.test.as_slice()) {
            let both = [train, test].into_iter().cloned();
            return both.filter(Series::has_values).collect();
        }
        let pairs = self.train.iter().zip(&self.test);
        pairs
            .map(|(train, test)| if test.has_values() { test } else { train })
            .map(|series| series.clone().named(""))
            .collect()
    }

    /// All of it, for a table.
    pub fn all(&self) -> Vec<Series> {
        let both = self.train.iter().chain(&self.test);
        both.filter(|series| series.has_values()).cloned().collect()
    }
}

/// A range for an axis that leaves out the steep start of training: twice the room that the values need after the first
/// part, one in `first`, of the points, if all values would need more than four times as much.
pub fn settled(series: &[Series], first: usize) -> Option<(f64, f64)> {
    let extent = |late: bool| {
        let values = series.iter().flat_map(|one| {
            let skipped = if late {
                one.points.len().div_ceil(first)
            } else {
                0
            };
            one.points.iter().skip(skipped).map(|(_, y)| y.value)
        });
        let finite = values.filter(|value| value.is_finite());
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (all, rest) = (extent(false), extent(true));
    let room = rest.1 - rest.0;
    let range = (
        (rest.0 - room).max(all.0 - 0.06 * room),
        (rest.1 + room).min(all.1 + 0.06 * room),
    );
    (room > 0.0 && all.1 - all.0 > 4.0 * room).then_some(range)
}
