//! For each chain the rows of a table that its bits select.

use super::tables::{BLOCK, PIECE};
use crate::kernels::BitMatrix;
use crate::kernels::parallel::{Tiles, for_each_task};

/// Chains whose lists are one task.
const CHAINS: usize = 64;

/// Lists of all chains, block by block of words, in the order of the inputs.
pub(super) struct Lists {
    chains: usize,
    rows: Vec<u16>,
    /// Where lists begin, and the end.
    starts: Vec<usize>,
}

impl Lists {
    /// Lists of bits `[chains, inputs]`, made of the words of each block: `count` tells how many entries
    /// there are, `fill` writes them. Zeros fill up a list to whole pieces.
    pub(super) fn new(
        bits: &BitMatrix,
        count: impl Fn(&[u64]) -> usize,
        fill: impl Fn(&[u64], &mut [u16]) + Sync,
    ) -> Self {
        let chains = bits.rows();
        let blocks = bits.stride().div_ceil(BLOCK);
        let mut starts = Vec::with_capacity(blocks * chains + 1);
        let mut end = 0;
        for block in 0..blocks {
            for chain in 0..chains {
                starts.push(end);
                end += count(block_of(bits, chain, block)).next_multiple_of(PIECE);
            }
        }
        starts.push(end);
        let mut rows = vec![0; end.max(1)];
        let tiles = Tiles::new(&mut rows, end.max(1));
        let tasks = chains.div_ceil(CHAINS);
        for_each_task(2 * end, blocks * tasks, |task| {
            let (block, first) = (task / tasks, task % tasks * CHAINS);
            for chain in first..chains.min(first + CHAINS) {
                let at = block * chains + chain;
                // SAFETY: every list is one task's, and lists do not overlap.
                let list = unsafe { tiles.piece(0, starts[at]..starts[at + 1]) };
                fill(block_of(bits, chain, block), list);
            }
        });
        Self {
            chains,
            rows,
            starts,
        }
    }

    /// The list of a chain in a block of words.
    #[inline(always)]
    pub(super) fn list(&self, block: usize, chain: usize) -> &[u16] {
        let at = block * self.chains + chain;
        &self.rows[self.starts[at]..self.starts[at + 1]]
    }
}

/// The words of a chain in a block of them.
fn block_of(bits: &BitMatrix, chain: usize, block: usize) -> &[u64] {
    let words = bits.row_words(chain);
    &words[BLOCK * block..words.len().min(BLOCK * (block + 1))]
}
