//! From fields to probabilities and states, a vector at a time.

use super::simd::Simd;
use crate::noise::{NoiseKey, PHILOX_MULTIPLIERS, PHILOX_ROUNDS, PHILOX_WEYL};

/// Columns that one group of Philox evaluations serves; see [`crate::noise`].
pub(super) const GROUP: usize = 64;
/// Columns between two words of one evaluation.
const WORD: usize = 16;

/// Fields are cut to this size: e^86 is far from overflow, and sigmoid(-86) is below 1e-37.
const FIELD_LIMIT: f32 = 86.0;

/// e^-x for |x| <= 86, and the value at the nearer end outside.
///
/// With n = round(-x / ln 2) and s = x + n ln 2, e^-x = 2^n e^-s, |s| <= (ln 2) / 2. The
/// polynomial 1 - s + s^2 q(s) has the smallest relative error over that interval (3e-9, found by
/// linear programming); with rounding the result is within 1 unit in the last place.
/// Reduction as in Cody and Waite, "Software manual for the elementary functions" (1980), ch. 6.
#[inline(always)]
pub(super) fn exp_neg<S: Simd>(simd: S, x: S::F) -> S::F {
    /// q, from the constant term on.
    const Q: [f32; 5] = [
        0.499_999_94,
        -0.166_665_21,
        0.041_668_344,
        -0.008_368_707,
        0.001_381_794_8,
    ];
    /// ln 2 = HIGH + LOW; n * HIGH is exact, HIGH having 9 bits.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    /// 1.5 * 2^23: adding it rounds to an integer, which the low bits of the sum then hold.
    const ROUND: f32 = 12_582_912.0;

    let x = simd.at_most(simd.splat(FIELD_LIMIT), x);
    let x = simd.at_least(simd.splat(-FIELD_LIMIT), x);
    let shifted = simd.add(
        simd.mul(x, simd.splat(-std::f32::consts::LOG2_E)),
        simd.splat(ROUND),
    );
    let n = simd.sub(shifted, simd.splat(ROUND));
    let s = simd.add(x, simd.mul(n, simd.splat(LN_2_HIGH)));
    let s = simd.add(s, simd.mul(n, simd.splat(LN_2_LOW)));
    let mut q = simd.splat(Q[4]);
    for &coefficient in Q[..4].iter().rev() {
        q = simd.add(simd.mul(q, s), simd.splat(coefficient));
    }
    let e = simd.sub(simd.mul(q, simd.mul(s, s)), s);
    let e = simd.add(e, simd.splat(1.0));
    // e is in [0.7, 1.42] and |n| <= 125: adding n to the exponent stays among normal numbers.
    simd.with_bits(simd.add_u(simd.bits(e), simd.shl_u::<23>(simd.bits(shifted))))
}

/// 1 + e^-x, the reciprocal of sigmoid(x). NaN where x is NaN.
#[inline(always)]
pub(super) fn reciprocal_sigmoid<S: Simd>(simd: S, x: S::F) -> S::F {
    simd.add(simd.splat(1.0), exp_neg(simd, x))
}

/// The uniform numbers in (0, 1) that random words stand for; see
/// [`uniform_from_bits`](crate::noise::uniform_from_bits).
#[inline(always)]
pub(super) fn uniform<S: Simd>(simd: S, bits: S::U) -> S::F {
    let mantissa = simd.or_u(simd.shr_u::<9>(bits), simd.splat_u(0x3F80_0000));
    simd.sub(
        simd.with_bits(mantissa),
        simd.splat(1.0 - 0.5 / 8_388_608.0),
    )
}

/// Vectors that 64 columns take at most.
pub(super) const MOST_VECTORS: usize = 8;

/// The noise of a group of 64 columns, for any row.
///
/// Within a group the counters of different rows differ in one word only. What follows from
/// the other three in the first three rounds is worked out here, once.
#[derive(Clone, Copy)]
pub(super) struct GroupNoise<S: Simd> {
    /// Number of row 0 in the whole matrix.
    first_row: u32,
    /// First word after round 1, but for the row.
    row_mask: u32,
    /// Keys of round 4.
    key: [u32; 2],
    /// The sixteen lanes of an evaluation: one vector, or two of eight.
    lanes: [LaneNoise<S>; 2],
}

/// What the rows have in common at the start of round 3.
#[derive(Clone, Copy)]
struct LaneNoise<S: Simd> {
    /// Third word but for the row's part, with the key of round 3.
    third: S::W,
    /// Second word, with the key of round 3.
    second: S::W,
    /// The product of the first word: upper half, with the key of round 3, and lower half.
    first: [S::W; 2],
}

