//! Gibbs chains of one snapshot: how its modes move, and where.

use super::context::{Context, MODES, WithError};
use burn::tensor::{Tensor, TensorData};
use rbm_analysis::dynamics::{
    CoordinateDiffusion, DiffusionOptions, Prediction, autocorrelations, mode_relaxations,
};
use rbm_analysis::faer::Mat;
use rbm_analysis::mean_field::FixedPoint;
use rbm_analysis::reciprocal::{Coordinate, Trajectories, pairs};
use rbm_analysis::{AnalysisError, ReciprocalSpace};
use rbm_model::noise::stream;
use rbm_model::numeric::mean;
use rbm_model::sampling::Chains;
use rbm_model::{Parameters, Rbm};
use serde::{Deserialize, Serialize};

/// Chains of a checkpoint.
pub const CHAINS: usize = 100;
/// Sweeps from data rows before the first recording.
pub const WARM_UP: usize = 200;
/// Recordings, a sweep apart.
pub const RECORDINGS: usize = 250;
/// Draws of all units for the kurtosis of all modes, and sweeps between them.
const DRAWS: usize = 10;
const SWEEPS_BETWEEN: usize = 20;
/// Parts of the chains for the error of the kurtosis.
const PARTS: usize = 10;
/// Coordinates of modes with a variance below this are those of units that never move.
const STILL: f64 = 1e-12;

/// How fast x of a mode relaxes, in sweeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relaxation {
    /// The mode, from 0.
    pub mode: usize,
    /// Its singular value.
    pub lambda: f64,
    /// Integrated autocorrelation time of x with its error; `None` where the chains were too short for it.
    pub time: Option<WithError>,
    /// The Gaussian limit's; `None` for lambda >= 4.
    pub plain: Option<f64>,
    /// The spherical closure's.
    pub spherical: Option<f64>,
    /// One loop about the mean-field point.
    pub dressed: Option<f64>,
}

/// What the chains of a snapshot did.
pub(crate) struct Record {
    /// x and y of the leading modes, in this order.
    pub states: Trajectories,
    /// Visible units of all chains at the last recording, row-major.
    pub visible: Vec<f32>,
    pub relaxation: Vec<Relaxation>,
    pub kurtosis: Option<[WithError; 2]>,
    diffusion: Vec<CoordinateDiffusion>,
}

impl Record {
    /// Variance of a coordinate.
    pub fn variance(&self, coordinate: Coordinate) -> Option<WithError> {
        let of = self.diffusion.iter().find(|d| d.coordinate == coordinate)?;
        Some([of.variance.value, of.variance.error])
    }
}

/// The leading modes, and then ranks about a factor 1.5 apart.
fn ranks(modes: usize) -> Vec<usize> {
    let mut ranks: Vec<usize> = (0..MODES.min(modes)).collect();
    let mut rank = MODES as f64 * 1.5;
    while (rank as usize) < modes {
        ranks.push(rank as usize - 1);
        rank *= 1.5;
    }
    ranks
}

