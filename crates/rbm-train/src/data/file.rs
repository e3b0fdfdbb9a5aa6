//! What readers of files share.

use super::error::DataError;
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::path::Path;

/// Reads a file, unpacked if it is gzipped.
///
/// # Errors
/// [`DataError::Io`], or [`DataError::Format`] for a damaged gzip stream.
pub fn unpacked(file: &Path) -> Result<Vec<u8>, DataError> {
    let bytes = std::fs::read(file).map_err(|source| DataError::Io {
        file: file.into(),
        source,
    })?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    match MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain) {
        Ok(_) => Ok(plain),
        Err(error) => Err(DataError::Format {
            file: file.into(),
            expected: "a complete gzip stream".into(),
            found: format!("{} bytes of it ({error})", bytes.len()),
            advice: "fetch the file again".into(),
        }),
    }
}

/// The last part of a path.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}
