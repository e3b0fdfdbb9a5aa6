//! What a report is made of: plain values, without any drawing.

use super::experiment::Replica;
use crate::quality::Quality;

/// Everything that [`write`](super::write()) puts on the page.
///
/// All parts may be empty: a figure whose data are missing is left out, and the page says so.
/// NaN and infinite numbers are gaps in a curve, never errors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportData {
    /// Heading of the page.
    pub title: String,
    /// One line below the heading, for example the model's size and its training set.
    pub subtitle: String,
    /// Key results as (name, value with unit), shown as a strip of cards at the top.
    pub facts: Vec<(String, String)>,
    /// The resolved configuration as (key, value), shown as a folding table.
    pub settings: Vec<(String, String)>,
    /// One row an evaluation, in order of `step`.
    pub metrics: Vec<MetricsRow>,
    /// Likelihood by annealing along training, if it was asked for.
    pub likelihood: Vec<LikelihoodPoint>,
    /// Likelihood of the snapshots, if it was worked out.
    pub snapshot_likelihood: Vec<LikelihoodPoint>,
    /// What `train_reconstruction_error` and `test_reconstruction_error` measure, as the label of
    /// an axis: for example `squared error per pixel`.
    pub reconstruction_unit: String,
    /// Singular values of the weights at the snapshots of the run.
    pub spectra: SpectrumHistory,
    /// Spectra that are compared with the Marchenko-Pastur density, usually `start` and `end`.
    pub spectrum_panels: Vec<SpectrumPanel>,
    /// Samples of the model; `None` where visible units have no image shape.
    pub samples: Option<ImageGrid>,
    /// How samples compare with data, if that was measured.
    pub quality: Option<Quality>,
    /// Leading left singular vectors; `None` where visible units have no image shape.
    pub modes: Option<ModeImages>,
    /// Results of the spectral analysis as (name, value with unit).
    pub analysis: Vec<(String, String)>,
    /// The saddle point of every mode, in order of rank.
    pub saddles: Vec<SaddleRow>,
    /// What was measured of the snapshots, for the figures of the experiment.
    pub experiment: Option<Replica>,
    /// Remarks that a reader needs, one paragraph each.
    pub notes: Vec<String>,
}

/// One evaluation during training. NaN and `None` both mean "not known".
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsRow {
    /// Number of updates made.
    pub step: u64,
    /// Number of passes through the training set made.
    pub epoch: f64,
    /// Learning rate of the latest update.
    pub learning_rate: f64,
    /// Pseudo-log-likelihood of training images, in nats per image.
    pub train_pseudo_log_likelihood: f64,
    /// Pseudo-log-likelihood of test images, in nats per image.
    pub test_pseudo_log_likelihood: Option<f64>,
    /// Reconstruction error on training images, in [`ReportData::reconstruction_unit`].
    pub train_reconstruction_error: f64,
    /// Reconstruction error on test images, in [`ReportData::reconstruction_unit`].
    pub test_reconstruction_error: Option<f64>,
    /// Mean free energy of training images, in nats per image.
    pub free_energy_train: Option<f64>,
    /// Mean free energy of test images, in nats per image.
    pub free_energy_test: Option<f64>,
    /// `free_energy_test - free_energy_train`, in nats per image.
    pub free_energy_gap: Option<f64>,
    /// Frobenius norm of the weights.
    pub weight_norm: f64,
    /// Largest absolute weight.
    pub weight_max: f64,
    /// The leading singular values of the weights, largest first.
    pub singular_values: Vec<f64>,
}

/// Mean log-likelihoods at one point of a run, in nats per image.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LikelihoodPoint {
    /// Number of updates made.
    pub step: u64,
    /// Of training images.
    pub train: f64,
    /// Of test images.
    pub test: Option<f64>,
    /// What to add to either for its lowest and its highest value.
    pub band: [f64; 2],
}

/// Singular values over the snapshots of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpectrumHistory {
    /// Number of updates made at each snapshot, increasing.
    pub steps: Vec<u64>,
    /// All singular values of each snapshot, largest first.
    pub singular_values: Vec<Vec<f64>>,
}

/// One spectrum next to the Marchenko-Pastur density fitted to its bulk.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpectrumPanel {
    /// When it was taken: `start`, `end`.
    pub label: String,
    /// All singular values.
    pub singular_values: Vec<f64>,
    /// The density as points (lambda, rho).
    pub density: Vec<(f64, f64)>,
    /// The edges (lambda-, lambda+) of the density.
    pub edges: (f64, f64),
    /// Fitted standard deviation of the weights.
    pub sigma: f64,
    /// Number of singular values above lambda+.
    pub modes_above_edge: usize,
    /// Kolmogorov-Smirnov distance of the bulk to the density.
    pub ks_distance: Option<f64>,
    /// Its p-value.
    pub ks_p_value: Option<f64>,
}

/// Images of one shape with values in \[0, 1\].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageGrid {
    /// Row-major pixels of each image; 0 is background, 1 is ink.
    pub images: Vec<Vec<f32>>,
    /// Rows and columns of an image.
    pub shape: (usize, usize),
    /// What the images are and how they were drawn.
    pub caption: String,
}

/// Left singular vectors of the weights, seen as images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModeImages {
    /// Row-major entries of each vector, in order of rank.
    pub vectors: Vec<Vec<f64>>,
    /// The singular value of each vector.
    pub lambda: Vec<f64>,
    /// Rows and columns of an image.
    pub shape: (usize, usize),
}

/// The saddle point of one mode's energy surface.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SaddleRow {
    /// Rank of the mode, from 1.
    pub mode: usize,
    /// Its singular value.
    pub lambda: f64,
    /// Visible coordinate x* of the saddle.
    pub x: f64,
    /// Hidden coordinate y* of the saddle.
    pub y: f64,
    /// Energy at the saddle, in nats.
    pub energy: f64,
    /// Whether the singular value is large enough for the saddle to mean anything.
    pub usable: bool,
}
