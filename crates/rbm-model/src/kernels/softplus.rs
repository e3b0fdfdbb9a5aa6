//! Sums of softplus over rows of fields: the hidden layer's part of free energies.

use super::Isa;
use super::check_shape;
use super::draw::reciprocal_sigmoid;
use super::parallel::{Tiles, for_each_task};
use super::simd::{Kernel, Simd, load, store};
use crate::error::ModelError;

/// Lanes of a partial sum, whatever the width of the vectors: the same bytes for all of them.
const LANES: usize = 16;
/// Vectors that a product runs over: 64 factors of at most 2 are far from overflow.
const FACTORS: usize = 64;
/// Entries that one task handles at least.
const TASK_ENTRIES: usize = 1 << 14;

/// `out[r] = sum_j softplus(field[r, j] + bias[j])`, softplus(x) = ln(1 + e^x).
///
/// By softplus(x) = max(x, 0) + ln(1 + e^-|x|), where the logarithm is taken of products: one for
/// 64 entries. Within 1e-6 of the largest entry times their number.
///
/// # Shapes
/// - `field`: `[rows, columns]`, row-major; `columns` is `bias.len()`
/// - `bias`: `[columns]`
/// - `out`: `[rows]`
///
/// # Errors
/// [`ModelError::Shape`] where a length does not fit.
///
/// # Examples
/// ```
/// let mut out = [0.0];
/// rbm_model::kernels::softplus::softplus_sum(&[0.0, 3f32.ln()], &[0.0; 2], &mut out)?;
/// // ln 2 + ln 4
/// assert!((out[0] - 8f32.ln()).abs() < 1e-6);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn softplus_sum(field: &[f32], bias: &[f32], out: &mut [f32]) -> Result<(), ModelError> {
    softplus_sum_with(Isa::detect(), field, bias, out)
}

/// [`softplus_sum`] with given instructions.
///
/// # Errors
/// As [`softplus_sum`].
fn softplus_sum_with(
    isa: Isa,
    field: &[f32],
    bias: &[f32],
    out: &mut [f32],
) -> Result<(), ModelError> {
    run(isa, field, bias.len(), Shift::Same(bias), out)
}

/// `out[r] = sum_j softplus(field[r, j] + signs[r] weight[units[r], j])`: what becomes of the hidden
/// layer's part of the free energy when one visible unit of each row changes.
///
/// # Shapes
/// - `field`: `[rows, columns]`, row-major
/// - `weight`: whole rows of `columns` entries
/// - `units`, `signs`, `out`: `[rows]`
///
/// # Errors
/// [`ModelError::Shape`] where a length does not fit, or a unit has no row of weights.
pub fn shifted_softplus_sum(
    field: &[f32],
    columns: usize,
    weight: &[f32],
    units: &[u32],
    signs: &[f32],
    out: &mut [f32],
) -> Result<(), ModelError> {
    check_shape("units", units.len(), &[out.len()])?;
    check_shape("signs", signs.len(), &[out.len()])?;
    let rows = weight.len().checked_div(columns).unwrap_or(0);
    let needed = units.iter().max().map_or(0, |&unit| unit as usize + 1);
    check_shape("weight", weight.len(), &[rows.max(needed), columns])?;
    let shift = Shift::Rows {
        weight,
        units,
        signs,
    };
    run(Isa::detect(), field, columns, shift, out)
}

/// What is added to the fields.
#[derive(Clone, Copy)]
enum Shift<'a> {
    /// The same to each row.
    Same(&'a [f32]),
    /// To each row a multiple of a row of weights.
    Rows {
        weight: &'a [f32],
        units: &'a [u32],
        signs: &'a [f32],
    },
}

impl<'a> Shift<'a> {
    #[inline(always)]
    fn of_row(self, row: usize, columns: usize) -> (&'a [f32], f32) {
        match self {
            Self::Same(bias) => (bias, 1.0),
            Self::Rows {
                weight,
                units,
                signs,
            } => {
                let unit = units[row] as usize;
                (&weight[unit * columns..(unit + 1) * columns], signs[row])
            }
        }
    }
}

