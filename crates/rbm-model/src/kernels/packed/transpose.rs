//! Transposition of bits and of weights.

use rayon::prelude::*;

/// Transposes a square of 64 x 64 bits: bit i of word j becomes bit j of word i. Missing words are 0.
///
/// Swaps squares of 32, then of 16, ... inside each other: Warren, "Hacker's Delight" (2nd ed. 2012), 7-3.
pub(super) fn transpose_bits(words: &[u64]) -> [u64; 64] {
    let mut square = [0; 64];
    square[..words.len()].copy_from_slice(words);
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

/// Transposes a row-major matrix with rows of `columns` entries.
pub(super) fn transpose(matrix: &[f32], columns: usize) -> Vec<f32> {
    /// Side of the squares that are moved at a time.
    const SIDE: usize = 16;
    let rows = matrix.len().checked_div(columns).unwrap_or(0);
    let mut out = vec![0.0; rows * columns];
    if rows == 0 {
        return out;
    }
    out.par_chunks_mut(SIDE * rows)
        .enumerate()
        .for_each(|(strip, out)| {
            let first = strip * SIDE;
            for start in (0..rows).step_by(SIDE) {
                for row in start..rows.min(start + SIDE) {
                    let from = &matrix[row * columns + first..];
                    for (out, &value) in out.chunks_exact_mut(rows).zip(from) {
                        out[row] = value;
                    }
                }
            }
        });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::statistics::numbers;
    use crate::sampling::noise::Sequence;

    #[test]
    fn bits_are_transposed() {
        let mut sequence = Sequence::new(1, 1, 1);
        for count in [0, 1, 5, 63, 64] {
            let words: Vec<u64> = (0..count)
                .map(|_| u64::from(sequence.next_bits()) << 32 | u64::from(sequence.next_bits()))
                .collect();
            let transposed = transpose_bits(&words);
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

    #[test]
    fn weights_are_transposed() {
        for (rows, columns) in [(1, 1), (3, 40), (40, 3), (16, 16), (33, 50)] {
            let matrix = numbers(1, 1.0, rows * columns);
            let transposed = transpose(&matrix, columns);
            for row in 0..rows {
                for column in 0..columns {
                    assert_eq!(
                        transposed[column * rows + row],
                        matrix[row * columns + column]
                    );
                }
            }
        }
        assert!(transpose(&[], 0).is_empty());
    }
}
