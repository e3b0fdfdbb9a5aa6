//! One snapshot in detail: modes, mean field, chains, data.

use super::chains::{self, Record, Relaxation};
use super::context::{Context, MODES, WithError};
use super::probe::{Probe, Snapshot};
use crate::principal::evenly;
use rbm_analysis::bosons::{Occupation, occupations, point_occupations};
use rbm_analysis::faer::Mat;
use rbm_analysis::gaussian::gaussian_limit;
use rbm_analysis::mean_field::{
    FixedPoint, LandauMode, MeanFieldOptions, central_fixed_point, landau_modes, lowest_fixed_point,
};
use rbm_analysis::overlap::{ModeOverlap, checkpoint_overlaps, data_overlaps};
use rbm_analysis::reciprocal::{HiddenUnits, Saddle, Trajectories, pairs, weight_matrix};
use rbm_analysis::statistics::BootstrapOptions;
use rbm_analysis::summary::LnZ;
use rbm_analysis::symmetry::{RotationTest, SymmetryOptions, symmetry};
use rbm_analysis::{AnalysisError, Coordinate, ReciprocalSpace};
use rbm_model::Parameters;
use rbm_model::partition::Enumeration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Layers up to this size are enumerated.
const EXACT_LIMIT: usize = 16;
/// Rotated copies, few and many: with fewer than 19 no rank among them is below 5%.
const ROTATIONS: [usize; 2] = [19, 99];
/// Data rows, and samples, that mean field starts from.
const MEAN_FIELD_STARTS: usize = 20;
/// Left vectors that are kept as images.
const IMAGES: usize = 4;
/// Modes whose coordinates are split by label.
const SPLIT: usize = 2;

/// One snapshot in detail.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SnapshotMeasurement {
    /// Updates made.
    pub step: u64,
    /// Entries of W against its rotated copies; of the first and the last snapshot.
    pub rotation: Option<RotationTest>,
    /// Mean inverse participation ratio of left and right vectors over its mean for Haar vectors.
    pub participation: Option<[f64; 2]>,
    /// Kurtosis of x and y.
    pub kurtosis: Kurtosis,
    /// ln Z by five methods.
    pub ln_z: Option<LnZ>,
    /// ln Z by annealing, if that was asked for.
    pub annealed: Option<AnnealedLnZ>,
    /// The leading modes.
    pub modes: Vec<ModeState>,
    /// How fast x of some modes of all ranks relaxes.
    pub relaxation: Vec<Relaxation>,
    /// u and w of the leading modes by label.
    pub split: Vec<Split>,
    /// Left vectors of the leading modes, row-major where rows are images.
    pub images: Vec<Vec<f32>>,
    /// What single figures measure, by their names.
    pub probed: BTreeMap<String, Value>,
    /// What is missing, and why.
    pub notes: Vec<String>,
}

/// Mean kurtosis (3 for a Gaussian) of the coordinates of all modes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Kurtosis {
    /// Of x and y with independent, uniform units: exactly 3 - 2 IPR for each mode.
    pub uniform: Option<[f64; 2]>,
    /// Of x and y over samples of the model, with their errors; of the first and the last snapshot.
    pub sampled: Option<[WithError; 2]>,
}

/// ln Z from two sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnnealedLnZ {
    /// By AIS.
    pub ais: f64,
    /// The highest value by everything known, reverse AIS above all.
    pub highest: f64,
    /// By Bennett's ratio of both, or by AIS where there was no way down.
    pub combined: f64,
    /// How far to trust it.
    pub verdict: String,
}

/// A leading mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModeState {
    /// Landau's expansion, with the singular value.
    pub landau: LandauMode,
    /// Occupation `lambda <x y>` over data with drawn hidden units.
    pub data: Option<Occupation>,
    /// The same over samples of the model.
    pub model: Option<Occupation>,
    /// The same at the mean-field point reached from m = 1/2.
    pub mean_field: Option<f64>,
    /// Variance of x over samples of the model.
    pub variance: Option<WithError>,
    /// Left vector against the data's principal components.
    pub components: Option<ModeOverlap>,
    /// Left vector against those of the last snapshot.
    pub last: Option<ModeOverlap>,
}

/// Where a mode's coordinates lie.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// The mode, from 0.
    pub mode: usize,
    /// Mean and standard deviation of (u, w) over data rows, by label; without labels one entry, of label `None`.
    pub data: Vec<Cloud>,
    /// The same over samples of the model.
    pub model: Option<Cloud>,
    /// (u, w) of the mean point (U^T 1/2, V^T 1/2).
    pub mean_point: [f64; 2],
    /// Share of the variance of (u, w) over data that lies between labels.
    pub between_labels: Option<[f64; 2]>,
}

/// Points of a plane in brief.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cloud {
    /// Label of the rows.
    pub label: Option<u8>,
    /// Mean of u and w.
    pub mean: [f64; 2],
    /// Standard deviation of u and w.
    pub deviation: [f64; 2],
}

