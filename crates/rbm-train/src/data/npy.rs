//! NumPy arrays: `.npy`, and `.npz` with several of them.

mod array;

use super::file::{file_name, read_bytes};
use super::format::Format;
use super::units::{Rule, byte_rule, value_rule};
use super::{BinaryDataset, BitMatrix, DataError};
use crate::memory::{GIB, available_bytes};
use array::Array;
pub(crate) use array::npy_file;
use std::io::Cursor;
use std::path::Path;
use zip::ZipArchive;

pub(super) const FORMAT: Format = Format {
    extensions: &["npy", "npz"],
    load,
};

/// Names of the training array in an `.npz` file, the first present one is taken; with `test` for
/// `train` they name the test array. Without any of them the first array is the data.
const DATA: [&str; 4] = ["train", "x_train", "train_images", "train_x"];
/// Names of the labels.
const LABELS: [&str; 4] = ["train_labels", "y_train", "train_y", "labels"];

/// Bytes that so many rows take.
fn bytes(rows: usize, columns: usize) -> f64 {
    8.0 * rows as f64 * columns.div_ceil(64) as f64
}

/// Rows of units; further dimensions than the first are one row.
fn pack(file: &Path, array: &Array, rule: Rule) -> Result<BitMatrix, DataError> {
    let shape = array.shape();
    let columns: usize = shape[1..].iter().product();
    // A compressed file may hold a thousand times its size, and a row takes whole words.
    let needed = bytes(shape[0], columns);
    if let Some(available) = available_bytes().filter(|&available| needed > available) {
        let expected = format!(
            "rows for the {:.1} GiB of memory available",
            available / GIB
        );
        let found = format!(
            "{} rows of {columns} units, {:.1} GiB",
            shape[0],
            needed / GIB
        );
        return Err(wrong(file, &expected, found));
    }
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

/// Reads `.npy` and, by its extension, `.npz`.
///
/// Arrays are `[rows, columns]` or `[images, height, width]` of bool, integers or
/// floats of up to 64 bits. An `.npz` file may name its arrays `train` and `test` (or `x_train`, `train_images`,
/// `train_x` and so on) and labels `train_labels` and `test_labels` (or `y_train`, `train_y`,
/// `labels` and so on); without these its first array is the data.
///
/// Without a threshold all values must be 0 or 1. With one, bytes are on where
/// value / 255 >= `threshold` (unless they are all 0 or 1), other values where
/// value >= `threshold`.
fn load(file: &Path, threshold: Option<f64>) -> Result<BinaryDataset, DataError> {
    let content = read_bytes(file)?;
    let npz = file
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npz"));
    let parts = if npz {
        read_npz(file, content)?
    } else {
        read_npy(file, &content)?
    };
    let all = [Some(&parts.train), parts.test.as_ref()];
    let all = || all.into_iter().flatten();
    for array in all() {
        check_shape(file, array.shape(), parts.train.shape())?;
    }
    let bytes: Option<Vec<u8>> = all().map(Array::largest_byte).collect();
    let rule = match bytes {
        Some(largest) => byte_rule(file, largest.into_iter().max().unwrap_or(0), threshold)?,
        None => value_rule(file, threshold)?,
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
    Ok(Parts {
        train: array.map_err(|(expected, found)| wrong(file, &expected, found))?,
        test: None,
        train_labels: None,
        test_labels: None,
    })
}

fn read_npz(file: &Path, content: Vec<u8>) -> Result<Parts, DataError> {
    let damaged = |reason: String| wrong(file, "an archive of arrays", reason);
    let archive = ZipArchive::new(Cursor::new(content));
    let mut archive = archive.map_err(|error| damaged(error.to_string()))?;
    let present: Vec<String> = archive.file_names().map(String::from).collect();
    let mut named = |name: &str| -> Result<Array, DataError> {
        let member = archive.by_name(name);
        let member = member.map_err(|error| damaged(format!("{name}: {error}")))?;
        let size = member.size();
        let array = Array::read(member, size);
        array.map_err(|(expected, found)| wrong(file, &format!("{name} with {expected}"), found))
    };
    let mut first_of = |names: &[&str], part: &str| {
        let mut names = names
            .iter()
            .map(|name| format!("{}.npy", name.replace("train", part)));
        names
            .find(|name| present.contains(name))
            .map(|name| named(&name))
            .transpose()
    };
    let train = first_of(&DATA, "train")?;
    let test = first_of(&DATA, "test")?;
    let train_labels = first_of(&LABELS, "train")?;
    let test_labels = first_of(&LABELS[..3], "test")?;
    let train = match (train, present.first()) {
        (Some(array), _) => array,
        (None, Some(name)) => named(name)?,
        (None, None) => return Err(wrong(file, "at least one array", "none".into())),
    };
    Ok(Parts {
        train,
        test,
        train_labels,
        test_labels,
    })
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