fn run(
    isa: Isa,
    field: &[f32],
    columns: usize,
    shift: Shift<'_>,
    out: &mut [f32],
) -> Result<(), ModelError> {
    let rows = out.len();
    check_shape("field", field.len(), &[rows, columns])?;
    if columns == 0 {
        out.fill(0.0);
        return Ok(());
    }
    let rows_per_task = TASK_ENTRIES.div_ceil(columns);
    let tiles = Tiles::new(out, rows);
    for_each_task(field.len(), rows.div_ceil(rows_per_task), |task| {
        let place = rows_per_task * task..rows.min(rows_per_task * (task + 1));
        isa.run(Rows {
            field: &field[place.start * columns..place.end * columns],
            columns,
            shift,
            first_row: place.start,
            // SAFETY: the places of different tasks do not overlap.
            out: unsafe { tiles.piece(0, place) },
        });
    });
    Ok(())
}

struct Rows<'a> {
    field: &'a [f32],
    columns: usize,
    shift: Shift<'a>,
    first_row: usize,
    out: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = simd.splat(0.0);
        let one = simd.splat(1.0);
        let rows = self.field.chunks_exact(self.columns);
        for (number, (row, out)) in rows.zip(self.out).enumerate() {
            let (shift, sign) = self.shift.of_row(self.first_row + number, self.columns);
            let sign = simd.splat(sign);
            let mut total = 0.0;
            // Blocks of 64 vectors of sixteen lanes, or of twice as many of eight.
            let block = FACTORS * LANES;
            for (row, shift) in row.chunks(block).zip(shift.chunks(block)) {
                let (mut sum, mut product) = ([zero; 2], [one; 2]);
                for (index, (row, shift)) in
                    row.chunks(S::LANES).zip(shift.chunks(S::LANES)).enumerate()
                {
                    let part = index % (LANES / S::LANES);
                    let x = simd.add(load(simd, row), simd.mul(sign, load(simd, shift)));
                    let (positive, factor) = if row.len() == S::LANES {
                        let size = simd.at_least(simd.sub(zero, x), x);
                        (simd.at_least(zero, x), reciprocal_sigmoid(simd, size))
                    } else {
                        last(simd, x, row.len())
                    };
                    sum[part] = simd.add(sum[part], positive);
                    product[part] = simd.mul(product[part], factor);
                }
                let (mut sums, mut products) = ([0.0; LANES], [1.0; LANES]);
                for part in 0..LANES / S::LANES {
                    store(simd, &mut sums[part * S::LANES..], sum[part]);
                    store(simd, &mut products[part * S::LANES..], product[part]);
                }
                total += sums.iter().map(|&x| f64::from(x)).sum::<f64>() + log_product(&products);
            }
            *out = total as f32;
        }
    }
}

/// Logarithm of the product of factors of at most 2^64 each.
///
/// All sixteen reach 2^1024, one more than f64 holds, where all fields are near 0; half of them
/// do not.
#[inline(always)]
fn log_product(factors: &[f32; LANES]) -> f64 {
    let product = |factors: &[f32]| -> f64 { factors.iter().map(|&x| f64::from(x)).product() };
    let whole = product(factors);
    if whole.is_finite() {
        return whole.ln();
    }
    let (first, second) = factors.split_at(LANES / 2);
    product(first).ln() + product(second).ln()
}

