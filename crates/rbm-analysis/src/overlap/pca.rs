//! Principal components of data, on the host in f64.

use crate::error::{AnalysisError, check_len};
use crate::reciprocal::svd::fix_signs;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};
use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone)]
pub struct Pca {
    /// Number of rows.
    pub rows: usize,
    /// Mean of each column, `[N]`.
    pub mean: Vec<f64>,
    /// Variances along the components, `[N]`, largest first; none negative.
    pub variances: Vec<f64>,
    /// Components as columns, `[N, N]`; the entry of largest magnitude in each is positive.
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
        let eigen = covariance.self_adjoint_eigen(Side::Lower).map_err(|_| {
            AnalysisError::NoConvergence {
                what: "the eigenvalue decomposition of the covariance",
            }
        })?;
        // Eigenvalues come in ascending order.
        let values = eigen.S().column_vector();
        let variances = (0..n).rev().map(|k| values[k].max(0.0)).collect();
        let mut components = Mat::from_fn(n, n, |i, k| eigen.U()[(i, n - 1 - k)]);
        fix_signs(&mut components);
        Ok(Pca {
            rows: self.rows,
            mean,
            variances,
            components,
        })
    }
}

impl Pca {
    /// Principal components of a host matrix of data, `[rows, N]`.
    ///
    /// # Errors
    /// As [`SecondMoments::add`] and [`SecondMoments::pca`].
    pub fn new(rows: MatRef<'_, f64>) -> Result<Self, AnalysisError> {
        let mut moments = SecondMoments::new(rows.ncols());
        moments.add(rows)?;
        moments.pca()
    }

    /// Variance of the data along each column of `vectors`, `[N, K]`, whose length is taken as 1.
    ///
    /// # Errors
    /// [`AnalysisError::Shape`] where the vectors do not have N entries.
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
