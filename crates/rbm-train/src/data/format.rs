//! What a format of files is.

use super::{BinaryDataset, DataError};
use std::path::Path;

/// Reads a file, by a threshold where it is not binary.
pub(super) type Load = fn(&Path, Option<f64>) -> Result<BinaryDataset, DataError>;

/// A format of files: a new one is its file and an entry of `FORMATS` in `load.rs`.
pub(super) struct Format {
    /// How its files end, in small letters.
    pub extensions: &'static [&'static str],
    /// Its reader.
    pub load: Load,
}
