use super::*;
use crate::random::{gaussian_matrix, generator};
use crate::reciprocal::svd::singular_values;

#[test]
fn the_bidiagonal_model_has_the_spectrum_of_a_gaussian_matrix() {
    // Mean of sum lambda^2 (exact: N M) and of the largest singular value, against direct decomposition.
    let (n, m, draws) = (12, 20, 2000);
    let mut random = generator(11, 0);
    let mut means = [[0.0; 2]; 2];
    for _ in 0..draws {
        let bidiagonal = random_spectrum(&mut random, n, m).unwrap();
        let direct = singular_values(gaussian_matrix(&mut random, n, m, 1.0).as_ref()).unwrap();
        for (mean, values) in means.iter_mut().zip([bidiagonal, direct]) {
            mean[0] += values.iter().map(|l| l * l).sum::<f64>() / draws as f64;
            mean[1] += values[0] / draws as f64;
        }
    }
    // Standard errors: sqrt(2 N M / draws) = 0.5, and about 0.5/sqrt(draws) = 0.011 each.
    assert!((means[0][0] - 240.0).abs() < 2.0, "{means:?}");
    assert!((means[0][1] - means[1][1]).abs() < 0.05, "{means:?}");
}
