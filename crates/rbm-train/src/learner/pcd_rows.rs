//! Persistent contrastive divergence with a chain for each training row.

use super::Learner;
use super::pcd_packed::moved;
use burn::tensor::Tensor;
use rbm_model::gradient::{Offsets, PhaseSamples};
use rbm_model::noise::stream;
use rbm_model::ops::OptimizerState;
use rbm_model::optim::Step;
use rbm_model::sampling::PackedChains;
use rbm_model::{Rbm, ops};

/// Chains that stand for the model where its samples are wanted.
const SAMPLES: usize = 1000;

/// PCD-k with one persistent chain for each training row: an update moves the chains of its batch's rows by k sweeps,
/// all others stay. The published scripts of arXiv:2503.21536 do so.
///
/// A chain moves once an epoch, so it lags behind the model by up to an epoch of updates where [`PackedPersistent`](super::PackedPersistent)
/// lags by one. All chains are bits in the host's memory, (N + M)/8 bytes each.
#[derive(Debug, Clone)]
pub struct PersistentRows {
    chains: PackedChains,
    sweeps: usize,
    /// Rows of the next update.
    rows: Vec<u32>,
}

impl PersistentRows {
    /// A chain for each of `rows` training rows, started from independent units with the model's biases.
    pub fn new(rbm: &Rbm, rows: usize, sweeps: usize, seed: u64) -> Self {
        Self {
            chains: PackedChains::from_biases(rbm, rows, seed, stream::CHAINS),
            sweeps,
            rows: Vec::new(),
        }
    }

    /// Does something to the chains of the next update alone.
    fn with_those<T>(&mut self, act: impl FnOnce(&mut PackedChains, usize) -> T) -> T {
        let mut those = self.chains.select(&self.rows);
        let result = act(&mut those, self.sweeps);
        self.chains.put(&self.rows, &those);
        result
    }
}

impl Learner for PersistentRows {
    fn turn_to(&mut self, rows: &[u32]) {
        self.rows = rows.to_vec();
    }

    fn negative_phase(&mut self, rbm: &Rbm, _batch: &Tensor<2>, _step: u64) -> PhaseSamples {
        self.with_those(|chains, sweeps| moved(chains, rbm, sweeps))
    }

    fn ascend(
        &mut self,
        rbm: Rbm,
        moments: &mut OptimizerState,
        batch: Tensor<2>,
        offsets: Offsets,
        step: Step,
        _number: u64,
    ) -> (Rbm, Tensor<1>) {
        self.with_those(|chains, sweeps| {
            ops::pcd_update(rbm, moments, batch, (chains, sweeps), offsets, step)
        })
    }

    fn chains(&self) -> Option<PackedChains> {
        Some(self.chains.clone())
    }

    /// Evenly over the rows, which may be sorted.
    fn samples(&self) -> Option<PackedChains> {
        let (rows, count) = (self.chains.count(), self.chains.count().min(SAMPLES));
        let chosen: Vec<u32> = (0..count).map(|k| (k * rows / count) as u32).collect();
        Some(self.chains.select(&chosen))
    }

    fn restore(&mut self, chains: PackedChains) {
        self.chains = chains;
    }
}
