//! The model: a Burn module with weights and two biases.

use crate::device::is_host;
use crate::error::ModelError;
use crate::ops::{self, with_slice};
use crate::parameters::Parameters;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// A restricted Boltzmann machine with units in {0, 1}.
///
/// ```text
/// E(v, h) = - v.W.h - b.v - c.h        p(v, h) = exp(-E(v, h)) / Z
/// ```
///
/// Source: P. Smolensky, in Parallel Distributed Processing vol. 1, ch. 6 (1986);
/// G. E. Hinton, Neural Computation 14, 1771 (2002).
#[derive(Module, Debug)]
pub struct Rbm {
    /// Weights W, `[n_visible, n_hidden]`.
    pub weight: Param<Tensor<2>>,
    /// Visible biases b, `[n_visible]`.
    pub visible_bias: Param<Tensor<1>>,
    /// Hidden biases c, `[n_hidden]`.
    pub hidden_bias: Param<Tensor<1>>,
}

impl Rbm {
    /// Number of visible units N.
    pub fn n_visible(&self) -> usize {
        self.weight.val().dims()[0]
    }

    /// Number of hidden units M.
    pub fn n_hidden(&self) -> usize {
        self.weight.val().dims()[1]
    }

    /// The largest |W_ij|, |b_i| and |c_j|; not finite where any of them is not.
    pub fn largest_magnitudes(&self) -> [f64; 3] {
        [
            largest_magnitude(self.weight.val()),
            largest_magnitude(self.visible_bias.val()),
            largest_magnitude(self.hidden_bias.val()),
        ]
    }

    /// The device that the parameters live on.
    pub fn device(&self) -> Device {
        self.weight.val().device()
    }

    /// Energy of joint states, E = - v.W.h - b.v - c.h, in units of k_B T.
    ///
    /// # Shapes
    /// `visible` `[rows, n_visible]`, `hidden` `[rows, n_hidden]`, result `[rows]`
    pub fn energy(&self, visible: Tensor<2>, hidden: Tensor<2>) -> Tensor<1> {
        let field = visible.clone().matmul(self.weight.val()) + self.hidden_bias.val().unsqueeze();
        let interaction: Tensor<1> = (field * hidden).sum_dim(1).squeeze_dim(1);
        let bias: Tensor<1> = (visible * self.visible_bias.val().unsqueeze())
            .sum_dim(1)
            .squeeze_dim(1);
        -(interaction + bias)
    }

    /// Free energy of visible states, F(v) = - b.v - sum_j softplus(c_j + (v W)_j).
    ///
    /// p(v) = exp(-F(v)) / Z.
    ///
    /// # Shapes
    /// `visible` `[rows, n_visible]`, result `[rows]`
    ///
    /// # Examples
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use rbm_model::{Parameters, Rbm};
    /// let device = Device::flex();
    /// let model = Parameters::new(2, 1, vec![1.0, -2.0], vec![0.5, 0.0], vec![0.25])?;
    /// let rbm = Rbm::from_parameters(&model, &device);
    /// // e^-F(v) is the sum of e^-E(v, h) over h.
    /// let v = Tensor::<2>::from_floats([[1.0, 1.0], [1.0, 1.0]], &device);
    /// let h = Tensor::<2>::from_floats([[0.0], [1.0]], &device);
    /// let sum = rbm.energy(v.clone(), h).neg().exp().sum().into_scalar::<f32>();
    /// let free_energy = rbm.free_energy(v.narrow(0, 0, 1)).into_scalar::<f32>();
    /// assert!((free_energy + sum.ln()).abs() < 1e-6);
    /// # Ok::<(), rbm_model::ModelError>(())
    /// ```
    pub fn free_energy(&self, visible: Tensor<2>) -> Tensor<1> {
        let field = visible.clone().matmul(self.weight.val());
        let hidden = ops::softplus_sum(field, self.hidden_bias.val());
        let bias: Tensor<1> = (visible * self.visible_bias.val().unsqueeze())
            .sum_dim(1)
            .squeeze_dim(1);
        -(hidden + bias)
    }

