//! Title, name of the vertical axis, and legend, above the plot.

use maud::{Markup, html};

use super::marks;
use super::plot::tenth;
use super::{TEXT_SIZE, TITLE_SIZE};
use crate::color::{Color, Medium};
use crate::figure::Panel;
use crate::layout::{HALF, fitted, text_width};
use crate::mark::{Mark, Shape};

const ROW: f64 = 17.0;
const SWATCH: f64 = 18.0;
/// Rows of a legend that a panel has room for; with more of them it is higher.
const FREE_ROWS: usize = 2;
/// Rows of a legend at most: it is never higher than its plot.
const MOST_ROWS: usize = 9;

/// Height that the legends of panels need beyond what panels have.
pub(crate) fn legend_room(panels: &[Panel]) -> f64 {
    let rows = panels.iter().map(|panel| legend(panel, HALF.0).len());
    let rows = rows.max().unwrap_or(0);
    ROW * rows.saturating_sub(FREE_ROWS) as f64
}

/// A name in the legend, and the mark that it names; none for a remark.
type Entry = (f64, String, Option<usize>);

/// The rows of a legend; what would be too many is counted.
fn legend(panel: &Panel, width: f64) -> Vec<Vec<Entry>> {
    let listed = |mark: &Mark| mark.in_legend && !mark.label.is_empty();
    let marks = panel.marks.iter().enumerate();
    let listed: Vec<(usize, &Mark)> = marks.filter(|(_, mark)| listed(mark)).collect();
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    let mut x = width;
    for (k, (index, mark)) in listed.iter().enumerate() {
        let label = fitted(&mark.label, TEXT_SIZE, width - SWATCH - 5.0);
        let entry = SWATCH + 5.0 + text_width(&label, TEXT_SIZE) + 14.0;
        if rows.is_empty() || x + entry > width + 14.0 {
            if rows.len() == MOST_ROWS {
                let left = format!("and {} more", listed.len() - k);
                rows.push(vec![(0.0, left, None)]);
                return rows;
            }
            rows.push(Vec::new());
            x = 0.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, label, Some(*index)));
        }
        x += entry;
    }
    rows
}

/// Title, name of the vertical axis, and legend.
pub(super) struct Header {
    title: String,
    axis: String,
    /// Whether the axis name needs a line of its own.
    stacked: bool,
    legend: Vec<Vec<Entry>>,
}

impl Header {
    pub(super) fn new(panel: &Panel, width: f64) -> Self {
        let title = fitted(&panel.title, TITLE_SIZE * 1.06, width);
        let axis = fitted(&panel.y.label, TEXT_SIZE, width);
        let title_width = text_width(&title, TITLE_SIZE * 1.06);
        let stacked = !title.is_empty()
            && !axis.is_empty()
            && title_width + 10.0 + text_width(&axis, TEXT_SIZE) > width - 8.0;
        Self {
            title,
            axis,
            stacked,
            legend: legend(panel, width),
        }
    }

    /// Height of the lines above the legend.
    fn first(&self) -> f64 {
        if self.stacked { 32.0 } else { 16.0 }
    }

    pub(super) fn height(&self) -> f64 {
        self.first() + ROW * self.legend.len() as f64 + 4.0
    }

    pub(super) fn draw(&self, panel: &Panel, medium: Medium) -> Markup {
        let (ink, muted) = (medium.paint(Color::Ink), medium.paint(Color::Muted));
        let rows = self.legend.iter().enumerate();
        let entries = rows.flat_map(|(k, row)| {
            let y = self.first() + ROW * (k + 1) as f64;
            row.iter().map(move |entry| (y, entry))
        });
        html! {
            text x="0" y="14" fill=(muted) font-size=(TEXT_SIZE) {
                @if !self.title.is_empty() {
                    tspan fill=(ink) font-size=(TITLE_SIZE) font-weight="600" { (self.title) }
                }
                @if self.stacked {
                    tspan x="0" dy="16" { (self.axis) }
                } @else if self.title.is_empty() {
                    tspan { (self.axis) }
                } @else {
                    tspan dx="10" { (self.axis) }
                }
            }
            @for (y, (x, label, mark)) in entries {
                @if let Some(index) = mark {
                    (swatch(&panel.marks[*index], (*x, y - 4.0), medium))
                    text x=(tenth(x + SWATCH + 5.0)) y=(y) fill=(ink) font-size=(TEXT_SIZE) { (label) }
                } @else {
                    text x=(tenth(*x)) y=(y) fill=(muted) font-size=(TEXT_SIZE) { (label) }
                }
            }
        }
    }
}

/// The sample of a mark in the legend; `y` is the middle of its line.
fn swatch(mark: &Mark, (x, y): (f64, f64), medium: Medium) -> Markup {
    let paint = medium.paint(mark.color);
    let (x, middle, end) = (tenth(x), tenth(x + SWATCH / 2.0), tenth(x + SWATCH));
    let dashes = mark.dashed.then_some(marks::DASHES);
    html! {
        @match mark.shape {
            Shape::Band(_) | Shape::Bars(_) | Shape::Heat(_) => {
                rect x=(x) y=(y - 5.0) width=(SWATCH) height="10" fill=(paint)
                    fill-opacity=(marks::AREA_OPACITY) {}
            }
            Shape::Points(_) => { circle cx=(middle) cy=(y) r="3.2" fill=(paint) {} }
            Shape::ErrorBars(_) => {
                path d={ "M" (middle) " " (y - 6.0) "v12" } stroke=(paint) stroke-width="1.3" {}
                circle cx=(middle) cy=(y) r="3.2" fill=(paint) {}
            }
            Shape::Rug(_) => {
                path d={ "M" (x + 3.0) " " (y - 4.0) "v8m5 -8v8m4 -8v8" } stroke=(paint) fill="none" {}
            }
            _ => {
                path d={ "M" (x) " " (y) "H" (end) } stroke=(paint) stroke-width="2.2"
                    stroke-dasharray=[dashes] fill="none" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;

    fn panel(labels: &[String]) -> Panel {
        let marks = labels
            .iter()
            .map(|label| Mark::line([(0.0, 1.0)]).label(label));
        Panel::new("", Axis::linear("x"), Axis::linear("y")).with_all(marks)
    }

    #[test]
    fn a_legend_is_neither_wider_nor_higher_than_its_plot() {
        let long = "device remote:ws://a-rather-long-host-name:7070, hidden 500, learning rate 0.05, seed 12";
        let many: Vec<String> = (0..40).map(|k| format!("{long} {k}")).collect();
        let rows = legend(&panel(&many), HALF.0);
        assert_eq!(rows.len(), MOST_ROWS + 1);
        assert_eq!(rows[MOST_ROWS][0].1, format!("and {} more", 40 - MOST_ROWS));
        for (x, label, _) in rows.iter().flatten() {
            assert!(
                x + SWATCH + 5.0 + text_width(label, TEXT_SIZE) <= HALF.0,
                "{label}"
            );
        }
        let room = legend_room(&[panel(&many), panel(&[])]);
        assert_eq!(room, ROW * (MOST_ROWS + 1 - FREE_ROWS) as f64);
        let plot = HALF.1 + room - 38.0 - Header::new(&panel(&many), HALF.0).height();
        assert!(ROW * rows.len() as f64 <= plot + ROW, "{plot}");
        let few = ["data".to_owned(), "samples".to_owned()];
        assert_eq!(
            (
                legend(&panel(&few), HALF.0).len(),
                legend_room(&[panel(&few)])
            ),
            (1, 0.0)
        );
    }
}
