//! Sums over runs of inputs that are on, by prefix sums.
//!
//! With P\[i\] the sum of the weights of inputs before i, a run from `start` to before `end` adds
//! P\[end\] - P\[start\]. Prefix sums may wrap, as the whole sum does not.

use super::contraction::Work;
use super::integers::IntegerInputs;
use super::lists::Lists;
use super::matrix::Window;
use super::number::{Number, Rounded, Source};
use super::tables::{BLOCK, PIECE, add as add_vectors, check_fields, load_row, store_row, width};
use crate::kernels::BitMatrix;
use crate::kernels::draw::GROUP;
use crate::kernels::simd::Simd;

/// Outputs whose prefix sums are there at a time: 128 KiB for a block of inputs.
const WIDTH: usize = 32;
/// Prefix sums of a block of inputs.
const ROWS: usize = 64 * BLOCK + 1;
/// Numbers of a table of them.
pub(super) const TABLE_NUMBERS: usize = ROWS * WIDTH;

/// Of each chain, where in each block of inputs its runs begin and end, by turns.
pub(super) struct RunLists(Lists);

impl RunLists {
    /// The lists of bits `[chains, inputs]`.
    pub(super) fn new(bits: &BitMatrix) -> Self {
        Self(Lists::new(bits, count, fill))
    }
}

/// Beginnings and ends of runs within words.
pub(super) fn count(words: &[u64]) -> usize {
    let (mut carry, mut found) = (0, 0);
    for &word in words {
        found += (word ^ (word << 1 | carry)).count_ones() as usize;
        carry = word >> 63;
    }
    found + carry as usize
}

/// Writes where runs begin and end.
fn fill(words: &[u64], list: &mut [u16]) {
    let mut places = list.iter_mut();
    let mut put = |at: usize| {
        if let Some(place) = places.next() {
            *place = at as u16;
        }
    };
    let mut carry = 0;
    for (index, &word) in words.iter().enumerate() {
        let mut left = word ^ (word << 1 | carry);
        while left != 0 {
            put(64 * index + left.trailing_zeros() as usize);
            left &= left - 1;
        }
        carry = word >> 63;
    }
    if carry == 1 {
        put(64 * words.len());
    }
}

/// Adds inputs by their runs; V vectors are [`WIDTH`] numbers.
#[inline(always)]
pub(super) fn add<S: Simd, const V: usize>(
    simd: S,
    inputs: &IntegerInputs<'_>,
    lists: &RunLists,
    work: &mut Work<'_, i32>,
) {
    debug_assert_eq!(width::<S, i32, V>(), WIDTH);
    for column in (0..work.columns).step_by(WIDTH) {
        for block in 0..inputs.bits.stride().div_ceil(BLOCK) {
            prefix_sums::<S, V>(simd, inputs, block, column, work);
            let lists = work.chains.clone().map(|chain| lists.0.list(block, chain));
            let field = &mut work.field[column..];
            add_differences::<S, V>(simd, work.tables, lists, field);
        }
    }
}

/// Makes the prefix sums of a block of inputs.
#[inline(always)]
fn prefix_sums<S: Simd, const V: usize>(
    simd: S,
    inputs: &IntegerInputs<'_>,
    block: usize,
    column: usize,
    work: &mut Work<'_, i32>,
) {
    let source = Rounded(inputs.scale.up());
    let columns = (work.columns - column).min(WIDTH);
    let stride = inputs.bits.stride();
    let mut sum = [i32::zero(simd); V];
    let mut rows = work.tables.chunks_exact_mut(WIDTH);
    let mut put = rows.next();
    for word in BLOCK * block..stride.min(BLOCK * (block + 1)) {
        let first = GROUP * work.group + column;
        let window = Window::of_inputs(inputs.weight, (64 * word, 64), first, columns);
        let (weight, stride) = inputs.weight.window(simd, window, WIDTH, work.panel);
        for row in 0..window.rows {
            if let Some(row) = put {
                // SAFETY: a row is as wide as V vectors.
                unsafe { store_row::<S, i32, V>(simd, row.as_mut_ptr(), sum) };
            }
            let weight = &weight[row * stride..][..WIDTH];
            for (v, sum) in sum.iter_mut().enumerate() {
                // SAFETY: V vectors are as many numbers as the slice has.
                let term = unsafe { source.load(simd, weight.as_ptr().wrapping_add(v * S::LANES)) };
                *sum = i32::add(simd, *sum, term);
            }
            put = rows.next();
        }
    }
    if let Some(row) = put {
        // SAFETY: a row is as wide as V vectors.
        unsafe { store_row::<S, i32, V>(simd, row.as_mut_ptr(), sum) };
    }
}

/// Adds to each chain's field the differences of prefix sums that its list tells.
#[inline(always)]
fn add_differences<'a, S: Simd, const V: usize>(
    simd: S,
    sums: &[i32],
    lists: impl ExactSizeIterator<Item = &'a [u16]>,
    field: &mut [i32],
) {
    assert!(TABLE_NUMBERS <= sums.len());
    check_fields(field, lists.len(), WIDTH);
    let sums = sums.as_ptr();
    let mut field = field.as_mut_ptr();
    for list in lists {
        // SAFETY: `field` is at one of as many rows as there are lists, by the check.
        let mut sum = unsafe { load_row::<S, i32, V>(simd, field) };
        for piece in list.chunks_exact(PIECE) {
            for run in piece.chunks_exact(2) {
                let [start, end] = [run[0], run[1]].map(|row| {
                    sums.wrapping_add(usize::from(row).wrapping_mul(WIDTH))
                });
                // SAFETY: entries of lists are below ROWS, and by the assertion there are as many.
                let (start, end) = unsafe {
                    (
                        load_row::<S, i32, V>(simd, start),
                        load_row::<S, i32, V>(simd, end),
                    )
                };
                sum = add_vectors::<S, i32, V>(simd, sum, end);
                for (sum, start) in sum.iter_mut().zip(start) {
                    *sum = simd.sub_u(*sum, start);
                }
            }
        }
        // SAFETY: as for reading.
        unsafe { store_row::<S, i32, V>(simd, field, sum) };
        field = field.wrapping_add(GROUP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::statistics::numbers;

    #[test]
    fn runs_cover_the_inputs_that_are_on() {
        for (inputs, level) in [(1, 0.0), (64, -2.0), (64, 0.0), (1024, 0.5), (1025, -2.0), (2100, 0.7)] {
            let normal = numbers(3, 1.0, 5 * inputs);
            let bits = BitMatrix::from_fn(5, inputs, |r, c| normal[r * inputs + c] > level);
            let lists = RunLists::new(&bits);
            for chain in 0..5 {
                let mut on = Vec::new();
                for block in 0..bits.stride().div_ceil(BLOCK) {
                    let list = lists.0.list(block, chain);
                    assert!(list.len().is_multiple_of(PIECE));
                    for run in list.chunks(2) {
                        assert!(run.iter().all(|&row| usize::from(row) < ROWS));
                        let first = 64 * BLOCK * block;
                        on.extend(first + usize::from(run[0])..first + usize::from(run[1]));
                    }
                }
                assert_eq!(on, bits.ones(chain).collect::<Vec<_>>());
            }
        }
    }
}
