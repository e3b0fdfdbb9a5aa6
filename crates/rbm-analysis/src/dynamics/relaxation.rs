//! Moments and relaxation of every mode by three approximations side by side: plain, spherical, dressed.
//!
//! ```text
//! plain      <x^2> = 4/(16 - lambda^2)       Gibbs (lambda/4)^2         Langevin 4 - lambda
//! spherical  <x^2> = d/(ad - lambda^2)       Gibbs lambda^2/(ad)        Langevin (a+d)/2 - sqrt(((a-d)/2)^2 + lambda^2)
//! dressed    C_vv = (D_v^-1 - W D_h W^T)^-1  at a mean-field point, one sweep multiplies by D_v W D_h W^T
//! ```
//!
//! Plain and spherical: see [`mod@crate::gaussian::limit`] and [`crate::gaussian::spherical`]. Dressed: the fluctuations about a mean-field
//! point in one-loop order, D = diag m(1-m). With A = D_v^1/2 W D_h^1/2 = P diag(lt) Q^T and a_k = P^T D_v^1/2 U_k,
//! b_k = Q^T D_h^1/2 V_k,
//!
//! ```text
//! var x_k = sum_l a_kl^2 / (1 - lt_l^2),  cov(x_k, y_k) = sum_l a_kl b_kl lt_l / (1 - lt_l^2),
//! autocovariance of x_k after t sweeps = sum_l a_kl^2 lt_l^{2t} / (1 - lt_l^2)
//! ```
//!
//! (unpaired directions have lt = 0). With all m = 1/2 the dressed prediction is the plain one.

use crate::error::{AnalysisError, check_len};
use crate::gaussian::limit::CRITICAL_SINGULAR_VALUE;
use crate::gaussian::spherical::spherical_closure;
use crate::mean_field::fixed_points::FixedPoint;
use crate::reciprocal::space::{ReciprocalSpace, dot};
use crate::reciprocal::svd::{Vectors, svd};
use faer::{Mat, MatRef};
use serde::{Deserialize, Serialize};

/// Predictions for a mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModeRelaxation {
    /// The mode, numbered from 0.
    pub mode: usize,
    /// Its singular value lambda.
    pub singular_value: f64,
    /// Plain Gaussian limit; `None` for lambda >= 4.
    pub plain: Option<Prediction>,
    /// Spherical closure.
    pub spherical: Option<Prediction>,
    /// One loop about a stable mean-field point; `None` without one.
    pub dressed: Option<Prediction>,
}

/// Connected second moments of a mode and how fast it relaxes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Variance of x.
    pub variance_x: f64,
    /// Variance of y.
    pub variance_y: f64,
    /// Covariance of x and y.
    pub covariance: f64,
    /// Autocorrelation of x after one Gibbs sweep; an AR(1) coefficient in the plain and the spherical approximation.
    pub gibbs_coefficient: f64,
    /// Integrated autocorrelation time of x, 1 + 2 sum_{t>0} rho(t), in sweeps.
    pub integrated_time: f64,
    /// Slower rate of overdamped Langevin motion, per unit time; `None` for dressed, whose modes mix.
    pub langevin_rate: Option<f64>,
}

impl Prediction {
    /// Two coupled Gaussians with density exp(-a x^2/2 - d y^2/2 + lambda x y); `None` unless ad > lambda^2.
    fn of_pair(lambda: f64, a: f64, d: f64) -> Option<Self> {
        let g = a * d - lambda * lambda;
        let gibbs_coefficient = lambda * lambda / (a * d);
        (a > 0.0 && d > 0.0 && g > 0.0).then(|| Self {
            variance_x: d / g,
            variance_y: a / g,
            covariance: lambda / g,
            gibbs_coefficient,
            integrated_time: (a * d + lambda * lambda) / g,
            langevin_rate: Some(slow_rate(lambda, a, d, g)),
        })
    }
}

/// Smaller eigenvalue of [[a, -lambda], [-lambda, d]], whose determinant is `g`.
fn slow_rate(lambda: f64, a: f64, d: f64, g: f64) -> f64 {
    g / ((a + d) / 2.0 + ((a - d) / 2.0).hypot(lambda))
}

