//! Gaussian fluctuations about a constrained minimum.

use faer::{Mat, MatRef};
use rbm_model::parameters::sigmoid;

/// (1/2) ln [ (2 pi)^K det(1 - A A^T) det(a^T (1 - A A^T)^-1 a) ] at the given fields; `None` where the product of
/// determinants is not positive.
///
/// The product is, up to the sign (-1)^K, one determinant of a bordered matrix, which has no pole where a dressed singular value
/// passes 1: of [[1 - A A^T, a], [a^T, 0]], or for M < N of [[1 - A^T A, A^T a], [a^T A, -a^T a]].
pub(super) fn correction(
    weight: MatRef<'_, f64>,
    visible_field: &[f64],
    hidden_field: &[f64],
    vectors: &[&[f64]],
) -> Option<f64> {
    let (n, m) = weight.shape();
    let k = vectors.len();
    let root = |field: &[f64]| -> Vec<f64> {
        field
            .iter()
            .map(|&f| (sigmoid(f) * sigmoid(-f)).sqrt())
            .collect()
    };
    let (dv, dh) = (root(visible_field), root(hidden_field));
    let coupling = Mat::from_fn(n, m, |i, j| dv[i] * weight[(i, j)] * dh[j]);
    let along = Mat::from_fn(n, k, |i, a| dv[i] * vectors[a][i]);
    let (square, border, corner) = if n <= m {
        (&coupling * coupling.transpose(), along, Mat::zeros(k, k))
    } else {
        let border = coupling.transpose() * &along;
        let corner = along.transpose() * &along;
        (coupling.transpose() * &coupling, border, corner)
    };
    let r = n.min(m);
    let bordered = Mat::from_fn(r + k, r + k, |i, j| match (i < r, j < r) {
        (true, true) => f64::from(i == j) - square[(i, j)],
        (true, false) => border[(i, j - r)],
        (false, true) => border[(j, i - r)],
        (false, false) => -corner[(i - r, j - r)],
    });
    let (log, negative) = log_determinant(bordered.as_ref());
    let positive = negative == (k % 2 == 1);
    let value = 0.5 * (k as f64 * std::f64::consts::TAU.ln() + log);
    (positive && value.is_finite()).then_some(value)
}

/// ln |det| and whether the determinant is negative.
fn log_determinant(matrix: MatRef<'_, f64>) -> (f64, bool) {
    let lu = matrix.partial_piv_lu();
    let (mut log, mut negative) = (0.0, is_odd(lu.P().arrays().0));
    for i in 0..matrix.nrows() {
        let d = lu.U()[(i, i)];
        log += d.abs().ln();
        negative ^= d < 0.0;
    }
    (log, negative)
}

/// Whether a permutation is odd: of n elements with c cycles, n - c is.
fn is_odd(permutation: &[usize]) -> bool {
    let mut seen = vec![false; permutation.len()];
    let mut cycles = 0;
    for start in 0..permutation.len() {
        if !seen[start] {
            cycles += 1;
        }
        let mut at = start;
        while !seen[at] {
            seen[at] = true;
            at = permutation[at];
        }
    }
    (permutation.len() - cycles) % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{gaussian_matrix, generator};
    use faer::prelude::Solve;

    #[test]
    fn determinants_of_small_matrices_have_value_and_sign() {
        let of =
            |rows: [[f64; 3]; 3]| log_determinant(Mat::from_fn(3, 3, |i, j| rows[i][j]).as_ref());
        let (log, negative) = of([[0.0, 2.0, 0.0], [0.0, 0.0, 3.0], [4.0, 0.0, 0.0]]);
        assert!((log - 24f64.ln()).abs() < 1e-14 && !negative);
        let (log, negative) = of([[0.0, 2.0, 1.0], [5.0, 1.0, 3.0], [0.0, 0.0, 1.0]]);
        assert!((log - 10f64.ln()).abs() < 1e-14 && negative);
    }

    #[test]
    fn the_bordered_determinant_is_the_product_of_both_for_any_shape() {
        for (n, m) in [(7, 4), (4, 7), (5, 5)] {
            let mut random = generator(1, n as u64);
            let weight = gaussian_matrix(&mut random, n, m, 0.8);
            let fields = gaussian_matrix(&mut random, n.max(m), 4, 1.0);
            let (fv, fh) = (&fields.col_as_slice(0)[..n], &fields.col_as_slice(1)[..m]);
            let vectors = [&fields.col_as_slice(2)[..n], &fields.col_as_slice(3)[..n]];
            let d = |f: f64| sigmoid(f) * sigmoid(-f);
            // The covariance in one-loop order, (D_v^-1 - W D_h W^T)^-1, straight from its definition.
            let precision = Mat::from_fn(n, n, |i, j| {
                let pull: f64 = (0..m)
                    .map(|k| weight[(i, k)] * d(fh[k]) * weight[(j, k)])
                    .sum();
                f64::from(i == j) / d(fv[i]) - pull
            });
            let ln_d: f64 = fv.iter().map(|&f| d(f).ln()).sum();
            let covariance = precision.partial_piv_lu().solve(Mat::<f64>::identity(n, n));
            for k in 1..=2 {
                let found = correction(weight.as_ref(), fv, fh, &vectors[..k]).unwrap();
                let u = Mat::from_fn(n, k, |i, a| vectors[a][i]);
                let variance = u.transpose() * &covariance * &u;
                let expected = 0.5
                    * (k as f64 * std::f64::consts::TAU.ln()
                        + ln_d
                        + log_determinant(precision.as_ref()).0
                        + log_determinant(variance.as_ref()).0);
                assert!(
                    (found - expected).abs() < 1e-10,
                    "{n}x{m} {k}: {found} {expected}"
                );
            }
        }
    }
}
