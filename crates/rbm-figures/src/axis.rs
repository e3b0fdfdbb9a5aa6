//! Axes, as a figure says them; positions and ticks follow in [`scale`](crate::scale).

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// Equal differences take equal space.
    Linear,
    /// Equal ratios take equal space. Zero, where there is one, stands before a break of the
    /// axis; negative values are not drawn.
    Log,
}

/// One axis of a panel.
///
/// # Examples
/// ```
/// use rbm_figures::{Axis, Spacing};
/// let axis = Axis::log("updates").over(1.0, 1e4);
/// assert_eq!((axis.spacing, axis.range), (Spacing::Log, Some((1.0, 1e4))));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Quantity and unit.
    pub label: String,
    /// Linear or logarithmic.
    pub spacing: Spacing,
    /// First and last value shown; `None` to fit the data.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// A linear axis that fits the data.
    pub fn linear(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            spacing: Spacing::Linear,
            range: None,
        }
    }

    /// A logarithmic axis that fits the data.
    pub fn log(label: impl Into<String>) -> Self {
        Self {
            spacing: Spacing::Log,
            ..Self::linear(label)
        }
    }

    /// The same axis over a range of one's own.
    #[must_use]
    pub fn over(self, first: f64, last: f64) -> Self {
        Self {
            range: Some((first, last)),
            ..self
        }
    }
}
