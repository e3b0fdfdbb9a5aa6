//! Where the negative phase of the gradient comes from.

mod cd;
mod pcd;
mod pcd_packed;
mod pcd_rows;
mod pt;
mod random;
mod split;

pub use cd::ContrastiveDivergence;
pub use pcd::Persistent;
pub use pcd_packed::PackedPersistent;
pub use pcd_rows::PersistentRows;
pub use pt::Tempered;
pub use random::Restarted;
pub use split::Split;

use crate::settings::{ChainCount, LearnerKind, Settings};
use burn::tensor::{Device, Tensor};
use rbm_model::device::is_host;
use rbm_model::gradient::{Offsets, PhaseSamples};
use rbm_model::ops::OptimizerState;
use rbm_model::optim::Step;
use rbm_model::sampling::{PackedChains, Tempering, TemperingError, TemperingState};
use rbm_model::{Rbm, ops};

/// A way to sample the model during training.
pub trait Learner {
    /// Told before each update which training rows its batch holds, for learners to which that matters.
    fn turn_to(&mut self, _rows: &[u32]) {}

    /// Samples the model for update number `step`, given the update's data rows
    /// (`[rows, n_visible]`, zeros and ones): visible states of the last sweep, and the
    /// probabilities p(h = 1 | v) for just those states.
    fn negative_phase(&mut self, rbm: &Rbm, batch: &Tensor<2>, step: u64) -> PhaseSamples;

    /// Makes update number `number` of a model from its data rows: the negative phase, then a step along
    /// the centred gradient. Returns the model and the mean of p(h = 1 | v) over the rows.
    fn ascend(
        &mut self,
        rbm: Rbm,
        moments: &mut OptimizerState,
        batch: Tensor<2>,
        offsets: Offsets,
        step: Step,
        number: u64,
    ) -> (Rbm, Tensor<1>) {
        let hidden =
            ops::hidden_probabilities(rbm.weight.val(), rbm.hidden_bias.val(), batch.clone());
        let model = self.negative_phase(&rbm, &batch, number);
        let data = PhaseSamples {
            visible: batch,
            hidden,
        };
        ops::update(rbm, moments, data, model, offsets, step)
    }

    /// Where the data rows of an update are wanted, if not on the model's device.
    fn batch_device(&self) -> Option<Device> {
        None
    }

    /// Chains that live on from update to update, if there are any.
    fn chains(&self) -> Option<PackedChains> {
        None
    }

    /// Those of the chains that stand for the model where its samples are wanted: all of them, unless they are as many as data.
    fn samples(&self) -> Option<PackedChains> {
        self.chains()
    }

    /// Puts saved chains back.
    fn restore(&mut self, _chains: PackedChains) {}

    /// The tempered replicas, if there are any.
    fn tempering(&self) -> Option<&Tempering> {
        None
    }

    /// Puts saved replicas back: counters, and visible states `[levels * ladders, n_visible]`.
    ///
    /// # Errors
    /// [`TemperingError`] where they do not belong together.
    fn restore_tempering(
        &mut self,
        _state: TemperingState,
        _visible: Tensor<2>,
    ) -> Result<(), TemperingError> {
        Ok(())
    }
}

/// The learner that validated settings ask for, at the start of its run; `data_mean` is the mean of the
/// training rows, `[n_visible]`, and `rows` their number.
pub fn new(settings: &Settings, rbm: &Rbm, data_mean: &[f64], rows: usize) -> Box<dyn Learner> {
    let (seed, learner) = (settings.training.seed, &settings.learner);
    let (sweeps, chains) = (learner.gibbs_steps, learner.chains.of_rows(rows));
    match learner.kind {
        LearnerKind::Cd => Box::new(ContrastiveDivergence {
            sweeps,
            seed,
            first_row: 0,
        }),
        LearnerKind::Pcd if learner.chains == ChainCount::Data => {
            Box::new(PersistentRows::new(rbm, chains, sweeps, seed))
        }
        LearnerKind::Pcd if is_host(&rbm.device()) => {
            Box::new(PackedPersistent::new(rbm, chains, sweeps, seed))
        }
        LearnerKind::Pcd => Box::new(Persistent::new(rbm, chains, sweeps, seed)),
        LearnerKind::Random => Box::new(Restarted {
            sweeps,
            seed,
            chains: learner.chains,
            first_row: 0,
        }),
        LearnerKind::Pt => {
            let (ladders, levels) = (chains, learner.levels);
            match Tempered::new(rbm, data_mean, ladders, levels, sweeps, seed) {
                Ok(learner) => Box::new(learner),
                Err(error) => unreachable!("settings and data are checked before: {error}"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
