//! The rotation test: entries of W against those of Q_U W Q_V^T for Haar-distributed Q_U and Q_V.
//!
//! Entries of one rotated matrix are neither independent of each other nor of W, so textbook p-values do not
//! apply. Given the singular values, however, a rotationally symmetric W and its rotated copies are exchangeable: the rank of W's
//! distance from the others among all such distances gives an exact p-value, whatever the statistic.

use crate::random::{generator, haar_matrix};
use crate::statistics::moments::mean_and_error;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;
use rbm_model::noise::stream;
use serde::{Deserialize, Serialize};

/// Half width of the histograms in root mean squares of the entries; what lies beyond counts in the last bins.
const RANGE: f64 = 6.0;
/// Cells in which distribution functions are compared.
const CELLS: usize = 4096;
/// Bins of the histograms, each of several cells.
const BINS: usize = 128;
/// Memory for the copies that are made at the same time.
const COPIES_BYTES: usize = 1 << 28;

/// Entries of W against those of its rotated copies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RotationTest {
    /// Number of rotated copies.
    pub rotations: usize,
    /// Root mean square of the entries, the same for all copies.
    pub entry_rms: f64,
    /// Bins of the histograms, which reach to 6 `entry_rms` on either side.
    pub bins: usize,
    /// Jensen-Shannon divergence of the histograms, in nats, at most ln 2. Positive for finite samples even of
    /// equal laws: compare with `null_mean`.
    pub jensen_shannon: RotationDistance,
    /// Two-sample Kolmogorov-Smirnov distance, taken over the edges of 4096 cells.
    pub kolmogorov_smirnov: RotationDistance,
}

/// A distance between W and its rotated copies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RotationDistance {
    /// Mean distance of W from its copies.
    pub mean: f64,
    /// Standard error of that mean over the rotations.
    pub error: f64,
    /// Mean distance between two copies: the value for a symmetric W.
    pub null_mean: f64,
    /// Standard deviation over the copies of a copy's mean distance from the others: the spread of `mean` for a symmetric W.
    pub null_error: f64,
    /// Share of all 1 + `rotations` matrices, W among them, whose mean distance from the others is at least that of W. Exact
    /// for a rotationally symmetric W; its smallest value is 1/(1 + rotations).
    pub p_value: f64,
}

/// Runs the test; `None` with fewer than 2 rotations or a zero matrix.
///
/// Q_U W Q_V^T = A Lambda B^T with A = Q_U U and B = Q_V V: thin Haar matrices, which is all that is drawn. `singular_values` are the `rank`
/// positive ones of `weight`.
pub(crate) fn rotation_test(
    weight: MatRef<'_, f64>,
    singular_values: &[f64],
    rotations: usize,
    seed: u64,
) -> Option<RotationTest> {
    let (n, m) = weight.shape();
    // Scaled by the largest singular value: squares of tiny and huge weights stay in range.
    let largest = singular_values.first().copied().filter(|&l| l > 0.0)?;
    if rotations < 2 {
        return None;
    }
    let relative: f64 = singular_values.iter().map(|l| (l / largest).powi(2)).sum();
    let entry_rms = largest * (relative / (n as f64 * m as f64)).sqrt();
    let copy = |i: usize| {
        let mut random = generator(seed, stream::ROTATIONS + i as u64);
        let mut a = haar_matrix(&mut random, n, singular_values.len());
        let b = haar_matrix(&mut random, m, singular_values.len());
        for (k, lambda) in singular_values.iter().enumerate() {
            for x in a.col_as_slice_mut(k) {
                *x *= lambda / entry_rms;
            }
        }
        let mut rotated = Mat::zeros(n, m);
        matmul(
            rotated.as_mut(),
            Accum::Replace,
            a.as_ref(),
            b.transpose(),
            1.0,
            Par::Seq,
        );
        counts(rotated.as_ref(), 1.0)
    };
    // A copy takes about three matrices of this size: so many at a time that memory does not grow with the cores.
    let together = (COPIES_BYTES / (3 * 8 * n * m)).max(1);
    let mut copies: Vec<Vec<u32>> = Vec::with_capacity(rotations);
    while copies.len() < rotations {
        let batch = copies.len()..rotations.min(copies.len() + together);
        copies.par_extend(batch.into_par_iter().map(copy));
    }
    let own = counts(weight, entry_rms);
    let all: Vec<&Vec<u32>> = std::iter::once(&own).chain(&copies).collect();
    let histograms: Vec<Vec<f64>> = all.iter().map(|c| shares(c, CELLS / BINS)).collect();
    let distributions: Vec<Vec<f64>> = all
        .iter()
        .map(|c| {
            let mut sum = 0.0;
            shares(c, 1)
                .into_iter()
                .map(|share| {
                    sum += share;
                    sum
                })
                .collect()
        })
        .collect();
    Some(RotationTest {
        rotations,
        entry_rms,
        bins: BINS,
        jensen_shannon: compare(&histograms, jensen_shannon),
        kolmogorov_smirnov: compare(&distributions, |f, g| {
            f.iter().zip(g).fold(0.0, |d, (f, g)| (f - g).abs().max(d))
        }),
    })
}

