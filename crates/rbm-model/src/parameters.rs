//! Host-side, double-precision copy of a model's parameters.

use crate::error::ModelError;
use serde::{Deserialize, Serialize};

/// The parameters of an RBM on the host, in f64.
///
/// Energy of a joint state with units in {0, 1}:
///
/// ```text
/// E(v, h) = - v.W.h - b.v - c.h
/// ```
///
/// Exact enumeration and all analysis work on this type, whatever precision and
/// device the model itself lives on.
///
/// # Examples
/// ```
/// use rbm_model::Parameters;
/// let model = Parameters::new(2, 1, vec![1.0, -2.0], vec![0.5, 0.0], vec![0.25])?;
/// let v = [1.0, 1.0];
/// // -(1 - 2) - 1/2 - 1/4
/// assert_eq!(model.energy(&v, &[1.0]), 0.25);
/// let sum: f64 = [0.0, 1.0].map(|h| (-model.energy(&v, &[h])).exp()).iter().sum();
/// assert!((model.free_energy(&v) + sum.ln()).abs() < 1e-12);
/// assert!(Parameters::new(2, 1, vec![f64::NAN, 0.0], vec![0.0; 2], vec![0.0]).is_err());
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// Number of visible units N.
    pub n_visible: usize,
    /// Number of hidden units M.
    pub n_hidden: usize,
    /// Weights W, row-major, shape `[n_visible, n_hidden]`.
    pub weight: Vec<f64>,
    /// Visible biases b, shape `[n_visible]`.
    pub visible_bias: Vec<f64>,
    /// Hidden biases c, shape `[n_hidden]`.
    pub hidden_bias: Vec<f64>,
}

impl Parameters {
    /// Collects parameters after checking that their sizes agree and that all are finite.
    ///
    /// # Errors
    /// [`ModelError::EmptyLayer`] for a layer without units, [`ModelError::Shape`] where a
    /// length differs, [`ModelError::NotFinite`] at the first NaN or infinite entry.
    pub fn new(
        n_visible: usize,
        n_hidden: usize,
        weight: Vec<f64>,
        visible_bias: Vec<f64>,
        hidden_bias: Vec<f64>,
    ) -> Result<Self, ModelError> {
        for (layer, units) in [("visible", n_visible), ("hidden", n_hidden)] {
            if units == 0 {
                return Err(ModelError::EmptyLayer { layer });
            }
        }
        let checks: [(&'static str, &[f64], Vec<usize>); 3] = [
            ("weight", &weight, vec![n_visible, n_hidden]),
            ("visible_bias", &visible_bias, vec![n_visible]),
            ("hidden_bias", &hidden_bias, vec![n_hidden]),
        ];
        for (tensor, values, expected) in checks {
            if values.len() != expected.iter().product::<usize>() {
                return Err(ModelError::Shape {
                    tensor: tensor.into(),
                    expected,
                    found: vec![values.len()],
                });
            }
            if let Some(index) = values.iter().position(|x| !x.is_finite()) {
                return Err(ModelError::NotFinite {
                    tensor: tensor.into(),
                    index,
                    value: values[index],
                });
            }
        }
        Ok(Self {
            n_visible,
            n_hidden,
            weight,
            visible_bias,
            hidden_bias,
        })
    }

    /// The weight between visible unit `i` and hidden unit `j`.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn weight_at(&self, i: usize, j: usize) -> f64 {
        self.weight[i * self.n_hidden + j]
    }

    /// Fields on the hidden units, c + v.W: `[n_visible]` to `[n_hidden]`.
    pub fn hidden_field(&self, visible: &[f64]) -> Vec<f64> {
        let mut field = self.hidden_bias.clone();
        for (row, &v) in self.weight.chunks_exact(self.n_hidden).zip(visible) {
            if v != 0.0 {
                for (f, w) in field.iter_mut().zip(row) {
                    *f += v * w;
                }
            }
        }
        field
    }

    /// Fields on the visible units, b + W.h: `[n_hidden]` to `[n_visible]`.
    pub fn visible_field(&self, hidden: &[f64]) -> Vec<f64> {
        self.weight
            .chunks_exact(self.n_hidden)
            .zip(&self.visible_bias)
            .map(|(row, b)| b + row.iter().zip(hidden).map(|(w, h)| w * h).sum::<f64>())
            .collect()
    }

    /// Energy of one joint state, E(v, h) = - v.W.h - b.v - c.h, in units of k_B T; `[n_visible]` and `[n_hidden]`.
    pub fn energy(&self, visible: &[f64], hidden: &[f64]) -> f64 {
        let field = self.visible_field(hidden);
        -dot(visible, &field) - dot(&self.hidden_bias, hidden)
    }

    /// Free energy of a visible state, F(v) = - b.v - sum_j softplus(c_j + (v W)_j), in units of
    /// k_B T; `visible` is `[n_visible]`.
    pub fn free_energy(&self, visible: &[f64]) -> f64 {
        -dot(&self.visible_bias, visible)
            - self
                .hidden_field(visible)
                .into_iter()
                .map(softplus)
                .sum::<f64>()
    }
}

/// ln(1 + e^t) without overflow.
///
/// # Examples
/// ```
/// use rbm_model::parameters::softplus;
/// assert!((softplus(0.7) - softplus(-0.7) - 0.7).abs() < 1e-15);
/// assert_eq!((softplus(1000.0), softplus(-1000.0)), (1000.0, 0.0));
/// ```
pub fn softplus(t: f64) -> f64 {
    t.max(0.0) + (-t.abs()).exp().ln_1p()
}

/// 1 / (1 + e^-t) without overflow.
///
/// # Examples
/// ```
/// use rbm_model::parameters::sigmoid;
/// assert!((sigmoid(3f64.ln()) - 0.75).abs() < 1e-15);
/// assert_eq!((sigmoid(1000.0), sigmoid(-1000.0)), (1.0, 0.0));
/// ```
pub fn sigmoid(t: f64) -> f64 {
    if t >= 0.0 {
        1.0 / (1.0 + (-t).exp())
    } else {
        let e = t.exp();
        e / (1.0 + e)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
