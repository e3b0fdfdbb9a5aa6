//! What a format of files is.

use super::{BinaryDataset, DataError};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How files are read, where their content leaves it open.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ReadOptions {
    /// Makes values binary; see the [module](super) for its unit.
    pub threshold: Option<f64>,
    /// Whether the first line of a table of text is a header; found out where nothing is said.
    pub header: Option<Header>,
    /// The column of such a table that holds labels: its name, its number from 1, or `last`. Where nothing is said, one
    /// that the header calls `label`.
    pub label_column: Option<String>,
}

/// Whether a table begins with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Header {
    /// Its first line names the columns.
    Yes,
    /// Its first line is a row.
    No,
}

/// What a format makes of the content of a file, unpacked.
pub(super) type Load = fn(&Path, Vec<u8>, &ReadOptions) -> Result<BinaryDataset, DataError>;

/// A format of files: a new one is its file and an entry of `FORMATS` in `mod.rs`.
pub(super) struct Format {
    /// How its files begin, in any of these ways.
    pub begins: &'static [&'static [u8]],
    /// Its reader.
    pub load: Load,
}
