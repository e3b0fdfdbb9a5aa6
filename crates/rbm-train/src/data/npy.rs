//! NumPy arrays: `.npy`, and `.npz` with several of them.

mod archive;
mod array;

use super::file::{file_name, unpacked};
use super::format::{Format, ReadOptions};
use super::units::{Range, Rule, byte_rule, value_rule};
use super::{BinaryDataset, BitMatrix, DataError};
use crate::memory::{GIB, available_bytes};
use archive::Archive;
pub(super) use array::Array;
pub(crate) use array::npy_file;
use std::path::Path;

pub(super) const NPY: Format = Format {
    begins: &[b"\x93NUMPY"],
    load: |file, content, options| dataset(file, read_npy(file, &content)?, options),
};

pub(super) const NPZ: Format = Format {
    begins: &[b"PK"],
    load: |file, content, options| {
        let mut archive = Archive::open(file, content)?;
        match archive.sparse()? {
            Some(sparse) => sparse.dataset(file, options),
            None => dataset(file, archive.parts()?, options),
        }
    },
};

/// Refuses rows that the memory does not hold: a compressed file may hold a thousand times its size, and a row takes
/// whole words.
fn check_memory(file: &Path, rows: usize, columns: usize) -> Result<(), DataError> {
    let needed = 8.0 * rows as f64 * columns.div_ceil(64) as f64;
    if let Some(available) = available_bytes().filter(|&available| needed > available) {
        let expected = format!(
            "rows for the {:.1} GiB of memory available",
            available / GIB
        );
        let found = format!("{rows} rows of {columns} units, {:.1} GiB", needed / GIB);
        return Err(wrong(file, &expected, found));
    }
    Ok(())
}

/// Rows of units; further dimensions than the first are one row.
fn pack(file: &Path, array: &Array, rule: Rule) -> Result<BitMatrix, DataError> {
    let shape = array.shape();
    let columns: usize = shape[1..].iter().product();
    check_memory(file, shape[0], columns)?;
    let mut matrix = BitMatrix::zeros(0, columns);
    // Without rows the columns are a promise of the header alone.
    let mut row = Vec::new();
    for x in array.values() {
        let at = (matrix.rows() + 1, row.len() + 1);
        row.push(rule.unit(file, at.0, at.1, x)?);
        if row.len() == columns {
            matrix.push_row(row.drain(..));
        }
    }
    Ok(matrix)
}

/// One array of an npz file by its name, as all of the data.
///
/// # Errors
/// [`DataError`]; a name that is none is answered by those that there are.
pub(super) fn load_array(
    file: &Path,
    name: &str,
    options: &ReadOptions,
) -> Result<BinaryDataset, DataError> {
    let array = Archive::open(file, unpacked(file)?)?.array(name)?;
    dataset(file, Parts::of(array), options)
}

/// Units of arrays `[rows, columns]` or `[images, height, width]` of bool, integers or floats of up to 64 bits; axes of
/// size 1 after the first do not count.
///
/// Without a threshold all values must be 0 or 1. With one, bytes are on where
/// value / 255 >= `threshold` (unless they are all 0 or 1), other values where
/// value >= `threshold`.
fn dataset(file: &Path, parts: Parts, options: &ReadOptions) -> Result<BinaryDataset, DataError> {
    let threshold = options.threshold;
    let all = [Some(&parts.train), parts.test.as_ref()];
    let all = || all.into_iter().flatten();
    for array in all() {
        check_shape(file, array.shape(), parts.train.shape())?;
    }
    let bytes: Option<Vec<u8>> = all().map(Array::largest_byte).collect();
    let rule = match bytes {
        Some(largest) => byte_rule(file, largest.into_iter().max().unwrap_or(0), threshold)?,
        None => {
            let mut range = Range::default();
            all().flat_map(Array::values).for_each(|x| range.add(x));
            range.check(file, threshold)?;
            value_rule(file, threshold)?
        }
    };
    let train = pack(file, &parts.train, rule)?;
    let test = match &parts.test {
        Some(test) => pack(file, test, rule)?,
        None => BitMatrix::zeros(0, train.columns()),
    };
    let labels = |array: Option<Array>, rows| array.map(|a| labels(file, &a, rows)).transpose();
    Ok(BinaryDataset {
        name: file_name(file),
        train_labels: labels(parts.train_labels, train.rows())?,
        test_labels: labels(parts.test_labels, test.rows())?,
        train,
        test,
        image_shape: match parts.train.shape() {
            &[_, height, width] => Some((height, width)),
            _ => None,
        },
        provenance: format!("NumPy {}; {}", file.display(), rule.describe()),
    })
}

/// The arrays of a file.
struct Parts {
    train: Array,
    test: Option<Array>,
    train_labels: Option<Array>,
    test_labels: Option<Array>,
}

impl Parts {
    /// One array, for training.
    fn of(train: Array) -> Self {
        Self {
            train,
            test: None,
            train_labels: None,
            test_labels: None,
        }
    }
}

fn wrong(file: &Path, expected: &str, found: String) -> DataError {
    DataError::Format {
        file: file.into(),
        expected: expected.into(),
        found,
        advice: "save it again with numpy.save or numpy.savez".into(),
    }
}

/// Errors if an array is no table, or its rows differ from those for training.
fn check_shape(file: &Path, shape: &[usize], train: &[usize]) -> Result<(), DataError> {
    if !matches!(shape.len(), 2 | 3) {
        let expected = "an array [rows, columns] or [images, height, width]";
        return Err(wrong(file, expected, format!("shape {shape:?}")));
    }
    if shape[1..] != train[1..] {
        let expected = format!("test rows of shape {:?} as for training", &train[1..]);
        return Err(wrong(file, &expected, format!("{:?}", &shape[1..])));
    }
    Ok(())
}

fn read_npy(file: &Path, content: &[u8]) -> Result<Parts, DataError> {
    let array = Array::read(content, content.len() as u64);
    let array = array.map_err(|(expected, found)| wrong(file, &expected, found))?;
    Ok(Parts::of(array))
}

/// Labels, `[rows]` or `[rows, 1]`, integers from 0 to 255.
fn labels(file: &Path, array: &Array, rows: usize) -> Result<Vec<u8>, DataError> {
    if array.shape() != [rows] && array.shape() != [rows, 1] {
        let expected = format!("{rows} labels, as many as rows");
        return Err(wrong(file, &expected, format!("shape {:?}", array.shape())));
    }
    let integer = |x: f64| (x.fract() == 0.0 && (0.0..=255.0).contains(&x)).then_some(x as u8);
    let values = array.values();
    values
        .map(|x| integer(x).ok_or_else(|| wrong(file, "labels from 0 to 255", x.to_string())))
        .collect()
}

#[cfg(test)]
mod tests;
