//! Sums by tables of the partial sums of four inputs.

use super::contraction::{Terms, Work};
use super::nibbles::NibbleLists;
use super::tables::{BLOCK, ENTRIES, TABLES, add_listed_rows, add_rows, width};
use crate::kernels::draw::GROUP;
use crate::kernels::simd::Simd;

/// Inputs whose weights can be tabulated.
pub(super) trait Tabled: Terms {
    /// Makes the tables of the inputs of one word for V vectors of outputs from `column` of the group on,
    /// but for those of which no input is in a mask; returns how many tables the word has. Takes the word and
    /// the mask, panel and tables, the group and its columns. Must be `#[inline(always)]`.
    fn tabulate<S: Simd, const V: usize>(
        &self,
        simd: S,
        word: (usize, u64),
        column: usize,
        scratch: (&mut [f32], &mut [Self::Number]),
        group: (usize, usize),
    ) -> usize;

    /// Adds all inputs, word by word: the tables of a word stay in the first-level cache while all chains
    /// pass over them.
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
        for word in 0..stride {
            let scratch = (&mut *work.panel, &mut *work.tables);
            let tables =
                self.tabulate::<S, V>(simd, (word, u64::MAX), column, scratch, outputs);
            let words = bits.words()[work.chains.start * stride + word..].iter();
            let words = words.step_by(stride).copied().take(work.chains.len());
            let field = &mut work.field[column..];
            if tables == TABLES {
                add_rows::<S, _, V>(simd, work.tables, TABLES, words, field);
            } else {
                add_rows::<S, _, V>(simd, work.tables, tables, words, field);
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
                    let at = (BLOCK * block + word, used);
                    self.tabulate::<S, V>(simd, at, column, (&mut *work.panel, to), outputs);
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
