use super::*;
use crate::random::{gaussian_matrix, generator};
use crate::testing::random_model;
use burn::tensor::{Device, Tensor, TensorData};

fn bits(seed: u64, rows: usize, columns: usize) -> Mat<f64> {
    let gaussian = gaussian_matrix(&mut generator(seed, 9), rows, columns, 1.0);
    Mat::from_fn(rows, columns, |i, j| f64::from(gaussian[(i, j)] > 0.0))
}

#[test]
fn the_transform_is_an_isometry_and_round_trips_in_f64() {
    for (n, m) in [(12, 7), (7, 12), (9, 9), (1, 4), (1, 1)] {
        let space = ReciprocalSpace::new_full(&random_model(3, n, m, 1.0, 0.5)).unwrap();
        let (v, h) = (bits(1, 5, n), bits(2, 5, m));
        let x = space.project_visible(v.as_ref()).unwrap();
        let y = space.project_hidden(h.as_ref()).unwrap();
        assert!((space.unproject_visible(x.as_ref()).unwrap() - &v).norm_max() < 1e-12);
        assert!((space.unproject_hidden(y.as_ref()).unwrap() - &h).norm_max() < 1e-12);
        for s in 0..5 {
            assert!((x.row(s).squared_norm_l2() - v.row(s).squared_norm_l2()).abs() < 1e-12);
        }
    }
}

#[test]
fn modes_and_unpaired_rest_add_up_to_the_energy_both_ways_round() {
    for (n, m) in [(12, 7), (7, 12), (6, 6)] {
        let model = random_model(4, n, m, 1.0, 0.5);
        for space in [
            ReciprocalSpace::new(&model).unwrap(),
            ReciprocalSpace::new_full(&model).unwrap(),
        ] {
            let (v, h) = (bits(3, 4, n), bits(4, 4, m));
            let x = space.project_visible(v.as_ref()).unwrap();
            let y = space.project_hidden(h.as_ref()).unwrap();
            let modes = space.mode_energies(x.as_ref(), y.as_ref()).unwrap();
            for s in 0..4 {
                let row = |a: &Mat<f64>| a.row(s).iter().copied().collect::<Vec<f64>>();
                let (visible, hidden) = (row(&v), row(&h));
                let sum = modes.row(s).iter().sum::<f64>()
                    + space.unpaired_energy(&visible, &hidden).unwrap();
                assert!((sum - model.energy(&visible, &hidden)).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn about_its_saddle_a_mode_is_a_hyperbolic_paraboloid() {
    let space = ReciprocalSpace::new(&random_model(5, 8, 6, 1.0, 0.5)).unwrap();
    for (k, saddle) in space.saddles().into_iter().enumerate() {
        let saddle = saddle.unwrap();
        let lambda = space.singular_values()[k];
        for (x, y) in [(0.3, -1.2), (2.0, 0.4)] {
            let energy = -(lambda * x * y
                + space.visible_bias_modes[k] * x
                + space.hidden_bias_modes[k] * y);
            let (u, w) = saddle.to_uw(x, y);
            assert!((saddle.energy - lambda / 2.0 * (u * u - w * w) - energy).abs() < 1e-12);
            let (r, theta) = saddle.to_polar(x, y);
            assert!((saddle.x + r * theta.cos() - x).abs() < 1e-12);
            assert!((saddle.y + r * theta.sin() - y).abs() < 1e-12);
            assert!((saddle.energy_at(lambda, x, y) - energy).abs() < 1e-12);
        }
    }
}

#[test]
fn a_vanishing_mode_has_no_saddle() {
    let weight = Mat::from_fn(5, 4, |i, j| (i as f64 + 1.0) * (j as f64 + 1.0));
    let rank_one = crate::testing::from_matrix(&weight, vec![0.1; 5], vec![0.2; 4]);
    let saddles = ReciprocalSpace::new(&rank_one).unwrap().saddles();
    assert!(saddles[0].is_some() && saddles[1..].iter().all(Option::is_none));
    let zero = crate::testing::from_matrix(&Mat::zeros(3, 3), vec![0.1; 3], vec![0.2; 3]);
    assert_eq!(ReciprocalSpace::new(&zero).unwrap().saddles(), [None; 3]);
}

#[test]
fn on_every_device_the_transform_agrees_with_the_host_and_round_trips_to_1e_5() {
    for name in rbm_model::device::compiled_devices() {
        // The adapter that every machine can have.
        let name = if name == "wgpu" { "wgpu:cpu" } else { name };
        match rbm_model::device::parse_device(name) {
            Ok(device) => agrees_and_round_trips(&device),
            Err(error) => eprintln!("skipped: {error}"),
        }
    }
}

fn agrees_and_round_trips(device: &Device) {
    for (n, m) in [(40, 25), (25, 40)] {
        let space = ReciprocalSpace::new_full(&random_model(6, n, m, 1.0, 0.5)).unwrap();
        let basis = space.on_device(device);
        let (v, h) = (bits(5, 8, n), bits(6, 8, m));
        let tensor = |a: &Mat<f64>| -> Tensor<2> {
            let values: Vec<f32> = (0..a.nrows() * a.ncols())
                .map(|at| a[(at / a.ncols(), at % a.ncols())] as f32)
                .collect();
            Tensor::from_data(TensorData::new(values, [a.nrows(), a.ncols()]), device)
        };
        let difference = |t: Tensor<2>, a: &Mat<f64>| {
            let values: Vec<f32> = t.to_data().try_into_vec().unwrap();
            values
                .iter()
                .enumerate()
                .map(|(at, &f)| (f64::from(f) - a[(at / a.ncols(), at % a.ncols())]).abs())
                .fold(0.0, f64::max)
        };
        let x = basis.project_visible(&tensor(&v));
        let y = basis.project_hidden(&tensor(&h));
        assert!(difference(x.clone(), &space.project_visible(v.as_ref()).unwrap()) < 1e-5);
        assert!(difference(y.clone(), &space.project_hidden(h.as_ref()).unwrap()) < 1e-5);
        let energies = space
            .mode_energies(
                space.project_visible(v.as_ref()).unwrap().as_ref(),
                space.project_hidden(h.as_ref()).unwrap().as_ref(),
            )
            .unwrap();
        // Terms lambda x y reach a few tens: six digits of f32.
        assert!(difference(basis.mode_energies(&x, &y), &energies) < 1e-4);
        assert!(difference(basis.unproject_visible(&x), &v) < 1e-5);
        assert!(difference(basis.unproject_hidden(&y), &h) < 1e-5);
    }
}

#[test]
fn refuses_wrong_shapes_modes_temperatures_and_nan() {
    let mut model = random_model(7, 5, 4, 1.0, 0.5);
    let space = ReciprocalSpace::new(&model).unwrap();
    assert!(space.project_visible(Mat::zeros(2, 4).as_ref()).is_err());
    assert!(space.unproject_hidden(Mat::zeros(2, 5).as_ref()).is_err());
    assert!(space.left_vector(4).is_err());
    assert!(space.at_inverse_temperature(0.0).is_err());
    model.hidden_bias[2] = f64::NAN;
    let error = ReciprocalSpace::new(&model).unwrap_err().to_string();
    assert!(error.contains("hidden_bias"), "{error}");
    model.hidden_bias.pop();
    assert!(ReciprocalSpace::new(&model).is_err());
}
