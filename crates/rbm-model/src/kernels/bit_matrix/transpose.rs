//! Transposition of bits.

/// Transposes a square of 64 x 64 bits: bit i of word j becomes bit j of word i. Missing words are 0.
///
/// Swaps squares of 32, then of 16, ... inside each other: Warren, "Hacker's Delight" (2nd ed. 2012), 7-3.
pub(super) fn transpose_bits(words: impl IntoIterator<Item = u64>) -> [u64; 64] {
    let mut square = [0; 64];
    square
        .iter_mut()
        .zip(words)
        .for_each(|(to, word)| *to = word);
    let mut half = 32;
    let mut mask = u64::MAX >> 32;
    while half > 0 {
        for block in (0..64).step_by(2 * half) {
            for low in block..block + half {
                let high = low + half;
                let swap = (square[low] >> half ^ square[high]) & mask;
                square[low] ^= swap << half;
                square[high] ^= swap;
            }
        }
        half /= 2;
        mask ^= mask << half;
    }
    square
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Sequence;

    #[test]
    fn bits_are_transposed() {
        let mut sequence = Sequence::new(1, 1, 1);
        for count in [0, 1, 5, 63, 64] {
            let words: Vec<u64> = (0..count)
                .map(|_| u64::from(sequence.next_bits()) << 32 | u64::from(sequence.next_bits()))
                .collect();
            let transposed = transpose_bits(words.iter().copied());
            for (i, word) in transposed.into_iter().enumerate() {
                for j in 0..64 {
                    let expected = words.get(j).map_or(0, |w| w >> i & 1);
                    assert_eq!(
                        word >> j & 1,
                        expected,
                        "{count} words, bit {j} of word {i}"
                    );
                }
            }
        }
    }
}