impl SnapshotMeasurement {
    /// What a figure measured; `None` where it found nothing.
    pub fn of<'a, T: Deserialize<'a>>(&'a self, probe: &Probe) -> Option<T> {
        T::deserialize(self.probed.get(probe.name)?).ok()
    }

    /// Measures a snapshot; `ends` adds what is measured of the first and the last one only.
    pub(super) fn new(
        context: &Context<'_>,
        step: u64,
        parameters: &Parameters,
        ends: bool,
    ) -> anyhow::Result<(Self, Record)> {
        let space = ReciprocalSpace::new(parameters)?;
        let count = MODES.min(space.modes());
        let leading: Vec<usize> = (0..count).collect();
        let mut notes = Vec::new();
        let iteration = MeanFieldOptions {
            max_iterations: 2_000,
            ..Default::default()
        };
        let point = match central_fixed_point(parameters, &iteration) {
            Ok(point) => Some(point),
            Err(error @ AnalysisError::NoConvergence { .. }) => {
                notes.push(format!("update {step}: {error}"));
                None
            }
            Err(error) => return Err(error.into()),
        };
        let exact = parameters.n_visible.min(parameters.n_hidden) <= EXACT_LIMIT;
        let exact = exact.then(|| Enumeration::new(parameters)).transpose()?;
        let record = chains::record(context, parameters, &space, point.as_ref(), ends)?;
        let best = best_point(context, parameters, &record, point.clone())?;
        let data = context
            .reference
            .map(|reference| {
                Trajectories::from_data(
                    &space,
                    parameters,
                    pairs(&leading),
                    reference.rows.as_ref(),
                    HiddenUnits::Drawn { seed: context.seed },
                )
            })
            .transpose()?;
        let errors = BootstrapOptions::default();
        let of_data = data.as_ref().map(|rows| occupations(&space, rows, &errors));
        let of_data = of_data.transpose()?;
        let of_model = occupations(&space, &record.states, &errors)?;
        let at_point = point.as_ref().map(|point| point_occupations(&space, point));
        let at_point = at_point.transpose()?;
        let components = context
            .reference
            .map(|reference| data_overlaps(&space, &reference.pca, count))
            .transpose()?;
        let last = checkpoint_overlaps(&space, context.last, count)?;
        let modes = landau_modes(&space).into_iter().take(count);
        let modes = modes.enumerate().map(|(k, landau)| ModeState {
            landau,
            data: of_data.as_ref().and_then(|all| all.get(k).cloned()),
            model: of_model.get(k).cloned(),
            mean_field: at_point
                .as_ref()
                .and_then(|all| all.get(k).map(|mode| mode.occupation)),
            variance: record.variance(Coordinate::X(k)),
            components: components.as_ref().and_then(|all| all.get(k).cloned()),
            last: last.get(k).cloned(),
        });
        let saddles = space.saddles();
        let labels = context
            .reference
            .and_then(|reference| reference.labels.as_deref());
        let split = (0..SPLIT.min(count)).filter_map(|mode| {
            let saddle = saddles[mode]?;
            Some(split(mode, &saddle, &space, data.as_ref(), labels, &record))
        });
        let tests = SymmetryOptions {
            haar_simulations: 0,
            rotations: match ends {
                true => ROTATIONS[usize::from(context.options.full)],
                false => 0,
            },
            seed: context.seed,
        };
        let tests = symmetry(weight_matrix(parameters).as_ref(), &space.svd, &tests)?;
        let images = (0..IMAGES.min(count))
            .map(|k| Ok(space.left_vector(k)?.iter().map(|x| *x as f32).collect()))
            .collect::<Result<_, AnalysisError>>()?;
        let snapshot = Snapshot::new(context, (parameters, &space), &record, count, ends);
        let probed = context.probes.iter().map(|probe| {
            let value = (probe.measure)(&snapshot)?;
            Ok((probe.name.to_owned(), value))
        });
        let probed = probed.collect::<anyhow::Result<_>>()?;
        let measurement = Self {
            step,
            rotation: tests.as_ref().and_then(|tests| tests.rotation.clone()),
            participation: tests.as_ref().map(|tests| {
                [
                    tests.left.ipr.mean / tests.left.ipr.null,
                    tests.right.ipr.mean / tests.right.ipr.null,
                ]
            }),
            kurtosis: Kurtosis {
                uniform: tests.as_ref().map(|tests| {
                    [
                        3.0 - 2.0 * tests.left.ipr.mean,
                        3.0 - 2.0 * tests.right.ipr.mean,
                    ]
                }),
                sampled: record.kurtosis,
            },
            ln_z: Some(LnZ {
                exact: exact.map(|all| all.ln_z()),
                mean_field: best.as_ref().map(|p| -p.free_energy),
                onsager: best.as_ref().map(|p| p.ln_z_onsager),
                one_loop: best.as_ref().and_then(|p| p.ln_z_one_loop),
                spherical: best.as_ref().and_then(|p| p.ln_z_spherical),
                gaussian: gaussian_limit(&space).ln_z,
            }),
            annealed: None,
            modes: modes.collect(),
            relaxation: record.relaxation.clone(),
            split: split.collect(),
            images,
            probed,
            notes,
        };
        Ok((measurement, record))
    }
}

