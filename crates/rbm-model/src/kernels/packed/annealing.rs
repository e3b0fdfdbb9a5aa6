//! Half sweeps along a path of models, with the work that each change of model takes.
//!
//! Annealing changes the model a little before every sweep. To scale the weights each time would
//! cost a pass over them; here the *fields* are scaled instead, as they leave the sum:
//!
//! ```text
//! f_j = c_j + sum_t s_t (v W_t)_j          t = 1, or 1 and 2
//! ```
//!
//! with scales s_t and biases of the stage, v W_t being an exact sum of integers ([`WeightScale`]). One sum v W serves the model before the change and
//! the one after it, so the work costs two more exponentials per unit and no further pass.

use super::activation::{padded, real, words};
use super::contraction::{Contraction, Finish};
use super::gibbs::check_states;
use super::integers::IntegerInputs;
use super::matrix::Matrix;
use super::scale::WeightScale;
use super::short_draw::ShortLayer;
use super::shorts::ShortWeights;
use crate::error::ModelError;
use crate::kernels::bit_matrix::last_mask;
use crate::kernels::draw::{GROUP, GroupNoise, reciprocal_sigmoid, uniform};
use crate::kernels::parallel::{Tiles, in_pool};
use crate::kernels::simd::{Simd, load, store};
use crate::kernels::{BitMatrix, Isa, check_shape};
use crate::noise::NoiseKey;
use std::ops::Range;

/// Lanes that sums are kept in, on every instruction set, so that all give the same bytes.
const LANES: usize = 16;
/// Vectors that hold so many lanes, at most.
const PARTS: usize = 2;

/// One model of a path: scales of the weight matrices, and biases.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Factor of each weight matrix; that of a second matrix is not used if there is none.
    pub scales: [f32; 2],
    /// `[N]`
    pub visible_bias: Vec<f32>,
    /// `[M]`
    pub hidden_bias: Vec<f32>,
}

/// The weight matrices of a path, for the packed kernels.
#[derive(Clone, Debug)]
pub struct AnnealedModel<'a> {
    weights: Vec<Weights<'a>>,
    n_visible: usize,
    n_hidden: usize,
    isa: Isa,
}

/// A weight matrix.
#[derive(Clone, Debug)]
struct Weights<'a> {
    /// `[N, M]`, row-major.
    weight: &'a [f32],
    scale: WeightScale,
    /// For draws of v, where it is the only matrix and they are of use.
    packed: Option<ShortWeights>,
}

