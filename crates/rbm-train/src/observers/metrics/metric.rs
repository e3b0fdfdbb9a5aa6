//! What a metric is.

use crate::settings::MonitorSettings;
use maud::Markup;
use rbm_analysis::AnalysisError;
use rbm_model::pseudo_likelihood::RowValues;

/// A number, or several, of every evaluation.
pub(super) struct Metric {
    /// What is computed, of what.
    pub measure: Measure,
    /// Its training curves in the report, where no figure of its own draws it.
    pub curves: Option<Curves>,
}

/// Panels of a figure of the report.
pub struct Curves {
    /// Name of the figure.
    pub figure: &'static str,
    /// What is drawn.
    pub panels: &'static [Panel],
    /// What the panels show, for the caption.
    pub caption: fn() -> Markup,
}

/// A panel over updates.
pub struct Panel {
    /// What is drawn.
    pub title: &'static str,
    /// Label of its axis.
    pub unit: &'static str,
    /// A column, or those of training and of held-out rows.
    pub columns: &'static [&'static str],
}

/// A computation.
pub(super) enum Measure {
    /// A mean over rows, of training and of held-out ones.
    OfRows {
        /// Columns of training and of held-out rows.
        columns: [&'static str; 2],
        /// Columns of the standard errors of both, if they are wanted.
        standard_errors: Option<[&'static str; 2]>,
        /// Column of held-out minus training, if that is wanted.
        gap: Option<&'static str>,
        /// A value for each of some rows.
        values: fn(&Block<'_>) -> Vec<f64>,
    },
    /// Numbers of the weights, with their columns.
    OfWeights(OfWeights),
}

type OfWeights = fn(&Weights<'_>) -> Result<Vec<(String, f64)>, AnalysisError>;

/// Some rows of a part, with what one pass over them tells; what a metric may be made of.
pub(super) struct Block<'a> {
    /// What one pass tells of each row.
    pub described: &'a RowValues,
}

/// The weights of a model, on the host.
pub(super) struct Weights<'a> {
    /// W, row-major.
    pub values: &'a [f32],
    /// Visible and hidden units.
    pub shape: [usize; 2],
    /// What is measured.
    pub monitor: &'a MonitorSettings,
}
