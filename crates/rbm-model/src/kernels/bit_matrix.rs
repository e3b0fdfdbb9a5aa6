//! Rows of bits: data, and states of a layer.

mod convert;
mod transpose;

use super::parallel::{Tiles, for_each_task};
use super::{Isa, check_shape};
use crate::error::ModelError;
use convert::{pack, unpack};
use std::ops::Range;
use transpose::transpose_bits;

/// A matrix of bits, `[rows, columns]`: binary rows of data, or states of a layer, one row per chain and one column
/// per unit.
///
/// Column c of row r is bit `c % 64` (least significant first) of word `c / 64` of the row; a row takes
/// [`stride`](Self::stride) = ceil(columns / 64) words, and the bits past the last column are 0. That is a
/// thirty-second of the memory of numbers, and what the kernels on the host compute with
/// ([`packed`](super::packed)); [`to_tensor`](Self::to_tensor) makes numbers where others are to compute.
///
/// ```
/// use rbm_model::BitMatrix;
///
/// let rows = BitMatrix::from_numbers(&[0.0, 1.0, 1.0, 1.0, 0.0, 1.0], 2, 3)?;
/// assert_eq!(rows.column_means(), [0.5, 0.5, 1.0]);
/// assert_eq!(rows.select(&[1]).to_numbers(), [1.0, 0.0, 1.0]);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitMatrix {
    rows: usize,
    columns: usize,
    words: Vec<u64>,
}

