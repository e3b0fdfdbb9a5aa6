//! Tables of numbers as comma-separated text.

use super::file::{file_name, read_bytes};
use super::format::Format;
use super::units::{Rule, value_rule};
use super::{BinaryDataset, BitMatrix, DataError};
use ::csv::{ByteRecord, ReaderBuilder, Trim};
use std::path::Path;

pub(super) const FORMAT: Format = Format {
    extensions: &["csv"],
    load,
};

/// Reads a table, a row of data per line.
///
/// The first line is a header if none of its fields is a number. A column that the header calls
/// `label` is taken as labels, integers from 0 to 255. All other fields are numbers: 0 and 1
/// without a threshold, on where value >= `threshold` with one. Blank lines are skipped.
fn load(file: &Path, threshold: Option<f64>) -> Result<BinaryDataset, DataError> {
    let rule = value_rule(file, threshold)?;
    let content = read_bytes(file)?;
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(&content[..]);
    let mut record = ByteRecord::new();
    let mut table = Table {
        file,
        rule,
        fields: 0,
        label: None,
        units: BitMatrix::zeros(0, 0),
        labels: Vec::new(),
    };
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| unreadable(file, &error))?
    {
        let line = record
            .position()
            .map_or(0, |position| line_of(&content, position));
        if table.fields == 0 {
            table.start(&record);
            if record.iter().all(|field| number(field).is_none()) {
                continue;
            }
            table.label = None;
            table.units = BitMatrix::zeros(0, table.fields);
        }
        table.push(line, &record)?;
    }
    let labeled = table.label.is_some();
    Ok(BinaryDataset {
        name: file_name(file),
        test: BitMatrix::zeros(0, table.units.columns()),
        train: table.units,
        train_labels: labeled.then_some(table.labels),
        test_labels: None,
        image_shape: None,
        provenance: format!("CSV {}; {}", file.display(), rule.describe()),
    })
}

/// The line of the record that was looked for from `position` on: blank lines come before it.
fn line_of(content: &[u8], position: &::csv::Position) -> usize {
    let rest = content.get(position.byte() as usize..).unwrap_or_default();
    let blank = rest
        .iter()
        .take_while(|&byte| matches!(byte, b'\r' | b'\n'));
    position.line() as usize + blank.filter(|&&byte| byte == b'\n').count()
}

fn number(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn unreadable(file: &Path, error: &::csv::Error) -> DataError {
    DataError::Format {
        file: file.into(),
        expected: "comma-separated text".into(),
        found: error.to_string(),
        advice: "write the table as CSV".into(),
    }
}

/// What has been read so far.
struct Table<'a> {
    file: &'a Path,
    rule: Rule,
    /// Fields a line, 0 before the first.
    fields: usize,
    /// Which field is the label.
    label: Option<usize>,
    units: BitMatrix,
    labels: Vec<u8>,
}

