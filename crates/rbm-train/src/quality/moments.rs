//! Differences of moments.

use crate::data::BitMatrix;
use rayon::prelude::*;
use rbm_model::noise::{Sequence, stream};
use serde::{Deserialize, Serialize};

/// Most pairs of units that are compared; all of them for up to 1414 units.
const PAIRS: usize = 1_000_000;
/// Most triples of units that are compared.
const TRIPLES: usize = 100_000;

/// How the moments of one order differ between samples and data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MomentDifference {
    /// Number of moments compared.
    pub count: usize,
    /// Root of the mean squared difference of samples and data.
    pub rms: f64,
    /// What that would be for two sets of this size from one distribution: the root of the mean of the
    /// moments' squared standard errors, which are estimated from both sets.
    pub rms_expected: f64,
    /// Largest magnitude of a difference.
    pub largest: f64,
    /// Pearson correlation of the moments of samples and of data; none if those of one set are all alike.
    pub correlation: Option<f64>,
}

/// A set seen by columns: a bit per row.
pub(super) struct Columns {
    /// `[columns, rows]`
    bits: BitMatrix,
    rows: f64,
    means: Vec<f64>,
}

impl Columns {
    pub(super) fn new(set: &BitMatrix) -> Self {
        Self {
            bits: set.transposed(),
            means: set.column_means(),
            rows: set.rows() as f64,
        }
    }

    fn units(&self) -> usize {
        self.means.len()
    }

    /// <v_i v_j>
    fn pair(&self, i: usize, j: usize) -> f64 {
        let [a, b] = [i, j].map(|unit| self.bits.row_words(unit));
        let both = a.iter().zip(b).map(|(a, b)| (a & b).count_ones());
        f64::from(both.sum::<u32>()) / self.rows
    }

    /// <v_i v_j v_k>
    fn triple(&self, units: [usize; 3]) -> f64 {
        let [a, b, c] = units.map(|unit| self.bits.row_words(unit));
        let all = a.iter().zip(b).zip(c);
        let all = all.map(|((a, b), c)| (a & b & c).count_ones());
        f64::from(all.sum::<u32>()) / self.rows
    }

    /// The mean of (v_i - m_i) (v_j - m_j), and its squared standard error.
    fn second(&self, i: usize, j: usize) -> (f64, f64) {
        let (m, n) = (self.means[i], self.means[j]);
        let pair = self.pair(i, j);
        let moment = pair - m * n;
        // (v - m)^2 = (1 - 2 m) v + m^2 for v in {0, 1}.
        let (a, b) = (1.0 - 2.0 * m, 1.0 - 2.0 * n);
        let square = a * b * pair + a * m * n * n + b * n * m * m + m * m * n * n;
        (moment, (square - moment * moment).max(0.0) / self.rows)
    }

    /// The mean of (v_i - m_i) (v_j - m_j) (v_k - m_k), and its squared standard error, without what the
    /// means' own errors add to it.
    fn third(&self, units: [usize; 3]) -> (f64, f64) {
        let [i, j, k] = units;
        let m = units.map(|u| self.means[u]);
        let [ij, ik, jk] = [(i, j), (i, k), (j, k)].map(|(a, b)| self.pair(a, b));
        let all = self.triple(units);
        let moment = all - m[0] * jk - m[1] * ik - m[2] * ij + 2.0 * m[0] * m[1] * m[2];
        let a = m.map(|m| 1.0 - 2.0 * m);
        let q = m.map(|m| m * m);
        let square = a[0] * a[1] * a[2] * all
            + a[0] * a[1] * q[2] * ij
            + a[0] * a[2] * q[1] * ik
            + a[1] * a[2] * q[0] * jk
            + a[0] * m[0] * q[1] * q[2]
            + a[1] * m[1] * q[0] * q[2]
            + a[2] * m[2] * q[0] * q[1]
            + q[0] * q[1] * q[2];
        (moment, (square - moment * moment).max(0.0) / self.rows)
    }
}

pub(super) fn first(samples: &Columns, data: &Columns) -> MomentDifference {
    let moment = |set: &Columns, unit: usize| {
        let mean = set.means[unit];
        (mean, mean * (1.0 - mean) / set.rows)
    };
    let pairs = (0..data.units()).map(|unit| [moment(samples, unit), moment(data, unit)]);
    difference(&pairs.collect::<Vec<_>>())
}

pub(super) fn second(samples: &Columns, data: &Columns, seed: u64) -> MomentDifference {
    let n = data.units();
    let chosen: Vec<[usize; 2]> = if n * n.saturating_sub(1) / 2 <= PAIRS {
        (0..n).flat_map(|i| (0..i).map(move |j| [i, j])).collect()
    } else {
        let mut draw = Sequence::new(seed, stream::SAMPLE, u64::MAX - 2);
        (0..PAIRS).map(|_| distinct(&mut draw, n)).collect()
    };
    let both = chosen
        .par_iter()
        .map(|[i, j]| [samples, data].map(|set| set.second(*i, *j)));
    difference(&both.collect::<Vec<_>>())
}

pub(super) fn third(samples: &Columns, data: &Columns, seed: u64) -> MomentDifference {
    let n = data.units();
    let mut draw = Sequence::new(seed, stream::SAMPLE, u64::MAX - 3);
    let chosen: Vec<[usize; 3]> = match n {
        0..3 => Vec::new(),
        // Up to 95 units these are few enough.
        3..96 => (0..n)
            .flat_map(|i| (0..i).flat_map(move |j| (0..j).map(move |k| [i, j, k])))
            .collect(),
        _ => (0..TRIPLES).map(|_| distinct(&mut draw, n)).collect(),
    };
    let both = chosen
        .par_iter()
        .map(|units| [samples, data].map(|set| set.third(*units)));
    difference(&both.collect::<Vec<_>>())
}

/// Different units, uniformly.
fn distinct<const K: usize>(draw: &mut Sequence, n: usize) -> [usize; K] {
    loop {
        let units: [usize; K] = std::array::from_fn(|_| draw.below(n as u32) as usize);
        if (0..K).all(|a| !units[..a].contains(&units[a])) {
            return units;
        }
    }
}

/// A moment and its squared standard error, of samples and of data.
type Both = [(f64, f64); 2];

/// Compares the moments of samples and of data.
fn difference(moments: &[Both]) -> MomentDifference {
    let count = moments.len().max(1) as f64;
    let mean = |value: &dyn Fn(&Both) -> f64| moments.iter().map(value).sum::<f64>() / count;
    let center = [0, 1].map(|set| mean(&|m| m[set].0));
    let product = |a: usize, b: usize| mean(&|m| (m[a].0 - center[a]) * (m[b].0 - center[b]));
    let gap = |m: &Both| m[0].0 - m[1].0;
    let correlation = product(0, 1) / (product(0, 0) * product(1, 1)).sqrt();
    MomentDifference {
        count: moments.len(),
        rms: mean(&|m| gap(m).powi(2)).sqrt(),
        rms_expected: mean(&|m| m[0].1 + m[1].1).sqrt(),
        largest: moments.iter().map(|m| gap(m).abs()).fold(0.0, f64::max),
        correlation: Some(correlation).filter(|r| r.is_finite()),
    }
}
