//! Draws that are not a matrix: sequences of random words, and orders.

use super::key::NoiseKey;
use super::philox::{philox4x32, uniform_from_bits};

/// An endless sequence of random words, for draws that are not a matrix.
///
/// Word `i` is output `i % 4` of the counter `(i / 4, 2^32 - 1, step, tag)`, with the tag of
/// the visible layer; it meets the numbers of a [`NoiseKey`] with the same seed, stream and
/// step only in row 2^32 - 1. Use a stream of its own all the same.
///
/// # Examples
/// ```
/// use rbm_model::noise::{Sequence, stream};
/// let mut sequence = Sequence::new(7, stream::SAMPLE, 0);
/// // A fair die: 1000 of each face, give or take five standard deviations of 28.9.
/// let mut faces = [0u32; 6];
/// for _ in 0..6000 {
///     faces[sequence.below(6) as usize] += 1;
/// }
/// assert!(faces.iter().all(|count| count.abs_diff(1000) < 145));
/// ```
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
            key: NoiseKey::new(seed, stream).with_step(step),
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

/// A uniformly random order of `0..n` for one epoch: Fisher and Yates' shuffle
/// (in place, R. Durstenfeld, Commun. ACM 7, 420 (1964)).
///
/// All n! orders are equally likely, up to the quality of the generator. The order depends on
/// the four arguments only; numbers come from [`Sequence`] with `epoch` as the step.
///
/// # Examples
/// ```
/// use rbm_model::noise::{shuffle, stream};
/// let mut order = shuffle(7, stream::SHUFFLE, 0, 100);
/// assert_ne!(order, shuffle(7, stream::SHUFFLE, 1, 100));
/// order.sort();
/// assert!(order.into_iter().eq(0..100));
/// ```
#[must_use]
pub fn shuffle(seed: u64, stream: u8, epoch: u64, n: u32) -> Vec<u32> {
    let mut sequence = Sequence::new(seed, stream, epoch);
    let mut order: Vec<u32> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last as usize, sequence.below(last + 1) as usize);
    }
    order
}
