//! Means over the samples of one phase that are vectors, not matrices, some hidden units at a time.

use super::matrix::Matrix;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::{Tiles, for_each_task};
use crate::kernels::simd::{Kernel, Simd, load, store};
use crate::kernels::{BitMatrix, Isa};

/// Lanes that sums along a row are divided into, whatever the width of the vectors: the order of
/// additions, and so the result, is the same for all of them.
const LANES: usize = 16;
/// Samples or units that a task takes at least.
const ROWS: usize = 64;

/// Hidden values of samples for some units.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    /// One row per sample.
    pub(super) matrix: Matrix<'a>,
    /// Number of units.
    pub(super) units: usize,
}

impl<'a> Values<'a> {
    fn row(&self, row: usize) -> &'a [f32] {
        self.matrix.row(row, self.units)
    }
}

/// Samples v_r, h_r of one phase with offsets mu and lambda.
pub(super) struct PhaseMoments {
    /// Visible states, one row per unit.
    pub(super) by_unit: BitMatrix,
    /// <v>, `[N]`.
    pub(super) visible: Vec<f32>,
    /// mu.(v_r - mu), one per sample.
    along_mu: Vec<f32>,
    /// lambda.(h_r - lambda), one per sample, over the hidden units that were added.
    along_lambda: Vec<f32>,
}

/// Means for some hidden units.
pub(super) struct HiddenMeans {
    /// <h>
    pub(super) hidden: Vec<f32>,
    /// <(mu.(v - mu)) (h - lambda)>
    pub(super) along_visible: Vec<f32>,
}

impl PhaseMoments {
    /// Nothing is known of the hidden units yet.
    pub(super) fn new(states: &BitMatrix, mu: &[f32]) -> Self {
        let by_unit = states.transposed();
        let inverse = 1.0 / states.rows().max(1) as f32;
        let on = |unit| -> u32 { by_unit.row_words(unit).iter().map(|w| w.count_ones()).sum() };
        Self {
            visible: (0..mu.len()).map(|i| on(i) as f32 * inverse).collect(),
            by_unit,
            along_mu: projections(states, mu),
            along_lambda: vec![0.0; states.rows()],
        }
    }

    /// Takes hidden values of more units, with their lambda.
    pub(super) fn add(&mut self, isa: Isa, values: Values<'_>, lambda: &[f32]) -> HiddenMeans {
        let (count, m) = (self.along_mu.len(), lambda.len());
        add_projections(isa, values, lambda, &mut self.along_lambda);
        let inverse = 1.0 / count.max(1) as f32;
        let (mut hidden, mut along_visible) = (vec![0.0; m], vec![0.0; m]);
        let outputs = [
            Tiles::new(&mut hidden, m),
            Tiles::new(&mut along_visible, m),
        ];
        for_each_task(count * m / 8, m.div_ceil(GROUP), |group| {
            isa.run(Columns {
                values,
                group,
                along_mu: &self.along_mu,
                lambda,
                inverse,
                outputs: &outputs,
            });
        });
        HiddenMeans {
            hidden,
            along_visible,
        }
    }

    /// <(v - mu) (lambda.(h - lambda))>, `[N]`, once all hidden units have been added.
    pub(super) fn along_hidden(&self, mu: &[f32]) -> Vec<f32> {
        let (count, n) = (self.along_lambda.len(), mu.len());
        let inverse = 1.0 / count.max(1) as f32;
        let mut along_hidden = vec![0.0; n];
        let total: f32 = self.along_lambda.iter().sum();
        let along = Tiles::new(&mut along_hidden, n);
        for_each_task(count * n / 2, n.div_ceil(ROWS), |task| {
            let units = ROWS * task..n.min(ROWS * (task + 1));
            // SAFETY: tasks have units of their own.
            let along = unsafe { along.piece(0, units.clone()) };
            for (along, unit) in along.iter_mut().zip(units) {
                let mut sum = 0.0;
                for_each_one(self.by_unit.row_words(unit), |r| {
                    sum += self.along_lambda[r]
                });
                *along = (sum - mu[unit] * total) * inverse;
            }
        });
        along_hidden
    }
}

