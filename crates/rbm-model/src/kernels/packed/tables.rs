//! Tables of the partial sums of four inputs, and the additions of their rows.

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
/// The 16 partial sums of each four rows of weights, scaled if so: `[count, 16, V * LANES]`; tables of
/// four rows of which none is in `used` are left as they are.
///
/// Addresses here and in [`add_rows`] are found with wrapping arithmetic, which is not checked
/// in a development build either: these loops are most of the time of a run.
#[inline(always)]
pub(super) fn tabulate<S: Simd, const V: usize, const SCALED: bool>(
    simd: S,
    weight: &[f32],
    stride: usize,
    (count, used): (usize, u64),
    scale: f32,
    tables: &mut [f32],
) {
    let width = V * S::LANES;
    assert!((count * INPUTS - 1) * stride + width <= weight.len());
    assert!(count * ENTRIES * width <= tables.len());
    let zero = simd.splat(0.0);
    let mut from = weight.as_ptr();
    let mut to = tables.as_mut_ptr();
    for table in 0..count {
        let needed = used >> (INPUTS * table) & (ENTRIES as u64 - 1) != 0;
        for v in 0..if needed { V } else { 0 } {
            let mut low = [zero; 4];
            let mut high = [zero; 4];
            let from = from.wrapping_add(v * S::LANES);
            // SAFETY: by the first assertion the last of the 4 * count rows is inside, so all are.
            unsafe {
                low[1] = simd.load(from);
                low[2] = simd.load(from.wrapping_add(stride));
                high[1] = simd.load(from.wrapping_add(stride.wrapping_mul(2)));
                high[2] = simd.load(from.wrapping_add(stride.wrapping_mul(3)));
            }
            if SCALED {
                let scale = simd.splat(scale);
                for weight in low[1..3].iter_mut().chain(&mut high[1..3]) {
                    *weight = simd.mul(scale, *weight);
                }
            }
            low[3] = simd.add(low[1], low[2]);
            high[3] = simd.add(high[1], high[2]);
            for entry in 0..ENTRIES {
                let sum = simd.add(low[entry % 4], high[entry / 4]);
                // SAFETY: by the second assertion, `to` being at one of `count` tables.
                unsafe { simd.store(to.wrapping_add(entry * width + v * S::LANES), sum) };
            }
        }
        from = from.wrapping_add(stride.wrapping_mul(INPUTS));
        to = to.wrapping_add(ENTRIES * width);
    }
}

/// Adds to each chain's field the table rows that its bits select.
#[inline(always)]
pub(super) fn add_rows<S: Simd, const V: usize>(
    simd: S,
    tables: &[f32],
    count: usize,
    words: impl ExactSizeIterator<Item = u64>,
    field: &mut [f32],
) {
    let width = V * S::LANES;
    assert!(count * ENTRIES * width <= tables.len());
    assert!(words.len() == 0 || (words.len() - 1) * GROUP + width <= field.len());
    let mut field = field.as_mut_ptr();
    for word in words {
        let mut sum = [simd.splat(0.0); V];
        // SAFETY: by the second assertion, `field` being at one of words.len() rows.
        unsafe {
            for (v, sum) in sum.iter_mut().enumerate() {
                *sum = simd.load(field.wrapping_add(v * S::LANES));
            }
        }
        let mut table = tables.as_ptr();
        let mut bits = word;
        for _ in 0..count {
            let row = table.wrapping_add((bits as usize % ENTRIES).wrapping_mul(width));
            // SAFETY: by the first assertion, `table` being at one of `count` tables.
            unsafe {
                for (v, sum) in sum.iter_mut().enumerate() {
                    *sum = simd.add(*sum, simd.load(row.wrapping_add(v * S::LANES)));
                }
            }
            bits >>= INPUTS;
            table = table.wrapping_add(ENTRIES * width);
        }
        // SAFETY: as above.
        unsafe {
            for (v, &sum) in sum.iter().enumerate() {
                simd.store(field.wrapping_add(v * S::LANES), sum);
            }
        }
        field = field.wrapping_add(GROUP);
    }
}

/// Adds to each chain's field the table rows of its list.
#[inline(always)]
pub(super) fn add_listed_rows<'a, S: Simd, const V: usize>(
    simd: S,
    tables: &[f32],
    lists: impl ExactSizeIterator<Item = &'a [u16]>,
    field: &mut [f32],
) {
    let width = V * S::LANES;
    assert!(ROWS * width <= tables.len());
    assert!(lists.len() == 0 || (lists.len() - 1) * GROUP + width <= field.len());
    let tables = tables.as_ptr();
    let mut field = field.as_mut_ptr();
    for list in lists {
        let mut sum = [simd.splat(0.0); V];
        // SAFETY: by the second assertion, `field` being at one of as many rows as there are lists.
        unsafe {
            for (v, sum) in sum.iter_mut().enumerate() {
                *sum = simd.load(field.wrapping_add(v * S::LANES));
            }
        }
        for piece in list.chunks_exact(PIECE) {
            for &row in piece {
                let row = tables.wrapping_add(usize::from(row).wrapping_mul(width));
                for (v, sum) in sum.iter_mut().enumerate() {
                    // SAFETY: entries of lists are below ROWS, and by the first assertion there are as many.
                    *sum = simd.add(*sum, unsafe { simd.load(row.wrapping_add(v * S::LANES)) });
                }
            }
        }
        // SAFETY: as above.
        unsafe {
            for (v, &sum) in sum.iter().enumerate() {
                simd.store(field.wrapping_add(v * S::LANES), sum);
            }
        }
        field = field.wrapping_add(GROUP);
    }
}
