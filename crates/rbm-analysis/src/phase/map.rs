//! Order parameters of random models over the phase plane, disorder averaged.

use crate::error::AnalysisError;
use crate::phase::order_parameters::{
    Averages, OrderParameters, exact_order_parameters, sampled_order_parameters,
};
use crate::phase::plane::{Units, check_temperature};
use crate::phase::regions::{Region, Transitions};
use crate::random::{gaussian_matrix, generator};
use crate::statistics::moments::mean_and_error;
use rayon::prelude::*;
use rbm_model::Parameters;
use rbm_model::noise::stream;
use serde::{Deserialize, Serialize};

/// A place at which random models are measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlanePoint {
    /// J0: couplings have mean J0/(N+M).
    pub j0: f64,
    /// J: couplings have standard deviation J/sqrt(N+M).
    pub j: f64,
    /// Temperature T.
    pub temperature: f64,
}

/// Random models: independent Gaussian couplings, no biases or fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ensemble {
    /// Number of visible units N.
    pub n_visible: usize,
    /// Number of hidden units M.
    pub n_hidden: usize,
    /// Units in whose terms J0 and J are given, and which carry no biases.
    pub units: Units,
    /// Models drawn per point, at least 2. Number d has the same Gaussian numbers at every point, so that maps are smooth.
    pub disorder: usize,
    /// Seed of couplings and chains.
    pub seed: u64,
}

/// A disorder average with its standard error over the models.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DisorderMean {
    /// Mean over the models.
    pub mean: f64,
    /// Standard error of the mean.
    pub error: f64,
}

/// Disorder-averaged order parameters at one place of the plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapPoint {
    /// Where.
    pub at: PlanePoint,
    /// `<m>`: mean over all N + M units of the thermal average of a unit, in the ensemble's units. Zero by symmetry for spins.
    pub magnetization: DisorderMean,
    /// Edwards-Anderson `<m^2>`: mean over units of the squared thermal average, in the ensemble's units. Zero by symmetry for spins, and
    /// (1/4) at infinite temperature for {0, 1} units.
    pub edwards_anderson: DisorderMean,
    /// `<m_v m_h>` = (1/NM) sum_ij <s_i t_j>, in spins: the product of the layers' magnetizations, which the symmetry leaves.
    pub layer_magnetization: DisorderMean,
    /// `<q_v q_h>` = (1/NM) sum_ij <s_i t_j>^2, in spins: the product of the layers' overlaps between two replicas (S. F. Edwards, P. W.
    /// Anderson, J. Phys. F 5, 965 (1975)), which the symmetry leaves.
    pub layer_overlap: DisorderMean,
    /// Change of `layer_overlap` from the first to the second half of the measurements; `None` for exact averages. Well away from
    /// zero the chains had not equilibrated.
    pub drift: Option<DisorderMean>,
    /// What the measured spin order parameters say, for the spin ensemble; see [`Region`].
    pub region: Option<Region>,
    /// Where the infinite system would be, for the spin ensemble; see [`Transitions`].
    pub predicted: Option<Region>,
}

impl Ensemble {
    /// Model number `index` at a place of the plane, with its temperature in the parameters: p = exp(-E)/Z,
    ///
    /// ```text
    /// W_ij = (J0/(N+M) + J g_ij/sqrt(N+M)) / T,   g_ij standard normal
    /// ```
    ///
    /// for units in {0, 1} without biases. Couplings of spins, W_s, become 4 W_s with biases -2 W_s 1 and -2 W_s^T 1.
    ///
    /// # Errors
    /// [`AnalysisError::Empty`], [`AnalysisError::Argument`] for couplings or a temperature that cannot be.
    ///
    /// # Examples
    /// ```
    /// use rbm_analysis::phase::{Ensemble, PlanePoint, Units};
    /// use rbm_analysis::statistics::variance;
    /// let ensemble = Ensemble { n_visible: 20, n_hidden: 30, units: Units::Binary, disorder: 2, seed: 1 };
    /// let model = ensemble.model(PlanePoint { j0: 0.0, j: 2.0, temperature: 0.5 }, 0)?;
    /// // (J/T)^2/(N+M) = 16/50, known from 600 weights to sqrt(2/600).
    /// assert!((variance(&model.weight) / 0.32 - 1.0).abs() < 5.0 * (2.0f64 / 600.0).sqrt());
    /// # Ok::<(), rbm_analysis::AnalysisError>(())
    /// ```
    pub fn model(&self, at: PlanePoint, index: usize) -> Result<Parameters, AnalysisError> {
        check_temperature(at.temperature)?;
        if !(at.j >= 0.0 && at.j.is_finite() && at.j0.is_finite()) {
            return Err(AnalysisError::Argument {
                name: "couplings",
                expected: "a finite J0 and a finite J that is not negative".into(),
                found: format!("J0 = {}, J = {}", at.j0, at.j),
            });
        }
        let (n, m) = (self.n_visible, self.n_hidden);
        let units = (n + m) as f64;
        let mut random = generator(self.seed, stream::PHASE_MODELS + index as u64);
        let gaussian = gaussian_matrix(&mut random, n, m, at.j / units.sqrt());
        let coupling = |i: usize, j: usize| (gaussian[(i, j)] + at.j0 / units) / at.temperature;
        let weight = (0..n * m).map(|k| coupling(k / m, k % m));
        let (weight, visible, hidden): (Vec<f64>, Vec<f64>, Vec<f64>) = match self.units {
            Units::Binary => (weight.collect(), vec![0.0; n], vec![0.0; m]),
            // s.W_s.t = 4 v.W_s.h - 2 v.W_s.1 - 2 1.W_s.h + constant
            Units::Spin => (
                weight.map(|w| 4.0 * w).collect(),
                (0..n)
                    .map(|i| -2.0 * (0..m).map(|j| coupling(i, j)).sum::<f64>())
                    .collect(),
                (0..m)
                    .map(|j| -2.0 * (0..n).map(|i| coupling(i, j)).sum::<f64>())
                    .collect(),
            ),
        };
        Ok(Parameters::new(n, m, weight, visible, hidden)?)
    }
}

