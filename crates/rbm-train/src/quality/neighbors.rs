//! Nearest-neighbor adversarial accuracy.

use crate::data::BitMatrix;
use rayon::prelude::*;
use rbm_model::numeric::{mean, variance};
use serde::{Deserialize, Serialize};

/// Nearest-neighbor adversarial accuracy AA_TS by Hamming distance.
///
/// With n rows T of data ("truth") and n samples S, and d_XY(i) the distance of row i of X to its nearest
/// row of Y (another row, if Y is X),
///
/// ```text
/// AA_truth = (1/n) sum_i [d_TS(i) > d_TT(i)]    AA_syn = (1/n) sum_i [d_ST(i) > d_SS(i)]
/// AA_TS = (AA_truth + AA_syn) / 2
/// ```
///
/// 1/2 for samples from the data's distribution; near 1 the two can be told apart; near 0 the samples
/// are copies of the data. Binary rows are often equally far from two others: a tie counts 1/2,
/// without which the ideal would not be 1/2.
///
/// Source: A. Yale, S. Dash, R. Dutta, I. Guyon, A. Pavao, K. P. Bennett, Neurocomputing 416, 244 (2020).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AdversarialAccuracy {
    /// AA_TS.
    pub value: f64,
    /// Its standard error, as if rows were judged independently.
    pub standard_error: f64,
    /// AA_truth: below 1/2 if samples crowd around data.
    pub truth: f64,
    /// AA_syn: above 1/2 if samples are closer to each other than to data.
    pub synthetic: f64,
}

/// The accuracy of two sets of equally many rows, at least two.
pub(super) fn adversarial_accuracy(samples: &BitMatrix, data: &BitMatrix) -> AdversarialAccuracy {
    let (truth, truth_variance) = told_apart(data, samples);
    let (synthetic, synthetic_variance) = told_apart(samples, data);
    let rows = samples.rows() as f64;
    AdversarialAccuracy {
        value: 0.5 * (truth + synthetic),
        standard_error: 0.5 * ((truth_variance + synthetic_variance) / rows).sqrt(),
        truth,
        synthetic,
    }
}

/// Fraction of rows of `own` that are nearer to `own` than to `other`, and its variance per row.
fn told_apart(own: &BitMatrix, other: &BitMatrix) -> (f64, f64) {
    let scores: Vec<f64> = (0..own.rows())
        .into_par_iter()
        .map(|row| {
            let words = own.row_words(row);
            let inside = (0..own.rows())
                .filter(|k| *k != row)
                .map(|k| distance(words, own.row_words(k)))
                .min();
            let outside = (0..other.rows())
                .map(|k| distance(words, other.row_words(k)))
                .min();
            match outside.cmp(&inside) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            }
        })
        .collect();
    (mean(&scores), variance(&scores))
}

fn distance(a: &[u64], b: &[u64]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}
