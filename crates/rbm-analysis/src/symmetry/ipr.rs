//! Inverse participation ratio of singular vectors.

use faer::MatRef;

/// IPR = sum_i u_i^4 of a vector of length 1: 1/N for one spread evenly over N units, 1 for one on a single unit.
///
/// Haar-distributed vectors have mean 3/(N+2), see [`super::haar`]. F. Wegner, Z. Phys. B 36, 209 (1980).
pub fn inverse_participation_ratio(vector: &[f64]) -> f64 {
    vector.iter().map(|u| u.powi(4)).sum()
}

/// [`inverse_participation_ratio`] of each column, `[units, modes]` to `[modes]`.
///
/// # Examples
/// ```
/// use rbm_analysis::symmetry::inverse_participation_ratios;
/// let vectors = faer::mat![[1.0, 0.5], [0.0, 0.5], [0.0, 0.5], [0.0, -0.5]];
/// assert_eq!(inverse_participation_ratios(vectors.as_ref()), [1.0, 0.25]);
/// ```
pub fn inverse_participation_ratios(vectors: MatRef<'_, f64>) -> Vec<f64> {
    (0..vectors.ncols())
        .map(|k| vectors.col(k).iter().map(|u| u.powi(4)).sum())
        .collect()
}
