//! What is drawn in a panel: lines, dots, areas, bars, fields and rules.

use crate::color::Color;

/// Something drawn in a panel. Build it with [`Mark::line`] and its sisters.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// What it is.
    pub shape: Shape,
    /// Its color.
    pub color: Color,
    /// Its name in the legend and in hover texts, or the text at a rule.
    pub label: String,
    /// Whether the name is listed in the legend.
    pub in_legend: bool,
    /// Whether lines are dashed.
    pub dashed: bool,
    /// Whether lines are thin, as contour lines are.
    pub thin: bool,
    /// Whether dots are large, with a rim, in front of everything.
    pub strong: bool,
}

/// The shapes that marks have. Values that are not finite are gaps.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A curve through points (x, y).
    Line(Vec<(f64, f64)>),
    /// Dots at (x, y).
    Points(Vec<(f64, f64)>),
    /// Dots at (x, y) with error bars from y - error to y + error: (x, y, error).
    ErrorBars(Vec<(f64, f64, f64)>),
    /// The area between two curves: (x, low, high).
    Band(Vec<(f64, f64, f64)>),
    /// A histogram: bars (left, right, height) from zero.
    Bars(Vec<(f64, f64, f64)>),
    /// Short strokes on the horizontal axis at x.
    Rug(Vec<f64>),
    /// A field over a rectangle, blue below zero and orange above.
    Heat(Heat),
    /// A line across the panel at y.
    Horizontal(f64),
    /// A line up the panel at x.
    Vertical(f64),
}

/// Values on equal cells over a rectangle. Cells that are not finite stay blank.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    /// Left and right end.
    pub x: (f64, f64),
    /// Lower and upper end.
    pub y: (f64, f64),
    /// Cells side by side.
    pub columns: usize,
    /// Values, row by row from the lowest.
    pub values: Vec<f64>,
    /// Absolute value from which on the color no longer changes.
    pub limit: f64,
    /// Whether colors pass over between cells; else each cell is one rectangle.
    pub smooth: bool,
}

impl Mark {
    fn new(shape: Shape) -> Self {
        Self {
            shape,
            color: Color::Ink,
            label: String::new(),
            in_legend: true,
            dashed: false,
            thin: false,
            strong: false,
        }
    }

    /// A curve through points (x, y).
    pub fn line(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self::new(Shape::Line(points.into_iter().collect()))
    }

    /// Dots at (x, y).
    pub fn points(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self::new(Shape::Points(points.into_iter().collect()))
    }

    /// Dots with error bars: (x, y, error).
    pub fn error_bars(points: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        Self::new(Shape::ErrorBars(points.into_iter().collect()))
    }

    /// The area between two curves: (x, low, high).
    pub fn band(points: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        Self::new(Shape::Band(points.into_iter().collect()))
    }

    /// A histogram of bars (left, right, height).
    pub fn bars(bars: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        Self::new(Shape::Bars(bars.into_iter().collect()))
    }

    /// Short strokes on the horizontal axis.
    pub fn rug(values: impl IntoIterator<Item = f64>) -> Self {
        Self::new(Shape::Rug(values.into_iter().collect()))
    }

    /// A field over a rectangle.
    pub fn heat(heat: Heat) -> Self {
        Self::new(Shape::Heat(heat))
    }

    /// A line across the panel, labeled where it is.
    pub fn horizontal(y: f64, label: impl Into<String>) -> Self {
        Self {
            in_legend: false,
            ..Self::new(Shape::Horizontal(y))
        }
        .label(label)
    }

    /// A line up the panel, labeled where it is.
    pub fn vertical(x: f64, label: impl Into<String>) -> Self {
        Self {
            in_legend: false,
            ..Self::new(Shape::Vertical(x))
        }
        .label(label)
    }

    /// Sets the color.
    #[must_use]
    pub fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// Sets the name.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            ..self
        }
    }

    /// Leaves the name out of the legend.
    #[must_use]
    pub fn unlisted(self) -> Self {
        Self {
            in_legend: false,
            ..self
        }
    }

    /// Dashes the line.
    #[must_use]
    pub fn dashed(self) -> Self {
        Self {
            dashed: true,
            ..self
        }
    }

    /// Makes the line thin.
    #[must_use]
    pub fn thin(self) -> Self {
        Self { thin: true, ..self }
    }

    /// Makes dots large, with a rim, in front of everything.
    #[must_use]
    pub fn strong(self) -> Self {
        Self {
            strong: true,
            ..self
        }
    }

    /// All (x, y) that the mark needs room for; NaN stands for "none on this axis".
    pub(crate) fn extent(&self) -> Vec<(f64, f64)> {
        match &self.shape {
            Shape::Line(points) | Shape::Points(points) => points.clone(),
            Shape::ErrorBars(points) => points
                .iter()
                .flat_map(|&(x, y, error)| {
                    let error = if error.is_finite() { error } else { 0.0 };
                    [(x, y - error), (x, y), (x, y + error)]
                })
                .collect(),
            Shape::Band(points) => points
                .iter()
                .flat_map(|&(x, low, high)| [(x, low), (x, high)])
                .collect(),
            Shape::Bars(bars) => bars
                .iter()
                .flat_map(|&(left, right, height)| [(left, 0.0), (right, height)])
                .collect(),
            Shape::Rug(values) => values.iter().map(|&x| (x, f64::NAN)).collect(),
            Shape::Heat(heat) if heat.values.iter().any(|value| value.is_finite()) => {
                vec![(heat.x.0, heat.y.0), (heat.x.1, heat.y.1)]
            }
            Shape::Heat(_) => Vec::new(),
            Shape::Horizontal(y) => vec![(f64::NAN, *y)],
            Shape::Vertical(x) => vec![(*x, f64::NAN)],
        }
    }

    /// Areas lie behind lines and lines behind dots; among equals the first mark is in front.
    pub(crate) fn depth(&self) -> usize {
        match self.shape {
            _ if self.strong => 7,
            Shape::Heat(_) => 0,
            Shape::Band(_) => 1,
            Shape::Bars(_) => 2,
            Shape::Rug(_) => 3,
            Shape::Line(_) => 4,
            Shape::Horizontal(_) | Shape::Vertical(_) => 5,
            Shape::Points(_) | Shape::ErrorBars(_) => 6,
        }
    }
}

/// Runs without gaps.
pub(crate) fn runs<T>(positions: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut runs = vec![Vec::new()];
    for position in positions {
        match (position, runs.last_mut()) {
            (Some(position), Some(run)) => run.push(position),
            (None, Some(run)) if run.is_empty() => {}
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}
