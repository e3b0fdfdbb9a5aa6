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
/// Sweeps and swaps of a learner's tempered replicas.
pub const TEMPERING: u8 = 21;
/// Sweeps and swaps of replicas that sample a finished model.
pub const TEMPERED_SAMPLE: u8 = 22;
/// Annealing from independent units to a model; the step counts temperatures.
pub const ANNEALING: u8 = 16;
/// Annealing from a model to independent units.
pub const ANNEALING_BACK: u8 = 17;
/// The short annealing that spaces the temperatures of the others.
pub const ANNEALING_PILOT: u8 = 18;
/// Sweeps that bring chains into equilibrium before they are annealed.
pub const EQUILIBRIUM: u8 = 19;
/// Bootstrap samples of log weights.
pub const BOOTSTRAP: u8 = 20;
/// Cluster updates of generated spin configurations; the row is the chain, the step its sweep.
pub const ISING: u8 = 23;
/// Drawing chains again by their weights, on the way of a population.
pub const POPULATION: u8 = 24;
/// Drawing chains by their weights at the end of annealing.
pub const ANCESTORS: u8 = 25;
