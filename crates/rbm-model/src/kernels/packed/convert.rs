//! Between states as numbers, one row per chain, and as words, one row per group of 64 units.

use crate::kernels::Isa;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::{Tiles, for_each_task};
use crate::kernels::simd::{Kernel, Simd, load, store};
use std::ops::Range;

/// Chains that a task takes.
const CHAINS: usize = 32;

/// About what one thread needs for so many numbers.
const fn nanoseconds(numbers: usize) -> usize {
    numbers / 8
}

/// words[group, chain] from numbers[chain, unit]: a bit is set where the number exceeds 1/2.
pub(super) fn pack(isa: Isa, numbers: &[f32], units: usize, words: &mut [u64]) {
    let chains = numbers.len().checked_div(units).unwrap_or(0);
    let words = Tiles::new(words, chains);
    for_each_task(
        nanoseconds(numbers.len()),
        chains.div_ceil(CHAINS),
        |task| {
            isa.run(Pack {
                numbers,
                units,
                chains: CHAINS * task..chains.min(CHAINS * (task + 1)),
                words: &words,
            });
        },
    );
}

/// numbers[chain, unit] from words[group, chain]: 1 where the bit is set, else 0.
pub(super) fn unpack(isa: Isa, words: &[u64], units: usize, numbers: &mut [f32]) {
    let chains = numbers.len().checked_div(units).unwrap_or(0);
    let numbers_nanoseconds = nanoseconds(numbers.len());
    let numbers = Tiles::new(numbers, units);
    for_each_task(numbers_nanoseconds, chains.div_ceil(CHAINS), |task| {
        isa.run(Unpack {
            words,
            all_chains: chains,
            units,
            chains: CHAINS * task..chains.min(CHAINS * (task + 1)),
            numbers: &numbers,
        });
    });
}

struct Pack<'a> {
    numbers: &'a [f32],
    units: usize,
    chains: Range<usize>,
    words: &'a Tiles<'a, u64>,
}

impl Kernel for Pack<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for chain in self.chains {
            let row = &self.numbers[chain * self.units..(chain + 1) * self.units];
            for (group, row) in row.chunks(GROUP).enumerate() {
                let mut bits = 0;
                for (vector, numbers) in row.chunks(S::LANES).enumerate() {
                    let on = simd.less(simd.splat(0.5), load(simd, numbers));
                    bits |= u64::from(on) << (vector * S::LANES);
                }
                // SAFETY: tasks have chains of their own.
                let word = unsafe { self.words.piece(group, chain..chain + 1) };
                word[0] = bits;
            }
        }
    }
}

struct Unpack<'a> {
    words: &'a [u64],
    all_chains: usize,
    units: usize,
    chains: Range<usize>,
    numbers: &'a Tiles<'a, f32>,
}

impl Kernel for Unpack<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for chain in self.chains {
            // SAFETY: tasks have chains of their own.
            let row = unsafe { self.numbers.piece(chain, 0..self.units) };
            for (group, row) in row.chunks_mut(GROUP).enumerate() {
                let word = self.words[group * self.all_chains + chain];
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
            for units in RAGGED_UNITS {
                for chains in RAGGED_ROWS {
                    check(isa, &numbers(1, 1.0, chains * units), units);
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

    fn check(isa: Isa, numbers: &[f32], units: usize) {
        let chains = numbers.len() / units;
        let mut words = vec![u64::MAX; units.div_ceil(GROUP) * chains];
        pack(isa, numbers, units, &mut words);
        let mut back = vec![0.5; numbers.len()];
        unpack(isa, &words, units, &mut back);
        for (index, (&number, &back)) in numbers.iter().zip(&back).enumerate() {
            let (chain, unit) = (index / units, index % units);
            let bit = words[unit / GROUP * chains + chain] >> (unit % GROUP) & 1;
            assert_eq!(bit == 1, number > 0.5);
            assert_eq!(back, bit as f32);
        }
        // Nothing beyond the last unit.
        let spare = units.div_ceil(GROUP) * GROUP - units;
        for word in &words[(units.div_ceil(GROUP) - 1) * chains..] {
            assert!(word.leading_zeros() as usize >= spare);
        }
    }
}
