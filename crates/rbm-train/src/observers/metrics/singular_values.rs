//! Leading singular values of W, largest first.

use super::metric::{Measure, Metric};
use rbm_analysis::reciprocal::leading_singular_values;

/// How the columns begin; they are numbered from 1.
pub const PREFIX: &str = "singular_value_";

pub(super) const METRIC: Metric = Metric {
    measure: Measure::OfWeights(|weights| {
        let ([n, m], count) = (weights.shape, weights.monitor.singular_values);
        let values = leading_singular_values(weights.values, n, m, count)?;
        let numbered = values.into_iter().enumerate();
        Ok(numbered
            .map(|(k, value)| (format!("{PREFIX}{}", k + 1), value))
            .collect())
    }),
    curves: None,
};
