//! Diffusion of the modes: measured autocorrelation of x_k and y_k over chains, next to the predictions.
//!
//! ```text
//! rho(t) = C(t)/C(0),   C(t) = average over chains and times s of (x_s - mu)(x_{s+t} - mu)
//! tau = 1 + 2 sum_{0 < t <= W} rho(t),   W = the smallest lag with W >= c tau(W)/2
//! ```
//!
//! mu is the mean over all chains and times. tau is the number of sweeps that are worth one independent sample, twice the
//! integrated time of A. Sokal (in Functional Integration, NATO ASI B 361, 1997), whose automatic window this is, c = 6 unless said.

use crate::dynamics::relaxation::ModeRelaxation;
use crate::error::AnalysisError;
use crate::reciprocal::trajectories::{Coordinate, Trajectories};
use crate::statistics::moments::Measured;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How to estimate autocorrelations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DiffusionOptions {
    /// Largest lag in recordings; at most half of the recorded times are used.
    pub max_lag: usize,
    /// c of the automatic window, in Sokal's integrated times.
    pub window: f64,
    /// Sweeps between recordings, so that times come out in sweeps.
    pub sweeps_between: usize,
}

impl Default for DiffusionOptions {
    fn default() -> Self {
        Self {
            max_lag: 1000,
            window: 6.0,
            sweeps_between: 1,
        }
    }
}

/// Measured relaxation of one coordinate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoordinateDiffusion {
    /// The coordinate.
    pub coordinate: Coordinate,
    /// Its mean over chains and times.
    pub mean: f64,
    /// Its variance C(0), about the mean of all chains.
    pub variance: Measured,
    /// rho at lags 0, 1, ... times `sweeps_between`; empty where the coordinate never moved.
    pub autocorrelation: Vec<f64>,
    /// rho after one recording interval; `None` with fewer than two recordings or where it never moved.
    pub first_lag: Option<Measured>,
    /// Integrated time tau in sweeps; `None` where the window was not reached: the chains are too short for it.
    pub integrated_time: Option<Measured>,
    /// Window W in sweeps.
    pub window: Option<usize>,
}

/// Measurement and predictions for one coordinate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModeDiffusion {
    /// What was measured.
    pub measured: CoordinateDiffusion,
    /// Plain, spherical and dressed predictions for its mode. Their integrated times and coefficients are those of x; y
    /// has the same in the plain and the spherical approximation.
    pub predicted: ModeRelaxation,
}

/// Measured diffusion of every recorded coordinate next to the predictions of [`crate::dynamics::relaxation::mode_relaxations`].
///
/// Valid for chains that have reached stationarity before the first recording; a mode with two wells that no chain
/// crosses shows the relaxation inside the wells together with a correlation that does not decay (no window).
///
/// # Errors
/// As [`autocorrelations`]; [`AnalysisError::NoSuchMode`] for a mode without prediction.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_analysis::{Coordinate, ReciprocalSpace, Trajectories};
/// use rbm_analysis::dynamics::{DiffusionOptions, diffusion, mode_relaxations};
/// use rbm_model::{Parameters, Rbm, noise::stream, sampling::Chains};
/// let model = Parameters::new(1, 1, vec![2.0], vec![-1.0], vec![-1.0])?;
/// let (space, rbm) = (ReciprocalSpace::new(&model)?, Rbm::from_parameters(&model, &Device::flex()));
/// let mut chains = Chains::from_biases(&rbm, 100, 1, stream::SAMPLE);
/// chains.sweep(&rbm, 20);
/// let record = Trajectories::record(&space, vec![Coordinate::X(0)], &rbm, &mut chains, 300, 1)?;
/// let predictions = mode_relaxations(&space, None)?;
/// let found = &diffusion(&record, &predictions, &DiffusionOptions::default())?[0];
/// // One unit per layer is a chain of two states with rho(1) = tanh^2(1/2), which the Gaussian limit puts at (2/4)^2.
/// let rho = 0.5f64.tanh().powi(2);
/// let tau = found.measured.integrated_time.unwrap();
/// assert!((tau.value - (1.0 + rho) / (1.0 - rho)).abs() < 5.0 * tau.error);
/// assert!((found.predicted.plain.unwrap().gibbs_coefficient - 0.25).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diffusion(
    trajectories: &Trajectories,
    predictions: &[ModeRelaxation],
    options: &DiffusionOptions,
) -> Result<Vec<ModeDiffusion>, AnalysisError> {
    autocorrelations(trajectories, options)?
        .into_iter()
        .map(|measured| {
            let mode = measured.coordinate.mode();
            let predicted = predictions.iter().find(|p| p.mode == mode).cloned();
            Ok(ModeDiffusion {
                predicted: predicted.ok_or(AnalysisError::NoSuchMode {
                    mode,
                    modes: predictions.len(),
                })?,
                measured,
            })
        })
        .collect()
}

