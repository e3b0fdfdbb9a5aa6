//! Draws from sums of i16, where they decide, and from exact ones where they do not.

use super::activation::{padded, words};
use super::contraction::{Contraction, Finish};
use super::direct::row_sum;
use super::scale::WeightScale;
use super::shorts::{ROUNDING, ShortInputs, ShortWeights};
use crate::kernels::bit_matrix::last_mask;
use crate::kernels::draw::{GROUP, GroupNoise, exp_neg, reciprocal_sigmoid, uniform};
use crate::kernels::parallel::Tiles;
use crate::kernels::simd::{MOST_LANES, Simd, load, store};
use crate::kernels::{BitMatrix, Isa};
use crate::noise::NoiseKey;
use std::ops::Range;

/// Part of e^-x that its rounding takes at most, with those of the steps after it: 16 units in the last
/// place.
const EXPONENTIAL: f32 = 16.0 * f32::EPSILON;

/// Outputs to be drawn, given the states of their inputs.
#[derive(Clone, Copy)]
pub(super) struct ShortLayer<'a> {
    /// Weights `[outputs, inputs]`, row-major.
    pub(super) weight: &'a [f32],
    pub(super) scale: WeightScale,
    /// The same packed.
    pub(super) packed: &'a ShortWeights,
    /// Multiplies all weights.
    pub(super) factor: f32,
    /// `[outputs]`
    pub(super) bias: &'a [f32],
    /// `[chains, inputs]`
    pub(super) inputs: &'a BitMatrix,
}

impl ShortLayer<'_> {
    /// Draws units `first ..` of a layer, `first` being a multiple of 64; and gives, if wanted, for each
    /// group of them `[groups, chains]` the sum of a direction over those that are on.
    pub(super) fn draw(
        self,
        isa: Isa,
        key: NoiseKey,
        first: usize,
        states: &mut BitMatrix,
        along: Option<(&[f32], Tiles<'_, f64>)>,
    ) {
        let draw = ShortDraw {
            layer: self,
            first_group: first / GROUP,
            key,
            words: words(states),
            along,
        };
        Contraction {
            inputs: &[ShortInputs {
                bits: self.inputs,
                weights: self.packed,
            }],
            outputs: self.bias.len(),
        }
        .run(isa, &draw);
    }
}

struct ShortDraw<'a> {
    layer: ShortLayer<'a>,
    first_group: usize,
    key: NoiseKey,
    /// Words of the whole layer.
    words: Tiles<'a, u64>,
    along: Option<(&'a [f32], Tiles<'a, f64>)>,
}

/// What the outputs of a group need.
struct Outputs {
    bias: [f32; GROUP],
    worth: [f32; GROUP],
    /// e^d and e^-d for the largest error d of the field, and more.
    high: [f32; GROUP],
    low: [f32; GROUP],
}

impl Outputs {
    #[inline(always)]
    fn new(layer: &ShortLayer<'_>, group: usize) -> Self {
        let bias = padded(layer.bias, group);
        let (mut worth, mut high, mut low) = ([0.0; GROUP], [f32::INFINITY; GROUP], [0.0; GROUP]);
        let numbers = layer
            .packed
            .worth(group)
            .iter()
            .zip(layer.packed.error(group));
        for (lane, (&one, &error)) in numbers.take(GROUP).enumerate() {
            worth[lane] = layer.factor * one;
            let d = layer.factor.abs() * error + bias[lane].abs() * ROUNDING;
            if d < 1.0 {
                // e^d < 1 + d + d^2 and e^-d > 1 - d.
                high[lane] = (1.0 + d + d * d) * (1.0 + EXPONENTIAL);
                low[lane] = (1.0 - d) * (1.0 - EXPONENTIAL);
            }
        }
        Self {
            bias,
            worth,
            high,
            low,
        }
    }
}

