//! Sums by tables of the partial sums of four inputs.

use super::contraction::{Terms, Work};
use super::matrix::{Matrix, Window};
use super::nibbles::NibbleLists;
use super::number::{Number, Source};
use super::tables::{BLOCK, ENTRIES, INPUTS, TABLES, add_listed_rows, add_rows, tabulate, width};
use crate::kernels::draw::GROUP;
use crate::kernels::simd::Simd;

/// Lanes of the narrowest vectors.
const LEAST_LANES: usize = 8;

/// Inputs whose weights can be tabulated.
pub(super) trait Tabled: Terms {
    /// Makes the tables of some inputs (the first one, and how many at most) for V vectors of outputs from
    /// `column` of the group on, but for those of which no input is in `used`; returns how many these inputs
    /// have. Takes panel and tables, and the group with its columns. Must be `#[inline(always)]`.
    fn tabulate<S: Simd, const V: usize>(
        &self,
        simd: S,
        inputs: (usize, usize),
        used: u64,
        column: usize,
        scratch: (&mut [f32], &mut [Self::Number]),
        group: (usize, usize),
    ) -> usize;

    /// Adds all inputs, a word or half of one at a time: their tables stay in the first-level cache while all
    /// chains pass over them.
    #[inline(always)]
    fn add_all<S: Simd, const V: usize>(
        &self,
        simd: S,
        column: usize,
        work: &mut Work<'_, Self::Number>,
    ) {
        let bits = self.bits();
        let stride = bits.stride();
        let outputs = (work.group, work.columns);
        // Half as many where vectors are twice as wide.
        let tables = TABLES * LEAST_LANES / S::LANES;
        let inputs = INPUTS * tables;
        for first in (0..bits.columns()).step_by(inputs) {
            let scratch = (&mut *work.panel, &mut *work.tables);
            let place = (first, inputs);
            let found = self.tabulate::<S, V>(simd, place, u64::MAX, column, scratch, outputs);
            let words = bits.words()[work.chains.start * stride + first / 64..].iter();
            let words = words.step_by(stride).take(work.chains.len());
            let words = words.map(|word| word >> (first % 64));
            let field = &mut work.field[column..];
            if found == tables {
                add_rows::<S, _, V>(simd, work.tables, tables, words, field);
            } else {
                add_rows::<S, _, V>(simd, work.tables, found, words, field);
            }
        }
    }

    /// Adds the inputs block by block: of each chain only the rows in its list.
    #[inline(always)]
    fn add_listed<S: Simd, const V: usize>(
        &self,
        simd: S,
        lists: &NibbleLists,
        column: usize,
        work: &mut Work<'_, Self::Number>,
    ) {
        let width = width::<S, Self::Number, V>();
        let outputs = (work.group, work.columns);
        for (block, used) in lists.used().chunks(BLOCK).enumerate() {
            for (word, &used) in used.iter().enumerate() {
                if used != 0 {
                    let to = &mut work.tables[word * TABLES * ENTRIES * width..];
                    let at = (64 * (BLOCK * block + word), 64);
                    let scratch = (&mut *work.panel, to);
                    self.tabulate::<S, V>(simd, at, used, column, scratch, outputs);
                }
            }
            // Row 0 fills up lists, and its table may not have been made.
            work.tables[..width].fill(bytemuck::Zeroable::zeroed());
            let lists = work.chains.clone().map(|chain| lists.list(block, chain));
            let field = &mut work.field[column..];
            add_listed_rows::<S, _, V>(simd, work.tables, lists, field);
        }
    }
}

/// [`Tabled::tabulate`] of a matrix of f32, of which `source` makes the numbers.
#[inline(always)]
pub(super) fn tabulate_matrix<S: Simd, T: Number, F: Source<T, From = f32>, const V: usize>(
    simd: S,
    (source, weight): (F, Matrix<'_>),
    inputs: (usize, usize),
    used: u64,
    column: usize,
    (panel, tables): (&mut [f32], &mut [T]),
    (group, columns): (usize, usize),
) -> usize {
    let width = width::<S, T, V>();
    let (first, present) = (GROUP * group + column, width.min(columns - column));
    let window = Window::of_inputs(weight, inputs, first, present);
    let count = window.rows.div_ceil(INPUTS);
    let weight = weight.window(simd, window, width, panel);
    tabulate::<S, T, F, V>(simd, source, weight, (count, used), tables);
    count
}

/// Columns of a group in steps of `width` numbers, up to the last one that there is.
#[inline(always)]
pub(super) fn strips(columns: usize, width: usize) -> impl Iterator<Item = usize> {
    debug_assert!(GROUP.is_multiple_of(width));
    (0..columns).step_by(width)
}

/// Numbers in the tables of a word, and in those of a block of words, `width` outputs wide.
pub(super) const fn table_numbers(listed: bool, width: usize) -> usize {
    let words = if listed { BLOCK } else { 1 };
    words * TABLES * ENTRIES * width
}