/// All three predictions for every mode. `point` is the mean-field point to dress with; without one (or with an
/// unstable one) the dressed prediction is `None`.
///
/// Where they hold: plain for many units per mode, lambda well below 4 and units near 1/2; spherical where several modes
/// come near 4 together, on a centered model with extended vectors; dressed with biases, at weak to moderate coupling
/// (its error is of the order of the next loop), for fluctuations inside one well. Measured on centered 400x300 models (example
/// `relaxation`), the variance of x is predicted too high by
///
/// | modes | lambda | plain | spherical |
/// |---|---|---|---|
/// | one | 2 | 1% | 1% |
/// | one | 3 | 4% | 3% |
/// | one | 3.5 | 18% | 11% |
/// | one | 3.9 | 180% | 38% |
/// | five over a bulk | 3 | 11% | 1% |
/// | five over a bulk | 3.5 | 38% | 3% |
/// | five over a bulk | 3.9 | 310% | 6% |
///
/// A mode that stands alone near 4 is held back by its own quartic term instead: see
/// [`ModePotential::isolated`](crate::dynamics::langevin::ModePotential::isolated), 1% too high at 3.5 and 3% at 3.9.
///
/// # Errors
/// [`AnalysisError::Shape`] where the point has other sizes than the model; a decomposition that does not converge.
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, dynamics::mode_relaxations};
/// use rbm_model::Parameters;
/// let model = Parameters::new(2, 1, vec![1.0, 1.0], vec![0.0; 2], vec![0.0])?;
/// let modes = mode_relaxations(&ReciprocalSpace::new(&model)?, None)?;
/// // lambda = sqrt 2: (lambda/4)^2
/// assert!((modes[0].plain.unwrap().gibbs_coefficient - 0.125).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mode_relaxations(
    space: &ReciprocalSpace,
    point: Option<&FixedPoint>,
) -> Result<Vec<ModeRelaxation>, AnalysisError> {
    let lambda = space.singular_values();
    let spherical = spherical_closure(lambda, space.n_visible(), space.n_hidden()).ok();
    let dressed = match point {
        Some(point) if point.stable => Some(dressed(space, point)?),
        _ => None,
    };
    Ok((0..space.modes())
        .map(|mode| ModeRelaxation {
            mode,
            singular_value: lambda[mode],
            plain: Prediction::of_pair(
                lambda[mode],
                CRITICAL_SINGULAR_VALUE,
                CRITICAL_SINGULAR_VALUE,
            ),
            spherical: spherical.as_ref().map(|closure| {
                let of_mode = &closure.modes[mode];
                let (a, d) = (closure.a, closure.d);
                // ad - lambda^2 from the closure's own gap, which does not cancel near zero.
                let g = d / of_mode.variance_x;
                Prediction {
                    variance_x: of_mode.variance_x,
                    variance_y: of_mode.variance_y,
                    covariance: of_mode.covariance,
                    gibbs_coefficient: of_mode.gibbs_coefficient,
                    integrated_time: (a * d + lambda[mode] * lambda[mode]) / g,
                    langevin_rate: Some(slow_rate(lambda[mode], a, d, g)),
                }
            }),
            dressed: dressed.as_ref().map(|all| all[mode]),
        })
        .collect())
}

/// One-loop fluctuations along every mode of W about a stable point.
fn dressed(space: &ReciprocalSpace, point: &FixedPoint) -> Result<Vec<Prediction>, AnalysisError> {
    check_len("visible means", space.n_visible(), point.visible.len())?;
    check_len("hidden means", space.n_hidden(), point.hidden.len())?;
    let r = space.modes();
    let root =
        |means: &[f64]| -> Vec<f64> { means.iter().map(|m| (m * (1.0 - m)).sqrt()).collect() };
    // D^1/2 U and D^1/2 V, `[N, R]` and `[M, R]`.
    let scaled = |vectors: MatRef<'_, f64>, means: &[f64]| {
        let root = root(means);
        Mat::from_fn(root.len(), r, |i, k| root[i] * vectors[(i, k)])
    };
    let left = scaled(space.svd.left.as_ref(), &point.visible);
    let right = scaled(space.svd.right.as_ref(), &point.hidden);
    let lambda = space.singular_values();
    let coupled = Mat::from_fn(space.n_visible(), r, |i, k| left[(i, k)] * lambda[k]);
    let decomposition = svd((&coupled * right.transpose()).as_ref(), Vectors::Thin)?;
    let a = decomposition.left.transpose() * &left;
    let b = decomposition.right.transpose() * &right;
    let square: Vec<f64> = decomposition
        .singular_values
        .iter()
        .map(|l| l * l)
        .collect();
    Ok((0..r)
        .map(|k| {
            let (ak, bk) = (a.col_as_slice(k), b.col_as_slice(k));
            let sum = |weight: &dyn Fn(usize) -> f64| (0..r).map(weight).sum::<f64>();
            // What the paired dressed modes leave of |D^1/2 U_k|^2: directions that do not couple.
            let free = |whole: &[f64], part: &[f64]| (dot(whole, whole) - dot(part, part)).max(0.0);
            let variance_x =
                free(left.col_as_slice(k), ak) + sum(&|l| ak[l] * ak[l] / (1.0 - square[l]));
            let variance_y =
                free(right.col_as_slice(k), bk) + sum(&|l| bk[l] * bk[l] / (1.0 - square[l]));
            let ratio = |value: f64| {
                if variance_x > 0.0 {
                    value / variance_x
                } else {
                    0.0
                }
            };
            Prediction {
                variance_x,
                variance_y,
                covariance: sum(&|l| ak[l] * bk[l] * square[l].sqrt() / (1.0 - square[l])),
                gibbs_coefficient: ratio(sum(&|l| ak[l] * ak[l] * square[l] / (1.0 - square[l]))),
                integrated_time: 1.0
                    + 2.0
                        * ratio(sum(&|l| {
                            ak[l] * ak[l] * square[l] / (1.0 - square[l]).powi(2)
                        })),
                langevin_rate: None,
            }
        })
        .collect())
}

#[cfg(test)]
#[path = "relaxation_tests.rs"]
mod tests;
