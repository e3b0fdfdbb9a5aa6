//! Which way to sums is the fastest, by what the states are like.
//!
//! The sums are the same whatever is chosen.

use super::integers::IntegerPlan;
use super::nibbles::{self, NibbleLists};
use super::tables::INPUTS;
use crate::kernels::BitMatrix;

/// Rows that are looked at.
const SAMPLE: usize = 32;

/// Chains up to which tables cost more than they save: few where weights have to be turned round.
const FEW: usize = 8;
const FEW_TURNED: usize = 4;

/// What a row of a list costs, in rows of a table that is passed over whole: measured on 784 x 500, where
/// lists have tables beyond the first-level cache.
const LISTED: f64 = 1.3;

/// Chooses the way for bits `[chains, inputs]`.
pub(super) fn choose(bits: &BitMatrix, turned: bool) -> IntegerPlan {
    let (chains, inputs) = (bits.rows(), bits.columns());
    if chains <= if turned { FEW_TURNED } else { FEW } {
        return IntegerPlan::Direct;
    }
    if inputs <= 64 {
        return IntegerPlan::Tables;
    }
    let step = chains.div_ceil(SAMPLE);
    let rows = (0..chains).step_by(step).map(|row| bits.row_words(row));
    let all = rows.len() * inputs.div_ceil(INPUTS);
    let not_zero: usize = rows.map(nibbles::count).sum();
    if LISTED * (not_zero as f64) < all as f64 {
        IntegerPlan::Nibbles(NibbleLists::new(bits))
    } else {
        IntegerPlan::Tables
    }
}