/// Calls `f` with the position of every bit that is 1, rising.
#[inline(always)]
fn for_each_one(words: &[u64], mut f: impl FnMut(usize)) {
    for (k, &word) in words.iter().enumerate() {
        let mut left = word;
        while left != 0 {
            f(64 * k + left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}

/// mu.(v_r - mu) for all samples r.
fn projections(states: &BitMatrix, mu: &[f32]) -> Vec<f32> {
    let count = states.rows();
    let square: f32 = mu.iter().map(|x| x * x).sum();
    let mut out = vec![0.0; count];
    let tiles = Tiles::new(&mut out, count);
    for_each_task(count * mu.len() / 4, count.div_ceil(ROWS), |task| {
        let rows = ROWS * task..count.min(ROWS * (task + 1));
        // SAFETY: tasks have rows of their own.
        let out = unsafe { tiles.piece(0, rows.clone()) };
        for (out, row) in out.iter_mut().zip(rows) {
            for_each_one(states.row_words(row), |unit| *out += mu[unit]);
            *out -= square;
        }
    });
    out
}

/// Adds lambda.(h_r - lambda) for all samples r.
fn add_projections(isa: Isa, values: Values<'_>, lambda: &[f32], sums: &mut [f32]) {
    let count = sums.len();
    let square: f32 = lambda.iter().map(|x| x * x).sum();
    let tiles = Tiles::new(sums, count);
    for_each_task(count * lambda.len() / 8, count.div_ceil(ROWS), |task| {
        let rows = ROWS * task..count.min(ROWS * (task + 1));
        isa.run(Rows {
            values,
            first: rows.start,
            along: lambda,
            subtract: square,
            // SAFETY: tasks have rows of their own.
            out: unsafe { tiles.piece(0, rows) },
        });
    });
}

/// out[r] += along.values[first + r] - subtract
struct Rows<'a> {
    values: Values<'a>,
    first: usize,
    along: &'a [f32],
    subtract: f32,
    out: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (index, out) in self.out.iter_mut().enumerate() {
            let row = self.values.row(self.first + index);
            // One vector of sixteen lanes, or two of eight.
            let mut sums = [simd.splat(0.0); 2];
            for (row, along) in row.chunks(LANES).zip(self.along.chunks(LANES)) {
                for (v, sum) in sums[..LANES / S::LANES].iter_mut().enumerate() {
                    let place = v * S::LANES..row.len().min((v + 1) * S::LANES);
                    let (row, along) = (row.get(place.clone()), along.get(place));
                    let product = simd.mul(
                        load(simd, row.unwrap_or(&[])),
                        load(simd, along.unwrap_or(&[])),
                    );
                    *sum = simd.add(*sum, product);
                }
            }
            let mut lanes = [0.0; LANES];
            for (lanes, &sum) in lanes.chunks_exact_mut(S::LANES).zip(&sums) {
                store(simd, lanes, sum);
            }
            *out += lanes.iter().sum::<f32>() - self.subtract;
        }
    }
}

/// Sums over all samples for 64 hidden units.
struct Columns<'a> {
    values: Values<'a>,
    group: usize,
    along_mu: &'a [f32],
    lambda: &'a [f32],
    inverse: f32,
    /// `hidden`, `along_visible`.
    outputs: &'a [Tiles<'a, f32>; 2],
}

impl Kernel for Columns<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let m = self.lambda.len();
        let end = m.min(GROUP * (self.group + 1));
        let [hidden, along_visible] = self.outputs;
        let total: f32 = self.along_mu.iter().sum();
        for start in (GROUP * self.group..end).step_by(S::LANES) {
            let columns = start..end.min(start + S::LANES);
            let (mut sum, mut along) = (simd.splat(0.0), simd.splat(0.0));
            for (row, &s) in self.along_mu.iter().enumerate() {
                let h = load(simd, &self.values.row(row)[columns.clone()]);
                sum = simd.add(sum, h);
                along = simd.add(along, simd.mul(simd.splat(s), h));
            }
            let inverse = simd.splat(self.inverse);
            let lambda = load(simd, &self.lambda[columns.clone()]);
            let along = simd.sub(along, simd.mul(simd.splat(total), lambda));
            // SAFETY: columns are this task's own.
            let (hidden, along_visible) = unsafe {
                (
                    hidden.piece(0, columns.clone()),
                    along_visible.piece(0, columns),
                )
            };
            store(simd, hidden, simd.mul(inverse, sum));
            store(simd, along_visible, simd.mul(inverse, along));
        }
    }
}
