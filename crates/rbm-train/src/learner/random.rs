//! Chains restarted at random.

use super::Learner;
use crate::settings::ChainCount;
use burn::tensor::Tensor;
use rbm_model::Rbm;
use rbm_model::gradient::PhaseSamples;
use rbm_model::noise::{Layer, NoiseKey, stream};
use rbm_model::ops;
use rbm_model::sampling::Chains;

/// Chains that start from uniformly random hidden states at every update and make k sweeps
/// (called "Rdm" in arXiv:2503.21536).
#[derive(Debug, Clone)]
pub struct Restarted {
    /// Gibbs sweeps k.
    pub sweeps: usize,
    /// Seed of the run.
    pub seed: u64,
    /// Number of chains.
    pub chains: ChainCount,
    /// Number of the first of them among all chains of the update; 0 where these are all.
    pub first_row: u32,
}

impl Learner for Restarted {
    fn negative_phase(&mut self, rbm: &Rbm, batch: &Tensor<2>, step: u64) -> PhaseSamples {
        let key = NoiseKey::new(self.seed, stream::CHAIN_START)
            .with_step(step)
            .with_layer(Layer::Hidden)
            .with_first_row(self.first_row);
        let device = rbm.device();
        let count = self.chains.of_rows(batch.dims()[0]);
        let field = Tensor::zeros([count, rbm.n_hidden()], &device);
        let (hidden, _) = ops::sample_layer(field, Tensor::zeros([rbm.n_hidden()], &device), key);
        let mut chains = Chains {
            visible: Tensor::zeros([count, rbm.n_visible()], &device),
            hidden,
            seed: self.seed,
            stream: stream::CHAINS,
            step: step * self.sweeps as u64,
            first_row: self.first_row,
        };
        let hidden = chains.sweep(rbm, self.sweeps);
        PhaseSamples {
            visible: chains.visible,
            hidden,
        }
    }
}
