//! Reconstruction error: mean squared difference of v and p(v | p(h | v)), per unit.

use super::metric::{Curves, Measure, Metric, Panel};
use maud::html;

/// Column of training rows.
pub const TRAIN: &str = "train_reconstruction_error";
/// Column of held-out rows.
pub const TEST: &str = "test_reconstruction_error";

pub(super) const METRIC: Metric = Metric {
    measure: Measure::OfRows {
        columns: [TRAIN, TEST],
        standard_errors: None,
        gap: None,
        values: |block| block.described.reconstruction_error.clone(),
    },
    curves: Some(Curves {
        figure: "likelihood",
        panels: &[Panel {
            title: "Reconstruction error",
            unit: "squared error per unit",
            columns: &[TRAIN, TEST],
        }],
        caption: || {
            html! {
                "Reconstruction error, the difference between a row " i { "v" } " and "
                span class="nowrap" { i { "p" } "(" i { "v" } " | " i { "p" } "(" i { "h" } " | " i { "v" } "))" }
                ", as squared error per unit; lower is better. "
            }
        },
    }),
};