impl<'a> AnnealedModel<'a> {
    /// Takes one or two weight matrices `[N, M]`, row-major.
    ///
    /// # Errors
    /// [`ModelError::EmptyLayer`] for a layer without units, [`ModelError::Shape`] where a length
    /// does not fit, or for another number of matrices.
    pub fn new(
        weights: &[&'a [f32]],
        n_visible: usize,
        n_hidden: usize,
    ) -> Result<Self, ModelError> {
        for (layer, units) in [("visible", n_visible), ("hidden", n_hidden)] {
            if units == 0 {
                return Err(ModelError::EmptyLayer { layer });
            }
        }
        if !(1..=2).contains(&weights.len()) {
            check_shape("weight matrices", weights.len(), &[2])?;
        }
        for weight in weights {
            check_shape("weight", weight.len(), &[n_visible, n_hidden])?;
        }
        Ok(Self {
            weights: weights
                .iter()
                .map(|weight| {
                    let scale = WeightScale::of(weight, n_hidden);
                    let pack = || ShortWeights::new(Isa::detect(), weight, n_hidden, scale);
                    Weights {
                        weight,
                        scale,
                        packed: (weights.len() == 1).then(pack).flatten(),
                    }
                })
                .collect(),
            n_visible,
            n_hidden,
            isa: Isa::detect(),
        })
    }

    /// The same path with given instructions.
    #[must_use]
    pub fn with_isa(self, isa: Isa) -> Self {
        Self { isa, ..self }
    }

    /// Draws h from p(h | v) of stage `to`, and gives the hidden part of the work from `from`,
    ///
    /// ```text
    /// work = sum_j softplus(f_j of `to`) - softplus(f_j of `from`)
    /// ```
    ///
    /// for each chain. Terms are f32, within a few units in the last place of the fields; their
    /// sums over units are f64.
    ///
    /// # Shapes
    /// - `visible`: `[B, N]`, `hidden`: `[B, M]`, `work`: `[B]`
    ///
    /// # Errors
    /// [`ModelError::Shape`] where a shape does not fit.
    pub fn hidden_half(
        &self,
        from: &Stage,
        to: &Stage,
        key: NoiseKey,
        visible: &BitMatrix,
        hidden: &mut BitMatrix,
        work: &mut [f64],
    ) -> Result<(), ModelError> {
        let chains = visible.rows();
        self.check_stage(from)?;
        self.check_stage(to)?;
        check_states("visible states", visible, (chains, self.n_visible))?;
        check_states("hidden states", hidden, (chains, self.n_hidden))?;
        check_shape("work", work.len(), &[chains])?;
        let mut sums = vec![0.0; chains * self.n_hidden.div_ceil(GROUP)];
        self.run(
            |weight| Matrix::new(weight, self.n_hidden),
            visible,
            Half {
                outputs: self.n_hidden,
                all_chains: chains,
                scales: self.worth(to),
                bias: &to.hidden_bias,
                first: &[],
                key,
                words: words(hidden),
                sums: Tiles::new(&mut sums, chains),
                measure: Measure::Work {
                    scales: self.worth(from),
                    bias: &from.hidden_bias,
                },
            },
        );
        collect(&sums, work);
        Ok(())
    }

    /// Draws v from p(v | h) of stage `to`, and gives v . `direction` for each chain.
    ///
    /// With the difference of the visible biases at the ends of a path as `direction`, that is
    /// the visible part of the work for each unit of change.
    ///
    /// # Shapes
    /// - `hidden`: `[B, M]`, `visible`: `[B, N]`, `direction`: `[N]`, `products`: `[B]`
    ///
    /// # Errors
    /// [`ModelError::Shape`] where a shape does not fit.
    pub fn visible_half(
        &self,
        to: &Stage,
        key: NoiseKey,
        hidden: &BitMatrix,
        visible: &mut BitMatrix,
        direction: &[f32],
        products: &mut [f64],
    ) -> Result<(), ModelError> {
        let chains = hidden.rows();
        self.check_stage(to)?;
        check_states("hidden states", hidden, (chains, self.n_hidden))?;
        check_states("visible states", visible, (chains, self.n_visible))?;
        check_shape("direction", direction.len(), &[self.n_visible])?;
        check_shape("products", products.len(), &[chains])?;
        let mut sums = vec![0.0; chains * self.n_visible.div_ceil(GROUP)];
        if let [
            Weights {
                weight,
                scale,
                packed: Some(packed),
            },
        ] = &self.weights[..]
        {
            let layer = ShortLayer {
                weight,
                scale: *scale,
                packed,
                factor: to.scales[0],
                bias: &to.visible_bias,
                inputs: hidden,
            };
            let along = Some((direction, Tiles::new(&mut sums, chains)));
            layer.draw(self.isa, key, 0, visible, along);
            collect(&sums, products);
            return Ok(());
        }
        self.run(
            |weight| Matrix::turned(weight, self.n_hidden),
            hidden,
            Half {
                outputs: self.n_visible,
                all_chains: chains,
                scales: self.worth(to),
                bias: &to.visible_bias,
                first: &[],
                key,
                words: words(visible),
                sums: Tiles::new(&mut sums, chains),
                measure: Measure::Product { direction },
            },
        );
        collect(&sums, products);
        Ok(())
    }

    /// Works inside the thread pool, if the sums are worth dividing; see [`in_pool`].
    pub(crate) fn enter(&self, chains: usize, work: impl FnOnce() + Send) {
        in_pool(chains * self.n_visible * self.n_hidden / 256, work);
    }

    /// What the integer sums of a stage are worth.
    fn worth(&self, stage: &Stage) -> [f32; 2] {
        let mut worth = [0.0; 2];
        for ((worth, weights), scale) in worth.iter_mut().zip(&self.weights).zip(stage.scales) {
            *worth = scale * weights.scale.step();
        }
        worth
    }

    /// Works out one layer: the sums over all matrices, then `half` on them.
    fn run(
        &self,
        matrix: impl Fn(&'a [f32]) -> Matrix<'a>,
        states: &BitMatrix,
        mut half: Half<'_>,
    ) {
        let inputs = |weights: &Weights<'a>| {
            [IntegerInputs {
                bits: states,
                weight: matrix(weights.weight),
                scale: weights.scale,
            }]
        };
        let outputs = half.outputs;
        let [weights @ .., last] = &self.weights[..] else {
            return;
        };
        let mut kept = Vec::new();
        if let [first] = weights {
            let columns = half.all_chains * GROUP;
            kept.resize(columns * outputs.div_ceil(GROUP), 0);
            let keep = Keep(Tiles::new(&mut kept, columns));
            Contraction {
                inputs: &inputs(first),
                outputs,
            }
            .run(self.isa, &keep);
            half.scales.swap(0, 1);
            if let Measure::Work { scales, .. } = &mut half.measure {
                scales.swap(0, 1);
            }
        }
        let half = Half {
            first: &kept,
            ..half
        };
        Contraction {
            inputs: &inputs(last),
            outputs,
        }
        .run(self.isa, &half);
    }

    fn check_stage(&self, stage: &Stage) -> Result<(), ModelError> {
        check_shape("visible bias", stage.visible_bias.len(), &[self.n_visible])?;
        check_shape("hidden bias", stage.hidden_bias.len(), &[self.n_hidden])
    }
}

/// Adds the parts of all groups, in their order.
fn collect(parts: &[f64], sums: &mut [f64]) {
    sums.fill(0.0);
    if sums.is_empty() {
        return;
    }
    for part in parts.chunks_exact(sums.len()) {
        sums.iter_mut().zip(part).for_each(|(s, p)| *s += p);
    }
}

/// Keeps the sums: `[groups, chains, 64]`.
struct Keep<'a>(Tiles<'a, i32>);

