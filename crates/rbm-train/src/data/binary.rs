//! Rows of bits.

use super::DataError;

/// Binary rows, packed 64 columns to a word.
///
/// Column `c` of row `r` is bit `c % 64` (least significant first) of word `c / 64` of the row;
/// a row takes [`stride`](Self::stride) = ceil(columns / 64) words, and the bits past the last
/// column are 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryMatrix {
    rows: usize,
    columns: usize,
    words: Vec<u64>,
}

/// The eight units of every byte, least significant bit first.
static UNITS_OF_BYTE: [[f32; 8]; 256] = {
    let mut table = [[0.0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            table[byte][bit] = ((byte >> bit) & 1) as f32;
            bit += 1;
        }
        byte += 1;
    }
    table
};

impl BinaryMatrix {
    /// A matrix of `columns` columns without rows.
    #[must_use]
    pub const fn new(columns: usize) -> Self {
        Self {
            rows: 0,
            columns,
            words: Vec::new(),
        }
    }

    /// Bytes that so many rows take.
    pub(crate) fn bytes(rows: usize, columns: usize) -> f64 {
        8.0 * rows as f64 * columns.div_ceil(64) as f64
    }

    /// The matrix whose entry in row `r` and column `c` is `unit(r, c)`; asked for row by row.
    #[must_use]
    pub fn from_fn(
        rows: usize,
        columns: usize,
        mut unit: impl FnMut(usize, usize) -> bool,
    ) -> Self {
        let mut matrix = Self::new(columns);
        for r in 0..rows {
            matrix.push_row((0..columns).map(|c| unit(r, c)));
        }
        matrix
    }

    /// Packs rows of equal length.
    ///
    /// # Errors
    /// [`DataError::Empty`] without rows or columns, [`DataError::Ragged`] at the first row whose
    /// length differs from that of the first.
    pub fn from_rows<R: AsRef<[bool]>>(rows: &[R]) -> Result<Self, DataError> {
        let columns = rows.first().map_or(0, |row| row.as_ref().len());
        for (what, count) in [("rows", rows.len()), ("columns", columns)] {
            if count == 0 {
                return Err(DataError::Empty {
                    data: IN_MEMORY.into(),
                    what,
                    advice: "give rows with units".into(),
                });
            }
        }
        if let Some(r) = rows.iter().position(|row| row.as_ref().len() != columns) {
            return Err(DataError::Ragged {
                file: IN_MEMORY.into(),
                row: r + 1,
                expected: columns,
                found: rows[r].as_ref().len(),
            });
        }
        Ok(Self::from_fn(rows.len(), columns, |r, c| {
            rows[r].as_ref()[c]
        }))
    }

    /// Takes rows that are packed already; `None` if the number of words is not `rows * stride`,
    /// or a bit past the last column is on.
    pub(crate) fn from_words(rows: usize, columns: usize, words: Vec<u64>) -> Option<Self> {
        let matrix = Self {
            rows,
            columns,
            words,
        };
        let padding = match columns % 64 {
            0 => 0,
            used => u64::MAX << used,
        };
        let stride = matrix.stride();
        let clean = |row: &[u64]| row.last().is_none_or(|last| last & padding == 0);
        (rows.checked_mul(stride) == Some(matrix.words.len())
            && matrix.words.chunks_exact(stride.max(1)).all(clean))
        .then_some(matrix)
    }

    /// Appends a row; entries past the last column are ignored, missing ones are off.
    pub(crate) fn push_row(&mut self, units: impl IntoIterator<Item = bool>) {
        let start = self.words.len();
        self.words.resize(start + self.stride(), 0);
        for (c, unit) in units.into_iter().take(self.columns).enumerate() {
            self.words[start + c / 64] |= u64::from(unit) << (c % 64);
        }
        self.rows += 1;
    }

    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Words a row takes, ceil(columns / 64).
    #[must_use]
    pub const fn stride(&self) -> usize {
        self.columns.div_ceil(64)
    }

