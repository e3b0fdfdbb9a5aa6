//! Markov chains of a model: a batch of joint states that Gibbs sweeps move on.

use crate::model::Rbm;
use crate::noise::{Layer, NoiseKey, stream};
use crate::ops::{self, Sweeps};
use burn::tensor::Tensor;

/// A batch of Markov chains with joint states (v, h) of zeros and ones.
///
/// A sweep draws v ~ p(v | h) and then h ~ p(h | v). `step` counts the sweeps and keys their
/// random numbers, so chains saved and restored with it continue exactly as if never stopped.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{RbmConfig, noise::stream};
/// use rbm_model::sampling::{Chains, PackedChains};
/// let rbm = RbmConfig::new(12, 8).with_weight_std(0.5).init(&Device::flex())?;
/// let mut chains = Chains::from_biases(&rbm, 100, 1, stream::CHAINS);
/// let mut stopped = chains.clone();
/// chains.sweep(&rbm, 5);
/// // Stopped after two sweeps and gone on with: the same states.
/// stopped.sweep(&rbm, 2);
/// stopped.sweep(&rbm, 3);
/// assert_eq!(PackedChains::from(&stopped), PackedChains::from(&chains));
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Chains {
    /// Visible states, `[chains, n_visible]`.
    pub visible: Tensor<2>,
    /// Hidden states, `[chains, n_hidden]`.
    pub hidden: Tensor<2>,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Stream of the random numbers, see [`stream`].
    pub stream: u8,
    /// Sweeps made so far; keys the next sweep.
    pub step: u64,
    /// Number of the first of these chains among all; 0 where these are all.
    pub first_row: u32,
}

impl Chains {
    /// Chains that start from independent units with the model's own biases:
    /// v_i ~ sigmoid(b_i), then h ~ p(h | v).
    pub fn from_biases(rbm: &Rbm, count: usize, seed: u64, stream: u8) -> Self {
        let field = Tensor::zeros([count, rbm.n_visible()], &rbm.device());
        let start = NoiseKey::new(seed, stream::CHAIN_START).with_step(u64::from(stream));
        let (visible, _) = ops::sample_layer(field, rbm.visible_bias.val(), start);
        Self::from_visible(rbm, visible, seed, stream)
    }

    /// Chains that start from given visible states, with h drawn from p(h | v).
    ///
    /// `visible` is `[chains, n_visible]`, zeros and ones.
    pub fn from_visible(rbm: &Rbm, visible: Tensor<2>, seed: u64, stream: u8) -> Self {
        let start = NoiseKey::new(seed, stream::CHAIN_START)
            .with_step(u64::from(stream))
            .with_layer(Layer::Hidden);
        let (hidden, _) = ops::sample_hidden(
            rbm.weight.val(),
            rbm.hidden_bias.val(),
            visible.clone(),
            start,
        );
        Self {
            visible,
            hidden,
            seed,
            stream,
            step: 0,
            first_row: 0,
        }
    }

    /// Number of chains.
    pub fn count(&self) -> usize {
        self.visible.dims()[0]
    }

    /// Makes `sweeps` Gibbs sweeps and returns p(h = 1 | v) for the new visible states,
    /// `[chains, n_hidden]`. With `sweeps` 0 the states stay and the probabilities are theirs.
    pub fn sweep(&mut self, rbm: &Rbm, sweeps: usize) -> Tensor<2> {
        if sweeps == 0 {
            return rbm.hidden_probabilities(self.visible.clone());
        }
        // The old states go before the new ones come: chains may be most of the memory.
        let device = rbm.device();
        let nothing = || Tensor::empty([0, 0], &device);
        let hidden = std::mem::replace(&mut self.hidden, nothing());
        self.visible = nothing();
        let result = ops::gibbs_sweeps(
            rbm.weight.val(),
            rbm.visible_bias.val(),
            rbm.hidden_bias.val(),
            hidden,
            Sweeps {
                count: sweeps as u64,
                first_step: self.step,
                seed: self.seed,
                stream: self.stream,
                first_row: self.first_row,
            },
        );
        self.step += sweeps as u64;
        self.visible = result.visible;
        self.hidden = result.hidden;
        result.hidden_probabilities
    }
}
