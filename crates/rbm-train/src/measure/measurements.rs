//! Everything measured of one run.

use super::history::SnapshotSpectrum;
use super::landscape::Landscape;
use super::snapshot::SnapshotMeasurement;
use serde::{Deserialize, Serialize};

/// Everything measured of one run. A value that does not exist is `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Measurements {
    /// Number of visible units N.
    pub n_visible: usize,
    /// Number of hidden units M.
    pub n_hidden: usize,
    /// Rows and columns of an image, where rows are images.
    pub image_shape: Option<(usize, usize)>,
    /// Whether it was measured with [`Options::full`](super::Options::full).
    pub full: bool,
    /// Whether the data were there to compare with.
    pub data: bool,
    /// Spectra of all snapshots, in order of time.
    pub history: Vec<SnapshotSpectrum>,
    /// The first and the last snapshot and some between, in order of time.
    pub checkpoints: Vec<SnapshotMeasurement>,
    /// The leading modes of the last snapshot.
    pub landscape: Landscape,
    /// What is missing, and why.
    pub notes: Vec<String>,
}
