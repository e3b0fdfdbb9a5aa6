//! From a [`Panel`] to SVG: layout, axes and legend. The marks themselves are in
//! [`marks`].

pub(crate) mod sheet;

mod heat;
mod labels;
mod marks;
mod plot;

use maud::{Markup, html};

use self::plot::{Plot, tenth};
use crate::axis::{Axis, Spacing};
use crate::color::{Color, Medium};
use crate::figure::Panel;
use crate::layout::{GAP, HALF, SINGLE, sizes, text_width};
use crate::mark::{Mark, Shape};
use crate::scale::{Scale, Tick};

const TITLE_SIZE: f64 = 13.5;
const TEXT_SIZE: f64 = 11.5;
const LEGEND_ROW: f64 = 17.0;
const SWATCH: f64 = 18.0;
/// Fonts of figures in files of their own; on the page they have those of the page.
const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif";

/// A panel as an inline `svg` element.
pub(crate) fn on_page(panel: &Panel, size: (f64, f64), name: &str) -> Markup {
    html! {
        svg class="plot" role="img" aria-label=(name) viewBox={ "0 0 " (size.0) " " (size.1) } {
            (draw(panel, size, Medium::Page))
        }
    }
}

/// All panels of a figure as the content of an SVG file, with its size.
pub(crate) fn in_file(panels: &[Panel]) -> (Markup, (f64, f64)) {
    let mut drawn = Vec::new();
    let (mut x, mut y) = (0.0, 0.0);
    for (panel, size) in panels.iter().zip(sizes(panels.len())) {
        let panel = draw(panel, size, Medium::File);
        drawn.push(html! { g transform={ "translate(" (x) "," (y) ")" } { (panel) } });
        if size == HALF && x == 0.0 {
            x = HALF.0 + GAP;
        } else {
            (x, y) = (0.0, y + size.1 + GAP);
        }
    }
    (
        html! { @for panel in &drawn { (panel) } },
        (SINGLE.0, (y - GAP).max(HALF.1)),
    )
}

/// A complete SVG document on white.
pub(crate) fn document(content: &Markup, (width, height): (f64, f64), title: &str) -> String {
    let paper = Medium::File.paint(Color::Paper);
    let margin = 10.0;
    let (width, height) = (width + 2.0 * margin, height + 2.0 * margin);
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
            viewBox={ (-margin) " " (-margin) " " (width) " " (height) } font-family=(FONTS) {
            title { (title) }
            rect x=(-margin) y=(-margin) width=(width) height=(height) fill=(paper) {}
            (content)
        }
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n",
        svg.into_string()
    )
}

fn scale_of(axis: &Axis, values: impl Iterator<Item = f64>, range: (f64, f64)) -> Option<Scale> {
    Scale::new(axis.spacing, values, axis.range, range)
}

/// The content of one panel. Nothing if it has nothing to draw: the page leaves those out.
fn draw(panel: &Panel, (width, height): (f64, f64), medium: Medium) -> Markup {
    let header = Header::new(panel, width);
    let (top, bottom) = (header.height + 8.0, height - 38.0);
    let right = width - 12.0;
    let extents: Vec<(f64, f64)> = panel.marks.iter().flat_map(Mark::extent).collect();
    let y_values = extents.iter().map(|point| point.1);
    let Some(y) = scale_of(&panel.y, y_values, (bottom, top)) else {
        return html! {};
    };
    let y_ticks = y.ticks(((bottom - top) / 42.0) as usize);
    let widest = y_ticks
        .iter()
        .map(|tick| text_width(&tick.label, TEXT_SIZE))
        .fold(18.0, f64::max);
    let left = (widest + 10.0).ceil();
    let x_values = extents.iter().map(|point| point.0);
    let Some(x) = scale_of(&panel.x, x_values, (left, right)) else {
        return html! {};
    };
    // Powers of ten are short.
    let room = if panel.x.spacing == Spacing::Log {
        46.0
    } else {
        84.0
    };
    let x_ticks = x.ticks(((right - left) / room) as usize);
    let plot = Plot {
        panel,
        x,
        y,
        left,
        top,
        right,
        bottom,
        medium,
    };
    html! {
        (header.draw(panel, medium))
        (axes(&plot, &x_ticks, &y_ticks))
        (marks::draw(&plot))
    }
}

/// Title, name of the vertical axis, and legend, above the plot.
struct Header {
    /// Whether the axis name needs a line of its own.
    stacked: bool,
    /// Legend entries with their position and index of mark.
    entries: Vec<(f64, f64, usize)>,
    height: f64,
}

