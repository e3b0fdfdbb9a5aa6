//! What readers of files share.

use super::error::DataError;
use std::path::Path;

pub(super) fn read_bytes(file: &Path) -> Result<Vec<u8>, DataError> {
    std::fs::read(file).map_err(|source| DataError::Io {
        file: file.into(),
        source,
    })
}

/// The last part of a path.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}
