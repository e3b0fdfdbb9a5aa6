//! All settings of a run, with their defaults, as `config.toml` holds them.
//!
//! Raw arguments and files are turned into one [`Settings`] value, validated once before any
//! device or file is touched, and never changed afterwards.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

/// Where the data comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataSettings {
    /// `mnist`, `bars-and-stripes`, `bars-and-stripes:N`, or a path (IDX, CSV, npy, npz).
    pub dataset: String,
    /// Threshold that makes values binary; see the data module for its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Fraction of rows held out when the data set has no test part of its own.
    pub test_fraction: f64,
    /// Use only this many training rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Use only rows with these labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<Vec<u8>>,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            dataset: "mnist".into(),
            threshold: None,
            test_fraction: 0.1,
            limit: None,
            digits: None,
        }
    }
}

/// The model and its initial values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSettings {
    /// Number of hidden units.
    pub hidden: usize,
    /// Standard deviation of the initial weights.
    pub weight_std: f64,
    /// Initial visible biases.
    pub visible_bias: VisibleBias,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            hidden: 500,
            weight_std: 0.01,
            visible_bias: VisibleBias::Data,
        }
    }
}

/// Initial visible biases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum VisibleBias {
    /// ln(p / (1 - p)) of the data's means p.
    Data,
    /// All zero.
    Zero,
}

/// How the negative phase is sampled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LearnerSettings {
    /// Where chains start.
    pub kind: LearnerKind,
    /// Gibbs sweeps an update.
    pub gibbs_steps: usize,
    /// Number of chains (contrastive divergence: one a batch row, this is not used; tempering: of
    /// ladders).
    pub chains: usize,
    /// Levels of each ladder of parallel tempering, the model itself included (other learners: not
    /// used).
    pub replicas: usize,
    /// Whether the gradient is centred.
    pub centred: bool,
}

impl Default for LearnerSettings {
    fn default() -> Self {
        Self {
            kind: LearnerKind::Pcd,
            gibbs_steps: 1,
            chains: 100,
            replicas: 10,
            centred: true,
        }
    }
}

/// Where the chains of the negative phase start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LearnerKind {
    /// Contrastive divergence: from the batch.
    Cd,
    /// Persistent contrastive divergence: from where they were.
    Pcd,
    /// From random states at every update.
    Random,
    /// Parallel tempering: from where they were, exchanged along a ladder of temperatures.
    Pt,
}

impl std::fmt::Display for LearnerKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cd => "cd",
            Self::Pcd => "pcd",
            Self::Random => "random",
            Self::Pt => "pt",
        })
    }
}

/// How parameters follow the gradient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerSettings {
    /// Rule.
    pub kind: OptimizerKind,
    /// Initial learning rate.
    pub learning_rate: f64,
    /// Course of the learning rate.
    pub schedule: Schedule,
    /// Epochs over which the schedule is laid; `training.epochs` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_epochs: Option<usize>,
    /// Momentum of SGD.
    pub momentum: f64,
    /// Decay of Adam's first moment.
    pub beta1: f64,
    /// Decay of Adam's second moment.
    pub beta2: f64,
    /// L1 penalty on the weights.
    pub l1: f64,
    /// L2 penalty on the weights.
    pub l2: f64,
}

impl Default for OptimizerSettings {
    fn default() -> Self {
        Self {
            kind: OptimizerKind::Sgd,
            learning_rate: 0.05,
            schedule: Schedule::Linear,
            schedule_epochs: None,
            momentum: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            l1: 0.0,
            l2: 0.0,
        }
    }
}

/// Optimisation rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Stochastic gradient ascent, with momentum if asked.
    Sgd,
    /// Adam (Kingma and Ba, arXiv:1412.6980).
    Adam,
}

/// Course of the learning rate over training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// The same throughout.
    Constant,
    /// Straight to 0 at the end.
    Linear,
    /// Half a cosine, to 0 at the end.
    Cosine,
    /// Exponentially to 1/100 at the end.
    Exponential,
}

impl Schedule {
    /// Factor on the initial learning rate at a fraction (0 to 1) of the schedule.
    pub fn factor(self, fraction: f64) -> f64 {
        let t = fraction.clamp(0.0, 1.0);
        match self {
            Self::Constant => 1.0,
            Self::Linear => 1.0 - t,
            Self::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * t).cos()),
            Self::Exponential => 0.01f64.powf(t),
        }
    }
}

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

/// What is measured and kept, and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MonitorSettings {
    /// Log-spaced evaluations a decade of updates, besides one an epoch; 0 for none.
    pub per_decade: usize,
    /// Evaluate every this many updates as well; 0 for never.
    pub every: usize,
    /// Rows of each part that an evaluation looks at.
    pub rows: usize,
    /// Leading singular values in the metrics.
    pub singular_values: usize,
    /// Bracket the likelihood by annealing every this many epochs; 0 for never.
    pub likelihood_epochs: usize,
    /// Temperatures of that, in each direction.
    pub likelihood_temperatures: usize,
    /// Chains of that, in each direction.
    pub likelihood_chains: usize,
    /// Seconds between checkpoints (one is always written at the end).
    pub checkpoint_seconds: f64,
}

impl Default for MonitorSettings {
    fn default() -> Self {
        Self {
            per_decade: 3,
            every: 0,
            rows: 500,
            singular_values: 10,
            likelihood_epochs: 0,
            likelihood_temperatures: 2000,
            likelihood_chains: 100,
            checkpoint_seconds: 15.0,
        }
    }
}

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
        check(l.chains > 0, "learner.chains", l.chains, positive)?;
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
        check(t.epochs > 0, "training.epochs", t.epochs, positive)?;
        check(
            o.schedule_epochs != Some(0),
            "optimizer.schedule_epochs",
            0,
            positive,
        )?;
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

    /// The settings as `section.name` to value, for comparison and display.
    pub fn flatten(&self) -> BTreeMap<String, String> {
        let mut flat = BTreeMap::new();
        if let Ok(toml::Value::Table(sections)) = toml::Value::try_from(self) {
            for (section, values) in sections {
                if let toml::Value::Table(values) = values {
                    for (name, value) in values {
                        let text = match value {
                            toml::Value::String(text) => text,
                            other => other.to_string(),
                        };
                        flat.insert(format!("{section}.{name}"), text);
                    }
                }
            }
        }
        flat
    }

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
    }

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
        assert_eq!(rejected(|s| s.learner.chains = 0), "learner.chains");
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
        assert!(Settings::default().validate().is_ok());
    }

    #[test]
    fn schedules_start_at_one_and_end_where_they_say() {
        for (schedule, end) in [
            (Schedule::Constant, 1.0),
            (Schedule::Linear, 0.0),
            (Schedule::Cosine, 0.0),
            (Schedule::Exponential, 0.01),
        ] {
            assert!((schedule.factor(0.0) - 1.0).abs() < 1e-15);
            assert!((schedule.factor(1.0) - end).abs() < 1e-15);
            assert!(schedule.factor(0.3) >= schedule.factor(0.6));
        }
    }
}
