//! What can go wrong when a document is written.

use std::path::PathBuf;

/// Errors of writing a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
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
