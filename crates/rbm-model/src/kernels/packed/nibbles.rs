//! Which table rows chains need, where most of their nibbles are zero.

use super::lists::Lists;
use super::tables::{ENTRIES, INPUTS, TABLES};
use crate::kernels::BitMatrix;

/// Inputs below which a list costs as much as it saves.
const LEAST_INPUTS: usize = 64;

/// For each chain the rows of tables that its bits select and that are not zero, in the order of the
/// inputs.
///
/// The sum over four inputs that are all off is +0, and x + 0 = x for every x but -0: leaving it
/// out gives the same bits, as sums begin with +0.
pub(super) struct NibbleLists {
    lists: Lists,
    /// For each word of inputs, those that any chain has on.
    used: Vec<u64>,
}

impl NibbleLists {
    /// The lists of bits `[chains, inputs]`; `None` where half of the nibbles or more are not zero, or there
    /// are few inputs.
    pub(super) fn if_sparse(bits: &BitMatrix) -> Option<Self> {
        let (chains, inputs, stride) = (bits.rows(), bits.columns(), bits.stride());
        if inputs < LEAST_INPUTS || chains == 0 {
            return None;
        }
        let nibbles = chains * inputs.div_ceil(INPUTS);
        // Dense states show it in their first rows.
        let mut found = 0;
        for row in bits.words().chunks_exact(stride) {
            found += count(row);
            if 2 * found >= nibbles {
                return None;
            }
        }
        Some(Self::new(bits))
    }

    /// The lists of bits `[chains, inputs]`.
    pub(super) fn new(bits: &BitMatrix) -> Self {
        let mut used = vec![0; bits.stride()];
        for row in bits.words().chunks_exact(bits.stride().max(1)) {
            used.iter_mut()
                .zip(row)
                .for_each(|(used, word)| *used |= word);
        }
        Self {
            lists: Lists::new(bits, count, fill),
            used,
        }
    }

    /// The list of a chain in a block of words; its entries are below `tables::ROWS`.
    #[inline(always)]
    pub(super) fn list(&self, block: usize, chain: usize) -> &[u16] {
        self.lists.list(block, chain)
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

/// Nibbles of words that are not zero.
#[inline(always)]
pub(super) fn count(words: &[u64]) -> usize {
    words
        .iter()
        .map(|&word| on(word).count_ones() as usize)
        .sum()
}

/// Writes the rows that the words of a block select.
#[inline(always)]
fn fill(words: &[u64], list: &mut [u16]) {
    let mut places = list.iter_mut();
    for (index, &word) in words.iter().enumerate() {
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
    use crate::kernels::packed::tables::{BLOCK, PIECE, ROWS};

    /// Bits of which about one in `rare` is 1.
    fn bits(chains: usize, inputs: usize, rare: u64) -> BitMatrix {
        let mut state = 1u64;
        BitMatrix::from_fn(chains, inputs, |_, _| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33).is_multiple_of(rare)
        })
    }

    #[test]
    fn lists_hold_what_is_not_zero_in_order() {
        for (chains, inputs) in [(1, 256), (5, 1000), (130, 1024), (3, 1025), (70, 3000)] {
            let bits = bits(chains, inputs, 30);
            let lists = NibbleLists::if_sparse(&bits).expect("few are on");
            for chain in 0..chains {
                for (block, words) in bits.row_words(chain).chunks(BLOCK).enumerate() {
                    let mut expected = Vec::new();
                    for (word, bits) in words.iter().enumerate() {
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
            for (word, used) in lists.used().iter().enumerate() {
                let any = (0..chains).fold(0, |any, chain| any | bits.row_words(chain)[word]);
                assert_eq!(*used, any);
            }
        }
    }

    #[test]
    fn dense_or_few_inputs_have_no_lists() {
        assert!(NibbleLists::if_sparse(&bits(9, 600, 2)).is_none());
        assert!(NibbleLists::if_sparse(&bits(9, 63, 100)).is_none());
        assert!(NibbleLists::if_sparse(&BitMatrix::zeros(0, 600)).is_none());
        assert!(NibbleLists::if_sparse(&bits(9, 600, 100)).is_some());
    }
}