impl Finish for Keep<'_> {
    type Number = i32;

    #[inline(always)]
    fn finish<S: Simd>(&self, _: S, group: usize, chains: Range<usize>, field: &[i32]) {
        let columns = GROUP * chains.start..GROUP * chains.end;
        // SAFETY: no two calls have the same group and overlapping chains.
        unsafe { self.0.piece(group, columns) }.copy_from_slice(field);
    }
}

/// Draws one layer and measures it.
struct Half<'a> {
    outputs: usize,
    all_chains: usize,
    /// Scales of the sums at hand and of those in `first`.
    scales: [f32; 2],
    bias: &'a [f32],
    /// Sums over another matrix, `[groups, chains, 64]`, or nothing.
    first: &'a [i32],
    key: NoiseKey,
    /// Words `[chains, groups]`.
    words: Tiles<'a, u64>,
    /// What is measured, `[groups, chains]`.
    sums: Tiles<'a, f64>,
    measure: Measure<'a>,
}

/// What is measured.
enum Measure<'a> {
    /// The work from the model with these scales and biases.
    Work { scales: [f32; 2], bias: &'a [f32] },
    /// The product of the states with this vector.
    Product { direction: &'a [f32] },
}

impl Finish for Half<'_> {
    type Number = i32;

    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, group: usize, chains: Range<usize>, field: &[i32]) {
        match (&self.measure, self.first.is_empty()) {
            (Measure::Work { scales, bias }, true) => {
                self.draw::<S, true, false>(simd, group, chains, field, *scales, bias);
            }
            (Measure::Work { scales, bias }, false) => {
                self.draw::<S, true, true>(simd, group, chains, field, *scales, bias);
            }
            (Measure::Product { direction }, true) => {
                self.draw::<S, false, false>(simd, group, chains, field, [0.0; 2], direction);
            }
            (Measure::Product { direction }, false) => {
                self.draw::<S, false, true>(simd, group, chains, field, [0.0; 2], direction);
            }
        }
    }
}

