//! Length, batch, seed, device.

use burn::tensor::Device;
use rbm_model::{ModelError, device};
use serde::{Deserialize, Serialize};

/// Length, batch, seed, device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingSettings {
    /// Passes over the training rows.
    pub epochs: usize,
    /// Rows an update.
    pub batch_size: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Device, see [`rbm_model::device::parse_device`]; several, separated by `,` or `+`, divide the work.
    pub device: String,
    /// A weight beyond this magnitude stops the run as diverged.
    pub weight_limit: f64,
}

impl TrainingSettings {
    /// Names of the devices that share the work.
    pub fn devices(&self) -> impl Iterator<Item = &str> {
        self.device.split([',', '+'])
    }

    /// Name of the first device, where the model lives.
    pub fn first_device(&self) -> &str {
        self.devices().next().unwrap_or_default()
    }

    /// All devices.
    ///
    /// # Errors
    /// [`ModelError`] of the first that is not there.
    pub fn open_devices(&self) -> Result<Vec<Device>, ModelError> {
        self.devices().map(device::parse_device).collect()
    }
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            epochs: 60,
            batch_size: 100,
            seed: 0,
            device: rbm_model::device::compiled_devices()
                .first()
                .copied()
                .unwrap_or("flex")
                .into(),
            weight_limit: 1000.0,
        }
    }
}