impl BitMatrix {
    /// All bits 0.
    #[must_use]
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            words: vec![0; rows * columns.div_ceil(64)],
        }
    }

    /// The matrix whose entry in row r and column c is `bit(r, c)`; asked for row by row.
    #[must_use]
    pub fn from_fn(rows: usize, columns: usize, mut bit: impl FnMut(usize, usize) -> bool) -> Self {
        let mut matrix = Self::zeros(0, columns);
        for r in 0..rows {
            matrix.push_row((0..columns).map(|c| bit(r, c)));
        }
        matrix
    }

    /// Packs numbers `[rows, columns]`, row-major: a bit is 1 where the number exceeds 1/2.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the length does not fit.
    pub fn from_numbers(numbers: &[f32], rows: usize, columns: usize) -> Result<Self, ModelError> {
        check_shape("binary rows", numbers.len(), &[rows, columns])?;
        let mut matrix = Self::zeros(rows, columns);
        pack(Isa::detect(), numbers, columns, &mut matrix.words);
        Ok(matrix)
    }

    /// Takes words `[rows, stride]`; `None` if they are not as many, or a bit past the last column is 1.
    #[must_use]
    pub fn from_words(rows: usize, columns: usize, words: Vec<u64>) -> Option<Self> {
        let stride = columns.div_ceil(64);
        let spare = !last_mask(columns);
        let clean = |row: &[u64]| row.last().is_none_or(|last| last & spare == 0);
        let fits = rows.checked_mul(stride) == Some(words.len())
            && words.chunks_exact(stride.max(1)).all(clean);
        fits.then_some(Self {
            rows,
            columns,
            words,
        })
    }

    /// Appends a row; entries past the last column are ignored, missing ones are 0.
    pub fn push_row(&mut self, bits: impl IntoIterator<Item = bool>) {
        let start = self.words.len();
        self.words.resize(start + self.stride(), 0);
        for (c, bit) in bits.into_iter().take(self.columns).enumerate() {
            self.words[start + c / 64] |= u64::from(bit) << (c % 64);
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

    /// Words that a row takes, ceil(columns / 64).
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

    /// All words, to be written. Bits past the last column must stay 0.
    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
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

    /// The columns in which a row is 1, rising.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn ones(&self, row: usize) -> impl Iterator<Item = usize> {
        let words = self.row_words(row).iter().enumerate();
        words.flat_map(|(k, &word)| {
            let lowest_off = |left: &u64| Some(left & (left - 1)).filter(|left| *left != 0);
            let left = std::iter::successors(Some(word).filter(|word| *word != 0), lowest_off);
            left.map(move |left| 64 * k + left.trailing_zeros() as usize)
        })
    }

    /// In how many rows each column is 1, `[columns]`.
    #[must_use]
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.columns];
        for row in 0..self.rows {
            self.ones(row).for_each(|column| counts[column] += 1);
        }
        counts
    }

    /// The fraction of rows in which each column is 1, `[columns]`; NaN without rows.
    #[must_use]
    pub fn column_means(&self) -> Vec<f64> {
        let rows = self.rows as f64;
        let counts = self.counts().into_iter();
        counts.map(|count| f64::from(count) / rows).collect()
    }

    /// The entries as numbers 0 and 1 `[rows, columns]`, row-major.
    #[must_use]
    pub fn to_numbers(&self) -> Vec<f32> {
        let mut numbers = vec![0.0; self.rows * self.columns];
        unpack(Isa::detect(), &self.words, self.columns, &mut numbers);
        numbers
    }

    /// The rows with the given numbers, in that order; a row may come twice.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        let mut words = Vec::with_capacity(rows.len() * self.stride());
        for &row in rows {
            words.extend_from_slice(self.row_words(row as usize));
        }
        Self {
            rows: rows.len(),
            columns: self.columns,
            words,
        }
    }

    /// Puts the rows of [`select`](Self::select) back.
    ///
    /// # Panics
    /// If there is no such row, or `selected` has not as many or other columns.
    pub fn put(&mut self, rows: &[u32], selected: &Self) {
        assert_eq!(
            (selected.rows, selected.columns),
            (rows.len(), self.columns)
        );
        let stride = self.stride();
        for (from, &row) in rows.iter().enumerate() {
            let to = &mut self.words[row as usize * stride..][..stride];
            to.copy_from_slice(selected.row_words(from));
        }
    }

    /// Rows that lie one after the other.
    ///
    /// # Panics
    /// If one of them is not there.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> Self {
        let stride = self.stride();
        Self {
            rows: rows.len(),
            columns: self.columns,
            words: self.words[rows.start * stride..rows.end * stride].to_vec(),
        }
    }

    /// Appends the rows of another matrix.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if it has other columns; nothing is appended then.
    pub fn append(&mut self, other: &Self) -> Result<(), ModelError> {
        if other.columns != self.columns {
            return Err(ModelError::Shape {
                tensor: "binary rows".into(),
                expected: vec![other.rows, self.columns],
                found: vec![other.rows, other.columns],
            });
        }
        self.words.extend_from_slice(&other.words);
        self.rows += other.rows;
        Ok(())
    }

    /// Rows become columns.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let mut out = Self::zeros(self.columns, self.rows);
        if out.words.is_empty() {
            return out;
        }
        let (from, to) = (self.stride(), out.stride());
        let all = out.words.len();
        let tiles = Tiles::new(&mut out.words, all);
        for_each_task(self.rows * self.columns / 64, from, |group| {
            let columns = 64 * group..self.columns.min(64 * (group + 1));
            // SAFETY: tasks have columns of their own, which are rows of `out`.
            let out = unsafe { tiles.piece(0, columns.start * to..columns.end * to) };
            for block in 0..to {
                let words = self.words[64 * block * from + group..].iter();
                let square = transpose_bits(words.step_by(from).copied());
                let out = out[block..].iter_mut().step_by(to);
                out.zip(square).for_each(|(out, word)| *out = word);
            }
        });
        out
    }
}

