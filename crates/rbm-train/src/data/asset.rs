//! The file format of the embedded images.
//!
//! Numbers are little-endian. Byte offsets:
//!
//! ```text
//!  0  magic, the eight bytes RBMBITS1
//!  8  u32  training images T
//! 12  u32  test images S
//! 16  u32  height H
//! 20  u32  width W
//! 24  u32  length A of the deflated pixels
//! 28  u32  length B of the deflated labels
//! 32  pixels, a zlib stream of A bytes
//! 32+A  labels, a zlib stream of B bytes: one byte an image
//! ```
//!
//! The training images come first. The pixels of an image are cut into vertical strips, seven
//! columns wide, the last one narrower if need be; a strip is one byte per row from top to bottom,
//! the leftmost pixel in bit 0. That order, in which a byte resembles the one before it, takes a
//! ninth less room for handwritten digits than rows from left to right.

use super::{BitMatrix, DataError};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use std::io::{Read, Write};

/// The first bytes of a file.
const MAGIC: [u8; 8] = *b"RBMBITS1";

/// Columns of a strip.
const STRIP: usize = 7;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Training images, one per row.
    pub train: BitMatrix,
    /// Test images, one per row.
    pub test: BitMatrix,
    /// A label per training image.
    pub train_labels: Vec<u8>,
    /// A label per test image.
    pub test_labels: Vec<u8>,
    /// Height and width.
    pub shape: (usize, usize),
}

/// The bytes of a file, deflated as far as level 9 goes.
///
/// # Errors
/// [`std::io::Error`] if the parts do not fit together or are too many for the format.
pub fn encode(images: &Images) -> std::io::Result<Vec<u8>> {
    let (height, width) = images.shape;
    let parts = [&images.train, &images.test];
    if parts.iter().any(|part| part.columns() != height * width)
        || images.train_labels.len() != images.train.rows()
        || images.test_labels.len() != images.test.rows()
    {
        return Err(std::io::Error::other(
            "images, shape and labels do not fit together",
        ));
    }
    let strips = width.div_ceil(STRIP);
    let mut pixels = Vec::new();
    for part in parts {
        for row in 0..part.rows() {
            for (strip, y) in (0..strips).flat_map(|s| (0..height).map(move |y| (s, y))) {
                let columns = strip * STRIP..width.min((strip + 1) * STRIP);
                pixels.push(columns.rev().fold(0u8, |byte, x| {
                    byte << 1 | u8::from(part.get(row, y * width + x))
                }));
            }
        }
    }
    let deflate = |bytes: &[u8]| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes)?;
        encoder.finish()
    };
    let pixels = deflate(&pixels)?;
    let labels = deflate(&[&images.train_labels[..], &images.test_labels].concat())?;
    let numbers = [
        images.train.rows(),
        images.test.rows(),
        height,
        width,
        pixels.len(),
        labels.len(),
    ];
    let mut file = MAGIC.to_vec();
    for number in numbers {
        file.extend(
            u32::try_from(number)
                .map_err(std::io::Error::other)?
                .to_le_bytes(),
        );
    }
    file.extend(pixels);
    file.extend(labels);
    Ok(file)
}

