//! The generator, and the uniform number that a random word stands for.

/// Multipliers of the two halves of a Philox4x32 round.
pub(crate) const PHILOX_MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// What is added to the two key words after each round (golden ratio and sqrt(3) - 1, as fractions).
pub(crate) const PHILOX_WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Rounds of Philox4x32-10.
pub(crate) const PHILOX_ROUNDS: usize = 10;

/// Philox4x32 with ten rounds: four random words for one counter.
///
/// A bijection of the counter for each key; words of different counters or keys behave as
/// independent uniform 32-bit integers.
///
/// # Examples
/// A known answer of Random123:
/// ```
/// let words = rbm_model::noise::philox4x32([0; 4], [0; 2]);
/// assert_eq!(words, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
#[must_use]
#[inline]
pub const fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    let mut round = 0;
    while round < PHILOX_ROUNDS {
        let a = PHILOX_MULTIPLIERS[0] as u64 * c0 as u64;
        let b = PHILOX_MULTIPLIERS[1] as u64 * c2 as u64;
        c0 = (b >> 32) as u32 ^ c1 ^ k0;
        c1 = b as u32;
        c2 = (a >> 32) as u32 ^ c3 ^ k1;
        c3 = a as u32;
        k0 = k0.wrapping_add(PHILOX_WEYL[0]);
        k1 = k1.wrapping_add(PHILOX_WEYL[1]);
        round += 1;
    }
    [c0, c1, c2, c3]
}

/// The number in (0, 1) that 32 random bits stand for: `((bits >> 9) + 1/2) * 2^-23`.
///
/// All 2^23 values are exact in f32, none is 0 or 1, and their mean is exactly 1/2.
///
/// # Examples
/// ```
/// use rbm_model::noise::uniform_from_bits;
/// let (least, most) = (uniform_from_bits(0), uniform_from_bits(u32::MAX));
/// assert_eq!((least, most), (2f32.powi(-24), 1.0 - 2f32.powi(-24)));
/// ```
#[must_use]
#[inline]
pub const fn uniform_from_bits(bits: u32) -> f32 {
    // The 23 bits as the mantissa of a number in [1, 2); subtracting 1 - 2^-24 is exact.
    f32::from_bits(0x3F80_0000 | (bits >> 9)) - (1.0 - 0.5 / 8_388_608.0)
}
