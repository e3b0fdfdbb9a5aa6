//! What a bracket is made from: a model, and rows that it is thought to describe.

use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::noise::{shuffle, stream};
use crate::parameters::Parameters;
use crate::sampling::Chains;
use burn::tensor::Device;

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
    pub rows: &'a BitMatrix,
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
    pub(super) fn some_rows(&self, count: usize, seed: u64) -> BitMatrix {
        let order = shuffle(seed, stream::MONITOR, u64::MAX - 2, self.rows.rows() as u32);
        let order: Vec<u32> = order.iter().cycle().take(count).copied().collect();
        self.rows.select(&order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        let model = Parameters::new(3, 1, vec![0.0; 3], vec![0.0; 3], vec![0.0]).unwrap();
        let text = |count, columns| {
            let input = BracketInput {
                model: &model,
                device: &Device::default(),
                rows: &BitMatrix::zeros(count, columns),
                saved: None,
            };
            input
                .check()
                .map_or_else(|e| e.to_string(), |()| "fits".into())
        };
        assert_eq!(text(1, 3), "fits");
        assert!(text(2, 2).contains("[2, 3]"));
        assert!(text(0, 3).contains("no data rows"));
    }
}
