//! Sums for few chains, from the weights as they are.

use super::contraction::Work;
use super::integers::IntegerInputs;
use crate::kernels::draw::{GROUP, MOST_VECTORS};
use crate::kernels::simd::{MOST_LANES, Simd, load, store};

/// Adds the weights of the inputs that are on.
#[inline(always)]
pub(super) fn add<S: Simd>(simd: S, inputs: &IntegerInputs<'_>, work: &mut Work<'_, i32>) {
    let first = GROUP * work.group;
    let up = inputs.scale.up();
    for (field, chain) in work.field.chunks_exact_mut(GROUP).zip(work.chains.clone()) {
        let words = inputs.bits.row_words(chain);
        if inputs.weight.turned {
            for (output, field) in field[..work.columns].iter_mut().enumerate() {
                let row = inputs.weight.row(first + output, inputs.weight.rows);
                *field = field.wrapping_add(row_sum(simd, row, words, up));
            }
            continue;
        }
        let mut sums = [simd.splat_u(0); MOST_VECTORS];
        for (index, &word) in words.iter().enumerate() {
            let mut left = word;
            while left != 0 {
                let input = 64 * index + left.trailing_zeros() as usize;
                let row = inputs.weight.window_row(input, first, work.columns);
                let vectors = row.chunks(S::LANES);
                for (sum, weight) in sums[..GROUP / S::LANES].iter_mut().zip(vectors) {
                    *sum = simd.add_u(*sum, rounded(simd, weight, up));
                }
                left &= left - 1;
            }
        }
        for (field, sum) in field.chunks_exact_mut(S::LANES).zip(sums) {
            let before = simd.bits(load(simd, bytemuck::cast_slice(field)));
            let after = simd.with_bits(simd.add_u(before, sum));
            store(simd, bytemuck::cast_slice_mut(field), after);
        }
    }
}

/// A vector of weights as integers, zeros beyond its end.
#[inline(always)]
fn rounded<S: Simd>(simd: S, weight: &[f32], up: f32) -> S::U {
    simd.round(simd.mul(load(simd, weight), simd.splat(up)))
}

/// The sum of round(up w) over the weights of a row whose bits are 1.
#[inline(always)]
pub(super) fn row_sum<S: Simd>(simd: S, row: &[f32], words: &[u64], up: f32) -> i32 {
    let mut sum = simd.splat_u(0);
    for (row, &word) in row.chunks(64).zip(words) {
        for (v, weight) in row.chunks(S::LANES).enumerate() {
            let on = simd.ones((word >> (v * S::LANES)) as u32);
            let weight = simd.mul(on, load(simd, weight));
            sum = simd.add_u(sum, simd.round(simd.mul(weight, simd.splat(up))));
        }
    }
    let mut lanes = [0.0; MOST_LANES];
    store(simd, &mut lanes, simd.with_bits(sum));
    let lanes = &bytemuck::cast_slice::<f32, i32>(&lanes)[..S::LANES];
    lanes.iter().fold(0, |sum, &lane| sum.wrapping_add(lane))
}
