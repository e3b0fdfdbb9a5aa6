//! What Haar-distributed singular vectors look like: moments, laws and simulated nulls of the symmetry tests.
//!
//! A column u of a Haar matrix is a Gaussian vector divided by its length. Written out from the moments of
//! uniformly distributed unit vectors, E[u_1^{2a} u_2^{2b}] = (2a-1)!! (2b-1)!! / (N (N+2) ... (N+2a+2b-2)):
//!
//! ```text
//! <IPR> = 3/(N+2)    var IPR = 24 (N-1) / ((N+2)^2 (N+4)(N+6))    cov(IPR_k, IPR_l) = 72 / ((N+1)(N+2)^2 (N+4)(N+6))
//! P(|u_i| >= m) = int_m^1 (1-t^2)^{(N-3)/2} dt / int_0^1 (1-t^2)^{(N-3)/2} dt
//! ```
//!
//! The kurtosis of its entries about their own mean is that of a sample of N normal numbers, whose moments are exact:
//! R. A. Fisher, Proc. R. Soc. A 130, 16 (1930).

use crate::cache::Cache;
use crate::random::{generator, haar_matrix, normal};
use crate::statistics::moments::mean;
use crate::symmetry::ipr::inverse_participation_ratio;
use faer::MatRef;
use rayon::prelude::*;
use rbm_model::noise::stream;
use rbm_model::numeric::bisect;
use std::sync::{Arc, LazyLock};

/// Mean inverse participation ratio 3/(N+2) of a Haar vector of N entries.
///
/// # Examples
/// The columns of a Haar matrix, with variance and covariance of their ratios:
/// ```
/// use rbm_analysis::random::{generator, haar_matrix};
/// use rbm_analysis::statistics::mean;
/// use rbm_analysis::symmetry::{haar::{ipr_covariance, ipr_mean, ipr_variance}, inverse_participation_ratios};
/// let ratios = inverse_participation_ratios(haar_matrix(&mut generator(1, 0), 50, 50).as_ref());
/// let variance = (ipr_variance(50) + 49.0 * ipr_covariance(50)) / 50.0;
/// assert_eq!(ipr_mean(50), 3.0 / 52.0);
/// assert!((mean(&ratios) - ipr_mean(50)).abs() < 5.0 * variance.sqrt());
/// ```
pub fn ipr_mean(units: usize) -> f64 {
    3.0 / (units as f64 + 2.0)
}

/// Variance of the inverse participation ratio of a Haar vector of N entries.
pub fn ipr_variance(units: usize) -> f64 {
    let n = units as f64;
    24.0 * (n - 1.0) / ((n + 2.0).powi(2) * (n + 4.0) * (n + 6.0))
}

/// Covariance of the inverse participation ratios of two columns of one Haar matrix, N >= 2.
pub fn ipr_covariance(units: usize) -> f64 {
    let n = units as f64;
    72.0 / ((n + 1.0) * (n + 2.0).powi(2) * (n + 4.0) * (n + 6.0))
}

/// Mean excess kurtosis -6/(N+1) of the entries of a Haar vector about their own mean.
///
/// # Examples
/// ```
/// use rbm_analysis::symmetry::haar::{kurtosis_mean, kurtosis_variance};
/// // Two numbers have the excess kurtosis -2 about their mean, whatever they are; three have -3/2.
/// assert_eq!((kurtosis_mean(2), kurtosis_variance(2)), (-2.0, 0.0));
/// assert_eq!((kurtosis_mean(3), kurtosis_variance(3)), (-1.5, 0.0));
/// ```
pub fn kurtosis_mean(units: usize) -> f64 {
    -6.0 / (units as f64 + 1.0)
}

/// Variance of that excess kurtosis, 24 N (N-2)(N-3) / ((N+1)^2 (N+3)(N+5)); zero for N = 2 and 3.
pub fn kurtosis_variance(units: usize) -> f64 {
    let n = units as f64;
    24.0 * n * (n - 2.0) * (n - 3.0) / ((n + 1.0).powi(2) * (n + 3.0) * (n + 5.0))
}

