//! Bosons: exp(lambda x y) = int d^2z/pi exp(-|z|^2 + sqrt(lambda)(z x + zbar y)), one complex boson a mode.
//!
//! Occupation n_k = <zbar z> - 1 = lambda_k <x_k y_k> (arXiv:2503.21536). A macroscopic n_k/N is condensation.

use crate::reciprocal::ReciprocalSpace;
use faer::MatRef;

/// Occupations n_k = lambda_k <x_k y_k>, `[R]`, from joint moments <v h^T>, `[N, M]`.
pub(crate) fn occupations_of(space: &ReciprocalSpace, moments: MatRef<'_, f64>) -> Vec<f64> {
    let r = space.modes();
    let projected = moments * space.svd.right.as_ref().subcols(0, r);
    (0..r)
        .map(|k| {
            let xy: f64 = space
                .svd
                .left
                .col(k)
                .iter()
                .zip(projected.col(k).iter())
                .map(|(u, p)| u * p)
                .sum();
            space.singular_values()[k] * xy
        })
        .collect()
}
