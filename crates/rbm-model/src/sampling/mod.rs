//! Random numbers, chains and Gibbs sweeps.

mod chains;
pub mod noise;
pub mod stream;

pub use chains::Chains;
