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
use crate::sampling::noise::Sequence;
use crate::sampling::stream;
use burn::tensor::activation::softplus;
use burn::tensor::{Tensor, TensorData};

/// ln PL of binary visible rows, all units, in nats: `[rows, n_visible]` to `[rows]`.
///
/// Cost: `rows` x N x M.
pub fn pseudo_log_likelihood(rbm: &Rbm, visible: Tensor<2>) -> Tensor<1> {
    let [rows, n] = visible.dims();
    let field = rbm.hidden_field(visible.clone());
    let base: Tensor<1> = softplus(field.clone(), 1.0).sum_dim(1).squeeze_dim(1);
    let weight = rbm.weight.val();
    let bias = rbm.visible_bias.val();
    let mut total = Tensor::zeros([rows], &visible.device());
    for i in 0..n {
        let v: Tensor<1> = visible.clone().narrow(1, i, 1).squeeze_dim(1);
        let change = v * -2.0 + 1.0;
        let flipped =
            field.clone() + change.clone().unsqueeze_dim::<2>(1) * weight.clone().narrow(0, i, 1);
        let gain: Tensor<1> = softplus(flipped, 1.0).sum_dim(1).squeeze_dim::<1>(1) - base.clone()
            + change * bias.clone().narrow(0, i, 1);
        total = total - softplus(gain, 1.0);
    }
    total
}

/// Unbiased estimate of [`pseudo_log_likelihood`] from one unit a row, N ln p(v_i | v_-i) with i
/// uniform, at the cost of two free energies.
///
/// `key_step` names the draw, so that the same step sees the same units. In nats, `[rows]`.
pub fn sampled_pseudo_log_likelihood(
    rbm: &Rbm,
    visible: Tensor<2>,
    seed: u64,
    key_step: u64,
) -> Tensor<1> {
    let [rows, n] = visible.dims();
    let mut units = Sequence::new(seed, stream::MONITOR, key_step);
    let mut flip = vec![0.0f32; rows * n];
    for row in flip.chunks_exact_mut(n) {
        row[units.below(n as u32) as usize] = 1.0;
    }
    let flip = Tensor::<2>::from_data(TensorData::new(flip, [rows, n]), &visible.device());
    // v + flip - 2 v flip
    let flipped = visible.clone() + flip.clone() - visible.clone() * flip * 2.0;
    let gain = rbm.free_energy(visible) - rbm.free_energy(flipped);
    softplus(gain, 1.0) * -(n as f64)
}
