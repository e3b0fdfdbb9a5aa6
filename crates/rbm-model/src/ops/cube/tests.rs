//! The kernel on whatever wgpu adapter there is; without one the tests say so and pass.

use crate::device::{describe, parse_device};
use crate::kernels::statistics::{
    Frequencies, KEY, RAGGED_ROWS, RAGGED_UNITS, assert_defined, numbers,
};
use crate::noise::{Layer, NoiseKey};
use crate::ops;
use crate::parameters::sigmoid;
use burn::tensor::{DType, Device, Tensor, TensorData, activation};

/// The fastest adapter, or `None` with a printed word.
pub(super) fn adapter() -> Option<Device> {
    match parse_device("wgpu") {
        Ok(device) => {
            eprintln!("on {}", describe(&device).unwrap());
            Some(device)
        }
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

pub(super) fn matrix(values: &[f32], shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

pub(super) fn vector(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

pub(super) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.to_data().try_into_vec::<f32>().unwrap()
}

/// States and probabilities of a layer on the host.
fn draw(field: Tensor<2>, bias: &Tensor<1>, key: NoiseKey) -> (Vec<f32>, Vec<f32>) {
    let (states, probabilities) = ops::sample_layer(field, bias.clone(), key);
    (host(states), host(probabilities))
}

/// Fields and biases of moderate size, and some of 20 on either side; also their sums.
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
    let Some(device) = adapter() else { return };
    for units in RAGGED_UNITS {
        let mut frequencies = Frequencies::new(units);
        for rows in RAGGED_ROWS {
            let (field, bias, sum) = layer(rows, units);
            let (on_device, bias) = (
                matrix(&field, [rows, units], &device),
                vector(&bias, &device),
            );
            for step in 0..(200 / rows).clamp(1, 20) as u64 {
                let key = KEY.with_step(KEY.step + 1000 * rows as u64 + step);
                let (states, probabilities) = draw(on_device.clone(), &bias, key);
                assert_defined(&states, &sum, units, key, 1e-5);
                frequencies.add(&states, &sum);
                for (&p, &x) in probabilities.iter().zip(&sum) {
                    // A shader's exponential may be off by 3 + 2 |x| units in the last place,
                    // its quotient by 2.5, and the sum of field and bias by half of one.
                    let relative = f64::from(f32::EPSILON) * (6.0 + 3.0 * x.abs());
                    let bound = relative * sigmoid(x);
                    assert!((f64::from(p) - sigmoid(x)).abs() <= bound, "{x}: {p}");
                }
            }
        }
        frequencies.check();
    }
}

/// Fields on both sides of what makes p the uniform number: states of 1, then of 0, throughout.
#[test]
fn noise_is_that_of_the_key() {
    let Some(device) = adapter() else { return };
    let keys = [
        KEY,
        NoiseKey::new(u64::MAX - 12, 255).with_step((1 << 55) - 3),
        NoiseKey::new(1 << 40, 0)
            .with_step(1 << 33)
            .with_layer(Layer::Hidden),
    ];
    for (key, [rows, units]) in keys.into_iter().zip([[130, 100], [65, 193], [300, 1]]) {
        let mut noise = vec![0.0; rows * units];
        key.fill(0, units, &mut noise);
        let bias = Tensor::zeros([units], &device);
        for (shift, expected) in [(2e-6, 1.0), (-2e-6, 0.0)] {
            // 1e-5 inside (0, 1), where the shift cannot leave the interval.
            let inside = |u: f32| (1e-5..1.0 - 1e-5).contains(&u);
            let field: Vec<f32> = noise
                .iter()
                .map(|&u| {
                    let p = f64::from(u) + shift;
                    if inside(u) {
                        (p / (1.0 - p)).ln() as f32
                    } else {
                        0.0
                    }
                })
                .collect();
            let (states, _) = draw(matrix(&field, [rows, units], &device), &bias, key);
            for (index, (&state, &u)) in states.iter().zip(&noise).enumerate() {
                assert!(
                    !inside(u) || state == expected,
                    "{key:?} entry {index}: u = {u}"
                );
            }
        }
    }
}

#[test]
fn states_are_those_of_the_generic_path() {
    let Some(device) = adapter() else { return };
    for [rows, units] in [[1, 1], [130, 100], [17, 64], [3, 129]] {
        let (field, bias, _) = layer(rows, units);
        let (field, bias) = (
            matrix(&field, [rows, units], &device),
            vector(&bias, &device),
        );
        let (states, found) = draw(field.clone(), &bias, KEY);
        // The generic body, in tensors.
        let mut noise = vec![0.0; rows * units];
        KEY.fill(0, units, &mut noise);
        let p = activation::sigmoid(field + bias.reshape([1, units]));
        let expected = host(
            matrix(&noise, [rows, units], &device)
                .lower(p.clone())
                .float(),
        );
        for (index, p) in host(p).into_iter().enumerate() {
            assert!((p - found[index]).abs() < 1e-6);
            if (noise[index] - p).abs() > 1e-5 {
                assert_eq!(
                    states[index], expected[index],
                    "{rows} x {units}, entry {index}"
                );
            }
        }
    }
}

#[test]
fn any_layout_gives_the_same_bytes() {
    let Some(device) = adapter() else { return };
    let [rows, units] = [19, 70];
    let (field, bias, _) = layer(rows, units);
    let (field, bias) = (
        matrix(&field, [rows, units], &device),
        vector(&bias, &device),
    );
    let expected = draw(field.clone(), &bias, KEY);
    let transposed = field.clone().transpose().mul_scalar(1.0).transpose();
    assert!(draw(transposed, &bias, KEY) == expected);
    let wide = Tensor::cat(
        vec![field.zeros_like(), field.clone(), field.zeros_like()],
        1,
    );
    assert!(draw(wide.slice([0..rows, units..2 * units]), &bias, KEY) == expected);
    let tall = Tensor::cat(vec![field.zeros_like(), field.clone()], 0);
    assert!(draw(tall.slice([rows..2 * rows, 0..units]), &bias, KEY) == expected);
    let longer = Tensor::cat(vec![bias.zeros_like(), bias.clone()], 0);
    assert!(draw(field, &longer.slice(units..2 * units), KEY) == expected);
    let row = vector(&numbers(3, 2.0, units), &device).reshape([1, units]);
    let repeated = draw(row.clone().repeat_dim(0, rows), &bias, KEY);
    assert!(draw(row.expand([rows, units]), &bias, KEY) == repeated);
}

#[test]
fn no_field_overflows_and_nan_stays() {
    let Some(device) = adapter() else { return };
    let field = [
        f32::MAX,
        f32::MIN,
        1e5,
        -1e5,
        100.0,
        -100.0,
        f32::INFINITY,
        f32::NAN,
    ];
    let bias = Tensor::zeros([8], &device);
    let (states, p) = draw(matrix(&field, [1, 8], &device), &bias, KEY);
    assert_eq!(states, [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    for (index, &p) in p[..7].iter().enumerate() {
        // 0 where the device flushes what is below the smallest normal number.
        assert!(p == 1.0 || (0.0..1e-37).contains(&p), "{index}: {p}");
    }
    assert!(p[7].is_nan());
}

#[test]
fn empty_layers_stay_empty() {
    let Some(device) = adapter() else { return };
    for shape in [[0, 5], [3, 0], [0, 0]] {
        let field = Tensor::<2>::zeros(shape, &device);
        let (states, p) = ops::sample_layer(field, Tensor::zeros([shape[1]], &device), KEY);
        assert_eq!((states.dims(), p.dims()), (shape, shape));
    }
}

#[test]
fn half_precision_takes_the_generic_path() {
    let Some(device) = adapter() else { return };
    if !device.supports_dtype(DType::F16) {
        eprintln!("skipped: no F16");
        return;
    }
    let (field, bias, _) = layer(7, 20);
    let field = matrix(&field, [7, 20], &device).cast(DType::F16);
    let bias = vector(&bias, &device).cast(DType::F16);
    let (states, p) = ops::sample_layer(field, bias, KEY);
    assert_eq!((states.dtype(), p.dtype()), (DType::F16, DType::F16));
    let (states, p) = (host(states.cast(DType::F32)), host(p.cast(DType::F32)));
    for (index, (&state, &p)) in states.iter().zip(&p).enumerate() {
        let u = KEY.uniform(index / 20, index % 20);
        if (u - p).abs() > 1e-3 {
            assert_eq!(state, f32::from(u < p), "entry {index}: u = {u}, p = {p}");
        }
    }
}
