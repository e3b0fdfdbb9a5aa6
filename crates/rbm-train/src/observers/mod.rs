//! What looks at a run while it trains: metrics, snapshots, progress.
//!
//! Observers get the state by reference at a cadence that is given when they are registered;
//! nothing is read back from the device for an observer that is not due.

mod likelihood;
pub mod metrics;
mod progress;
mod snapshots;

pub use likelihood::Likelihood;
pub use metrics::{Metrics, MetricsLog, MetricsRow, PseudoLogLikelihood};
pub use progress::{Meter, Progress, duration};
pub use snapshots::Snapshots;

use crate::checkpoint::RunError;
use crate::settings::Settings;
use crate::state::State;

/// When an observer is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// After updates n, 2n, 3n, ...; never for 0.
    Every(u64),
    /// About `n` times per decade of updates, evenly in the logarithm, from update 1 on; never for 0.
    LogSpaced(u32),
    /// After one update.
    At(u64),
}

impl Cadence {
    /// Those of evaluations and snapshots of a run with so many updates per epoch.
    pub fn of_evaluations(settings: &Settings, per_epoch: u64) -> Vec<Self> {
        let monitor = &settings.monitor;
        let between = monitor.epochs_between.unwrap_or(1) as u64;
        vec![
            Self::Every(per_epoch.saturating_mul(between)),
            Self::At(per_epoch.saturating_mul(settings.epochs() as u64)),
            Self::LogSpaced(monitor.snapshots_per_decade as u32),
            Self::Every(monitor.every as u64),
        ]
    }

    /// Whether the update numbered `step` (from 1) is one.
    pub fn is_due(self, step: u64) -> bool {
        match self {
            Self::Every(n) => n > 0 && step > 0 && step.is_multiple_of(n),
            Self::At(update) => step == update,
            Self::LogSpaced(0) => false,
            Self::LogSpaced(per_decade) => {
                // The first update whose index on the logarithmic grid is new.
                let index = |s: u64| (f64::from(per_decade) * (s as f64).log10() + 1e-9).floor();
                step == 1 || (step > 1 && index(step) > index(step - 1))
            }
        }
    }
}

/// Where in a run an observation takes place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Learning rate of the last update.
    pub learning_rate: f64,
}

/// Something that looks at a run.
pub trait Observer {
    /// Looks at the state. Called before the first update, and whenever due after one.
    ///
    /// # Errors
    /// Whatever stops the run, such as a full disk.
    fn observe(&mut self, state: &State, moment: Moment) -> Result<(), RunError>;

    /// Brings what it wrote to disk, before a checkpoint that goes on from there. Not each file by itself: that would cost
    /// more than a short epoch.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    fn sync(&mut self) -> Result<(), RunError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Cadence;

    #[test]
    fn cadences_fall_due_when_they_should() {
        let due = |cadence: Cadence| {
            (0..=1000u64)
                .filter(|s| cadence.is_due(*s))
                .collect::<Vec<_>>()
        };
        assert_eq!(due(Cadence::Every(250)), [250, 500, 750, 1000]);
        assert!(due(Cadence::Every(0)).is_empty());
        assert_eq!(due(Cadence::At(400)), [400]);
        assert_eq!(due(Cadence::LogSpaced(1)), [1, 10, 100, 1000]);
        assert_eq!(
            due(Cadence::LogSpaced(3)),
            [1, 3, 5, 10, 22, 47, 100, 216, 465, 1000]
        );
        assert!(due(Cadence::LogSpaced(0)).is_empty());
    }
}
