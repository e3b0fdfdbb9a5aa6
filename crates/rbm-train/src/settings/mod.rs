//! All settings of a run, with their defaults, as `config.toml` holds them.
//!
//! Raw arguments and files are turned into one [`Settings`] value, validated once before any
//! device or file is touched, and never changed afterwards.

mod data;
mod error;
mod learner;
mod memory;
mod model;
mod monitor;
mod optimizer;
mod rules;
pub(crate) mod sections;
mod table;
mod training;
mod validate;
pub(crate) mod values;

pub use crate::learner::{ChainCount, LearnerKind};
pub use data::DataSettings;
pub use error::SettingError;
pub use learner::LearnerSettings;
pub use memory::MemoryError;
pub use model::{HiddenBias, ModelSettings, VisibleBias};
pub use monitor::MonitorSettings;
pub use optimizer::{OptimizerKind, OptimizerSettings, Schedule};
pub use training::TrainingSettings;

use serde::{Deserialize, Serialize};

/// Everything that determines a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the data comes from.
    pub data: DataSettings,
    /// The model and its initial values.
    pub model: ModelSettings,
    /// How the negative phase is sampled.
    pub learner: LearnerSettings,
    /// How parameters follow the gradient.
    pub optimizer: OptimizerSettings,
    /// Length, batch, seed, device.
    pub training: TrainingSettings,
    /// What is measured and kept, and how often.
    pub monitor: MonitorSettings,
}

impl Settings {
    /// Epochs over which the learning-rate schedule is laid.
    pub fn schedule_epochs(&self) -> usize {
        self.optimizer
            .schedule_epochs
            .unwrap_or(self.training.epochs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_round_trip_keeps_every_setting() {
        let mut settings = Settings::default();
        settings.data.digits = Some(vec![0, 1]);
        settings.optimizer.kind = OptimizerKind::Adam;
        let text = toml::to_string(&settings).unwrap();
        assert_eq!(toml::from_str::<Settings>(&text).unwrap(), settings);
        assert!(toml::from_str::<Settings>("[model]\nhiden = 3").is_err());
        for (text, chains) in [
            ("70", Some(ChainCount::Count(70))),
            ("\"data\"", Some(ChainCount::Data)),
            ("\"70\"", None),
            ("-1", None),
        ] {
            let text = format!("[learner]\nchains = {text}\n");
            let found = toml::from_str::<Settings>(&text).ok();
            assert_eq!(found.as_ref().map(|s| s.learner.chains), chains, "{text}");
            if let Some(settings) = found {
                assert!(toml::to_string(&settings).unwrap().contains(&text[10..]));
            }
        }
    }
}