/// Autocorrelation functions and integrated times of all recorded coordinates.
///
/// Errors are by the jackknife over chains, at the window found from all of them (8 chains or more); with fewer, those of
/// N. Madras, A. D. Sokal, J. Stat. Phys. 50, 109 (1988), tau sqrt(2(2W+1)/n) for the time, and none (0) elsewhere.
/// The cost is chains x times x lags per coordinate.
///
/// # Errors
/// [`AnalysisError::Empty`] where nothing was recorded, [`AnalysisError::Argument`] for a window that is not positive or zero sweeps.
pub fn autocorrelations(
    trajectories: &Trajectories,
    options: &DiffusionOptions,
) -> Result<Vec<CoordinateDiffusion>, AnalysisError> {
    trajectories.check_recorded()?;
    let fail = |name: &'static str, found: String| AnalysisError::Argument {
        name,
        expected: "a positive number".into(),
        found,
    };
    if !(options.window > 0.0 && options.window.is_finite()) {
        return Err(fail("window", options.window.to_string()));
    }
    if options.sweeps_between == 0 {
        return Err(fail("sweeps_between", "0".into()));
    }
    Ok((0..trajectories.coordinates().len())
        .map(|index| of_coordinate(trajectories, index, options))
        .collect())
}

/// Sums of one chain about the common mean.
struct ChainSums {
    /// Sum over all times.
    total: f64,
    /// sum_s x_s x_{s+t} for every lag t.
    products: Vec<f64>,
}

fn of_coordinate(
    trajectories: &Trajectories,
    index: usize,
    options: &DiffusionOptions,
) -> CoordinateDiffusion {
    let times = trajectories.times();
    let lags = options.max_lag.min(times / 2) + 1;
    let mean = trajectories.mean(index);
    let sums: Vec<ChainSums> = (0..trajectories.chains())
        .into_par_iter()
        .map(|chain| {
            let mut series = trajectories.series(index, chain);
            series.iter_mut().for_each(|x| *x -= mean);
            let product = |lag: usize| -> f64 {
                let later = &series[lag..];
                series.iter().zip(later).map(|(a, b)| a * b).sum()
            };
            ChainSums {
                total: series.iter().sum(),
                products: (0..lags).map(product).collect(),
            }
        })
        .collect();
    let all = covariances(&sums, None, times);
    let coordinate = trajectories.coordinates()[index];
    // Rounding of x - mean leaves about this much of a constant.
    if all[0] <= (1e-14 * mean).powi(2) {
        return CoordinateDiffusion {
            coordinate,
            mean,
            variance: Measured {
                value: 0.0,
                error: 0.0,
            },
            autocorrelation: Vec::new(),
            first_lag: None,
            integrated_time: None,
            window: None,
        };
    }
    let window = window_of(&all, options.window);
    let time = |covariances: &[f64], window: usize| {
        1.0 + 2.0 * covariances[1..=window].iter().sum::<f64>() / covariances[0]
    };
    let statistics = |c: &[f64]| {
        let first = c.get(1).map_or(0.0, |c1| c1 / c[0]);
        [c[0], first, window.map_or(0.0, |w| time(c, w))]
    };
    let values = statistics(&all);
    let n = (times * sums.len()) as f64;
    let errors = if sums.len() >= 8 {
        let left_out: Vec<[f64; 3]> = (0..sums.len())
            .into_par_iter()
            .map(|chain| statistics(&covariances(&sums, Some(chain), times)))
            .collect();
        [0, 1, 2].map(|at| jackknife_error(left_out.iter().map(|s| s[at])))
    } else {
        let time_error = window.map_or(0.0, |w| values[2] * (2.0 * (2 * w + 1) as f64 / n).sqrt());
        [0.0, 0.0, time_error]
    };
    let sweeps = options.sweeps_between as f64;
    CoordinateDiffusion {
        coordinate,
        mean,
        variance: Measured {
            value: values[0],
            error: errors[0],
        },
        autocorrelation: all.iter().map(|c| c / all[0]).collect(),
        first_lag: (lags > 1).then_some(Measured {
            value: values[1],
            error: errors[1],
        }),
        integrated_time: window.map(|_| Measured {
            value: sweeps * values[2],
            error: sweeps * errors[2],
        }),
        window: window.map(|w| w * options.sweeps_between),
    }
}

/// C(t) of all chains, or of all but one, about their own mean (its shift taken alike at both ends of a lag).
fn covariances(sums: &[ChainSums], without: Option<usize>, times: usize) -> Vec<f64> {
    let used = || {
        sums.iter()
            .enumerate()
            .filter(move |(chain, _)| Some(*chain) != without)
            .map(|(_, s)| s)
    };
    let chains = used().count() as f64;
    let shift = used().map(|s| s.total).sum::<f64>() / (chains * times as f64);
    let lags = sums.first().map_or(0, |s| s.products.len());
    let mut total = vec![0.0; lags];
    for chain in used() {
        total
            .iter_mut()
            .zip(&chain.products)
            .for_each(|(t, p)| *t += p);
    }
    total
        .iter()
        .enumerate()
        .map(|(lag, t)| t / (chains * (times - lag) as f64) - shift * shift)
        .collect()
}

/// Smallest W >= (c/2) tau(W), if a lag within reach satisfies it.
fn window_of(covariances: &[f64], factor: f64) -> Option<usize> {
    let mut tau = 1.0;
    for (lag, c) in covariances.iter().enumerate().skip(1) {
        tau += 2.0 * c / covariances[0];
        if lag as f64 >= 0.5 * factor * tau {
            return Some(lag);
        }
    }
    None
}

/// sqrt((n-1)/n sum (s - mean)^2) over the leave-one-out values.
fn jackknife_error(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    (values.map(|v| (v - mean).powi(2)).sum::<f64>() * (n - 1.0) / n).sqrt()
}

#[cfg(test)]
#[path = "diffusion_tests.rs"]
mod tests;
