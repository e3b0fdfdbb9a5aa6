//! Pseudo-log-likelihood: sum over units of ln p(v_i | all others), in nats per row.

use super::metric::Metric;

/// Units drawn per row, the same at every evaluation.
const UNITS_PER_ROW: usize = 8;

/// Column of training rows.
pub const TRAIN: &str = "train_pseudo_log_likelihood";
/// Column of held-out rows.
pub const TEST: &str = "test_pseudo_log_likelihood";

/// Estimated from a few units per row.
pub(super) const METRIC: Metric = Metric::OfRows {
    columns: [TRAIN, TEST],
    gap: None,
    sum: |block| {
        let fields = &block.fields;
        let each = fields.sampled_pseudo_log_likelihood(UNITS_PER_ROW, block.seed, block.number);
        each.sum()
    },
};
