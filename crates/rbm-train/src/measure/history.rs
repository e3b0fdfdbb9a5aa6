//! The spectrum at every snapshot.

use crate::checkpoint::RunDir;
use rayon::prelude::*;
use rbm_analysis::gaussian::CRITICAL_SINGULAR_VALUE;
use rbm_analysis::phase::phase_point;
use rbm_analysis::reciprocal::{singular_values, weight_matrix};
use rbm_analysis::spectrum::fit_bulk;
use serde::{Deserialize, Serialize};

/// The weights of one snapshot, as far as their spectrum and moments tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SnapshotSpectrum {
    /// Updates made.
    pub step: u64,
    /// All singular values, largest first.
    pub singular_values: Vec<f64>,
    /// Standard deviation of the weights, from the Marchenko-Pastur fit to the bulk.
    pub sigma: Option<f64>,
    /// Edges of the fitted density.
    pub edges: Option<[f64; 2]>,
    /// Modes above the upper edge.
    pub above_edge: Option<usize>,
    /// Modes with lambda >= 4, which do not converge to their Boltzmann distribution.
    pub nonconvergent: usize,
    /// |J0|/J.
    pub j0_over_j: Option<f64>,
    /// T/J in spins, at T = 1.
    pub t_over_j: Option<f64>,
}

/// Spectra of snapshots, in the order of `steps`.
pub(super) fn measure(run: &RunDir, steps: &[u64]) -> anyhow::Result<Vec<SnapshotSpectrum>> {
    steps
        .par_iter()
        .map(|&step| {
            let model = run.snapshot(step)?;
            let values = singular_values(weight_matrix(&model).as_ref())?;
            let fit = fit_bulk(&values, model.n_visible, model.n_hidden)?;
            let phase = phase_point(&model, 1.0)?.spin;
            Ok(SnapshotSpectrum {
                step,
                sigma: fit.as_ref().map(|fit| fit.scale),
                edges: fit.as_ref().map(|fit| fit.edges),
                above_edge: fit.as_ref().map(|fit| fit.above_edge),
                nonconvergent: values
                    .iter()
                    .filter(|value| **value >= CRITICAL_SINGULAR_VALUE)
                    .count(),
                j0_over_j: phase.j0_over_j,
                t_over_j: phase.t_over_j,
                singular_values: values,
            })
        })
        .collect()
}
