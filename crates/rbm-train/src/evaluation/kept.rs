//! `evaluation.json`: what the last evaluation of a run said, for its page.

use super::{Evaluation, Mean, Part};
use crate::checkpoint::{RunDir, RunError};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An evaluation in brief. Likelihoods in nats per row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Updates that the model had seen.
    pub step: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Mean log-likelihood of held-out rows (training rows if there are none), by the best estimate of ln Z.
    pub log_likelihood: Option<f64>,
    /// Its lowest and highest value by everything known; `None` where it is exact.
    pub range: Option<[f64; 2]>,
    /// How far to trust it; see [`rbm_model::partition::Verdict`].
    pub verdict: String,
    /// Why.
    pub reason: String,
    /// Training rows.
    pub train: KeptPart,
    /// Held-out rows, if there are any.
    pub test: Option<KeptPart>,
}

/// One part of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptPart {
    /// Number of rows.
    pub rows: usize,
    /// Mean log-likelihood.
    pub log_likelihood: Option<f64>,
    /// Mean pseudo-log-likelihood.
    pub pseudo_log_likelihood: f64,
    /// Its standard error over rows.
    pub standard_error: f64,
    /// Standard error of the log-likelihood over rows, for a given ln Z; `None` of one row, and in files of earlier versions.
    #[serde(default)]
    pub log_likelihood_error: Option<f64>,
}

impl From<&Part> for KeptPart {
    fn from(part: &Part) -> Self {
        let Mean {
            value,
            standard_error,
            ..
        } = part.pseudo_log_likelihood;
        Self {
            rows: part.rows,
            log_likelihood: part.log_likelihood,
            pseudo_log_likelihood: value,
            standard_error,
            log_likelihood_error: Some(part.free_energy_error).filter(|error| error.is_finite()),
        }
    }
}

impl Kept {
    /// An evaluation of the model after `step` updates.
    pub fn new(evaluation: &Evaluation, step: u64, seconds: f64) -> Self {
        let of = &evaluation.log_likelihood;
        Self {
            step,
            seconds,
            log_likelihood: of.best(),
            range: of.range.filter(|_| of.exact.is_none()),
            verdict: of.verdict.to_string(),
            reason: of.reason.clone(),
            train: (&evaluation.train).into(),
            test: evaluation.test.as_ref().map(KeptPart::from),
        }
    }

    fn path(run: &RunDir) -> PathBuf {
        run.root().join("evaluation.json")
    }

    /// Leaves it in a run.
    ///
    /// # Errors
    /// [`RunError`] for a file that cannot be written.
    pub fn write(&self, run: &RunDir) -> Result<(), RunError> {
        let path = Self::path(run);
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| RunError::Content {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        text.push(b'\n');
        run.write(&path, &text)
    }

    /// The one that a run holds of its model after `step` updates.
    pub fn read(run: &RunDir, step: u64) -> Option<Self> {
        let text = std::fs::read_to_string(Self::path(run)).ok()?;
        let kept: Self = serde_json::from_str(&text).ok()?;
        (kept.step == step).then_some(kept)
    }
}
