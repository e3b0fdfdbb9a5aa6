//! Pseudo-likelihood: each unit given all others.
//!
//! ```text
//! ln PL(v) = sum_i ln p(v_i | v_-i) = - sum_i softplus(F(v) - F(v with unit i flipped))
//! ```
//!
//! It needs no partition function. It is an upper-biased stand-in for the likelihood: comparable
//! between models on the same data, not between data sets.
//!
//! Source: J. Besag, J. R. Stat. Soc. D 24, 179 (1975).

use crate::model::Rbm;
use crate::noise::{Sequence, stream};
use crate::ops;
use burn::tensor::activation::softplus;
use burn::tensor::{Int, Tensor, TensorData};

/// ln PL of binary visible rows, all units, in nats: `[rows, n_visible]` to `[rows]`.
///
/// Cost: `rows` x N x M.
pub fn pseudo_log_likelihood(rbm: &Rbm, visible: Tensor<2>) -> Tensor<1> {
    let [rows, n] = visible.dims();
    let field = rbm.hidden_field(visible.clone());
    let none = rbm.hidden_bias.val().zeros_like();
    let base = ops::softplus_sum(field.clone(), none.clone());
    let weight = rbm.weight.val();
    let bias = rbm.visible_bias.val();
    let mut total = Tensor::zeros([rows], &visible.device());
    for i in 0..n {
        let v: Tensor<1> = visible.clone().narrow(1, i, 1).squeeze_dim(1);
        let change = v * -2.0 + 1.0;
        let flipped =
            field.clone() + change.clone().unsqueeze_dim::<2>(1) * weight.clone().narrow(0, i, 1);
        let gain = ops::softplus_sum(flipped, none.clone()) - base.clone()
            + change * bias.clone().narrow(0, i, 1);
        total = total - softplus(gain, 1.0);
    }
    total
}

/// Unbiased estimate of [`pseudo_log_likelihood`] from a few random units per row, see
/// [`HiddenFields::sampled_pseudo_log_likelihood`].
pub fn sampled_pseudo_log_likelihood(
    rbm: &Rbm,
    visible: Tensor<2>,
    units: usize,
    seed: u64,
    step: u64,
) -> Tensor<1> {
    HiddenFields::new(rbm, visible).sampled_pseudo_log_likelihood(units, seed, step)
}

/// Binary rows with their fields on the hidden units: what several quantities have in common.
#[derive(Debug)]
pub struct HiddenFields<'a> {
    rbm: &'a Rbm,
    visible: Tensor<2>,
    /// c + v W, `[rows, n_hidden]`.
    pub field: Tensor<2>,
    /// sum_j softplus of them, `[rows]`.
    softplus: Tensor<1>,
}

impl<'a> HiddenFields<'a> {
    /// `visible` is `[rows, n_visible]`.
    pub fn new(rbm: &'a Rbm, visible: Tensor<2>) -> Self {
        let field = rbm.hidden_field(visible.clone());
        let none = rbm.hidden_bias.val().zeros_like();
        Self {
            rbm,
            visible,
            softplus: ops::softplus_sum(field.clone(), none),
            field,
        }
    }

    /// F(v) = - b.v - sum_j softplus(c_j + (v W)_j), `[rows]`.
    pub fn free_energy(&self) -> Tensor<1> {
        let bias = self.rbm.visible_bias.val().unsqueeze_dim::<2>(1);
        let along_bias: Tensor<1> = self.visible.clone().matmul(bias).squeeze_dim(1);
        -(along_bias + self.softplus.clone())
    }

    /// Unbiased estimate of [`pseudo_log_likelihood`] from `units` random units per row,
    /// (N / units) sum_i ln p(v_i | v_-i) with each i uniform.
    ///
    /// The same `seed` and `step` see the same units: with one step for a whole run its curve is
    /// smooth, since all evaluations share their error. In nats, `[rows]`; cost: `rows` x
    /// `units` x M.
    pub fn sampled_pseudo_log_likelihood(&self, units: usize, seed: u64, step: u64) -> Tensor<1> {
        let ([rows, n], device) = (self.visible.dims(), self.visible.device());
        let mut random = Sequence::new(seed, stream::MONITOR, step);
        let (weight, bias) = (self.rbm.weight.val(), self.rbm.visible_bias.val());
        let mut total = Tensor::zeros([rows], &device);
        for _ in 0..units {
            let units: Vec<u32> = (0..rows).map(|_| random.below(n as u32)).collect();
            let index: Vec<i32> = units.iter().map(|u| *u as i32).collect();
            let chosen = Tensor::<1, Int>::from_data(TensorData::new(index, [rows]), &device);
            let v: Tensor<1> = self
                .visible
                .clone()
                .gather(1, chosen.clone().unsqueeze_dim(1))
                .squeeze_dim(1);
            let change = v * -2.0 + 1.0;
            let flipped = ops::shifted_softplus_sum(
                self.field.clone(),
                weight.clone(),
                units,
                change.clone(),
            );
            let gain = flipped - self.softplus.clone() + change * bias.clone().select(0, chosen);
            total = total - softplus(gain, 1.0);
        }
        total * (n as f64 / units.max(1) as f64)
    }
}
