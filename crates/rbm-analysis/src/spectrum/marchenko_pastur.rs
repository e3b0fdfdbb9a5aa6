//! The spectrum of a random weight matrix: the Marchenko-Pastur law for singular values.
//!
//! For W_ij independent N(0, s^2), N x M, R = min(N, M), the density of singular values over the R modes is
//!
//! ```text
//! rho(l) = sqrt((l+^2 - l^2)(l^2 - l-^2)) / (pi s^2 R l),    l+- = s | sqrt N +- sqrt M |
//! ```
//!
//! V. A. Marchenko, L. A. Pastur, Mat. Sb. 72, 507 (1967). Finite-size position and width of the upper edge:
//! I. M. Johnstone, Ann. Statist. 29, 295 (2001).

use crate::error::AnalysisError;
use rbm_model::numeric::bisect;
use std::f64::consts::{FRAC_PI_2, PI};

/// The law for an `n_visible` x `n_hidden` matrix with entries of standard deviation `scale`.
///
/// # Examples
/// ```
/// use rbm_analysis::MarchenkoPastur;
/// let law = MarchenkoPastur::new(16, 9, 0.5)?;
/// // s |sqrt N +- sqrt M|
/// assert_eq!(law.edges(), (0.5, 3.5));
/// let median = law.quantile(0.5)?;
/// assert!((law.cdf(median) - 0.5).abs() < 1e-12 && law.cdf(3.5) == 1.0);
/// assert!(law.density(median) > 0.0 && law.density(4.0) == 0.0 && law.outlier_threshold() > 3.5);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarchenkoPastur {
    n_visible: usize,
    n_hidden: usize,
    scale: f64,
}

impl MarchenkoPastur {
    /// The law for N, M and the standard deviation s of the entries.
    ///
    /// # Errors
    /// [`AnalysisError::Argument`] unless both sizes and the scale are positive and finite.
    pub fn new(n_visible: usize, n_hidden: usize, scale: f64) -> Result<Self, AnalysisError> {
        if n_visible == 0 || n_hidden == 0 {
            return Err(AnalysisError::Empty { what: "matrix" });
        }
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(AnalysisError::Argument {
                name: "scale",
                expected: "a positive finite standard deviation".into(),
                found: scale.to_string(),
            });
        }
        Ok(Self {
            n_visible,
            n_hidden,
            scale,
        })
    }

    /// Standard deviation s of the entries.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Edges (l-, l+) of the support.
    pub fn edges(&self) -> (f64, f64) {
        let (a, b) = self.roots();
        (self.scale * (a - b).abs(), self.scale * (a + b))
    }

    fn roots(&self) -> (f64, f64) {
        (
            (self.n_visible as f64).sqrt(),
            (self.n_hidden as f64).sqrt(),
        )
    }

    fn modes(&self) -> f64 {
        self.n_visible.min(self.n_hidden) as f64
    }

    /// Density rho(l) per unit of singular value, normalized over the R modes; 0 outside the edges.
    pub fn density(&self, singular_value: f64) -> f64 {
        let (low, high) = self.edges();
        let l = singular_value;
        if l <= 0.0 || l < low || l > high {
            // At l = 0 of a square matrix the quarter circle has a finite limit.
            return if l == 0.0 && low == 0.0 {
                high / (PI * self.scale * self.scale * self.modes())
            } else {
                0.0
            };
        }
        let product = (high - l) * (high + l) * (l - low) * (l + low);
        product.max(0.0).sqrt() / (PI * self.scale * self.scale * self.modes() * l)
    }

    /// Distribution function: the share of the R modes with singular value at most l.
    ///
    /// Closed form in p = l^2, with all arcsines written as atan2 so that the edges are accurate to rounding.
    pub fn cdf(&self, singular_value: f64) -> f64 {
        let (low, high) = self.edges();
        if singular_value <= low {
            return 0.0;
        }
        if singular_value >= high {
            return 1.0;
        }
        // In units of s: p = l^2/s^2, a = l-^2, b = l+^2.
        let (root_n, root_m) = self.roots();
        let (lo, hi) = ((root_n - root_m).abs(), root_n + root_m);
        let l = singular_value / self.scale;
        let (p, a, b) = (l * l, lo * lo, hi * hi);
        let root = ((hi - l) * (hi + l) * (l - lo) * (l + lo)).max(0.0).sqrt();
        let root_ab = lo * hi;
        let first = (2.0 * p - a - b).atan2(2.0 * root) + FRAC_PI_2;
        let second = if root_ab > 0.0 {
            ((a + b) * p - 2.0 * a * b).atan2(2.0 * root_ab * root) + FRAC_PI_2
        } else {
            0.0
        };
        let integral = root + 0.5 * (a + b) * first - root_ab * second;
        (integral / (2.0 * PI * self.modes())).clamp(0.0, 1.0)
    }

    /// Singular value below which a share `probability` of the modes lies, by bisection to rounding.
    ///
    /// # Errors
    /// [`AnalysisError::Argument`] outside [0, 1].
    pub fn quantile(&self, probability: f64) -> Result<f64, AnalysisError> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(AnalysisError::Argument {
                name: "probability",
                expected: "between 0 and 1".into(),
                found: probability.to_string(),
            });
        }
        let (low, high) = self.edges();
        Ok(bisect(low, high, |l| self.cdf(l) < probability))
    }

    /// Singular value that the largest of a random matrix exceeds with probability 1% (Tracy-Widom, beta = 1).
    ///
    /// lambda_1^2 / s^2 ~ mu + sigma T with mu = (sqrt(N-1) + sqrt M)^2,
    /// sigma = (sqrt(N-1) + sqrt M)(1/sqrt(N-1) + 1/sqrt M)^(1/3) and 99% quantile of T equal to 2.0234.
    /// Meant for layers of at least about 5 units; for a single row or column the same number is a
    /// generous bound.
    pub fn outlier_threshold(&self) -> f64 {
        const TRACY_WIDOM_99: f64 = 2.0234;
        // The larger side takes the -1: the formula is not symmetric, the difference is of higher order.
        let large = self.n_visible.max(self.n_hidden) as f64;
        let small = self.n_visible.min(self.n_hidden) as f64;
        let (p, q) = ((large - 1.0).max(1.0).sqrt(), small.sqrt());
        let mu = (p + q) * (p + q);
        let sigma = (p + q) * (1.0 / p + 1.0 / q).cbrt();
        self.scale * (mu + TRACY_WIDOM_99 * sigma).sqrt()
    }

    /// Kolmogorov-Smirnov distance between singular values, in any order, and this law.
    ///
    /// sup_l |F_empirical(l) - F(l)|; at most 1, of order ln(R)/R for a random matrix: singular values repel,
    /// so the textbook p-value for independent numbers is wrong. See [`mod@crate::spectrum::kolmogorov_smirnov`].
    pub fn ks_distance(&self, singular_values: &[f64]) -> f64 {
        let mut sorted = singular_values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        sorted
            .iter()
            .enumerate()
            .map(|(i, &l)| {
                let f = self.cdf(l);
                (f - i as f64 / n).abs().max(((i + 1) as f64 / n - f).abs())
            })
            .fold(0.0, f64::max)
    }
}

#[cfg(test)]
#[path = "marchenko_pastur_tests.rs"]
mod tests;
