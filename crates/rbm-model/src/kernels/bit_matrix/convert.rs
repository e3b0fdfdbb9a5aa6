//! Between rows of numbers and rows of bits.

use crate::kernels::Isa;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::{Tiles, for_each_task};
use crate::kernels::simd::{Kernel, Simd, load, store};

/// Rows that a task takes.
const ROWS: usize = 32;

/// words[row, group] from numbers[row, column]: a bit is 1 where the number exceeds 1/2.
pub(super) fn pack(isa: Isa, numbers: &[f32], columns: usize, words: &mut [u64]) {
    let (all, stride) = (words.len(), columns.div_ceil(GROUP));
    let words = Tiles::new(words, all);
    for_each_piece(numbers.len(), columns, |first, end| {
        isa.run(Pack {
            numbers: &numbers[first * columns..end * columns],
            columns,
            // SAFETY: pieces do not overlap.
            words: unsafe { words.piece(0, first * stride..end * stride) },
        });
    });
}

/// numbers[row, column] from words[row, group]: 1 where the bit is 1, else 0.
pub(super) fn unpack(isa: Isa, words: &[u64], columns: usize, numbers: &mut [f32]) {
    let (all, stride) = (numbers.len(), columns.div_ceil(GROUP));
    let numbers = Tiles::new(numbers, all);
    for_each_piece(all, columns, |first, end| {
        isa.run(Unpack {
            words: &words[first * stride..end * stride],
            columns,
            // SAFETY: pieces do not overlap.
            numbers: unsafe { numbers.piece(0, first * columns..end * columns) },
        });
    });
}

/// Does pieces of some rows, from a first one to an end.
fn for_each_piece(numbers: usize, columns: usize, piece: impl Fn(usize, usize) + Sync) {
    let rows = numbers.checked_div(columns).unwrap_or(0);
    // About what one thread needs.
    let nanoseconds = numbers / 8;
    for_each_task(nanoseconds, rows.div_ceil(ROWS), |task| {
        piece(ROWS * task, rows.min(ROWS * (task + 1)));
    });
}

struct Pack<'a> {
    numbers: &'a [f32],
    columns: usize,
    words: &'a mut [u64],
}

impl Kernel for Pack<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let stride = self.columns.div_ceil(GROUP);
        let rows = self.numbers.chunks_exact(self.columns);
        for (row, words) in rows.zip(self.words.chunks_exact_mut(stride)) {
            for (row, word) in row.chunks(GROUP).zip(words) {
                let mut bits = 0;
                for (vector, numbers) in row.chunks(S::LANES).enumerate() {
                    let on = simd.less(simd.splat(0.5), load(simd, numbers));
                    bits |= u64::from(on) << (vector * S::LANES);
                }
                *word = bits;
            }
        }
    }
}

struct Unpack<'a> {
    words: &'a [u64],
    columns: usize,
    numbers: &'a mut [f32],
}

impl Kernel for Unpack<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let stride = self.columns.div_ceil(GROUP);
        let rows = self.numbers.chunks_exact_mut(self.columns);
        for (row, words) in rows.zip(self.words.chunks_exact(stride)) {
            for (row, word) in row.chunks_mut(GROUP).zip(words) {
                for (vector, numbers) in row.chunks_mut(S::LANES).enumerate() {
                    let bits = (word >> (vector * S::LANES)) as u32;
                    store(simd, numbers, simd.ones(bits));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::statistics::{
        RAGGED_ROWS, RAGGED_UNITS, instruction_sets, numbers, on_threads,
    };

    #[test]
    fn bits_are_numbers_above_one_half() {
        for isa in instruction_sets() {
            for columns in RAGGED_UNITS {
                for rows in RAGGED_ROWS {
                    check(isa, &numbers(1, 1.0, rows * columns), columns);
                }
            }
            on_threads(3, || check(isa, &numbers(1, 1.0, 1000 * 150), 150));
        }
        let edge = [0.5, 0.500_000_1, f32::NAN, f32::INFINITY, -1.0];
        for isa in instruction_sets() {
            let mut words = [u64::MAX];
            pack(isa, &edge, 5, &mut words);
            assert_eq!(words, [0b01010]);
        }
    }

    fn check(isa: Isa, numbers: &[f32], columns: usize) {
        let (rows, stride) = (numbers.len() / columns, columns.div_ceil(GROUP));
        let mut words = vec![u64::MAX; stride * rows];
        pack(isa, numbers, columns, &mut words);
        let mut back = vec![0.5; numbers.len()];
        unpack(isa, &words, columns, &mut back);
        for (index, (&number, &back)) in numbers.iter().zip(&back).enumerate() {
            let (row, column) = (index / columns, index % columns);
            let bit = words[row * stride + column / GROUP] >> (column % GROUP) & 1;
            assert_eq!(bit == 1, number > 0.5);
            assert_eq!(back, bit as f32);
        }
        // Nothing beyond the last column.
        let spare = stride * GROUP - columns;
        for row in words.chunks(stride) {
            assert!(row[stride - 1].leading_zeros() as usize >= spare);
        }
    }
}