impl Finish for ShortDraw<'_> {
    type Number = i16;

    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, group: usize, chains: Range<usize>, field: &[i16]) {
        let outputs = Outputs::new(&self.layer, group);
        let mask = last_mask((self.layer.bias.len() - GROUP * group).min(GROUP));
        let drawn = self.first_group + group;
        let noise = GroupNoise::new(simd, self.key, drawn);
        let one = simd.splat(1.0);
        for (field, chain) in field.chunks_exact(GROUP).zip(chains) {
            let bits = noise.bits(simd, chain as u32);
            let (mut word, mut possible) = (0, 0);
            for vector in 0..GROUP / S::LANES {
                let column = vector * S::LANES;
                let of = |numbers: &[f32; GROUP]| load(simd, &numbers[column..]);
                // SAFETY: a row of the field has 64 numbers.
                let sum = simd.real(unsafe { simd.load_i16(field[column..].as_ptr()) });
                let x = simd.add(of(&outputs.bias), simd.mul(of(&outputs.worth), sum));
                let (e, u) = (exp_neg(simd, x), uniform(simd, bits[vector]));
                let below = |factor| {
                    let reciprocal = simd.add(one, simd.mul(e, factor));
                    u64::from(simd.less(simd.mul(u, reciprocal), one)) << column
                };
                word |= below(of(&outputs.high));
                possible |= below(of(&outputs.low));
            }
            let doubtful = possible & !word & mask;
            word &= mask;
            if doubtful != 0 {
                word |= self.exact(simd, &noise, group, chain, doubtful);
            }
            // SAFETY: no two calls have the same group and overlapping chains.
            let place = unsafe { self.words.piece(chain, drawn..drawn + 1) };
            place[0] = word;
            if let Some((direction, sums)) = &self.along {
                let sum = product(simd, word, &padded(direction, group));
                // SAFETY: as above.
                let place = unsafe { sums.piece(group, chain..chain + 1) };
                place[0] = sum;
            }
        }
    }
}

impl ShortDraw<'_> {
    /// Of units of a group those that are on, by the exact sums.
    #[inline(always)]
    fn exact<S: Simd>(
        &self,
        simd: S,
        noise: &GroupNoise<S>,
        group: usize,
        chain: usize,
        units: u64,
    ) -> u64 {
        let layer = &self.layer;
        let (inputs, on) = (layer.inputs.columns(), layer.inputs.row_words(chain));
        let step = layer.factor * layer.scale.step();
        let mut uniforms = [0.0; GROUP];
        let bits = noise.bits(simd, chain as u32);
        for (uniforms, bits) in uniforms.chunks_exact_mut(S::LANES).zip(bits) {
            store(simd, uniforms, uniform(simd, bits));
        }
        let (mut word, mut left) = (0, units);
        while left != 0 {
            let lane = left.trailing_zeros() as usize;
            let unit = GROUP * group + lane;
            let row = &layer.weight[unit * inputs..][..inputs];
            let sum = row_sum(simd, row, on, layer.scale.up());
            let x = layer.bias[unit] + step * sum as f32;
            let threshold = simd.mul(
                simd.splat(uniforms[lane]),
                reciprocal_sigmoid(simd, simd.splat(x)),
            );
            let on = simd.less(threshold, simd.splat(1.0)) & 1;
            word |= u64::from(on) << lane;
            left &= left - 1;
        }
        word
    }
}

/// The sum of a direction over the units that are on, in sixteen lanes on all instruction sets.
#[inline(always)]
fn product<S: Simd>(simd: S, word: u64, direction: &[f32; GROUP]) -> f64 {
    let parts = MOST_LANES / S::LANES;
    let mut sums = [simd.splat(0.0); 2];
    for (vector, direction) in direction.chunks_exact(S::LANES).enumerate() {
        let on = simd.ones((word >> (vector * S::LANES)) as u32);
        let sum = &mut sums[vector % parts];
        *sum = simd.add(*sum, simd.mul(on, load(simd, direction)));
    }
    let mut lanes = [0.0; MOST_LANES];
    for (lanes, sum) in lanes.chunks_exact_mut(S::LANES).zip(sums) {
        store(simd, lanes, sum);
    }
    lanes.iter().map(|&x| f64::from(x)).sum()
}
