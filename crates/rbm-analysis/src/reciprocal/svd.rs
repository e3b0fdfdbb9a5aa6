//! Singular value decomposition in f64 with a fixed sign convention.

use crate::error::AnalysisError;
use faer::linalg::svd::ComputeSvdVectors;
use faer::{Mat, MatMut, MatRef};
use rbm_model::Parameters;

/// How many singular vectors to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectors {
    /// The first R = min(N, M) on either side.
    Thin,
    /// All N left and all M right vectors.
    Full,
}

/// W = U diag(lambda) V^T.
///
/// Signs are fixed so that results are reproducible and checkpoints comparable: the entry of
/// largest magnitude in each left vector is positive (the first one, where several tie), and the
/// right vector takes the sign that goes with it. Vectors of unpaired modes, k >= R, are made
/// positive in the same way, each for itself.
#[derive(Debug, Clone)]
pub struct Svd {
    /// Left vectors U as columns, `[N, R]` or `[N, N]`.
    pub left: Mat<f64>,
    /// Singular values, `[R]`, largest first, none negative.
    pub singular_values: Vec<f64>,
    /// Right vectors V as columns, `[M, R]` or `[M, M]`.
    pub right: Mat<f64>,
}

/// The weights of a model as a matrix, `[N, M]`.
pub fn weight_matrix(parameters: &Parameters) -> Mat<f64> {
    MatRef::from_row_major_slice(
        &parameters.weight,
        parameters.n_visible,
        parameters.n_hidden,
    )
    .to_owned()
}

/// Singular value decomposition of a matrix `[N, M]`.
///
/// Accuracy: singular values to about 1e-15 of the largest; the vectors of a singular value that
/// is separated by g from its neighbors to about 1e-15 lambda_1 / g. Vectors of equal singular values are an
/// arbitrary orthonormal basis of their space.
///
/// # Errors
/// [`AnalysisError::Empty`], [`AnalysisError::NotFinite`], and [`AnalysisError::NoConvergence`] of the iteration.
///
/// # Examples
/// ```
/// use rbm_analysis::{Vectors, faer::mat, svd};
/// let w = mat![[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]];
/// let found = svd(w.as_ref(), Vectors::Thin)?;
/// // W v_k = lambda_k u_k
/// for k in 0..2 {
///     let difference = &w * found.right.col(k) - found.left.col(k) * found.singular_values[k];
///     assert!(difference.norm_max() < 1e-12);
/// }
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn svd(matrix: MatRef<'_, f64>, vectors: Vectors) -> Result<Svd, AnalysisError> {
    let (n, m) = matrix.shape();
    let modes = n.min(m);
    let (compute, columns) = match vectors {
        Vectors::Thin => (ComputeSvdVectors::Thin, (modes, modes)),
        Vectors::Full => (ComputeSvdVectors::Full, (n, m)),
    };
    let (mut left, mut right) = (Mat::zeros(n, columns.0), Mat::zeros(m, columns.1));
    let sides = (Some(left.as_mut()), Some(right.as_mut()));
    let singular_values = decompose("weight", matrix, compute, sides)?;
    for k in 0..left.ncols() {
        if largest_is_negative(left.col_as_slice(k)) {
            negate(left.col_as_slice_mut(k));
            if k < modes {
                negate(right.col_as_slice_mut(k));
            }
        }
    }
    for k in modes..right.ncols() {
        make_largest_positive(right.col_as_slice_mut(k));
    }
    Ok(Svd {
        left,
        singular_values,
        right,
    })
}

/// Singular values alone, largest first, `[min(N, M)]`; several times cheaper than [`svd`].
///
/// # Errors
/// As [`svd`].
///
/// # Examples
/// ```
/// use rbm_analysis::{faer::mat, reciprocal::singular_values};
/// let found = singular_values(mat![[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]].as_ref())?;
/// // Their squares add up to those of the entries.
/// assert!((found.iter().map(|x| x * x).sum::<f64>() - 15.25).abs() < 1e-12);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn singular_values(matrix: MatRef<'_, f64>) -> Result<Vec<f64>, AnalysisError> {
    decompose("matrix", matrix, ComputeSvdVectors::No, (None, None))
}

/// Singular values, with the vectors of either side written where they are wanted.
///
/// One thread: the rounding of a parallel reduction depends on the number of threads, and the same model gives the
/// same bytes for any.
fn decompose(
    what: &'static str,
    matrix: MatRef<'_, f64>,
    vectors: ComputeSvdVectors,
    (left, right): (Option<MatMut<'_, f64>>, Option<MatMut<'_, f64>>),
) -> Result<Vec<f64>, AnalysisError> {
    let par = faer::Par::Seq;
    let scale = checked_scale(what, matrix)?;
    let scaled = faer::Scale(1.0 / scale) * matrix;
    let (n, m) = matrix.shape();
    let mut values = faer::diag::Diag::<f64>::zeros(n.min(m));
    let scratch =
        faer::linalg::svd::svd_scratch::<f64>(n, m, vectors, vectors, par, Default::default());
    let mut memory = faer::dyn_stack::MemBuffer::new(scratch);
    faer::linalg::svd::svd(
        scaled.as_ref(),
        values.as_mut(),
        left,
        right,
        par,
        faer::dyn_stack::MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| AnalysisError::NoConvergence {
        what: "the singular value decomposition",
    })?;
    Ok(values.column_vector().iter().map(|s| s * scale).collect())
}

