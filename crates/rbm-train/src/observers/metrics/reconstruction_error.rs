//! Reconstruction error: mean squared difference of v and p(v | p(h | v)), per unit.

use super::metric::{Curves, Measure, Metric, Panel};
use maud::html;
use rbm_model::ops;

/// Column of training rows.
pub const TRAIN: &str = "train_reconstruction_error";
/// Column of held-out rows.
pub const TEST: &str = "test_reconstruction_error";

pub(super) const METRIC: Metric = Metric {
    measure: Measure::OfRows {
        columns: [TRAIN, TEST],
        gap: None,
        sum: |block| {
            let none = block.rbm.hidden_bias.val().zeros_like();
            let hidden = ops::activate(block.fields.field.clone(), none);
            let difference = block.rbm.visible_probabilities(hidden) - block.visible.clone();
            difference.powi_scalar(2).sum() / block.visible.dims()[1] as f64
        },
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
