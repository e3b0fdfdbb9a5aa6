//! From sums to probabilities and states of a layer.

use super::contraction::{Contraction, Finish};
use super::integers::IntegerInputs;
use crate::kernels::bit_matrix::last_mask;
use crate::kernels::draw::{GROUP, GroupNoise, MOST_VECTORS, reciprocal_sigmoid, uniform};
use crate::kernels::parallel::Tiles;
use crate::kernels::simd::{Simd, load, store};
use crate::kernels::{BitMatrix, Isa};
use crate::noise::NoiseKey;
use std::ops::Range;

/// A layer's fields, given the states of the other.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    /// What is summed.
    pub(super) inputs: IntegerInputs<'a>,
    /// `[outputs]`
    pub(super) bias: &'a [f32],
}

/// Draws units from their fields, those of a layer from `first` on, and gives their probabilities
/// `[chains, outputs]`; `first` is a multiple of 64. Where fewer states are drawn than there are chains, they
/// are those of the last ones.
pub(super) fn activate(
    isa: Isa,
    fields: Fields<'_>,
    first: usize,
    draw: Option<(NoiseKey, &mut BitMatrix)>,
    probabilities: Option<&mut [f32]>,
) {
    let outputs = fields.bias.len();
    let sums = Contraction {
        inputs: &[fields.inputs],
        outputs,
    };
    let chains = sums.chains();
    let activation = Activation {
        bias: fields.bias,
        step: fields.inputs.scale.step(),
        first_group: first / GROUP,
        draw: draw.map(|(key, states)| Draw {
            key,
            first: chains - states.rows(),
            words: words(states),
        }),
        probabilities: probabilities.map(|p| Tiles::new(p, outputs)),
    };
    sums.run(isa, &activation);
}

/// The words of states `[chains, groups]`, to be written.
pub(super) fn words(states: &mut BitMatrix) -> Tiles<'_, u64> {
    let stride = states.stride();
    Tiles::new(states.words_mut(), stride)
}

/// Turns sums into probabilities and states.
struct Activation<'a> {
    /// `[outputs]`
    bias: &'a [f32],
    /// What a sum of 1 is worth.
    step: f32,
    /// Group of the layer that the first output begins.
    first_group: usize,
    draw: Option<Draw<'a>>,
    /// `[chains, outputs]`
    probabilities: Option<Tiles<'a, f32>>,
}

/// States to be drawn.
struct Draw<'a> {
    key: NoiseKey,
    /// Number of the chain that the first of them belongs to.
    first: usize,
    /// Words of the whole layer.
    words: Tiles<'a, u64>,
}

impl Finish for Activation<'_> {
    type Number = i32;

    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, group: usize, chains: Range<usize>, field: &[i32]) {
        let first = GROUP * group;
        let (bias, step) = (padded(self.bias, group), simd.splat(self.step));
        let columns = (self.bias.len() - first).min(GROUP);
        let drawn = self.first_group + group;
        let draw = self.draw.as_ref();
        let draw = draw.map(|draw| (draw, GroupNoise::new(simd, draw.key, drawn)));
        for (field, chain) in field.chunks_exact(GROUP).zip(chains) {
            let mut reciprocals = [simd.splat(0.0); MOST_VECTORS];
            let vectors = field
                .chunks_exact(S::LANES)
                .zip(bias.chunks_exact(S::LANES));
            for (reciprocal, (sum, bias)) in reciprocals.iter_mut().zip(vectors) {
                let field = simd.add(load(simd, bias), simd.mul(step, real(simd, sum)));
                *reciprocal = reciprocal_sigmoid(simd, field);
            }
            if let Some((draw, noise)) = &draw
                && chain >= draw.first
            {
                let row = chain - draw.first;
                let bits = noise.bits(simd, row as u32);
                let mut word = 0;
                for vector in 0..GROUP / S::LANES {
                    let threshold = simd.mul(uniform(simd, bits[vector]), reciprocals[vector]);
                    let on = simd.less(threshold, simd.splat(1.0));
                    word |= u64::from(on) << (vector * S::LANES);
                }
                // SAFETY: no two calls have the same group and overlapping chains.
                let place = unsafe { draw.words.piece(row, drawn..drawn + 1) };
                place[0] = word & last_mask(columns);
            }
            if let Some(probabilities) = &self.probabilities {
                // SAFETY: no two calls have the same group and overlapping chains.
                let row = unsafe { probabilities.piece(chain, first..first + columns) };
                for (row, &reciprocal) in row.chunks_mut(S::LANES).zip(&reciprocals) {
                    store(simd, row, simd.div(simd.splat(1.0), reciprocal));
                }
            }
        }
    }
}

/// A vector of integer sums as f32.
#[inline(always)]
pub(super) fn real<S: Simd>(simd: S, sums: &[i32]) -> S::F {
    simd.real(simd.bits(load(simd, bytemuck::cast_slice(sums))))
}

/// 64 entries from a group on; 0 beyond the end.
#[inline(always)]
pub(super) fn padded(values: &[f32], group: usize) -> [f32; GROUP] {
    let mut out = [0.0; GROUP];
    let values = &values[GROUP * group..];
    let count = values.len().min(GROUP);
    out[..count].copy_from_slice(&values[..count]);
    out
}
