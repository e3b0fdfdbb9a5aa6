//! From panels to LaTeX: one `tikzpicture` per panel, for pgfplots.

mod axis;
mod style;
mod tex;

use std::fmt::Write;

use self::axis::{Along, number};
use self::style::{define, style};
use self::tex::escape;
use crate::axis::Spacing;
use crate::color_map::{NEGATIVE, POSITIVE};
use crate::figure::Panel;
use crate::layout::{HALF, sizes, text_width};
use crate::mark::{Heat, Mark, Shape, runs};

/// Points of a mark, at most: TeX holds them all in memory.
const POINTS: usize = 600;
/// Width of the text that two panels stand beside each other in, in em of the legend; an estimate.
const TEXT_WIDTH: f64 = 50.0;

/// All panels, to be `\input` in a document that loads pgfplots.
pub(crate) fn in_file(panels: &[Panel], title: &str) -> String {
    let mut out = String::from(
        "% Needs \\usepackage{pgfplots} and \\pgfplotsset{compat=1.16}. Each panel is a picture of its own.\n",
    );
    line(&mut out, &format!("% {}", title.replace(['\n', '\r'], " ")));
    for (k, (panel, (width, height))) in panels.iter().zip(sizes(panels.len())).enumerate() {
        let Some(plot) = Plot::new(panel) else {
            continue;
        };
        let share = if width == HALF.0 { 0.5 } else { 1.0 };
        let shape = [0.96 * share, 0.92 * share * height / width];
        plot.write(&mut out, shape, share * TEXT_WIDTH);
        let beside = share < 1.0 && k % 2 == 0 && k + 1 < panels.len();
        line(&mut out, if beside { "\\hfill" } else { "\\par\\medskip" });
    }
    out
}

/// Writing to a string cannot fail.
fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{text}");
}

struct Plot<'a> {
    panel: &'a Panel,
    x: Along,
    y: Along,
}

impl<'a> Plot<'a> {
    fn new(panel: &'a Panel) -> Option<Self> {
        let extents: Vec<(f64, f64)> = panel.marks.iter().flat_map(Mark::extent).collect();
        Some(Self {
            panel,
            x: Along::new(&panel.x, extents.iter().map(|at| at.0), 4)?,
            y: Along::new(&panel.y, extents.iter().map(|at| at.1), 5)?,
        })
    }

    /// Writes the picture; `width` is that of the legend, in em.
    fn write(&self, out: &mut String, shape: [f64; 2], width: f64) {
        let listed: Vec<&Mark> = self
            .panel
            .marks
            .iter()
            .filter(|mark| mark.in_legend && !mark.label.is_empty())
            .collect();
        let widest = listed
            .iter()
            .map(|mark| 3.5 + text_width(&mark.label, 1.0))
            .fold(1.0, f64::max);
        let columns = ((width / widest) as usize).clamp(1, listed.len().max(1));
        let rows = listed.len().div_ceil(columns);
        line(out, "\\begin{tikzpicture}[baseline]");
        for mark in &self.panel.marks {
            line(out, &define(mark.color));
        }
        let mode = |along: &Along| match along.spacing {
            Spacing::Linear => "normal",
            Spacing::Log => "log",
        };
        let [w, h] = shape;
        line(
            out,
            &format!(
                "\\begin{{axis}}[width={w:.3}\\linewidth, height={h:.3}\\linewidth, xmode={}, ymode={}, scaled ticks=false,\n  \
                 font=\\scriptsize, tick align=outside, tick pos=left, axis lines=left, axis line style={{-}}, unbounded coords=jump, clip mode=individual,\n  \
                 title={{{}}}, title style={{font=\\small, yshift={:.1}em}}, xlabel={{{}}}, ylabel={{{}}},\n  \
                 legend columns={columns}, legend cell align=left,\n  \
                 legend style={{at={{(0.5,1.02)}}, anchor=south, draw=none, fill=none, inner sep=1pt, font=\\tiny, /tikz/every even column/.append style={{column sep=0.6em}}}},\n  {},\n  {}]",
                mode(&self.x),
                mode(&self.y),
                escape(&self.panel.title),
                0.95 * rows as f64,
                escape(&self.panel.x.label),
                escape(&self.panel.y.label),
                self.x.options('x'),
                self.y.options('y'),
            ),
        );
        let mut marks: Vec<&Mark> = self.panel.marks.iter().rev().collect();
        marks.sort_by_key(|mark| mark.depth());
        for mark in marks {
            self.mark(out, mark);
        }
        for mark in listed {
            line(out, &format!("\\addlegendimage{{{}}}", style(mark, true)));
            line(out, &format!("\\addlegendentry{{{}}}", escape(&mark.label)));
        }
        line(out, "\\end{axis}\n\\end{tikzpicture}%");
    }

