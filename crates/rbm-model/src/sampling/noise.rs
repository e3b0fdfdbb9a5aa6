//! Counter-based random numbers: a draw is a pure function of where it is used.
//!
//! Philox4x32-10 encrypts a 128-bit counter under a 64-bit key. Here the counter says which
//! unit of which chain at which step is drawn, so there is no state to store or to share
//! between threads: the same seed gives the same run on any number of threads and on every
//! backend, and a run that is resumed at step `t` continues with the draws of step `t`.
//!
//! | counter word | holds |
//! |---|---|
//! | 0 | `16 * (column / 64) + column % 16` |
//! | 1 | row |
//! | 2 | step, low 32 bits |
//! | 3 | `stream << 24 \| layer << 23 \| (step >> 32)`, with 8, 1 and 23 bits |
//!
//! and the output word is number `(column % 64) / 16` of the four. One evaluation thus serves
//! columns `c`, `c + 16`, `c + 32` and `c + 48` of a group of 64: a kernel that runs over
//! sixteen columns at a time, and one that runs over rows, both use all four words without
//! moving any between lanes.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11 (2011),
//! doi:10.1145/2063384.2063405; the constants are those of its reference implementation, Random123.

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
#[must_use]
#[inline]
pub const fn uniform_from_bits(bits: u32) -> f32 {
    // The 23 bits as the mantissa of a number in [1, 2); subtracting 1 - 2^-24 is exact.
    f32::from_bits(0x3F80_0000 | (bits >> 9)) - (1.0 - 0.5 / 8_388_608.0)
}

/// Which layer of the machine a draw belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The visible units.
    Visible,
    /// The hidden units.
    Hidden,
}

/// Names one matrix of uniform numbers: a row for each chain, a column for each unit.
///
/// Numbers under different keys are independent, but for keys that differ by `first_row` alone: those
/// name parts of one matrix. Rows and columns are taken modulo 2^32 and `step` modulo 2^55.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseKey {
    /// Seed of the run.
    pub seed: u64,
    /// What the numbers are for, so that two uses of one seed never share any.
    pub stream: u8,
    /// Number of the Gibbs sweep.
    pub step: u64,
    /// The layer that is drawn.
    pub layer: Layer,
    /// Row of the whole matrix that is row 0 here: chains on several devices draw what they would
    /// draw on one.
    pub first_row: u32,
}

impl NoiseKey {
    /// The two key words of Philox.
    #[must_use]
    #[inline]
    pub const fn philox_key(&self) -> [u32; 2] {
        [self.seed as u32, (self.seed >> 32) as u32]
    }

    /// Counter of the evaluation that serves `column` of `row`.
    #[must_use]
    #[inline]
    pub const fn counter(&self, row: usize, column: usize) -> [u32; 4] {
        let layer = match self.layer {
            Layer::Visible => 0,
            Layer::Hidden => 1 << 23,
        };
        [
            (16 * (column / 64) + column % 16) as u32,
            self.first_row.wrapping_add(row as u32),
            self.step as u32,
            (self.stream as u32) << 24 | layer | ((self.step >> 32) as u32 & 0x007F_FFFF),
        ]
    }

    /// The random word of one unit of one chain.
    #[must_use]
    #[inline]
    pub const fn bits(&self, row: usize, column: usize) -> u32 {
        philox4x32(self.counter(row, column), self.philox_key())[(column % 64) / 16]
    }

    /// The uniform number in (0, 1) of one unit of one chain.
    #[must_use]
    #[inline]
    pub const fn uniform(&self, row: usize, column: usize) -> f32 {
        uniform_from_bits(self.bits(row, column))
    }

    /// Fills whole rows, starting at `first_row`, with the numbers of [`uniform`](Self::uniform).
    ///
    /// `out` is row-major with `columns` entries a row; a last, incomplete row gets its first entries.
    pub fn fill(&self, first_row: usize, columns: usize, out: &mut [f32]) {
        if columns == 0 {
            return;
        }
        let key = self.philox_key();
        for (index, values) in out.chunks_mut(columns).enumerate() {
            for (group, values) in values.chunks_mut(64).enumerate() {
                for lane in 0..values.len().min(16) {
                    let counter = self.counter(first_row + index, 64 * group + lane);
                    let words = philox4x32(counter, key);
                    for (value, &bits) in values[lane..].iter_mut().step_by(16).zip(&words) {
                        *value = uniform_from_bits(bits);
                    }
                }
            }
        }
    }
}

/// An endless sequence of random words, for draws that are not a matrix.
///
/// Word `i` is output `i % 4` of the counter `(i / 4, 2^32 - 1, step, tag)`, with the tag of
/// the visible layer; it meets the numbers of a [`NoiseKey`] with the same seed, stream and
/// step only in row 2^32 - 1. Use a stream of its own all the same.
#[derive(Clone, Debug)]
pub struct Sequence {
    key: NoiseKey,
    block: u32,
    words: [u32; 4],
    used: usize,
}

