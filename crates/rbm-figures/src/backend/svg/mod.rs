//! From a [`Panel`] to SVG: layout, axes and legend. The marks themselves are in
//! [`marks`].

pub(crate) mod sheet;

mod header;
mod heat;
mod labels;
mod marks;
mod plot;

use maud::{Markup, html};

use self::header::Header;
pub(crate) use self::header::legend_room;
use self::plot::{Plot, tenth};
use crate::axis::{Axis, Spacing};
use crate::color::{Color, Medium};
use crate::figure::Panel;
use crate::layout::{GAP, HALF, SINGLE, fitted, sizes, text_width};
use crate::mark::Mark;
use crate::scale::{Scale, Tick};

const TITLE_SIZE: f64 = 13.5;
const TEXT_SIZE: f64 = 11.5;
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
    let room = legend_room(panels);
    for (panel, (width, height)) in panels.iter().zip(sizes(panels.len())) {
        let size = (width, height + room);
        let panel = draw(panel, size, Medium::File);
        drawn.push(html! { g transform={ "translate(" (x) "," (y) ")" } { (panel) } });
        if width == HALF.0 && x == 0.0 {
            x = HALF.0 + GAP;
        } else {
            (x, y) = (0.0, y + size.1 + GAP);
        }
    }
    (
        html! { @for panel in &drawn { (panel) } },
        (SINGLE.0, (y - GAP).max(HALF.1 + room)),
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
    let (top, bottom) = (header.height() + 8.0, height - 38.0);
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
    let x_ticks = apart(x.ticks(((right - left) / room) as usize), &x);
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

/// The same ticks without labels that would touch the one before, as long as three are left.
fn apart(mut ticks: Vec<Tick>, scale: &Scale) -> Vec<Tick> {
    let mut left = ticks.iter().filter(|tick| !tick.label.is_empty()).count();
    let mut end = f64::NEG_INFINITY;
    for tick in &mut ticks {
        let Some(at) = scale
            .position(tick.value)
            .filter(|_| !tick.label.is_empty())
        else {
            continue;
        };
        let half = 0.5 * text_width(&tick.label, TEXT_SIZE);
        if at - half < end + 3.0 && left > 3 {
            tick.label.clear();
            left -= 1;
        } else {
            end = at + half;
        }
    }
    ticks
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
            text-anchor="middle" fill=(muted) { (fitted(&plot.panel.x.label, TEXT_SIZE, right)) }
    }
}
