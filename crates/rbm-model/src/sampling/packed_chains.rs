//! What chains that are bits have to do with a model, and with tensors.

use super::Chains;
use crate::kernels::BitMatrix;
use crate::kernels::packed::PackedChains;
use crate::model::Rbm;
use crate::noise::stream;
use crate::ops;
use burn::tensor::Device;

impl PackedChains {
    /// The states of [`Chains::from_biases`].
    pub fn from_biases(rbm: &Rbm, count: usize, seed: u64, stream: u8) -> Self {
        // A sweep from hidden units that are off draws v from the biases alone.
        let mut chains = Self {
            visible: BitMatrix::zeros(count, rbm.n_visible()),
            hidden: BitMatrix::zeros(count, rbm.n_hidden()),
            seed,
            stream: stream::CHAIN_START,
            step: u64::from(stream),
        };
        chains.sweep(rbm, 1);
        Self {
            stream,
            step: 0,
            ..chains
        }
    }

    /// Makes `sweeps` Gibbs sweeps, with the random numbers of [`Chains::sweep`].
    pub fn sweep(&mut self, rbm: &Rbm, sweeps: usize) {
        if sweeps > 0 {
            *self = ops::packed_sweeps(
                rbm.weight.val(),
                rbm.visible_bias.val(),
                rbm.hidden_bias.val(),
                self.take(),
                sweeps as u64,
            );
        }
    }

    /// The same chains as tensors on a device.
    pub fn to_chains(&self, device: &Device) -> Chains {
        Chains {
            visible: self.visible.to_tensor(device),
            hidden: self.hidden.to_tensor(device),
            seed: self.seed,
            stream: self.stream,
            step: self.step,
            first_row: 0,
        }
    }
}

impl From<&Chains> for PackedChains {
    fn from(chains: &Chains) -> Self {
        Self {
            visible: BitMatrix::from_tensor(chains.visible.clone()),
            hidden: BitMatrix::from_tensor(chains.hidden.clone()),
            seed: chains.seed,
            stream: chains.stream,
            step: chains.step,
        }
    }
}
