//! Restricted Boltzmann machines on Burn tensors.
//!
//! [`RbmConfig`] makes an [`Rbm`], a Burn module with weights `[n_visible, n_hidden]` and two
//! biases, on any Burn device. The crate offers its energies and conditionals, block Gibbs
//! sweeps over batches of [`sampling::Chains`], the closed-form likelihood
//! [`gradient`](mod@gradient) with its centered variant, exact sums by
//! [`partition::Enumeration`], pseudo-likelihoods, and safetensors [`mod@file`]s.
//!
//! ```
//! use burn::tensor::Device;
//! use rbm_model::{RbmConfig, noise::stream, partition::Enumeration, sampling::Chains};
//!
//! let rbm = RbmConfig::new(12, 8).with_weight_std(0.5).init(&Device::flex())?;
//! let mut chains = Chains::from_biases(&rbm, 100, 1, stream::CHAINS);
//! chains.sweep(&rbm, 10);
//! assert_eq!(chains.visible.dims(), [100, 12]);
//! let ln_z = Enumeration::new(&rbm.parameters()?)?.ln_z();
//! assert!(ln_z > 0.0);
//! # Ok::<(), rbm_model::ModelError>(())
//! ```
//!
//! Nothing here prints, and no random number comes from a global generator: everything random
//! is keyed by (seed, stream, step, layer, row, column), see [`mod@noise`].

// The ndarray backend is deprecated upstream and still wanted by users.
#![cfg_attr(feature = "ndarray", allow(deprecated))]

pub mod agreement;
mod conditional;
pub mod config;
pub mod device;
pub mod error;
pub mod file;
pub mod gradient;
pub mod init;
pub mod kernels;
pub mod model;
pub mod noise;
pub mod numeric;
pub mod ops;
pub mod optim;
pub mod parameters;
pub mod partition;
pub mod progress;
pub mod pseudo_likelihood;
pub mod sampling;
pub mod update;

pub use conditional::Conditional;
pub use config::RbmConfig;
pub use error::ModelError;
pub use kernels::BitMatrix;
pub use model::Rbm;
pub use parameters::Parameters;

#[cfg(test)]
mod model_tests;

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
