//! An npz file: an archive of arrays by name.

use super::array::Array;
use super::{Parts, check_memory, wrong};
use crate::data::file::file_name;
use crate::data::format::ReadOptions;
use crate::data::units::value_rule;
use crate::data::{BinaryDataset, BitMatrix, DataError};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;
use zip::ZipArchive;

/// Names of training rows, in small letters and without `_` and `-`; with `test` for `train` those of test rows.
const TRAIN: [&str; 7] = [
    "train",
    "xtrain",
    "trainx",
    "trainimages",
    "imagestrain",
    "traindata",
    "datatrain",
];
/// Names of their labels.
const LABELS: [&str; 6] = [
    "trainlabels",
    "labelstrain",
    "trainlabel",
    "ytrain",
    "trainy",
    "targetstrain",
];
/// Names of labels where there is one set of rows only.
const ONLY_LABELS: [&str; 6] = ["labels", "label", "y", "target", "targets", "class"];

/// The arrays of a file.
pub(super) struct Archive<'a> {
    file: &'a Path,
    archive: ZipArchive<Cursor<Vec<u8>>>,
    names: Vec<String>,
}

impl<'a> Archive<'a> {
    pub(super) fn open(file: &'a Path, content: Vec<u8>) -> Result<Self, DataError> {
        let archive = ZipArchive::new(Cursor::new(content))
            .map_err(|error| wrong(file, "an archive of arrays", error.to_string()))?;
        let names = archive.file_names();
        let names = names.map(|name| name.strip_suffix(".npy").unwrap_or(name).to_owned());
        Ok(Self {
            file,
            names: names.collect(),
            archive,
        })
    }

    /// The bytes of an array's file, and their number.
    fn member(&mut self, name: &str) -> Result<(impl Read, u64), DataError> {
        let damaged = |error: zip::result::ZipError| {
            wrong(
                self.file,
                "an archive of arrays",
                format!("{name}: {error}"),
            )
        };
        let member = self
            .archive
            .by_name(&format!("{name}.npy"))
            .map_err(damaged)?;
        let size = member.size();
        Ok((member, size))
    }

    /// The array of exactly this name.
    pub(super) fn array(&mut self, name: &str) -> Result<Array, DataError> {
        if !self.names.iter().any(|other| other == name) {
            let list = self.list();
            return Err(wrong(self.file, &format!("an array `{name}`"), list));
        }
        let file = self.file;
        let (member, size) = self.member(name)?;
        let array = Array::read(member, size);
        array.map_err(|(expected, found)| wrong(file, &format!("{name} with {expected}"), found))
    }

    /// All arrays with their shapes, for messages.
    fn list(&mut self) -> String {
        let names = self.names.clone();
        let described = names.iter().map(|name| {
            let shape = self
                .member(name)
                .ok()
                .and_then(|(member, size)| Array::read(member, size).ok());
            match shape {
                Some(array) => format!("{name} {:?}", array.shape()),
                None => format!("{name} (no numbers)"),
            }
        });
        match names.is_empty() {
            true => "no array".into(),
            false => described.collect::<Vec<_>>().join(", "),
        }
    }

    /// Training and test rows with their labels, by their names; an array alone is the data whatever it is called.
    ///
    /// # Errors
    /// [`DataError`] where the names do not say which array holds the training rows.
    pub(super) fn parts(&mut self) -> Result<Parts, DataError> {
        let of = |names: &[String], known: &[&str], part: &str| -> Option<String> {
            let known = |name: &&String| {
                let plain = name.to_lowercase().replace(['_', '-'], "");
                known
                    .iter()
                    .any(|known| plain == known.replace("train", part))
            };
            names.iter().find(known).cloned()
        };
        let names = self.names.clone();
        let train = of(&names, &TRAIN, "train");
        let test = of(&names, &TRAIN, "test");
        let mut train_labels = of(&names, &LABELS, "train");
        let test_labels = of(&names, &LABELS, "test");
        if train_labels.is_none() && test_labels.is_none() {
            train_labels = of(&names, &ONLY_LABELS, "train");
        }
        let (train, test) = match (train, names.as_slice()) {
            (Some(train), _) => (train, test),
            (None, [only]) => (only.clone(), None),
            (None, _) => {
                let taken = [&test, &train_labels, &test_labels];
                let left = names
                    .iter()
                    .filter(|name| !taken.iter().any(|other| other.as_ref() == Some(*name)));
                match (left.collect::<Vec<_>>().as_slice(), test) {
                    ([only], test) => ((*only).clone(), test),
                    _ => {
                        let list = self.list();
                        return Err(DataError::Format {
                            file: self.file.into(),
                            expected: "arrays called train and, as the case may be, test, train_labels, test_labels \
                                       (or X_train, y_train and so on)"
                                .into(),
                            found: list,
                            advice: format!("choose one: {}:ARRAY", self.file.display()),
                        });
                    }
                }
            }
        };
        let mut read = |name: Option<String>| name.map(|name| self.array(&name)).transpose();
        Ok(Parts {
            test: read(test)?,
            train_labels: read(train_labels)?,
            test_labels: read(test_labels)?,
            train: self.array(&train)?,
        })
    }

