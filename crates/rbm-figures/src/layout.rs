//! Sizes of panels and of text, which all backends share.

/// Width and height, in pixels, of one of two panels side by side.
pub(crate) const HALF: (f64, f64) = (364.0, 270.0);
/// Width and height of a panel on its own.
pub(crate) const SINGLE: (f64, f64) = (740.0, 400.0);
/// Width and height of the last of an odd number of panels.
const LAST: (f64, f64) = (740.0, 300.0);
/// Width and height of the same panel on a narrow screen.
pub(crate) const NARROW: (f64, f64) = (364.0, 340.0);
/// Space between two panels side by side.
pub(crate) const GAP: f64 = 12.0;

/// An estimate of the width of `text`: SVG cannot be measured without its reader's fonts.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
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

/// `text`, or as much of its beginning as is no wider than `width`.
pub(crate) fn fitted(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut kept = text.to_owned();
    while kept.pop().is_some() && text_width(&kept, size) + text_width("…", size) > width {}
    format!("{}…", kept.trim_end())
}

/// The sizes of panels in rows of two; the last of an odd number takes the full width.
pub(crate) fn sizes(panels: usize) -> impl Iterator<Item = (f64, f64)> {
    (0..panels).map(move |k| match panels {
        1 => SINGLE,
        _ if k + 1 == panels && panels % 2 == 1 => LAST,
        _ => HALF,
    })
}
