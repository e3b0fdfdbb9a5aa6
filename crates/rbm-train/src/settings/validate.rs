//! What values settings may have.

use super::Settings;
use super::error::SettingError;

impl Settings {
    /// Checks every value, before any device or file is touched.
    ///
    /// # Errors
    /// The first [`SettingError`].
    pub fn validate(&self) -> Result<(), SettingError> {
        self.data.check()?;
        self.model.check()?;
        self.learner.check()?;
        self.training.check()?;
        self.optimizer.check()?;
        self.monitor.check()?;
        self.check_together()
    }

    /// Checks what several settings say together.
    fn check_together(&self) -> Result<(), SettingError> {
        let (learner, training) = (&self.learner, &self.training);
        let devices = training.devices().count();
        if devices > training.batch_size {
            return Err(SettingError {
                setting: "training.device",
                found: training.device.clone(),
                expected: "it must be no more devices than rows per update (training.batch_size)",
            });
        }
        let rules = learner.kind.registration().rules;
        rules(&learner.options(training.seed), devices).map_err(|unfit| SettingError {
            setting: unfit.setting,
            found: self.flatten().remove(unfit.setting).unwrap_or_default(),
            expected: unfit.expected,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::{ChainCount, LearnerKind};

    #[test]
    fn each_unusable_value_is_named() {
        let rejected = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            settings.validate().unwrap_err().setting
        };
        assert_eq!(rejected(|s| s.model.hidden = 0), "model.hidden");
        assert_eq!(
            rejected(|s| s.model.weight_std = f64::NAN),
            "model.weight_std"
        );
        assert_eq!(
            rejected(|s| s.learner.gibbs_steps = 0),
            "learner.gibbs_steps"
        );
        assert_eq!(
            rejected(|s| s.learner.chains = ChainCount::Count(0)),
            "learner.chains"
        );
        assert_eq!(
            rejected(|s| {
                s.learner.chains = ChainCount::Data;
                s.learner.kind = LearnerKind::Pt;
            }),
            "learner.chains"
        );
        assert_eq!(rejected(|s| s.learner.levels = 1), "learner.levels");
        assert_eq!(
            rejected(|s| s.optimizer.learning_rate = -0.1),
            "optimizer.learning_rate"
        );
        assert_eq!(
            rejected(|s| s.optimizer.momentum = 1.0),
            "optimizer.momentum"
        );
        assert_eq!(rejected(|s| s.optimizer.l1 = -1.0), "optimizer.l1");
        assert_eq!(
            rejected(|s| s.training.batch_size = 0),
            "training.batch_size"
        );
        assert_eq!(rejected(|s| s.training.epochs = Some(0)), "training.epochs");
        assert_eq!(
            rejected(|s| s.training.epochs = Some(1_000_000_000_000_000_000)),
            "training.epochs"
        );
        assert_eq!(
            rejected(|s| s.optimizer.schedule_epochs = Some(usize::MAX)),
            "optimizer.schedule_epochs"
        );
        assert_eq!(
            rejected(|s| s.data.test_fraction = 1.0),
            "data.test_fraction"
        );
        assert_eq!(rejected(|s| s.data.limit = Some(0)), "data.limit");
        assert_eq!(rejected(|s| s.monitor.rows = 0), "monitor.rows");
        assert_eq!(
            rejected(|s| s.monitor.likelihood_temperatures = 0),
            "monitor.likelihood_temperatures"
        );
        assert_eq!(
            rejected(|s| s.monitor.likelihood_chains = 1),
            "monitor.likelihood_chains"
        );
        let split = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            settings.training.device = "flex,flex,flex".into();
            change(&mut settings);
            settings.validate().map_err(|error| error.setting)
        };
        let device = Err("training.device");
        assert_eq!(split(|s| s.learner.kind = LearnerKind::Pt), device);
        assert_eq!(split(|s| s.training.batch_size = 2), device);
        assert_eq!(split(|s| s.learner.chains = ChainCount::Count(2)), device);
        assert_eq!(split(|s| s.learner.chains = ChainCount::Data), device);
        assert_eq!(split(|_| ()), Ok(()));
        assert!(Settings::default().validate().is_ok());
    }
}
