//! Principal components of data, on the host in f64.

use crate::error::{AnalysisError, check_len};
use crate::reciprocal::svd::fix_signs;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};
use serde::{Deserialize, Serialize};

/// Share of the largest variance below which rounding decides what a direction is.
const RANK_TOLERANCE: f64 = 1e-12;

/// Second moments of data, gathered batch by batch, so that the whole data set never needs to be there as f64.
///
/// For binary data all sums are whole numbers, exact up to 2^53 rows.
///
/// # Examples
/// ```
/// use faer::mat;
/// use rbm_analysis::overlap::SecondMoments;
/// let mut moments = SecondMoments::new(2);
/// moments.add(mat![[0.0, 1.0], [1.0, 0.0]].as_ref())?;
/// let pca = moments.pca()?;
/// assert!((pca.variances[0] - 0.5).abs() < 1e-12 && pca.variances[1] < 1e-12);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SecondMoments {
    rows: usize,
    sums: Vec<f64>,
    products: Mat<f64>,
}

/// Principal components: eigenvectors of the covariance matrix `<(v - <v>)(v - <v>)^T>`, normalized by the number of rows.
///
/// K of them: all N, or, where they come from fewer rows than columns, those along which the rows vary (at least one).
#[derive(Debug, Clone)]
pub struct Pca {
    /// Number of rows.
    pub rows: usize,
    /// Mean of each column, `[N]`.
    pub mean: Vec<f64>,
    /// Variances along the components, `[K]`, largest first; none negative.
    pub variances: Vec<f64>,
    /// Components as columns, `[N, K]`; the entry of largest magnitude in each is positive.
    pub components: Mat<f64>,
}

/// How much of the data's variance lies along a direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DataVariance {
    /// Variance of the data along the vector.
    pub variance: f64,
    /// Its share of the total variance.
    pub share: f64,
}

impl SecondMoments {
    /// No rows yet, of `columns` columns.
    pub fn new(columns: usize) -> Self {
        Self {
            rows: 0,
            sums: vec![0.0; columns],
            products: Mat::zeros(columns, columns),
        }
    }

    /// Adds rows, `[rows, N]`.
    ///
    /// # Errors
    /// [`AnalysisError::Shape`] where the number of columns differs; [`AnalysisError::NotFinite`].
    pub fn add(&mut self, rows: MatRef<'_, f64>) -> Result<(), AnalysisError> {
        check_len("data columns", self.sums.len(), rows.ncols())?;
        let (mut sums, mut bad) = (vec![0.0; rows.ncols()], None);
        for (column, sum) in sums.iter_mut().enumerate() {
            for (row, &value) in rows.col(column).iter().enumerate() {
                if !value.is_finite() && bad.is_none() {
                    bad = Some((row, column, value));
                }
                *sum += value;
            }
        }
        if let Some((row, column, value)) = bad {
            return Err(AnalysisError::NotFinite {
                what: "data",
                row: self.rows + row,
                column,
                value,
            });
        }
        self.rows += rows.nrows();
        self.sums.iter_mut().zip(&sums).for_each(|(t, s)| *t += s);
        // The sums of whole numbers are exact, so threads do not change them.
        matmul(
            self.products.as_mut(),
            Accum::Add,
            rows.transpose(),
            rows,
            1.0,
            Par::rayon(0),
        );
        Ok(())
    }

    /// Adds rows given as a row-major slice, `[rows, N]`.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_row_major(&mut self, rows: &[f64]) -> Result<(), AnalysisError> {
        let columns = self.sums.len().max(1);
        let count = rows.len() / columns;
        check_len("row-major data", count * columns, rows.len())?;
        self.add(MatRef::from_row_major_slice(rows, count, columns))
    }

    /// Number of rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Principal components of all rows so far.
    ///
    /// # Errors
    /// [`AnalysisError::Empty`] without rows or columns, [`AnalysisError::NoConvergence`].
    pub fn pca(&self) -> Result<Pca, AnalysisError> {
        let n = self.sums.len();
        if self.rows == 0 || n == 0 {
            return Err(AnalysisError::Empty { what: "data" });
        }
        let count = self.rows as f64;
        let mean: Vec<f64> = self.sums.iter().map(|s| s / count).collect();
        let covariance = Mat::from_fn(n, n, |i, j| {
            self.products[(i, j)] / count - mean[i] * mean[j]
        });
        let (variances, mut components) = eigenvectors(covariance.as_ref())?;
        fix_signs(&mut components);
        Ok(Pca {
            rows: self.rows,
            mean,
            variances,
            components,
        })
    }
}

