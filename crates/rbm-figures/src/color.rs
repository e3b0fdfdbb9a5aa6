//! The colors of page and figures, by the part they play.
//!
//! A color has a value on light and on dark paper. The page refers to it as a CSS variable, so
//! that inline figures follow the reader's choice; a figure in a file of its own uses the light
//! value. The first five series colors are those of Okabe and Ito (2008), shifted for contrast; the rank
//! colors are seven steps of viridis, which also order correctly without color.

use std::fmt::Write;

/// The part that a color plays in a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Text, axes and anything that is not one series among several.
    Ink,
    /// Secondary text and ticks.
    Muted,
    /// Grid lines and frames.
    Grid,
    /// The background.
    Paper,
    /// One of a few series that differ in kind; counted from 0, repeating after 10.
    Series(usize),
    /// One of seven steps for series that have an order; 0 stands out most.
    Rank(usize),
}

/// Number of steps of [`Color::Rank`].
pub const RANKS: usize = 7;
const SERIES: usize = 10;

/// Name, value on light paper, value on dark paper.
const TABLE: [(&str, &str, &str); 4 + SERIES + RANKS] = [
    ("ink", "#1f2529", "#e6e8ea"),
    ("muted", "#5a646c", "#a3adb5"),
    ("grid", "#dddeda", "#363d43"),
    ("paper", "#ffffff", "#15191c"),
    ("series-0", "#0069a8", "#5bb8ee"),
    ("series-1", "#c44e00", "#ff9b57"),
    ("series-2", "#007a5a", "#35c99f"),
    ("series-3", "#a34682", "#e9a6cf"),
    ("series-4", "#7f6400", "#ecd04b"),
    ("series-5", "#b3261e", "#ff8a80"),
    ("series-6", "#4b3fa8", "#a99cff"),
    ("series-7", "#3d7a1c", "#8fd16a"),
    ("series-8", "#007c91", "#4dd0e1"),
    ("series-9", "#7a4a2b", "#d7a27f"),
    ("rank-0", "#440f5c", "#f6e326"),
    ("rank-1", "#46327f", "#addc30"),
    ("rank-2", "#365c8d", "#5ec962"),
    ("rank-3", "#277f8e", "#28ae80"),
    ("rank-4", "#1f9f88", "#21918c"),
    ("rank-5", "#5dc264", "#3f78a4"),
    ("rank-6", "#a9cf3f", "#66609f"),
];

impl Color {
    /// Its name among the variables of the page.
    pub(crate) fn name(self) -> &'static str {
        TABLE[self.index()].0
    }

    fn index(self) -> usize {
        match self {
            Self::Ink => 0,
            Self::Muted => 1,
            Self::Grid => 2,
            Self::Paper => 3,
            Self::Series(k) => 4 + k % SERIES,
            Self::Rank(k) => 4 + SERIES + k.min(RANKS - 1),
        }
    }
}

/// Where a figure is drawn to, which decides how its colors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    /// Inside the page.
    Page,
    /// In a file of its own.
    File,
}

impl Medium {
    /// The value of an SVG color attribute.
    pub(crate) fn paint(self, color: Color) -> String {
        let (name, light, _) = TABLE[color.index()];
        match self {
            Self::Page => format!("var(--{name})"),
            Self::File => light.to_owned(),
        }
    }
}

/// The CSS variables of all colors. Print always uses the light ones.
pub(crate) fn css_variables() -> String {
    let mut light = String::new();
    let mut dark = String::new();
    for (name, on_light, on_dark) in TABLE {
        // Writing to a string cannot fail.
        let _ = write!(light, "--{name}:{on_light};");
        let _ = write!(dark, "--{name}:{on_dark};");
    }
    format!(
        ":root{{color-scheme:light;{light}}}\n\
         @media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{dark}}}}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Web Content Accessibility Guidelines 2.1: 4.5 for text, 3 for lines.
    #[test]
    fn text_and_series_stand_out_on_both_papers() {
        let paper = TABLE[Color::Paper.index()];
        for color in [Color::Ink, Color::Muted] {
            let (_, light, dark) = TABLE[color.index()];
            assert!(contrast(light, paper.1) >= 4.5 && contrast(dark, paper.2) >= 4.5);
        }
        for k in 0..SERIES {
            let (name, light, dark) = TABLE[Color::Series(k).index()];
            assert!(contrast(light, paper.1) >= 3.0, "{name}");
            assert!(contrast(dark, paper.2) >= 3.0, "{name}");
        }
    }

    #[test]
    fn ranks_fade_into_the_paper_in_order() {
        let paper = TABLE[Color::Paper.index()];
        for k in 1..RANKS {
            let (before, after) = (
                TABLE[Color::Rank(k - 1).index()],
                TABLE[Color::Rank(k).index()],
            );
            assert!(contrast(before.1, paper.1) > contrast(after.1, paper.1));
            assert!(contrast(before.2, paper.2) > contrast(after.2, paper.2));
        }
    }

    #[test]
    fn every_color_is_a_variable_of_the_page() {
        let css = css_variables();
        for color in [Color::Ink, Color::Grid, Color::Series(7), Color::Rank(99)] {
            let used = Medium::Page.paint(color);
            let name = used.trim_start_matches("var(").trim_end_matches(')');
            assert_eq!(css.matches(&format!("{name}:")).count(), 2, "{name}");
            assert!(Medium::File.paint(color).starts_with('#'));
        }
    }
}
