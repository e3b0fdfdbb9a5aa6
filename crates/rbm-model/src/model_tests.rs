//! The tensor path against sums over all states on small models.

use crate::gradient::{Gradient, Offsets, PhaseSamples};
use crate::init::normal;
use crate::model::host;
use crate::noise::{Layer, NoiseKey, stream};
use crate::ops::{self, Sweeps};
use crate::parameters::sigmoid;
use crate::partition::Enumeration;
use crate::pseudo_likelihood::{describe_rows, pseudo_log_likelihood};
use crate::sampling::Chains;
use crate::{BitMatrix, Parameters, Rbm, update};
use burn::tensor::{Device, Tensor, TensorData};

mod backends;
mod gradient;
mod sampling;

/// Every device that this build has without extra hardware.
fn devices() -> Vec<Device> {
    crate::device::compiled_devices()
        .into_iter()
        .filter(|name| ["flex", "ndarray"].contains(name))
        .filter_map(|name| crate::device::parse_device(name).ok())
        .collect()
}

fn small(n: usize, m: usize, scale: f64, seed: u64) -> Parameters {
    let draw = |count, seed| {
        normal(count, scale, seed)
            .into_iter()
            .map(f64::from)
            .collect::<Vec<_>>()
    };
    Parameters::new(
        n,
        m,
        draw(n * m, seed),
        draw(n, seed + 1),
        draw(m, seed + 2),
    )
    .unwrap()
}

/// All states of a layer as rows of zeros and ones.
fn all_states(units: usize) -> Vec<f64> {
    (0..1usize << units)
        .flat_map(|s| (0..units).map(move |i| (s >> i & 1) as f64))
        .collect()
}

fn tensor(values: &[f64], columns: usize, device: &Device) -> Tensor<2> {
    let rows = values.len() / columns;
    let values: Vec<f32> = values.iter().map(|x| *x as f32).collect();
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (k, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f - e).abs() <= tolerance * e.abs().max(1.0),
            "[{k}] {f} {e}"
        );
    }
}

#[test]
fn energies_and_conditionals_agree_with_the_definition() {
    let p = small(5, 3, 1.2, 40);
    for device in devices() {
        let rbm = Rbm::from_parameters(&p, &device);
        let (v, h) = (all_states(5), all_states(3));
        // Each visible state beside one hidden state, cycling.
        let h_rows: Vec<f64> = (0..32).flat_map(|r| h[r % 8 * 3..][..3].to_vec()).collect();
        let energy = host(rbm.energy(tensor(&v, 5, &device), tensor(&h_rows, 3, &device)));
        let free = host(rbm.free_energy(tensor(&v, 5, &device)));
        let hidden = host(rbm.hidden_probabilities(tensor(&v, 5, &device)));
        let binary = host(ops::hidden_probabilities(
            rbm.weight.val(),
            rbm.hidden_bias.val(),
            tensor(&v, 5, &device),
        ));
        let visible = host(rbm.visible_probabilities(tensor(&h, 3, &device)));
        for r in 0..32 {
            let row = &v[r * 5..][..5];
            assert_close(
                &energy[r..=r],
                &[p.energy(row, &h_rows[r * 3..][..3])],
                1e-5,
            );
            assert_close(&free[r..=r], &[p.free_energy(row)], 1e-5);
            // p(h_j | v) from joint energies alone.
            let weights: Vec<f64> = h.chunks(3).map(|h| (-p.energy(row, h)).exp()).collect();
            let total: f64 = weights.iter().sum();
            for j in 0..3 {
                let on: f64 = (0..8).filter(|s| s >> j & 1 == 1).map(|s| weights[s]).sum();
                assert_close(&hidden[r * 3 + j..=r * 3 + j], &[on / total], 1e-6);
                assert_close(&binary[r * 3 + j..=r * 3 + j], &[on / total], 1e-6);
            }
        }
        for r in 0..8 {
            let fields = p.visible_field(&h[r * 3..][..3]);
            let expected: Vec<f64> = fields.into_iter().map(sigmoid).collect();
            assert_close(&visible[r * 5..][..5], &expected, 1e-6);
        }
    }
}

#[test]
fn pseudo_likelihood_agrees_with_conditionals_from_enumeration() {
    let p = small(6, 4, 1.0, 50);
    let exact = Enumeration::new(&p).unwrap();
    for device in devices() {
        let rbm = Rbm::from_parameters(&p, &device);
        let v = all_states(6);
        let found = host(pseudo_log_likelihood(&rbm, tensor(&v, 6, &device)));
        let ln_p: Vec<f64> = v.chunks(6).map(|v| exact.log_probability(v)).collect();
        let expected: Vec<f64> = (0..64usize)
            .map(|s| {
                (0..6)
                    .map(|i| ln_p[s] - (ln_p[s].exp() + ln_p[s ^ (1 << i)].exp()).ln())
                    .sum()
            })
            .collect();
        assert_close(&found, &expected, 2e-6);
        // Of all units there is no error; of two it averages out over the places of rows.
        let rows = BitMatrix::from_tensor(tensor(&v, 6, &device));
        let described = |units, first| describe_rows(&rbm, &rows, units, first).unwrap();
        let all = described(6, 0);
        assert_close(&all.pseudo_log_likelihood, &expected, 2e-6);
        assert_close(
            &all.free_energy,
            &host(rbm.free_energy(tensor(&v, 6, &device))),
            2e-6,
        );
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let draws = 400;
        let values: Vec<f64> = (0..draws)
            .map(|k| mean(&described(2, 64 * k).pseudo_log_likelihood))
            .collect();
        let spread = crate::numeric::variance(&values).sqrt();
        let (found, expected) = (mean(&values), mean(&expected));
        // Systematic draws converge faster than independent ones.
        let error = spread / (draws as f64).sqrt();
        assert!(
            (found - expected).abs() < 3.0 * error.max(1e-6),
            "{found} {expected} {error}"
        );
        assert!(spread < 0.02, "{spread}");
    }
}

#[test]
fn rows_of_another_width_are_refused() {
    let (device, p) = (Device::default(), small(6, 4, 1.0, 50));
    let rbm = Rbm::from_parameters(&p, &device);
    for width in [5, 7] {
        let error = describe_rows(&rbm, &BitMatrix::zeros(1, width), 2, 0);
        assert!(matches!(error, Err(crate::ModelError::Shape { .. })));
    }
}

#[test]
fn largest_magnitudes_tell_numbers_that_are_none() {
    let device = Device::default();
    let with = |weight: f64, bias: f64| {
        let parameters = Parameters {
            n_visible: 2,
            n_hidden: 1,
            weight: vec![weight, 0.5],
            visible_bias: vec![bias, -3.0],
            hidden_bias: vec![0.25],
        };
        Rbm::from_parameters(&parameters, &device).largest_magnitudes()
    };
    assert_eq!(with(-2.0, 1.0), [2.0, 3.0, 0.25]);
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(!with(wrong, 1.0)[0].is_finite());
        assert!(!with(1.0, wrong)[1].is_finite());
    }
}
