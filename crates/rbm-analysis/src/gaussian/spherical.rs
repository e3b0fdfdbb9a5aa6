//! Spherical closure: the Gaussian limit with the length of v and h held on average.
//!
//! sum_k x_k^2 = sum_i (v_i - 1/2)^2 = N/4 holds exactly (and M/4 for y). Imposing it on average
//! replaces the 4s of the Gaussian limit by two multipliers a, d:
//!
//! ```text
//! <x_k^2> = d/(ad - lambda_k^2)   <y_k^2> = a/(ad - lambda_k^2)   <x_k y_k> = lambda_k/(ad - lambda_k^2)
//! sum_k <x_k^2> + (N-R)/a = N/4   sum_k <y_k^2> + (M-R)/d = M/4    ad > lambda_1^2
//! ```
//!
//! In q = ad and S(q) = sum_k q/(q - lambda_k^2) the conditions read a = 4(S + N - R)/N,
//! d = 4(S + M - R)/M, hence one equation 16 (S+N-R)(S+M-R)/(NM) = q, whose left side falls from infinity and
//! whose right side grows: exactly one root, always. The closure is that of the spherical model,
//! T. H. Berlin, M. Kac, Phys. Rev. 86, 821 (1952).
//!
//! The same multipliers give ln Z: the mean of e^{v W h} over both spheres, by the saddle of its Lagrange function, is the ratio of two Gaussian
//! integrals, with a, d and, for W = 0, with 4, 4:
//!
//! ```text
//! L = aN/8 + dM/8 - (N+M)/2 - sum_k ln((ad - lambda_k^2)/16)/2 - (N-R)/2 ln(a/4) - (M-R)/2 ln(d/4)
//! ln Z = -F_MF + L
//! ```
//!
//! At m = 1/2 of a centered model this is the spherical model's ln Z, (N+M) ln 2 - E(1/2, 1/2) + L. At another mean-field point the fluctuations
//! (v - m)/(2 sqrt(m(1-m))) take the place of v, and four times the dressed singular values that of lambda; their length is held on average
//! only, as it is not fixed there.

use crate::error::AnalysisError;
use crate::gaussian::limit::autocorrelation_time;
use rbm_model::numeric::bisect;
use serde::{Deserialize, Serialize};

/// Solution of the spherical closure.
///
/// Valid for the centered model (b = -W 1/2, c = -W^T 1/2) with extended singular vectors; it stays finite
/// where the plain Gaussian limit has diverged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SphericalClosure {
    /// Multiplier a of the visible layer.
    pub a: f64,
    /// Multiplier d of the hidden layer.
    pub d: f64,
    /// Relative error left in the equation for ad.
    pub residual: f64,
    /// What couplings add to ln Z, L above, in nats.
    pub ln_z_gain: f64,
    /// Predictions mode by mode, `[R]`.
    pub modes: Vec<SphericalMode>,
}

/// Spherical prediction for one mode, about the center.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SphericalMode {
    /// Singular value lambda.
    pub singular_value: f64,
    /// Variance of x.
    pub variance_x: f64,
    /// Variance of y.
    pub variance_y: f64,
    /// Covariance of x and y.
    pub covariance: f64,
    /// Coefficient lambda^2/(ad) of block Gibbs sampling per sweep.
    pub gibbs_coefficient: f64,
    /// Autocorrelation time in sweeps.
    pub gibbs_time: Option<f64>,
}

/// Solves the closure for the singular values `[R]` of an N x M model, to relative 1e-13 in ad.
///
/// # Errors
/// [`AnalysisError::Shape`] unless there are min(N, M) singular values, [`AnalysisError::Argument`] for one that
/// is negative, not finite or beyond 1e100.
///
/// # Examples
/// ```
/// use rbm_analysis::gaussian::spherical_closure;
/// // Beyond lambda = 4 the plain Gaussian limit ends; the closure does not.
/// let closure = spherical_closure(&[5.0, 1.0], 2, 2)?;
/// let sum: f64 = closure.modes.iter().map(|mode| mode.variance_x).sum();
/// assert!((sum - 2.0 / 4.0).abs() < 1e-12);
/// // Weak couplings add sum lambda^2/32, as in the Gaussian limit.
/// let weak = spherical_closure(&[0.02, 0.01], 2, 2)?;
/// assert!((weak.ln_z_gain - 5e-4 / 32.0).abs() < 1e-9);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn spherical_closure(
    singular_values: &[f64],
    n_visible: usize,
    n_hidden: usize,
) -> Result<SphericalClosure, AnalysisError> {
    let r = n_visible.min(n_hidden);
    crate::error::check_len("singular values", r, singular_values.len())?;
    if r == 0 {
        return Err(AnalysisError::Empty {
            what: "singular values",
        });
    }
    if let Some(bad) = singular_values.iter().find(|s| !(0.0..1e100).contains(*s)) {
        return Err(AnalysisError::Argument {
            name: "singular value",
            expected: "between 0 and 1e100".into(),
            found: bad.to_string(),
        });
    }
    let (n, m) = (n_visible as f64, n_hidden as f64);
    let (free_n, free_m) = (n - r as f64, m - r as f64);
    let top = singular_values.iter().fold(0.0_f64, |a, &b| a.max(b));
    // Unknown: the gap e = ad - lambda_1^2, kept apart so that q - lambda_k^2 never cancels.
    let sum = |e: f64| -> f64 {
        let q = top * top + e;
        singular_values
            .iter()
            .map(|&l| q / (e + (top - l) * (top + l)))
            .sum()
    };
    let multipliers = |e: f64| {
        let s = sum(e);
        (4.0 * (s + free_n) / n, 4.0 * (s + free_m) / m)
    };
    let excess = |e: f64| {
        let (a, d) = multipliers(e);
        (a * d).ln() - (top * top + e).ln()
    };
    // At e = 16 + lambda_1^2 + ... the right side wins sooner or later; at e -> 0 the left one does.
    let mut high = 16.0 + top * top;
    while excess(high) > 0.0 {
        high *= 4.0;
    }
    let mut low = high;
    while excess(low) < 0.0 {
        // Down by orders of magnitude, so that halving takes few steps from there.
        high = low;
        low *= 1e-3;
        if low == 0.0 {
            return Err(AnalysisError::NoConvergence {
                what: "the spherical closure",
            });
        }
    }
    let e = bisect(low, high, |e| excess(e) > 0.0);
    let (a, d) = multipliers(e);
    let q = top * top + e;
    let modes = singular_values
        .iter()
        .map(|&l| {
            let g = e + (top - l) * (top + l);
            let gibbs_coefficient = l * l / q;
            SphericalMode {
                singular_value: l,
                variance_x: d / g,
                variance_y: a / g,
                covariance: l / g,
                gibbs_coefficient,
                gibbs_time: autocorrelation_time(gibbs_coefficient),
            }
        })
        .collect();
    let gaps = singular_values
        .iter()
        .map(|&l| (e + (top - l) * (top + l)) / 16.0);
    let ln_z_gain = (a - 4.0) * n / 8.0 + (d - 4.0) * m / 8.0
        - gaps.map(f64::ln).sum::<f64>() / 2.0
        - free_n / 2.0 * (a / 4.0).ln()
        - free_m / 2.0 * (d / 4.0).ln();
    Ok(SphericalClosure {
        ln_z_gain,
        a,
        d,
        residual: (a * d / q - 1.0).abs(),
        modes,
    })
}

#[cfg(test)]
#[path = "spherical_tests.rs"]
mod tests;
