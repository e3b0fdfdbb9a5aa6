//! Shape and initialization of a model.

use crate::error::ModelError;
use crate::init;
use crate::model::Rbm;
use burn::config::Config;
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};

/// Configuration of an [`Rbm`].
///
/// ```
/// use burn::tensor::Device;
/// use rbm_model::RbmConfig;
///
/// let rbm = RbmConfig::new(784, 500).with_seed(7).init(&Device::flex())?;
/// assert_eq!(rbm.weight.val().dims(), [784, 500]);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
#[derive(Config, Debug)]
pub struct RbmConfig {
    /// Number of visible units N.
    pub n_visible: usize,
    /// Number of hidden units M.
    pub n_hidden: usize,
    /// Standard deviation s of the initial weights, W_ij ~ N(0, s^2). Default: 0.01.
    #[config(default = 0.01)]
    pub weight_std: f64,
    /// Seed of the initial weights. Default: 0.
    #[config(default = 0)]
    pub seed: u64,
}

impl RbmConfig {
    /// Creates the model on a device: normal weights, all biases 0.
    ///
    /// The weights come from the counter-based generator, so they are the same on every device.
    ///
    /// # Errors
    /// [`ModelError::EmptyLayer`] if a layer has no units.
    pub fn init(&self, device: &Device) -> Result<Rbm, ModelError> {
        self.init_with_biases(vec![0.0; self.n_visible], vec![0.0; self.n_hidden], device)
    }

    /// Creates the model with visible biases that make independent units reproduce the data's
    /// means: b_i = ln(p_i / (1 - p_i)), see [`init::visible_bias_from_mean`].
    ///
    /// `mean` has one entry a visible unit, taken over `rows` data rows.
    ///
    /// # Errors
    /// [`ModelError::EmptyLayer`]; [`ModelError::Shape`] if `mean` has another length.
    ///
    /// # Examples
    /// ```
    /// use burn::tensor::Device;
    /// use rbm_model::{RbmConfig, partition::Enumeration};
    /// // Without couplings the model has the data's means, by Laplace's rule (2 mean + 1) / (2 + 2).
    /// let config = RbmConfig::new(2, 3).with_weight_std(0.0);
    /// let rbm = config.init_from_data_mean(&[0.5, 1.0], 2, &Device::flex())?;
    /// let means = Enumeration::new(&rbm.parameters()?)?.moments().visible;
    /// assert!((means[0] - 0.5).abs() < 1e-6 && (means[1] - 0.75).abs() < 1e-6);
    /// # Ok::<(), rbm_model::ModelError>(())
    /// ```
    pub fn init_from_data_mean(
        &self,
        mean: &[f64],
        rows: usize,
        device: &Device,
    ) -> Result<Rbm, ModelError> {
        if mean.len() != self.n_visible {
            return Err(ModelError::Shape {
                tensor: "data mean".into(),
                expected: vec![self.n_visible],
                found: vec![mean.len()],
            });
        }
        let visible = init::visible_bias_from_mean(mean, rows);
        self.init_with_biases(visible, vec![0.0; self.n_hidden], device)
    }

    /// Creates the model with given biases, one per unit, and normal weights.
    ///
    /// # Errors
    /// [`ModelError::EmptyLayer`]; [`ModelError::Shape`] if there are more or fewer biases than units.
    pub fn init_with_biases(
        &self,
        visible_bias: Vec<f32>,
        hidden_bias: Vec<f32>,
        device: &Device,
    ) -> Result<Rbm, ModelError> {
        for (tensor, units, found) in [
            ("visible_bias", self.n_visible, visible_bias.len()),
            ("hidden_bias", self.n_hidden, hidden_bias.len()),
        ] {
            if found != units {
                return Err(ModelError::Shape {
                    tensor: tensor.into(),
                    expected: vec![units],
                    found: vec![found],
                });
            }
        }
        for (layer, units) in [("visible", self.n_visible), ("hidden", self.n_hidden)] {
            if units == 0 {
                return Err(ModelError::EmptyLayer { layer });
            }
        }
        let shape = [self.n_visible, self.n_hidden];
        let weight = init::normal(self.n_visible * self.n_hidden, self.weight_std, self.seed);
        Ok(Rbm {
            weight: Param::from_tensor(Tensor::from_data(TensorData::new(weight, shape), device)),
            visible_bias: Param::from_tensor(Tensor::from_data(
                TensorData::new(visible_bias, [self.n_visible]),
                device,
            )),
            hidden_bias: Param::from_tensor(Tensor::from_data(
                TensorData::new(hidden_bias, [self.n_hidden]),
                device,
            )),
        })
    }
}
