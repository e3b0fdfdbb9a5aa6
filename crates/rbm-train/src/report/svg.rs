//! From a [`Panel`] to SVG: layout, axes and legend. The marks themselves are in
//! [`marks`].

use maud::{Markup, html};

use super::colour::{Colour, Medium};
use super::figure::{Axis, Mark, Panel, Shape};
use super::marks::{self, Plot};
use super::scale::{Scale, Spacing, Tick};

/// Width and height, in pixels, of one of two panels side by side.
pub(super) const HALF: (f64, f64) = (364.0, 270.0);
/// Width and height of a panel on its own.
const SINGLE: (f64, f64) = (740.0, 400.0);
/// Width and height of the last of an odd number of panels.
const LAST: (f64, f64) = (740.0, 300.0);
/// Width and height of the same panel on a narrow screen.
pub(super) const NARROW: (f64, f64) = (364.0, 340.0);
/// Space between two panels side by side.
const GAP: f64 = 12.0;

const TITLE_SIZE: f64 = 13.5;
const TEXT_SIZE: f64 = 11.5;
const LEGEND_ROW: f64 = 17.0;
const SWATCH: f64 = 18.0;
/// Fonts of figures in files of their own; on the page they have those of the page.
const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif";

/// Positions need no more than a tenth of a pixel.
pub(super) fn tenth(position: f64) -> f64 {
    (position * 10.0).round() / 10.0
}

/// An estimate of the width of `text`: SVG cannot be measured without its reader's fonts.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars()
        .map(|letter| match letter {
            ' ' | ',' | '.' | 'i' | 'l' | 'j' | 't' | 'f' | '(' | ')' | '|' => 0.34,
            'm' | 'w' | 'M' | 'W' | '−' | '×' | '=' => 0.82,
            '⁰'..='⁹' | '¹' | '²' | '³' | '⁻' => 0.42,
            'A'..='Z' => 0.68,
            _ => 0.58,
        })
        .sum::<f64>()
        * size
}

/// The sizes of panels in rows of two; the last of an odd number takes the full width.
pub(super) fn sizes(panels: usize) -> impl Iterator<Item = (f64, f64)> {
    (0..panels).map(move |k| match panels {
        1 => SINGLE,
        _ if k + 1 == panels && panels % 2 == 1 => LAST,
        _ => HALF,
    })
}

/// A panel as an inline `svg` element.
pub(super) fn on_page(panel: &Panel, size: (f64, f64), name: &str) -> Markup {
    html! {
        svg class="plot" role="img" aria-label=(name) viewBox={ "0 0 " (size.0) " " (size.1) } {
            (draw(panel, size, Medium::Page))
        }
    }
}

/// All panels of a figure as the content of an SVG file, with its size.
pub(super) fn in_file(panels: &[Panel]) -> (Markup, (f64, f64)) {
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
pub(super) fn document(content: &Markup, (width, height): (f64, f64), title: &str) -> String {
    let paper = Medium::File.paint(Colour::Paper);
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
        let (ink, muted) = (medium.paint(Colour::Ink), medium.paint(Colour::Muted));
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
    let paint = medium.paint(mark.colour);
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
    let (muted, grid) = (medium.paint(Colour::Muted), medium.paint(Colour::Grid));
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
            path d={ "M" (at - 3.0) " " (bottom) "h6" } stroke=(medium.paint(Colour::Paper))
                stroke-width="3" {}
            path d={ "M" (at - 5.0) " " (bottom + 5.0) "l4 -10m2 10l4 -10" } stroke=(muted)
                stroke-width="1" fill="none" {}
        }
        text x=(tenth((left + right) / 2.0)) y=(bottom + 34.0) font-size=(TEXT_SIZE)
            text-anchor="middle" fill=(muted) { (plot.panel.x.label) }
    }
}
