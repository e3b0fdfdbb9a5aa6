//! `manifest.json`: what a run is and how far it got.

use serde::{Deserialize, Serialize};

/// How far a run got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Started; if no process works on it, it was killed and can be resumed.
    Running,
    /// Stopped on request; can be resumed.
    Stopped,
    /// All epochs done.
    Finished,
    /// Stopped because parameters were not finite or exploded.
    Diverged,
}

/// The model that a run started from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parent {
    /// Run directory or model file, as it was given.
    pub path: String,
    /// SHA-256 of the model file, or of the checkpoint of the run.
    pub sha256: String,
    /// Updates that a run had made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
}

/// Identity of a run. Holds no times, so equal runs have equal manifests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `rbm-run`.
    pub format: String,
    /// Version of the program that started the run.
    pub version: String,
    /// Name of the data set.
    pub dataset: String,
    /// SHA-256 of the training and test bits.
    pub dataset_digest: String,
    /// Where the data comes from and under which license.
    pub provenance: String,
    /// Number of visible units.
    pub n_visible: usize,
    /// Number of hidden units.
    pub n_hidden: usize,
    /// Rows and columns of an image, if rows are images.
    pub image_shape: Option<(usize, usize)>,
    /// Training rows.
    pub train_rows: usize,
    /// Held-out rows.
    pub test_rows: usize,
    /// Seed.
    pub seed: u64,
    /// Device, as it was asked for.
    pub device: String,
    /// Adapter, graphics interface and driver of the device, where it has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// The model that it started from, if that was not a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// How far the run got.
    pub status: Status,
    /// Updates made at the last checkpoint.
    pub step: u64,
}

impl Manifest {
    /// The only value of `format`.
    pub const FORMAT: &str = "rbm-run";

    /// What cannot be in a manifest, if something is.
    pub(super) fn fault(&self) -> Option<String> {
        let (n, rows) = (self.n_visible, self.train_rows);
        if self.format != Self::FORMAT {
            let (found, expected) = (&self.format, Self::FORMAT);
            return Some(format!("`format` is `{found}`; expected `{expected}`"));
        }
        for (name, count) in [
            ("n_visible", n),
            ("n_hidden", self.n_hidden),
            ("train_rows", rows),
        ] {
            if count == 0 {
                return Some(format!("`{name}` is 0; it must be at least 1"));
            }
        }
        match self.image_shape {
            Some((rows, columns)) if rows.checked_mul(columns) != Some(n) => Some(format!(
                "`image_shape` is [{rows}, {columns}]; its product must be `n_visible`, {n}"
            )),
            _ => None,
        }
    }
}
