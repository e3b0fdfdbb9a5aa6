//! Restricted Boltzmann machines on Burn tensors.

pub mod error;
pub mod kernels;
pub mod parameters;
pub mod sampling;

pub use error::ModelError;
pub use parameters::Parameters;