    /// Whether there are no rows.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// All words, row after row.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The words of a row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row_words(&self, row: usize) -> &[u64] {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        &self.words[row * self.stride()..][..self.stride()]
    }

    /// One entry.
    ///
    /// # Panics
    /// If there is no such row or column.
    #[must_use]
    pub fn get(&self, row: usize, column: usize) -> bool {
        assert!(column < self.columns, "column {column} of {}", self.columns);
        self.row_words(row)[column / 64] >> (column % 64) & 1 == 1
    }

    /// The fraction of rows in which each column is on, shape `[columns]`; NaN without rows.
    #[must_use]
    pub fn column_means(&self) -> Vec<f64> {
        let mut counts = vec![0u64; self.columns];
        for row in self.words.chunks_exact(self.stride().max(1)) {
            for (counts, &word) in counts.chunks_mut(64).zip(row) {
                let mut left = word;
                while left != 0 {
                    counts[left.trailing_zeros() as usize] += 1;
                    left &= left - 1;
                }
            }
        }
        let rows = self.rows as f64;
        counts
            .into_iter()
            .map(|count| count as f64 / rows)
            .collect()
    }

    /// Writes the rows with the given indices as 0.0 and 1.0, `out` of shape
    /// `[indices.len(), columns]`.
    ///
    /// # Panics
    /// If an index is out of range, or `out` has another length.
    pub fn unpack_rows(&self, indices: &[u32], out: &mut [f32]) {
        assert_eq!(
            out.len(),
            indices.len() * self.columns,
            "room for {} rows of {} columns",
            indices.len(),
            self.columns
        );
        if self.columns == 0 {
            return;
        }
        for (&index, out) in indices.iter().zip(out.chunks_exact_mut(self.columns)) {
            for (word, out) in self
                .row_words(index as usize)
                .iter()
                .zip(out.chunks_mut(64))
            {
                let (whole, rest) = out.as_chunks_mut::<8>();
                let bytes = word.to_le_bytes();
                for (eight, byte) in whole.iter_mut().zip(bytes) {
                    *eight = UNITS_OF_BYTE[byte as usize];
                }
                let last = bytes[whole.len().min(7)];
                rest.copy_from_slice(&UNITS_OF_BYTE[last as usize][..rest.len()]);
            }
        }
    }

    /// The rows with the given indices, in that order; an index may come twice.
    ///
    /// # Panics
    /// If an index is out of range.
    #[must_use]
    pub fn select(&self, indices: &[u32]) -> Self {
        let mut words = Vec::with_capacity(indices.len() * self.stride());
        for &index in indices {
            words.extend_from_slice(self.row_words(index as usize));
        }
        Self {
            rows: indices.len(),
            columns: self.columns,
            words,
        }
    }
}

const IN_MEMORY: &str = "rows given in memory";

#[cfg(test)]
mod tests {
    use super::*;

    /// A pattern without period 64, dense in the last words.
    fn unit(r: usize, c: usize) -> bool {
        (r * 31 + c * 17 + c * c) % 7 < 3
    }

    #[test]
    fn every_width_around_a_word_round_trips() {
        for columns in [1, 7, 8, 9, 63, 64, 65, 127, 128, 130, 784] {
            let matrix = BinaryMatrix::from_fn(5, columns, unit);
            assert_eq!((matrix.rows(), matrix.columns()), (5, columns));
            assert_eq!(matrix.words().len(), 5 * columns.div_ceil(64));
            let order = [4, 0, 0, 3];
            let mut values = vec![f32::NAN; order.len() * columns];
            matrix.unpack_rows(&order, &mut values);
            let selected = matrix.select(&order);
            for (k, &r) in order.iter().enumerate() {
                for c in 0..columns {
                    let expected = unit(r as usize, c);
                    assert_eq!(matrix.get(r as usize, c), expected, "{columns}: {r} {c}");
                    assert_eq!(values[k * columns + c], f32::from(expected));
                    assert_eq!(selected.get(k, c), expected);
                }
                let ones: u32 = matrix
                    .row_words(r as usize)
                    .iter()
                    .map(|w| w.count_ones())
                    .sum();
                assert_eq!(
                    ones as usize,
                    (0..columns).filter(|&c| unit(r as usize, c)).count()
                );
            }
            for (c, mean) in matrix.column_means().into_iter().enumerate() {
                assert_eq!(mean, (0..5).filter(|&r| unit(r, c)).count() as f64 / 5.0);
            }
        }
    }

    #[test]
    fn rows_must_agree_and_exist() {
        let good = [vec![true, false], vec![true, true]];
        let matrix = BinaryMatrix::from_rows(&good).unwrap();
        assert_eq!(matrix, BinaryMatrix::from_fn(2, 2, |r, c| good[r][c]));
        let ragged = BinaryMatrix::from_rows(&[vec![true, false], vec![true]]);
        assert!(matches!(
            ragged,
            Err(DataError::Ragged {
                row: 2,
                expected: 2,
                found: 1,
                ..
            })
        ));
        let no_rows = BinaryMatrix::from_rows::<Vec<bool>>(&[]);
        assert!(matches!(
            no_rows,
            Err(DataError::Empty { what: "rows", .. })
        ));
        let no_columns = BinaryMatrix::from_rows(&[vec![], vec![]]);
        assert!(matches!(
            no_columns,
            Err(DataError::Empty {
                what: "columns",
                ..
            })
        ));
    }

    #[test]
    fn packed_rows_must_fit() {
        let matrix = BinaryMatrix::from_fn(3, 70, unit);
        let words = matrix.words().to_vec();
        assert_eq!(BinaryMatrix::from_words(3, 70, words.clone()), Some(matrix));
        assert_eq!(BinaryMatrix::from_words(2, 70, words.clone()), None);
        let mut padded = words;
        padded[3] |= 1 << 6;
        assert_eq!(BinaryMatrix::from_words(3, 70, padded.clone()), None);
        assert!(BinaryMatrix::from_words(3, 71, padded).is_some());
    }

    #[test]
    fn without_rows() {
        let matrix = BinaryMatrix::new(3);
        assert!(matrix.is_empty());
        assert!(matrix.column_means().iter().all(|mean| mean.is_nan()));
        matrix.unpack_rows(&[], &mut []);
        assert!(BinaryMatrix::from_fn(2, 3, |_, _| true).select(&[]) == matrix);
    }

    #[test]
    #[should_panic(expected = "room for 2 rows of 3 columns")]
    fn room_for_other_rows_panics() {
        BinaryMatrix::from_fn(2, 3, |_, _| true).unpack_rows(&[0, 1], &mut [0.0; 3]);
    }
}
