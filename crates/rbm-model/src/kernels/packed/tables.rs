//! Tables of the partial sums of four inputs, and the additions of their rows.
//!
//! Addresses here are found with wrapping arithmetic, which is not checked in a development build
//! either: these loops are most of the time of a run.

use super::number::{Number, Source};
use crate::kernels::draw::GROUP;
use crate::kernels::simd::Simd;

/// Inputs that a table row is a partial sum of.
pub(super) const INPUTS: usize = 4;
/// Rows of a table.
pub(super) const ENTRIES: usize = 1 << INPUTS;
/// Tables that a word of inputs needs.
pub(super) const TABLES: usize = 64 / INPUTS;
/// Words of inputs whose tables are there at a time: 512 KiB for 32 outputs, in the second-level cache.
pub(super) const BLOCK: usize = 16;
/// Table rows of a block.
pub(super) const ROWS: usize = BLOCK * TABLES * ENTRIES;
/// Rows of a list come in so many; what is missing at its end is row 0, which is zero.
pub(super) const PIECE: usize = 4;

/// Numbers in V vectors.
#[inline(always)]
pub(super) const fn width<S: Simd, T: Number, const V: usize>() -> usize {
    V * S::LANES * T::PER_LANE
}

/// The 16 partial sums of each four rows of weights: `[count, 16, V vectors]`; tables of four rows of
/// which none is in `used` are left as they are.
#[inline(always)]
pub(super) fn tabulate<S: Simd, T: Number, L: Source<T>, const V: usize>(
    simd: S,
    source: L,
    (weight, stride): (&[L::From], usize),
    (count, used): (usize, u64),
    tables: &mut [T],
) {
    let width = width::<S, T, V>();
    let lanes = S::LANES * T::PER_LANE;
    assert!((count * INPUTS - 1) * stride + width <= weight.len());
    assert!(count * ENTRIES * width <= tables.len());
    let zero = T::zero(simd);
    let mut from = weight.as_ptr();
    let mut to = tables.as_mut_ptr();
    for table in 0..count {
        let needed = used >> (INPUTS * table) & (ENTRIES as u64 - 1) != 0;
        for v in 0..if needed { V } else { 0 } {
            let mut low = [zero; 4];
            let mut high = [zero; 4];
            let from = from.wrapping_add(v * lanes);
            // SAFETY: by the first assertion the last of the 4 * count rows is inside, so all are.
            unsafe {
                low[1] = source.load(simd, from);
                low[2] = source.load(simd, from.wrapping_add(stride));
                high[1] = source.load(simd, from.wrapping_add(stride.wrapping_mul(2)));
                high[2] = source.load(simd, from.wrapping_add(stride.wrapping_mul(3)));
            }
            low[3] = T::add(simd, low[1], low[2]);
            high[3] = T::add(simd, high[1], high[2]);
            for entry in 0..ENTRIES {
                let sum = T::add(simd, low[entry % 4], high[entry / 4]);
                // SAFETY: by the second assertion, `to` being at one of `count` tables.
                unsafe { T::store(simd, to.wrapping_add(entry * width + v * lanes), sum) };
            }
        }
        from = from.wrapping_add(stride.wrapping_mul(INPUTS));
        to = to.wrapping_add(ENTRIES * width);
    }
}

/// Adds to each chain's field the table rows that its bits select.
#[inline(always)]
pub(super) fn add_rows<S: Simd, T: Number, const V: usize>(
    simd: S,
    tables: &[T],
    count: usize,
    words: impl ExactSizeIterator<Item = u64>,
    field: &mut [T],
) {
    let width = width::<S, T, V>();
    assert!(count * ENTRIES * width <= tables.len());
    check_fields(field, words.len(), width);
    let mut field = field.as_mut_ptr();
    for word in words {
        // SAFETY: `field` is at one of as many rows as there are words, by the check.
        let mut sum = unsafe { load_row::<S, T, V>(simd, field) };
        let mut table = tables.as_ptr();
        let mut bits = word;
        for _ in 0..count {
            let row = table.wrapping_add((bits as usize % ENTRIES).wrapping_mul(width));
            // SAFETY: by the assertion, `table` being at one of `count` tables.
            let terms = unsafe { load_row::<S, T, V>(simd, row) };
            sum = add::<S, T, V>(simd, sum, terms);
            bits >>= INPUTS;
            table = table.wrapping_add(ENTRIES * width);
        }
        // SAFETY: as for reading.
        unsafe { store_row::<S, T, V>(simd, field, sum) };
        field = field.wrapping_add(GROUP);
    }
}

/// Adds to each chain's field the table rows of its list.
#[inline(always)]
pub(super) fn add_listed_rows<'a, S: Simd, T: Number, const V: usize>(
    simd: S,
    tables: &[T],
    lists: impl ExactSizeIterator<Item = &'a [u16]>,
    field: &mut [T],
) {
    let width = width::<S, T, V>();
    assert!(ROWS * width <= tables.len());
    check_fields(field, lists.len(), width);
    let tables = tables.as_ptr();
    let mut field = field.as_mut_ptr();
    for list in lists {
        // SAFETY: `field` is at one of as many rows as there are lists, by the check.
        let mut sum = unsafe { load_row::<S, T, V>(simd, field) };
        for piece in list.chunks_exact(PIECE) {
            for &row in piece {
                let row = tables.wrapping_add(usize::from(row).wrapping_mul(width));
                // SAFETY: entries of lists are below ROWS, and by the assertion there are as many.
                let terms = unsafe { load_row::<S, T, V>(simd, row) };
                sum = add::<S, T, V>(simd, sum, terms);
            }
        }
        // SAFETY: as for reading.
        unsafe { store_row::<S, T, V>(simd, field, sum) };
        field = field.wrapping_add(GROUP);
    }
}

/// Asserts that so many rows of fields have the first `width` numbers.
#[inline(always)]
fn check_fields<T>(field: &[T], rows: usize, width: usize) {
    assert!(rows == 0 || (rows - 1) * GROUP + width <= field.len());
}

/// Reads V vectors.
///
/// # Safety
/// They must be readable.
#[inline(always)]
unsafe fn load_row<S: Simd, T: Number, const V: usize>(
    simd: S,
    from: *const T,
) -> [T::Vector<S>; V] {
    let mut row = [T::zero(simd); V];
    for (v, vector) in row.iter_mut().enumerate() {
        // SAFETY: the caller vouches for the numbers.
        *vector = unsafe { T::load(simd, from.wrapping_add(v * S::LANES * T::PER_LANE)) };
    }
    row
}

/// Writes V vectors.
///
/// # Safety
/// They must be writable.
#[inline(always)]
unsafe fn store_row<S: Simd, T: Number, const V: usize>(
    simd: S,
    to: *mut T,
    row: [T::Vector<S>; V],
) {
    for (v, vector) in row.into_iter().enumerate() {
        // SAFETY: the caller vouches for the numbers.
        unsafe { T::store(simd, to.wrapping_add(v * S::LANES * T::PER_LANE), vector) };
    }
}

/// a + b
#[inline(always)]
fn add<S: Simd, T: Number, const V: usize>(
    simd: S,
    mut a: [T::Vector<S>; V],
    b: [T::Vector<S>; V],
) -> [T::Vector<S>; V] {
    for (a, b) in a.iter_mut().zip(b) {
        *a = T::add(simd, *a, b);
    }
    a
}
