//! Training and test rows with what is known about them.

use super::{BitMatrix, DataError};
use sha2::{Digest, Sha256};

/// Binary data for training and testing.
///
/// # Examples
/// ```
/// use rbm_train::data::{BinaryDataset, split};
/// let rows = [[true, false], [false, true], [true, true], [false, false]];
/// let data = BinaryDataset::from_rows("mine", &rows)?;
/// // The digest is of the rows alone.
/// let renamed = BinaryDataset { name: "other".into(), ..data.clone() };
/// assert_eq!(renamed.digest(), data.digest());
/// // Models are compared with the training rows where no others are held out.
/// assert_eq!(data.held_out().0.rows(), 4);
/// assert_eq!(split(data, 0.25, 1)?.held_out().0.rows(), 1);
/// # Ok::<(), rbm_train::data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryDataset {
    /// Name of a built-in set, or file name.
    pub name: String,
    /// Rows to train on; at least one.
    pub train: BitMatrix,
    /// Rows to test on; none if there are none.
    pub test: BitMatrix,
    /// A label per training row, where the data has them.
    pub train_labels: Option<Vec<u8>>,
    /// A label per test row, where the data has them.
    pub test_labels: Option<Vec<u8>>,
    /// Height and width where a row is an image; column `y * width + x` is the pixel at (x, y).
    pub image_shape: Option<(usize, usize)>,
    /// Where the data comes from, its license where known, and what was done to it.
    pub provenance: String,
}

impl BinaryDataset {
    /// Rows to train on, given in memory; none are held out.
    ///
    /// ```
    /// use rbm_train::data::BinaryDataset;
    ///
    /// let data = BinaryDataset::from_rows("mine", &[[true, false, true], [false, false, true]])?;
    /// assert_eq!(data.train.column_means(), [0.5, 0.0, 1.0]);
    /// # Ok::<(), rbm_train::data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::Empty`] without rows or columns, [`DataError::Ragged`] at the first row whose
    /// length differs from that of the first.
    pub fn from_rows<R: AsRef<[bool]>>(name: &str, rows: &[R]) -> Result<Self, DataError> {
        let columns = rows.first().map_or(0, |row| row.as_ref().len());
        if let Some(r) = rows.iter().position(|row| row.as_ref().len() != columns) {
            return Err(DataError::Ragged {
                file: name.into(),
                row: r + 1,
                expected: columns,
                found: rows[r].as_ref().len(),
            });
        }
        let data = Self {
            name: name.into(),
            train: BitMatrix::from_fn(rows.len(), columns, |r, c| rows[r].as_ref()[c]),
            test: BitMatrix::zeros(0, columns),
            train_labels: None,
            test_labels: None,
            image_shape: None,
            provenance: "rows given in memory".into(),
        };
        data.check_not_empty(name, "give rows with units")?;
        Ok(data)
    }

    /// SHA-256 of the rows in hexadecimal, independent of names, labels and provenance.
    ///
    /// Hashed are, all as little-endian 64-bit words: the number of columns, the number of
    /// training rows and their words, the number of test rows and their words.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update((self.train.columns() as u64).to_le_bytes());
        for part in [&self.train, &self.test] {
            hasher.update((part.rows() as u64).to_le_bytes());
            for chunk in part.words().chunks(512) {
                let bytes: Vec<u8> = chunk.iter().flat_map(|word| word.to_le_bytes()).collect();
                hasher.update(bytes);
            }
        }
        hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The rows that models are compared with, and their labels: the test rows, or the training rows where there
    /// are none.
    #[must_use]
    pub fn held_out(&self) -> (&BitMatrix, Option<&[u8]>) {
        match self.test.rows() {
            0 => (&self.train, self.train_labels.as_deref()),
            _ => (&self.test, self.test_labels.as_deref()),
        }
    }

    /// Whether there is something to train on.
    pub(crate) fn check_not_empty(&self, source: &str, advice: &str) -> Result<(), DataError> {
        for (what, count) in [
            ("rows", self.train.rows()),
            ("columns", self.train.columns()),
        ] {
            if count == 0 {
                return Err(DataError::Empty {
                    data: source.into(),
                    what,
                    advice: advice.into(),
                });
            }
        }
        Ok(())
    }

    /// The same data with some training and some test rows only, in the given order.
    pub(super) fn select(self, train: &[u32], test: &[u32]) -> Self {
        let labels = |labels: Option<Vec<u8>>, rows: &[u32]| {
            labels.map(|all| rows.iter().map(|&row| all[row as usize]).collect())
        };
        Self {
            train_labels: labels(self.train_labels, train),
            test_labels: labels(self.test_labels, test),
            train: self.train.select(train),
            test: self.test.select(test),
            ..self
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Three training rows with labels and two test rows, of 7 x 10 units.
    pub(crate) fn example() -> BinaryDataset {
        BinaryDataset {
            name: "example".into(),
            train: BitMatrix::from_fn(3, 70, |r, c| c % 3 == r),
            test: BitMatrix::from_fn(2, 70, |r, c| c / 35 == r),
            train_labels: Some(vec![7, 8, 9]),
            test_labels: None,
            image_shape: Some((7, 10)),
            provenance: "made here".into(),
        }
    }

    #[test]
    fn rows_must_agree_and_exist() {
        let error = |rows: &[Vec<bool>]| BinaryDataset::from_rows("mine", rows).unwrap_err();
        let empty = |error| match error {
            DataError::Empty { what, .. } => what,
            other => panic!("{other}"),
        };
        assert_eq!(empty(error(&[])), "rows");
        assert_eq!(empty(error(&[vec![], vec![]])), "columns");
        let ragged = error(&[vec![true, false], vec![true]]);
        assert!(
            matches!(
                &ragged,
                DataError::Ragged {
                    row: 2,
                    expected: 2,
                    found: 1,
                    ..
                }
            ),
            "{ragged}"
        );
    }

    #[test]
    fn digest_is_of_the_rows_alone() {
        let data = example();
        let small = BinaryDataset {
            train: BitMatrix::from_fn(1, 2, |_, c| c == 0),
            test: BitMatrix::zeros(0, 2),
            ..data.clone()
        };
        assert_eq!(small.digest(), SMALL_DIGEST);
        let renamed = BinaryDataset {
            name: "other".into(),
            train_labels: None,
            provenance: String::new(),
            ..data.clone()
        };
        assert_eq!(renamed.digest(), data.digest());
        let exchanged = BinaryDataset {
            train: data.test.clone(),
            test: data.train.clone(),
            ..data.clone()
        };
        assert_ne!(exchanged.digest(), data.digest());
        // The same words as rows of 70 and of 71 columns are different data.
        let wider = BinaryDataset {
            train: BitMatrix::from_fn(3, 71, |r, c| c < 70 && c % 3 == r),
            test: BitMatrix::from_fn(2, 71, |r, c| c < 70 && c / 35 == r),
            ..data.clone()
        };
        assert_eq!(wider.train.words(), data.train.words());
        assert_ne!(wider.digest(), data.digest());
    }

    /// `perl -e 'print pack("Q<4", 2, 1, 1, 0)' | sha256sum`
    const SMALL_DIGEST: &str = "a33f2f050c810ebe7f7aa181a8eb9f26893eec8c06fc521973d55c83beb2e17c";

    #[test]
    fn rows_and_labels_are_selected_together() {
        let data = example().select(&[2, 0], &[1]);
        assert_eq!(data.train_labels, Some(vec![9, 7]));
        assert_eq!(data.train, example().train.select(&[2, 0]));
        assert_eq!((data.test.rows(), data.test_labels), (1, None));
    }
}
