//! Numbers that tell how a run goes.
//!
//! A metric is a file that declares its columns and how it is computed, and an entry of `METRICS`; the
//! columns of `metrics.csv`, what reads it and the training curves follow.

pub mod free_energy;
pub mod pseudo_log_likelihood;
pub mod reconstruction_error;
pub mod singular_values;
pub mod weights;

mod convergence;
mod evaluate;
mod log;
mod metric;

pub use evaluate::Metrics;
pub use log::{MetricsLog, MetricsRow, PseudoLogLikelihood};
pub use metric::Curves;

/// All metrics, in the order of their columns.
const METRICS: &[metric::Metric] = &[
    pseudo_log_likelihood::METRIC,
    reconstruction_error::METRIC,
    free_energy::METRIC,
    weights::METRIC,
    singular_values::METRIC,
];

/// What the metrics have for a figure of the report.
pub fn curves_of(figure: &str) -> impl Iterator<Item = &'static Curves> {
    let all = METRICS.iter().filter_map(|metric| metric.curves.as_ref());
    all.filter(move |curves| curves.figure == figure)
}
