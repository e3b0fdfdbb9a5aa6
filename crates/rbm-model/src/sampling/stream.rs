//! Streams of random numbers within one seed.
//!
//! Every use of randomness has a stream of its own, so that none depends on how many numbers
//! another one took.

/// Initial weights.
pub const INIT: u8 = 0;
/// The order of the data in each epoch; the step is the epoch.
pub const SHUFFLE: u8 = 1;
/// Gibbs sweeps of the learner's chains; the step counts sweeps since the start of training.
pub const CHAINS: u8 = 2;
/// First states of chains.
pub const CHAIN_START: u8 = 3;
/// Hidden states drawn from data (positive phase of contrastive divergence).
pub const POSITIVE: u8 = 4;
/// Monitoring: unit choices of the pseudo-likelihood and reconstructions.
pub const MONITOR: u8 = 5;
/// Samples drawn from a finished model.
pub const SAMPLE: u8 = 6;
/// Splitting data into training and test rows.
pub const SPLIT: u8 = 7;
/// Gibbs sweeps of tempered replicas; the step counts sweeps over all levels.
pub const TEMPERING: u8 = 16;
/// Swaps between tempered replicas; the step counts exchanges.
pub const SWAP: u8 = 17;
