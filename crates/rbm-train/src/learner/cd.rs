//! Contrastive divergence.

use super::{Batch, Learner, Registration};
use rbm_model::gradient::PhaseSamples;
use rbm_model::noise::stream;
use rbm_model::noise::{Layer, NoiseKey};
use rbm_model::sampling::Chains;
use rbm_model::{Rbm, ops};

pub(super) const REGISTRATION: Registration = Registration {
    from_batch: true,
    unused: &["learner.chains", "learner.levels"],
    stream: stream::CHAINS,
    rules: |_, _| Ok(()),
    bytes: |sizes| sizes.floats(sizes.batch as f64),
    start: |start| {
        Box::new(ContrastiveDivergence {
            sweeps: start.options.sweeps,
            seed: start.options.seed,
        })
    },
    part: Some(|part| {
        Box::new(ContrastiveDivergence {
            sweeps: part.options.sweeps,
            seed: part.options.seed,
        })
    }),
};

/// CD-k: one chain per data row, started there and moved by k sweeps.
///
/// Source: G. E. Hinton, Neural Computation 14, 1771 (2002).
#[derive(Debug, Clone)]
pub struct ContrastiveDivergence {
    /// Gibbs sweeps k.
    pub sweeps: usize,
    /// Seed of the run.
    pub seed: u64,
}

impl Learner for ContrastiveDivergence {
    fn negative_phase(&mut self, rbm: &Rbm, batch: &Batch, number: u64) -> PhaseSamples {
        let key = NoiseKey::new(self.seed, stream::POSITIVE)
            .with_step(number)
            .with_layer(Layer::Hidden)
            .with_first_row(batch.first_row);
        let (weight, bias) = (rbm.weight.val(), rbm.hidden_bias.val());
        let visible = batch.to_tensor(&rbm.device());
        let (hidden, _) = ops::sample_hidden(weight, bias, visible.clone(), key);
        let mut chains = Chains {
            visible,
            hidden,
            seed: self.seed,
            stream: stream::CHAINS,
            step: number * self.sweeps as u64,
            first_row: batch.first_row,
        };
        let hidden = chains.sweep(rbm, self.sweeps);
        PhaseSamples {
            visible: chains.visible,
            hidden,
        }
    }
}