/// Runs chains from data rows, or from the biases where there are none.
pub(super) fn record(
    context: &Context<'_>,
    parameters: &Parameters,
    space: &ReciprocalSpace,
    point: Option<&FixedPoint>,
    ends: bool,
) -> anyhow::Result<Record> {
    let rbm = Rbm::from_parameters(parameters, context.device);
    let mut chains = match context.reference.filter(|r| r.rows.nrows() > 0) {
        Some(reference) => {
            let (rows, n) = (reference.rows.as_ref(), parameters.n_visible);
            // Evenly over the rows; where these are fewer, several chains of different noise from each.
            let start = (0..CHAINS).flat_map(|chain| {
                let row = chain * rows.nrows() / CHAINS;
                (0..n).map(move |unit| rows[(row, unit)] as f32)
            });
            let start = TensorData::new(start.collect::<Vec<f32>>(), [CHAINS, n]);
            let start = Tensor::from_data(start, context.device);
            Chains::from_visible(&rbm, start, context.seed, stream::SAMPLE)
        }
        None => Chains::from_biases(&rbm, CHAINS, context.seed, stream::SAMPLE),
    };
    chains.sweep(&rbm, WARM_UP);
    let modes = ranks(space.modes());
    let all = Trajectories::record(space, pairs(&modes), &rbm, &mut chains, RECORDINGS, 1)?;
    let diffusion = autocorrelations(&all, &DiffusionOptions::default())?;
    let predictions = mode_relaxations(space, point.filter(|p| p.stable))?;
    let time = |prediction: Option<Prediction>| prediction.map(|p| p.integrated_time);
    let relaxation = modes.iter().filter_map(|&mode| {
        let measured = diffusion
            .iter()
            .find(|d| d.coordinate == Coordinate::X(mode))?;
        let predicted = predictions.iter().find(|p| p.mode == mode)?;
        Some(Relaxation {
            mode,
            lambda: predicted.singular_value,
            time: measured.integrated_time.map(|t| [t.value, t.error]),
            plain: time(predicted.plain),
            spherical: time(predicted.spherical),
            dressed: time(predicted.dressed),
        })
    });
    let relaxation = relaxation.collect();
    let visible = chains.visible.clone().into_data().iter::<f32>().collect();
    let kurtosis = match ends {
        true => sampled_kurtosis(&rbm, space, &mut chains)?,
        false => None,
    };
    Ok(Record {
        states: leading(&all, MODES.min(space.modes()))?,
        visible,
        relaxation,
        kurtosis,
        diffusion,
    })
}

/// The pairs of the first `modes` modes alone.
fn leading(all: &Trajectories, modes: usize) -> Result<Trajectories, AnalysisError> {
    let kept: Vec<usize> = (0..modes).collect();
    let mut some = Trajectories::new(pairs(&kept), all.chains())?;
    for time in 0..all.times() {
        let row: Vec<f64> = (0..all.chains())
            .flat_map(|chain| all.at(time, chain)[..2 * modes].iter().copied())
            .collect();
        some.push(&row)?;
    }
    Ok(some)
}

/// Kurtosis of x and y over states of the chains, mean over modes; errors by the jackknife over parts of the chains.
fn sampled_kurtosis(
    rbm: &Rbm,
    space: &ReciprocalSpace,
    chains: &mut Chains,
) -> Result<Option<[WithError; 2]>, AnalysisError> {
    let count = chains.count();
    let (mut visible, mut hidden) = (Vec::new(), Vec::new());
    for _ in 0..DRAWS {
        chains.sweep(rbm, SWEEPS_BETWEEN);
        visible.extend(chains.visible.clone().into_data().iter::<f64>());
        hidden.extend(chains.hidden.clone().into_data().iter::<f64>());
    }
    let rows = count * DRAWS;
    let matrix = |values: &[f64], n: usize| Mat::from_fn(rows, n, |r, i| values[r * n + i]);
    let x = space.project_visible(matrix(&visible, space.n_visible()).as_ref())?;
    let y = space.project_hidden(matrix(&hidden, space.n_hidden()).as_ref())?;
    // Rows are draws of all chains, one after the other.
    let part = |row: usize| (row % count) * PARTS / count;
    let of = |all: &Mat<f64>| -> Option<WithError> {
        let without = |left_out: usize| {
            let keep: Vec<usize> = (0..rows).filter(|row| part(*row) != left_out).collect();
            mean_kurtosis(all, &keep)
        };
        let value = without(PARTS)?;
        let parts: Vec<f64> = (0..PARTS).map(without).collect::<Option<_>>()?;
        let mean = mean(&parts);
        let scatter: f64 = parts.iter().map(|k| (k - mean).powi(2)).sum();
        let error = (scatter * (PARTS - 1) as f64 / PARTS as f64).sqrt();
        Some([value, error])
    };
    Ok(of(&x).zip(of(&y)).map(|(x, y)| [x, y]))
}

