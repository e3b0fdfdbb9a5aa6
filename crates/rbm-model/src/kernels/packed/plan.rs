//! Which way to sums is the fastest, by what the states are like.
//!
//! The sums are the same whatever is chosen.

use super::integers::IntegerPlan;
use super::nibbles::{self, NibbleLists};
use super::runs::{self, RunLists};
use super::tables::INPUTS;
use crate::kernels::BitMatrix;

/// Rows that are looked at.
const SAMPLE: usize = 32;

/// Chains up to which tables cost more than they save: few where weights have to be turned round.
const FEW: usize = 8;
const FEW_TURNED: usize = 4;

/// Costs in additions of a vector, as measured on 784 x 500: of the rows of a list, of a table's making
/// per input, of prefix sums per input.
const LISTED: f64 = 1.3;
const TABLE: f64 = 5.0;
const PREFIX: f64 = 2.5;

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
    let looked = rows.len() as f64;
    let (mut not_zero, mut ends) = (0, 0);
    for words in rows {
        not_zero += nibbles::count(words);
        ends += runs::count(words);
    }
    let per_input = inputs as f64 / chains as f64;
    let all = inputs.div_ceil(INPUTS) as f64 + TABLE * per_input;
    let listed = LISTED * not_zero as f64 / looked + TABLE * per_input;
    let runs = ends as f64 / looked + PREFIX * per_input;
    if runs < all.min(listed) {
        IntegerPlan::Runs(RunLists::new(bits))
    } else if listed < all {
        IntegerPlan::Nibbles(NibbleLists::new(bits))
    } else {
        IntegerPlan::Tables
    }
}
