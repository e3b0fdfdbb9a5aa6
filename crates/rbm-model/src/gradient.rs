//! Closed-form gradient of the log-likelihood.
//!
//! ```text
//! d ln p / dW_ij = <v_i h_j>_data - <v_i h_j>_model      (likewise b: <v_i>, c: <h_j>)
//! ```
//!
//! The centered gradient subtracts offsets mu, lambda from the units in both phases,
//!
//! ```text
//! dW' = <(v - mu)(h - lambda)^T>_data - <(v - mu)(h - lambda)^T>_model
//!     = dW - mu dc^T - db lambda^T
//! db' = db - dW' lambda,   dc' = dc - dW'^T mu
//! ```
//!
//! which is the same direction written in parameters that do not depend on whether a unit's on-state
//! is called 1 or 0; it is far better conditioned. As the second line shows it follows from the
//! plain statistics, so binary states stay binary.
//!
//! Source: J. Melchior, A. Fischer, L. Wiskott, JMLR 17(99), 1 (2016).

use crate::ops;
use burn::tensor::Tensor;

/// Visible states with hidden values that belong to them, one row per sample.
#[derive(Debug, Clone)]
pub struct PhaseSamples {
    /// **Binary** visible states, `[rows, n_visible]`.
    pub visible: Tensor<2>,
    /// Hidden values, usually probabilities, `[rows, n_hidden]`.
    pub hidden: Tensor<2>,
}

/// Ascent direction of the mean log-likelihood, in nats per unit of the parameter.
///
/// # Examples
/// The centered gradient of a model with one unit per layer, by hand:
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rbm_model::gradient::{Gradient, Offsets, PhaseSamples};
/// let device = Device::flex();
/// let matrix = |x: f32| Tensor::<2>::from_floats([[x]], &device);
/// let vector = |x: f32| Tensor::<1>::from_floats([x], &device);
/// let phase = |v, h| PhaseSamples { visible: matrix(v), hidden: matrix(h) };
/// let plain = Gradient::from_samples(phase(1.0, 1.0), phase(0.0, 0.5));
/// let centered = plain.centered(&Offsets { visible: vector(0.5), hidden: vector(0.25) });
/// // dW - mu dc - db lambda = 1 - 1/4 - 1/4,   db - dW' lambda,   dc - dW' mu
/// assert_eq!(centered.weight.into_scalar::<f32>(), 0.5);
/// assert_eq!(centered.visible_bias.into_scalar::<f32>(), 0.875);
/// assert_eq!(centered.hidden_bias.into_scalar::<f32>(), 0.25);
/// ```
#[derive(Debug, Clone)]
pub struct Gradient {
    /// With respect to W, `[n_visible, n_hidden]`.
    pub weight: Tensor<2>,
    /// With respect to b, `[n_visible]`.
    pub visible_bias: Tensor<1>,
    /// With respect to c, `[n_hidden]`.
    pub hidden_bias: Tensor<1>,
}

/// Offsets of the centered gradient, see the [module](self).
#[derive(Debug, Clone)]
pub struct Offsets {
    /// mu, usually the data's mean, `[n_visible]`.
    pub visible: Tensor<1>,
    /// lambda, usually a running mean of the hidden units under the data, `[n_hidden]`.
    pub hidden: Tensor<1>,
}

impl Gradient {
    /// The plain gradient from samples of both phases, with **binary** visible states.
    pub fn from_samples(data: PhaseSamples, model: PhaseSamples) -> Self {
        Self::part(data, model, [1.0; 2])
    }

    /// What some of the rows contribute to the plain gradient: `shares` are the parts that they are
    /// of all rows of data and of model samples. Over parts that make up all rows the sum is
    /// [`from_samples`](Self::from_samples) of them all. Visible states must be **binary**.
    ///
    /// # Examples
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use rbm_model::gradient::{Gradient, PhaseSamples};
    /// let device = Device::flex();
    /// let rows = |values: [[f32; 1]; 2]| Tensor::<2>::from_floats(values, &device);
    /// let data = PhaseSamples { visible: rows([[1.0], [1.0]]), hidden: rows([[0.9], [0.1]]) };
    /// let model = PhaseSamples { visible: rows([[1.0], [0.0]]), hidden: rows([[0.4], [0.6]]) };
    /// // The first and the second row, each half of all.
    /// let half = |row| {
    ///     let cut = |s: &PhaseSamples| PhaseSamples {
    ///         visible: s.visible.clone().narrow(0, row, 1),
    ///         hidden: s.hidden.clone().narrow(0, row, 1),
    ///     };
    ///     Gradient::part(cut(&data), cut(&model), [0.5; 2])
    /// };
    /// let sum = half(0).plus(half(1)).weight.into_scalar::<f32>();
    /// assert!((sum - 0.3).abs() < 1e-6);
    /// assert!((Gradient::from_samples(data, model).weight.into_scalar::<f32>() - sum).abs() < 1e-6);
    /// ```
    pub fn part(data: PhaseSamples, model: PhaseSamples, shares: [f64; 2]) -> Self {
        let [data, model] =
            [(data, shares[0]), (model, shares[1])].map(|(phase, share)| PhaseSamples {
                hidden: phase.hidden * share,
                visible: phase.visible,
            });
        let visible = |phase: &PhaseSamples, share: f64| {
            let mean = phase.visible.clone().mean_dim(0).squeeze_dim::<1>(0);
            mean * share
        };
        let hidden = |phase: &PhaseSamples| phase.hidden.clone().mean_dim(0).squeeze_dim::<1>(0);
        Self {
            visible_bias: visible(&data, shares[0]) - visible(&model, shares[1]),
            hidden_bias: hidden(&data) - hidden(&model),
            weight: ops::correlation_difference(
                data.visible,
                data.hidden,
                model.visible,
                model.hidden,
            ),
        }
    }

    /// The sum of two parts that live on the same device.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            weight: self.weight + other.weight,
            visible_bias: self.visible_bias + other.visible_bias,
            hidden_bias: self.hidden_bias + other.hidden_bias,
        }
    }

    /// The centered gradient for given offsets, by the formula of the [module](self).
    pub fn centered(self, offsets: &Offsets) -> Self {
        let mu = offsets.visible.clone().unsqueeze_dim::<2>(1);
        let lambda = offsets.hidden.clone().unsqueeze_dim::<2>(0);
        let weight = self.weight
            - mu.clone() * self.hidden_bias.clone().unsqueeze_dim::<2>(0)
            - self.visible_bias.clone().unsqueeze_dim::<2>(1) * lambda.clone();
        let along_lambda: Tensor<1> = (weight.clone() * lambda).sum_dim(1).squeeze_dim(1);
        let along_mu: Tensor<1> = (weight.clone() * mu).sum_dim(0).squeeze_dim(0);
        Self {
            visible_bias: self.visible_bias - along_lambda,
            hidden_bias: self.hidden_bias - along_mu,
            weight,
        }
    }
}
