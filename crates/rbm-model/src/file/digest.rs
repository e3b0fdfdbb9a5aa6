//! The digest that a container holds of itself.
//!
//! The metadata entry `sha256` is the SHA-256 of the whole file with 64 zeros in its place: a changed byte anywhere, in a
//! tensor or in the header, is seen.

use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use std::ops::Range;

/// Key of the metadata entry.
pub(super) const KEY: &str = "sha256";
/// What stands for the digest while it is computed.
pub(super) const UNKNOWN: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Largest header that is believed, in bytes.
const MOST_HEADER: u64 = 100_000_000;

/// Where the digest is in a header, if it has one.
pub(super) fn place(header: &[u8]) -> Option<Range<usize>> {
    // Quotes within names and values are escaped, so that this can only be the entry.
    let key = format!("\"{KEY}\":\"");
    let found = header
        .windows(key.len())
        .position(|w| w == key.as_bytes())?;
    let place = found + key.len()..found + key.len() + UNKNOWN.len();
    let is_digest = header.get(place.clone())?.iter().all(u8::is_ascii_hexdigit);
    (is_digest && header.get(place.end) == Some(&b'"')).then_some(place)
}

/// Passes bytes on and hashes them.
pub(super) struct Hashing<W> {
    to: W,
    hasher: Sha256,
}

impl<W> Hashing<W> {
    pub(super) fn new(to: W) -> Self {
        Self {
            to,
            hasher: Sha256::new(),
        }
    }

    /// Digest of all bytes so far, in hexadecimal.
    pub(super) fn digest(self) -> String {
        let bytes = self.hasher.finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Whether a safetensors file has the digest that it says; `None` where it says none, or is too short for a header.
///
/// Reads the file to its end.
///
/// # Errors
/// What `file` says.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{RbmConfig, file};
/// let mut bytes = file::to_bytes(&RbmConfig::new(3, 2).init(&Device::flex())?)?;
/// assert_eq!(file::digest_holds(&mut bytes.as_slice())?, Some(true));
/// // One bit of the last parameter.
/// *bytes.last_mut().unwrap() ^= 1;
/// assert_eq!(file::digest_holds(&mut bytes.as_slice())?, Some(false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn digest_holds(file: &mut impl Read) -> io::Result<Option<bool>> {
    let mut start = Vec::new();
    file.take(8).read_to_end(&mut start)?;
    let size = <[u8; 8]>::try_from(&start[..]).map(u64::from_le_bytes);
    let mut header = Vec::new();
    file.take(size.unwrap_or(0).min(MOST_HEADER))
        .read_to_end(&mut header)?;
    let Some(place) = place(&header) else {
        return Ok(None);
    };
    let said = String::from_utf8_lossy(&header[place.clone()]).into_owned();
    header[place].copy_from_slice(UNKNOWN.as_bytes());
    let mut hashing = Hashing::new(io::sink());
    hashing.write_all(&start)?;
    hashing.write_all(&header)?;
    io::copy(file, &mut hashing)?;
    Ok(Some(hashing.digest() == said))
}
