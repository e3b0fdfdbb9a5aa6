//! Pseudo-log-likelihood: sum over units of ln p(v_i | all others), in nats per row.

use super::metric::{Curves, Measure, Metric, Panel};
use maud::html;

/// Column of training rows.
pub const TRAIN: &str = "train_pseudo_log_likelihood";
/// Column of held-out rows.
pub const TEST: &str = "test_pseudo_log_likelihood";

/// Column of the standard error of training rows.
pub const TRAIN_ERROR: &str = "train_pseudo_standard_error";
/// Column of the standard error of held-out rows.
pub const TEST_ERROR: &str = "test_pseudo_standard_error";

/// Of all units, corrected on a few of them: see [`rbm_model::pseudo_likelihood::describe_rows`].
pub(super) const METRIC: Metric = Metric {
    measure: Measure::OfRows {
        columns: [TRAIN, TEST],
        standard_errors: Some([TRAIN_ERROR, TEST_ERROR]),
        gap: None,
        values: |block| block.described.pseudo_log_likelihood.clone(),
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
