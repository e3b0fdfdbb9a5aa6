//! Means over replicas with their errors, as marks and as rows of a table.

use super::group::Group;
use crate::report::data::Replica;
use rbm_figures::{Axis, Color, Mark, Panel, Table};
use rbm_model::numeric::{mean, variance};

/// A mean over replicas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean; NaN without values.
    pub value: f64,
    /// Its standard error s/√n, with s² normalized by n - 1. Of a single value that of the value itself; NaN if that is not
    /// known.
    pub error: f64,
    /// Values.
    pub count: usize,
}

impl Mean {
    /// Over the values that are finite.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        Self::of_measured(values.into_iter().map(|value| (value, f64::NAN)))
    }

    /// Over the values that are finite, given with errors of their own. The scatter over replicas holds those; a single
    /// value keeps its own.
    pub fn of_measured(values: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let known = values.into_iter().filter(|(x, _)| x.is_finite());
        let known: Vec<(f64, f64)> = known.collect();
        let count = known.len();
        let values: Vec<f64> = known.iter().map(|(x, _)| *x).collect();
        let error = match count {
            0 => f64::NAN,
            1 => known[0].1,
            _ => (variance(&values) / count as f64).sqrt(),
        };
        Self {
            value: mean(&values),
            error,
            count,
        }
    }
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A line with a band.
    Line,
    /// A dashed line with a band.
    Dashed,
    /// Dots with bars.
    Dots,
}

/// Means at places x.
#[derive(Debug, Clone)]
pub struct Series {
    /// Label of the group.
    pub group: String,
    /// What it is, within the group.
    pub name: String,
    /// (x, mean), in order of x for lines.
    pub points: Vec<(f64, Mean)>,
    /// Its color.
    pub color: Color,
    /// How it is drawn.
    pub style: Style,
}

impl Series {
    /// Means over the replicas that have a value at the same x, such as an update.
    pub fn over(group: &Group<'_>, points: impl Fn(&Replica) -> Vec<(f64, f64)>) -> Self {
        let unknown = |(x, y)| (x, y, f64::NAN);
        Self::over_measured(group, |run| points(run).into_iter().map(unknown).collect())
    }

    /// The same for values with errors of their own, (x, value, error).
    pub fn over_measured(
        group: &Group<'_>,
        points: impl Fn(&Replica) -> Vec<(f64, f64, f64)>,
    ) -> Self {
        let mut all: Vec<_> = group.replicas.iter().flat_map(|run| points(run)).collect();
        all.retain(|(x, _, _)| x.is_finite());
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mean = |same: &[(f64, f64, f64)]| {
            Mean::of_measured(same.iter().map(|(_, y, error)| (*y, *error)))
        };
        let points = all
            .chunk_by(|a, b| a.0 == b.0)
            .map(|same| (same[0].0, mean(same)))
            .collect();
        Self::new(group, points)
    }

    /// Means of x and of y over the k-th points (x, value, error) of all replicas, where both vary.
    pub fn cells(group: &Group<'_>, points: impl Fn(&Replica) -> Vec<(f64, f64, f64)>) -> Self {
        let all: Vec<Vec<_>> = group.replicas.iter().map(|run| points(run)).collect();
        let most = all.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |k: usize| {
            let known = || {
                all.iter()
                    .filter_map(move |points| points.get(k))
                    .filter(|(x, y, _)| x.is_finite() && y.is_finite())
            };
            let x = Mean::of(known().map(|point| point.0));
            let y = Mean::of_measured(known().map(|point| (point.1, point.2)));
            (x.value, y)
        };
        Self::new(group, (0..most).map(cell).collect())
    }

    fn new(group: &Group<'_>, points: Vec<(f64, Mean)>) -> Self {
        Self {
            group: group.label.clone(),
            name: String::new(),
            points,
            color: Color::Series(0),
            style: Style::Line,
        }
    }

    /// Sets the name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    /// Sets the color.
    #[must_use]
    pub fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// Sets how it is drawn.
    #[must_use]
    pub fn style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    /// Its name in the legend.
    pub fn label(&self) -> String {
        match (self.group.is_empty(), self.name.is_empty()) {
            (true, _) => self.name.clone(),
            (_, true) => self.group.clone(),
            _ => format!("{}, {}", self.group, self.name),
        }
    }

    /// Whether any value is known.
    pub fn has_values(&self) -> bool {
        self.points.iter().any(|(_, y)| y.value.is_finite())
    }

