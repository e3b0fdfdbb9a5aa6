//! Labels of rules, and the texts that appear under the pointer.

use maud::{Markup, html};

use super::plot::{Plot, curve_points, tenth};
use crate::color::Color;
use crate::layout::text_width;
use crate::mark::{Mark, Shape, runs};
use crate::number::readable;

const LABEL_SIZE: f64 = 11.5;

/// Invisible dots with the values of a mark, evenly chosen if there are too many.
pub(super) fn hovers(plot: &Plot<'_>, mark: &Mark, most: usize) -> Markup {
    let inside = |at: &(f64, f64)| {
        at.0 >= plot.left && at.0 <= plot.right && at.1 >= plot.top && at.1 <= plot.bottom
    };
    let drawn: Vec<_> = curve_points(mark)
        .into_iter()
        .filter_map(|(x, y)| plot.at(x, y).filter(inside).map(|at| (x, y, at)))
        .collect();
    let every = drawn.len().div_ceil(most.max(4)).max(1);
    let paint = plot.medium.paint(mark.color);
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
pub(super) fn rule_labels(plot: &Plot<'_>) -> Markup {
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
    let halo = plot.medium.paint(Color::Paper);
    html! {
        @for (x, y, anchor, mark) in labels {
            g font-size=(LABEL_SIZE) text-anchor=(anchor) {
                // Twice, since not every program that reads SVG knows `paint-order`.
                text x=(tenth(x)) y=(tenth(y)) fill=(halo) stroke=(halo) stroke-width="3.5"
                    stroke-linejoin="round" aria-hidden="true" { (mark.label) }
                text x=(tenth(x)) y=(tenth(y)) fill=(plot.medium.paint(mark.color)) { (mark.label) }
            }
        }
    }
}
