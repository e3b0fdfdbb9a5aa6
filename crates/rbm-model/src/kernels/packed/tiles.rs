//! A matrix that several tasks fill, each its own tile.

use std::marker::PhantomData;
use std::ops::Range;

/// A row-major matrix of which disjoint pieces may be written at the same time.
pub(super) struct Tiles<'a, T> {
    first: *mut T,
    rows: usize,
    columns: usize,
    matrix: PhantomData<&'a mut [T]>,
}

// SAFETY: this is an exclusive borrow of plain numbers; access to them is by `piece` alone,
// whose callers keep to disjoint pieces.
unsafe impl<T: Send> Sync for Tiles<'_, T> {}

impl<'a, T> Tiles<'a, T> {
    /// `matrix` holds whole rows of `columns` entries.
    pub(super) fn new(matrix: &'a mut [T], columns: usize) -> Self {
        Self {
            first: matrix.as_mut_ptr(),
            rows: matrix.len().checked_div(columns).unwrap_or(0),
            columns,
            matrix: PhantomData,
        }
    }

    /// Some columns of a row.
    ///
    /// # Safety
    /// While the result lives, no other piece that overlaps it may.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "disjointness is the caller's promise")]
    pub(super) unsafe fn piece(&self, row: usize, columns: Range<usize>) -> &mut [T] {
        assert!(row < self.rows && columns.start <= columns.end && columns.end <= self.columns);
        // SAFETY: the assertion keeps the piece inside the matrix, the caller keeps it unshared.
        unsafe {
            std::slice::from_raw_parts_mut(
                self.first.add(row * self.columns + columns.start),
                columns.len(),
            )
        }
    }
}
