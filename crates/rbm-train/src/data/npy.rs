//! NumPy arrays: `.npy`, and `.npz` with several of them.

use super::units::{Rule, byte_rule, value_rule};
use super::{BinaryDataset, BinaryMatrix, DataError, file_name, read_bytes};
use ndarray::ArrayD;
use ndarray_npy::{NpzReader, ReadNpyError, ReadNpyExt, ReadNpzError};
use std::io::Cursor;
use std::path::Path;

/// Names of the training array in an `.npz` file, the first present one is taken; with `test` for
/// `train` they name the test array. Without any of them the first array is the data.
const DATA: [&str; 4] = ["train", "x_train", "train_images", "train_x"];
/// Names of the labels.
const LABELS: [&str; 4] = ["train_labels", "y_train", "train_y", "labels"];

/// Element types, in the order they are tried.
enum Array {
    Bool(ArrayD<bool>),
    U8(ArrayD<u8>),
    I8(ArrayD<i8>),
    I32(ArrayD<i32>),
    I64(ArrayD<i64>),
    F32(ArrayD<f32>),
    F64(ArrayD<f64>),
}

/// Tries one element type after the other; `None` if the array has another one. `$read` is an
/// expression for a `Result<ArrayD<_>, ReadNpyError>`.
macro_rules! of_any_type {
    ($read:expr) => {
        of_any_type!($read, Bool, U8, I8, I32, I64, F32, F64)
    };
    ($read:expr, $($variant:ident),*) => {{
        $(
            match $read {
                Ok(array) => return Ok(Some(Array::$variant(array))),
                Err(ReadNpyError::WrongDescriptor(_)) => {}
                Err(error) => return Err(error.to_string()),
            }
        )*
        Ok(None)
    }};
}

/// Evaluates `$body` with `$array` bound to the array and `$value` to what makes an f64 of an
/// element.
macro_rules! with_values {
    ($self:expr, $array:ident, $value:ident, $body:expr) => {
        match $self {
            Array::Bool($array) => {
                let $value = |&x: &bool| f64::from(u8::from(x));
                $body
            }
            Array::U8($array) => {
                let $value = |&x: &u8| f64::from(x);
                $body
            }
            Array::I8($array) => {
                let $value = |&x: &i8| f64::from(x);
                $body
            }
            Array::I32($array) => {
                let $value = |&x: &i32| f64::from(x);
                $body
            }
            Array::I64($array) => {
                let $value = |&x: &i64| x as f64;
                $body
            }
            Array::F32($array) => {
                let $value = |&x: &f32| f64::from(x);
                $body
            }
            Array::F64($array) => {
                let $value = |&x: &f64| x;
                $body
            }
        }
    };
}

impl Array {
    fn shape(&self) -> &[usize] {
        with_values!(self, array, _value, array.shape())
    }

    /// The elements in row-major order.
    fn values(&self) -> Vec<f64> {
        with_values!(self, array, value, array.iter().map(value).collect())
    }

    /// The largest byte, if these are bytes.
    fn largest_byte(&self) -> Option<u8> {
        match self {
            Self::U8(array) => Some(array.iter().copied().max().unwrap_or(0)),
            _ => None,
        }
    }

    /// Rows of units; further dimensions than the first are one row.
    fn pack(&self, file: &Path, rule: Rule) -> Result<BinaryMatrix, DataError> {
        let columns: usize = self.shape()[1..].iter().product();
        let mut matrix = BinaryMatrix::new(columns);
        let mut row = Vec::with_capacity(columns);
        with_values!(self, array, value, {
            for x in array {
                let at = (matrix.rows() + 1, row.len() + 1);
                row.push(rule.unit(file, at.0, at.1, value(x))?);
                if row.len() == columns {
                    matrix.push_row(row.drain(..));
                }
            }
        });
        Ok(matrix)
    }
}

/// Reads `.npy` and, by its extension, `.npz`.
///
/// Arrays are `[rows, columns]` or `[images, height, width]` of u8, bool, i8, i32, i64, f32 or
/// f64. An `.npz` file may name its arrays `train` and `test` (or `x_train`, `train_images`,
/// `train_x` and so on) and labels `train_labels` and `test_labels` (or `y_train`, `train_y`,
/// `labels` and so on); without these its first array is the data.
///
/// Without a threshold all values must be 0 or 1. With one, bytes are on where
/// value / 255 >= `threshold` (unless they are all 0 or 1), other values where
/// value >= `threshold`.
pub(super) fn load(file: &Path, threshold: Option<f64>) -> Result<BinaryDataset, DataError> {
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
    let train = parts.train.pack(file, rule)?;
    let test = match &parts.test {
        Some(test) => test.pack(file, rule)?,
        None => BinaryMatrix::new(train.columns()),
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

fn known_type(file: &Path, array: Result<Option<Array>, String>) -> Result<Array, DataError> {
    match array {
        Ok(Some(array)) => Ok(array),
        Ok(None) => Err(wrong(
            file,
            "elements of type u8, bool, i8, i32, i64, f32 or f64",
            "another type".into(),
        )),
        Err(reason) => Err(wrong(file, "a complete array", reason)),
    }
}

fn read_npy(file: &Path, content: &[u8]) -> Result<Parts, DataError> {
    // Room for the elements is made before they are read: a damaged header must not ask for
    // more than the file can hold.
    if let Some(count) = promised_elements(content).filter(|&count| count > content.len()) {
        let expected = format!("{count} elements, as its header says");
        return Err(wrong(file, &expected, format!("{} bytes", content.len())));
    }
    let read = || -> Result<Option<Array>, String> { of_any_type!(ArrayD::read_npy(content)) };
    Ok(Parts {
        train: known_type(file, read())?,
        test: None,
        train_labels: None,
        test_labels: None,
    })
}

/// The number of elements by the text of the header, `{..., 'shape': (60000, 784), ...}`, if
/// there is such a text.
fn promised_elements(content: &[u8]) -> Option<usize> {
    let start = String::from_utf8_lossy(&content[..content.len().min(1024)]);
    let (_, rest) = start.split_once("'shape': (")?;
    let (sizes, _) = rest.split_once(')')?;
    let sizes = sizes
        .split(',')
        .filter_map(|size| size.trim().parse::<usize>().ok());
    Some(sizes.fold(1, usize::saturating_mul))
}

fn read_npz(file: &Path, content: Vec<u8>) -> Result<Parts, DataError> {
    let damaged = |error: ReadNpzError| wrong(file, "an archive of arrays", error.to_string());
    let mut reader = NpzReader::new(Cursor::new(content)).map_err(damaged)?;
    let present = reader.names().map_err(damaged)?;
    let mut named = |name: &str| -> Result<Array, DataError> {
        let mut read = || -> Result<Option<Array>, String> {
            of_any_type!(match reader.by_name(name) {
                Err(ReadNpzError::Npy(error)) => Err(error),
                Err(ReadNpzError::Zip(error)) => return Err(error.to_string()),
                Ok(array) => Ok(array),
            })
        };
        known_type(file, read())
    };
    let mut first_of = |names: &[&str], part: &str| {
        let mut names = names.iter().map(|name| name.replace("train", part));
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
        .iter()
        .map(|&x| integer(x).ok_or_else(|| wrong(file, "labels from 0 to 255", x.to_string())))
        .collect()
}

#[cfg(test)]
mod tests;
