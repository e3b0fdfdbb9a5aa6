//! What drawing a figure gives, and axes and colors that many share.

use rbm_figures::{Axis, Color, Figure, RANKS};

/// A figure, or why there is none.
pub type Drawn = Result<Figure, Missing>;

/// Why there is no figure.
#[derive(Debug)]
pub enum Missing {
    /// Its title and the reason, for the page to say.
    Reason(&'static str, String),
    /// Nobody asked for it, so that nothing is to be said.
    Unasked,
}

/// No figure of this title for that reason.
pub fn missing<T>(title: &'static str, reason: impl Into<String>) -> Result<T, Missing> {
    Err(Missing::Reason(title, reason.into()))
}

/// The axis of time.
pub fn updates() -> Axis {
    Axis::log("updates")
}

/// The color of a step along an ordered set, first to last.
pub fn along(index: usize, count: usize) -> Color {
    let last = RANKS - 1;
    Color::Rank(
        last - (index * last)
            .checked_div(count.saturating_sub(1))
            .unwrap_or(last),
    )
}
