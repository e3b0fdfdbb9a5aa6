//! Chains, Gibbs sweeps, tempering, and what tells whether chains have mixed.

mod chains;
pub mod diagnostics;
mod packed_chains;
#[cfg(all(test, feature = "flex"))]
mod packed_chains_tests;
pub mod tempering;

pub use crate::kernels::packed::PackedChains;
pub use chains::Chains;
pub use tempering::{Adaptation, ModelPath, Tempering, TemperingError, TemperingState};
