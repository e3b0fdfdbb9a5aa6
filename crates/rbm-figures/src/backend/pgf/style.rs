//! Colors, lines and dots in the words of pgfplots.

use crate::color::{Color, Medium};
use crate::mark::{Mark, Shape};

/// Options of a plot, or of its sample in the legend.
pub(super) fn style(mark: &Mark, legend: bool) -> String {
    let color = name(mark.color);
    let width = if mark.thin { "0.3pt" } else { "0.7pt" };
    let dashes = if mark.dashed { ", dashed" } else { "" };
    match &mark.shape {
        // A line of one point is a dot.
        Shape::Line(points) if points.len() == 1 => format!(
            "{color}, only marks, mark=*, mark size=1pt, mark options={{draw=none, fill={color}}}"
        ),
        Shape::Line(_) | Shape::Horizontal(_) | Shape::Vertical(_) => {
            let samples = if legend {
                ", legend image post style={xscale=0.7}"
            } else {
                ""
            };
            format!("{color}, no marks, line width={width}{dashes}{samples}")
        }
        Shape::Points(points) => {
            let size = match points.len() {
                _ if mark.strong => "2.5pt",
                0..=60 => "1pt",
                _ => "0.5pt",
            };
            format!(
                "{color}, only marks, mark=*, mark size={size}, mark options={{draw=none, fill={color}}}"
            )
        }
        Shape::ErrorBars(_) => {
            let bars = if legend {
                ""
            } else {
                ", error bars/.cd, y dir=both, y explicit, error bar style={line width=0.5pt}, error mark options={rotate=90, mark size=1.2pt}, /pgfplots/.cd"
            };
            format!(
                "{color}, only marks, mark=*, mark size=1pt, mark options={{draw=none, fill={color}}}{bars}"
            )
        }
        Shape::Band(_) | Shape::Bars(_) | Shape::Heat(_) => {
            let area = if legend {
                "area legend, draw opacity=0, "
            } else {
                ""
            };
            format!("{area}draw=none, fill={color}, fill opacity=0.28, no marks")
        }
        Shape::Rug(_) => format!("{color}, only marks, mark=|, mark size=1.5pt"),
    }
}

/// Name of a color in the file.
fn name(color: Color) -> String {
    format!("rbm-{}", color.name())
}

/// The command that defines a color.
pub(super) fn define(color: Color) -> String {
    let hex = Medium::File.paint(color);
    format!(
        "\\definecolor{{{}}}{{HTML}}{{{}}}",
        name(color),
        hex.trim_start_matches('#').to_uppercase()
    )
}
