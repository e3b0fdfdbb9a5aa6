//! From a [`Mark`] to SVG.

use std::fmt::Write;

use maud::{Markup, html};

use super::colour::{Colour, Medium};
use super::figure::{Mark, Panel, Shape};
use super::number::readable;
use super::scale::Scale;
use super::svg::{tenth, text_width};

pub(super) const DASHES: &str = "5 3.5";
pub(super) const AREA_OPACITY: &str = "0.28";
/// Hover texts that one panel may have: more would make the page heavy and nobody could aim.
const HOVERS: usize = 300;
const LABEL_SIZE: f64 = 11.5;
const MANY_DOTS: usize = 200;

/// A panel with its scales and the corners of its plotting area.
pub(super) struct Plot<'a> {
    pub(super) panel: &'a Panel,
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    pub(super) medium: Medium,
}

impl Plot<'_> {
    fn at(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((self.x.position(x)?, self.y.position(y)?))
    }

    /// Where heights start: zero, or the axis where there is no zero.
    fn ground(&self) -> f64 {
        self.y
            .position(0.0)
            .map_or(self.bottom, |zero| zero.clamp(self.top, self.bottom))
    }

    fn hover(&self, mark: &Mark, x: &str, y: f64) -> String {
        let name = if mark.label.is_empty() {
            &self.panel.title
        } else {
            &mark.label
        };
        format!("{name}: {} ({} {x})", readable(y), self.panel.x.label)
    }
}

/// Areas lie behind lines and lines behind dots; among equals the first mark is in front.
pub(super) fn depth(mark: &Mark) -> usize {
    match mark.shape {
        Shape::Heat(_) => 0,
        Shape::Band(_) => 1,
        Shape::Bars(_) => 2,
        Shape::Rug(_) => 3,
        Shape::Line(_) => 4,
        Shape::Horizontal(_) | Shape::Vertical(_) => 5,
        Shape::Points(_) | Shape::ErrorBars(_) => 6,
    }
}

/// All marks, clipped to the plotting area, and the labels of rules.
pub(super) fn draw(plot: &Plot<'_>) -> Markup {
    let &Plot {
        left,
        top,
        right,
        bottom,
        ..
    } = plot;
    let mut marks: Vec<&Mark> = plot.panel.marks.iter().rev().collect();
    marks.sort_by_key(|mark| depth(mark));
    let curves = marks
        .iter()
        .filter(|mark| !curve_points(mark).is_empty())
        .count();
    let lines = marks
        .iter()
        .filter(|mark| matches!(mark.shape, Shape::Line(_)))
        .count();
    let stroke = if lines > 8 { 1.1 } else { 1.8 };
    // A nested svg element clips without an identifier, which several figures on a page would share.
    html! {
        svg x=(tenth(left)) y=(tenth(top - 1.0)) width=(tenth(right - left))
            height=(tenth(bottom - top + 1.0))
            viewBox={ (tenth(left)) " " (tenth(top - 1.0)) " " (tenth(right - left)) " "
                (tenth(bottom - top + 1.0)) } {
            @for mark in &marks { (shape(plot, mark, stroke)) }
            @if plot.medium == Medium::Page {
                @for mark in &marks { (hovers(plot, mark, HOVERS / curves.max(1))) }
            }
        }
        (rule_labels(plot))
    }
}