impl Sequence {
    /// The sequence of one (seed, stream, step), from its beginning. It repeats after 2^34 words.
    #[must_use]
    pub const fn new(seed: u64, stream: u8, step: u64) -> Self {
        Self {
            key: NoiseKey {
                seed,
                stream,
                step,
                layer: Layer::Visible,
                first_row: 0,
            },
            block: 0,
            words: [0; 4],
            used: 4,
        }
    }

    /// The next 32 random bits.
    #[must_use]
    pub fn next_bits(&mut self) -> u32 {
        if self.used == 4 {
            let [_, _, step, tag] = self.key.counter(0, 0);
            self.words = philox4x32([self.block, u32::MAX, step, tag], self.key.philox_key());
            self.block = self.block.wrapping_add(1);
            self.used = 0;
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    /// A uniform number in (0, 1), as [`uniform_from_bits`] makes it.
    #[must_use]
    pub fn next_uniform(&mut self) -> f32 {
        uniform_from_bits(self.next_bits())
    }

    /// A uniform integer in `0..bound`, without bias; 0 for a bound of 0.
    ///
    /// Multiply and reject: Lemire, ACM Trans. Model. Comput. Simul. 29, 3 (2019),
    /// doi:10.1145/3230636.
    #[must_use]
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        // 2^32 mod bound: of the 2^32 words this many are refused, so that all results are as likely.
        let refused = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.next_bits()) * u64::from(bound);
            if product as u32 >= refused {
                return (product >> 32) as u32;
            }
        }
    }
}

