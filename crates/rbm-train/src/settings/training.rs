//! Length, batch, seed, device.

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
    /// Device, see [`rbm_model::device::parse_device`].
    pub device: String,
    /// A weight beyond this magnitude stops the run as diverged.
    pub weight_limit: f64,
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
