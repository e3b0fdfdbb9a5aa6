//! Tables of numbers as text: separated by commas, semicolons, tabs or blanks.

use super::file::file_name;
use super::format::{Format, Header, ReadOptions};
use super::units::{Range, Rule, value_rule};
use super::{BinaryDataset, BitMatrix, DataError};
use ::csv::{ByteRecord, ReaderBuilder, Trim};
use std::path::Path;

pub(super) const FORMAT: Format = Format { begins: &[], load };

/// What stands for a value that is not there.
pub(super) const MISSING: [&str; 7] = ["", "na", "n/a", "nan", "null", "none", "?"];
/// Names of a column that probably holds classes.
const CLASSES: [&str; 5] = ["class", "target", "labels", "y", "digit"];

/// Reads a table, a row of data per line.
///
/// Separators are those of the first line: commas, else semicolons, tabs or blanks. It is a header if none of its
/// fields is a number, and one at least is there. Where it counts from 0 or 1 upwards, header and row are equally likely,
/// and [`Header`] must say which. A column that the header calls `label`, or that is named, is taken as labels, integers
/// from 0 to 255. All other fields are numbers: 0 and 1 without a threshold, on where value >= `threshold` with
/// one. Blank lines are skipped.
fn load(file: &Path, content: Vec<u8>, options: &ReadOptions) -> Result<BinaryDataset, DataError> {
    let rule = value_rule(file, options.threshold)?;
    if content.contains(&0) {
        return Err(DataError::Format {
            file: file.into(),
            expected: "a table of text, or the beginning of an IDX, npy, npz or gzip file".into(),
            found: "bytes of 0".into(),
            advice: "save it in one of these formats".into(),
        });
    }
    let (content, separator) = with_separator(content);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
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
        range: Range::default(),
    };
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| unreadable(file, &error))?
    {
        let line = record
            .position()
            .map_or(0, |position| line_of(&content, position));
        if table.fields == 0 && table.start(line, &record, options)? {
            continue;
        }
        table.push(line, &record)?;
    }
    table.range.check(file, options.threshold)?;
    let labeled = table.label.is_some();
    Ok(BinaryDataset {
        name: file_name(file),
        test: BitMatrix::zeros(0, table.units.columns()),
        train: table.units,
        train_labels: labeled.then_some(table.labels),
        test_labels: None,
        image_shape: None,
        provenance: format!("table {}; {}", file.display(), rule.describe()),
    })
}

/// The content and what separates its fields; runs of blanks become commas.
pub(super) fn with_separator(content: Vec<u8>) -> (Vec<u8>, u8) {
    let mut lines = content.split(|byte| matches!(byte, b'\n' | b'\r'));
    let first = lines
        .find(|line| !line.trim_ascii().is_empty())
        .unwrap_or_default();
    let has = |separator: &&u8| first.contains(separator);
    if let Some(&separator) = [b',', b';', b'\t'].iter().find(has) {
        return (content, separator);
    }
    if !first.trim_ascii().contains(&b' ') {
        return (content, b',');
    }
    let commas = |line: &[u8]| {
        let fields = line.split(u8::is_ascii_whitespace);
        let fields: Vec<&[u8]> = fields.filter(|field| !field.is_empty()).collect();
        fields.join(&b',')
    };
    // Lines end in \n, \r\n or \r alone.
    let lines = content.split(|&byte| byte == b'\n').flat_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.split(|&byte| byte == b'\r')
    });
    (lines.map(commas).collect::<Vec<_>>().join(&b'\n'), b',')
}

/// Whether fields count from 0 or 1 upwards, as the header of a table whose columns have no names does.
fn is_numbering(record: &ByteRecord) -> bool {
    let first = record.get(0).and_then(number);
    let counts = record
        .iter()
        .zip(0u32..)
        .all(|(field, k)| number(field) == first.map(|first| first + f64::from(k)));
    record.len() > 2 && counts && matches!(first, Some(first) if first == 0.0 || first == 1.0)
}

/// The line of the record that was looked for from `position` on: blank lines come before it.
fn line_of(content: &[u8], position: &::csv::Position) -> usize {
    let rest = content.get(position.byte() as usize..).unwrap_or_default();
    let blank = rest
        .iter()
        .take_while(|&byte| matches!(byte, b'\r' | b'\n'));
    position.line() as usize + blank.filter(|&&byte| byte == b'\n').count()
}