impl Table<'_> {
    /// Takes the number of fields from the first line, and its names as if it were a header.
    fn start(&mut self, first: &ByteRecord) {
        self.fields = first.len();
        self.label = first
            .iter()
            .position(|name| name.eq_ignore_ascii_case(b"label"));
        self.units = BitMatrix::zeros(0, self.fields - usize::from(self.label.is_some()));
    }

    fn push(&mut self, line: usize, record: &ByteRecord) -> Result<(), DataError> {
        if record.len() != self.fields {
            return Err(DataError::Ragged {
                file: self.file.into(),
                row: line,
                expected: self.fields,
                found: record.len(),
            });
        }
        let mut units = Vec::with_capacity(self.fields);
        for (c, field) in record.iter().enumerate() {
            let refused = |expected: &str, advice: &str| DataError::Value {
                file: self.file.into(),
                row: line,
                column: c + 1,
                value: format!("`{}`", String::from_utf8_lossy(field)),
                expected: expected.into(),
                advice: advice.into(),
            };
            let value = number(field).ok_or_else(|| {
                refused(
                    "a number",
                    "separate numbers by commas; a header may be the first line only, without numbers",
                )
            })?;
            if self.label != Some(c) {
                units.push(self.rule.unit(self.file, line, c + 1, value)?);
            } else if value.fract() == 0.0 && (0.0..=255.0).contains(&value) {
                self.labels.push(value as u8);
            } else {
                return Err(refused(
                    "a label, an integer from 0 to 255",
                    "number the classes, or give the column another name",
                ));
            }
        }
        self.units.push_row(units);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::tempdir;

    fn read(content: &[u8], threshold: Option<f64>) -> Result<BinaryDataset, DataError> {
        let dir = tempdir().unwrap();
        let file = dir.path().join("table.csv");
        std::fs::write(&file, content).unwrap();
        load(&file, threshold)
    }

    fn refusal(content: &str) -> String {
        read(content.as_bytes(), None).unwrap_err().to_string()
    }

    fn rows(units: &[[u8; 3]]) -> BitMatrix {
        BitMatrix::from_fn(units.len(), 3, |r, c| units[r][c] == 1)
    }

    #[test]
    fn tables_with_and_without_header() {
        let expected = rows(&[[0, 1, 1], [1, 0, 0], [1, 0, 0]]);
        for content in [
            "0,1,1\n1,0,0\n1,0,0\n",
            "0, 1 ,1.0\r\n1,0,0\r\n\r\n1,0,-0",
            "a,b,c\n0,1,1\n1,0,0\n1,0,0\n",
            "\u{feff}\"a, b\",b,\n0,1,1\n1,0,0\n\"1\",0,0\n",
        ] {
            let data = read(content.as_bytes(), None).unwrap();
            assert_eq!(data.train, expected, "{content:?}");
            assert!(data.test.is_empty() && data.test.columns() == 3);
            assert_eq!((data.train_labels, data.image_shape), (None, None));
        }
    }

    #[test]
    fn thresholds_are_values() {
        let content = b"-1,1,1\n1,-1,0.25\n";
        let spins = read(content, Some(0.0)).unwrap();
        assert_eq!(spins.train, rows(&[[0, 1, 1], [1, 0, 1]]));
        let gray = read(b"0,127,128\n255,3,200\n", Some(128.0)).unwrap();
        assert_eq!(gray.train, rows(&[[0, 0, 1], [1, 0, 1]]));
        assert!(gray.provenance.contains(">= 128"), "{}", gray.provenance);
        assert!(read(content, Some(f64::INFINITY)).is_err());
    }

    #[test]
    fn a_column_called_label_holds_labels() {
        let data = read(b"x,Label,y,z\n0,7,1,1\n1,0,0,0\n", None).unwrap();
        assert_eq!(data.train, rows(&[[0, 1, 1], [1, 0, 0]]));
        assert_eq!(data.train_labels, Some(vec![7, 0]));
        for label in ["256", "-1", "2.5", "nan"] {
            let error = refusal(&format!("label,x\n3,1\n{label},0\n"));
            assert!(
                error.contains("row 3, column 1") && error.contains(label),
                "{error}"
            );
        }
    }

    #[test]
    fn refused_tables() {
        for (content, parts) in [
            (
                "0,1,1\n1,zero,0\n",
                &["table.csv", "row 2, column 2", "`zero`", "a number"][..],
            ),
            ("0,1\n\n1,\n", &["row 3, column 2", "``"]),
            ("0,1\r\n\r\n\r\n1,x\r\n", &["row 4, column 2", "`x`"]),
            ("0,1\r\n1,1\r\nx,1\r\n", &["row 3, column 1", "`x`"]),
            ("0,x,1\n1,0,0\n", &["row 1, column 2", "`x`", "header"]),
            ("a,b\n0,1\nc,d\n", &["row 3, column 1", "`c`"]),
            ("0;1\n1;0\n", &["row 2", "`1;0`", "commas"]),
            ("0,1,1\n1,0\n", &["row 2 has 2 columns", "have 3"]),
            ("a,b\n0,1,1\n", &["row 2 has 3 columns", "have 2"]),
            (
                "0,1,1\n1,0,7\n",
                &["row 2, column 3", "7", "0 or 1", "--threshold"],
            ),
            ("0,1\n1,0.5\n", &["row 2, column 2", "0.5"]),
            ("1,-1\n", &["row 1, column 2", "-1", "--threshold 0"]),
            ("0,NaN\n", &["row 1, column 2", "NaN", "finite"]),
            ("0,1e999\n", &["row 1, column 2", "inf", "finite"]),
        ] {
            let error = refusal(content);
            for part in parts {
                assert!(error.contains(part), "{content:?}: {error}");
            }
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = load(Path::new("nowhere/table.csv"), None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("nowhere/table.csv"), "{error}");
    }
}