/// Number of entries, in units of `scale`, in each cell.
fn counts(matrix: MatRef<'_, f64>, scale: f64) -> Vec<u32> {
    let mut counts = vec![0u32; CELLS];
    let cells_per_unit = CELLS as f64 / (2.0 * RANGE);
    for j in 0..matrix.ncols() {
        for &x in matrix.col(j).iter() {
            // The cast saturates: what is below the range counts in the first cell.
            let cell = ((x / scale + RANGE) * cells_per_unit) as usize;
            counts[cell.min(CELLS - 1)] += 1;
        }
    }
    counts
}

/// Share of the entries in each group of `group` cells.
fn shares(counts: &[u32], group: usize) -> Vec<f64> {
    let total: f64 = counts.iter().map(|&c| f64::from(c)).sum();
    counts
        .chunks(group)
        .map(|cells| cells.iter().map(|&c| f64::from(c)).sum::<f64>() / total)
        .collect()
}

/// Jensen-Shannon divergence of two distributions, in nats (J. Lin, IEEE Trans. Inf. Theory 37, 145 (1991)).
pub(crate) fn jensen_shannon(p: &[f64], q: &[f64]) -> f64 {
    let term = |p: f64, middle: f64| if p > 0.0 { p * (p / middle).ln() } else { 0.0 };
    let sum: f64 = p
        .iter()
        .zip(q)
        .map(|(&p, &q)| {
            let middle = 0.5 * (p + q);
            term(p, middle) + term(q, middle)
        })
        .sum();
    (0.5 * sum).max(0.0)
}

/// Distances between all pairs; the first matrix is W.
fn compare(all: &[Vec<f64>], distance: impl Fn(&[f64], &[f64]) -> f64) -> RotationDistance {
    let count = all.len();
    let mut pairs = vec![vec![0.0; count]; count];
    for i in 0..count {
        for j in 0..i {
            let d = distance(&all[i], &all[j]);
            (pairs[i][j], pairs[j][i]) = (d, d);
        }
    }
    let (mean, error) = mean_and_error(&pairs[0][1..]);
    let total = |row: &[f64]| row.iter().sum::<f64>();
    let own = total(&pairs[0]);
    // Equal sums count as equal whatever the order of summation.
    let beyond = pairs
        .iter()
        .filter(|row| total(row) >= own * (1.0 - 1e-12))
        .count();
    let null: Vec<f64> = pairs[1..]
        .iter()
        .map(|row| total(&row[1..]) / (count - 2) as f64)
        .collect();
    let (null_mean, null_standard_error) = mean_and_error(&null);
    RotationDistance {
        mean,
        error,
        null_mean,
        null_error: null_standard_error * (null.len() as f64).sqrt(),
        p_value: beyond as f64 / count as f64,
    }
}
