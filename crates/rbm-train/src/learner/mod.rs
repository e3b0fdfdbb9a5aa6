//! Where the negative phase of the gradient comes from.

mod cd;
mod pcd;
mod random;

pub use cd::ContrastiveDivergence;
pub use pcd::Persistent;
pub use random::Restarted;

use crate::settings::{LearnerKind, Settings};
use burn::tensor::Tensor;
use rbm_model::Rbm;
use rbm_model::ops::Phase;
use rbm_model::sampling::Chains;

/// A way to sample the model during training.
pub trait Learner {
    /// Samples the model for update number `step`, given the update's data rows
    /// (`[rows, n_visible]`, zeros and ones): visible states of the last sweep, and the
    /// probabilities p(h = 1 | v) for just those states.
    fn negative_phase(&mut self, rbm: &Rbm, batch: &Tensor<2>, step: u64) -> Phase;

    /// Chains that live on from update to update, if there are any.
    fn chains(&self) -> Option<&Chains> {
        None
    }

    /// Puts saved chains back.
    fn restore(&mut self, _chains: Chains) {}
}

/// The learner that the settings ask for, at the start of its run.
pub fn new(settings: &Settings, rbm: &Rbm) -> Box<dyn Learner> {
    let (seed, learner) = (settings.training.seed, &settings.learner);
    let sweeps = learner.gibbs_steps;
    match learner.kind {
        LearnerKind::Cd => Box::new(ContrastiveDivergence { sweeps, seed }),
        LearnerKind::Pcd => Box::new(Persistent::new(rbm, learner.chains, sweeps, seed)),
        LearnerKind::Random => Box::new(Restarted {
            sweeps,
            seed,
            chains: learner.chains,
        }),
    }
}

#[cfg(test)]
mod tests;
