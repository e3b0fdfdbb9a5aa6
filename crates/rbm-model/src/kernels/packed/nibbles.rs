//! Which table rows chains need, where most of their nibbles are zero.

use super::tables::{BLOCK, ENTRIES, INPUTS, PIECE, TABLES};
use crate::kernels::parallel::{Tiles, for_each_task};

/// Inputs below which a list costs as much as it saves.
const LEAST_INPUTS: usize = 64;
/// Chains whose lists are one task.
const CHAINS: usize = 64;

/// For each chain the rows of tables that its bits select and that are not zero, in the order of the
/// inputs.
///
/// The sum over four inputs that are all off is +0, and x + 0 = x for every field x but -0: leaving it
/// out gives the same bits, if fields begin with bias + 0.
pub(super) struct NibbleLists {
    chains: usize,
    /// All lists, block by block and chain by chain; every entry is below `tables::ROWS`.
    rows: Vec<u16>,
    /// Where they begin, and the end.
    starts: Vec<usize>,
    /// For each word of inputs, those that any chain has on.
    used: Vec<u64>,
}

impl NibbleLists {
    /// The lists of bits `i % 64` of words `(i / 64) * chains + r`, inputs i of chains r; `None` where
    /// half of the nibbles or more are not zero, or there are few inputs.
    pub(super) fn new(words: &[u64], chains: usize, inputs: usize) -> Option<Self> {
        if inputs < LEAST_INPUTS || chains == 0 {
            return None;
        }
        let nibbles = chains * inputs.div_ceil(INPUTS);
        // Dense states show it in their first words.
        let mut count = 0;
        for words in words.chunks(chains) {
            count += words
                .iter()
                .map(|&word| on(word).count_ones() as usize)
                .sum::<usize>();
            if 2 * count >= nibbles {
                return None;
            }
        }
        let blocks = words.chunks(chains * BLOCK);
        let mut starts = Vec::with_capacity(blocks.len() * chains + 1);
        let mut end = 0;
        for block in blocks.clone() {
            for chain in 0..chains {
                starts.push(end);
                let length: u32 = words_of(block, chains, chain)
                    .map(|word| on(word).count_ones())
                    .sum();
                end += (length as usize).next_multiple_of(PIECE);
            }
        }
        starts.push(end);
        let mut rows = vec![0; end.max(1)];
        let tiles = Tiles::new(&mut rows, end.max(1));
        let tasks = chains.div_ceil(CHAINS);
        for_each_task(2 * count, blocks.len() * tasks, |task| {
            let (block, first) = (task / tasks, task % tasks * CHAINS);
            let words = &words[block * BLOCK * chains..];
            let words = &words[..words.len().min(BLOCK * chains)];
            for chain in first..chains.min(first + CHAINS) {
                let at = block * chains + chain;
                // SAFETY: every list is one task's, and lists do not overlap.
                let list = unsafe { tiles.piece(0, starts[at]..starts[at + 1]) };
                fill(words_of(words, chains, chain), list);
            }
        });
        let any = |words: &[u64]| words.iter().fold(0, |any, word| any | word);
        let used = words.chunks(chains).map(any).collect();
        Some(Self {
            chains,
            rows,
            starts,
            used,
        })
    }

    /// The list of a chain in a block of words; its entries are below `tables::ROWS`.
    #[inline(always)]
    pub(super) fn list(&self, block: usize, chain: usize) -> &[u16] {
        let at = block * self.chains + chain;
        &self.rows[self.starts[at]..self.starts[at + 1]]
    }

    /// For each word of inputs, those that any chain has on.
    pub(super) fn used(&self) -> &[u64] {
        &self.used
    }
}

/// The lowest bit of each nibble that is not zero.
#[inline(always)]
fn on(word: u64) -> u64 {
    let pairs = word | word >> 1;
    (pairs | pairs >> 2) & 0x1111_1111_1111_1111
}

#[inline(always)]
fn words_of(block: &[u64], chains: usize, chain: usize) -> impl Iterator<Item = u64> {
    block[chain..].iter().step_by(chains).copied()
}

/// Writes the rows that the words of a block select.
#[inline(always)]
fn fill(words: impl Iterator<Item = u64>, list: &mut [u16]) {
    let mut places = list.iter_mut();
    for (index, word) in words.enumerate() {
        let mut left = on(word);
        while left != 0 {
            // Four times the number of the table, as tables have 16 rows for 4 bits.
            let bit = left.trailing_zeros() as usize;
            let row = index * TABLES * ENTRIES
                + bit * (ENTRIES / INPUTS)
                + (word >> bit) as usize % ENTRIES;
            if let Some(place) = places.next() {
                *place = row as u16;
            }
            left &= left - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::packed::tables::ROWS;

    /// Words of `inputs` bits, of which about one in `rare` is on.
    fn words(chains: usize, inputs: usize, rare: u64) -> Vec<u64> {
        let mut state = 1u64;
        let mut words = vec![0u64; inputs.div_ceil(64) * chains];
        for input in 0..inputs {
            for chain in 0..chains {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                if (state >> 33).is_multiple_of(rare) {
                    words[input / 64 * chains + chain] |= 1 << (input % 64);
                }
            }
        }
        words
    }

    #[test]
    fn lists_hold_what_is_not_zero_in_order() {
        for (chains, inputs) in [(1, 256), (5, 1000), (130, 1024), (3, 1025), (70, 3000)] {
            let words = words(chains, inputs, 30);
            let lists = NibbleLists::new(&words, chains, inputs).expect("few are on");
            for chain in 0..chains {
                for block in 0..inputs.div_ceil(64).div_ceil(BLOCK) {
                    let mut expected = Vec::new();
                    for word in 0..BLOCK.min(inputs.div_ceil(64) - block * BLOCK) {
                        let bits = words[(block * BLOCK + word) * chains + chain];
                        for nibble in 0..TABLES {
                            let value = bits >> (INPUTS * nibble) & 15;
                            if value != 0 {
                                expected.push(
                                    ((word * TABLES + nibble) * ENTRIES) as u16 + value as u16,
                                );
                            }
                        }
                    }
                    expected.resize(expected.len().next_multiple_of(PIECE), 0);
                    assert_eq!(lists.list(block, chain), expected);
                    assert!(expected.iter().all(|&row| usize::from(row) < ROWS));
                }
            }
            for (used, words) in lists.used().iter().zip(words.chunks(chains)) {
                assert_eq!(*used, words.iter().fold(0, |any, word| any | word));
            }
        }
    }

    #[test]
    fn dense_or_few_inputs_have_no_lists() {
        assert!(NibbleLists::new(&words(9, 600, 2), 9, 600).is_none());
        assert!(NibbleLists::new(&words(9, 63, 100), 9, 63).is_none());
        assert!(NibbleLists::new(&[], 0, 600).is_none());
        assert!(NibbleLists::new(&words(9, 600, 100), 9, 600).is_some());
    }
}