/// The two parts of softplus in the first lanes, 0 and 1 in the others.
#[inline(always)]
fn last<S: Simd>(simd: S, x: S::F, count: usize) -> (S::F, S::F) {
    let zero = simd.splat(0.0);
    let size = simd.at_least(simd.sub(zero, x), x);
    let (mut positive, mut factor) = ([0.0; LANES], [1.0; LANES]);
    store(simd, &mut positive[..count], simd.at_least(zero, x));
    store(simd, &mut factor[..count], reciprocal_sigmoid(simd, size));
    (load(simd, &positive), load(simd, &factor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::statistics::{instruction_sets, numbers, on_threads};
    use crate::parameters::softplus;

    #[test]
    fn equal_fields_give_the_sum_of_one_field_for_any_number_of_units() {
        for columns in [1, 63, 64, 1023, 1024, 1025, 2048, 4096, 65_537] {
            for x in [0.0, 1e-3, -1e-3, 800.0, -800.0_f32] {
                let one = softplus(x.into());
                let expected = columns as f64 * one;
                // Fields and their logarithms in f32: 1e-6 of the largest entry times their number.
                let slack = 1e-6 * (expected + 1e-30);
                let (field, bias) = (vec![x; columns], vec![0.0; columns]);
                for isa in instruction_sets() {
                    let mut found = [0.0];
                    softplus_sum_with(isa, &field, &bias, &mut found).unwrap();
                    let error = (f64::from(found[0]) - expected).abs();
                    assert!(
                        error <= slack,
                        "{isa:?} {columns} {x}: {found:?} {expected}"
                    );
                }
                let mut found = [0.0];
                let (zeros, signs) = (vec![0.0; columns], [1.0]);
                shifted_softplus_sum(&zeros, columns, &field, &[0], &signs, &mut found).unwrap();
                let error = (f64::from(found[0]) - expected).abs();
                assert!(
                    error <= slack,
                    "shifted {columns} {x}: {found:?} {expected}"
                );
            }
        }
    }

    #[test]
    fn sums_are_those_of_the_definition_on_every_instruction_set() {
        for (rows, columns) in [(1, 1), (3, 17), (5, 64), (2, 1025), (70, 500)] {
            for size in [0.1, 3.0, 100.0] {
                let field = numbers(40, size, rows * columns);
                let bias = numbers(41, 1.0, columns);
                let mut first = vec![0.0; rows];
                softplus_sum_with(Isa::Portable, &field, &bias, &mut first).unwrap();
                for (row, found) in field.chunks(columns).zip(&first) {
                    let exact: f64 = row
                        .iter()
                        .zip(&bias)
                        .map(|(x, b)| softplus((x + b).into()))
                        .sum();
                    let slack = 2e-7 * exact.max(1.0);
                    assert!((f64::from(*found) - exact).abs() < slack, "{found} {exact}");
                }
                for isa in instruction_sets() {
                    let mut other = vec![0.0; rows];
                    softplus_sum_with(isa, &field, &bias, &mut other).unwrap();
                    assert_eq!(other, first, "{isa:?}");
                }
                let mut other = vec![0.0; rows];
                on_threads(2, || softplus_sum(&field, &bias, &mut other)).unwrap();
                assert_eq!(other, first);
            }
        }
        // A row of weights added to one row of fields and subtracted from another.
        let (field, weight) = (numbers(42, 2.0, 3 * 70), numbers(43, 2.0, 5 * 70));
        let (units, signs) = ([4, 0, 4], [1.0, -1.0, -1.0]);
        let mut found = [0.0; 3];
        shifted_softplus_sum(&field, 70, &weight, &units, &signs, &mut found).unwrap();
        for row in 0..3 {
            let shift = &weight[units[row] as usize * 70..][..70];
            let shift: Vec<f32> = shift.iter().map(|w| signs[row] * w).collect();
            let mut one = [0.0];
            softplus_sum(&field[row * 70..][..70], &shift, &mut one).unwrap();
            assert_eq!(found[row], one[0]);
        }
        let missing = shifted_softplus_sum(&field, 70, &weight, &[5, 0, 0], &signs, &mut found);
        assert!(missing.is_err());

        let mut out = [0.0];
        softplus_sum(&[1e30, -1e30], &[0.0, 0.0], &mut out).unwrap();
        assert_eq!(out, [1e30]);
        softplus_sum(&[f32::NAN, 1.0], &[0.0, 0.0], &mut out).unwrap();
        assert!(out[0].is_nan());
        assert!(softplus_sum(&[1.0], &[0.0, 0.0], &mut out).is_err());
    }
}
