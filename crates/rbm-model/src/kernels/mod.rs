//! Processor kernels of the Gibbs sampler: slices in, slices out, no tensors.
//!
//! * [`layer`]: bias, sigmoid and draw of a whole layer in one pass over its fields;
//! * [`softplus`]: the hidden layer's part of free energies;
//! * [`packed`]: Gibbs sweeps and correlations on states that are kept as bits, a [`BitMatrix`].
//!
//! Every kernel runs with the best instructions of the machine ([`Isa::detect`]), and on all
//! threads of the current rayon pool. Neither changes a result: sums are exact or taken in one fixed
//! order, without fused multiply-adds, and the noise is a function of the position
//! ([`crate::noise`]). States and probabilities are the same bytes on every
//! instruction set and for any number of threads.

mod bit_matrix;
mod draw;
mod isa;
pub mod layer;
pub mod packed;
mod parallel;
mod rule;
mod simd;
pub mod softplus;
#[cfg(test)]
pub(crate) mod statistics;

pub use bit_matrix::BitMatrix;
pub use isa::Isa;
pub use rule::Parameter;

use crate::error::ModelError;

/// Refuses a slice whose length does not fit the shape it stands for.
fn check_shape(tensor: &'static str, found: usize, expected: &[usize]) -> Result<(), ModelError> {
    if found == expected.iter().product::<usize>() {
        return Ok(());
    }
    Err(ModelError::Shape {
        tensor: tensor.into(),
        expected: expected.into(),
        found: vec![found],
    })
}
