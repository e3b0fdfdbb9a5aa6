//! Weights and values in memory.

use super::tables::INPUTS;
use super::transpose::transpose_with;
use crate::kernels::simd::Simd;

/// A matrix of numbers in memory: some columns of a row-major one, or that turned round.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    /// From the first entry on.
    numbers: &'a [f32],
    pub(super) rows: usize,
    /// Numbers between one entry and that of the next row, or column where it is turned round.
    pub(super) stride: usize,
    pub(super) turned: bool,
}

/// Some rows and columns of a matrix.
#[derive(Clone, Copy)]
pub(super) struct Window {
    /// First row.
    pub(super) row: usize,
    /// Number of rows.
    pub(super) rows: usize,
    /// First column.
    pub(super) column: usize,
    /// Number of columns.
    pub(super) columns: usize,
}

impl Window {
    /// Up to `most` rows from `row` on, and some columns.
    #[inline(always)]
    pub(super) fn of_inputs(
        matrix: Matrix<'_>,
        (row, most): (usize, usize),
        column: usize,
        columns: usize,
    ) -> Self {
        Self {
            row,
            rows: (matrix.rows - row).min(most),
            column,
            columns,
        }
    }
}

impl<'a> Matrix<'a> {
    /// A row-major matrix of whole rows.
    pub(super) fn new(numbers: &'a [f32], columns: usize) -> Self {
        Self::columns(numbers, columns, 0)
    }

    /// What begins at column `first` of a row-major matrix with rows of `stride` entries.
    pub(super) fn columns(numbers: &'a [f32], stride: usize, first: usize) -> Self {
        Self {
            rows: numbers.len().checked_div(stride).unwrap_or(0),
            numbers: numbers.get(first..).unwrap_or_default(),
            stride,
            turned: false,
        }
    }

    /// A row-major matrix of whole rows turned round: its columns are the rows.
    pub(super) fn turned(numbers: &'a [f32], columns: usize) -> Self {
        Self {
            numbers,
            rows: columns,
            stride: columns,
            turned: true,
        }
    }

    /// The first `columns` entries of a row, or of a column of a matrix that is turned round.
    #[inline(always)]
    pub(super) fn row(&self, row: usize, columns: usize) -> &'a [f32] {
        &self.numbers[row * self.stride..][..columns]
    }

    /// Some columns of a row of a matrix that is not turned round.
    #[inline(always)]
    pub(super) fn window_row(&self, row: usize, column: usize, columns: usize) -> &'a [f32] {
        &self.from(row, column)[..columns]
    }

    /// All that comes after an entry of a matrix that is not turned round.
    #[inline(always)]
    fn from(&self, row: usize, column: usize) -> &'a [f32] {
        &self.numbers[row * self.stride + column..]
    }

    /// Where a window begins and the distance between its rows, zeros beyond its end included that fill it
    /// up to `width` columns and a multiple of four rows: in place where it can be, else in `panel`.
    #[inline(always)]
    pub(super) fn window<'b, S: Simd>(
        &self,
        simd: S,
        window: Window,
        width: usize,
        panel: &'b mut [f32],
    ) -> (&'b [f32], usize)
    where
        'a: 'b,
    {
        let Window { rows, columns, .. } = window;
        let whole = columns == width && rows.is_multiple_of(INPUTS);
        if whole && !self.turned {
            return (self.from(window.row, window.column), self.stride);
        }
        let panel = &mut panel[..rows.next_multiple_of(INPUTS) * width];
        if !whole {
            panel.fill(0.0);
        }
        self.copy(simd, window, panel, width);
        (panel, width)
    }

    /// Copies a window to rows of `width` numbers.
    #[inline(always)]
    fn copy<S: Simd>(&self, simd: S, window: Window, to: &mut [f32], width: usize) {
        let Window { rows, columns, .. } = window;
        if self.turned {
            let from = &self.numbers[window.column * self.stride + window.row..];
            transpose_with(simd, from, self.stride, (columns, rows), to, width);
            return;
        }
        for (row, to) in to.chunks_exact_mut(width).take(rows).enumerate() {
            let from = self.from(window.row + row, window.column);
            to[..columns].copy_from_slice(&from[..columns]);
        }
    }
}