impl Half<'_> {
    /// `other` is the bias of the model before, or the direction.
    #[inline(always)]
    fn draw<S: Simd, const WORK: bool, const TWO: bool>(
        &self,
        simd: S,
        group: usize,
        chains: Range<usize>,
        field: &[i32],
        from: [f32; 2],
        other: &[f32],
    ) {
        let mask = last_mask((self.outputs - GROUP * group).min(GROUP));
        let (bias, other) = (padded(self.bias, group), padded(other, group));
        let [to, to_first] = self.scales.map(|s| simd.splat(s));
        let [from, from_first] = from.map(|s| simd.splat(s));
        let (zero, one) = (simd.splat(0.0), simd.splat(1.0));
        let noise = GroupNoise::new(simd, self.key, group);
        // SAFETY: no two calls have the same group and overlapping chains.
        let sums = unsafe { self.sums.piece(group, chains.clone()) };
        for (index, field) in field.chunks_exact(GROUP).enumerate() {
            let chain = chains.start + index;
            let first = if TWO {
                &self.first[(group * self.all_chains + chain) * GROUP..][..GROUP]
            } else {
                field
            };
            let bits = noise.bits(simd, chain as u32);
            let mut word = 0;
            // Sums of the terms outside the logarithms, and products of those inside, a lane each.
            let (mut sum, mut before, mut after) = ([zero; PARTS], [one; PARTS], [one; PARTS]);
            for (vector, &bits) in bits[..GROUP / S::LANES].iter().enumerate() {
                let column = vector * S::LANES;
                let part = vector % (LANES / S::LANES);
                let x = real(simd, &field[column..]);
                let b = load(simd, &bias[column..]);
                let o = load(simd, &other[column..]);
                let mut f = simd.add(simd.mul(to, x), b);
                if TWO {
                    f = simd.add(f, simd.mul(to_first, real(simd, &first[column..])));
                }
                let threshold = simd.mul(uniform(simd, bits), reciprocal_sigmoid(simd, f));
                let on = simd.less(threshold, one);
                word |= u64::from(on) << column;
                if WORK {
                    // softplus(f) = max(f, 0) + ln(1 + e^-|f|), and the product of a few
                    // numbers between 1 and 2 does not overflow.
                    let mut g = simd.add(simd.mul(from, x), o);
                    if TWO {
                        g = simd.add(g, simd.mul(from_first, real(simd, &first[column..])));
                    }
                    let step = simd.sub(simd.at_least(zero, f), simd.at_least(zero, g));
                    sum[part] = simd.add(sum[part], step);
                    let size = |f| simd.at_least(simd.sub(zero, f), f);
                    after[part] = simd.mul(after[part], reciprocal_sigmoid(simd, size(f)));
                    before[part] = simd.mul(before[part], reciprocal_sigmoid(simd, size(g)));
                } else {
                    sum[part] = simd.add(sum[part], simd.mul(simd.ones(on), o));
                }
            }
            // SAFETY: as above.
            let place = unsafe { self.words.piece(chain, group..group + 1) };
            place[0] = word & mask;
            let sum = lanes(simd, sum);
            sums[index] = sum.iter().map(|&x| f64::from(x)).sum();
            if WORK {
                let ratio: f64 = lanes(simd, after)
                    .iter()
                    .zip(lanes(simd, before))
                    .map(|(&a, b)| f64::from(a) / f64::from(b))
                    .product();
                sums[index] += ratio.ln();
            }
        }
    }
}

/// The lanes of one vector of 16, or of two of 8.
#[inline(always)]
fn lanes<S: Simd>(simd: S, parts: [S::F; PARTS]) -> [f32; LANES] {
    let mut out = [0.0; LANES];
    for (part, out) in parts.into_iter().zip(out.chunks_mut(S::LANES)) {
        store(simd, out, part);
    }
    out
}

#[cfg(test)]
#[path = "annealing_tests.rs"]
mod tests;
