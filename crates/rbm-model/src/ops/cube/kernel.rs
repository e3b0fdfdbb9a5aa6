//! The kernel: bias, sigmoid, noise and draw of a layer in one pass.
//!
//! A unit of the grid makes one Philox evaluation and draws the four columns that it serves,
//! `c`, `c + 16`, `c + 32` and `c + 48` of a group of 64 (see [`crate::noise`]). Its
//! number within the row is the first counter word as it stands, and sixteen neighbors read and
//! write sixteen neighboring columns. Where the columns do not fill a group, the units of the
//! missing ones have nothing to do.

use crate::noise::{NoiseKey, PHILOX_MULTIPLIERS, PHILOX_ROUNDS, PHILOX_WEYL};
use cubecl::prelude::*;

/// Columns that one group of Philox evaluations serves.
const GROUP: usize = 64;
/// Columns between two words of one evaluation, and evaluations that a group takes.
const WORD: usize = 16;
/// Fields are cut to this size, as on the CPU: e^86 is far from overflow, which a shader may
/// assume not to happen, and sigmoid(-86) is below 1e-37.
const FIELD_LIMIT: f32 = 86.0;
/// The exponent of a number in [1, 2), whose mantissa then holds 23 random bits.
const ONE_BITS: u32 = 0x3F80_0000;
/// What makes such a number the uniform one: 1 - 2^-24, exact in f32.
const OFFSET: f32 = 1.0 - 0.5 / 8_388_608.0;

/// What the counters of a launch have in common, and the Philox key.
#[derive(CubeType, CubeLaunch)]
pub(super) struct Noise {
    key_low: u32,
    key_high: u32,
    first_row: u32,
    step: u32,
    tag: u32,
}

/// The launch argument for the noise that `key` names.
pub(super) fn noise_arg(key: NoiseKey) -> NoiseLaunch {
    let [low, high] = key.philox_key();
    let [_, first_row, step, tag] = key.counter(0, 0);
    NoiseLaunch::new(low, high, first_row, step, tag)
}

/// Evaluations that a row of so many columns takes: the first counter word runs below this.
pub(super) fn evaluations_per_row(columns: usize) -> usize {
    columns.div_ceil(GROUP) * WORD
}

/// p = sigmoid(field + bias) and state = \[u < p\], for all entries.
///
/// `field`, `states` and `probabilities` are `[rows, columns]` and `bias` is `[columns]`, with
/// any strides, the same ones for both results. The comparison is u (1 + e^-x) < 1, as on the CPU. A NaN field gives state 0 and
/// probability NaN.
#[cube(launch_unchecked, address_type = "dynamic")]
pub(super) fn sample_layer(
    field: &Tensor<f32>,
    bias: &Tensor<f32>,
    states: &mut Tensor<f32>,
    probabilities: &mut Tensor<f32>,
    evaluations: usize,
    noise: Noise,
) {
    let row = ABSOLUTE_POS / evaluations;
    if row >= field.shape(0) {
        terminate!();
    }
    let evaluation = ABSOLUTE_POS % evaluations;
    let column = evaluation / WORD * GROUP + evaluation % WORD;

    let mut c0 = evaluation as u32;
    let mut c1 = noise.first_row + row as u32;
    let mut c2 = noise.step;
    let mut c3 = noise.tag;
    let mut k0 = noise.key_low;
    let mut k1 = noise.key_high;
    #[unroll]
    for _ in 0..PHILOX_ROUNDS {
        let m0 = comptime!(PHILOX_MULTIPLIERS[0]).runtime();
        let m1 = comptime!(PHILOX_MULTIPLIERS[1]).runtime();
        let low = c0 * m0;
        let high = c0.mul_hi(m0);
        let other_low = c2 * m1;
        let other_high = c2.mul_hi(m1);
        c0 = other_high ^ c1 ^ k0;
        c1 = other_low;
        c2 = high ^ c3 ^ k1;
        c3 = low;
        k0 += comptime!(PHILOX_WEYL[0]).runtime();
        k1 += comptime!(PHILOX_WEYL[1]).runtime();
    }

    draw(field, bias, states, probabilities, row, column, c0);
    draw(field, bias, states, probabilities, row, column + WORD, c1);
    draw(
        field,
        bias,
        states,
        probabilities,
        row,
        column + 2 * WORD,
        c2,
    );
    draw(
        field,
        bias,
        states,
        probabilities,
        row,
        column + 3 * WORD,
        c3,
    );
}

/// One entry, if there is such a column.
#[cube]
fn draw(
    field: &Tensor<f32>,
    bias: &Tensor<f32>,
    states: &mut Tensor<f32>,
    probabilities: &mut Tensor<f32>,
    row: usize,
    column: usize,
    bits: u32,
) {
    if column < field.shape(1) {
        let x =
            field[row * field.stride(0) + column * field.stride(1)] + bias[column * bias.stride(0)];
        let uniform = f32::reinterpret(ONE_BITS | (bits >> 9)) - OFFSET;
        let cut = clamp(x, -FIELD_LIMIT, FIELD_LIMIT);
        let reciprocal = 1.0 + (-cut).exp();
        // What minimum and maximum make of a NaN differs from device to device.
        let nan = x.is_nan();
        let on = uniform * reciprocal < 1.0 && !nan;
        // Both results have the same layout.
        let place = row * states.stride(0) + column * states.stride(1);
        states[place] = select(on, 1.0, 0.0);
        probabilities[place] = select(nan, x, 1.0 / reciprocal);
    }
}
