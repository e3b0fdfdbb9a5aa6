//! Sheets of small images: PNG tiles with a transparent background, so that they look right on
//! light and on dark paper.

use crate::color_map::ColorMap;
use crate::number::significant;

/// A grid of images of one shape with one color map.
///
/// # Examples
/// ```
/// use rbm_figures::{ColorMap, Content, Document, Figure, Section, Sheet, Tile};
/// let tile = Tile { values: vec![0.0, 1.0, 1.0, 0.0], label: "a sample".into() };
/// let sheet = Sheet { tiles: vec![tile], shape: (2, 2), columns: 1, heads: vec![], map: ColorMap::Ink };
/// let mut section = Section::new("samples", "Samples");
/// section.figure(Figure {
///     name: "samples",
///     title: "Samples".into(),
///     caption: maud::html! { "A unit that is on is ink." },
///     content: Content::Images(sheet),
///     tables: vec![],
/// });
/// let directory = tempfile::tempdir()?;
/// let page = Document { sections: vec![section], ..Default::default() }.write(directory.path())?;
/// let page = std::fs::read_to_string(page)?;
/// assert!(page.contains("data:image/png;base64,") && page.contains("a sample"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The images.
    pub tiles: Vec<Tile>,
    /// Rows and columns of an image.
    pub shape: (usize, usize),
    /// Number of images side by side where there is room.
    pub columns: usize,
    /// Texts above the columns, which then stay beside each other on a narrow screen too; empty for none.
    pub heads: Vec<String>,
    /// From values to colors.
    pub map: ColorMap,
}

/// One image.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Row-major values.
    pub values: Vec<f64>,
    /// Text below it; may be empty.
    pub label: String,
}

impl Sheet {
    /// Whether any image has a label.
    pub(crate) fn is_labeled(&self) -> bool {
        self.tiles.iter().any(|tile| !tile.label.is_empty())
    }

    /// Images side by side, of those there are.
    pub(crate) fn columns(&self) -> usize {
        self.columns.clamp(1, self.tiles.len().max(1))
    }
}

/// Text at the left end, the middle and the right end of the colors from -limit to limit.
pub(crate) fn ramp_labels(limit: f64) -> [String; 3] {
    [
        significant(-limit, 2),
        "0".to_owned(),
        format!("+{}", significant(limit, 2)),
    ]
}
