//! A panel with its scales, which marks are drawn into.

use crate::color::Medium;
use crate::figure::Panel;
use crate::mark::{Mark, Shape};
use crate::number::readable;
use crate::scale::Scale;

/// Positions need no more than a tenth of a pixel.
pub(super) fn tenth(position: f64) -> f64 {
    (position * 10.0).round() / 10.0
}

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
    pub(super) fn at(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((self.x.position(x)?, self.y.position(y)?))
    }

    /// Where heights start: zero, or the axis where there is no zero.
    pub(super) fn ground(&self) -> f64 {
        self.y
            .position(0.0)
            .map_or(self.bottom, |zero| zero.clamp(self.top, self.bottom))
    }

    pub(super) fn hover(&self, mark: &Mark, x: &str, y: f64) -> String {
        let name = if mark.label.is_empty() {
            &self.panel.title
        } else {
            &mark.label
        };
        format!("{name}: {} ({} {x})", readable(y), self.panel.x.label)
    }
}

/// The values that a mark has one by one; areas and rules have none.
pub(super) fn curve_points(mark: &Mark) -> Vec<(f64, f64)> {
    match &mark.shape {
        Shape::Line(points) | Shape::Points(points) => points.clone(),
        Shape::ErrorBars(points) => points.iter().map(|&(x, y, _)| (x, y)).collect(),
        _ => Vec::new(),
    }
}
