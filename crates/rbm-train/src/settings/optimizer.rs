//! How parameters follow the gradient.

use super::table::settings;
use serde::{Deserialize, Serialize};

settings! {
    /// How parameters follow the gradient.
    "optimizer" OptimizerSettings

    /// Initial learning rate, a batch mean's step
    learning_rate: f64 = 0.05, must POSITIVE
        flag "learning-rate" "RATE" "Learning" one f64;
    /// Course of the learning rate over all epochs
    schedule: Schedule = Schedule::Linear,
        flag "schedule" "SCHEDULE" "Learning" one Schedule;
    /// Epochs over which the schedule is laid; `training.epochs` if absent
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_epochs: Option<usize> = None, must COUNTABLE_IF_GIVEN;
    /// Rule that follows the gradient
    kind: OptimizerKind = OptimizerKind::Sgd,
        flag "optimizer" "OPTIMIZER" "Learning" one OptimizerKind;
    /// Momentum of sgd
    momentum: f64 = 0.0, must BELOW_1
        flag "momentum" "MOMENTUM" "Learning" one f64;
    /// Decay of Adam's first moment
    beta1: f64 = 0.9, must BELOW_1;
    /// Decay of Adam's second moment
    beta2: f64 = 0.999, must BELOW_1;
    /// L1 penalty on the weights
    l1: f64 = 0.0, must NOT_NEGATIVE
        flag "l1" "STRENGTH" "Learning" one f64;
    /// L2 penalty on the weights
    l2: f64 = 0.0, must NOT_NEGATIVE
        flag "l2" "STRENGTH" "Learning" one f64;
}

/// Optimization rule.
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
    /// Factor on the initial learning rate at a fraction t (0 to 1) of the schedule: 1, 1 - t, (1 + cos pi t)/2 and 100^-t.
    ///
    /// # Examples
    /// ```
    /// use rbm_train::settings::Schedule;
    /// let half = |schedule: Schedule| schedule.factor(0.5);
    /// assert_eq!((half(Schedule::Constant), half(Schedule::Linear)), (1.0, 0.5));
    /// assert!((half(Schedule::Cosine) - 0.5).abs() < 1e-12 && (half(Schedule::Exponential) - 0.1).abs() < 1e-12);
    /// ```
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

#[cfg(test)]
mod tests {
    use super::*;

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
