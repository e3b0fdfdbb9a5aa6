//! The phase plane: where a model's weights lie among paramagnet, ferromagnet and spin glass.
//!
//! ```text
//! J0 = (N+M) mean(W)      J = sqrt(N+M) std(W)      plane (|J0|/J, T/J)
//! ```
//!
//! Units matter. The weights of a model with units in {0, 1} are four times the couplings of the same model in spins s = 2v - 1, so J0 and
//! J are, too, and T/J is a quarter of T/J in spins; |J0|/J is the same. Every number here says which it is. Biases do not
//! enter the plane, but a model in {0, 1} units without biases is a spin model with fields W_s 1 on its units: only
//! the spin ensemble has a symmetry to break, and phases in the strict sense.
//!
//! The phases are those of D. Sherrington, S. Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975), on the bipartite graph:
//! A. Barra, G. Genovese, F. Guerra, J. Phys. A 44, 245002 (2011).

use crate::error::AnalysisError;
use crate::phase::order_parameters::{OrderParameters, exact, sampled};
use crate::random::{gaussian_matrix, generator};
use crate::reciprocal::space::check_parameters;
use crate::statistics::moments::mean_and_error;
use burn::tensor::Device;
use rayon::prelude::*;
use rbm_model::Parameters;
use serde::{Deserialize, Serialize};

/// Values of the units in whose terms couplings are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Units {
    /// v in {0, 1}: E = - v.W.h, no biases.
    Binary,
    /// s in {-1, +1}: E = - s.W_s.t, no fields.
    Spin,
}

/// A model's place in the phase plane.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PhasePoint {
    /// Temperature T of p = exp(-E/T)/Z; 1 for a trained model.
    pub temperature: f64,
    /// From the weights W as they are, units in {0, 1}.
    pub binary: Couplings,
    /// From the couplings of spins, W_s = W/4.
    pub spin: Couplings,
}

/// Moments of the couplings in one convention.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Couplings {
    /// J0 = (N+M) mean(W).
    pub j0: f64,
    /// J = sqrt(N+M) std(W), the standard deviation over all N M entries.
    pub j: f64,
    /// |J0|/J; `None` where all weights are equal.
    pub j0_over_j: Option<f64>,
    /// T/J; `None` where all weights are equal.
    pub t_over_j: Option<f64>,
}

/// The place of a model in the phase plane, at temperature `temperature` (1 for a trained model).
///
/// # Errors
/// Unusable parameters; [`AnalysisError::Argument`] unless the temperature is positive and finite.
///
/// # Examples
/// ```
/// use rbm_analysis::phase::phase_point;
/// use rbm_model::Parameters;
/// let model = Parameters::new(1, 2, vec![1.0, 3.0], vec![0.0], vec![0.0; 2])?;
/// let point = phase_point(&model, 1.0)?;
/// assert_eq!((point.binary.j0, point.binary.j), (6.0, 3f64.sqrt()));
/// assert_eq!(point.spin.j0, 1.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn phase_point(parameters: &Parameters, temperature: f64) -> Result<PhasePoint, AnalysisError> {
    check_parameters(parameters)?;
    check_temperature(temperature)?;
    let units = (parameters.n_visible + parameters.n_hidden) as f64;
    let entries = parameters.weight.len() as f64;
    let mean = parameters.weight.iter().sum::<f64>() / entries;
    let square = parameters.weight.iter().map(|w| (w - mean).powi(2));
    let std = (square.sum::<f64>() / entries).sqrt();
    let couplings = |scale: f64| {
        let (j0, j) = (units * mean * scale, units.sqrt() * std * scale);
        Couplings {
            j0,
            j,
            j0_over_j: (j > 0.0).then(|| j0.abs() / j),
            t_over_j: (j > 0.0).then(|| temperature / j),
        }
    };
    Ok(PhasePoint {
        temperature,
        binary: couplings(1.0),
        spin: couplings(0.25),
    })
}

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
    /// Models drawn a point, at least 2. Number d has the same Gaussian numbers at every point, so that maps are smooth.
    pub disorder: usize,
    /// Seed of couplings and chains.
    pub seed: u64,
}

/// How thermal averages of one model are taken.
#[derive(Debug, Clone)]
pub enum Averages {
    /// By enumeration: min(N, M) <= 25, cost 2^min(N, M) N M a model.
    Exact,
    /// From Gibbs chains started at random.
    Sampled(ChainOptions),
}

