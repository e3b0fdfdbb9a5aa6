//! A layer's conditional distribution from its fields: the pass after a dense product.

use super::draw::{GROUP, GroupNoise, WORD, reciprocal_sigmoid, uniform};
use super::isa::Isa;
use super::simd::{Kernel, Simd, load, store};
use crate::error::ModelError;
use crate::kernels::check_shape;
use crate::sampling::noise::NoiseKey;
use rayon::prelude::*;

/// Entries that one task handles at least: some 10 microseconds of work.
const TASK_ENTRIES: usize = 1 << 14;

/// Draws the units of a layer from their fields, in one pass.
///
/// With x = field + bias and the uniform number u of the unit's row and column under `key`,
///
/// ```text
/// p = 1 / (1 + e^-x),   state = 1 if u < p else 0
/// ```
///
/// The comparison is u (1 + e^-x) < 1, without a division. e^-x is within one unit in the last
/// place; |x| above 86 counts as 86. A NaN field gives state 0 and probability NaN.
///
/// # Shapes
/// - `field`, `states`, `probabilities`: `[rows, columns]`, row-major; `columns` is `bias.len()`
/// - `bias`: `[columns]`
///
/// # Errors
/// [`ModelError::Shape`] where a length does not fit.
pub fn sample_layer(
    field: &[f32],
    bias: &[f32],
    key: NoiseKey,
    states: &mut [f32],
    probabilities: Option<&mut [f32]>,
) -> Result<(), ModelError> {
    sample_layer_with(Isa::detect(), field, bias, key, states, probabilities)
}

/// [`sample_layer`] with given instructions.
///
/// # Errors
/// As [`sample_layer`].
pub fn sample_layer_with(
    isa: Isa,
    field: &[f32],
    bias: &[f32],
    key: NoiseKey,
    states: &mut [f32],
    probabilities: Option<&mut [f32]>,
) -> Result<(), ModelError> {
    check_layer(field, bias, "states", states.len())?;
    let Some(rows_per_task) = rows_per_task(bias.len()) else {
        return Ok(());
    };
    let task = rows_per_task * bias.len();
    let rows = |index: usize, field, states, probabilities| Rows {
        field,
        bias,
        key: Some((key, index * rows_per_task)),
        states,
        probabilities,
    };
    match probabilities {
        Some(probabilities) => {
            check_layer(field, bias, "probabilities", probabilities.len())?;
            field
                .par_chunks(task)
                .zip(states.par_chunks_mut(task))
                .zip(probabilities.par_chunks_mut(task))
                .enumerate()
                .for_each(|(index, ((field, states), probabilities))| {
                    isa.run(rows(index, field, states, probabilities));
                });
        }
        None => field
            .par_chunks(task)
            .zip(states.par_chunks_mut(task))
            .enumerate()
            .for_each(|(index, (field, states))| isa.run(rows(index, field, states, &mut []))),
    }
    Ok(())
}

/// The probabilities 1 / (1 + e^-(field + bias)) of a layer's units, without a draw.
///
/// The same bytes as those of [`sample_layer`].
///
/// # Shapes
/// - `field`, `probabilities`: `[rows, columns]`, row-major; `columns` is `bias.len()`
/// - `bias`: `[columns]`
///
/// # Errors
/// [`ModelError::Shape`] where a length does not fit.
pub fn probabilities_layer(
    field: &[f32],
    bias: &[f32],
    probabilities: &mut [f32],
) -> Result<(), ModelError> {
    probabilities_layer_with(Isa::detect(), field, bias, probabilities)
}

/// [`probabilities_layer`] with given instructions.
///
/// # Errors
/// As [`probabilities_layer`].
pub fn probabilities_layer_with(
    isa: Isa,
    field: &[f32],
    bias: &[f32],
    probabilities: &mut [f32],
) -> Result<(), ModelError> {
    check_layer(field, bias, "probabilities", probabilities.len())?;
    let Some(rows_per_task) = rows_per_task(bias.len()) else {
        return Ok(());
    };
    let task = rows_per_task * bias.len();
    field
        .par_chunks(task)
        .zip(probabilities.par_chunks_mut(task))
        .for_each(|(field, probabilities)| {
            isa.run(Rows {
                field,
                bias,
                key: None,
                states: &mut [],
                probabilities,
            });
        });
    Ok(())
}