    /// The matrix of a file of `scipy.sparse.save_npz`, where it is one.
    pub(super) fn sparse(&mut self) -> Result<Option<Sparse>, DataError> {
        let has = |name: &str| self.names.iter().any(|other| other == name);
        if !["indices", "indptr", "format", "shape", "data"]
            .into_iter()
            .all(has)
        {
            return Ok(None);
        }
        let file = self.file;
        let cannot = |error: std::io::Error| wrong(file, "an archive of arrays", error.to_string());
        let mut format = Vec::new();
        // The header and three letters.
        let (member, _) = self.member("format")?;
        member
            .take(1 << 12)
            .read_to_end(&mut format)
            .map_err(cannot)?;
        let format = String::from_utf8_lossy(&format)
            .trim_end_matches('\0')
            .to_owned();
        let by_rows = match [format.ends_with("csr"), format.ends_with("csc")] {
            [true, _] => true,
            [_, true] => false,
            _ => {
                let expected = "a sparse matrix of format csr or csc";
                return Err(wrong(file, expected, "another one".into()));
            }
        };
        let mut counts = |name: &str| -> Result<Vec<usize>, DataError> {
            let array = self.array(name)?;
            let whole = |x: f64| (x >= 0.0 && x.fract() == 0.0).then_some(x as usize);
            array
                .values()
                .map(|x| {
                    whole(x).ok_or_else(|| {
                        wrong(file, &format!("{name} of whole numbers"), x.to_string())
                    })
                })
                .collect()
        };
        let (shape, starts, indices) = (counts("shape")?, counts("indptr")?, counts("indices")?);
        let values: Vec<f64> = self.array("data")?.values().collect();
        let &[rows, columns] = shape.as_slice() else {
            return Err(wrong(file, "a matrix of two sizes", format!("{shape:?}")));
        };
        let (lines, places) = if by_rows {
            (rows, columns)
        } else {
            (columns, rows)
        };
        let fits = starts.len().checked_sub(1) == Some(lines)
            && starts.first() == Some(&0)
            && starts.last() == Some(&indices.len())
            && starts.windows(2).all(|pair| pair[0] <= pair[1])
            && indices.len() == values.len()
            && indices.iter().all(|&index| index < places);
        match fits {
            true => Ok(Some(Sparse {
                by_rows,
                rows,
                columns,
                starts,
                indices,
                values,
            })),
            false => Err(wrong(
                file,
                "indptr, indices and data of the shape",
                "others".into(),
            )),
        }
    }
}

/// A sparse matrix by rows or by columns.
pub(super) struct Sparse {
    by_rows: bool,
    rows: usize,
    columns: usize,
    /// Where each row, or column, begins among the entries.
    starts: Vec<usize>,
    indices: Vec<usize>,
    values: Vec<f64>,
}

impl Sparse {
    /// Its units; entries that are not there are 0.
    pub(super) fn dataset(
        &self,
        file: &Path,
        options: &ReadOptions,
    ) -> Result<BinaryDataset, DataError> {
        let rule = value_rule(file, options.threshold)?;
        let rest = rule.unit(file, 1, 1, 0.0)?;
        let (lines, places) = match self.by_rows {
            true => (self.rows, self.columns),
            false => (self.columns, self.rows),
        };
        check_memory(file, self.rows, self.columns)?;
        check_memory(file, lines, places)?;
        let mut units = BitMatrix::zeros(0, places);
        for line in 0..lines {
            let entries = self.starts[line]..self.starts[line + 1];
            let mut row = BTreeMap::new();
            for (&place, &value) in self.indices[entries.clone()]
                .iter()
                .zip(&self.values[entries])
            {
                let (r, c) = match self.by_rows {
                    true => (line, place),
                    false => (place, line),
                };
                row.insert(place, rule.unit(file, r + 1, c + 1, value)?);
            }
            units.push_row((0..places).map(|place| row.get(&place).copied().unwrap_or(rest)));
        }
        if !self.by_rows {
            units = units.transposed();
        }
        Ok(BinaryDataset {
            name: file_name(file),
            test: BitMatrix::zeros(0, self.columns),
            train: units,
            train_labels: None,
            test_labels: None,
            image_shape: None,
            provenance: format!(
                "SciPy sparse matrix {}; {}",
                file.display(),
                rule.describe()
            ),
        })
    }
}
