//! Spectra of random matrices by the bidiagonal model: O(R^2) a matrix instead of O(N M R).
//!
//! The singular values of an N x M Gaussian matrix (N <= M) have exactly the distribution of those of
//! the N x N lower bidiagonal matrix with independent chi-distributed entries, chi_M, chi_{M-1}, ... on the diagonal and
//! chi_{N-1}, ..., chi_1 below it: I. Dumitriu, A. Edelman, J. Math. Phys. 43, 5830 (2002).

use crate::error::AnalysisError;
use crate::random::generator;
use crate::spectrum::bulk::fit_bulk;
use crate::spectrum::marchenko_pastur::MarchenkoPastur;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::ChiSquared;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

type Key = (usize, usize, usize, u64);
type Cache = Mutex<HashMap<Key, Arc<Vec<f64>>>>;

/// Sorted KS distances of `simulations` random matrices, each with its own fitted scale. Cached.
pub(crate) fn null_distances(
    n_visible: usize,
    n_hidden: usize,
    simulations: usize,
    seed: u64,
) -> Result<Arc<Vec<f64>>, AnalysisError> {
    static CACHE: OnceLock<Cache> = OnceLock::new();
    let (small, large) = (n_visible.min(n_hidden), n_visible.max(n_hidden));
    let key = (small, large, simulations, seed);
    let cache = CACHE.get_or_init(Default::default);
    // A panic elsewhere cannot leave the map half-written: entries are inserted whole.
    if let Some(found) = cache.lock().unwrap_or_else(|e| e.into_inner()).get(&key) {
        return Ok(found.clone());
    }
    let mut distances = (0..simulations)
        .into_par_iter()
        .map(|i| {
            let mut generator = generator(seed, 0x4d50_0000_0000 + i as u64);
            let values = random_spectrum(&mut generator, small, large)?;
            let scale = fit_bulk(&values, small, large)?.map_or(1.0, |fit| fit.scale);
            Ok(MarchenkoPastur::new(small, large, scale)?.ks_distance(&values))
        })
        .collect::<Result<Vec<f64>, AnalysisError>>()?;
    distances.sort_by(f64::total_cmp);
    let distances = Arc::new(distances);
    cache
        .lock()
        .unwrap_or_else(|e| e.into_inner())
        .insert(key, distances.clone());
    Ok(distances)
}

/// Singular values, descending, distributed as those of an N x M matrix of standard normal entries.
///
/// Relative to the largest, each is accurate to about 1e-8 (they are roots of eigenvalues of B B^T).
///
/// # Errors
/// [`AnalysisError::NoConvergence`] if the eigenvalue iteration fails, [`AnalysisError::Empty`] for an empty matrix.
pub fn random_spectrum(
    generator: &mut ChaCha8Rng,
    n_visible: usize,
    n_hidden: usize,
) -> Result<Vec<f64>, AnalysisError> {
    let (n, m) = (n_visible.min(n_hidden), n_visible.max(n_hidden));
    let mut chi = |degrees: usize| -> Result<f64, AnalysisError> {
        let squared = ChiSquared::new(degrees as f64)
            .map_err(|_| AnalysisError::Empty { what: "matrix" })?
            .sample(generator);
        Ok(squared.sqrt())
    };
    let diagonal = (0..n)
        .map(|i| chi(m - i))
        .collect::<Result<Vec<f64>, _>>()?;
    let below = (1..n)
        .map(|i| chi(n - i))
        .collect::<Result<Vec<f64>, _>>()?;
    // T = B B^T is tridiagonal: T_ii = d_i^2 + e_{i-1}^2, T_{i,i+1} = d_i e_i.
    let mut t: Vec<f64> = (0..n)
        .map(|i| diagonal[i].powi(2) + if i > 0 { below[i - 1].powi(2) } else { 0.0 })
        .collect();
    let mut off: Vec<f64> = (0..n.saturating_sub(1))
        .map(|i| diagonal[i] * below[i])
        .collect();
    tridiagonal_eigenvalues(&mut t, &mut off)?;
    let mut values: Vec<f64> = t.iter().map(|l| l.max(0.0).sqrt()).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    Ok(values)
}

/// Eigenvalues of a symmetric tridiagonal matrix in place, unordered: implicit QL with Wilkinson's shift
/// (B. N. Parlett, The Symmetric Eigenvalue Problem, SIAM 1998, chapter 8).
fn tridiagonal_eigenvalues(d: &mut [f64], off: &mut Vec<f64>) -> Result<(), AnalysisError> {
    let n = d.len();
    off.push(0.0);
    let e = off;
    for l in 0..n {
        let mut iterations = 0;
        loop {
            // First negligible off-diagonal entry at or after l.
            let m = (l..n.saturating_sub(1))
                .find(|&i| e[i].abs() <= f64::EPSILON * (d[i].abs() + d[i + 1].abs()))
                .unwrap_or(n - 1);
            if m == l {
                break;
            }
            iterations += 1;
            if iterations > 60 {
                return Err(AnalysisError::NoConvergence {
                    what: "the tridiagonal eigenvalue iteration",
                });
            }
            let half = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let radius = half.hypot(1.0);
            let mut g = d[m] - d[l] + e[l] / (half + radius.copysign(half));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut deflated = false;
            for i in (l..m).rev() {
                let f = s * e[i];
                let b = c * e[i];
                let r = f.hypot(g);
                e[i + 1] = r;
                if r == 0.0 {
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    deflated = true;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                let q = (d[i] - g) * s + 2.0 * c * b;
                p = s * q;
                d[i + 1] = g + p;
                g = c * q - b;
            }
            if deflated {
                continue;
            }
            d[l] -= p;
            e[l] = g;
            e[m] = 0.0;
        }
    }
    Ok(())
}