/// What a file holds.
///
/// # Errors
/// [`DataError::Format`] where the bytes, said to come from `name`, depart from the format.
///
/// # Examples
/// ```
/// use rbm_train::data::{BitMatrix, asset::{Images, decode, encode}};
/// let images = Images {
///     train: BitMatrix::from_fn(3, 20, |row, pixel| pixel % (row + 2) == 0),
///     test: BitMatrix::from_fn(1, 20, |_, pixel| pixel < 7),
///     train_labels: vec![0, 1, 2],
///     test_labels: vec![3],
///     shape: (2, 10),
/// };
/// let file = encode(&images)?;
/// assert_eq!(decode("mine", &file)?, images);
/// assert!(decode("mine", &file[1..]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode(name: &str, file: &[u8]) -> Result<Images, DataError> {
    let wrong = |expected: &str, found: String| DataError::Format {
        file: name.into(),
        expected: expected.into(),
        found,
        advice: "make it again with the example `embed_mnist`".into(),
    };
    let Some((header, body)) = file.split_at_checked(32) else {
        return Err(wrong(
            "a header of 32 bytes",
            format!("{} bytes", file.len()),
        ));
    };
    if header[..8] != MAGIC {
        return Err(wrong(
            "the magic RBMBITS1",
            format!("{:02x?}", &header[..8]),
        ));
    }
    let (numbers, _) = header[8..].as_chunks::<4>();
    let number = |k: usize| u32::from_le_bytes(numbers[k]) as usize;
    let (train, test, height, width) = (number(0), number(1), number(2), number(3));
    let strips = width.div_ceil(STRIP);
    let size = (strips as u128 * height as u128 * (train + test) as u128).try_into();
    let (Ok(size), Some((pixels, labels))) = (size, body.split_at_checked(number(4))) else {
        return Err(wrong(
            "sizes that fit the file",
            format!("{} bytes", file.len()),
        ));
    };
    if labels.len() != number(5) {
        return Err(wrong(
            &format!("{} bytes of deflated labels", number(5)),
            format!("{}", labels.len()),
        ));
    }
    let inflate = |deflated: &[u8], what: &str, size: usize| {
        let mut bytes = Vec::new();
        let limit = size as u64 + 1;
        match ZlibDecoder::new(deflated)
            .take(limit)
            .read_to_end(&mut bytes)
        {
            Ok(length) if length == size => Ok(bytes),
            Ok(_) => Err(wrong(
                &format!("{size} bytes of {what}"),
                "another number".into(),
            )),
            Err(error) => Err(wrong(&format!("{size} bytes of {what}"), error.to_string())),
        }
    };
    let pixels = inflate(pixels, "pixels", size)?;
    let mut labels = inflate(labels, "labels", train + test)?;
    let test_labels = labels.split_off(train);
    let (first, second) = pixels.split_at(train * strips * height);
    let (Some(train), Some(test)) = (
        unpack(first, train, height, width),
        unpack(second, test, height, width),
    ) else {
        return Err(wrong(
            "pixels inside the images only",
            "pixels outside".into(),
        ));
    };
    Ok(Images {
        train,
        test,
        train_labels: labels,
        test_labels,
        shape: (height, width),
    })
}

/// Rows of pixels from strips.
fn unpack(bytes: &[u8], rows: usize, height: usize, width: usize) -> Option<BitMatrix> {
    let stride = (height * width).div_ceil(64);
    let mut words = vec![0u64; rows * stride];
    let image_bytes = (width.div_ceil(STRIP) * height).max(1);
    for (image, words) in bytes
        .chunks_exact(image_bytes)
        .zip(words.chunks_exact_mut(stride.max(1)))
    {
        for (strip, column) in image.chunks_exact(height).enumerate() {
            let unused = u8::MAX << STRIP.min(width - strip * STRIP);
            for (y, &byte) in column.iter().enumerate() {
                if byte & unused != 0 {
                    return None;
                }
                let at = y * width + strip * STRIP;
                let bits = u64::from(byte);
                words[at / 64] |= bits << (at % 64);
                if at % 64 > 64 - STRIP && at / 64 + 1 < stride {
                    words[at / 64 + 1] |= bits >> (64 - at % 64);
                }
            }
        }
    }
    BitMatrix::from_words(rows, height * width, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(height: usize, width: usize) -> Images {
        let unit = |r: usize, c: usize| (r * 13 + c * c * 7 + c) % 5 < 2;
        Images {
            train: BitMatrix::from_fn(9, height * width, unit),
            test: BitMatrix::from_fn(4, height * width, |r, c| unit(r + 9, c)),
            train_labels: (0..9).collect(),
            test_labels: vec![3, 1, 255, 0],
            shape: (height, width),
        }
    }

    #[test]
    fn images_of_any_width_round_trip() {
        for (height, width) in [(1, 1), (4, 4), (28, 28), (9, 7), (5, 65), (13, 20)] {
            let images = example(height, width);
            let file = encode(&images).unwrap();
            assert_eq!(decode("file", &file).unwrap(), images, "{height}x{width}");
        }
    }

    #[test]
    fn damage_is_refused() {
        let file = encode(&example(8, 9)).unwrap();
        let refused = |bytes: &[u8]| {
            let error = decode("images.bin", bytes).unwrap_err().to_string();
            assert!(
                error.contains("images.bin") && error.contains("embed_mnist"),
                "{error}"
            );
        };
        for length in 0..file.len() {
            refused(&file[..length]);
        }
        refused(&[&file[..], &[0]].concat());
        // Every byte of the header and the checksum of the pixels counts.
        let pixels = u32::from_le_bytes(file[24..28].try_into().unwrap()) as usize;
        for at in (0..32).chain(32 + pixels - 4..32 + pixels) {
            let mut damaged = file.clone();
            damaged[at] ^= 0x10;
            assert!(
                decode("x", &damaged).ok() != decode("x", &file).ok(),
                "byte {at}"
            );
        }
    }

    #[test]
    fn parts_must_fit_together() {
        let mut images = example(4, 4);
        images.test_labels.pop();
        assert!(encode(&images).is_err());
        images = example(4, 4);
        images.shape = (4, 5);
        assert!(encode(&images).is_err());
    }
}
