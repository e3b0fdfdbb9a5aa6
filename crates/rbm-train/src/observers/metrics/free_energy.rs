//! Free energy F(v) = - b.v - sum_j ln(1 + exp(c_j + (v W)_j)), mean over rows, in nats.

use super::metric::{Measure, Metric};

/// Column of training rows.
pub const TRAIN: &str = "free_energy_train";
/// Column of held-out rows.
pub const TEST: &str = "free_energy_test";
/// Column of held-out minus training; grows when the model overfits.
pub const GAP: &str = "free_energy_gap";

pub(super) const METRIC: Metric = Metric {
    measure: Measure::OfRows {
        columns: [TRAIN, TEST],
        standard_errors: None,
        gap: Some(GAP),
        values: |block| block.described.free_energy.clone(),
    },
    curves: None,
};
