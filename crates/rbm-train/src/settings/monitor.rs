//! What is measured and kept, and how often.

use super::table::settings;
use rbm_model::partition::BracketOptions;

settings! {
    /// What is measured and kept, and how often.
    "monitor" MonitorSettings

    /// Log-spaced evaluations, with a snapshot each, per decade of updates, besides ends of epochs; 0 for
    /// none
    snapshots_per_decade: usize = 3,
        flag "snapshots-per-decade" "COUNT" "Run" one usize
        was "per_decade" flag_was "snapshots";
    /// Epochs from one evaluation at the end of an epoch to the next; where absent, such that there are at
    /// most 100
    #[serde(skip_serializing_if = "Option::is_none")]
    epochs_between: Option<usize> = None, must SOME_OR_ALL;
    /// Evaluate every UPDATES updates, besides log-spaced ones and ends of epochs; 0 for never
    every: usize = 0, shown "never"
        flag "evaluate-every" "UPDATES" "Run" one usize;
    /// Rows of each part that an evaluation looks at
    rows: usize = 500, must AT_LEAST_1;
    /// Leading singular values in the metrics
    singular_values: usize = 10,;
    /// Bracket the likelihood by annealing every EPOCHS epochs, into likelihood.csv; 0 for never
    likelihood_epochs: usize = 0, shown "never"
        flag "evaluate-likelihood" "EPOCHS" "Run" one usize;
    /// Temperatures of that, in each direction
    likelihood_temperatures: usize = BracketOptions::TRAINING.temperatures, must TEMPERATURES;
    /// Chains of that, in each direction
    likelihood_chains: usize = BracketOptions::TRAINING.chains, must AT_LEAST_2;
    /// Seconds between checkpoints; the end is always one
    checkpoint_seconds: f64 = 15.0, must NOT_NEGATIVE
        flag "checkpoint-seconds" "SECONDS" "Run" one f64;
}
