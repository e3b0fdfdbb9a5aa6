//! Weights as integers, so that fields are exact sums.

use crate::kernels::Isa;
use crate::kernels::parallel::{Tiles, for_each_task};
use crate::kernels::simd::{Kernel, Simd, load, store};

/// Rows of weights that a task takes.
const ROWS: usize = 64;
/// Lanes that a row's sum is kept in, on every instruction set.
const LANES: usize = 16;
/// Largest exponent: more would tell nothing of a field of size one.
const MOST: i32 = 100;

/// The power of two that turns the weights of a model into integers.
///
/// ```text
/// W_q = round(2^s W)   as i32, the even one of two nearest
/// field = bias + 2^-s f32(S),   S = sum of W_q over the inputs that are on
/// ```
///
/// s is the largest integer, at most 100, with
/// `2^s (1 + (N + M) 2^-23) F + max(N, M) < 2^31`, where F is the largest sum of |W| over a row or a
/// column of W, in f32. So no sum S leaves the range of an i32: it is exact, whatever the order of its
/// terms, and a field has the rounding of W and three roundings of f32. Where F is not finite, 2^-s is
/// NaN, and so are all fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightScale {
    up: f32,
    step: f32,
}

impl WeightScale {
    /// The scale of weights `[N, M]`, row-major; `columns` is M.
    #[must_use]
    pub fn of(weight: &[f32], columns: usize) -> Self {
        Self::with_isa(Isa::detect(), weight, columns)
    }

    pub(super) fn with_isa(isa: Isa, weight: &[f32], columns: usize) -> Self {
        let rows = weight.len().checked_div(columns).unwrap_or(0);
        let largest = largest_sum(isa, weight, rows, columns);
        if !largest.is_finite() {
            return Self {
                up: 0.0,
                step: f32::NAN,
            };
        }
        let rounding = 1.0 + (rows + columns) as f64 / f64::from(1 << 23);
        let room = f64::from(1u32 << 31) - rows.max(columns) as f64;
        let fits = |s: i32| f64::from(largest) * rounding * 2f64.powi(s) < room;
        // Sums are below 2^128.
        let exponent = (-MOST..=MOST).rev().find(|s| fits(*s)).unwrap_or(-MOST);
        Self {
            up: 2f32.powi(exponent),
            step: 2f32.powi(-exponent),
        }
    }

    /// 2^s.
    #[must_use]
    pub const fn up(self) -> f32 {
        self.up
    }

    /// 2^-s, what an integer sum is worth; NaN where the weights have no finite sums.
    #[must_use]
    pub const fn step(self) -> f32 {
        self.step
    }
}

/// The largest sum of |w| over a row or a column; infinite where any is not finite.
fn largest_sum(isa: Isa, weight: &[f32], rows: usize, columns: usize) -> f32 {
    let tasks = rows.div_ceil(ROWS);
    let mut by_column = vec![0.0; tasks * columns];
    let mut by_row = vec![0.0; rows];
    let (column_tiles, row_tiles) = (
        Tiles::new(&mut by_column, columns),
        Tiles::new(&mut by_row, rows),
    );
    for_each_task(weight.len() / 8, tasks, |task| {
        let range = ROWS * task..rows.min(ROWS * (task + 1));
        isa.run(Magnitudes {
            weight: &weight[range.start * columns..range.end * columns],
            // SAFETY: tasks have rows of their own.
            by_column: unsafe { column_tiles.piece(task, 0..columns) },
            // SAFETY: as above.
            by_row: unsafe { row_tiles.piece(0, range) },
        });
    });
    let larger = |max: f32, x: f32| {
        if x.is_finite() {
            max.max(x)
        } else {
            f32::INFINITY
        }
    };
    let column_sum = |column| {
        (0..tasks)
            .map(|task| by_column[task * columns + column])
            .sum()
    };
    let largest = (0..columns).map(column_sum).fold(0.0, larger);
    by_row.into_iter().fold(largest, larger)
}

/// Sums of |w| over some rows of weights, and over their parts of the columns.
struct Magnitudes<'a> {
    weight: &'a [f32],
    by_column: &'a mut [f32],
    by_row: &'a mut [f32],
}