pub(super) fn number(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

pub(super) fn unreadable(file: &Path, error: &::csv::Error) -> DataError {
    DataError::Format {
        file: file.into(),
        expected: "a table of text".into(),
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
    range: Range,
}

impl Table<'_> {
    /// Takes the number of fields from the first line, and their names if it is a header; whether it is.
    fn start(
        &mut self,
        line: usize,
        first: &ByteRecord,
        options: &ReadOptions,
    ) -> Result<bool, DataError> {
        self.fields = first.len();
        let names: Vec<String> = first
            .iter()
            .map(|field| String::from_utf8_lossy(field).to_lowercase())
            .collect();
        let refused = |expected: &str, advice: &str| DataError::Value {
            file: self.file.into(),
            row: line,
            column: 1,
            value: format!("`{}`", names.join(",")),
            expected: expected.into(),
            advice: advice.into(),
        };
        let header = match options.header {
            Some(given) => given == Header::Yes,
            None if is_numbering(first) => {
                return Err(refused(
                    "a header or a row, and this may be either",
                    "say which: --header yes or --header no",
                ));
            }
            None if first.iter().any(|field| number(field).is_some()) => false,
            None if names.iter().all(|name| MISSING.contains(&name.as_str())) => {
                return Err(refused(
                    "numbers, or names of columns",
                    "fill in missing values, or take out the row",
                ));
            }
            None => true,
        };
        let named = |name: &str| names.iter().position(|other| header && other == name);
        self.label = match options.label_column.as_deref() {
            None => named("label"),
            Some("last") => self.fields.checked_sub(1),
            Some(column) => {
                let number = column
                    .parse()
                    .ok()
                    .filter(|k| (1..=self.fields).contains(k));
                let found = named(&column.to_lowercase()).or(number.map(|k: usize| k - 1));
                Some(found.ok_or_else(|| DataError::Setting {
                    data: self.file.display().to_string(),
                    setting: "the label column",
                    expected: match header {
                        true => format!("one of {}, its number from 1, or last", names.join(", ")),
                        false => format!("a number from 1 to {}, or last", self.fields),
                    },
                    found: format!("`{column}`"),
                })?)
            }
        };
        if let (None, Some(class)) = (self.label, CLASSES.iter().find_map(|name| named(name))) {
            let name = &names[class];
            tracing::warn!(
                "{}: column `{name}` is taken as a visible unit; --label-column {name} takes it as labels",
                self.file.display()
            );
        }
        self.units = BitMatrix::zeros(0, self.fields - usize::from(self.label.is_some()));
        Ok(header)
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
                let advice = match self.units.rows() {
                    0 => "a first line without any number is a header; if this one is, say --header yes",
                    _ => "fill in missing values, number the classes, or take out the row or column",
                };
                refused("a number", advice)
            })?;
            if self.label != Some(c) {
                self.range.add(value);
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
        let options = ReadOptions {
            threshold,
            ..ReadOptions::default()
        };
        load(&file, content.to_vec(), &options)
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
            ("0;1,0\n1;0\n", &["row 1, column 1", "`0;1`", "a number"]),
            ("NA,NA\n0,1\n", &["row 1", "missing values"]),
            ("0,1,2\n0,1,0\n", &["row 1", "0,1,2", "--header yes"]),
            ("1,2,3,4\n0,1,0,1\n", &["row 1", "--header no"]),
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
    fn separators_are_those_of_the_first_line() {
        let expected = rows(&[[0, 1, 1], [1, 0, 0]]);
        for content in [
            "0 1 1\n1 0 0\n",
            "  0  1   1 \r\n\r\n 1 0 0",
            "0 1 1\r1 0 0\r",
            "0\t1\t1\n1\t0\t0\n",
            "0;1;1\n1;0;0\n",
            "a b c\n0 1 1\n1 0 0\n",
        ] {
            let data = read(content.as_bytes(), None).unwrap();
            assert_eq!(data.train, expected, "{content:?}");
        }
        let error = refusal("0 1\n\n1 x\n");
        assert!(error.contains("row 3, column 2"), "{error}");
        assert_eq!(read(b"0\n1\n", None).unwrap().train.columns(), 1);
        let error = read(&[0xff, 0, 1, 0], None).unwrap_err().to_string();
        assert!(error.contains("npy"), "{error}");
    }

    #[test]
    fn what_is_doubtful_is_said_by_options() {
        let with = |content: &str, header, label_column: Option<&str>| {
            let options = ReadOptions {
                threshold: Some(128.0),
                header,
                label_column: label_column.map(str::to_owned),
            };
            load(
                Path::new("table.csv"),
                content.as_bytes().to_vec(),
                &options,
            )
        };
        let numbered = "0,1,2\n0,200,0\n200,0,200\n";
        let found = |header| with(numbered, Some(header), None).unwrap().train;
        assert_eq!(found(Header::Yes), rows(&[[0, 1, 0], [1, 0, 1]]));
        assert_eq!(found(Header::No), rows(&[[0, 0, 0], [0, 1, 0], [1, 0, 1]]));
        let classes = "a,b,c,Class\n0,200,0,3\n200,0,200,1\n";
        for column in ["class", "4", "last"] {
            let data = with(classes, None, Some(column)).unwrap();
            assert_eq!(data.train, rows(&[[0, 1, 0], [1, 0, 1]]));
            assert_eq!(data.train_labels, Some(vec![3, 1]), "{column}");
        }
        for column in ["d", "0", "5"] {
            let error = with(classes, None, Some(column)).unwrap_err().to_string();
            assert!(
                error.contains("label column") && error.contains("class"),
                "{error}"
            );
        }
        // Whole numbers beyond 1, and a fraction: of the range, or a value?
        let error = read(b"0,3,250\n9,0,8\n", Some(0.5))
            .unwrap_err()
            .to_string();
        assert!(error.contains("0.5") && error.contains("128"), "{error}");
        assert!(read(b"0,3.5,250\n9,0,8\n", Some(0.5)).is_ok());
    }
}
