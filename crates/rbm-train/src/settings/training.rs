//! Length, batch, seed, device.

use super::table::settings;
use burn::tensor::Device;
use rbm_model::{ModelError, device};

settings! {
    /// Length, batch, seed, device.
    "training" TrainingSettings

    /// Rows per update
    batch_size: usize = 100, must AT_LEAST_1
        flag "batch-size" "ROWS" "Learning" one usize;
    /// Passes over the training rows
    #[serde(skip_serializing_if = "Option::is_none")]
    epochs: Option<usize> = None, shown "60, and more where these are fewer than 20000 updates"
        must COUNTABLE_IF_GIVEN
        flag "epochs" "EPOCHS" "Learning" one usize;
    /// Where to compute: flex, ndarray, wgpu, wgpu:cpu, cuda:0, remote:ADDRESS, as far as compiled in;
    /// several, A,B (in a sweep A+B), share rows and chains of one model that lives on the first
    device: String = first_compiled(),
        flag "device" "DEVICE" "Run" one String;
    /// Seed of everything random; the same seed gives the same bytes
    seed: u64 = 0, must SEED
        flag "seed" "SEED" "Run" one i64;
    /// A weight beyond this magnitude stops the run as diverged
    weight_limit: f64 = 1000.0, must LIMIT;
}

fn first_compiled() -> String {
    let first = rbm_model::device::compiled_devices().first().copied();
    first.unwrap_or("flex").into()
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
    ///
    /// # Examples
    /// ```
    /// use rbm_train::Settings;
    /// let mut settings = Settings::default();
    /// settings.training.device = "flex,flex".into();
    /// assert_eq!(settings.training.open_devices()?.len(), 2);
    /// settings.training.device = "flex,abacus".into();
    /// assert!(settings.training.open_devices().is_err());
    /// # Ok::<(), rbm_model::ModelError>(())
    /// ```
    pub fn open_devices(&self) -> Result<Vec<Device>, ModelError> {
        self.devices().map(device::parse_device).collect()
    }
}
