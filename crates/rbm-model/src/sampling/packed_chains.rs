//! Chains in the host's memory, one bit per unit.

use super::Chains;
use crate::kernels::BitMatrix;
use crate::kernels::packed::Sweeps;
use crate::model::Rbm;
use crate::noise::stream;
use crate::ops;
use burn::tensor::Device;

/// A batch of Markov chains as [`Chains`], one bit per unit: a thirty-second of the memory.
///
/// How chains are saved, and how they live from update to update where the processor trains
/// ([`ops::pcd_update`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedChains {
    /// Visible states, `[chains, n_visible]`.
    pub visible: BitMatrix,
    /// Hidden states, `[chains, n_hidden]`.
    pub hidden: BitMatrix,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Stream of the random numbers, see [`stream`].
    pub stream: u8,
    /// Sweeps made so far; keys the next sweep.
    pub step: u64,
}

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

    /// Number of chains.
    pub fn count(&self) -> usize {
        self.visible.rows()
    }

    /// Some of the chains, in the given order. They have the random numbers of chains 0, 1, ...
    ///
    /// # Panics
    /// If there is no such chain.
    #[must_use]
    pub fn select(&self, chains: &[u32]) -> Self {
        Self {
            visible: self.visible.select(chains),
            hidden: self.hidden.select(chains),
            ..*self
        }
    }

    /// Puts chains of [`Self::select`] back. All chains count the sweeps that these have made, so that no random number is
    /// used twice.
    ///
    /// # Panics
    /// If there is no such chain, or `moved` are not as many or of another model.
    pub fn put(&mut self, chains: &[u32], moved: &Self) {
        self.visible.put(chains, &moved.visible);
        self.hidden.put(chains, &moved.hidden);
        self.step = moved.step;
    }

    /// Makes `sweeps` Gibbs sweeps, with the random numbers of [`Chains::sweep`].
    pub fn sweep(&mut self, rbm: &Rbm, sweeps: usize) {
        if sweeps > 0 {
            ops::packed_sweeps(rbm, self, sweeps);
        }
    }

    /// Takes the states out, none stay.
    pub(crate) fn take(&mut self) -> Self {
        let nothing = || BitMatrix::zeros(0, 0);
        let (visible, hidden) = (nothing(), nothing());
        Self {
            visible: std::mem::replace(&mut self.visible, visible),
            hidden: std::mem::replace(&mut self.hidden, hidden),
            ..*self
        }
    }

    /// The next sweeps.
    pub(crate) fn sweeps(&self, count: u64) -> Sweeps {
        Sweeps {
            seed: self.seed,
            stream: self.stream,
            first_step: self.step,
            count,
            first_row: 0,
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