    fn mark(&self, out: &mut String, mark: &Mark) {
        let at = |&(x, y): &(f64, f64)| Some((self.x.at(x)?, self.y.at(y)?));
        let pair = |(x, y): (f64, f64)| format!("({},{})", number(x), number(y));
        let options = style(mark, false);
        let mut add = |coordinates: String, end: &str| {
            if !coordinates.is_empty() {
                line(
                    out,
                    &format!(
                        "\\addplot[{options}, forget plot] coordinates {{{coordinates}}}{end};"
                    ),
                );
            }
        };
        match &mark.shape {
            Shape::Line(points) => {
                let text = |point| at(point).map_or("(nan,nan)".to_owned(), pair);
                add(thinned(points).map(text).collect(), "");
            }
            Shape::Points(points) => add(thinned(points).filter_map(at).map(pair).collect(), ""),
            Shape::ErrorBars(points) => {
                let bar = |&(x, y, error): &(f64, f64, f64)| {
                    let (x, y) = at(&(x, y))?;
                    let error = if error.is_finite() { error } else { 0.0 };
                    // A bar that reaches past zero on a logarithmic axis ends at the axis.
                    let down = match self.y.spacing {
                        Spacing::Log if error >= y => (y - self.y.low).max(0.0),
                        _ => error,
                    };
                    let (up, down) = (number(error), number(down));
                    Some(format!("{} += (0,{up}) -= (0,{down})", pair((x, y))))
                };
                add(thinned(points).filter_map(bar).collect(), "");
            }
            Shape::Band(points) => {
                let corner = |&(x, low, high): &(f64, f64, f64)| {
                    let (x, low) = at(&(x, low))?;
                    Some((x, low, self.y.at(high)?))
                };
                for area in runs(thinned(points).map(corner)) {
                    let there = area.iter().map(|&(x, low, _)| pair((x, low)));
                    let back = area.iter().rev().map(|&(x, _, high)| pair((x, high)));
                    add(there.chain(back).collect(), " -- cycle");
                }
            }
            Shape::Bars(bars) => {
                let ground = match self.y.spacing {
                    Spacing::Linear => self.y.low.max(0.0),
                    Spacing::Log => self.y.low,
                };
                for &(left, right, height) in bars {
                    let corners = [
                        (left, ground),
                        (left, height),
                        (right, height),
                        (right, ground),
                    ];
                    if let Some(corners) = corners.iter().map(at).collect::<Option<Vec<_>>>()
                        && height != 0.0
                    {
                        add(corners.into_iter().map(pair).collect(), " -- cycle");
                    }
                }
            }
            Shape::Rug(values) => {
                let low = self.y.low;
                let places = thinned(values).filter_map(|x| Some((self.x.at(*x)?, low)));
                add(places.map(pair).collect(), "");
            }
            Shape::Heat(heat) => self.heat(out, heat),
            Shape::Horizontal(y) => {
                if let Some(y) = self.y.at(*y) {
                    let above = if self.y.part(y) > 0.9 {
                        "north"
                    } else {
                        "south"
                    };
                    let (at, side) = match self.crowd(y, 0.0) <= self.crowd(y, 1.0) {
                        true => ("0.02", "west"),
                        false => ("0.98", "east"),
                    };
                    let text = escape(&mark.label);
                    add(
                        pair((self.x.low, y)) + &pair((self.x.high, y)),
                        &format!(" node[pos={at}, anchor={above} {side}, font=\\tiny] {{{text}}}"),
                    );
                }
            }
            Shape::Vertical(x) => {
                if let Some(x) = self.x.at(*x) {
                    let side = if self.x.part(x) > 0.6 { "east" } else { "west" };
                    let text = escape(&mark.label);
                    add(
                        pair((x, self.y.low)) + &pair((x, self.y.high)),
                        &format!(" node[pos=0.99, anchor=north {side}, font=\\tiny] {{{text}}}"),
                    );
                }
            }
        }
    }

    /// Points of marks near one end of a horizontal rule, where its label might stand.
    fn crowd(&self, y: f64, end: f64) -> usize {
        let near = |&(a, b): &(f64, f64)| {
            let (a, b) = (self.x.at(a), self.y.at(b));
            a.is_some_and(|a| (self.x.part(a) - end).abs() < 0.25)
                && b.is_some_and(|b| (self.y.part(b) - self.y.part(y)).abs() < 0.15)
        };
        let all = self.panel.marks.iter().flat_map(Mark::extent);
        all.filter(near).count()
    }

    /// Cells of a field, as a matrix plot; those without a value are white.
    fn heat(&self, out: &mut String, heat: &Heat) {
        let columns = heat.columns.max(1);
        let rows = heat.values.len() / columns;
        let middle = |(low, high): (f64, f64), k: usize, count: usize| {
            number(low + (high - low) * (k as f64 + 0.5) / count as f64)
        };
        let cells = heat.values[..rows * columns]
            .iter()
            .enumerate()
            .map(|(k, value)| {
                let (x, y) = (
                    middle(heat.x, k % columns, columns),
                    middle(heat.y, k / columns, rows),
                );
                let strength = (value / heat.limit).clamp(-1.0, 1.0);
                let strength = if strength.is_finite() { strength } else { 0.0 };
                format!("({x},{y}) [{strength:.3}]")
            });
        let rgb = |[r, g, b]: [u8; 3]| {
            // Half of the way to white: lines and dots lie on it.
            [r, g, b]
                .map(|part| (255 + u16::from(part)) / 2)
                .map(|part| part.to_string())
                .join(",")
        };
        let cells: String = cells.collect();
        line(
            out,
            &format!(
                "\\addplot[matrix plot*, mesh/cols={columns}, point meta=explicit, point meta min=-1, point meta max=1,\n  \
                 colormap={{field}}{{rgb255=({}) rgb255=(255,255,255) rgb255=({})}}, forget plot] coordinates {{{cells}}};",
                rgb(NEGATIVE),
                rgb(POSITIVE)
            ),
        );
    }
}

/// Evenly chosen entries, with the last, where there are too many.
fn thinned<T>(all: &[T]) -> impl DoubleEndedIterator<Item = &T> {
    let every = all.len().div_ceil(POINTS).max(1);
    let kept: Vec<&T> = all.iter().rev().step_by(every).collect();
    kept.into_iter().rev()
}

#[cfg(test)]
mod tests;
