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

use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::kernels::layer::probabilities_layer;
use crate::kernels::softplus::{shifted_softplus_sum, softplus_sum};
use crate::model::Rbm;
use crate::ops::{self, with_slice};
use crate::parameters;
use burn::tensor::activation::softplus;
use burn::tensor::{Tensor, TensorData};

/// ln PL of binary visible rows, all units, in nats: `[rows, n_visible]` to `[rows]`.
///
/// Cost: `rows` x N x M.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rbm_model::{Parameters, Rbm};
/// use rbm_model::{partition::Enumeration, pseudo_likelihood::pseudo_log_likelihood};
/// // Without couplings it is the log-likelihood itself.
/// let model = Parameters::new(2, 1, vec![0.0; 2], vec![0.5, -1.0], vec![0.3])?;
/// let device = Device::flex();
/// let row = Tensor::<2>::from_floats([[1.0, 0.0]], &device);
/// let found = pseudo_log_likelihood(&Rbm::from_parameters(&model, &device), row).into_scalar::<f32>();
/// let exact = Enumeration::new(&model)?.log_probability(&[1.0, 0.0]);
/// assert!((f64::from(found) - exact).abs() < 1e-6);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
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

/// What one pass over rows of data tells of each of them, see [`describe_rows`].
#[derive(Debug, Clone, Default)]
pub struct RowValues {
    /// ln PL, unbiased, in nats.
    pub pseudo_log_likelihood: Vec<f64>,
    /// Squared difference of v and p(v | p(h | v)), a unit.
    pub reconstruction_error: Vec<f64>,
    /// F(v) = - b.v - sum_j softplus(c_j + (v W)_j), in nats.
    pub free_energy: Vec<f64>,
}

