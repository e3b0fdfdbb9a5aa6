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
mod without_effect;

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
///
/// # Examples
/// ```
/// use rbm_train::Settings;
/// let mut settings: Settings = toml::from_str("[model]\nhidden = 64\n[learner]\nkind = \"pt\"")?;
/// assert_eq!(settings.validate(), Ok(()));
/// assert_eq!(settings.flatten()["learner.kind"], "pt");
/// // What is not said has its default; a name that is none is an error.
/// assert_eq!(settings.training.batch_size, Settings::default().training.batch_size);
/// assert!(toml::from_str::<Settings>("[model]\nhiden = 64").is_err());
/// settings.optimizer.learning_rate = -1.0;
/// assert_eq!(settings.validate().unwrap_err().setting, "optimizer.learning_rate");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// Epochs of a run that does not say how many, at least.
const EPOCHS: usize = 60;
/// Its updates, at least: data of few rows have few per epoch, and would hardly be learned.
const LEAST_UPDATES: usize = 20_000;
/// Evaluations at ends of epochs of a run that does not say how many, at most.
const EVALUATIONS: usize = 100;

impl Settings {
    /// The settings with what depends on the number of training rows filled in where it is not given.
    ///
    /// # Examples
    /// ```
    /// use rbm_train::Settings;
    /// // At least 60 epochs and 20000 updates, here of 10 per epoch.
    /// let settings = Settings::default().fit_to(1000);
    /// assert_eq!((settings.updates_per_epoch(1000), settings.epochs()), (10, 2000));
    /// assert_eq!(settings.monitor.epochs_between, Some(20));
    /// ```
    #[must_use]
    pub fn fit_to(mut self, rows: usize) -> Self {
        let enough = LEAST_UPDATES.div_ceil(self.updates_per_epoch(rows).max(1));
        let epochs = *self.training.epochs.get_or_insert(EPOCHS.max(enough));
        let between = &mut self.monitor.epochs_between;
        between.get_or_insert(epochs.div_ceil(EVALUATIONS));
        self
    }

    /// Whether a run with these settings is what `planned` asks for, on any device: what that leaves to the data may be
    /// anything here.
    pub(crate) fn is_run_of(&self, planned: &Self) -> bool {
        let mut here = self.clone();
        here.training.device.clone_from(&planned.training.device);
        if planned.training.epochs.is_none() {
            here.training.epochs = None;
        }
        if planned.monitor.epochs_between.is_none() {
            here.monitor.epochs_between = None;
        }
        here == *planned
    }

    /// Updates per epoch, ceil(rows / batch size): the last batch may be smaller than the others.
    pub fn updates_per_epoch(&self, rows: usize) -> usize {
        rows.div_ceil(self.training.batch_size.max(1))
    }

    /// Epochs of the run.
    pub fn epochs(&self) -> usize {
        self.training.epochs.unwrap_or(EPOCHS)
    }

    /// Epochs over which the learning-rate schedule is laid.
    pub fn schedule_epochs(&self) -> usize {
        self.optimizer.schedule_epochs.unwrap_or(self.epochs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_that_are_not_given_follow_the_data() {
        let fit = |rows, change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            let settings = settings.fit_to(rows);
            (settings.epochs(), settings.monitor.epochs_between)
        };
        assert_eq!(fit(60_000, |_| ()), (60, Some(1)));
        assert_eq!(fit(20_001, |_| ()), (100, Some(1)));
        assert_eq!(fit(30, |_| ()), (20_000, Some(200)));
        assert_eq!(fit(0, |_| ()).0, 20_000);
        let unchecked = |s: &mut Settings| s.training.batch_size = 0;
        assert_eq!(fit(200, unchecked).0, 100, "refused later, not divided by");
        let given = |s: &mut Settings| s.training.epochs = Some(101);
        assert_eq!(fit(30, given), (101, Some(2)));
        assert_eq!(fit(30, |s| s.monitor.epochs_between = Some(7)).1, Some(7));
        // What is filled in stays, whatever rows come later.
        let fitted = Settings::default().fit_to(30);
        assert_eq!(fitted.clone().fit_to(60_000), fitted);
        assert!(fitted.is_run_of(&Settings::default()));
        let mut other = fitted.clone();
        other.training.device = "elsewhere".into();
        assert!(other.is_run_of(&fitted));
        other.model.hidden += 1;
        assert!(!other.is_run_of(&Settings::default()));
        assert!(!Settings::default().is_run_of(&fitted));
    }

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
