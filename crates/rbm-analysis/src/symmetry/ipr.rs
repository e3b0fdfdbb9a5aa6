//! Inverse participation ratio of singular vectors.

use faer::MatRef;

/// IPR_k = sum_i U_ik^4 of each column: 1/N for a vector spread evenly, 1 for one on a single unit.
///
/// Haar-distributed vectors have mean 3/(N+2); see `symmetry`. F. Wegner, Z. Phys. B 36, 209 (1980).
pub fn inverse_participation_ratios(vectors: MatRef<'_, f64>) -> Vec<f64> {
    (0..vectors.ncols())
        .map(|k| vectors.col(k).iter().map(|u| u.powi(4)).sum())
        .collect()
}
