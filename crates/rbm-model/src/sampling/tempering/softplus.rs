//! Sums of softplus over rows, the part of free energies that takes the time.

use rayon::prelude::*;

/// Sums that run side by side, so that the compiler can use vector instructions.
const LANES: usize = 16;
/// Factors of a product between two logarithms: each is at most 2, and f64 ends at 2^1024.
const FACTORS: usize = 512;
/// Fields that are not worth waking another thread for.
const SMALL: usize = 20_000;

/// sum_j ln(1 + exp(scale field_j)) of every row of `columns` fields.
///
/// Exponentials in f32, to 2e-7 of their value; sums and products in f64, in a fixed order.
pub(super) fn row_sums(fields: &[f32], columns: usize, scale: f32) -> Vec<f64> {
    let row_sum = |row: &[f32]| {
        let parts = row.chunks(LANES * FACTORS);
        parts.map(|part| part_sum(part, scale)).sum()
    };
    let columns = columns.max(1);
    if fields.len() < SMALL {
        fields.chunks(columns).map(row_sum).collect()
    } else {
        fields.par_chunks(columns).map(row_sum).collect()
    }
}

/// max(x, 0) is summed, and 1 + exp(-|x|) multiplied.
fn part_sum(fields: &[f32], scale: f32) -> f64 {
    let (mut linear, mut product) = ([0.0f64; LANES], [1.0f64; LANES]);
    let (whole, rest) = fields.as_chunks::<LANES>();
    for fields in whole {
        for lane in 0..LANES {
            let x = scale * fields[lane];
            linear[lane] += f64::from(x.max(0.0));
            product[lane] *= f64::from(1.0 + exp_of_negative(-x.abs()));
        }
    }
    for (lane, field) in rest.iter().enumerate() {
        let x = scale * field;
        linear[lane] += f64::from(x.max(0.0));
        product[lane] *= f64::from(1.0 + exp_of_negative(-x.abs()));
    }
    linear.iter().sum::<f64>() + product.iter().map(|p| p.ln()).sum::<f64>()
}

/// e^t for t <= 0, to 2e-7 of the value; 1e-38 for anything below -87. NaN becomes 1e-38 too.
///
/// e^t = 2^k e^f with k = round(t / ln 2), and |f| <= ln 2 / 2 in a Taylor series of degree 7.
#[inline(always)]
fn exp_of_negative(t: f32) -> f32 {
    // Adding it rounds to a whole number, which is then in the low bits of the sum.
    const ROUND: f32 = 12_582_912.0;
    let t = t.max(-87.0);
    let shifted = t * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    // ln 2 in two parts, of which the first (355/512 in f32) has few bits: k times it is exact.
    let f = (t - k * 0.693_359_4) + k * 2.121_944_4e-4;
    let series = [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ]
    .into_iter()
    .fold(1.0 / 5040.0, |sum: f32, term| sum * f + term);
    let exponent = shifted
        .to_bits()
        .wrapping_sub(ROUND.to_bits())
        .wrapping_add(127);
    series * f32::from_bits(exponent << 23)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::softplus;

    #[test]
    fn exponentials_are_right_to_the_stated_error() {
        for k in 0..=870_000 {
            let t = -(k as f32) * 1e-4;
            let (found, expected) = (f64::from(exp_of_negative(t)), f64::from(t).exp());
            assert!(
                (found / expected - 1.0).abs() < 2e-7,
                "{t}: {found} {expected}"
            );
        }
        assert_eq!(exp_of_negative(0.0), 1.0);
        assert!(exp_of_negative(f32::NEG_INFINITY) < 2e-38);
    }

    #[test]
    fn equal_fields_give_the_sum_of_one_field_for_any_number_of_units() {
        for columns in [1, 63, 64, 1023, 1024, 1025, 4096, 8192, 65_537] {
            for x in [0.0, 1e-3, -1e-3, 800.0, -800.0_f32] {
                let expected = columns as f64 * softplus(x.into());
                let found = row_sums(&vec![x; columns], columns, 1.0)[0];
                let tolerance = 4e-7 * (expected + columns as f64 * 1e-30);
                assert!(
                    (found - expected).abs() <= tolerance,
                    "{columns} {x}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn sums_are_those_of_softplus() {
        for columns in [1, 15, 16, 17, 500, 9000] {
            let fields = crate::init::normal(3 * columns, 8.0, columns as u64);
            for scale in [0.0, 0.37, 1.0] {
                let found = row_sums(&fields, columns, scale);
                for (row, found) in fields.chunks(columns).zip(found) {
                    let exact = row.iter().map(|x| softplus(f64::from(scale * x)));
                    let expected: f64 = exact.sum();
                    let tolerance = 2e-7 * columns as f64;
                    assert!((found - expected).abs() < tolerance, "{found} {expected}");
                }
            }
        }
    }
}