/// The field is whole rows, and the output is as long.
fn check_layer(
    field: &[f32],
    bias: &[f32],
    output: &'static str,
    length: usize,
) -> Result<(), ModelError> {
    let columns = bias.len();
    let rows = field.len().checked_div(columns).unwrap_or(0);
    check_shape("field", field.len(), &[rows, columns])?;
    check_shape(output, length, &[rows, columns])
}

/// None for a layer without units.
fn rows_per_task(columns: usize) -> Option<usize> {
    (columns > 0).then(|| TASK_ENTRIES.div_ceil(columns))
}

/// Some rows of a layer. An output that is not wanted is empty.
struct Rows<'a> {
    field: &'a [f32],
    bias: &'a [f32],
    /// The noise and the number of the first row, for a draw.
    key: Option<(NoiseKey, usize)>,
    states: &'a mut [f32],
    probabilities: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let columns = self.bias.len();
        // Columns on the outside: what the noise of a group has in common is worked out once.
        for start in (0..columns).step_by(GROUP) {
            for lane in (0..WORD).step_by(S::LANES) {
                match self.key {
                    Some((key, first_row)) => {
                        let noise = GroupNoise::new(simd, key, start / GROUP, lane);
                        for row in 0..self.field.len() / columns {
                            let bits = noise.bits(simd, (first_row + row) as u32);
                            self.strip(simd, row, start + lane, Some(bits));
                        }
                    }
                    None => {
                        for row in 0..self.field.len() / columns {
                            self.strip(simd, row, start + lane, None);
                        }
                    }
                }
            }
        }
    }
}

