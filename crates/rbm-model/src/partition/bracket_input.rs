//! What a bracket is made from: a model, and rows that it is thought to describe.

use crate::error::ModelError;
use crate::noise::{shuffle, stream};
use crate::parameters::Parameters;
use crate::sampling::Chains;
use burn::tensor::Device;

/// Binary rows of data, in whatever form they are kept. Of data a bracket takes means and some rows.
pub trait VisibleRows {
    /// Number of rows.
    fn rows(&self) -> usize;
    /// Number of columns, one per visible unit.
    fn columns(&self) -> usize;
    /// The fraction of rows in which each column is on, `[columns]`.
    fn column_means(&self) -> Vec<f64>;
    /// Writes the rows with these numbers as 0.0 and 1.0; `out` is `[indices.len(), columns]`.
    ///
    /// # Panics
    /// If a number is not below [`rows`](Self::rows), or `out` has another length.
    fn unpack_rows(&self, indices: &[u32], out: &mut [f32]);
}

/// Rows as one slice of numbers.
#[derive(Debug, Clone, Copy)]
pub struct DenseRows<'a> {
    values: &'a [f32],
    columns: usize,
}

impl<'a> DenseRows<'a> {
    /// Zeros and ones, row-major `[rows, columns]`.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if the values are no whole number of rows, and [`ModelError::Annealing`] for a
    /// value that is neither 0 nor 1.
    pub fn new(values: &'a [f32], columns: usize) -> Result<Self, ModelError> {
        if columns == 0 || !values.len().is_multiple_of(columns) {
            return Err(ModelError::Shape {
                tensor: "data rows".into(),
                expected: vec![values.len().div_ceil(columns.max(1)), columns],
                found: vec![values.len()],
            });
        }
        match values.iter().position(|x| *x != 0.0 && *x != 1.0) {
            Some(k) => Err(ModelError::Annealing {
                reason: format!(
                    "column {} of data row {} is {}; rows are zeros and ones",
                    k % columns,
                    k / columns,
                    values[k]
                ),
            }),
            None => Ok(Self { values, columns }),
        }
    }
}

impl VisibleRows for DenseRows<'_> {
    fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    fn columns(&self) -> usize {
        self.columns
    }

    fn column_means(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns];
        for row in self.values.chunks_exact(self.columns) {
            let parts = sums.iter_mut().zip(row);
            parts.for_each(|(sum, x)| *sum += f64::from(*x));
        }
        let rows = self.rows() as f64;
        sums.into_iter().map(|sum| sum / rows).collect()
    }

    fn unpack_rows(&self, indices: &[u32], out: &mut [f32]) {
        assert_eq!(out.len(), indices.len() * self.columns);
        for (index, out) in indices.iter().zip(out.chunks_exact_mut(self.columns)) {
            let first = *index as usize * self.columns;
            out.copy_from_slice(&self.values[first..first + self.columns]);
        }
    }
}

/// A model with what annealing to it may begin from.
#[derive(Clone, Copy)]
pub struct BracketInput<'a> {
    /// The model.
    pub model: &'a Parameters,
    /// Where to compute.
    pub device: &'a Device,
    /// Rows that the model is thought to describe, its training rows as a rule: independent units at their
    /// means are one of the bases, and chains from some of them test the samples that annealing brings. A
    /// model that has its mass elsewhere is bracketed none the less.
    pub rows: &'a dyn VisibleRows,
    /// Chains of the model that are there already, those that trained it as a rule, on any device. They
    /// take the place of at most half of the rows that chains start from.
    pub saved: Option<&'a Chains>,
}

impl BracketInput<'_> {
    /// Refuses rows that are not there or do not fit the model.
    pub(super) fn check(&self) -> Result<(), ModelError> {
        let n = self.model.n_visible;
        let saved = self.saved.map(|chains| chains.visible.dims());
        let rows = [self.rows.rows(), self.rows.columns()];
        for (tensor, found) in [("data rows", Some(rows)), ("saved chains", saved)] {
            if let Some([count, columns]) = found.filter(|[_, columns]| *columns != n) {
                return Err(ModelError::Shape {
                    tensor: tensor.into(),
                    expected: vec![count, n],
                    found: vec![count, columns],
                });
            }
        }
        if rows[0] == 0 {
            return Err(ModelError::Annealing {
                reason: "there are no data rows; give at least 1".into(),
            });
        }
        Ok(())
    }

    /// Rows chosen by the seed; all of them, over and over, where more are asked for.
    pub(super) fn some_rows(&self, count: usize, seed: u64) -> Vec<f32> {
        let order = shuffle(seed, stream::MONITOR, u64::MAX - 2, self.rows.rows() as u32);
        let order: Vec<u32> = order.iter().cycle().take(count).copied().collect();
        let mut rows = vec![0.0f32; order.len() * self.rows.columns()];
        self.rows.unpack_rows(&order, &mut rows);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        let model = Parameters::new(3, 1, vec![0.0; 3], vec![0.0; 3], vec![0.0]).unwrap();
        let text = |values: &[f32], columns| {
            let rows = match DenseRows::new(values, columns) {
                Ok(rows) => rows,
                Err(error) => return error.to_string(),
            };
            let (model, device) = (&model, &Device::default());
            let input = BracketInput {
                model,
                device,
                rows: &rows,
                saved: None,
            };
            input
                .check()
                .map_or_else(|e| e.to_string(), |()| "fits".into())
        };
        assert_eq!(text(&[0.0, 1.0, 1.0], 3), "fits");
        assert!(text(&[0.0; 4], 3).contains("[4]"));
        assert!(text(&[0.0, 1.0, 0.5], 3).contains("column 2 of data row 0 is 0.5"));
        assert!(text(&[0.0; 4], 2).contains("[2, 3]"));
        assert!(text(&[], 3).contains("no data rows"));
    }

    #[test]
    fn dense_rows_have_their_means_and_come_as_asked() {
        let rows = DenseRows::new(&[0.0, 1.0, 1.0, 1.0, 0.0, 0.0], 2).unwrap();
        assert_eq!(rows.column_means(), [1.0 / 3.0, 2.0 / 3.0]);
        let mut out = [0.5; 4];
        rows.unpack_rows(&[2, 0], &mut out);
        assert_eq!(out, [0.0, 0.0, 0.0, 1.0]);
    }
}