/// The mean-field point of the best bound: of those reached from some data rows, from the last states of the chains, and from
/// m = 1/2.
fn best_point(
    context: &Context<'_>,
    parameters: &Parameters,
    record: &Record,
    central: Option<FixedPoint>,
) -> Result<Option<FixedPoint>, AnalysisError> {
    let n = parameters.n_visible;
    let chains = record.visible.len() / n;
    let samples = evenly(chains, MEAN_FIELD_STARTS);
    let data = context.reference.map(|reference| &reference.rows);
    let rows = evenly(data.map_or(0, |data| data.nrows()), MEAN_FIELD_STARTS);
    let starts = Mat::from_fn(rows.len() + samples.len(), n, |s, unit| {
        match (data, rows.get(s)) {
            (Some(data), Some(&row)) => data[(row as usize, unit)],
            _ => f64::from(record.visible[samples[s - rows.len()] as usize * n + unit]),
        }
    });
    // The error of F_MF is of second order in the means.
    let options = MeanFieldOptions {
        max_iterations: 500,
        tolerance: 1e-6,
        ..Default::default()
    };
    let found = lowest_fixed_point(parameters, starts.as_ref(), &options)?;
    let both = [found, central].into_iter().flatten();
    Ok(both.min_by(|a, b| a.free_energy.total_cmp(&b.free_energy)))
}

fn split(
    mode: usize,
    saddle: &Saddle,
    space: &ReciprocalSpace,
    data: Option<&Trajectories>,
    labels: Option<&[u8]>,
    record: &Record,
) -> Split {
    let at = |x: f64, y: f64| {
        let (u, w) = saddle.to_uw(x, y);
        [u, w]
    };
    // Both hold pairs of the leading modes, in their order.
    let points = |rows: &Trajectories| -> Vec<[f64; 2]> {
        let last = rows.times() - 1;
        let point = |chain| {
            let row = rows.at(last, chain);
            at(row[2 * mode], row[2 * mode + 1])
        };
        (0..rows.chains()).map(point).collect()
    };
    let data = data.map(points).unwrap_or_default();
    let mut clouds = Vec::new();
    let mut between_labels = None;
    if let (Some(labels), false) = (labels, data.is_empty()) {
        let mut between = [0.0; 2];
        let all = cloud(None, data.iter().copied());
        for label in 0..=u8::MAX {
            let chosen = || data.iter().zip(labels).filter(|(_, l)| **l == label);
            let share = chosen().count() as f64 / data.len() as f64;
            if share > 0.0 {
                let cloud = cloud(Some(label), chosen().map(|(point, _)| *point));
                for (k, between) in between.iter_mut().enumerate() {
                    *between += share * (cloud.mean[k] - all.mean[k]).powi(2);
                }
                clouds.push(cloud);
            }
        }
        between_labels = Some([0, 1].map(|k| between[k] / all.deviation[k].powi(2)));
    } else if !data.is_empty() {
        clouds.push(cloud(None, data.iter().copied()));
    }
    Split {
        mode,
        data: clouds,
        model: Some(cloud(None, points(&record.states).into_iter())),
        mean_point: at(space.mean_x[mode], space.mean_y[mode]),
        between_labels: between_labels.filter(|shares| shares.iter().all(|x| x.is_finite())),
    }
}

fn cloud(label: Option<u8>, points: impl Iterator<Item = [f64; 2]> + Clone) -> Cloud {
    let count = points.clone().count().max(1) as f64;
    let mean = [0, 1].map(|k| points.clone().map(|p| p[k]).sum::<f64>() / count);
    let square = |k: usize| {
        points
            .clone()
            .map(|p| (p[k] - mean[k]).powi(2))
            .sum::<f64>()
    };
    Cloud {
        label,
        mean,
        deviation: [0, 1].map(|k| (square(k) / count).sqrt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_has_the_mean_and_the_deviation_of_its_points() {
        let points = [[1.0, 0.0], [3.0, 0.0], [2.0, 6.0], [2.0, -6.0]];
        let cloud = cloud(Some(7), points.into_iter());
        assert_eq!((cloud.label, cloud.mean), (Some(7), [2.0, 0.0]));
        assert!((cloud.deviation[0] - 0.5f64.sqrt()).abs() < 1e-15);
        assert!((cloud.deviation[1] - 18f64.sqrt()).abs() < 1e-15);
    }
}
