//! Reports: a run or a sweep on one page, its figures as SVG, and their data as CSV.
//!
//! [`of_run`] and [`of_sweep`] make the report of what is in a directory; [`write()`] turns plain
//! [`ReportData`] into a directory
//!
//! ```text
//! index.html         the page, complete in itself: no script, font or image from elsewhere
//! figures/NAME.svg   each figure, on white
//! figures/NAME.tex   each figure of plots, for LaTeX with pgfplots
//! data/NAME.csv      its data
//! ```
//!
//! In layers: [`data`] and [`crate::measure`] (numbers) → [`training`], [`spectrum`], [`pictures`],
//! [`experiment`] (what to show; the last for one run and for many) →
//! [`document`] and [`figure`] (a small vocabulary of pages and figures) → `page`, `svg`, `marks`, `pgf`,
//! `images` (how it looks). To add a figure, write a function that returns a
//! [`figure::Figure`], and push it into a section.

pub mod colour;
pub mod data;
pub mod document;
pub mod experiment;
pub mod figure;
pub mod histogram;
pub mod images;
pub mod likelihood;
pub mod number;
pub mod pictures;
pub mod quality;
pub mod scale;
pub mod spectrum;
pub mod table;
pub mod training;

mod files;
mod heat;
mod marks;
mod page;
mod pgf;
mod run;
mod svg;
mod sweep;
mod tex;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub use data::{
    ImageGrid, LikelihoodPoint, MetricsRow, ModeImages, ReportData, SaddleRow, SpectrumHistory,
    SpectrumPanel,
};
pub use run::of_run;
pub use sweep::{is_sweep, of_sweep};

use document::{Block, Document, Section};
use figure::Content;
use files::write_atomically;

/// Errors of writing a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A directory or file could not be written.
    #[error("{}: cannot write the report: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A table could not be encoded.
    #[error("table `{table}` of the report: {source}")]
    Csv {
        /// Name of the table.
        table: String,
        /// What the encoder said.
        source: csv::Error,
    },
    /// An image could not be encoded.
    #[error("figure `{figure}` of the report: {source}")]
    Image {
        /// Name of the figure.
        figure: &'static str,
        /// What the encoder said.
        source: png::EncodingError,
    },
    /// Two figures or tables that would overwrite each other.
    #[error("the report has two files named `{name}`; names must be unique")]
    DuplicateName {
        /// The file, relative to the report.
        name: String,
    },
}

/// Writes the report of `data` into `directory`, which is created if need be, and returns the
/// path of its page. Files that are there already are replaced one by one, the page last.
///
/// # Errors
/// [`ReportError`] if a file cannot be written or an image cannot be encoded. Missing, empty or
/// non-finite data are no errors: the page says what is left out and why.
pub fn write(data: &ReportData, directory: &Path) -> Result<PathBuf, ReportError> {
    write_document(&compose(data), directory)
}

/// The page of a training run.
pub fn compose(data: &ReportData) -> Document {
    let mut notes = Section::new("notes", "Notes");
    notes
        .blocks
        .extend(data.notes.iter().cloned().map(Block::Note));
    let mut settings = Section::new("configuration", "Configuration");
    if !data.settings.is_empty() {
        let folded = Some(format!("All {} settings", data.settings.len()));
        settings.blocks.push(Block::Pairs {
            rows: data.settings.clone(),
            folded,
        });
    }
    let mut sections = vec![
        training::section(data),
        pictures::samples_section(data),
        data.quality.as_ref().map_or_else(
            || Section::new("quality", "Sample quality"),
            quality::section,
        ),
        spectrum::section(data),
        pictures::modes_section(data),
    ];
    if let Some(replica) = &data.experiment {
        sections.extend(experiment::sections(&experiment::groups(
            std::slice::from_ref(replica),
        )));
    }
    sections.extend([notes, settings]);
    Document {
        title: data.title.clone(),
        subtitle: data.subtitle.clone(),
        facts: data.facts.clone(),
        sections,
    }
}

/// Writes any document, as [`write()`] does.
///
/// # Errors
/// As [`write()`], and [`ReportError::DuplicateName`] if two figures or tables share a name.
pub fn write_document(document: &Document, directory: &Path) -> Result<PathBuf, ReportError> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for figure in document.figures() {
        let (content, size) = match &figure.content {
            Content::Panels(panels) => svg::in_file(panels),
            Content::Images(sheet) => {
                images::in_file(sheet).map_err(|source| ReportError::Image {
                    figure: figure.name,
                    source,
                })?
            }
        };
        if let Content::Panels(panels) = &figure.content {
            let tex = pgf::in_file(panels, &figure.title);
            files.push((format!("figures/{}.tex", figure.name), tex.into_bytes()));
        }
        let svg = svg::document(&content, size, &figure.title);
        files.push((format!("figures/{}.svg", figure.name), svg.into_bytes()));
    }
    let tables = document.blocks().flat_map(|block| match block {
        Block::Figure(figure) => figure.tables.as_slice(),
        Block::Grid(grid) => std::slice::from_ref(&grid.table),
        _ => &[],
    });
    for table in tables {
        let bytes = table.to_csv().map_err(|source| ReportError::Csv {
            table: table.name.clone(),
            source,
        })?;
        files.push((format!("data/{}.csv", table.name), bytes));
    }
    files.push((
        "index.html".to_owned(),
        page::render(document)?.into_bytes(),
    ));

    let mut names = HashSet::new();
    if let Some((name, _)) = files.iter().find(|(name, _)| !names.insert(name.as_str())) {
        return Err(ReportError::DuplicateName { name: name.clone() });
    }
    for folder in ["figures", "data"] {
        let path = directory.join(folder);
        std::fs::create_dir_all(&path).map_err(|source| ReportError::Io { path, source })?;
    }
    for (name, bytes) in &files {
        let path = directory.join(name);
        write_atomically(&path, bytes).map_err(|source| ReportError::Io { path, source })?;
    }
    Ok(directory.join("index.html"))
}
