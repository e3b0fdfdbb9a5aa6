//! Contrastive divergence.

use super::Learner;
use burn::tensor::Tensor;
use rbm_model::gradient::PhaseSamples;
use rbm_model::noise::{Layer, NoiseKey, stream};
use rbm_model::sampling::Chains;
use rbm_model::{Rbm, ops};

/// CD-k: one chain a data row, started there and moved by k sweeps.
///
/// Source: G. E. Hinton, Neural Computation 14, 1771 (2002).
#[derive(Debug, Clone)]
pub struct ContrastiveDivergence {
    /// Gibbs sweeps k.
    pub sweeps: usize,
    /// Seed of the run.
    pub seed: u64,
    /// Number of the first row among all rows of the update; 0 where these are all.
    pub first_row: u32,
}

impl Learner for ContrastiveDivergence {
    fn negative_phase(&mut self, rbm: &Rbm, batch: &Tensor<2>, step: u64) -> PhaseSamples {
        let key = NoiseKey::new(self.seed, stream::POSITIVE)
            .with_step(step)
            .with_layer(Layer::Hidden)
            .with_first_row(self.first_row);
        let (hidden, _) =
            ops::sample_hidden(rbm.weight.val(), rbm.hidden_bias.val(), batch.clone(), key);
        let mut chains = Chains {
            visible: batch.clone(),
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
