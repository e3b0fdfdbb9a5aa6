//! Persistent contrastive divergence with a chain for each training row.

use super::packed::moved;
use crate::learner::{Batch, ChainCount, Learner, LearnerState, RestoreError};
use burn::tensor::Tensor;
use rbm_model::Rbm;
use rbm_model::gradient::Offsets;
use rbm_model::gradient::PhaseSamples;
use rbm_model::noise::stream;
use rbm_model::optim::Step;
use rbm_model::sampling::PackedChains;
use rbm_model::update::{self, OptimizerState};

/// PCD-k with one persistent chain for each training row: an update moves the chains of its batch's rows by k sweeps,
/// all others stay. The published scripts of arXiv:2503.21536 do so.
///
/// A chain moves once an epoch, so it lags behind the model by up to an epoch of updates where [`PackedPersistent`](super::PackedPersistent)
/// lags by one. All chains are bits in the host's memory, (N + M)/8 bytes each.
#[derive(Debug, Clone)]
pub struct PersistentRows {
    chains: PackedChains,
    sweeps: usize,
}

impl PersistentRows {
    /// A chain for each of `rows` training rows, started from independent units with the model's biases.
    pub fn new(rbm: &Rbm, rows: usize, sweeps: usize, seed: u64) -> Self {
        Self {
            chains: PackedChains::from_biases(rbm, rows, seed, stream::CHAINS),
            sweeps,
        }
    }

    /// Does something to the chains of some rows alone.
    fn with_those<T>(
        &mut self,
        rows: &[u32],
        act: impl FnOnce(&mut PackedChains, usize) -> T,
    ) -> T {
        let mut those = self.chains.select(rows);
        let result = act(&mut those, self.sweeps);
        self.chains.put(rows, &those);
        result
    }
}

impl Learner for PersistentRows {
    fn negative_phase(&mut self, rbm: &Rbm, batch: &Batch, _number: u64) -> PhaseSamples {
        self.with_those(&batch.indices, |chains, sweeps| moved(chains, rbm, sweeps))
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
        self.with_those(&batch.indices, |chains, sweeps| {
            update::pcd(rbm, moments, batch.rows, (chains, sweeps), offsets, step)
        })
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

    fn samples(&self) -> Option<PackedChains> {
        Some(ChainCount::Data.samples(self.chains.clone()))
    }
}
