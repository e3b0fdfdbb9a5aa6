//! Chains restarted at random.

use super::registration::chains_on_every_device;
use super::{Batch, ChainCount, Learner, Registration};
use burn::tensor::Tensor;
use rbm_model::gradient::PhaseSamples;
use rbm_model::noise::stream;
use rbm_model::noise::{Layer, NoiseKey};
use rbm_model::sampling::Chains;
use rbm_model::{Rbm, ops};

pub(super) const REGISTRATION: Registration = Registration {
    from_batch: false,
    unused: &["learner.levels"],
    stream: stream::CHAINS,
    rules: chains_on_every_device,
    bytes: |sizes| sizes.floats(sizes.chains()),
    start: |start| {
        Box::new(Restarted {
            sweeps: start.options.sweeps,
            seed: start.options.seed,
            chains: start.options.chains,
            first_row: 0,
        })
    },
    part: Some(|part| {
        Box::new(Restarted {
            sweeps: part.options.sweeps,
            seed: part.options.seed,
            chains: ChainCount::Count(part.range.len()),
            first_row: part.range.start as u32,
        })
    }),
};

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
    fn negative_phase(&mut self, rbm: &Rbm, batch: &Batch, number: u64) -> PhaseSamples {
        let key = NoiseKey::new(self.seed, stream::CHAIN_START)
            .with_step(number)
            .with_layer(Layer::Hidden)
            .with_first_row(self.first_row);
        let device = rbm.device();
        let count = self.chains.of_rows(batch.count());
        let field = Tensor::zeros([count, rbm.n_hidden()], &device);
        let (hidden, _) = ops::sample_layer(field, Tensor::zeros([rbm.n_hidden()], &device), key);
        let mut chains = Chains {
            visible: Tensor::zeros([count, rbm.n_visible()], &device),
            hidden,
            seed: self.seed,
            stream: stream::CHAINS,
            step: number * self.sweeps as u64,
            first_row: self.first_row,
        };
        let hidden = chains.sweep(rbm, self.sweeps);
        PhaseSamples {
            visible: chains.visible,
            hidden,
        }
    }
}
