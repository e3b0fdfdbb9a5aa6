//! Gibbs sweeps and correlations of binary units on bits, without a dense product.
//!
//! The field of output unit o in chain r is a sum of weights, over the inputs that are on:
//!
//! ```text
//! field[r, o] = bias[o] + sum_i bit(r, i) W[i, o]
//! ```
//!
//! Weights are turned into integers for it ([`WeightScale`]): sums are exact, so whatever order and way is
//! the fastest gives the same states.
//!
//! Of four inputs there are only 16 different partial sums. They are tabulated once for a
//! strip of outputs (as vectors, one lane per output) and then serve all chains: four bits of a
//! chain's state select a row of the table, and one load and one addition per vector do what
//! takes four fused multiply-adds in a dense product. This is the "method of four Russians"
//! (Arlazarov, Dinic, Kronrod and Faradzev, Soviet Math. Dokl. 11, 1209 (1970)) over the reals.
//! Tables of 64 inputs stay in the first-level cache while the chains pass over them. States
//! come from the sums as bits, by comparison with the noise; they are never numbers.
//!
//! The positive and negative phases v^T p are the same sum with the chains as inputs.

mod activation;
mod annealing;
mod chains;
mod contraction;
mod direct;
mod fused_update;
mod gibbs;
mod integers;
mod lists;
mod matrix;
mod nibbles;
mod number;
mod outer_mean;
mod phase_moments;
mod plan;
mod reals;
mod scale;
mod short_draw;
mod shorts;
mod tabled;
mod tables;
mod transpose;
mod weight_step;

pub use annealing::{AnnealedModel, Stage};
pub use chains::PackedChains;
pub use fused_update::{FusedUpdate, Hidden};
pub use gibbs::{PackedModel, Sweeps};
pub use outer_mean::outer_mean;
pub use scale::WeightScale;

#[cfg(test)]
mod contraction_tests;
#[cfg(test)]
mod fused_update_tests;
#[cfg(test)]
mod integer_tests;
#[cfg(test)]
mod tests;
