//! Rows of which some units are not known.

use super::DataError;
use super::csv::{MISSING, number, unreadable, with_separator};
use super::file::unpacked;
use super::npy::Array;
use ::csv::{ByteRecord, ReaderBuilder, Trim};
use std::path::Path;

/// Reads rows of 0, 1 and missing values: an npy array `[rows, units]`, or images `[rows, height, width]`, with NaN where a value
/// is missing, or a table of text with an empty field, `nan`, `na` or `?`. A first line without any number is a header.
///
/// # Errors
/// [`DataError`]: a file that cannot be read, other values, rows of different lengths, or none.
pub fn load_partial(file: &Path) -> Result<Vec<Vec<Option<bool>>>, DataError> {
    let content = unpacked(file)?;
    let rows = match content.starts_with(b"\x93NUMPY") {
        true => of_array(file, &content)?,
        false => of_table(file, content)?,
    };
    match rows.first() {
        Some(first) if !first.is_empty() => Ok(rows),
        _ => Err(DataError::Format {
            file: file.into(),
            expected: "rows of 0, 1 and missing values".into(),
            found: "none".into(),
            advice: "give an npy array [rows, units] with NaN, or a table of text with empty fields, where values are missing".into(),
        }),
    }
}

fn of_array(file: &Path, content: &[u8]) -> Result<Vec<Vec<Option<bool>>>, DataError> {
    let array = Array::read(content, content.len() as u64).map_err(|(expected, found)| {
        DataError::Format {
            file: file.into(),
            expected,
            found,
            advice: "write it with numpy.save".into(),
        }
    })?;
    let columns: usize = array.shape().iter().skip(1).product();
    let values: Vec<f64> = array.values().collect();
    let rows = values.chunks(columns.max(1)).enumerate();
    rows.map(|(r, row)| {
        let units = row.iter().enumerate();
        let units =
            units.map(|(c, &x)| unit(x).ok_or_else(|| wrong(file, (r + 1, c), x.to_string())));
        units.collect()
    })
    .collect()
}

fn of_table(file: &Path, content: Vec<u8>) -> Result<Vec<Vec<Option<bool>>>, DataError> {
    let (content, separator) = with_separator(content);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .trim(Trim::All)
        .from_reader(&content[..]);
    let mut rows: Vec<Vec<Option<bool>>> = Vec::new();
    let mut record = ByteRecord::new();
    let mut first = true;
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| unreadable(file, &error))?
    {
        let line = record.position().map_or(0, |at| at.line() as usize);
        let names = record.iter().all(|field| number(field).is_none());
        let missing = record.iter().all(is_missing);
        if std::mem::take(&mut first) && names && !missing {
            continue;
        }
        let mut row = Vec::with_capacity(record.len());
        for (c, field) in record.iter().enumerate() {
            let value = match is_missing(field) {
                true => Some(f64::NAN),
                false => number(field),
            };
            let found = || String::from_utf8_lossy(field).into_owned();
            row.push(
                value
                    .and_then(unit)
                    .ok_or_else(|| wrong(file, (line, c), found()))?,
            );
        }
        if let Some(before) = rows.last().filter(|before| before.len() != row.len()) {
            return Err(DataError::Ragged {
                file: file.into(),
                row: line,
                expected: before.len(),
                found: row.len(),
            });
        }
        rows.push(row);
    }
    Ok(rows)
}

fn is_missing(field: &[u8]) -> bool {
    let text = String::from_utf8_lossy(field).to_ascii_lowercase();
    MISSING.contains(&text.as_str())
}

/// A number as a unit, `Some(None)` where it is missing.
fn unit(value: f64) -> Option<Option<bool>> {
    match value {
        0.0 => Some(Some(false)),
        1.0 => Some(Some(true)),
        value if value.is_nan() => Some(None),
        _ => None,
    }
}

fn wrong(file: &Path, (row, column): (usize, usize), value: String) -> DataError {
    DataError::Value {
        file: file.into(),
        row,
        column: column + 1,
        value,
        expected: "0, 1, or a missing value".into(),
        advice: "make gray values 0 or 1 first; missing ones are NaN in npy, and empty, nan, na or ? in text".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::npy_file;

    fn load(content: &[u8]) -> Result<Vec<Vec<Option<bool>>>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        load_partial(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn tables_and_arrays_say_what_is_missing() {
        let expected = vec![vec![Some(false), None, Some(true)], vec![None, None, None]];
        for text in [
            "0,,1\n,,\n",
            "a,b,c\n0,NaN,1\nna,?,nan\n",
            "0;?;1.0\n?;?;?\n",
            "0 nan 1\n? ? ?\n",
        ] {
            assert_eq!(load(text.as_bytes()), Ok(expected.clone()), "{text}");
        }
        let values = [0.0f32, f32::NAN, 1.0, f32::NAN, f32::NAN, f32::NAN];
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(load(&npy_file("<f4", &[2, 3], &bytes)), Ok(expected));
    }

    #[test]
    fn other_values_are_refused_where_they_are() {
        let error = load(b"0,1\n1,0.5\n").unwrap_err();
        assert!(error.contains("row 2, column 2 holds 0.5"), "{error}");
        assert!(
            load(b"0,1\n1\n")
                .unwrap_err()
                .contains("row 2 has 1 columns")
        );
        // An array of no axes is one value.
        assert_eq!(
            load(&npy_file("|u1", &[], &[1])),
            Ok(vec![vec![Some(true)]])
        );
        assert!(load(b"").unwrap_err().contains("rows of 0, 1 and missing"));
        assert!(
            load(&npy_file("|u1", &[1, 2], &[0, 7]))
                .unwrap_err()
                .contains("holds 7")
        );
    }
}
