//! Spectra of random matrices by the bidiagonal model: O(R^2) per matrix instead of O(N M R).
//!
//! The singular values of an N x M Gaussian matrix (N <= M) have exactly the distribution of those of
//! the N x N lower bidiagonal matrix with independent chi-distributed entries, chi_M, chi_{M-1}, ... on the diagonal and
//! chi_{N-1}, ..., chi_1 below it: I. Dumitriu, A. Edelman, J. Math. Phys. 43, 5830 (2002).

use crate::cache::Cache;
use crate::error::AnalysisError;
use crate::random::generator;
use crate::reciprocal::leading::tridiagonal_eigenvalues;
use crate::spectrum::bulk::fit_bulk;
use crate::spectrum::marchenko_pastur::MarchenkoPastur;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::ChiSquared;
use rayon::prelude::*;
use rbm_model::noise::stream;
use std::sync::{Arc, LazyLock};

/// What the distances are kept under: smaller side, larger side, simulations, seed.
type Key = (usize, usize, usize, u64);

/// Sorted KS distances of `simulations` random matrices, each with its own fitted scale. Cached.
pub(crate) fn null_distances(
    n_visible: usize,
    n_hidden: usize,
    simulations: usize,
    seed: u64,
) -> Result<Arc<Vec<f64>>, AnalysisError> {
    static CACHE: LazyLock<Cache<Key, Vec<f64>>> = LazyLock::new(Cache::default);
    let (small, large) = (n_visible.min(n_hidden), n_visible.max(n_hidden));
    CACHE.try_get((small, large, simulations, seed), || {
        let mut distances = (0..simulations)
            .into_par_iter()
            .map(|i| {
                let mut generator = generator(seed, stream::NULL_SPECTRA + i as u64);
                let values = random_spectrum(&mut generator, small, large)?;
                let scale = fit_bulk(&values, small, large)?.map_or(1.0, |fit| fit.scale);
                Ok(MarchenkoPastur::new(small, large, scale)?.ks_distance(&values))
            })
            .collect::<Result<Vec<f64>, AnalysisError>>()?;
        distances.sort_by(f64::total_cmp);
        Ok(distances)
    })
}

/// Singular values, descending, distributed as those of an N x M matrix of standard normal entries.
///
/// Relative to the largest, each is accurate to about 1e-8 (they are roots of eigenvalues of B B^T).
///
/// # Errors
/// [`AnalysisError::NoConvergence`] if the eigenvalue iteration fails, [`AnalysisError::Empty`] for an empty matrix.
///
/// # Examples
/// ```
/// use rbm_analysis::{random::generator, spectrum::random_spectrum};
/// let values = random_spectrum(&mut generator(1, 0), 60, 40)?;
/// // sum lambda^2 is chi-squared with N M degrees of freedom.
/// let square: f64 = values.iter().map(|x| x * x).sum();
/// assert!(values.len() == 40 && (square - 2400.0).abs() < 5.0 * 4800f64.sqrt());
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn random_spectrum(
    generator: &mut ChaCha8Rng,
    n_visible: usize,
    n_hidden: usize,
) -> Result<Vec<f64>, AnalysisError> {
    let (n, m) = (n_visible.min(n_hidden), n_visible.max(n_hidden));
    if n == 0 {
        return Err(AnalysisError::Empty { what: "matrix" });
    }
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
    let t: Vec<f64> = (0..n)
        .map(|i| diagonal[i].powi(2) + if i > 0 { below[i - 1].powi(2) } else { 0.0 })
        .collect();
    let off: Vec<f64> = (0..n.saturating_sub(1))
        .map(|i| diagonal[i] * below[i])
        .collect();
    let eigenvalues = tridiagonal_eigenvalues(&t, &off)?;
    Ok(eigenvalues
        .iter()
        .rev()
        .map(|l| l.max(0.0).sqrt())
        .collect())
}

#[cfg(test)]
#[path = "null_spectra_tests.rs"]
mod tests;
