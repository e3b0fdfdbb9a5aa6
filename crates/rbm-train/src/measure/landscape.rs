//! The leading modes of the last snapshot: planes with data and samples on them, and free energies.

use super::chains::Record;
use super::context::Context;
use super::reference::Reference;
use crate::principal::evenly;
use rbm_analysis::mean_field::{
    Bins, ConstrainedOptions, constrained_free_energy, sampled_free_energy,
};
use rbm_analysis::reciprocal::{Coordinate, HiddenUnits, Saddle, Trajectories, pairs};
use rbm_analysis::{AnalysisError, ReciprocalSpace};
use rbm_model::Parameters;
use serde::{Deserialize, Serialize};

/// Modes with a plane of their own.
const PLANES: usize = 4;
/// Data rows and samples on a plane.
const POINTS: usize = 300;
/// Bins along a mode, and along each side of the plane of two.
const BINS: usize = 31;
const PLANE_BINS: usize = 24;
/// Points of a constrained mean-field curve.
const CURVE: usize = 21;

/// The leading modes of the last snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Landscape {
    /// The planes (x, y) of the leading modes.
    pub planes: Vec<Plane>,
    /// Labels of the data rows on them.
    pub labels: Option<Vec<u8>>,
    /// -ln p along x of the leading modes.
    pub curves: Vec<Curve>,
    /// -ln p over the plane of the first two modes.
    pub pair: Option<Pair>,
}

/// The plane of one mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plane {
    /// The mode, from 0.
    pub mode: usize,
    /// Its singular value.
    pub lambda: f64,
    /// Where its saddle is.
    pub saddle: Saddle,
    /// (x, y) of data rows with drawn hidden units.
    pub data: Vec<[f64; 2]>,
    /// (x, y) of samples of the model.
    pub model: Vec<[f64; 2]>,
}

/// -ln p(x) along one mode, in nats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The mode, from 0.
    pub mode: usize,
    /// x, -ln p and its error where chains have been.
    pub sampled: Vec<[f64; 3]>,
    /// x and the constrained mean-field free energy, if that was asked for.
    pub mean_field: Option<Vec<[f64; 2]>>,
}

/// -ln p(x_1, x_2) over samples of the model, in nats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Bins of x_1 and x_2.
    pub bins: [Bins; 2],
    /// -ln p, x_2 fastest; `None` where no chain has been.
    pub free_energy: Vec<Option<f64>>,
}

/// Measures the last snapshot.
pub(super) fn measure(
    parameters: &Parameters,
    space: &ReciprocalSpace,
    reference: Option<&Reference>,
    record: &Record,
    context: &Context<'_>,
) -> Result<Landscape, AnalysisError> {
    let states = &record.states;
    let modes: Vec<usize> = (0..PLANES.min(space.modes())).collect();
    let mut labels = None;
    let mut data = None;
    if let Some(reference) = reference {
        let hidden = HiddenUnits::Drawn { seed: context.seed };
        let rows = reference.rows.as_ref();
        let all = Trajectories::from_data(space, parameters, pairs(&modes), rows, hidden)?;
        let chosen = evenly(rows.nrows(), POINTS);
        let of_rows = |all: &Vec<u8>| chosen.iter().map(|&row| all[row as usize]).collect();
        labels = reference.labels.as_ref().map(of_rows);
        data = Some((all, chosen));
    }
    let saddles = space.saddles();
    let last = states.times() - 1;
    let plane = |&mode: &usize| {
        let point = |row: &[f64]| [row[2 * mode], row[2 * mode + 1]];
        Some(Plane {
            mode,
            lambda: space.singular_values()[mode],
            saddle: saddles[mode]?,
            data: data.as_ref().map_or_else(Vec::new, |(all, chosen)| {
                let rows = chosen.iter().map(|&row| row as usize);
                rows.map(|row| point(all.at(0, row))).collect()
            }),
            model: (0..states.chains().min(POINTS))
                .map(|chain| point(states.at(last, chain)))
                .collect(),
        })
    };
    let curves = modes
        .iter()
        .map(|&mode| curve(mode, parameters, space, states, context.options.full))
        .collect::<Result<_, _>>()?;
    let pair = (modes.len() > 1)
        .then(|| {
            let coordinates = [Coordinate::X(0), Coordinate::X(1)];
            let bins = [range(states, 0, PLANE_BINS), range(states, 2, PLANE_BINS)];
            let sampled = sampled_free_energy(states, &coordinates, &bins, 20)?;
            Ok::<_, AnalysisError>(Pair {
                bins,
                free_energy: sampled.free_energy,
            })
        })
        .transpose()?;
    Ok(Landscape {
        planes: modes.iter().filter_map(plane).collect(),
        labels,
        curves,
        pair,
    })
}

fn curve(
    mode: usize,
    parameters: &Parameters,
    space: &ReciprocalSpace,
    states: &Trajectories,
    full: bool,
) -> Result<Curve, AnalysisError> {
    let bins = range(states, 2 * mode, BINS);
    let sampled = sampled_free_energy(states, &[Coordinate::X(mode)], &[bins], 20)?;
    let known = bins
        .centers()
        .into_iter()
        .zip(sampled.free_energy.iter().zip(&sampled.error))
        .filter_map(|(x, (value, error))| Some([x, (*value)?, (*error)?]));
    let mean_field = full
        .then(|| {
            let grid = range(states, 2 * mode, CURVE).centers();
            let options = ConstrainedOptions {
                random_starts: 1,
                // The error in F is of second order in this.
                tolerance: 1e-6,
                max_iterations: 1_000,
                one_loop: false,
                ..Default::default()
            };
            let curve = constrained_free_energy(parameters, space, mode, &grid, None, &options)?;
            let points = grid.into_iter().zip(curve.free_energy);
            Ok::<_, AnalysisError>(points.filter_map(|(x, f)| Some([x, f?])).collect())
        })
        .transpose()?;
    Ok(Curve {
        mode,
        sampled: known.collect(),
        mean_field,
    })
}

/// Bins over all recorded values of the coordinate at `index`.
fn range(states: &Trajectories, index: usize, count: usize) -> Bins {
    let values = (0..states.times())
        .flat_map(|time| (0..states.chains()).map(move |chain| states.at(time, chain)[index]));
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    // The largest value belongs inside; a coordinate that never moved gets some width.
    let margin = (1e-3 * (high - low)).max(1e-6 * high.abs().max(1.0));
    Bins {
        low: low - margin,
        high: high + margin,
        count,
    }
}
