//! What is measured and kept, and how often.

use rbm_model::partition::BracketOptions;
use serde::{Deserialize, Serialize};

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
            likelihood_temperatures: BracketOptions::TRAINING.temperatures,
            likelihood_chains: BracketOptions::TRAINING.chains,
            checkpoint_seconds: 15.0,
        }
    }
}
