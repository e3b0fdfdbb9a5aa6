//! A whole run: every snapshot in brief, its modes against those of the last one, and their tracks.

use crate::checkpoint::RunDir;
use crate::data::BinaryDataset;
use crate::principal::principal_components;
use rayon::prelude::*;
use rbm_analysis::mean_field::{LandauMode, landau_modes};
use rbm_analysis::overlap::{
    DataVariance, ModeOverlap, Modes, Track, checkpoint_overlaps, data_overlaps, track_modes,
};
use rbm_analysis::summary::{LnZ, SpectrumSummary, summarize_in};
use rbm_analysis::symmetry::{HaarTest, Symmetry};
use rbm_analysis::{PhasePoint, ReciprocalSpace, Summary, SummaryOptions};
use serde::Serialize;
use std::collections::BTreeMap;

/// Layers up to this size are enumerated for each snapshot; the last model has the library's own limit.
const EXACT_LIMIT: usize = 16;
/// Weight of a link below which a track ends: far above that of random vectors, below the 1/2 of two modes mixing.
const LOST_BELOW: f64 = 0.3;

/// What to compute.
pub struct WholeRunOptions {
    /// For the summaries.
    pub summary: SummaryOptions,
    /// Leading modes that are compared and followed.
    pub modes: usize,
}

/// All snapshots of a run.
#[derive(Debug, Serialize)]
pub struct WholeRun {
    /// Snapshots in order of time.
    pub snapshots: Vec<SnapshotBrief>,
    /// The leading modes of the last snapshot, followed back in time; points are in the order of `snapshots`.
    pub tracks: Vec<Track>,
    /// Overlaps of the last snapshot with the data's principal components, if asked for.
    pub data: Option<DataComparison>,
}

/// The analysis of one snapshot in brief.
#[derive(Debug, Serialize)]
pub struct SnapshotBrief {
    /// Updates made.
    pub step: u64,
    /// Singular values, largest first.
    pub singular_values: Vec<f64>,
    /// Bulk, outliers and distance from Marchenko-Pastur.
    pub marchenko_pastur: Option<SpectrumSummary>,
    /// Mean inverse participation ratios against Haar's.
    pub haar: Option<HaarBrief>,
    /// Modes with lambda >= 4.
    pub nonconvergent_modes: Vec<usize>,
    /// ln Z by each method.
    pub ln_z: LnZ,
    /// Landau's expansion of the leading modes.
    pub landau: Vec<LandauMode>,
    /// Place in the phase plane.
    pub phase: PhasePoint,
    /// Leading modes against those of the last snapshot.
    pub overlaps_with_last: Vec<ModeOverlap>,
    /// Reasons for what is missing.
    pub notes: BTreeMap<String, String>,
}

/// Singular vectors against Haar's, in brief.
#[derive(Debug, Serialize)]
pub struct HaarBrief {
    /// Inverse participation ratios of the left vectors.
    pub ipr_left: HaarTest,
    /// Inverse participation ratios of the right vectors.
    pub ipr_right: HaarTest,
    /// Bounds on the p-values of the largest entries, left and right.
    pub largest_entry_p_values: [f64; 2],
}

impl From<Symmetry> for HaarBrief {
    fn from(tests: Symmetry) -> Self {
        Self {
            ipr_left: tests.left.ipr,
            ipr_right: tests.right.ipr,
            largest_entry_p_values: [tests.left.largest.p_value, tests.right.largest.p_value],
        }
    }
}

/// A model's modes against the principal components of the training data.
#[derive(Debug, Serialize)]
pub struct DataComparison {
    /// Variances of the leading components, largest first.
    pub variances: Vec<f64>,
    /// Left vectors against the components.
    pub overlaps: Vec<ModeOverlap>,
    /// Variance of the data along the left vectors.
    pub along_modes: Vec<DataVariance>,
}

/// Analyzes the snapshots of a run; `data` is what the last one is compared with. `None` for a run without snapshots.
///
/// Memory: one decomposition a thread, and the leading modes of each snapshot.
pub fn whole_run(
    run: &RunDir,
    data: Option<&BinaryDataset>,
    options: &WholeRunOptions,
) -> anyhow::Result<Option<WholeRun>> {
    let steps = run.snapshot_steps()?;
    let Some(last_step) = steps.last() else {
        return Ok(None);
    };
    let last = ReciprocalSpace::new(&run.snapshot(*last_step)?)?;
    let brief = SummaryOptions {
        // What a snapshot in brief leaves out.
        rotations: 0,
        exact_limit: EXACT_LIMIT.min(options.summary.exact_limit),
        ..options.summary.clone()
    };
    let (snapshots, modes): (Vec<SnapshotBrief>, Vec<Modes>) = steps
        .into_par_iter()
        .map(|step| {
            let parameters = run.snapshot(step)?;
            let space = ReciprocalSpace::new(&parameters)?;
            let summary = summarize_in(&space, &parameters, &brief)?;
            let overlaps = checkpoint_overlaps(&space, &last, options.modes)?;
            let modes = Modes::of(&space, options.modes);
            let landau = landau_modes(&space)
                .into_iter()
                .take(options.modes)
                .collect();
            Ok((snapshot(step, summary, landau, overlaps), modes))
        })
        .collect::<anyhow::Result<Vec<_>>>()?
        .into_iter()
        .unzip();
    Ok(Some(WholeRun {
        snapshots,
        tracks: track_modes(&modes, LOST_BELOW)?,
        data: data
            .map(|data| compare_with_data(&last, data, options.modes))
            .transpose()?,
    }))
}

fn snapshot(
    step: u64,
    summary: Summary,
    landau: Vec<LandauMode>,
    overlaps_with_last: Vec<ModeOverlap>,
) -> SnapshotBrief {
    let mut notes = summary.notes;
    notes.remove("symmetry.rotation");
    SnapshotBrief {
        step,
        singular_values: summary.singular_values,
        marchenko_pastur: summary.marchenko_pastur,
        haar: summary.symmetry.map(HaarBrief::from),
        nonconvergent_modes: summary.nonconvergent_modes,
        ln_z: summary.ln_z,
        landau,
        phase: summary.phase,
        overlaps_with_last,
        notes,
    }
}

fn compare_with_data(
    space: &ReciprocalSpace,
    data: &BinaryDataset,
    modes: usize,
) -> anyhow::Result<DataComparison> {
    let pca = principal_components(&data.train, usize::MAX)?;
    let modes = modes.min(space.modes());
    Ok(DataComparison {
        overlaps: data_overlaps(space, &pca, modes)?,
        along_modes: pca.variance_along(space.left_vectors().subcols(0, modes))?,
        variances: pca.variances.into_iter().take(modes).collect(),
    })
}
