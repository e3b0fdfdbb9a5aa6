//! Chains in the host's memory, one bit per unit.

use super::Sweeps;
use crate::kernels::BitMatrix;

/// A batch of Markov chains as [`Chains`](crate::sampling::Chains), one bit per unit: a thirty-second of the memory.
///
/// How chains are saved, and how they live from update to update where the processor trains
/// ([`update::pcd`](crate::update::pcd)).
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{RbmConfig, noise::stream};
/// use rbm_model::sampling::{Chains, PackedChains};
/// let rbm = RbmConfig::new(12, 8).with_weight_std(0.5).init(&Device::flex())?;
/// let mut packed = PackedChains::from_biases(&rbm, 100, 1, stream::CHAINS);
/// let mut chains = Chains::from_biases(&rbm, 100, 1, stream::CHAINS);
/// packed.sweep(&rbm, 5);
/// chains.sweep(&rbm, 5);
/// assert_eq!(packed, PackedChains::from(&chains));
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedChains {
    /// Visible states, `[chains, n_visible]`.
    pub visible: BitMatrix,
    /// Hidden states, `[chains, n_hidden]`.
    pub hidden: BitMatrix,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Stream of the random numbers, see [`stream`](crate::noise::stream).
    pub stream: u8,
    /// Sweeps made so far; keys the next sweep.
    pub step: u64,
}

impl PackedChains {
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
}