impl<S: Simd> GroupNoise<S> {
    /// Columns `64 group ..` of the matrix that `key` names.
    #[inline(always)]
    pub(super) fn new(simd: S, key: NoiseKey, group: usize) -> Self {
        let [w0, w1] = PHILOX_WEYL;
        let [k0, k1] = key.philox_key();
        let [.., step, _] = key.counter(0, 0);
        let (l0, l1) = (k0.wrapping_add(w0), k1.wrapping_add(w1));
        let (m0, m1) = (l0.wrapping_add(w0), l1.wrapping_add(w1));
        let product = u64::from(PHILOX_MULTIPLIERS[1]) * u64::from(step);
        Self {
            first_row: key.first_row,
            row_mask: (product >> 32) as u32 ^ k0,
            key: [m0.wrapping_add(w0), m1.wrapping_add(w1)],
            lanes: [
                LaneNoise::new(simd, key, group, 0),
                LaneNoise::new(simd, key, group, WORD - S::LANES),
            ],
        }
    }

    /// The random words of a row, in the order of the columns: `64 / LANES` vectors, then copies.
    #[inline(always)]
    pub(super) fn bits(&self, simd: S, row: u32) -> [S::U; MOST_VECTORS] {
        let product = u64::from(PHILOX_MULTIPLIERS[0])
            * u64::from(self.row_mask ^ self.first_row.wrapping_add(row));
        let [a0, a1, a2, a3] = self.lanes[0].bits(simd, product, self.key);
        if S::LANES == WORD {
            return [a0, a1, a2, a3, a0, a1, a2, a3];
        }
        let [b0, b1, b2, b3] = self.lanes[1].bits(simd, product, self.key);
        [a0, b0, a1, b1, a2, b2, a3, b3]
    }
}

impl<S: Simd> LaneNoise<S> {
    /// Rounds 1 and 2, and the half of round 3 that does not know the row.
    #[inline(always)]
    fn new(simd: S, key: NoiseKey, group: usize, lane: usize) -> Self {
        let [first, _, step, tag] = key.counter(0, GROUP * group + lane);
        let [mut k0, mut k1] = key.philox_key();
        let m0 = simd.splat_w(PHILOX_MULTIPLIERS[0]);
        let m1 = simd.splat_w(PHILOX_MULTIPLIERS[1]);
        // Round 1: words 0 and 2 are multiplied. The row, word 1, goes into the new word 0.
        let counters = simd.add_u(simd.splat_u(first), simd.lane_numbers());
        let a = simd.mul_w(simd.widen(counters), m0);
        let c1 = PHILOX_MULTIPLIERS[1].wrapping_mul(step);
        let c2 = simd.xor_w(simd.high_w(a), simd.splat_w(tag ^ k1));
        let c3 = a;
        // Round 2: word 0 is the row's alone, word 2 the group's.
        k0 = k0.wrapping_add(PHILOX_WEYL[0]);
        k1 = k1.wrapping_add(PHILOX_WEYL[1]);
        let b = simd.mul_w(c2, m1);
        let c0 = simd.xor_w(simd.high_w(b), simd.splat_w(c1 ^ k0));
        let c1 = b;
        let third = simd.xor_w(c3, simd.splat_w(k1));
        // Round 3: word 0 is the group's alone, word 2 has both.
        k0 = k0.wrapping_add(PHILOX_WEYL[0]);
        k1 = k1.wrapping_add(PHILOX_WEYL[1]);
        let a = simd.mul_w(c0, m0);
        Self {
            third,
            second: simd.xor_w(c1, simd.splat_w(k0)),
            first: [simd.xor_w(simd.high_w(a), simd.splat_w(k1)), a],
        }
    }

    /// The rest of the rounds; `product` is that of the row's word in round 2, `key` that of round 4.
    #[inline(always)]
    fn bits(&self, simd: S, product: u64, key: [u32; 2]) -> [S::U; 4] {
        let m0 = simd.splat_w(PHILOX_MULTIPLIERS[0]);
        let m1 = simd.splat_w(PHILOX_MULTIPLIERS[1]);
        let c2 = simd.xor_w(self.third, simd.splat_w((product >> 32) as u32));
        let b = simd.mul_w(c2, m1);
        let mut c0 = simd.xor_w(simd.high_w(b), self.second);
        let mut c1 = b;
        let mut c2 = simd.xor_w(self.first[0], simd.splat_w(product as u32));
        let mut c3 = self.first[1];
        let [mut k0, mut k1] = key;
        for _ in 3..PHILOX_ROUNDS {
            let a = simd.mul_w(c0, m0);
            let b = simd.mul_w(c2, m1);
            c0 = simd.xor_w(simd.xor_w(simd.high_w(b), c1), simd.splat_w(k0));
            c1 = b;
            c2 = simd.xor_w(simd.xor_w(simd.high_w(a), c3), simd.splat_w(k1));
            c3 = a;
            k0 = k0.wrapping_add(PHILOX_WEYL[0]);
            k1 = k1.wrapping_add(PHILOX_WEYL[1]);
        }
        [
            simd.narrow(c0),
            simd.narrow(c1),
            simd.narrow(c2),
            simd.narrow(c3),
        ]
    }
}