fn shape(plot: &Plot<'_>, mark: &Mark, stroke: f64) -> Markup {
    let paint = plot.medium.paint(mark.colour);
    let dashes = mark.dashed.then_some(DASHES);
    match &mark.shape {
        Shape::Line(points) => {
            let stroke = if mark.thin { 1.0 } else { stroke };
            let runs = runs(points.iter().map(|&(x, y)| plot.at(x, y)));
            let (alone, runs): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.len() == 1);
            html! {
                path class="mark" d=(path(&runs)) fill="none" stroke=(paint) stroke-width=(stroke)
                    stroke-dasharray=[dashes]
                    stroke-linejoin="round" stroke-linecap="round" {}
                @for (x, y) in alone.iter().flatten() {
                    circle cx=(tenth(*x)) cy=(tenth(*y)) r=(stroke) fill=(paint) {}
                }
            }
        }
        Shape::Points(points) => {
            // With round caps, a very short line is a dot; many dots are one small element.
            let mut dots = String::new();
            for (x, y) in points.iter().filter_map(|&(x, y)| plot.at(x, y)) {
                let _ = write!(dots, "M{} {}h.01", tenth(x), tenth(y));
            }
            html! {
                path class="mark" d=(dots) stroke=(paint) stroke-width=(dot_width(plot.panel))
                    stroke-linecap="round" stroke-opacity="0.9" {}
            }
        }
        Shape::ErrorBars(points) => html! {
            @for &(x, y, error) in points {
                @if let Some((at_x, at_y)) = plot.at(x, y) {
                    // A bar that reaches past zero on a logarithmic axis ends at the axis.
                    @let low = plot.y.position(y - error).unwrap_or(plot.bottom);
                    @if let Some(high) = plot.y.position(y + error) {
                        path d={ "M" (tenth(at_x)) " " (tenth(low)) "V" (tenth(high)) "m-3 0h6M"
                            (tenth(at_x - 3.0)) " " (tenth(low)) "h6" }
                            stroke=(paint) stroke-width="1.3" fill="none" {}
                    }
                    circle class="mark" cx=(tenth(at_x)) cy=(tenth(at_y)) r=(0.5 * dot_width(plot.panel))
                        fill=(paint) {}
                }
            }
        },
        Shape::Band(points) => {
            let corner = |&(x, low, high): &(f64, f64, f64)| {
                let (at, low) = plot.at(x, low)?;
                Some((at, low, plot.y.position(high)?))
            };
            let areas = runs(points.iter().map(corner));
            html! {
                @for area in areas {
                    @let there: Vec<_> = area.iter().map(|&(x, low, _)| (x, low)).collect();
                    @let back: Vec<_> = area.iter().rev().map(|&(x, _, high)| (x, high)).collect();
                    path class="mark" d={ (path(&[there])) (path(&[back]).replacen('M', "L", 1)) "Z" }
                        fill=(paint) fill-opacity=(AREA_OPACITY) {}
                }
            }
        }
        Shape::Bars(bars) => html! {
            @for &(left, right, height) in bars {
                @if let (Some((x, y)), Some(end)) = (plot.at(left, height), plot.x.position(right)) {
                    rect class="mark" x=(tenth(x)) y=(tenth(y.min(plot.ground())))
                        width=(tenth((end - x - 0.6).max(0.4)))
                        height=(tenth((plot.ground() - y).abs())) fill=(paint) fill-opacity=(AREA_OPACITY) {
                        @if plot.medium == Medium::Page && height != 0.0 {
                            @let bin = format!("{} – {}", readable(left), readable(right));
                            title { (plot.hover(mark, &bin, height)) }
                        }
                    }
                }
            }
        },
        Shape::Rug(values) => {
            let mut strokes = String::new();
            for x in values.iter().filter_map(|x| plot.x.position(*x)) {
                let _ = write!(strokes, "M{} {}v-8", tenth(x), tenth(plot.bottom));
            }
            html! {
                path class="mark" d=(strokes) stroke=(paint) stroke-width="0.8" stroke-opacity="0.75" {}
            }
        }
        Shape::Heat(heat) => super::heat::draw(plot, heat),
        Shape::Horizontal(y) => html! {
            @if let Some(at) = plot.y.position(*y).map(tenth) {
                path class="mark" d={ "M" (plot.left) " " (at) "H" (plot.right) } stroke=(paint)
                    stroke-width="1.4" stroke-dasharray=[dashes] {}
            }
        },
        Shape::Vertical(x) => html! {
            @if let Some(at) = plot.x.position(*x).map(tenth) {
                path class="mark" d={ "M" (at) " " (tenth(plot.top)) "V" (tenth(plot.bottom)) }
                    stroke=(paint) stroke-width="1.4" stroke-dasharray=[dashes] {}
            }
        },
    }
}

/// Dots are small where there are many of them.
fn dot_width(panel: &Panel) -> f64 {
    let dots = panel.marks.iter().map(|mark| match &mark.shape {
        Shape::Points(points) => points.len(),
        Shape::ErrorBars(points) => points.len(),
        _ => 0,
    });
    if dots.sum::<usize>() > MANY_DOTS {
        3.6
    } else {
        6.0
    }
}

/// Runs without gaps.
pub(super) fn runs<T>(positions: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
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

fn path(runs: &[Vec<(f64, f64)>]) -> String {
    let mut out = String::new();
    for run in runs {
        for (k, (x, y)) in thinned(run).into_iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(
                out,
                "{}{} {}",
                if k == 0 { 'M' } else { 'L' },
                tenth(x),
                tenth(y)
            );
        }
    }
    out
}

/// Of a run with many points in a pixel's width, the first, lowest, highest and last of each
/// pixel: it looks the same.
fn thinned(run: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if run.len() < 1500 {
        return run.to_vec();
    }
    let mut kept = Vec::new();
    for pixel in run.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let ends = [
            pixel.first(),
            pixel.iter().min_by(by_height),
            pixel.iter().max_by(by_height),
            pixel.last(),
        ];
        let mut ends: Vec<(f64, f64)> = ends.into_iter().flatten().copied().collect();
        // Only lines over an increasing x reach this length.
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        ends.dedup();
        kept.extend(ends);
    }
    kept
}

/// The values that a mark has one by one; areas and rules have none.
fn curve_points(mark: &Mark) -> Vec<(f64, f64)> {
    match &mark.shape {
        Shape::Line(points) | Shape::Points(points) => points.clone(),
        Shape::ErrorBars(points) => points.iter().map(|&(x, y, _)| (x, y)).collect(),
        _ => Vec::new(),
    }
}

