//! Size of the weights.

use super::metric::{Curves, Measure, Metric, Panel};
use maud::html;

/// Column of the Frobenius norm of W.
pub const NORM: &str = "weight_norm";
/// Column of the largest |W_ij|.
pub const MAX: &str = "weight_max";

pub(super) const METRIC: Metric = Metric {
    measure: Measure::OfWeights(|weights| {
        let values = weights.values.iter();
        let square: f64 = values.clone().map(|w| f64::from(*w).powi(2)).sum();
        let largest = values.fold(0.0f32, |max, w| max.max(w.abs()));
        Ok(vec![
            (NORM.into(), square.sqrt()),
            (MAX.into(), f64::from(largest)),
        ])
    }),
    curves: Some(Curves {
        figure: "weights",
        panels: &[
            Panel {
                title: "Norm of the weights",
                unit: "‖W‖ (Frobenius)",
                columns: &[NORM],
            },
            Panel {
                title: "Largest weight",
                unit: "max |Wᵢⱼ|",
                columns: &[MAX],
            },
        ],
        caption: || {
            html! {
                "Frobenius norm ‖" i { "W" } "‖ = (Σ" sub { i { "k" } } " λ" sub { i { "k" } } "²)" sup { "1/2" }
                " and largest absolute entry of the weight matrix, dimensionless"
            }
        },
    }),
};
