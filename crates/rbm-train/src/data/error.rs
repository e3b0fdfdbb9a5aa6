//! What can be wrong with data.

use std::path::PathBuf;

/// Names of the built-in data sets, for messages.
pub(super) const BUILT_IN: &str =
    "mnist, bars-and-stripes, bars-and-stripes:N (side N, 2 to 12), ising";

/// Errors of data sets. Each says where, what was expected, what was found, and what to do.
///
/// Rows and columns count from 1; for CSV the row is the line of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Neither a file nor the name of a built-in data set.
    #[error(
        "`{name}`: no such file or directory, and no built-in data set of that name; give a path or one of {BUILT_IN}"
    )]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// Reading failed.
    #[error("{}: cannot read it: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is not what its name or beginning promises.
    #[error("{}: expected {expected}, found {found}; {advice}", file.display())]
    Format {
        /// The file.
        file: PathBuf,
        /// What the format asks for.
        expected: String,
        /// What is there.
        found: String,
        /// What to do.
        advice: String,
    },
    /// An entry that is neither on nor off.
    #[error("{}: row {row}, column {column} holds {value}; expected {expected}; {advice}", file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// Row, from 1; for CSV the line of the file.
        row: usize,
        /// Column, from 1.
        column: usize,
        /// The entry.
        value: String,
        /// What is taken.
        expected: String,
        /// What to do.
        advice: String,
    },
    /// A row of another length than the first.
    #[error(
        "{}: row {row} has {found} columns, but the rows before it have {expected}; complete it or take it out",
        file.display()
    )]
    Ragged {
        /// The file.
        file: PathBuf,
        /// Row, from 1; for CSV the line of the file.
        row: usize,
        /// Columns of the first row.
        expected: usize,
        /// Columns of this row.
        found: usize,
    },
    /// An item of a Burn data set that is no row.
    #[error("{data}: row {row}: {reason}")]
    Item {
        /// The data set.
        data: String,
        /// The item, from 1.
        row: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Data without rows or without columns.
    #[error("{data} has 0 {what}; expected at least 1; {advice}")]
    Empty {
        /// The file or data set.
        data: String,
        /// `rows` or `columns`.
        what: &'static str,
        /// What to do.
        advice: String,
    },
    /// A setting that cannot be used, by itself or with this data.
    #[error("{data}: {setting} is {found}; expected {expected}")]
    Setting {
        /// The file or data set.
        data: String,
        /// The setting.
        setting: &'static str,
        /// What is taken.
        expected: String,
        /// What was given.
        found: String,
    },
}
