//! A layer's conditional distribution from its fields: the pass after a dense product.

use super::draw::{GROUP, GroupNoise, reciprocal_sigmoid, uniform};
use super::isa::Isa;
use super::parallel::{Tiles, for_each_task};
use super::simd::{Kernel, Simd, load, store};
use crate::error::ModelError;
use crate::kernels::check_shape;
use crate::noise::NoiseKey;

/// Entries that one task handles at least: some 10 microseconds of work, about a nanosecond each.
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
///
/// # Examples
/// ```
/// use rbm_model::{kernels::layer::sample_layer, noise::{NoiseKey, stream}};
/// let (mut states, mut p) = (vec![0.0; 4000], vec![0.0; 4000]);
/// let key = NoiseKey::new(1, stream::SAMPLE);
/// sample_layer(&[0.0; 4000], &[3f32.ln(); 4], key, &mut states, Some(&mut p))?;
/// assert!(p.iter().all(|p| (p - 0.75).abs() < 1e-6));
/// // Five standard deviations, sqrt(3/16 / 4000) each.
/// assert!((states.iter().sum::<f32>() / 4000.0 - 0.75).abs() < 0.035);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
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
fn sample_layer_with(
    isa: Isa,
    field: &[f32],
    bias: &[f32],
    key: NoiseKey,
    states: &mut [f32],
    probabilities: Option<&mut [f32]>,
) -> Result<(), ModelError> {
    check_layer(field, bias, "states", states.len())?;
    if let Some(probabilities) = &probabilities {
        check_layer(field, bias, "probabilities", probabilities.len())?;
    }
    run(isa, field, bias, Some((key, states)), probabilities);
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
fn probabilities_layer_with(
    isa: Isa,
    field: &[f32],
    bias: &[f32],
    probabilities: &mut [f32],
) -> Result<(), ModelError> {
    check_layer(field, bias, "probabilities", probabilities.len())?;
    run(isa, field, bias, None, Some(probabilities));
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

/// Divides the rows between tasks.
fn run(
    isa: Isa,
    field: &[f32],
    bias: &[f32],
    draw: Option<(NoiseKey, &mut [f32])>,
    probabilities: Option<&mut [f32]>,
) {
    let columns = bias.len();
    if field.is_empty() {
        return;
    }
    let rows_per_task = TASK_ENTRIES.div_ceil(columns);
    let task = rows_per_task * columns;
    // One row each: a task takes a piece of it.
    let draw = draw.map(|(key, states)| (key, Tiles::new(states, field.len())));
    let probabilities = probabilities.map(|p| Tiles::new(p, field.len()));
    for_each_task(field.len(), field.len().div_ceil(task), |index| {
        let place = index * task..field.len().min((index + 1) * task);
        // SAFETY: the places of different tasks do not overlap.
        let states = draw
            .as_ref()
            .map(|(_, states)| unsafe { states.piece(0, place.clone()) });
        // SAFETY: as above.
        let probabilities = probabilities
            .as_ref()
            .map(|p| unsafe { p.piece(0, place.clone()) });
        isa.run(Rows {
            field: &field[place.clone()],
            bias,
            first_row: index * rows_per_task,
            key: draw.as_ref().map(|&(key, _)| key),
            states: states.unwrap_or_default(),
            probabilities: probabilities.unwrap_or_default(),
        });
    });
}

/// Some rows of a layer. An output that is not wanted is empty.
struct Rows<'a> {
    field: &'a [f32],
    bias: &'a [f32],
    first_row: usize,
    key: Option<NoiseKey>,
    states: &'a mut [f32],
    probabilities: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match (self.key, self.probabilities.is_empty()) {
            (Some(key), true) => self.all::<S, true, false>(simd, key),
            (Some(key), false) => self.all::<S, true, true>(simd, key),
            (None, _) => self.all::<S, false, true>(simd, NO_KEY),
        }
    }
}

/// Stands for the noise where none is drawn.
const NO_KEY: NoiseKey = NoiseKey::new(0, 0);

impl Rows<'_> {
    #[inline(always)]
    fn all<S: Simd, const DRAW: bool, const GIVE: bool>(self, simd: S, key: NoiseKey) {
        let columns = self.bias.len();
        // Columns on the outside: what the noise of a group has in common is worked out once.
        for start in (0..columns).step_by(GROUP) {
            let noise = GroupNoise::new(simd, key, start / GROUP);
            let width = GROUP.min(columns - start);
            let mut bias = [0.0; GROUP];
            bias[..width].copy_from_slice(&self.bias[start..start + width]);
            let (mut unused, mut unwanted) = ([0.0; GROUP], [0.0; GROUP]);
            for row in 0..self.field.len() / columns {
                let number = (self.first_row + row) as u32;
                let place = row * columns + start..row * columns + start + width;
                let field = &self.field[place.clone()];
                if let Some(field) = field.first_chunk() {
                    let states = if DRAW {
                        &mut self.states[place.clone()]
                    } else {
                        &mut []
                    };
                    let probabilities = if GIVE {
                        &mut self.probabilities[place]
                    } else {
                        &mut []
                    };
                    activate::<S, DRAW, GIVE>(
                        simd,
                        &noise,
                        number,
                        (field, &bias),
                        states.first_chunk_mut().unwrap_or(&mut unused),
                        probabilities.first_chunk_mut().unwrap_or(&mut unwanted),
                    );
                } else {
                    // The last columns, by way of a full group.
                    let mut padded = [0.0; GROUP];
                    padded[..width].copy_from_slice(field);
                    activate::<S, DRAW, GIVE>(
                        simd,
                        &noise,
                        number,
                        (&padded, &bias),
                        &mut unused,
                        &mut unwanted,
                    );
                    if DRAW {
                        self.states[place.clone()].copy_from_slice(&unused[..width]);
                    }
                    if GIVE {
                        self.probabilities[place].copy_from_slice(&unwanted[..width]);
                    }
                }
            }
        }
    }
}

/// One row of a group.
#[inline(always)]
fn activate<S: Simd, const DRAW: bool, const GIVE: bool>(
    simd: S,
    noise: &GroupNoise<S>,
    row: u32,
    (field, bias): (&[f32; GROUP], &[f32; GROUP]),
    states: &mut [f32; GROUP],
    probabilities: &mut [f32; GROUP],
) {
    let one = simd.splat(1.0);
    let bits = if DRAW {
        noise.bits(simd, row)
    } else {
        [simd.splat_u(0); 8]
    };
    for (vector, &bits) in bits[..GROUP / S::LANES].iter().enumerate() {
        let column = vector * S::LANES;
        let field = simd.add(load(simd, &field[column..]), load(simd, &bias[column..]));
        let reciprocal = reciprocal_sigmoid(simd, field);
        if DRAW {
            let threshold = simd.mul(uniform(simd, bits), reciprocal);
            let state = simd.one_where_less(threshold, one);
            store(simd, &mut states[column..], state);
        }
        if GIVE {
            store(
                simd,
                &mut probabilities[column..],
                simd.div(one, reciprocal),
            );
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
                        let key = KEY.with_step(KEY.step + 1000 * rows as u64 + step);
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
