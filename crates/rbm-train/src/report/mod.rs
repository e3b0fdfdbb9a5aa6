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
//! [`experiment`] (what to show; the last for one run and for many) → [`rbm_figures`] (how it looks).
//! To add a figure, write a function that returns a [`rbm_figures::Figure`], and push it into a section.

pub mod data;
pub mod experiment;
pub mod likelihood;
pub mod pictures;
pub mod quality;
pub mod spectrum;
pub mod training;

mod run;
mod sweep;

#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../../../rbm-figures/src/well_formed.rs"]
mod well_formed;

use std::path::{Path, PathBuf};

use rbm_figures::{Block, Document, Section, WriteError};

pub use data::{
    ImageGrid, LikelihoodPoint, MetricsRow, ModeImages, ReportData, SaddleRow, SpectrumHistory,
    SpectrumPanel,
};
pub use run::of_run;
pub use sweep::{is_sweep, of_sweep};

/// Writes the report of `data` into `directory`, which is created if need be, and returns the
/// path of its page. Files that are there already are replaced one by one, the page last.
///
/// # Errors
/// [`WriteError`] if a file cannot be written or an image cannot be encoded. Missing, empty or
/// non-finite data are no errors: the page says what is left out and why.
pub fn write(data: &ReportData, directory: &Path) -> Result<PathBuf, WriteError> {
    compose(data).write(directory)
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
