//! Projections on the data's principal components.

use crate::data::BitMatrix;
use crate::principal::principal_components;
use rbm_analysis::AnalysisError;
use rbm_model::numeric::{mean, variance};
use serde::{Deserialize, Serialize};

/// Principal components looked at.
pub const COMPONENTS: usize = 4;

/// One scalar in data and samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Mean over the data.
    pub data_mean: f64,
    /// Standard deviation over the data.
    pub data_deviation: f64,
    /// Mean over the samples.
    pub samples_mean: f64,
    /// Standard deviation over the samples.
    pub samples_deviation: f64,
    /// Kolmogorov-Smirnov distance: the largest difference of the two cumulative distributions.
    pub ks_distance: f64,
    /// What 95% of pairs of sets of this size from one distribution stay below, 1.358 sqrt(2 / n).
    pub ks_critical: f64,
}

/// A principal component of the data, and both sets along it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Fraction of the data's variance along it.
    pub explained: f64,
    /// Projections of the rows, less the data's mean.
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// Both sets on the components.
pub(super) struct Projected {
    pub(super) components: Vec<Component>,
    /// First two coordinates of each row (0 where there is one component only).
    pub(super) data: Vec<[f64; 2]>,
    pub(super) samples: Vec<[f64; 2]>,
}

impl Comparison {
    /// Compares two sets of numbers, each of at least two.
    pub(super) fn new(data: &[f64], samples: &[f64]) -> Self {
        let ((data_mean, data_deviation), (samples_mean, samples_deviation)) =
            (spread(data), spread(samples));
        let (n, m) = (data.len() as f64, samples.len() as f64);
        Self {
            data_mean,
            data_deviation,
            samples_mean,
            samples_deviation,
            ks_distance: ks_distance(data, samples),
            ks_critical: 1.358 * ((n + m) / (n * m)).sqrt(),
        }
    }
}

pub(super) fn compare(samples: &BitMatrix, data: &BitMatrix) -> Result<Projected, AnalysisError> {
    let pca = principal_components(data, data.rows())?;
    let total: f64 = pca.variances.iter().sum();
    if total == 0.0 {
        // Constant data has no directions.
        return Ok(Projected {
            components: Vec::new(),
            data: Vec::new(),
            samples: Vec::new(),
        });
    }
    let count = COMPONENTS.min(pca.variances.len());
    let project = |set: &BitMatrix| -> Vec<Vec<f64>> {
        (0..count)
            .map(|k| {
                let vector = pca.components.col_as_slice(k);
                let offset: f64 = vector.iter().zip(&pca.mean).map(|(u, m)| u * m).sum();
                (0..set.rows())
                    .map(|r| set.ones(r).map(|c| vector[c]).sum::<f64>() - offset)
                    .collect()
            })
            .collect()
    };
    let (of_data, of_samples) = (project(data), project(samples));
    let plane = |of: &[Vec<f64>]| {
        let second = |r: usize| of.get(1).map_or(0.0, |x| x[r]);
        (0..of[0].len()).map(|r| [of[0][r], second(r)]).collect()
    };
    Ok(Projected {
        components: (0..count)
            .map(|k| Component {
                explained: pca.variances[k] / total,
                comparison: Comparison::new(&of_data[k], &of_samples[k]),
            })
            .collect(),
        data: plane(&of_data),
        samples: plane(&of_samples),
    })
}

fn spread(values: &[f64]) -> (f64, f64) {
    (mean(values), variance(values).sqrt())
}

/// Largest difference of two empirical distributions, ties counted together.
fn ks_distance(a: &[f64], b: &[f64]) -> f64 {
    let sorted = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    };
    let (a, b) = (sorted(a), sorted(b));
    let (mut i, mut j, mut largest) = (0, 0, 0.0f64);
    while i < a.len() && j < b.len() {
        let x = a[i].min(b[j]);
        while i < a.len() && a[i] <= x {
            i += 1;
        }
        while j < b.len() && b[j] <= x {
            j += 1;
        }
        let gap = i as f64 / a.len() as f64 - j as f64 / b.len() as f64;
        largest = largest.max(gap.abs());
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ks_distance_by_hand() {
        assert_eq!(ks_distance(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 0.0);
        assert_eq!(ks_distance(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        let found = ks_distance(&[1.0, 2.0, 2.0, 5.0], &[2.0, 2.0, 3.0, 4.0]);
        assert_eq!(found, 0.25);
        let all = Comparison::new(&[0.0, 2.0], &[1.0, 1.0]);
        assert_eq!((all.data_mean, all.samples_deviation), (1.0, 0.0));
        assert!((all.data_deviation - 2f64.sqrt()).abs() < 1e-12);
    }
}
