//! The vocabulary of figures: a [`Figure`] has panels of [`Mark`]s, or a sheet of images, and
//! the [`Table`]s that hold its data.
//!
//! A figure says what to draw; sizes, ticks, legends, colours on the page and in the file, hover
//! texts and numbering follow from it. A new figure is a function from plain data to [`Figure`].

use maud::Markup;

use super::colour::Colour;
use super::images::Sheet;
use super::scale::{Spacing, is_drawable};
use super::table::Table;

/// One numbered figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Stem of its files and its anchor on the page: lower case with hyphens, unique.
    pub name: &'static str,
    /// Title, without a full stop.
    pub title: String,
    /// What is drawn: symbols, formula, units.
    pub caption: Markup,
    /// What is drawn.
    pub content: Content,
    /// The numbers that are drawn; each becomes a CSV file.
    pub tables: Vec<Table>,
}

/// What a figure shows.
#[derive(Debug, Clone)]
pub enum Content {
    /// Plots in two columns; the last of an odd number takes the full width.
    Panels(Vec<Panel>),
    /// A grid of images.
    Images(Sheet),
}

/// One plot.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Its title; may be empty.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, from back to front.
    pub marks: Vec<Mark>,
}

/// One axis of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Quantity and unit.
    pub label: String,
    /// Linear or logarithmic.
    pub spacing: Spacing,
    /// First and last value shown; `None` to fit the data.
    pub range: Option<(f64, f64)>,
}

/// Something drawn in a panel. Build it with [`Mark::line`] and its sisters.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// What it is.
    pub shape: Shape,
    /// Its colour.
    pub colour: Colour,
    /// Its name in the legend and in hover texts, or the text at a rule.
    pub label: String,
    /// Whether the name is listed in the legend.
    pub in_legend: bool,
    /// Whether lines are dashed.
    pub dashed: bool,
    /// Whether lines are thin, as contour lines are.
    pub thin: bool,
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
    /// Absolute value from which on the colour no longer changes.
    pub limit: f64,
}

impl Axis {
    /// A linear axis that fits the data.
    pub fn linear(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            spacing: Spacing::Linear,
            range: None,
        }
    }

    /// A logarithmic axis that fits the data.
    pub fn log(label: impl Into<String>) -> Self {
        Self {
            spacing: Spacing::Log,
            ..Self::linear(label)
        }
    }

    /// The same axis over a range of one's own.
    #[must_use]
    pub fn over(self, first: f64, last: f64) -> Self {
        Self {
            range: Some((first, last)),
            ..self
        }
    }
}

impl Mark {
    fn new(shape: Shape) -> Self {
        Self {
            shape,
            colour: Colour::Ink,
            label: String::new(),
            in_legend: true,
            dashed: false,
            thin: false,
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

    /// A line across the panel, labelled where it is.
    pub fn horizontal(y: f64, label: impl Into<String>) -> Self {
        Self {
            in_legend: false,
            ..Self::new(Shape::Horizontal(y))
        }
        .label(label)
    }

    /// A line up the panel, labelled where it is.
    pub fn vertical(x: f64, label: impl Into<String>) -> Self {
        Self {
            in_legend: false,
            ..Self::new(Shape::Vertical(x))
        }
        .label(label)
    }

    /// Sets the colour.
    #[must_use]
    pub fn colour(self, colour: Colour) -> Self {
        Self { colour, ..self }
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

    /// All (x, y) that the mark needs room for; NaN stands for "none on this axis".
    pub(super) fn extent(&self) -> Vec<(f64, f64)> {
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
}

impl Panel {
    /// An empty plot.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            x,
            y,
            marks: Vec::new(),
        }
    }

    /// The same plot with one more mark in front.
    #[must_use]
    pub fn with(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }

    /// The same plot with more marks in front.
    #[must_use]
    pub fn with_all(mut self, marks: impl IntoIterator<Item = Mark>) -> Self {
        self.marks.extend(marks);
        self
    }

    /// Whether any mark has a point inside both axes.
    fn is_drawable(&self) -> bool {
        let on = |value: f64, axis: &Axis| {
            let zero_of_log = axis.spacing == Spacing::Log && value == 0.0;
            is_drawable(value, axis.spacing) && !zero_of_log
        };
        self.marks.iter().any(|mark| {
            mark.extent()
                .iter()
                .any(|&(x, y)| on(x, &self.x) && on(y, &self.y))
        })
    }

    /// Drops marks without a finite value, whose names would stand in the legend alone.
    fn drop_blank_marks(&mut self) {
        self.marks.retain(|mark| {
            mark.extent()
                .iter()
                .any(|&(x, y)| x.is_finite() || y.is_finite())
        });
    }
}

impl Content {
    /// The same without panels that would be blank, and the titles of those; `None` if nothing
    /// is left.
    pub(super) fn without_blanks(self) -> (Option<Self>, Vec<String>) {
        match self {
            Self::Panels(panels) => {
                let (mut good, blank): (Vec<_>, Vec<_>) =
                    panels.into_iter().partition(Panel::is_drawable);
                good.iter_mut().for_each(Panel::drop_blank_marks);
                let titles = blank
                    .into_iter()
                    .map(|panel| panel.title)
                    .filter(|title| !title.is_empty())
                    .collect();
                ((!good.is_empty()).then_some(Self::Panels(good)), titles)
            }
            Self::Images(sheet) => (
                (!sheet.tiles.is_empty()).then_some(Self::Images(sheet)),
                Vec::new(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(axis: Axis, mark: Mark) -> Panel {
        Panel::new("", Axis::linear("x"), axis).with(mark)
    }

    #[test]
    fn a_panel_needs_one_point_inside_both_axes() {
        assert!(panel(Axis::linear("y"), Mark::line([(0.0, f64::NAN), (1.0, 2.0)])).is_drawable());
        assert!(
            !panel(
                Axis::linear("y"),
                Mark::line([(0.0, f64::NAN), (f64::NAN, 2.0)])
            )
            .is_drawable()
        );
        assert!(!panel(Axis::log("y"), Mark::points([(0.0, 0.0), (1.0, -2.0)])).is_drawable());
        assert!(!panel(Axis::linear("y"), Mark::horizontal(4.0, "4")).is_drawable());
        assert!(panel(Axis::linear("y"), Mark::error_bars([(0.0, 1.0, f64::NAN)])).is_drawable());
    }

    #[test]
    fn blank_panels_and_marks_are_dropped() {
        let good =
            panel(Axis::linear("y"), Mark::line([(0.0, 1.0)])).with(Mark::line([]).label("empty"));
        let blank = Panel {
            title: "Nothing".to_owned(),
            ..panel(Axis::linear("y"), Mark::line([]))
        };
        let (content, dropped) = Content::Panels(vec![blank.clone(), good]).without_blanks();
        let Some(Content::Panels(panels)) = content else {
            panic!("a panel is left")
        };
        assert_eq!((panels.len(), panels[0].marks.len()), (1, 1));
        assert_eq!(dropped, ["Nothing"]);
        assert!(Content::Panels(vec![blank]).without_blanks().0.is_none());
    }
}
