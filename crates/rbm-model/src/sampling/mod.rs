//! Random numbers, chains, Gibbs sweeps, tempering, and what tells whether chains have mixed.

mod chains;
pub mod diagnostics;
pub mod noise;
mod packed_chains;
pub mod stream;
pub mod tempering;

pub use chains::Chains;
pub use packed_chains::{PackedChains, pack};
pub use tempering::{Adaptation, Path, Tempering, TemperingError, TemperingState};