/// Probability that one entry of a Haar vector of N entries is at least `magnitude` in magnitude.
///
/// With w = 1 - t^2 the integral is (1/2) sum_j (1/2)_j/j! w^{a+1+j}/(a+1+j), a = (N-3)/2: all terms positive, so
/// the relative error is that of rounding. The normalization is Wallis's product.
///
/// # Examples
/// ```
/// use rbm_analysis::symmetry::haar::entry_tail;
/// // On the sphere in three dimensions a coordinate is uniform (Archimedes).
/// assert!((entry_tail(3, 0.3) - 0.7).abs() < 1e-12);
/// // On the circle: 1 - (2/pi) asin m
/// assert!((entry_tail(2, 0.5) - 2.0 / 3.0).abs() < 1e-12);
/// ```
pub fn entry_tail(units: usize, magnitude: f64) -> f64 {
    if magnitude <= 0.0 || units <= 1 {
        return if magnitude <= 1.0 { 1.0 } else { 0.0 };
    }
    if magnitude >= 1.0 {
        return 0.0;
    }
    let a = (units as f64 - 3.0) / 2.0;
    let w = (1.0 - magnitude) * (1.0 + magnitude);
    let mut coefficient = 1.0;
    let mut sum = 0.0;
    let mut j = 0.0;
    loop {
        let term = coefficient / (a + 1.0 + j);
        sum += term;
        // Terms fall at least as fast as w^j: what is left is below term w/(1-w).
        if term * w <= f64::EPSILON * sum * (1.0 - w) {
            break;
        }
        coefficient *= w * (0.5 + j) / (1.0 + j);
        j += 1.0;
    }
    let tail = 0.5 * w.powf(a + 1.0) * sum;
    // int_0^{pi/2} cos^{N-2}: pi/2 or 1 times the product of (k-1)/k in steps of two.
    let power = units - 2;
    let start = if power.is_multiple_of(2) {
        std::f64::consts::FRAC_PI_2
    } else {
        1.0
    };
    let total = (2..=power)
        .filter(|k| k % 2 == power % 2)
        .fold(start, |total, k| total * (k as f64 - 1.0) / k as f64);
    (tail / total).min(1.0)
}

/// Median of the largest magnitude among `entries` entries of Haar vectors of N entries, entries taken as independent:
/// the m at which (1 - P(|u_i| >= m))^`entries` = 1/2.
///
/// # Examples
/// ```
/// use rbm_analysis::symmetry::haar::largest_entry_median;
/// // In three dimensions |u_i| is uniform in (0, 1): the largest of n has its median at 2^(-1/n).
/// assert!((largest_entry_median(3, 1) - 0.5).abs() < 1e-9);
/// assert!((largest_entry_median(3, 4) - 0.5f64.powf(0.25)).abs() < 1e-9);
/// ```
pub fn largest_entry_median(units: usize, entries: usize) -> f64 {
    // (1 - rare)^entries = 1/2
    let rare = -(-std::f64::consts::LN_2 / entries.max(1) as f64).exp_m1();
    bisect(0.0, 1.0, |m| entry_tail(units, m) > rare)
}

/// Excess kurtosis of the entries of one vector about their mean; `None` where they are all equal.
pub(crate) fn kurtosis_of(vector: &[f64]) -> Option<f64> {
    let n = vector.len() as f64;
    let mean = mean(vector);
    let (mut second, mut fourth) = (0.0, 0.0);
    for u in vector {
        let square = (u - mean).powi(2);
        second += square;
        fourth += square * square;
    }
    (second > 1e-28 * vector.iter().map(|u| u * u).sum::<f64>())
        .then(|| n * fourth / (second * second) - 3.0)
}

/// Means over the columns of their inverse participation ratios and of their kurtoses.
pub(crate) fn column_means(vectors: MatRef<'_, f64>) -> [f64; 2] {
    let (mut ipr, mut kurtosis) = (0.0, 0.0);
    for k in 0..vectors.ncols() {
        let column: Vec<f64> = vectors.col(k).iter().copied().collect();
        ipr += inverse_participation_ratio(&column);
        kurtosis += kurtosis_of(&column).unwrap_or(0.0);
    }
    let count = vectors.ncols().max(1) as f64;
    [ipr / count, kurtosis / count]
}

/// What the nulls of one shape are kept under: units, vectors, simulations, seed.
type Key = (usize, usize, usize, u64);

/// [`column_means`] of `simulations` Haar matrices. Cached.
pub(crate) fn simulated_means(
    units: usize,
    vectors: usize,
    simulations: usize,
    seed: u64,
) -> Arc<Vec<[f64; 2]>> {
    static CACHE: LazyLock<Cache<Key, Vec<[f64; 2]>>> = LazyLock::new(Cache::default);
    CACHE.get((units, vectors, simulations, seed), || {
        (0..simulations)
            .into_par_iter()
            .map(|i| {
                let mut random = generator(seed, stream::HAAR_MATRICES + i as u64);
                column_means(haar_matrix(&mut random, units, vectors).as_ref())
            })
            .collect()
    })
}

/// Inverse participation ratios of `simulations` single Haar vectors, ascending. Cached.
pub(crate) fn simulated_iprs(units: usize, simulations: usize, seed: u64) -> Arc<Vec<f64>> {
    static CACHE: LazyLock<Cache<Key, Vec<f64>>> = LazyLock::new(Cache::default);
    CACHE.get((units, 1, simulations, seed), || {
        let mut values: Vec<f64> = (0..simulations)
            .into_par_iter()
            .map(|i| {
                let mut random = generator(seed, stream::HAAR_VECTORS + i as u64);
                let (mut second, mut fourth) = (0.0, 0.0);
                for _ in 0..units {
                    let square = normal(&mut random).powi(2);
                    second += square;
                    fourth += square * square;
                }
                fourth / (second * second)
            })
            .collect();
        values.sort_by(f64::total_cmp);
        values
    })
}

#[cfg(test)]
#[path = "haar_tests.rs"]
mod tests;
