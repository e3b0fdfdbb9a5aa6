//! The vocabulary of figures: a [`Figure`] has panels of [`Mark`]s, or a sheet of images, and
//! the [`Table`]s that hold its data.
//!
//! A figure says what to draw; sizes, ticks, legends, colors on the page and in the file, hover
//! texts and numbering follow from it. A new figure is a function from plain data to [`Figure`].

use maud::Markup;

use crate::axis::{Axis, Spacing};
use crate::image::Sheet;
use crate::mark::Mark;
use crate::scale::is_drawable;
use crate::table::Table;

/// One numbered figure.
///
/// # Examples
/// Means with error bars and a curve, and a field over the plane:
/// ```
/// use rbm_figures::{Axis, Content, Document, Figure, Heat, Mark, Panel, Section};
/// let means = Mark::error_bars([(1.0, 0.9, 0.1), (10.0, 0.2, 0.1)]).label("measured");
/// let theory = Mark::line([(1.0, 1.0), (10.0, 0.1)]).dashed().label("theory");
/// let values = vec![-1.0, 1.0, 1.0, -1.0];
/// let field = Heat { x: (0.0, 1.0), y: (0.0, 1.0), columns: 2, values, limit: 1.0, smooth: false };
/// let panels = vec![
///     Panel::new("Decay", Axis::log("t"), Axis::linear("C(t)").over(0.0, 1.2)).with_all([theory, means]),
///     Panel::new("Field", Axis::linear("x"), Axis::linear("y")).with(Mark::heat(field)),
/// ];
/// let mut section = Section::new("decay", "Decay");
/// section.figure(Figure {
///     name: "decay",
///     title: "Decay".into(),
///     caption: maud::html! { "C(t) = 1/t." },
///     content: Content::Panels(panels),
///     tables: vec![],
/// });
/// let directory = tempfile::tempdir()?;
/// Document { sections: vec![section], ..Default::default() }.write(directory.path())?;
/// let read = |name| std::fs::read_to_string(directory.path().join("figures").join(name));
/// let (svg, tex) = (read("decay.svg")?, read("decay.tex")?);
/// assert!(svg.contains("measured") && svg.contains("theory") && tex.contains("error bars"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    pub(crate) fn without_blanks(self) -> (Option<Self>, Vec<String>) {
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
