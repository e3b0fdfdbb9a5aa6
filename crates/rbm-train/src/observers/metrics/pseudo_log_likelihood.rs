//! Pseudo-log-likelihood: sum over units of ln p(v_i | all others), in nats per row.

use super::metric::{Curves, Measure, Metric, Panel};
use maud::html;

/// Units drawn per row, the same at every evaluation.
const UNITS_PER_ROW: usize = 8;

/// Column of training rows.
pub const TRAIN: &str = "train_pseudo_log_likelihood";
/// Column of held-out rows.
pub const TEST: &str = "test_pseudo_log_likelihood";

/// Estimated from a few units per row.
pub(super) const METRIC: Metric = Metric {
    measure: Measure::OfRows {
        columns: [TRAIN, TEST],
        gap: None,
        sum: |block| {
            let fields = &block.fields;
            let each =
                fields.sampled_pseudo_log_likelihood(UNITS_PER_ROW, block.seed, block.number);
            each.sum()
        },
    },
    curves: Some(Curves {
        figure: "likelihood",
        panels: &[Panel {
            title: "Pseudo-log-likelihood",
            unit: "nats per row",
            columns: &[TRAIN, TEST],
        }],
        caption: || {
            html! {
                "Pseudo-log-likelihood " span class="nowrap" {
                    i { "PL" } " = Σ" sub { i { "i" } } " ln " i { "p" } "(" i { "v" } sub { i { "i" } }
                        " | " i { "v" } sub { "∖" i { "i" } } ")"
                }
                ", each visible unit given all others, mean over rows, in nats per row; higher is better. "
            }
        },
    }),
};