/// Gibbs chains for thermal averages.
#[derive(Debug, Clone)]
pub struct ChainOptions {
    /// Independent chains, at least 2: squares of averages are taken between different chains and have no bias from their number.
    pub chains: usize,
    /// Sweeps before the first measurement. Deep in the spin glass none suffice; see [`MapPoint::drift`].
    pub burn_in: usize,
    /// Measurements, at least 2.
    pub measurements: usize,
    /// Sweeps between measurements.
    pub interval: usize,
    /// Where the chains live.
    pub device: Device,
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
    pub magnetisation: DisorderMean,
    /// Edwards-Anderson `<m^2>`: mean over units of the squared thermal average, in the ensemble's units. Zero by symmetry for spins, and
    /// (1/4) at infinite temperature for {0, 1} units.
    pub edwards_anderson: DisorderMean,
    /// `<m_v m_h>` = (1/NM) sum_ij <s_i t_j>, in spins: the product of the layers' magnetisations, which the symmetry leaves.
    pub layer_magnetisation: DisorderMean,
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

/// Phases of the spin ensemble.
///
/// A finite system has no sharp boundary. As measured, it counts as ordered where sqrt(`<q_v q_h>`) >= 1/2, and an ordered one as
/// ferromagnet where `<m_v m_h>` >= (1/2) sqrt(`<q_v q_h>`) (or the same with a negative sign, an antiferromagnet between the layers, which
/// is a ferromagnet after flipping one of them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// No order.
    Paramagnet,
    /// Units agree.
    Ferromagnet,
    /// Units are frozen without agreeing.
    SpinGlass,
}

/// Temperatures at which the paramagnet of the infinite spin ensemble becomes unstable (replica-symmetric mean field, by linearising
/// m_v = (J0/T) M/(N+M) m_h, m_h = (J0/T) N/(N+M) m_v and q_v = (J/T)^2 M/(N+M) q_h, q_h = (J/T)^2 N/(N+M) q_v).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Transitions {
    /// Towards the ferromagnet, |J0| sqrt(NM)/(N+M).
    pub ferromagnet: f64,
    /// Towards the spin glass, J (NM)^(1/4)/sqrt(N+M).
    pub spin_glass: f64,
}

impl Transitions {
    /// For couplings in spins.
    pub fn new(n_visible: usize, n_hidden: usize, j0: f64, j: f64) -> Self {
        let (n, m) = (n_visible as f64, n_hidden as f64);
        Self {
            ferromagnet: j0.abs() * (n * m).sqrt() / (n + m),
            spin_glass: j * (n * m).powf(0.25) / (n + m).sqrt(),
        }
    }

    /// The phase at a temperature. The line between ferromagnet and spin glass is taken as vertical, from the point where the
    /// three meet (G. Parisi, G. Toulouse, J. Phys. Lett. 41, L361 (1980)).
    pub fn region(&self, temperature: f64) -> Region {
        if temperature >= self.ferromagnet.max(self.spin_glass) {
            Region::Paramagnet
        } else if self.ferromagnet > self.spin_glass {
            Region::Ferromagnet
        } else {
            Region::SpinGlass
        }
    }
}

impl Ensemble {
    /// Model number `index` at a place of the plane, with its temperature in the parameters: p = exp(-E)/Z.
    ///
    /// # Errors
    /// [`AnalysisError::Empty`], [`AnalysisError::Argument`] for couplings or a temperature that cannot be.
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
        let mut random = generator(self.seed, 0x5048_0000_0000 + index as u64);
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
                    Averages::Exact => exact(&model, ensemble.units),
                    Averages::Sampled(options) => {
                        sampled(&model, ensemble.units, options, ensemble.seed, index)
                    }
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
    let layer_magnetisation = average(&|o| o.layer_magnetisation);
    let layer_overlap = average(&|o| o.layer_overlap);
    let spins = ensemble.units == Units::Spin;
    let frozen = layer_overlap.mean.max(0.0).sqrt();
    let region = if frozen < 0.5 {
        Region::Paramagnet
    } else if layer_magnetisation.mean.abs() >= 0.5 * frozen {
        Region::Ferromagnet
    } else {
        Region::SpinGlass
    };
    let (n, m) = (ensemble.n_visible, ensemble.n_hidden);
    MapPoint {
        at,
        magnetisation: average(&|o| o.magnetisation),
        edwards_anderson: average(&|o| o.edwards_anderson),
        layer_magnetisation,
        layer_overlap,
        drift: models
            .iter()
            .all(|o| o.drift.is_some())
            .then(|| average(&|o| o.drift.unwrap_or(0.0))),
        region: spins.then_some(region),
        predicted: spins.then(|| Transitions::new(n, m, at.j0, at.j).region(at.temperature)),
    }
}

fn check_temperature(temperature: f64) -> Result<(), AnalysisError> {
    if temperature > 0.0 && temperature.is_finite() {
        return Ok(());
    }
    Err(AnalysisError::Argument {
        name: "temperature",
        expected: "a positive finite number".into(),
        found: temperature.to_string(),
    })
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
