//! Leading singular values for monitoring, without vectors.

use crate::error::{AnalysisError, check_len};
use faer::diag::{DiagMut, DiagRef};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::linalg::evd::tridiagonal_self_adjoint_evd;
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::linalg::temp_mat_scratch;
use faer::{Accum, Mat, Par};

/// The `count` largest singular values, largest first: for monitoring, several times cheaper than
/// [`singular_values`](super::singular_values). `weight` is row-major, `[n, m]`.
///
/// They are square roots of eigenvalues of the smaller Gram matrix, so the error of lambda_k is about
/// 1e-16 lambda_1^2 / lambda_k: leading values keep all their digits, those below 1e-8 lambda_1 have none.
/// The Gram matrix is summed in f64 over blocks and decomposed in place, so there is no copy of it or of the
/// weights. The same bytes for any
/// number of threads.
///
/// # Errors
/// As [`svd`](fn@super::svd), and [`AnalysisError::Shape`] if the number of weights is not n m.
///
/// # Examples
/// ```
/// use rbm_analysis::reciprocal::leading_singular_values;
/// // ((3, 0), (4, 0), (0, 2)): columns of lengths 5 and 2 at right angles.
/// let found = leading_singular_values(&[3.0, 0.0, 4.0, 0.0, 0.0, 2.0], 3, 2, 1)?;
/// assert!(found.len() == 1 && (found[0] - 5.0).abs() < 1e-12);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn leading_singular_values(
    weight: &[f32],
    n: usize,
    m: usize,
    count: usize,
) -> Result<Vec<f64>, AnalysisError> {
    /// Rows or columns that are taken to f64 at a time.
    const BLOCK: usize = 128;
    let what = "matrix";
    check_len(what, n * m, weight.len())?;
    if weight.is_empty() {
        return Err(AnalysisError::Empty { what });
    }
    if let Some(at) = weight.iter().position(|w| !w.is_finite()) {
        return Err(AnalysisError::NotFinite {
            what,
            row: at / m,
            column: at % m,
            value: weight[at].into(),
        });
    }
    let size = n.min(m);
    let mut gram = Mat::zeros(size, size);
    // One thread: the rounding of a parallel reduction depends on their number.
    let par = Par::Seq;
    for start in (0..n.max(m)).step_by(BLOCK) {
        let length = BLOCK.min(n.max(m) - start);
        // A block of the longer side, `[length, size]`.
        let block = Mat::from_fn(length, size, |i, j| {
            let (row, column) = if n >= m {
                (start + i, j)
            } else {
                (j, start + i)
            };
            f64::from(weight[row * m + column])
        });
        matmul(
            gram.as_mut(),
            BlockStructure::TriangularLower,
            Accum::Add,
            block.transpose(),
            BlockStructure::Rectangular,
            block.as_ref(),
            BlockStructure::Rectangular,
            1.0,
            par,
        );
    }
    // In place: a copy of the Gram matrix may be more than all that a run holds.
    let scratch = tridiag_in_place_scratch::<f64>(size, par, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let mut householder = Mat::zeros(1, size - 1);
    tridiag_in_place(
        gram.as_mut(),
        householder.as_mut(),
        par,
        MemStack::new(&mut memory),
        Default::default(),
    );
    let diagonal: Vec<f64> = (0..size).map(|k| gram[(k, k)]).collect();
    let below: Vec<f64> = (1..size).map(|k| gram[(k, k - 1)]).collect();
    let eigenvalues = tridiagonal_eigenvalues(&diagonal, &below)?;
    let values = eigenvalues.iter().rev().take(count);
    Ok(values.map(|e| e.max(0.0).sqrt()).collect())
}

/// Eigenvalues of a symmetric tridiagonal matrix, ascending: O(n^2), by the implicit QR algorithm.
///
/// `diagonal` has n entries, `below` the n - 1 of the first subdiagonal.
///
/// # Errors
/// [`AnalysisError::NoConvergence`].
pub(crate) fn tridiagonal_eigenvalues(
    diagonal: &[f64],
    below: &[f64],
) -> Result<Vec<f64>, AnalysisError> {
    let size = diagonal.len();
    // As many entries as on the diagonal are wanted; the last is not read.
    let mut padded = below.to_vec();
    padded.resize(size, 0.0);
    let mut eigenvalues = vec![0.0; size];
    let mut memory = MemBuffer::new(temp_mat_scratch::<f64>(size, 1).array(2));
    tridiagonal_self_adjoint_evd(
        DiagRef::from_slice(diagonal),
        DiagRef::from_slice(&padded),
        DiagMut::from_slice_mut(&mut eigenvalues),
        None,
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| AnalysisError::NoConvergence {
        what: "the eigenvalue decomposition",
    })?;
    Ok(eigenvalues)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{gaussian_matrix, generator};
    use crate::reciprocal::svd::singular_values;

    #[test]
    fn leading_values_are_the_largest_of_all() {
        let mut random = generator(3, 0);
        for (n, m) in [(1, 1), (1, 5), (7, 7), (300, 40), (40, 300)] {
            let matrix = gaussian_matrix(&mut random, n, m, 0.3);
            let weight: Vec<f32> = (0..n * m).map(|k| matrix[(k / m, k % m)] as f32).collect();
            let rounded = Mat::from_fn(n, m, |i, j| f64::from(weight[i * m + j]));
            let all = singular_values(rounded.as_ref()).unwrap();
            let leading = leading_singular_values(&weight, n, m, 3).unwrap();
            assert_eq!(leading.len(), n.min(m).min(3));
            for (a, b) in leading.iter().zip(&all) {
                assert!((a - b).abs() <= 1e-15 * (n + m) as f64 * all[0] * (all[0] / b));
            }
        }
        assert_eq!(
            leading_singular_values(&[0.0; 6], 2, 3, 9).unwrap(),
            [0.0, 0.0]
        );
        let error = leading_singular_values(&[0.0, 1.0, f32::NAN, 0.0], 2, 2, 1).unwrap_err();
        assert!(error.to_string().contains("row 1, column 0"), "{error}");
        assert!(leading_singular_values(&[0.0; 5], 2, 3, 1).is_err());
        assert!(leading_singular_values(&[], 0, 3, 1).is_err());
    }
}