/// Mean over the columns of kappa = m4 / m2^2, of the columns that move at all.
fn mean_kurtosis(values: &Mat<f64>, rows: &[usize]) -> Option<f64> {
    let n = rows.len() as f64;
    let moving: Vec<f64> = (0..values.ncols())
        .filter_map(|k| {
            let column = values.col_as_slice(k);
            let mean = rows.iter().map(|&row| column[row]).sum::<f64>() / n;
            let (mut second, mut fourth) = (0.0, 0.0);
            for &row in rows {
                let square = (column[row] - mean).powi(2);
                second += square;
                fourth += square * square;
            }
            let second = second / n;
            (second > STILL).then(|| fourth / n / (second * second))
        })
        .collect();
    (!moving.is_empty()).then(|| mean(&moving))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use rbm_analysis::random::{gaussian_matrix, generator};
    use rbm_analysis::symmetry::inverse_participation_ratios;

    #[test]
    fn kurtosis_of_two_values_is_one_and_still_columns_do_not_count() {
        let values = Mat::from_fn(4, 2, |row, column| match column {
            0 => (row % 2) as f64,
            _ => 7.0,
        });
        assert_eq!(mean_kurtosis(&values, &[0, 1, 2, 3]), Some(1.0));
        assert_eq!(mean_kurtosis(&values, &[0, 2]), None);
    }

    const SEEDS: u64 = 16;

    /// Independent units with probability 1/2 have a kurtosis of exactly 3 - 2 IPR along each mode.
    #[test]
    fn sampled_kurtosis_of_nearly_independent_units() {
        let (n, m) = (20, 10);
        let weight = gaussian_matrix(&mut generator(1, 0), n, m, 1e-3);
        let weight = (0..n * m).map(|k| weight[(k / m, k % m)]).collect();
        let model = Parameters::new(n, m, weight, vec![0.0; n], vec![0.0; m]).unwrap();
        let space = ReciprocalSpace::new(&model).unwrap();
        let rbm = Rbm::from_parameters(&model, &Device::default());
        let found: Vec<[WithError; 2]> = (0..SEEDS)
            .map(|seed| {
                let mut chains = Chains::from_biases(&rbm, 100, seed, stream::SAMPLE);
                let found = sampled_kurtosis(&rbm, &space, &mut chains).unwrap();
                found.unwrap()
            })
            .collect();
        let vectors = [space.left_vectors(), space.right_vectors()];
        for (layer, vectors) in vectors.into_iter().enumerate() {
            let ratios = inverse_participation_ratios(vectors);
            let expected = 3.0 - 2.0 * ratios.iter().sum::<f64>() / ratios.len() as f64;
            let count = SEEDS as f64;
            let mean = |k: usize| found.iter().map(|f| f[layer][k]).sum::<f64>() / count;
            let (value, error) = (mean(0), mean(1));
            let square = found
                .iter()
                .map(|f| (f[layer][0] - value).powi(2))
                .sum::<f64>();
            let scatter = (square / (count - 1.0)).sqrt();
            let pull = (value - expected) / (scatter / count.sqrt());
            assert!(pull.abs() < 4.0, "{value} {expected} {found:?}");
            // The scatter of 16 values is known to 18%, the mean of their errors to 6%.
            assert!(
                (error / scatter).ln().abs() < 0.6,
                "{error} {scatter} {found:?}"
            );
        }
    }

    #[test]
    fn ranks_hold_the_leading_modes_and_reach_the_bulk() {
        let ranks = ranks(500);
        assert_eq!(ranks[..MODES], [0, 1, 2, 3, 4, 5, 6, 7]);
        assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ranks.len() < 20 && ranks[ranks.len() - 1] > 300);
        assert_eq!(super::ranks(3), [0, 1, 2]);
    }
}