    /// Fields on the hidden units, c + v W: `[rows, n_visible]` to `[rows, n_hidden]`.
    pub fn hidden_field(&self, visible: Tensor<2>) -> Tensor<2> {
        visible.matmul(self.weight.val()) + self.hidden_bias.val().unsqueeze()
    }

    /// Fields on the visible units, b + h W^T: `[rows, n_hidden]` to `[rows, n_visible]`.
    pub fn visible_field(&self, hidden: Tensor<2>) -> Tensor<2> {
        hidden.matmul(self.weight.val().transpose()) + self.visible_bias.val().unsqueeze()
    }

    /// p(h_j = 1 | v) = sigmoid(c_j + (v W)_j): `[rows, n_visible]` to `[rows, n_hidden]`.
    ///
    /// `visible` may hold any values; for binary states [`ops::hidden_probabilities`] is faster.
    ///
    /// # Examples
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use rbm_model::{Parameters, Rbm};
    /// let device = Device::flex();
    /// let model = Parameters::new(1, 1, vec![3f64.ln()], vec![0.0], vec![0.0])?;
    /// let v = Tensor::<2>::from_floats([[1.0]], &device);
    /// let p = Rbm::from_parameters(&model, &device).hidden_probabilities(v);
    /// assert!((p.into_scalar::<f32>() - 0.75).abs() < 1e-6);
    /// # Ok::<(), rbm_model::ModelError>(())
    /// ```
    pub fn hidden_probabilities(&self, visible: Tensor<2>) -> Tensor<2> {
        ops::activate(visible.matmul(self.weight.val()), self.hidden_bias.val())
    }

    /// p(v_i = 1 | h) = sigmoid(b_i + (h W^T)_i): `[rows, n_hidden]` to `[rows, n_visible]`.
    pub fn visible_probabilities(&self, hidden: Tensor<2>) -> Tensor<2> {
        let field = hidden.matmul(self.weight.val().transpose());
        ops::activate(field, self.visible_bias.val())
    }

    /// Copies the parameters to the host in f64.
    ///
    /// # Errors
    /// [`ModelError::NotFinite`] if a parameter is NaN or infinite.
    pub fn parameters(&self) -> Result<Parameters, ModelError> {
        Parameters::new(
            self.n_visible(),
            self.n_hidden(),
            host(self.weight.val()),
            host(self.visible_bias.val()),
            host(self.hidden_bias.val()),
        )
    }

    /// Puts host parameters on a device, rounded to its float type.
    pub fn from_parameters(parameters: &Parameters, device: &Device) -> Self {
        let shape = [parameters.n_visible, parameters.n_hidden];
        let tensor = |values: &[f64]| values.iter().map(|x| *x as f32).collect::<Vec<f32>>();
        Self {
            weight: Param::from_tensor(Tensor::from_data(
                TensorData::new(tensor(&parameters.weight), shape),
                device,
            )),
            visible_bias: Param::from_tensor(Tensor::from_data(
                TensorData::new(tensor(&parameters.visible_bias), [parameters.n_visible]),
                device,
            )),
            hidden_bias: Param::from_tensor(Tensor::from_data(
                TensorData::new(tensor(&parameters.hidden_bias), [parameters.n_hidden]),
                device,
            )),
        }
    }
}

/// Reads a tensor back as f64 values in row-major order.
pub(crate) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// The largest |x| of a tensor, on the device where it is; not finite where any x is not.
fn largest_magnitude<const D: usize>(tensor: Tensor<D>) -> f64 {
    if is_host(&tensor.device()) {
        let mut largest = 0.0f32;
        with_slice(tensor, |values| {
            // NaN is not less than anything, and stays.
            let larger = |max: f32, x: &f32| {
                if x.abs() < max || max.is_nan() {
                    max
                } else {
                    x.abs()
                }
            };
            largest = values.iter().fold(0.0, larger);
        });
        return largest.into();
    }
    let read = |x: Tensor<1>| x.into_data().iter::<f64>().next().unwrap_or(f64::NAN);
    // A sum shows any NaN, which a maximum may pass over.
    let sum = read(tensor.clone().sum());
    if sum.is_finite() {
        read(tensor.abs().max())
    } else {
        f64::NAN
    }
}
