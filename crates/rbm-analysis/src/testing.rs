//! Models shared by the tests.

use crate::random::{gaussian_matrix, generator, haar_matrix, normal};
use faer::Mat;
use rbm_model::Parameters;

/// Random model with weights N(0, scale^2) and biases N(0, field^2).
pub(crate) fn random_model(seed: u64, n: usize, m: usize, scale: f64, field: f64) -> Parameters {
    let mut random = generator(seed, 0);
    let weight = gaussian_matrix(&mut random, n, m, scale);
    let mut biases = |count| (0..count).map(|_| field * normal(&mut random)).collect();
    let (visible_bias, hidden_bias) = (biases(n), biases(m));
    from_matrix(&weight, visible_bias, hidden_bias)
}

/// Model of a weight matrix and biases.
pub(crate) fn from_matrix(
    weight: &Mat<f64>,
    visible_bias: Vec<f64>,
    hidden_bias: Vec<f64>,
) -> Parameters {
    let (n, m) = weight.shape();
    let flat = (0..n * m).map(|at| weight[(at / m, at % m)]).collect();
    Parameters::new(n, m, flat, visible_bias, hidden_bias).unwrap()
}

/// Centered model (b = -W 1/2, c = -W^T 1/2) of a weight matrix: symmetric under flipping all units.
pub(crate) fn centered(weight: &Mat<f64>) -> Parameters {
    let (n, m) = weight.shape();
    let b = (0..n)
        .map(|i| -0.5 * weight.row(i).iter().sum::<f64>())
        .collect();
    let c = (0..m)
        .map(|j| -0.5 * weight.col(j).iter().sum::<f64>())
        .collect();
    from_matrix(weight, b, c)
}

/// Weight matrix with given singular values on Haar-distributed vectors.
pub(crate) fn planted(seed: u64, n: usize, m: usize, singular_values: &[f64]) -> Mat<f64> {
    let mut random = generator(seed, 1);
    let u = haar_matrix(&mut random, n, singular_values.len());
    let v = haar_matrix(&mut random, m, singular_values.len());
    let scaled = Mat::from_fn(n, singular_values.len(), |i, k| {
        u[(i, k)] * singular_values[k]
    });
    &scaled * v.transpose()
}
