//! What every learner can do.

use super::Batch;
use burn::tensor::Tensor;
use rbm_model::gradient::Offsets;
use rbm_model::gradient::PhaseSamples;
use rbm_model::optim::Step;
use rbm_model::sampling::{PackedChains, TemperingError, TemperingState};
use rbm_model::update::{self, OptimizerState};
use rbm_model::{BitMatrix, Rbm, ops};

/// A way to sample the model during training.
pub trait Learner {
    /// Samples the model for update `number`, given the update's data rows: visible states of the last
    /// sweep, and the probabilities p(h = 1 | v) for just those states.
    fn negative_phase(&mut self, rbm: &Rbm, batch: &Batch, number: u64) -> PhaseSamples;

    /// Makes update `number` of a model from its data rows: the negative phase, then a step along
    /// the centered gradient. Returns the model and the mean of p(h = 1 | v) over the rows.
    fn update(
        &mut self,
        rbm: Rbm,
        moments: &mut OptimizerState,
        batch: Batch,
        offsets: Offsets,
        step: Step,
        number: u64,
    ) -> (Rbm, Tensor<1>) {
        let (weight, bias) = (rbm.weight.val(), rbm.hidden_bias.val());
        let visible = batch.to_tensor(&rbm.device());
        let data = PhaseSamples {
            hidden: ops::hidden_probabilities(weight, bias, visible.clone()),
            visible,
        };
        let model = self.negative_phase(&rbm, &batch, number);
        update::from_samples(rbm, moments, data, model, offsets, step)
    }

    /// What lives on from update to update, as a checkpoint keeps it.
    fn state(&self) -> LearnerState {
        LearnerState::default()
    }

    /// Puts a saved state back.
    ///
    /// # Errors
    /// [`RestoreError`] where it is not one of such a learner.
    fn restore(&mut self, _state: LearnerState) -> Result<(), RestoreError> {
        Ok(())
    }

    /// Chains that stand for the model where its samples are wanted: all of them, unless they are as many as data.
    fn samples(&self) -> Option<PackedChains> {
        self.state().chains
    }
}

/// What a learner keeps from update to update.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LearnerState {
    /// Its chains.
    pub chains: Option<PackedChains>,
    /// Its tempered replicas.
    pub replicas: Option<Replicas>,
}

/// Tempered replicas: what [`Tempering`](rbm_model::sampling::Tempering) counts, and their states.
#[derive(Debug, Clone, PartialEq)]
pub struct Replicas {
    /// Levels, counters, walkers.
    pub tempering: TemperingState,
    /// Visible states, `[levels * ladders, n_visible]`.
    pub visible: BitMatrix,
}

impl LearnerState {
    /// The chains of a learner that has so many.
    pub(super) fn take_chains(&mut self, expected: usize) -> Result<PackedChains, RestoreError> {
        let chains = self.chains.take();
        let found = chains.as_ref().map_or(0, PackedChains::count);
        match chains {
            Some(chains) if found == expected => Ok(chains),
            _ => Err(RestoreError::Chains { found, expected }),
        }
    }
}

/// Why a saved state cannot be put back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Another number of chains.
    #[error("{found} chains; expected {expected}")]
    Chains {
        /// Saved.
        found: usize,
        /// What the settings say.
        expected: usize,
    },
    /// Another number of ladders.
    #[error("{found} tempering ladders; expected {expected}")]
    Ladders {
        /// Saved.
        found: usize,
        /// What the settings say.
        expected: usize,
    },
    /// Replicas that do not belong together.
    #[error(transparent)]
    Tempering(#[from] TemperingError),
}
