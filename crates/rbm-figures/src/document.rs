//! The vocabulary of the page: sections of figures, tables and remarks.

use maud::Markup;

use crate::figure::Figure;
use crate::table::Table;

/// A page, from top to bottom.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Heading.
    pub title: String,
    /// One line below it.
    pub subtitle: String,
    /// What the reader must know first.
    pub warnings: Vec<String>,
    /// Cards of (name, value).
    pub facts: Vec<(String, String)>,
    /// The rest, in order. Sections without blocks are left out.
    pub sections: Vec<Section>,
}

/// A part of the page with an entry in its contents.
///
/// # Examples
/// ```
/// use rbm_figures::{Axis, Content, Document, Figure, Panel, Section};
/// let mut section = Section::new("results", "Results");
/// section.missing("Free energy", "there are no chains");
/// // A panel without anything to draw leaves a note as well, and no figure.
/// let panel = Panel::new("Spectrum", Axis::linear("λ"), Axis::linear("density"));
/// section.figure(Figure {
///     name: "spectrum",
///     title: "Spectrum".into(),
///     caption: maud::html! {},
///     content: Content::Panels(vec![panel]),
///     tables: vec![],
/// });
/// let directory = tempfile::tempdir()?;
/// let page = Document { sections: vec![section], ..Default::default() }.write(directory.path())?;
/// assert!(std::fs::read_to_string(page)?.contains("there are no chains"));
/// assert!(!directory.path().join("figures/spectrum.svg").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Section {
    /// Anchor, unique on the page.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Debug, Clone)]
pub enum Block {
    /// A numbered figure.
    Figure(Figure),
    /// A table of (name, value), folded if it has a heading to click.
    Pairs {
        /// The rows.
        rows: Vec<(String, String)>,
        /// Text that unfolds the table; `None` to show it at once.
        folded: Option<String>,
    },
    /// A table with a caption above it.
    Grid(Grid),
    /// Running text.
    Text(Markup),
    /// A remark, such as why a figure is missing.
    Note(String),
}

/// A table of text cells; numbers should be formatted by [`significant`](crate::number::significant).
#[derive(Debug, Clone)]
pub struct Grid {
    /// What the table shows.
    pub caption: Markup,
    /// Heads of the columns.
    pub heads: Vec<Markup>,
    /// Cells, row by row.
    pub rows: Vec<Row>,
    /// Its full data as a CSV file.
    pub table: Table,
}

/// One row of a [`Grid`].
#[derive(Debug, Clone)]
pub struct Row {
    /// The cells.
    pub cells: Vec<String>,
    /// Whether the row is marked.
    pub strong: bool,
}

impl Section {
    /// A section with nothing in it.
    pub fn new(id: &'static str, title: &'static str) -> Self {
        Self {
            id,
            title,
            blocks: Vec::new(),
        }
    }

    /// Adds a figure without the panels that would be blank, and a note for each of those.
    pub fn figure(&mut self, figure: Figure) {
        let Figure {
            name,
            title,
            caption,
            content,
            tables,
        } = figure;
        const REASON: &str = "there are no finite values to draw";
        let (content, dropped) = content.without_blanks();
        let Some(content) = content else {
            return self.missing(&title, REASON);
        };
        self.blocks.push(Block::Figure(Figure {
            name,
            title,
            caption,
            content,
            tables,
        }));
        for title in dropped {
            self.missing(&title, REASON);
        }
    }

    /// Adds a note that a figure is missing.
    pub fn missing(&mut self, title: &str, reason: &str) {
        self.blocks
            .push(Block::Note(format!("{title}: left out, since {reason}.")));
    }
}

impl Document {
    /// All figures, in order.
    pub(crate) fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.blocks().filter_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            _ => None,
        })
    }

    /// All blocks, in order.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sections.iter().flat_map(|section| &section.blocks)
    }
}
