//! Persistent contrastive divergence on the host.

use crate::learner::{Batch, Learner, LearnerState, RestoreError};
use burn::tensor::Tensor;
use rbm_model::gradient::Offsets;
use rbm_model::gradient::PhaseSamples;
use rbm_model::noise::stream;
use rbm_model::optim::Step;
use rbm_model::sampling::PackedChains;
use rbm_model::update::{self, OptimizerState};
use rbm_model::{Rbm, ops};

/// [`Persistent`](super::Persistent) with chains that stay bits, and updates in one operation that
/// never holds p(h | v) of all chains: the same states, in little more memory than the weights.
#[derive(Debug, Clone)]
pub struct PackedPersistent {
    chains: PackedChains,
    sweeps: usize,
}

impl PackedPersistent {
    /// `count` chains that start from independent units with the model's biases.
    pub fn new(rbm: &Rbm, count: usize, sweeps: usize, seed: u64) -> Self {
        Self {
            chains: PackedChains::from_biases(rbm, count, seed, stream::CHAINS),
            sweeps,
        }
    }
}

/// Sweeps chains and makes a phase of them, on the model's device.
pub(super) fn moved(chains: &mut PackedChains, rbm: &Rbm, sweeps: usize) -> PhaseSamples {
    chains.sweep(rbm, sweeps);
    let visible = chains.to_chains(&rbm.device()).visible;
    let (weight, bias) = (rbm.weight.val(), rbm.hidden_bias.val());
    PhaseSamples {
        hidden: ops::hidden_probabilities(weight, bias, visible.clone()),
        visible,
    }
}

impl Learner for PackedPersistent {
    fn negative_phase(&mut self, rbm: &Rbm, _batch: &Batch, _number: u64) -> PhaseSamples {
        moved(&mut self.chains, rbm, self.sweeps)
    }

    fn update(
        &mut self,
        rbm: Rbm,
        moments: &mut OptimizerState,
        batch: Batch,
        offsets: Offsets,
        step: Step,
        _number: u64,
    ) -> (Rbm, Tensor<1>) {
        let chains = (&mut self.chains, self.sweeps);
        update::pcd(rbm, moments, batch.rows, chains, offsets, step)
    }

    fn state(&self) -> LearnerState {
        LearnerState {
            chains: Some(self.chains.clone()),
            ..LearnerState::default()
        }
    }

    fn restore(&mut self, mut state: LearnerState) -> Result<(), RestoreError> {
        self.chains = state.take_chains(self.chains.count())?;
        Ok(())
    }
}
