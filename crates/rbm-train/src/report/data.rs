//! What a page is made of: plain values, without any drawing.

use crate::evaluation::likelihood_row::LikelihoodRow;
use crate::measure::Measurements;
use crate::observers::MetricsRow;
use crate::quality::Quality;
use rbm_analysis::Summary;
use rbm_analysis::spectrum::KolmogorovSmirnov;
use std::collections::BTreeMap;

/// One run, as far as figures need it.
///
/// All parts may be empty: a figure whose data are missing is left out, and the page says so. NaN and infinite numbers
/// are gaps in a curve, never errors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Replica {
    /// Name of its directory.
    pub name: String,
    /// Its settings as (key, value).
    pub settings: BTreeMap<String, String>,
    /// Evaluations, in order of `step`.
    pub metrics: Vec<MetricsRow>,
    /// Brackets of the likelihood: of snapshots, or those made during training where there are no others.
    pub likelihood: Vec<LikelihoodRow>,
    /// Brackets made during training, beside those of snapshots.
    pub likelihood_in_training: Vec<LikelihoodRow>,
    /// What was measured of its snapshots.
    pub measurements: Measurements,
    /// What is shown of a single run only.
    pub close_up: Option<CloseUp>,
}

/// What the page of a single run shows beyond what can be averaged: its model at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct CloseUp {
    /// Samples of the model.
    pub samples: Samples,
    /// The hidden units with the largest weights, largest first.
    pub hidden: Vec<HiddenUnit>,
    /// How samples compare with data, if that was measured.
    pub quality: Option<Quality>,
    /// Leading left singular vectors, row-major where rows are images.
    pub vectors: Vec<Vec<f64>>,
    /// Spectral analysis of the model.
    pub summary: Summary,
    /// Distances of the first and of the last snapshot's spectrum from the density fitted to its bulk.
    pub bulk_tests: [Option<KolmogorovSmirnov>; 2],
}

/// A hidden unit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HiddenUnit {
    /// Its number, from 0.
    pub number: usize,
    /// Its bias.
    pub bias: f64,
    /// Its weights to the visible units.
    pub weights: Vec<f64>,
}

/// States of chains.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// Units of each state, 0 or 1.
    pub states: Vec<Vec<f64>>,
    /// Rows of the data, to be shown beside them.
    pub data: Vec<Vec<f64>>,
    /// What the states are and how they were drawn.
    pub caption: String,
}
