//! Transposition of weights.

use crate::kernels::simd::{MOST_LANES, Simd, load, store};

/// Transposes a block of `rows` x `columns`, given the distances between rows.
#[inline(always)]
pub(super) fn transpose_block(
    from: &[f32],
    from_stride: usize,
    (rows, columns): (usize, usize),
    to: &mut [f32],
    to_stride: usize,
) {
    for row in (0..rows).step_by(4) {
        for column in (0..columns).step_by(4) {
            let from = &from[row * from_stride + column..];
            let to = &mut to[column * to_stride + row..];
            if row + 4 <= rows && column + 4 <= columns {
                transpose_square(from, from_stride, to, to_stride);
                continue;
            }
            for i in 0..(rows - row).min(4) {
                for j in 0..(columns - column).min(4) {
                    to[j * to_stride + i] = from[i * from_stride + j];
                }
            }
        }
    }
}

/// As [`transpose_block`], with squares as large as the vectors allow.
#[inline(always)]
pub(super) fn transpose_with<S: Simd>(
    simd: S,
    from: &[f32],
    from_stride: usize,
    (rows, columns): (usize, usize),
    to: &mut [f32],
    to_stride: usize,
) {
    for row in (0..rows).step_by(S::LANES) {
        for column in (0..columns).step_by(S::LANES) {
            let from = &from[row * from_stride + column..];
            let to = &mut to[column * to_stride + row..];
            let (height, width) = (S::LANES.min(rows - row), S::LANES.min(columns - column));
            if height < S::LANES || width < S::LANES {
                transpose_block(from, from_stride, (height, width), to, to_stride);
                continue;
            }
            let mut square = [simd.splat(0.0); MOST_LANES];
            let rows = from.chunks(from_stride).take(S::LANES);
            for (vector, row) in square.iter_mut().zip(rows) {
                *vector = load(simd, &row[..S::LANES]);
            }
            simd.transpose(&mut square);
            let rows = to.chunks_mut(to_stride).take(S::LANES);
            for (&vector, row) in square.iter().zip(rows) {
                store(simd, &mut row[..S::LANES], vector);
            }
        }
    }
}

/// Transposes a square of 4 x 4, given the distances between rows.
#[inline(always)]
fn transpose_square(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
    assert!(from.len() >= 3 * from_stride + 4 && to.len() >= 3 * to_stride + 4);
    // SSE is part of every x86-64; the compiler does not find these shuffles in the loop below.
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{
            _mm_loadu_ps, _mm_movehl_ps, _mm_movelh_ps, _mm_storeu_ps, _mm_unpackhi_ps,
            _mm_unpacklo_ps,
        };
        let (from, to) = (from.as_ptr(), to.as_mut_ptr());
        // SAFETY: the assertion covers four entries of each of four rows on both sides.
        unsafe {
            let a = _mm_loadu_ps(from);
            let b = _mm_loadu_ps(from.add(from_stride));
            let c = _mm_loadu_ps(from.add(2 * from_stride));
            let d = _mm_loadu_ps(from.add(3 * from_stride));
            let (low_ab, high_ab) = (_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
            let (low_cd, high_cd) = (_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));
            _mm_storeu_ps(to, _mm_movelh_ps(low_ab, low_cd));
            _mm_storeu_ps(to.add(to_stride), _mm_movehl_ps(low_cd, low_ab));
            _mm_storeu_ps(to.add(2 * to_stride), _mm_movelh_ps(high_ab, high_cd));
            _mm_storeu_ps(to.add(3 * to_stride), _mm_movehl_ps(high_cd, high_ab));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    for i in 0..4 {
        for j in 0..4 {
            to[j * to_stride + i] = from[i * from_stride + j];
        }
    }
}

/// The transposed of a row-major matrix with rows of `columns` entries.
#[cfg(test)]
pub(super) fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    let rows = matrix.len() / columns;
    let mut out = vec![0.0; matrix.len()];
    transpose_block(matrix, columns, (rows, columns), &mut out, rows);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::statistics::numbers;

    #[test]
    fn weights_are_transposed() {
        for (rows, columns) in [(1, 1), (3, 40), (40, 3), (16, 16), (33, 50), (4, 9)] {
            let matrix = numbers(1, 1.0, rows * columns);
            let transposed = transposed(&matrix, columns);
            for row in 0..rows {
                for column in 0..columns {
                    assert_eq!(
                        transposed[column * rows + row],
                        matrix[row * columns + column]
                    );
                }
            }
        }
    }
}
