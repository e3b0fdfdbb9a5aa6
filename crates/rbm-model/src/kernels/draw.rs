//! From fields to probabilities and states, a vector at a time.

use super::simd::Simd;
use crate::sampling::noise::{NoiseKey, PHILOX_MULTIPLIERS, PHILOX_ROUNDS, PHILOX_WEYL};

/// Columns that one group of Philox evaluations serves; see [`crate::sampling::noise`].
pub(super) const GROUP: usize = 64;
/// Columns between two words of one evaluation.
pub(super) const WORD: usize = 16;

/// Fields are cut to this size: e^86 is far from overflow, and sigmoid(-86) is below 1e-37.
const FIELD_LIMIT: f32 = 86.0;

/// e^-x for |x| <= 86, and the value at the nearer end outside.
///
/// With n = round(-x / ln 2) and s = x + n ln 2, e^-x = 2^n e^-s, |s| <= (ln 2) / 2. The
/// polynomial 1 - s + s^2 q(s) has the smallest relative error over that interval (3e-9, found by
/// linear programming); with rounding the result is within 1 unit in the last place.
/// Reduction as in Cody and Waite, "Software manual for the elementary functions" (1980), ch. 6.
#[inline(always)]
fn exp_neg<S: Simd>(simd: S, x: S::F) -> S::F {
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
/// [`uniform_from_bits`](crate::sampling::noise::uniform_from_bits).
#[inline(always)]
pub(super) fn uniform<S: Simd>(simd: S, bits: S::U) -> S::F {
    let mantissa = simd.or_u(simd.shr_u::<9>(bits), simd.splat_u(0x3F80_0000));
    simd.sub(
        simd.with_bits(mantissa),
        simd.splat(1.0 - 0.5 / 8_388_608.0),
    )
}

/// The noise of `LANES` columns (times four words) for any row.
///
/// Within a group the counters of different rows differ in one word only. What follows from
/// the other three in the first three rounds is worked out here, once.
#[derive(Clone, Copy)]
pub(super) struct GroupNoise<S: Simd> {
    /// First word after round 1, but for the row.
    row_mask: u32,
    /// After round 2: third word, but for the row's part; with the key of round 3 in it.
    third: S::W,
    /// For round 3: second word and key; what the first word makes of itself.
    second: S::W,
    first_high: S::W,
    first_low: S::W,
    key: [u32; 2],
}

impl<S: Simd> GroupNoise<S> {
    /// Lanes `first_lane .. first_lane + LANES` of the sixteen of group number `group`.
    #[inline(always)]
    pub(super) fn new(simd: S, key: NoiseKey, group: usize, first_lane: usize) -> Self {
        let [first, _, step, tag] = key.counter(0, GROUP * group + first_lane);
        let [k0, k1] = key.philox_key();
        let [w0, w1] = PHILOX_WEYL;
        let m0 = simd.splat_w(PHILOX_MULTIPLIERS[0]);
        let m1 = simd.splat_w(PHILOX_MULTIPLIERS[1]);

        // Round 1: words 0 and 2 are multiplied.
        let counters = simd.add_u(simd.splat_u(first), simd.lane_numbers());
        let a = simd.mul_w(simd.widen(counters), m0);
        let b = u64::from(PHILOX_MULTIPLIERS[1]) * u64::from(step);
        let row_mask = (b >> 32) as u32 ^ k0;
        let c1 = b as u32;
        let c2 = simd.xor_w(simd.high_w(a), simd.splat_w(tag ^ k1));
        let c3 = a;
        // Round 2: word 0 is the row's alone, word 2 the group's alone.
        let (k0, k1) = (k0.wrapping_add(w0), k1.wrapping_add(w1));
        let b = simd.mul_w(c2, m1);
        let c0 = simd.xor_w(simd.high_w(b), simd.splat_w(c1 ^ k0));
        let c1 = b;
        let third = simd.xor_w(c3, simd.splat_w(k1));
        // Round 3: word 0 is the group's alone, word 2 has both.
        let (k0, k1) = (k0.wrapping_add(w0), k1.wrapping_add(w1));
        let a = simd.mul_w(c0, m0);
        Self {
            row_mask,
            third,
            second: simd.xor_w(c1, simd.splat_w(k0)),
            first_high: simd.xor_w(simd.high_w(a), simd.splat_w(k1)),
            first_low: a,
            key: [k0.wrapping_add(w0), k1.wrapping_add(w1)],
        }
    }

    /// The random words of a row: word w belongs to columns `16 w` after those of word 0.
    #[inline(always)]
    pub(super) fn bits(&self, simd: S, row: u32) -> [S::U; 4] {
        let m0 = simd.splat_w(PHILOX_MULTIPLIERS[0]);
        let m1 = simd.splat_w(PHILOX_MULTIPLIERS[1]);
        let a = u64::from(PHILOX_MULTIPLIERS[0]) * u64::from(self.row_mask ^ row);
        // Rest of round 3.
        let c2 = simd.xor_w(self.third, simd.splat_w((a >> 32) as u32));
        let b = simd.mul_w(c2, m1);
        let mut c0 = simd.xor_w(simd.high_w(b), self.second);
        let mut c1 = b;
        let mut c2 = simd.xor_w(self.first_high, simd.splat_w(a as u32));
        let mut c3 = self.first_low;
        let [mut k0, mut k1] = self.key;
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
