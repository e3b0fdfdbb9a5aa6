//! Persistent contrastive divergence on any device.

use super::Learner;
use burn::tensor::{Device, Tensor};
use rbm_model::Rbm;
use rbm_model::gradient::PhaseSamples;
use rbm_model::noise::stream;
use rbm_model::sampling::{Chains, PackedChains};

/// PCD-k: chains that go on from update to update, k sweeps each; tensors on the model's device.
///
/// Source: T. Tieleman, ICML 2008, doi:10.1145/1390156.1390290.
#[derive(Debug, Clone)]
pub struct Persistent {
    chains: Chains,
    sweeps: usize,
}

impl Persistent {
    /// `count` chains that start from independent units with the model's biases.
    pub fn new(rbm: &Rbm, count: usize, sweeps: usize, seed: u64) -> Self {
        Self {
            chains: Chains::from_biases(rbm, count, seed, stream::CHAINS),
            sweeps,
        }
    }

    /// Number of chains.
    pub(super) fn count(&self) -> usize {
        self.chains.count()
    }

    /// Some of all chains, of which `first` is the number of the first.
    pub(super) fn part(
        chains: &PackedChains,
        first: usize,
        sweeps: usize,
        device: &Device,
    ) -> Self {
        Self {
            chains: Chains {
                first_row: first as u32,
                ..chains.to_chains(device)
            },
            sweeps,
        }
    }
}

impl Learner for Persistent {
    fn negative_phase(&mut self, rbm: &Rbm, _batch: &Tensor<2>, _step: u64) -> PhaseSamples {
        let hidden = self.chains.sweep(rbm, self.sweeps);
        PhaseSamples {
            visible: self.chains.visible.clone(),
            hidden,
        }
    }

    fn chains(&self) -> Option<PackedChains> {
        Some((&self.chains).into())
    }

    fn restore(&mut self, chains: PackedChains) {
        self.chains = Chains {
            first_row: self.chains.first_row,
            ..chains.to_chains(&self.chains.visible.device())
        };
    }
}