/// A power of two near the largest magnitude, so that neither tiny nor huge weights leave the
/// range of the decomposition and rescaling is free of rounding; 1 for a zero matrix.
fn checked_scale(what: &'static str, matrix: MatRef<'_, f64>) -> Result<f64, AnalysisError> {
    if matrix.nrows() == 0 || matrix.ncols() == 0 {
        return Err(AnalysisError::Empty { what });
    }
    let mut largest = 0.0_f64;
    for column in 0..matrix.ncols() {
        for (row, &value) in matrix.col(column).iter().enumerate() {
            if !value.is_finite() {
                return Err(AnalysisError::NotFinite {
                    what,
                    row,
                    column,
                    value,
                });
            }
            largest = largest.max(value.abs());
        }
    }
    // Below 2^-1000 the reciprocal would overflow; such weights count as they are.
    Ok(if largest > 2f64.powi(-1000) {
        2f64.powi(largest.log2().floor() as i32)
    } else {
        1.0
    })
}

fn largest_is_negative(vector: &[f64]) -> bool {
    let mut largest = 0.0_f64;
    for &x in vector {
        if x.abs() > largest.abs() {
            largest = x;
        }
    }
    largest < 0.0
}

/// Makes the entry of largest magnitude in each column positive: the sign convention of [`Svd`].
pub(crate) fn fix_signs(matrix: &mut Mat<f64>) {
    for k in 0..matrix.ncols() {
        make_largest_positive(matrix.col_as_slice_mut(k));
    }
}

/// Changes the sign of a vector, if need be, so that its entry of largest magnitude is positive.
fn make_largest_positive(vector: &mut [f64]) {
    if largest_is_negative(vector) {
        negate(vector);
    }
}

fn negate(vector: &mut [f64]) {
    for x in vector {
        *x = -*x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{gaussian_matrix, generator};

    /// Largest entry of |U diag(lambda) V^T - W| and of |U^T U - 1|, |V^T V - 1|.
    fn defects(matrix: &Mat<f64>, svd: &Svd) -> f64 {
        let r = svd.singular_values.len();
        let scaled = Mat::from_fn(matrix.nrows(), r, |i, k| {
            svd.left[(i, k)] * svd.singular_values[k]
        });
        let rebuilt = &scaled * svd.right.as_ref().subcols(0, r).transpose();
        let gram = |q: &Mat<f64>| {
            let g = q.transpose() * q;
            (&g - Mat::<f64>::identity(g.nrows(), g.ncols())).norm_max()
        };
        let scale = matrix.norm_max().max(f64::MIN_POSITIVE);
        ((&rebuilt - matrix).norm_max() / scale)
            .max(gram(&svd.left))
            .max(gram(&svd.right))
    }

    #[test]
    fn decomposes_every_shape_and_scale() {
        let mut random = generator(1, 0);
        for (n, m) in [(1, 1), (1, 5), (5, 1), (7, 7), (30, 8), (8, 40)] {
            for scale in [1e-200, 1e-9, 1.0, 1e12, 1e200] {
                let matrix = gaussian_matrix(&mut random, n, m, scale);
                for vectors in [Vectors::Thin, Vectors::Full] {
                    let svd = svd(matrix.as_ref(), vectors).unwrap();
                    let columns = if vectors == Vectors::Full {
                        (n, m)
                    } else {
                        (n.min(m), n.min(m))
                    };
                    assert_eq!((svd.left.ncols(), svd.right.ncols()), columns);
                    assert!(defects(&matrix, &svd) < 1e-13 * (n + m) as f64);
                    let alone = singular_values(matrix.as_ref()).unwrap();
                    for (a, b) in alone.iter().zip(&svd.singular_values) {
                        assert!((a - b).abs() <= 1e-13 * svd.singular_values[0]);
                    }
                }
            }
        }
    }

    #[test]
    fn zero_and_rank_deficient_matrices_have_orthonormal_vectors() {
        let zero = Mat::<f64>::zeros(4, 6);
        let of_zero = svd(zero.as_ref(), Vectors::Full).unwrap();
        assert_eq!(of_zero.singular_values, [0.0; 4]);
        assert!(defects(&zero, &of_zero) < 1e-13);
        let rank_one = Mat::from_fn(6, 4, |i, j| (i + 1) as f64 * (j as f64 - 1.5));
        let of_one = svd(rank_one.as_ref(), Vectors::Thin).unwrap();
        assert!(of_one.singular_values[1] < 1e-14 * of_one.singular_values[0]);
        assert!(defects(&rank_one, &of_one) < 1e-13);
    }

    #[test]
    fn the_largest_entry_of_each_left_vector_is_positive() {
        let matrix = gaussian_matrix(&mut generator(2, 0), 9, 6, 1.0);
        let result = svd(matrix.as_ref(), Vectors::Full).unwrap();
        // Unchanged when the input's overall sign flips, except on the right.
        let flipped = svd((faer::Scale(-1.0) * &matrix).as_ref(), Vectors::Full).unwrap();
        for k in 0..9 {
            assert!(!largest_is_negative(result.left.col_as_slice(k)));
        }
        for k in 0..6 {
            assert!((result.left.col(k) - flipped.left.col(k)).norm_max() < 1e-12);
            assert!((result.right.col(k) + flipped.right.col(k)).norm_max() < 1e-12);
        }
    }

    #[test]
    fn names_the_entry_that_is_not_finite() {
        let mut matrix = Mat::<f64>::zeros(3, 4);
        matrix[(2, 1)] = f64::NAN;
        let error = svd(matrix.as_ref(), Vectors::Thin).unwrap_err();
        assert!(error.to_string().contains("row 2, column 1"), "{error}");
        assert!(singular_values(matrix.as_ref()).is_err());
        assert!(svd(Mat::<f64>::zeros(0, 4).as_ref(), Vectors::Thin).is_err());
    }
}
