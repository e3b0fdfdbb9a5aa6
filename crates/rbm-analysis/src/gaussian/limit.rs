//! The infinite-size limit: x and y of each mode as independent Gaussians.
//!
//! Under uniform units x_k has mean (U^T 1/2)_k and variance exactly 1/4. With x and y taken as
//! Gaussian, ln Z splits into one 2-dimensional Gaussian integral per mode,
//!
//! ```text
//! ln Z_G = (N+M) ln 2 + sum_unpaired ( bt mu + bt^2/8 )
//!        + sum_k [ lambda mx my + bt mx + ct my + (4 j_x^2 + 4 j_y^2 + 2 lambda j_x j_y)/(2(16 - lambda^2)) - ln(1 - lambda^2/16)/2 ]
//! j_x = bt + lambda my,   j_y = ct + lambda mx
//! ```
//!
//! which equals the form written about the saddle in arXiv:2503.21536 but holds at lambda = 0 as
//! well. The integral exists for lambda < 4 only: a mode with lambda >= 4 does not converge to its
//! Boltzmann distribution. All formulas at inverse temperature 1; scale the model for another
//! ([`ReciprocalSpace::at_inverse_temperature`]).

use crate::reciprocal::space::{ReciprocalSpace, dot};
use serde::{Deserialize, Serialize};

/// Singular value at which a mode stops to converge, in {0, 1} units (it is 1 for spins).
pub const CRITICAL_SINGULAR_VALUE: f64 = 4.0;

/// The Gaussian limit of a whole model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GaussianLimit {
    /// ln Z_G; `None` when any mode has lambda >= 4, since the integral then does not exist.
    pub ln_z: Option<f64>,
    /// Modes with lambda >= 4, numbered from 0.
    pub nonconvergent_modes: Vec<usize>,
    /// Predictions mode by mode, `[R]`.
    pub modes: Vec<GaussianMode>,
}

/// Gaussian-limit predictions for one mode.
///
/// Valid where the units' higher cumulants do not matter: many units per mode, lambda well below 4,
/// and biases that leave the units near probability 1/2. Exact excess kurtosis of x under
/// uniform units is -2 IPR.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GaussianMode {
    /// Singular value lambda.
    pub singular_value: f64,
    /// Moments of (x, y); `None` for lambda >= 4.
    pub moments: Option<GaussianMoments>,
    /// Relaxation predictions for this singular value.
    pub relaxation: Relaxation,
}

/// First and second moments of one mode in the Gaussian limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GaussianMoments {
    /// Mean of x.
    pub mean_x: f64,
    /// Mean of y.
    pub mean_y: f64,
    /// Variance of x, and of y: 4/(16 - lambda^2).
    pub variance: f64,
    /// Covariance of x and y: lambda/(16 - lambda^2).
    pub covariance: f64,
}

/// How fast a mode relaxes in the Gaussian limit.
///
/// # Examples
/// ```
/// use rbm_analysis::gaussian::Relaxation;
/// let mode = Relaxation::new(2.0);
/// assert_eq!((mode.rate_u, mode.rate_w, mode.gibbs_coefficient), (2.0, 6.0, 0.25));
/// // -1/ln(lambda^2/16)
/// assert!((mode.gibbs_time.unwrap() - 1.0 / 4f64.ln()).abs() < 1e-12);
/// assert_eq!(Relaxation::new(4.0).gibbs_time, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Relaxation {
    /// Rate 4 - lambda of overdamped Langevin motion along u, per unit time; not positive for lambda >= 4.
    pub rate_u: f64,
    /// Rate 4 + lambda along w, per unit time.
    pub rate_w: f64,
    /// Relaxation time 1/(4 - lambda); `None` for lambda >= 4.
    pub langevin_time: Option<f64>,
    /// Coefficient (lambda/4)^2 of block Gibbs sampling, an AR(1) process, per sweep.
    pub gibbs_coefficient: f64,
    /// Autocorrelation time -1/ln(lambda^2/16) in sweeps; `None` for lambda >= 4, 0 for lambda = 0.
    pub gibbs_time: Option<f64>,
}

impl Relaxation {
    /// Predictions for a singular value.
    pub fn new(singular_value: f64) -> Self {
        let gibbs_coefficient = (singular_value / CRITICAL_SINGULAR_VALUE).powi(2);
        let converges = singular_value < CRITICAL_SINGULAR_VALUE;
        Self {
            rate_u: CRITICAL_SINGULAR_VALUE - singular_value,
            rate_w: CRITICAL_SINGULAR_VALUE + singular_value,
            langevin_time: converges.then(|| 1.0 / (CRITICAL_SINGULAR_VALUE - singular_value)),
            gibbs_coefficient,
            gibbs_time: autocorrelation_time(gibbs_coefficient),
        }
    }
}

