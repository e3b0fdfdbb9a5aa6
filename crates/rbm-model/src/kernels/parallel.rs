//! Division of work between threads.

use rayon::prelude::*;
use std::marker::PhantomData;
use std::ops::Range;

/// Work, in nanoseconds, that is not worth waking another thread for.
const SMALL: usize = 10_000;

fn alone(nanoseconds: usize) -> bool {
    nanoseconds <= SMALL || rayon::current_num_threads() == 1
}

/// Does tasks `0..count`, which take about so long together, on all threads of the pool if that
/// is worth it.
pub(in crate::kernels) fn for_each_task(
    nanoseconds: usize,
    count: usize,
    task: impl Fn(usize) + Sync,
) {
    if count <= 1 || alone(nanoseconds) {
        (0..count).for_each(task);
    } else {
        (0..count).into_par_iter().with_max_len(1).for_each(&task);
    }
}

/// Does work of several steps that take about so long each inside the pool, if they will be
/// divided: to enter it once for each step would cost a wake-up each.
pub(in crate::kernels) fn in_pool(nanoseconds: usize, work: impl FnOnce() + Send) {
    if alone(nanoseconds) {
        work();
    } else {
        rayon::scope(|_| work());
    }
}

/// A row-major matrix of which disjoint pieces may be written at the same time.
pub(in crate::kernels) struct Tiles<'a, T> {
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
    pub(in crate::kernels) fn new(matrix: &'a mut [T], columns: usize) -> Self {
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
    pub(in crate::kernels) unsafe fn piece(&self, row: usize, columns: Range<usize>) -> &mut [T] {
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