impl Kernel for Magnitudes<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        /// Rows that share the reading and writing of the columns' sums.
        const TOGETHER: usize = 4;
        let rows = self.by_row.len();
        let whole = rows - rows % TOGETHER;
        for row in (0..whole).step_by(TOGETHER) {
            self.rows::<S, TOGETHER>(simd, row);
        }
        for row in whole..rows {
            self.rows::<S, 1>(simd, row);
        }
    }
}

impl Magnitudes<'_> {
    /// R rows from `first` on.
    #[inline(always)]
    fn rows<S: Simd, const R: usize>(&mut self, simd: S, first: usize) {
        let columns = self.by_column.len();
        let row = |r: usize| &self.weight[(first + r) * columns..][..columns];
        let rows: [&[f32]; R] = std::array::from_fn(row);
        let zero = simd.splat(0.0);
        // One vector of sixteen lanes, or two of eight.
        let mut sums = [[zero; 2]; R];
        for (v, total) in self.by_column.chunks_mut(S::LANES).enumerate() {
            let place = v * S::LANES..v * S::LANES + total.len();
            let mut sum = load(simd, total);
            for (row, sums) in rows.iter().zip(&mut sums) {
                let w = load(simd, &row[place.clone()]);
                let size = simd.at_least(simd.sub(zero, w), w);
                let by_row = &mut sums[v % (LANES / S::LANES)];
                *by_row = simd.add(*by_row, size);
                sum = simd.add(sum, size);
            }
            store(simd, total, sum);
        }
        for (out, sums) in self.by_row[first..first + R].iter_mut().zip(sums) {
            let mut lanes = [0.0; LANES];
            for (lanes, sum) in lanes.chunks_exact_mut(S::LANES).zip(sums) {
                store(simd, lanes, sum);
            }
            *out = lanes.iter().sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::statistics::{instruction_sets, numbers, on_threads};

    /// The largest sum of |round(2^s w)| over rows and columns, exactly.
    fn largest(weight: &[f32], columns: usize, up: f32) -> u64 {
        let integer = |w: &f32| (f64::from(*w) * f64::from(up)).round_ties_even().abs() as u64;
        let by_row = weight
            .chunks(columns)
            .map(|row| row.iter().map(integer).sum());
        let by_column =
            (0..columns).map(|c| weight.iter().skip(c).step_by(columns).map(integer).sum());
        by_row.chain(by_column).max().unwrap_or(0)
    }

    #[test]
    fn sums_fit_and_hardly_less_than_half_of_them_would() {
        for (rows, columns) in [(1, 1), (3, 40), (130, 70), (784, 50), (2000, 3)] {
            for size in [1e-38, 1e-20, 1e-3, 1.0, 7.9, 1e6, 1e30] {
                let mut weight = numbers(1, size, rows * columns);
                // One column that is huge.
                for index in (0..weight.len()).step_by(columns) {
                    weight[index] *= 100.0;
                }
                let scale = WeightScale::of(&weight, columns);
                assert_eq!(scale.up() * scale.step(), 1.0);
                let most = largest(&weight, columns, scale.up());
                assert!(most < 1 << 31, "{most}");
                let least = (1 << 30) - (1 << 20);
                assert!(most > least || scale.up() == 2f32.powi(MOST), "{most}");
            }
        }
    }

    #[test]
    fn any_weights_have_a_scale() {
        for weight in [[0.0; 6], [f32::from_bits(1); 6]] {
            assert_eq!(WeightScale::of(&weight, 3).up(), 2f32.powi(MOST));
        }
        let one = WeightScale::of(&[1.0], 1);
        assert_eq!((one.up(), one.step()), (2f32.powi(30), 2f32.powi(-30)));
        for bad in [f32::NAN, f32::INFINITY, f32::MAX] {
            let scale = WeightScale::of(&[1.0, bad, bad, bad], 2);
            assert!(scale.step().is_nan(), "{bad}");
        }
        assert!(WeightScale::of(&[1.0, f32::MAX], 1).step().is_normal());
    }

    #[test]
    fn same_scale_on_all_instruction_sets_and_threads() {
        for (rows, columns) in [(1, 1), (7, 3), (300, 170), (65, 1000)] {
            let weight = numbers(2, 1.0, rows * columns);
            let first = largest_sum(Isa::Portable, &weight, rows, columns);
            for isa in instruction_sets() {
                for threads in [1, 2, 3] {
                    let sum = on_threads(threads, || largest_sum(isa, &weight, rows, columns));
                    assert_eq!(sum, first);
                }
            }
        }
    }
}