/// Invisible dots with the values of a mark, evenly chosen if there are too many.
fn hovers(plot: &Plot<'_>, mark: &Mark, most: usize) -> Markup {
    let inside = |at: &(f64, f64)| {
        at.0 >= plot.left && at.0 <= plot.right && at.1 >= plot.top && at.1 <= plot.bottom
    };
    let drawn: Vec<_> = curve_points(mark)
        .into_iter()
        .filter_map(|(x, y)| plot.at(x, y).filter(inside).map(|at| (x, y, at)))
        .collect();
    let every = drawn.len().div_ceil(most.max(4)).max(1);
    let paint = plot.medium.paint(mark.colour);
    // Counted from the end: the latest value is the one that is asked for.
    html! {
        @if !drawn.is_empty() {
            g class="hover" fill=(paint) {
                @for (x, y, at) in drawn.iter().rev().step_by(every) {
                    circle cx=(tenth(at.0)) cy=(tenth(at.1)) r="4.5" { title {
                        (plot.hover(mark, &readable(*x), *y)) } }
                }
            }
        }
    }
}

/// Pieces of curves whose bounding boxes touch a rectangle.
fn crossings(plot: &Plot<'_>, (left, right): (f64, f64), (top, bottom): (f64, f64)) -> usize {
    let touches = |piece: &&[(f64, f64)]| {
        let (x, y) = (piece.iter().map(|at| at.0), piece.iter().map(|at| at.1));
        let (low_x, low_y) = (
            x.clone().fold(f64::INFINITY, f64::min),
            y.clone().fold(f64::INFINITY, f64::min),
        );
        let (high_x, high_y) = (
            x.fold(f64::NEG_INFINITY, f64::max),
            y.fold(f64::NEG_INFINITY, f64::max),
        );
        low_x < right && high_x > left && low_y < bottom && high_y > top
    };
    let positions = |mark| curve_points(mark).into_iter().map(|(x, y)| plot.at(x, y));
    let pieces = |run: &Vec<(f64, f64)>| run.windows(run.len().min(2)).filter(touches).count();
    plot.panel
        .marks
        .iter()
        .flat_map(|mark| runs(positions(mark)))
        .map(|run| pieces(&run))
        .sum()
}

/// Labels of horizontal and vertical rules, where they are, on a halo of paper.
fn rule_labels(plot: &Plot<'_>) -> Markup {
    let mut labels: Vec<(f64, f64, &'static str, &Mark)> = Vec::new();
    // Right end of the text in each row of labels at the top.
    let mut rows: Vec<(f64, f64)> = Vec::new();
    for mark in plot
        .panel
        .marks
        .iter()
        .filter(|mark| !mark.label.is_empty())
    {
        let width = text_width(&mark.label, LABEL_SIZE);
        match mark.shape {
            Shape::Horizontal(y) => {
                let Some(at) = plot.y.position(y) else {
                    continue;
                };
                let (start, end) = (plot.left + 8.0, plot.right - 6.0);
                let above = at - 6.0 > plot.top + LABEL_SIZE;
                let heights = [(above, at - 6.0), (at + 17.0 < plot.bottom, at + 15.0)];
                let places = heights
                    .into_iter()
                    .filter(|(fits, _)| *fits)
                    .flat_map(|(_, y)| [(start, y, "start"), (end, y, "end")]);
                // Where the fewest curves pass.
                let place = places.min_by_key(|&(x, y, anchor)| {
                    let left = if anchor == "start" { x } else { x - width };
                    crossings(plot, (left, left + width), (y - LABEL_SIZE, y + 3.0))
                });
                if let Some((x, y, anchor)) = place {
                    labels.push((x, y, anchor, mark));
                }
            }
            Shape::Vertical(x) => {
                let Some(at) = plot
                    .x
                    .position(x)
                    .filter(|at| *at >= plot.left && *at <= plot.right)
                else {
                    continue;
                };
                let fits = at + 5.0 + width <= plot.right;
                let (from, to) = if fits {
                    (at + 5.0, at + 5.0 + width)
                } else {
                    (at - 5.0 - width, at - 5.0)
                };
                let free = rows
                    .iter()
                    .position(|row| from > row.1 + 6.0 || to < row.0 - 6.0);
                let row = free.unwrap_or(rows.len());
                if row == rows.len() {
                    rows.push((from, to));
                } else {
                    rows[row] = (rows[row].0.min(from), rows[row].1.max(to));
                }
                let (at, anchor) = if fits { (from, "start") } else { (to, "end") };
                labels.push((at, plot.top + 8.0 + 15.0 * row as f64, anchor, mark));
            }
            _ => {}
        }
    }
    let halo = plot.medium.paint(Colour::Paper);
    html! {
        @for (x, y, anchor, mark) in labels {
            g font-size=(LABEL_SIZE) text-anchor=(anchor) {
                // Twice, since not every program that reads SVG knows `paint-order`.
                text x=(tenth(x)) y=(tenth(y)) fill=(halo) stroke=(halo) stroke-width="3.5"
                    stroke-linejoin="round" aria-hidden="true" { (mark.label) }
                text x=(tenth(x)) y=(tenth(y)) fill=(plot.medium.paint(mark.colour)) { (mark.label) }
            }
        }
    }
}