impl Header {
    fn new(panel: &Panel, width: f64) -> Self {
        let title_width = text_width(&panel.title, TITLE_SIZE * 1.06);
        let stacked = !panel.title.is_empty()
            && title_width + 10.0 + text_width(&panel.y.label, TEXT_SIZE) > width - 8.0;
        let first = if stacked { 32.0 } else { 16.0 };
        let listed = |mark: &Mark| mark.in_legend && !mark.label.is_empty();
        let (mut x, mut y) = (0.0, first + LEGEND_ROW);
        let mut entries = Vec::new();
        for (index, mark) in panel
            .marks
            .iter()
            .enumerate()
            .filter(|(_, mark)| listed(mark))
        {
            let entry = SWATCH + 5.0 + text_width(&mark.label, TEXT_SIZE) + 14.0;
            if x > 0.0 && x + entry > width {
                (x, y) = (0.0, y + LEGEND_ROW);
            }
            entries.push((x, y, index));
            x += entry;
        }
        let height = if entries.is_empty() { first } else { y };
        Self {
            stacked,
            entries,
            height: height + 4.0,
        }
    }

    fn draw(&self, panel: &Panel, medium: Medium) -> Markup {
        let (ink, muted) = (medium.paint(Color::Ink), medium.paint(Color::Muted));
        html! {
            text x="0" y="14" fill=(muted) font-size=(TEXT_SIZE) {
                @if !panel.title.is_empty() {
                    tspan fill=(ink) font-size=(TITLE_SIZE) font-weight="600" { (panel.title) }
                }
                @if self.stacked {
                    tspan x="0" dy="16" { (panel.y.label) }
                } @else if panel.title.is_empty() {
                    tspan { (panel.y.label) }
                } @else {
                    tspan dx="10" { (panel.y.label) }
                }
            }
            @for &(x, y, index) in &self.entries {
                (swatch(&panel.marks[index], (x, y - 4.0), medium))
                text x=(tenth(x + SWATCH + 5.0)) y=(y) fill=(ink) font-size=(TEXT_SIZE) {
                    (panel.marks[index].label) }
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

/// Grid, axes, ticks and the name of the horizontal axis.
fn axes(plot: &Plot<'_>, x_ticks: &[Tick], y_ticks: &[Tick]) -> Markup {
    let &Plot {
        left,
        top,
        right,
        bottom,
        medium,
        ..
    } = plot;
    let (muted, grid) = (medium.paint(Color::Muted), medium.paint(Color::Grid));
    let place = |scale: &Scale, tick: &Tick| scale.position(tick.value).map(tenth);
    html! {
        @for (at, tick) in y_ticks.iter().filter_map(|tick| place(&plot.y, tick).map(|at| (at, tick))) {
            @if tick.label.is_empty() {
                path d={ "M" (left - 3.0) " " (at) "h3" } stroke=(muted) stroke-width="0.7" {}
            } @else {
                path d={ "M" (left) " " (at) "H" (right) } stroke=(grid) stroke-width="0.8" {}
                text x=(left - 6.0) y=(tenth(at + 4.0)) font-size=(TEXT_SIZE) text-anchor="end"
                    fill=(muted) { (tick.label) }
            }
        }
        @for (at, tick) in x_ticks.iter().filter_map(|tick| place(&plot.x, tick).map(|at| (at, tick))) {
            @if tick.label.is_empty() {
                path d={ "M" (at) " " (bottom) "v3" } stroke=(muted) stroke-width="0.7" {}
            } @else {
                path d={ "M" (at) " " (bottom) "v5" } stroke=(muted) stroke-width="1" {}
                text x=(at) y=(bottom + 17.0) font-size=(TEXT_SIZE) text-anchor="middle"
                    fill=(muted) { (tick.label) }
            }
        }
        path d={ "M" (left) " " (top) "V" (bottom) "H" (right) } stroke=(muted) stroke-width="1"
            fill="none" {}
        @if let Some(at) = plot.x.break_position().map(tenth) {
            path d={ "M" (at - 3.0) " " (bottom) "h6" } stroke=(medium.paint(Color::Paper))
                stroke-width="3" {}
            path d={ "M" (at - 5.0) " " (bottom + 5.0) "l4 -10m2 10l4 -10" } stroke=(muted)
                stroke-width="1" fill="none" {}
        }
        text x=(tenth((left + right) / 2.0)) y=(bottom + 34.0) font-size=(TEXT_SIZE)
            text-anchor="middle" fill=(muted) { (plot.panel.x.label) }
    }
}