/// Pseudo-log-likelihood, reconstruction error and free energy of binary rows.
///
/// The flip of unit i changes the free energy by -g_i, to second order in W_i with
/// p = p(h = 1 | v) and s = 1 - 2 v_i
///
/// ```text
/// g_i ~ s (b_i + sum_j W_ij p_j) + 1/2 sum_j W_ij^2 p_j (1 - p_j)
/// ```
///
/// That costs two matrix products for all units, and is the control variate: the sum over all units of
/// ln p(v_i | v_-i) = - softplus(g_i) is corrected by N / `units` times the sum of its errors on `units` of
/// them, one in each of as many equal strata. Over rows these are spread evenly, so that the mean of many
/// rows has next to no bias. They follow from the place of a row, `first_row` on, alone: all models and
/// data are seen alike.
///
/// # Shapes
/// `visible` `[rows, n_visible]`; each result `[rows]`. Cost: 3 `rows` x N x M + `rows` x `units` x M.
///
/// # Errors
/// [`ModelError::Shape`] where `visible` does not fit the model.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{BitMatrix, RbmConfig};
/// use rbm_model::pseudo_likelihood::{describe_rows, pseudo_log_likelihood};
/// let device = Device::flex();
/// let rbm = RbmConfig::new(6, 4).with_weight_std(1.0).init(&device)?;
/// let rows = BitMatrix::from_fn(5, 6, |row, column| (row + column) % 3 == 0);
/// // With all units nothing is left to estimate.
/// let found = describe_rows(&rbm, &rows, 6, 0)?.pseudo_log_likelihood;
/// let exact = pseudo_log_likelihood(&rbm, rows.to_tensor(&device)).into_data();
/// assert!(found.iter().zip(exact.iter::<f64>()).all(|(x, y)| (x - y).abs() < 1e-4));
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn describe_rows(
    rbm: &Rbm,
    visible: &BitMatrix,
    units: usize,
    first_row: usize,
) -> Result<RowValues, ModelError> {
    let (rows, n, m) = (visible.rows(), visible.columns(), rbm.n_hidden());
    if n != rbm.n_visible() || n == 0 {
        return Err(ModelError::Shape {
            tensor: "visible".into(),
            expected: vec![rows, rbm.n_visible()],
            found: vec![rows, n],
        });
    }
    let (v, weight) = (visible.to_numbers(), numbers(rbm.weight.val()));
    let (b, c) = (
        numbers(rbm.visible_bias.val()),
        numbers(rbm.hidden_bias.val()),
    );
    let visible = visible.to_tensor(&rbm.device());
    let mut field = numbers(visible.matmul(rbm.weight.val()));
    for row in field.chunks_exact_mut(m.max(1)) {
        row.iter_mut().zip(&c).for_each(|(x, c)| *x += c);
    }
    let none = vec![0.0; n.max(m)];
    let mut base = vec![0.0; rows];
    softplus_sum(&field, &none[..m], &mut base)?;
    let mut hidden = vec![0.0; rows * m];
    probabilities_layer(&field, &none[..m], &mut hidden)?;
    let spread: Vec<f32> = hidden.iter().map(|p| p * (1.0 - p)).collect();
    let square: Vec<f32> = weight.iter().map(|w| w * w).collect();
    let product = |factor: Vec<f32>, weight: Tensor<2>| {
        let factor = Tensor::<2>::from_data(TensorData::new(factor, [rows, m]), &rbm.device());
        numbers(factor.matmul(weight.transpose()))
    };
    let square = Tensor::from_data(TensorData::new(square, [n, m]), &rbm.device());
    let (first, second) = (product(hidden, rbm.weight.val()), product(spread, square));
    let mut reconstruction = vec![0.0; rows * n];
    probabilities_layer(&first, &b, &mut reconstruction)?;
    let mut gain = first;
    for ((gain, second), v) in gain
        .chunks_exact_mut(n)
        .zip(second.chunks_exact(n))
        .zip(v.chunks_exact(n))
    {
        for i in 0..n {
            gain[i] = (1.0 - 2.0 * v[i]) * (b[i] + gain[i]) + 0.5 * second[i];
        }
    }
    let mut near = vec![0.0; rows];
    softplus_sum(&gain, &none[..n], &mut near)?;
    let mut correction = vec![0.0; rows];
    let units = units.clamp(1, n);
    let mut flipped = vec![0.0; rows];
    for stratum in 0..units {
        let place = |r| unit_in_stratum(first_row + r, stratum, units, n);
        let chosen: Vec<u32> = (0..rows).map(place).collect();
        let at = |r: usize| r * n + chosen[r] as usize;
        let signs: Vec<f32> = (0..rows).map(|r| 1.0 - 2.0 * v[at(r)]).collect();
        shifted_softplus_sum(&field, m, &weight, &chosen, &signs, &mut flipped)?;
        for r in 0..rows {
            let exact = f64::from(flipped[r]) - f64::from(base[r])
                + f64::from(signs[r] * b[chosen[r] as usize]);
            correction[r] +=
                parameters::softplus(exact) - parameters::softplus(f64::from(gain[at(r)]));
        }
    }
    let scale = n as f64 / units as f64;
    let of_row = |r: usize| &v[r * n..(r + 1) * n];
    let along_bias = |r: usize| -> f64 {
        of_row(r)
            .iter()
            .zip(&b)
            .map(|(v, b)| f64::from(v * b))
            .sum()
    };
    let error = |r: usize| -> f64 {
        let pairs = of_row(r).iter().zip(&reconstruction[r * n..]);
        pairs
            .map(|(v, p)| f64::from((v - p) * (v - p)))
            .sum::<f64>()
            / n as f64
    };
    Ok(RowValues {
        pseudo_log_likelihood: (0..rows)
            .map(|r| -(f64::from(near[r]) + scale * correction[r]))
            .collect(),
        reconstruction_error: (0..rows).map(error).collect(),
        free_energy: (0..rows)
            .map(|r| -(along_bias(r) + f64::from(base[r])))
            .collect(),
    })
}

/// A unit of the stratum numbered `stratum` of `units` equal parts of `0..n`; over rows they are
/// spread evenly, by multiples of the golden ratio.
fn unit_in_stratum(row: usize, stratum: usize, units: usize, n: usize) -> u32 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let place = ((row as f64 + 0.5) * GOLDEN).fract();
    let unit = (stratum as f64 + place) * n as f64 / units as f64;
    (unit as usize).min(n - 1) as u32
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let mut copy = Vec::new();
    with_slice(tensor, |numbers| copy = numbers.to_vec());
    copy
}
