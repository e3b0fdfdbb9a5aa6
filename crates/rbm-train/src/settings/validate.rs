//! What values settings may have.

use super::{ChainCount, LearnerKind, Settings};

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("setting `{setting}` is {found}; {expected}")]
pub struct SettingError {
    /// Name of the setting in `config.toml`.
    pub setting: &'static str,
    /// Its value.
    pub found: String,
    /// What it must be.
    pub expected: &'static str,
}

impl Settings {
    /// Checks every value, before any device or file is touched.
    ///
    /// # Errors
    /// The first [`SettingError`].
    pub fn validate(&self) -> Result<(), SettingError> {
        fn check(
            ok: bool,
            setting: &'static str,
            found: impl ToString,
            expected: &'static str,
        ) -> Result<(), SettingError> {
            let found = found.to_string();
            if ok {
                Ok(())
            } else {
                Err(SettingError {
                    setting,
                    found,
                    expected,
                })
            }
        }
        let positive = "it must be at least 1";
        let not_negative = "it must be a number of at least 0";
        let (m, l, o, t) = (&self.model, &self.learner, &self.optimizer, &self.training);
        check(m.hidden > 0, "model.hidden", m.hidden, positive)?;
        let finite = |x: f64| x.is_finite() && x >= 0.0;
        check(
            finite(m.weight_std),
            "model.weight_std",
            m.weight_std,
            not_negative,
        )?;
        check(
            l.gibbs_steps > 0,
            "learner.gibbs_steps",
            l.gibbs_steps,
            positive,
        )?;
        check(
            l.chains != ChainCount::Count(0),
            "learner.chains",
            l.chains,
            positive,
        )?;
        check(
            l.chains != ChainCount::Data || l.kind != LearnerKind::Pt,
            "learner.chains",
            l.chains,
            "learner `pt` has ladders, not a chain for each training row; give their number",
        )?;
        check(
            l.replicas >= 2,
            "learner.replicas",
            l.replicas,
            "it must be at least 2",
        )?;
        check(
            o.learning_rate.is_finite() && o.learning_rate > 0.0,
            "optimizer.learning_rate",
            o.learning_rate,
            "it must be a number above 0",
        )?;
        let below_one = "it must be a number from 0 to below 1";
        for (name, x) in [
            ("optimizer.momentum", o.momentum),
            ("optimizer.beta1", o.beta1),
            ("optimizer.beta2", o.beta2),
        ] {
            check((0.0..1.0).contains(&x), name, x, below_one)?;
        }
        check(finite(o.l1), "optimizer.l1", o.l1, not_negative)?;
        check(finite(o.l2), "optimizer.l2", o.l2, not_negative)?;
        check(
            t.batch_size > 0,
            "training.batch_size",
            t.batch_size,
            positive,
        )?;
        // Updates are counted in 64 bits, and a data set has fewer than 2^32 rows.
        let countable = "it must be at least 1 and below 2^32";
        for (name, epochs) in [
            ("training.epochs", t.epochs),
            ("optimizer.schedule_epochs", self.schedule_epochs()),
        ] {
            let fits = epochs > 0 && u32::try_from(epochs).is_ok();
            check(fits, name, epochs, countable)?;
        }
        check(
            t.weight_limit > 0.0,
            "training.weight_limit",
            t.weight_limit,
            "it must be a number above 0",
        )?;
        check(
            i64::try_from(t.seed).is_ok(),
            "training.seed",
            t.seed,
            "it must be below 2^63",
        )?;
        let devices = t.devices().count();
        check(
            devices == 1 || l.kind != LearnerKind::Pt,
            "training.device",
            &t.device,
            "tempering is not divided: it must be one device where learner.kind is pt",
        )?;
        check(
            devices <= t.batch_size,
            "training.device",
            &t.device,
            "it must be no more devices than rows an update (training.batch_size)",
        )?;
        let enough = match l.chains {
            ChainCount::Data => devices == 1,
            ChainCount::Count(chains) => devices <= chains,
        };
        check(
            enough || l.kind == LearnerKind::Cd,
            "training.device",
            &t.device,
            "it must be no more devices than chains (learner.chains), and one where these are `data`",
        )?;
        let d = &self.data;
        check(
            (0.0..1.0).contains(&d.test_fraction),
            "data.test_fraction",
            d.test_fraction,
            below_one,
        )?;
        check(d.limit != Some(0), "data.limit", 0, positive)?;
        check(
            self.monitor.rows > 0,
            "monitor.rows",
            self.monitor.rows,
            positive,
        )?;
        check(
            (1..1 << 23).contains(&self.monitor.likelihood_temperatures),
            "monitor.likelihood_temperatures",
            self.monitor.likelihood_temperatures,
            "it must be at least 1 and below 2^23",
        )?;
        check(
            self.monitor.likelihood_chains >= 2,
            "monitor.likelihood_chains",
            self.monitor.likelihood_chains,
            "it must be at least 2",
        )?;
        let seconds = self.monitor.checkpoint_seconds;
        check(
            finite(seconds),
            "monitor.checkpoint_seconds",
            seconds,
            not_negative,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(rejected(|s| s.learner.replicas = 1), "learner.replicas");
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
        assert_eq!(rejected(|s| s.training.epochs = 0), "training.epochs");
        assert_eq!(
            rejected(|s| s.training.epochs = 1_000_000_000_000_000_000),
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