impl Rows<'_> {
    /// The four vectors of a row that one evaluation of the generator serves.
    #[inline(always)]
    fn strip<S: Simd>(&mut self, simd: S, row: usize, first: usize, bits: Option<[S::U; 4]>) {
        let columns = self.bias.len();
        let one = simd.splat(1.0);
        for word in 0..4 {
            let column = first + WORD * word;
            if column >= columns {
                break;
            }
            let end = columns.min(column + S::LANES);
            let place = row * columns + column..row * columns + end;
            let bias = load(simd, &self.bias[column..end]);
            let field = simd.add(load(simd, &self.field[place.clone()]), bias);
            let reciprocal = reciprocal_sigmoid(simd, field);
            if let Some(bits) = bits {
                let threshold = simd.mul(uniform(simd, bits[word]), reciprocal);
                let state = simd.one_where_less(threshold, one);
                store(simd, &mut self.states[place.clone()], state);
            }
            if !self.probabilities.is_empty() {
                let probability = simd.div(one, reciprocal);
                store(simd, &mut self.probabilities[place], probability);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::statistics::{
        Frequencies, KEY, RAGGED_ROWS, RAGGED_UNITS, assert_defined, instruction_sets, numbers,
        on_threads,
    };
    use crate::parameters::sigmoid;

    /// Fields and biases of moderate size, and some of 20 on either side.
    fn layer(rows: usize, units: usize) -> (Vec<f32>, Vec<f32>, Vec<f64>) {
        let mut field = numbers(1, 3.0, rows * units);
        let bias = numbers(2, 1.0, units);
        for (index, x) in field.iter_mut().enumerate() {
            match index % 7 {
                3 => *x = 20.0 - bias[index % units],
                5 => *x = -20.0 - bias[index % units],
                _ => {}
            }
        }
        let sum = field
            .iter()
            .enumerate()
            .map(|(index, x)| f64::from(x + bias[index % units]))
            .collect();
        (field, bias, sum)
    }

    #[test]
    fn states_follow_their_probabilities() {
        for isa in instruction_sets() {
            for units in RAGGED_UNITS {
                let mut frequencies = Frequencies::new(units);
                for rows in RAGGED_ROWS {
                    let (field, bias, sum) = layer(rows, units);
                    for step in 0..(1000 / rows).max(1) as u64 {
                        let key = NoiseKey {
                            step: KEY.step + 1000 * rows as u64 + step,
                            ..KEY
                        };
                        let mut states = vec![0.5; field.len()];
                        sample_layer_with(isa, &field, &bias, key, &mut states, None).unwrap();
                        assert_defined(&states, &sum, units, key, 1e-6);
                        frequencies.add(&states, &sum);
                    }
                }
                frequencies.check();
            }
        }
    }

    #[test]
    fn probabilities_are_the_sigmoid() {
        let field: Vec<f32> = (-34_000..=34_000).map(|i| i as f32 * 2.5e-3).collect();
        for isa in instruction_sets() {
            let mut probabilities = vec![0.0; field.len()];
            probabilities_layer_with(isa, &field, &vec![0.0; field.len()], &mut probabilities)
                .unwrap();
            for (&x, &p) in field.iter().zip(&probabilities) {
                let exact = sigmoid(f64::from(x));
                // One unit in the last place from the exponential, half of one from each of
                // the sum and the quotient.
                let bound = 2.0 * f64::from(f32::EPSILON) * exact;
                assert!((f64::from(p) - exact).abs() <= bound, "{isa:?} {x}: {p}");
            }
        }
    }

    #[test]
    fn no_finite_field_overflows_and_nan_stays() {
        let field = [f32::MAX, f32::MIN, 1e5, -1e5, 100.0, -100.0, f32::INFINITY];
        for isa in instruction_sets() {
            let (mut states, mut p) = ([0.5; 7], [0.5; 7]);
            sample_layer_with(isa, &field, &[0.0; 7], KEY, &mut states, Some(&mut p)).unwrap();
            assert_eq!(states, [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
            for (index, p) in p.into_iter().enumerate() {
                assert!(p == 1.0 || p > 0.0 && p < 1e-37, "{isa:?} {index}: {p}");
            }
            let mut nan = ([0.5], [0.5]);
            sample_layer_with(isa, &[f32::NAN], &[0.0], KEY, &mut nan.0, Some(&mut nan.1)).unwrap();
            assert!(nan.0 == [0.0] && nan.1[0].is_nan());
        }
    }

    #[test]
    fn same_bytes_on_all_instruction_sets_and_threads() {
        let (rows, units) = (700, 100);
        let (field, bias, _) = layer(rows, units);
        let draw = |isa: Isa, threads: usize| {
            let (mut states, mut p) = (vec![0.5; field.len()], vec![0.5; field.len()]);
            on_threads(threads, || {
                sample_layer_with(isa, &field, &bias, KEY, &mut states, Some(&mut p)).unwrap();
            });
            let mut alone = vec![0.5; field.len()];
            probabilities_layer_with(isa, &field, &bias, &mut alone).unwrap();
            assert_eq!(alone, p);
            (states, p)
        };
        let first = draw(Isa::Portable, 1);
        for isa in instruction_sets() {
            for threads in [1, 2, 3] {
                assert!(draw(isa, threads) == first, "{isa:?}, {threads} threads");
            }
        }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let found = |result: Result<(), ModelError>| match result {
            Err(ModelError::Shape { tensor, found, .. }) => (tensor, found[0]),
            other => panic!("{other:?}"),
        };
        let mut out = [0.0; 6];
        let bias = [0.0; 3];
        let field = [0.0; 6];
        let field_5 = sample_layer(&field[..5], &bias, KEY, &mut out, None);
        assert_eq!(found(field_5), ("field".into(), 5));
        let states_3 = sample_layer(&field, &bias, KEY, &mut out[..3], None);
        assert_eq!(found(states_3), ("states".into(), 3));
        let probabilities_4 = sample_layer(&field, &bias, KEY, &mut out, Some(&mut [0.0; 4]));
        assert_eq!(found(probabilities_4), ("probabilities".into(), 4));
        let no_units = probabilities_layer(&field, &[], &mut out);
        assert_eq!(found(no_units), ("field".into(), 6));
        probabilities_layer(&[], &[], &mut []).unwrap();
        probabilities_layer(&[], &bias, &mut []).unwrap();
    }
}