/// Measures the order parameters of random models at each place, disorder averaged.
///
/// # Errors
/// [`AnalysisError::Argument`] for fewer than 2 models, chains or measurements, or values that cannot be; [`AnalysisError::Model`] where
/// both layers are too large for [`Averages::Exact`].
///
/// # Examples
/// ```
/// use rbm_analysis::phase::{Averages, Ensemble, PlanePoint, Region, Units, phase_map};
/// let ensemble = Ensemble { n_visible: 6, n_hidden: 6, units: Units::Spin, disorder: 3, seed: 1 };
/// let at = |temperature| PlanePoint { j0: 4.0, j: 0.5, temperature };
/// // The infinite system orders at |J0|/2 = 2.
/// let map = phase_map(&[at(0.5), at(20.0)], &ensemble, &Averages::Exact)?;
/// for (point, region) in map.iter().zip([Region::Ferromagnet, Region::Paramagnet]) {
///     assert_eq!((point.region, point.predicted), (Some(region), Some(region)));
/// }
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn phase_map(
    places: &[PlanePoint],
    ensemble: &Ensemble,
    averages: &Averages,
) -> Result<Vec<MapPoint>, AnalysisError> {
    let mut counts = vec![("disorder", ensemble.disorder)];
    if let Averages::Sampled(options) = averages {
        counts.push(("chains", options.chains));
        counts.push(("measurements", options.measurements));
    }
    for (name, count) in counts {
        if count < 2 {
            return Err(AnalysisError::Argument {
                name,
                expected: "at least 2".into(),
                found: count.to_string(),
            });
        }
    }
    places
        .iter()
        .map(|&at| {
            let one = |index: usize| -> Result<OrderParameters, AnalysisError> {
                let model = ensemble.model(at, index)?;
                match averages {
                    Averages::Exact => exact_order_parameters(&model, ensemble.units),
                    Averages::Sampled(options) => sampled_order_parameters(
                        &model,
                        ensemble.units,
                        options,
                        ensemble.seed,
                        index,
                    ),
                }
            };
            let models = match averages {
                Averages::Exact => (0..ensemble.disorder)
                    .into_par_iter()
                    .map(one)
                    .collect::<Result<Vec<_>, _>>()?,
                // Tensor operations are threaded themselves.
                Averages::Sampled(_) => (0..ensemble.disorder)
                    .map(one)
                    .collect::<Result<Vec<_>, _>>()?,
            };
            Ok(map_point(at, ensemble, &models))
        })
        .collect()
}

fn map_point(at: PlanePoint, ensemble: &Ensemble, models: &[OrderParameters]) -> MapPoint {
    let average = |get: &dyn Fn(&OrderParameters) -> f64| {
        let (mean, error) = mean_and_error(&models.iter().map(get).collect::<Vec<f64>>());
        DisorderMean { mean, error }
    };
    let layer_magnetization = average(&|o| o.layer_magnetization);
    let layer_overlap = average(&|o| o.layer_overlap);
    let spins = ensemble.units == Units::Spin;
    let frozen = layer_overlap.mean.max(0.0).sqrt();
    let region = if frozen < 0.5 {
        Region::Paramagnet
    } else if layer_magnetization.mean.abs() >= 0.5 * frozen {
        Region::Ferromagnet
    } else {
        Region::SpinGlass
    };
    let (n, m) = (ensemble.n_visible, ensemble.n_hidden);
    MapPoint {
        at,
        magnetization: average(&|o| o.magnetization),
        edwards_anderson: average(&|o| o.edwards_anderson),
        layer_magnetization,
        layer_overlap,
        drift: models
            .iter()
            .all(|o| o.drift.is_some())
            .then(|| average(&|o| o.drift.unwrap_or(0.0))),
        region: spins.then_some(region),
        predicted: spins.then(|| Transitions::new(n, m, at.j0, at.j).region(at.temperature)),
    }
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
