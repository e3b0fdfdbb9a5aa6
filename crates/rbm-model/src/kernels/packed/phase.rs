//! Means over the samples of one phase that are vectors, not matrices.

use super::ascent::Samples;
use crate::kernels::Isa;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::{Tiles, for_each_task};
use crate::kernels::simd::{Kernel, Simd, load, store};

/// Lanes that sums along a row are divided into, whatever the width of the vectors: the order of
/// additions, and so the result, is the same for all of them.
const LANES: usize = 16;
/// Samples or units that a task takes at least.
const ROWS: usize = 64;

/// Means over samples v_r, h_r of one phase, with offsets mu and lambda.
pub(super) struct PhaseMeans {
    /// <v>, `[N]`.
    pub(super) visible: Vec<f32>,
    /// <h>, `[M]`.
    pub(super) hidden: Vec<f32>,
    /// <(mu.(v - mu)) (h - lambda)>, `[M]`.
    pub(super) along_visible: Vec<f32>,
    /// <(v - mu) (lambda.(h - lambda))>, `[N]`.
    pub(super) along_hidden: Vec<f32>,
}

impl PhaseMeans {
    /// `words` are the visible states turned round, see [`super::moments::by_unit`].
    pub(super) fn new(
        isa: Isa,
        samples: Samples<'_>,
        words: &[u64],
        (mu, lambda): (&[f32], &[f32]),
    ) -> Self {
        let (count, n, m) = (samples.visible.chains(), mu.len(), lambda.len());
        let along_mu = projections(samples, mu);
        let along_lambda = hidden_projections(isa, samples, lambda);
        let inverse = 1.0 / count.max(1) as f32;
        let (mut hidden, mut along_visible) = (vec![0.0; m], vec![0.0; m]);
        let outputs = [
            Tiles::new(&mut hidden, m),
            Tiles::new(&mut along_visible, m),
        ];
        for_each_task(count * m / 8, m.div_ceil(GROUP), |group| {
            isa.run(Columns {
                samples,
                group,
                along_mu: &along_mu,
                lambda,
                inverse,
                outputs: &outputs,
            });
        });
        let (mut visible, mut along_hidden) = (vec![0.0; n], vec![0.0; n]);
        let total: f32 = along_lambda.iter().sum();
        let (means, along) = (
            Tiles::new(&mut visible, n),
            Tiles::new(&mut along_hidden, n),
        );
        for_each_task(count * n / 2, n.div_ceil(ROWS), |task| {
            let units = ROWS * task..n.min(ROWS * (task + 1));
            // SAFETY: tasks have units of their own.
            let (means, along) =
                unsafe { (means.piece(0, units.clone()), along.piece(0, units.clone())) };
            for (index, unit) in units.enumerate() {
                let (mut on, mut sum) = (0, 0.0);
                for (block, words) in words.chunks_exact(n).enumerate() {
                    on += words[unit].count_ones();
                    for_each_bit(words[unit], |bit| sum += along_lambda[64 * block + bit]);
                }
                means[index] = on as f32 * inverse;
                along[index] = (sum - mu[unit] * total) * inverse;
            }
        });
        Self {
            visible,
            hidden,
            along_visible,
            along_hidden,
        }
    }
}

/// Calls `f` with the position of every bit that is set, lowest first.
#[inline(always)]
fn for_each_bit(mut word: u64, mut f: impl FnMut(usize)) {
    while word != 0 {
        f(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}

/// mu.(v_r - mu) for all samples r.
fn projections(samples: Samples<'_>, mu: &[f32]) -> Vec<f32> {
    let count = samples.visible.chains();
    let square: f32 = mu.iter().map(|x| x * x).sum();
    let mut out = vec![0.0; count];
    let tiles = Tiles::new(&mut out, count);
    for_each_task(count * mu.len() / 4, count.div_ceil(ROWS), |task| {
        let rows = ROWS * task..count.min(ROWS * (task + 1));
        // SAFETY: tasks have rows of their own.
        let out = unsafe { tiles.piece(0, rows.clone()) };
        for (group, mu) in mu.chunks(GROUP).enumerate() {
            let words = &samples.visible.group(group)[rows.clone()];
            for (out, &word) in out.iter_mut().zip(words) {
                for_each_bit(word, |bit| *out += mu[bit]);
            }
        }
        for out in out {
            *out -= square;
        }
    });
    out
}

/// lambda.(h_r - lambda) for all samples r.
fn hidden_projections(isa: Isa, samples: Samples<'_>, lambda: &[f32]) -> Vec<f32> {
    let count = samples.visible.chains();
    let square: f32 = lambda.iter().map(|x| x * x).sum();
    let mut out = vec![0.0; count];
    let tiles = Tiles::new(&mut out, count);
    for_each_task(count * lambda.len() / 8, count.div_ceil(ROWS), |task| {
        let rows = ROWS * task..count.min(ROWS * (task + 1));
        let m = lambda.len();
        isa.run(Rows {
            values: &samples.hidden[rows.start * m..rows.end * m],
            along: lambda,
            subtract: square,
            // SAFETY: tasks have rows of their own.
            out: unsafe { tiles.piece(0, rows) },
        });
    });
    out
}

/// out[r] = along.values[r] - subtract
struct Rows<'a> {
    values: &'a [f32],
    along: &'a [f32],
    subtract: f32,
    out: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let rows = self.values.chunks_exact(self.along.len());
        for (row, out) in rows.zip(self.out) {
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
            *out = lanes.iter().sum::<f32>() - self.subtract;
        }
    }
}

/// Sums over all samples for 64 hidden units.
struct Columns<'a> {
    samples: Samples<'a>,
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
                let h = load(simd, &self.samples.hidden[row * m..][columns.clone()]);
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