    /// What is drawn, the line before its band. Values that are not finite are gaps.
    pub fn marks(&self) -> Vec<Mark> {
        if !self.has_values() {
            return Vec::new();
        }
        let label = self.label();
        let known = || self.points.iter().copied();
        if self.style == Style::Dots {
            let bars = known().map(|(x, y)| (x, y.value, y.error));
            return vec![Mark::error_bars(bars).color(self.color).label(label)];
        }
        let line = Mark::line(known().map(|(x, y)| (x, y.value)));
        let line = line.color(self.color).label(label.clone());
        let line = match self.style {
            Style::Dashed => line.dashed(),
            _ => line,
        };
        let mut marks = vec![line];
        if self.points.iter().any(|(_, y)| y.error.is_finite()) {
            let band = known().map(|(x, y)| {
                let error = if y.error.is_finite() { y.error } else { 0.0 };
                (x, y.value - error, y.value + error)
            });
            marks.push(Mark::band(band).color(self.color).label(label).unlisted());
        }
        marks
    }
}

/// A panel of series.
pub fn panel(title: &str, x: Axis, y: Axis, series: &[Series]) -> Panel {
    Panel::new(title, x, y).with_all(series.iter().flat_map(Series::marks))
}

/// The numbers of some panels, one row a point.
pub fn table(name: &str, x: &str, panels: &[(&str, &[Series])]) -> Table {
    let rows = || {
        panels.iter().flat_map(|(panel, series)| {
            series.iter().flat_map(move |series| {
                series
                    .points
                    .iter()
                    .map(move |(x, y)| (*panel, series, *x, *y))
            })
        })
    };
    Table::new(name)
        .texts("quantity", rows().map(|row| row.0.to_owned()))
        .texts("group", rows().map(|row| row.1.group.clone()))
        .texts("series", rows().map(|row| row.1.name.clone()))
        .numbers(x, rows().map(|row| row.2))
        .numbers("mean", rows().map(|row| row.3.value))
        .numbers("standard_error", rows().map(|row| row.3.error))
        .numbers("replicas", rows().map(|row| row.3.count as f64))
}

/// One series a group, in the colors of the groups.
pub fn by_group(groups: &[Group<'_>], points: impl Fn(&Replica) -> Vec<(f64, f64)>) -> Vec<Series> {
    groups
        .iter()
        .enumerate()
        .map(|(k, group)| Series::over(group, &points).color(Color::Series(k)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_standard_error() {
        let mean = Mean::of([1.0, 2.0, 6.0, f64::NAN]);
        assert_eq!((mean.value, mean.count), (3.0, 3));
        // s^2 = (4 + 1 + 9) / 2 = 7
        assert!((mean.error - (7.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        let own = Mean::of_measured([(4.0, 0.1), (f64::NAN, 0.2)]);
        assert_eq!((own.value, own.error, own.count), (4.0, 0.1, 1));
        let one = Mean::of([4.0]);
        assert!(one.value == 4.0 && one.error.is_nan());
        assert!(Mean::of([]).value.is_nan());
    }

    #[test]
    fn replicas_are_averaged_where_they_have_the_same_x() {
        let run = |name: &str| Replica {
            name: name.to_owned(),
            ..Default::default()
        };
        let (a, b) = (run("a"), run("b"));
        let group = Group {
            label: "two".into(),
            replicas: vec![&a, &b],
        };
        let points = |run: &Replica| match run.name.as_str() {
            "a" => vec![(0.0, 1.0), (10.0, 3.0)],
            _ => vec![(10.0, 5.0), (0.0, f64::NAN), (20.0, 7.0)],
        };
        let series = Series::over(&group, points);
        let found: Vec<_> = series
            .points
            .iter()
            .map(|(x, y)| (*x, y.value, y.count))
            .collect();
        assert_eq!(found, [(0.0, 1.0, 1), (10.0, 4.0, 2), (20.0, 7.0, 1)]);
        assert_eq!(series.points[1].1.error, 1.0);
        let own = |run: &Replica| points(run).iter().map(|(x, y)| (*x, *y, 0.5)).collect();
        let cells = Series::cells(&group, own);
        let (x, y) = cells.points[0];
        assert_eq!(
            (x, y.value, y.count),
            (5.0, 3.0, 2),
            "the first points of both"
        );
        assert_eq!(
            cells.points[1].1,
            Mean {
                value: 3.0,
                error: 0.5,
                count: 1
            },
            "its own"
        );
        let marks = series.marks();
        assert_eq!(marks.len(), 2, "a line and a band");
    }
}
