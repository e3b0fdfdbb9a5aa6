//! Figures as SVG, HTML pages and LaTeX, with the same data as CSV.
//!
//! A [`Figure`] says what to draw: panels of [`Mark`]s on [`Axis`]es or a [`Sheet`] of images, a caption, and the
//! [`Table`]s of its numbers. A [`Document`] is a page of sections with figures, tables and remarks;
//! [`Document::write`] turns it into a directory
//!
//! ```text
//! index.html         the page, complete in itself: no script, font or image from elsewhere
//! figures/NAME.svg   each figure, on white
//! figures/NAME.tex   each figure of plots, for LaTeX with pgfplots
//! data/NAME.csv      its data
//! ```
//!
//! Sizes, ticks, legends, colors on light and dark paper, hover texts and numbering follow from what a figure says.
//! Values that are not finite are gaps, never errors.
//!
//! ```
//! use rbm_figures::{Axis, Content, Document, Figure, Mark, Panel, Section, Table};
//!
//! let points = [(0.0, 1.0), (1.0, 4.0)];
//! let panel = Panel::new("", Axis::linear("time, s"), Axis::linear("length, m")).with(Mark::line(points));
//! let mut section = Section::new("results", "Results");
//! section.figure(Figure {
//!     name: "length",
//!     title: "Length over time".into(),
//!     caption: maud::html! { "It grows." },
//!     content: Content::Panels(vec![panel]),
//!     tables: vec![Table::new("length").numbers("time", [0.0, 1.0]).numbers("length", [1.0, 4.0])],
//! });
//! let document = Document { title: "A page".into(), sections: vec![section], ..Default::default() };
//! let directory = tempfile::tempdir()?;
//! let page = document.write(directory.path())?;
//! assert!(page.ends_with("index.html") && directory.path().join("data/length.csv").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod number;

pub mod atomic;
mod axis;
mod backend;
mod color;
mod color_map;
mod document;
mod error;
mod figure;
mod histogram;
mod image;
mod layout;
mod mark;
mod scale;
mod table;
mod write;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod well_formed;

pub use axis::{Axis, Spacing};
pub use color::{Color, RANKS};
pub use color_map::{ColorMap, saturation_limit};
pub use document::{Block, Document, Grid, Row, Section};
pub use error::WriteError;
pub use figure::{Content, Figure, Panel};
pub use histogram::Histogram;
pub use image::{Sheet, Tile};
pub use mark::{Heat, Mark, Shape};
pub use table::Table;
