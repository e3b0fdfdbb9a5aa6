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
use crate::reciprocal::space::check_parameters;
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

pub(super) fn check_temperature(temperature: f64) -> Result<(), AnalysisError> {
    if temperature > 0.0 && temperature.is_finite() {
        return Ok(());
    }
    Err(AnalysisError::Argument {
        name: "temperature",
        expected: "a positive finite number".into(),
        found: temperature.to_string(),
    })
}
