//! Singular value decomposition in f64 with a fixed sign convention.

use crate::error::AnalysisError;
use faer::linalg::svd::ComputeSvdVectors;
use faer::{Mat, MatRef};
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
/// is separated by g from its neighbours to about 1e-15 lambda_1 / g. Vectors of equal singular values are an
/// arbitrary orthonormal basis of their space.
///
/// # Errors
/// For an empty matrix, for NaN or infinite entries, and if the iteration does not converge.
pub fn svd(matrix: MatRef<'_, f64>, vectors: Vectors) -> Result<Svd, AnalysisError> {
    let scale = checked_scale("weight", matrix)?;
    let (n, m) = matrix.shape();
    let modes = n.min(m);
    let scaled = faer::Scale(1.0 / scale) * matrix;
    let result = match vectors {
        Vectors::Thin => scaled.thin_svd(),
        Vectors::Full => scaled.svd(),
    }
    .map_err(|_| AnalysisError::NoConvergence {
        what: "the singular value decomposition",
    })?;
    let singular_values = result
        .S()
        .column_vector()
        .iter()
        .map(|s| s * scale)
        .collect();
    let mut left = result.U().to_owned();
    let mut right = result.V().to_owned();
    for k in 0..left.ncols() {
        if largest_is_negative(left.col_as_slice(k)) {
            negate(left.col_as_slice_mut(k));
            if k < modes {
                negate(right.col_as_slice_mut(k));
            }
        }
    }
    for k in modes..right.ncols() {
        if largest_is_negative(right.col_as_slice(k)) {
            negate(right.col_as_slice_mut(k));
        }
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
pub fn singular_values(matrix: MatRef<'_, f64>) -> Result<Vec<f64>, AnalysisError> {
    singular_values_with(matrix, faer::get_global_parallelism())
}

/// Singular values on the calling thread only, for use inside an outer parallel loop.
pub(crate) fn singular_values_serial(matrix: MatRef<'_, f64>) -> Result<Vec<f64>, AnalysisError> {
    singular_values_with(matrix, faer::Par::Seq)
}

fn singular_values_with(
    matrix: MatRef<'_, f64>,
    par: faer::Par,
) -> Result<Vec<f64>, AnalysisError> {
    let scale = checked_scale("matrix", matrix)?;
    let scaled = faer::Scale(1.0 / scale) * matrix;
    let (n, m) = matrix.shape();
    let mut values = faer::Diag::<f64>::zeros(n.min(m));
    let scratch = faer::linalg::svd::svd_scratch::<f64>(
        n,
        m,
        ComputeSvdVectors::No,
        ComputeSvdVectors::No,
        par,
        Default::default(),
    );
    let mut memory = faer::dyn_stack::MemBuffer::new(scratch);
    faer::linalg::svd::svd(
        scaled.as_ref(),
        values.as_mut(),
        None,
        None,
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
pub(crate) fn checked_scale(
    what: &'static str,
    matrix: MatRef<'_, f64>,
) -> Result<f64, AnalysisError> {
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

fn negate(vector: &mut [f64]) {
    for x in vector {
        *x = -*x;
    }
}