/// A uniformly random order of `0..n` for one epoch: Fisher and Yates' shuffle.
///
/// All n! orders are equally likely, up to the quality of the generator. The order depends on
/// the four arguments only; numbers come from [`Sequence`] with `epoch` as the step.
#[must_use]
pub fn shuffle(seed: u64, stream: u8, epoch: u64, n: u32) -> Vec<u32> {
    let mut sequence = Sequence::new(seed, stream, epoch);
    let mut order: Vec<u32> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last as usize, sequence.below(last + 1) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: NoiseKey = NoiseKey {
        seed: 0x0123_4567_89AB_CDEF,
        stream: 7,
        step: 0x12_3456_789A,
        layer: Layer::Hidden,
        first_row: 0,
    };

    /// The vectors for `philox4x32 10` in Random123's `kat_vectors`.
    #[test]
    fn known_answers() {
        let cases = [
            (
                [0; 4],
                [0; 2],
                [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8],
            ),
            (
                [u32::MAX; 4],
                [u32::MAX; 2],
                [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD],
            ),
            (
                [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344],
                [0xA409_3822, 0x299F_31D0],
                [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1],
            ),
        ];
        for (counter, key, expected) in cases {
            assert_eq!(philox4x32(counter, key), expected);
        }
    }

    #[test]
    fn counter_layout() {
        assert_eq!(KEY.philox_key(), [0x89AB_CDEF, 0x0123_4567]);
        assert_eq!(
            KEY.counter(5, 64 * 3 + 16 * 2 + 9),
            [16 * 3 + 9, 5, 0x3456_789A, 7 << 24 | 1 << 23 | 0x12]
        );
        assert_eq!(
            KEY.bits(5, 64 * 3 + 16 * 2 + 9),
            philox4x32(KEY.counter(5, 64 * 3 + 9), KEY.philox_key())[2]
        );
        let far = NoiseKey {
            step: u64::MAX,
            layer: Layer::Visible,
            ..KEY
        };
        assert_eq!(far.counter(0, 0)[2..], [u32::MAX, 7 << 24 | 0x007F_FFFF]);
    }

    #[test]
    fn uniform_is_exact_and_inside_the_interval() {
        for bits in [0, 511, 512, 0x8000_0000, 0xFFFF_FE00, u32::MAX] {
            let exact = (f64::from(bits >> 9) + 0.5) / 8_388_608.0;
            assert_eq!(f64::from(uniform_from_bits(bits)), exact);
            assert!(exact > 0.0 && exact < 1.0);
        }
    }

    #[test]
    fn a_part_of_the_rows_has_the_numbers_of_the_whole() {
        let part = NoiseKey {
            first_row: 5,
            ..KEY
        };
        assert_eq!(part.uniform(3, 70), KEY.uniform(8, 70));
        let last = NoiseKey {
            first_row: u32::MAX,
            ..KEY
        };
        assert_eq!(last.bits(1, 0), KEY.bits(0, 0));
    }

    #[test]
    fn fill_gives_the_single_draws() {
        for columns in [1, 15, 16, 17, 64, 65, 100, 130] {
            let mut out = vec![0.0; 3 * columns - columns / 2];
            KEY.fill(11, columns, &mut out);
            for (index, &value) in out.iter().enumerate() {
                assert_eq!(value, KEY.uniform(11 + index / columns, index % columns));
            }
        }
        KEY.fill(0, 0, &mut [0.0]);
    }

    /// Mean and variance of 2^18 numbers, and the correlation of neighbours in each direction.
    #[test]
    fn moments_and_neighbours() {
        const ROWS: usize = 512;
        const COLUMNS: usize = 512;
        let mut now = vec![0.0; ROWS * COLUMNS];
        let mut next = now.clone();
        KEY.fill(0, COLUMNS, &mut now);
        NoiseKey {
            step: KEY.step + 1,
            ..KEY
        }
        .fill(0, COLUMNS, &mut next);
        let n = now.len() as f64;
        let centred: Vec<f64> = now.iter().map(|&u| f64::from(u) - 0.5).collect();
        let mean = centred.iter().sum::<f64>() / n;
        assert!(mean.abs() < 5.0 * (1.0 / 12.0 / n).sqrt(), "mean {mean}");
        // The square of a uniform number in (-1/2, 1/2) has mean 1/12 and variance 1/180.
        let square = centred.iter().map(|u| u * u).sum::<f64>() / n - 1.0 / 12.0;
        assert!(
            square.abs() < 5.0 * (1.0 / 180.0 / n).sqrt(),
            "square {square}"
        );
        let correlation = |pairs: &mut dyn Iterator<Item = (f64, f64)>| {
            let (sum, count) = pairs.fold((0.0, 0.0), |(s, k), (a, b)| (s + a * b, k + 1.0));
            // Each product has mean 0 and variance 1/144; in units of its standard deviation.
            sum * 12.0 / f64::sqrt(count)
        };
        let lag = |lag: usize| {
            correlation(&mut centred.iter().copied().zip(centred[lag..].iter().copied()))
        };
        for (name, z) in [
            ("column", lag(1)),
            ("word", lag(16)),
            ("group", lag(64)),
            ("row", lag(COLUMNS)),
            (
                "step",
                correlation(
                    &mut centred
                        .iter()
                        .copied()
                        .zip(next.iter().map(|&u| f64::from(u) - 0.5)),
                ),
            ),
        ] {
            assert!(z.abs() < 5.0, "{name}: z = {z}");
        }
    }

    #[test]
    fn integers_are_uniform() {
        let mut sequence = Sequence::new(1, 2, 3);
        assert_eq!(sequence.below(0), 0);
        assert_eq!(sequence.below(1), 0);
        const DRAWS: u32 = 70_000;
        let mut counts = [0_u32; 7];
        for _ in 0..DRAWS {
            counts[sequence.below(7) as usize] += 1;
        }
        let expected = f64::from(DRAWS) / 7.0;
        let chi2: f64 = counts
            .iter()
            .map(|&c| (f64::from(c) - expected).powi(2) / expected)
            .sum();
        // Six degrees of freedom: mean 6, variance 12.
        assert!(chi2 < 6.0 + 5.0 * 12.0_f64.sqrt(), "chi2 {chi2}");
        // A bound that refuses almost half of all words still fills its range evenly.
        let bound = (1 << 31) + 1;
        let low = (0..10_000)
            .filter(|_| sequence.below(bound) < bound / 2)
            .count();
        assert!((low as f64 - 5_000.0).abs() < 5.0 * 50.0, "low {low}");
    }

    #[test]
    fn shuffles_are_permutations_and_all_orders_as_likely() {
        assert!(shuffle(1, 0, 0, 0).is_empty());
        assert_eq!(shuffle(1, 0, 0, 1), [0]);
        let order = shuffle(9, 1, 4, 1000);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..1000));
        assert_ne!(order, sorted);
        assert_eq!(order, shuffle(9, 1, 4, 1000));
        assert_ne!(order, shuffle(9, 1, 5, 1000));
        assert_ne!(order, shuffle(9, 2, 4, 1000));
        const EPOCHS: u64 = 24_000;
        let mut counts = std::collections::BTreeMap::new();
        for epoch in 0..EPOCHS {
            *counts.entry(shuffle(3, 1, epoch, 4)).or_insert(0_u32) += 1;
        }
        let expected = EPOCHS as f64 / 24.0;
        let chi2: f64 = counts
            .values()
            .map(|&c| (f64::from(c) - expected).powi(2) / expected)
            .sum();
        assert_eq!(counts.len(), 24);
        assert!(chi2 < 23.0 + 5.0 * 46.0_f64.sqrt(), "chi2 {chi2}");
    }
}