/// The bits of the last word of a row that stand for columns.
pub(super) fn last_mask(columns: usize) -> u64 {
    match columns % 64 {
        0 => u64::MAX,
        used => (1 << used) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::statistics::{RAGGED_ROWS, RAGGED_UNITS, numbers};

    fn random(stream: u8, rows: usize, columns: usize) -> (Vec<f32>, BitMatrix) {
        let normal = numbers(stream, 1.0, rows * columns);
        let numbers: Vec<f32> = normal.into_iter().map(|x| f32::from(x > 0.0)).collect();
        let matrix = BitMatrix::from_numbers(&numbers, rows, columns).unwrap();
        (numbers, matrix)
    }

    #[test]
    fn numbers_and_bits_hold_the_same_entries() {
        for rows in RAGGED_ROWS {
            for columns in RAGGED_UNITS {
                let (numbers, matrix) = random(1, rows, columns);
                assert_eq!((matrix.rows(), matrix.columns()), (rows, columns));
                assert_eq!(matrix.words().len(), rows * columns.div_ceil(64));
                assert_eq!(matrix.to_numbers(), numbers);
                let of = |r: usize, c: usize| numbers[r * columns + c] == 1.0;
                assert_eq!(matrix, BitMatrix::from_fn(rows, columns, of));
                let transposed = matrix.transposed();
                assert_eq!(
                    transposed,
                    BitMatrix::from_fn(columns, rows, |c, r| of(r, c))
                );
                for r in 0..rows {
                    let ones: Vec<usize> = (0..columns).filter(|c| of(r, *c)).collect();
                    assert!((0..columns).all(|c| matrix.get(r, c) == of(r, c)));
                    assert_eq!(matrix.ones(r).collect::<Vec<_>>(), ones);
                }
                for (c, mean) in matrix.column_means().into_iter().enumerate() {
                    let count = (0..rows).filter(|r| of(*r, c)).count();
                    assert_eq!(matrix.counts()[c] as usize, count);
                    assert_eq!(mean, count as f64 / rows as f64);
                }
            }
        }
    }

    #[test]
    fn words_must_fit() {
        let (_, matrix) = random(2, 3, 70);
        let words = matrix.words().to_vec();
        assert_eq!(BitMatrix::from_words(3, 70, words.clone()), Some(matrix));
        assert_eq!(BitMatrix::from_words(2, 70, words.clone()), None);
        let mut spare = words;
        spare[3] |= 1 << 6;
        assert_eq!(BitMatrix::from_words(3, 70, spare.clone()), None);
        assert!(BitMatrix::from_words(3, 71, spare).is_some());
    }

    #[test]
    fn selected_rows_come_back_to_their_places() {
        for columns in RAGGED_UNITS {
            let (numbers, matrix) = random(3, 7, columns);
            let row = |r: usize| &numbers[r * columns..(r + 1) * columns];
            let some = matrix.select(&[5, 0, 3]);
            assert_eq!(some.to_numbers(), [row(5), row(0), row(3)].concat());
            assert_eq!(matrix.select(&[4, 4]).row_words(1), matrix.row_words(4));
            let mut other = BitMatrix::zeros(7, columns);
            other.put(&[5, 0, 3], &some);
            assert_eq!(other.select(&[5, 0, 3]), some);
            let rest = [1, 2, 4, 6];
            assert_eq!(other.select(&rest), BitMatrix::zeros(4, columns));
            other.put(&rest, &matrix.select(&rest));
            assert_eq!(other, matrix);
            let mut parts = matrix.slice(0..3);
            parts.append(&matrix.slice(3..7)).unwrap();
            assert!(parts.append(&BitMatrix::zeros(1, columns + 1)).is_err());
            assert_eq!(parts, matrix);
        }
    }

    #[test]
    fn other_lengths_are_refused() {
        match BitMatrix::from_numbers(&[0.0; 5], 2, 3) {
            Err(ModelError::Shape {
                expected, found, ..
            }) => assert_eq!((expected, found), (vec![2, 3], vec![5])),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_is_a_matrix_too() {
        for (rows, columns) in [(0, 3), (3, 0), (0, 0)] {
            let none = BitMatrix::from_numbers(&[], rows, columns).unwrap();
            assert!(none.to_numbers().is_empty() && none.words().is_empty());
            assert_eq!(none.is_empty(), rows == 0);
            assert_eq!(none.counts(), vec![0; columns]);
            assert_eq!(none.transposed(), BitMatrix::zeros(columns, rows));
            assert!(none.column_means().iter().all(|mean| mean.is_nan()));
        }
    }
}