/// Eigenvalues of a symmetric matrix, largest first, none negative, and the eigenvectors as columns.
fn eigenvectors(matrix: MatRef<'_, f64>) -> Result<(Vec<f64>, Mat<f64>), AnalysisError> {
    let n = matrix.nrows();
    let eigen =
        matrix
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| AnalysisError::NoConvergence {
                what: "the eigenvalue decomposition of the covariance",
            })?;
    // They come in ascending order.
    let values = eigen.S().column_vector();
    let values = (0..n).rev().map(|k| values[k].max(0.0)).collect();
    Ok((values, Mat::from_fn(n, n, |i, k| eigen.U()[(i, n - 1 - k)])))
}

/// Rows for columns in an error about data that were turned round.
fn turned_round(error: AnalysisError) -> AnalysisError {
    match error {
        AnalysisError::NotFinite {
            what,
            row,
            column,
            value,
        } => AnalysisError::NotFinite {
            what,
            row: column,
            column: row,
            value,
        },
        other => other,
    }
}

impl Pca {
    /// Principal components of a host matrix of data, `[rows, N]`.
    ///
    /// With fewer rows than columns the work is that of a `[rows, rows]` matrix: with X the rows less their mean, an eigenvector
    /// u of X X^T / rows of eigenvalue s gives the component X^T u / sqrt(rows s).
    ///
    /// # Errors
    /// As [`SecondMoments::add`] and [`SecondMoments::pca`].
    pub fn new(rows: MatRef<'_, f64>) -> Result<Self, AnalysisError> {
        let (count, n) = rows.shape();
        if count >= n || count == 0 {
            let mut moments = SecondMoments::new(n);
            moments.add(rows)?;
            return moments.pca();
        }
        // Sums over columns are those of whole numbers for binary data, which threads do not change.
        let mut sums = SecondMoments::new(count);
        sums.add(rows.transpose()).map_err(turned_round)?;
        let products = &sums.products;
        let size = count as f64;
        let of_row: Vec<f64> = (0..count)
            .map(|i| (0..count).map(|j| products[(i, j)]).sum::<f64>() / size)
            .collect();
        let of_all = of_row.iter().sum::<f64>() / size;
        let gram = Mat::from_fn(count, count, |i, j| {
            (products[(i, j)] - of_row[i] - of_row[j] + of_all) / size
        });
        let (mut variances, vectors) = eigenvectors(gram.as_ref())?;
        let least = variances[0] * RANK_TOLERANCE;
        let kept = variances.iter().take_while(|s| **s > least).count().max(1);
        variances.truncate(kept);
        let mean: Vec<f64> = (0..n)
            .map(|column| rows.col(column).iter().sum::<f64>() / size)
            .collect();
        let centered = Mat::from_fn(count, n, |r, i| rows[(r, i)] - mean[i]);
        let mut components = centered.transpose() * vectors.subcols(0, kept);
        for (k, variance) in variances.iter().enumerate() {
            let length = (size * variance).sqrt();
            let mut column = components.col_mut(k);
            if length > 0.0 {
                column.iter_mut().for_each(|x| *x /= length);
            } else {
                // Rows that are all alike vary along no direction: any is as good.
                column.fill(0.0);
                column[0] = 1.0;
            }
        }
        fix_signs(&mut components);
        Ok(Self {
            rows: count,
            mean,
            variances,
            components,
        })
    }

    /// Variance of the data along each column of `vectors`, `[N, K]`, whose length is taken as 1.
    ///
    /// # Errors
    /// [`AnalysisError::Shape`] where the vectors do not have N entries.
    ///
    /// # Examples
    /// ```
    /// use faer::mat;
    /// use rbm_analysis::overlap::Pca;
    /// // Variances 1/4 and 0 of the columns, and their mean in between.
    /// let pca = Pca::new(mat![[0.0, 1.0], [1.0, 1.0]].as_ref())?;
    /// let half = 0.5f64.sqrt();
    /// let found = pca.variance_along(mat![[1.0, 0.0, half], [0.0, 1.0, half]].as_ref())?;
    /// for (found, share) in found.iter().zip([1.0, 0.0, 0.5]) {
    ///     assert!((found.share - share).abs() < 1e-12 && (found.variance - share / 4.0).abs() < 1e-12);
    /// }
    /// # Ok::<(), rbm_analysis::AnalysisError>(())
    /// ```
    pub fn variance_along(
        &self,
        vectors: MatRef<'_, f64>,
    ) -> Result<Vec<DataVariance>, AnalysisError> {
        check_len("vector", self.mean.len(), vectors.nrows())?;
        let total: f64 = self.variances.iter().sum();
        let projected = self.components.transpose() * vectors;
        Ok((0..vectors.ncols())
            .map(|k| {
                let variance: f64 = projected
                    .col(k)
                    .iter()
                    .zip(&self.variances)
                    .map(|(p, v)| p * p * v)
                    .sum();
                DataVariance {
                    variance,
                    share: if total > 0.0 { variance / total } else { 0.0 },
                }
            })
            .collect())
    }
}