/// Autocorrelation time -1/ln(coefficient) of an AR(1) process, in steps; `None` unless 0 <= coefficient < 1.
pub fn autocorrelation_time(coefficient: f64) -> Option<f64> {
    if coefficient == 0.0 {
        Some(0.0)
    } else {
        (coefficient > 0.0 && coefficient < 1.0).then(|| -1.0 / coefficient.ln())
    }
}

/// The Gaussian limit of a model: ln Z_G or the modes that forbid it, moments and relaxation.
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, gaussian_limit};
/// use rbm_model::Parameters;
/// // One unit per layer, coupling 5: beyond the critical value 4.
/// let model = Parameters::new(1, 1, vec![5.0], vec![0.0], vec![0.0])?;
/// let limit = gaussian_limit(&ReciprocalSpace::new(&model)?);
/// assert_eq!(limit.ln_z, None);
/// assert_eq!(limit.nonconvergent_modes, [0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gaussian_limit(space: &ReciprocalSpace) -> GaussianLimit {
    let lambda = space.singular_values();
    let nonconvergent_modes: Vec<usize> = (0..lambda.len())
        .filter(|&k| lambda[k] >= CRITICAL_SINGULAR_VALUE)
        .collect();
    let modes: Vec<GaussianMode> = (0..lambda.len()).map(|k| mode(space, k)).collect();
    let ln_z = nonconvergent_modes.is_empty().then(|| ln_z(space));
    GaussianLimit {
        ln_z,
        nonconvergent_modes,
        modes,
    }
}

fn mode(space: &ReciprocalSpace, k: usize) -> GaussianMode {
    let lambda = space.singular_values()[k];
    let moments = (lambda < CRITICAL_SINGULAR_VALUE).then(|| {
        let g = 16.0 - lambda * lambda;
        let (jx, jy) = sources(space, k);
        GaussianMoments {
            mean_x: space.mean_x[k] + (4.0 * jx + lambda * jy) / g,
            mean_y: space.mean_y[k] + (4.0 * jy + lambda * jx) / g,
            variance: 4.0 / g,
            covariance: lambda / g,
        }
    });
    GaussianMode {
        singular_value: lambda,
        moments,
        relaxation: Relaxation::new(lambda),
    }
}

/// Fields on the deviations of x and y from their uniform means.
pub(crate) fn sources(space: &ReciprocalSpace, k: usize) -> (f64, f64) {
    let lambda = space.singular_values()[k];
    (
        space.visible_bias_modes[k] + lambda * space.mean_y[k],
        space.hidden_bias_modes[k] + lambda * space.mean_x[k],
    )
}

fn ln_z(space: &ReciprocalSpace) -> f64 {
    let (n, m) = (space.n_visible(), space.n_hidden());
    let paired: f64 = (0..space.modes())
        .map(|k| {
            let lambda = space.singular_values()[k];
            let (mx, my) = (space.mean_x[k], space.mean_y[k]);
            let (jx, jy) = sources(space, k);
            let g = 16.0 - lambda * lambda;
            lambda * mx * my
                + space.visible_bias_modes[k] * mx
                + space.hidden_bias_modes[k] * my
                + (2.0 * (jx * jx + jy * jy) + lambda * jx * jy) / g
                - 0.5 * (-lambda * lambda / 16.0).ln_1p()
        })
        .sum();
    (n + m) as f64 * std::f64::consts::LN_2 + paired + unpaired(space)
}

/// sum_unpaired bt mu + bt^2/8, from what the paired modes leave of b.1/2 and |b|^2.
fn unpaired(space: &ReciprocalSpace) -> f64 {
    let r = space.modes();
    let rest = |bias: &[f64], modes: &[f64], mean: &[f64]| {
        let linear = bias.iter().sum::<f64>() / 2.0 - dot(&modes[..r], &mean[..r]);
        let square = dot(bias, bias) - dot(&modes[..r], &modes[..r]);
        linear + square / 8.0
    };
    match space.unpaired() {
        (0, 0) => 0.0,
        (_, 0) => rest(
            &space.visible_bias,
            &space.visible_bias_modes,
            &space.mean_x,
        ),
        _ => rest(&space.hidden_bias, &space.hidden_bias_modes, &space.mean_y),
    }
}

#[cfg(test)]
#[path = "limit_tests.rs"]
mod tests;
