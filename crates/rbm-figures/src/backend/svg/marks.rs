//! From a [`Mark`] to SVG.

use std::fmt::Write;

use maud::{Markup, html};

use super::heat;
use super::labels::{hovers, rule_labels};
use super::plot::{Plot, curve_points, tenth};
use crate::color::{Color, Medium};
use crate::figure::Panel;
use crate::mark::{Mark, Shape, runs};
use crate::number::readable;

pub(super) const DASHES: &str = "5 3.5";
pub(super) const AREA_OPACITY: &str = "0.28";
/// Hover texts that one panel may have: more would make the page heavy and nobody could aim.
const HOVERS: usize = 300;
const MANY_DOTS: usize = 200;
/// Width of strong dots.
const STRONG: f64 = 12.0;

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
    marks.sort_by_key(|mark| mark.depth());
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
    let paint = plot.medium.paint(mark.color);
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
                @if mark.strong {
                    path d=(dots) stroke=(plot.medium.paint(Color::Paper)) stroke-width=(STRONG + 5.0)
                        stroke-linecap="round" {}
                    path class="mark" d=(dots) stroke=(paint) stroke-width=(STRONG) stroke-linecap="round" {}
                } @else {
                    path class="mark" d=(dots) stroke=(paint) stroke-width=(dot_width(plot.panel))
                        stroke-linecap="round" stroke-opacity="0.9" {}
                }
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
        Shape::Heat(heat) => heat::draw(plot, heat),
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
