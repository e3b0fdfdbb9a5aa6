//! Sweeps, gradients and a short training on the adapter, against sums on the host and flex.

use super::tests::{adapter, host, matrix, vector};
use crate::RbmConfig;
use crate::gradient::{Gradient, PhaseSamples};
use crate::kernels::statistics::{KEY, assert_defined, numbers};
use crate::noise::{Layer, stream};
use crate::ops::{self, Sweeps};
use crate::parameters::sigmoid;
use crate::partition::Enumeration;
use crate::sampling::Chains;
use burn::tensor::{Device, Tensor};

/// A small model: weight [n, m] and biases.
struct Model {
    shape: [usize; 2],
    weight: Vec<f32>,
    visible_bias: Vec<f32>,
    hidden_bias: Vec<f32>,
}

impl Model {
    fn new(n: usize, m: usize) -> Self {
        Self {
            shape: [n, m],
            weight: numbers(4, 1.0, n * m),
            visible_bias: numbers(5, 0.5, n),
            hidden_bias: numbers(6, 0.5, m),
        }
    }

    fn on(&self, device: &Device) -> (Tensor<2>, Tensor<1>, Tensor<1>) {
        (
            matrix(&self.weight, self.shape, device),
            vector(&self.visible_bias, device),
            vector(&self.hidden_bias, device),
        )
    }

    fn visible_fields(&self, hidden: &[f32]) -> Vec<f64> {
        let [n, m] = self.shape;
        let field = |h: &[f32], i: usize| {
            let sum: f64 = (0..m)
                .map(|j| f64::from(h[j]) * f64::from(self.weight[i * m + j]))
                .sum();
            sum + f64::from(self.visible_bias[i])
        };
        let rows = hidden.chunks(m);
        rows.flat_map(|h| (0..n).map(move |i| field(h, i)))
            .collect()
    }

    fn hidden_fields(&self, visible: &[f32]) -> Vec<f64> {
        let [n, m] = self.shape;
        let field = |v: &[f32], j: usize| {
            let sum: f64 = (0..n)
                .map(|i| f64::from(v[i]) * f64::from(self.weight[i * m + j]))
                .sum();
            sum + f64::from(self.hidden_bias[j])
        };
        let rows = visible.chunks(n);
        rows.flat_map(|v| (0..m).map(move |j| field(v, j)))
            .collect()
    }
}

/// Random states of a layer.
fn states(stream: u8, rows: usize, units: usize) -> Vec<f32> {
    let uniform = numbers(stream, 1.0, rows * units);
    uniform.into_iter().map(|u| f32::from(u > 0.0)).collect()
}

#[test]
fn sweeps_draw_from_the_conditionals() {
    let Some(device) = adapter() else { return };
    let model = Model::new(21, 13);
    let [n, m] = model.shape;
    let (weight, b, c) = model.on(&device);
    for chains in [1, 17] {
        let start = states(7, chains, m);
        let sweeps = |count, first_step, hidden: &Tensor<2>| {
            let sweeps = Sweeps {
                count,
                first_step,
                seed: KEY.seed,
                stream: KEY.stream,
                first_row: KEY.first_row,
            };
            ops::gibbs_sweeps(weight.clone(), b.clone(), c.clone(), hidden.clone(), sweeps)
        };
        let mut hidden = matrix(&start, [chains, m], &device);
        for step in 100..103 {
            let key = |layer| KEY.with_step(step).with_layer(layer);
            let result = sweeps(1, step, &hidden);
            let visible = host(result.visible);
            let fields = model.visible_fields(&host(hidden));
            assert_defined(&visible, &fields, n, key(Layer::Visible), 1e-5);
            let fields = model.hidden_fields(&visible);
            let states = host(result.hidden.clone());
            assert_defined(&states, &fields, m, key(Layer::Hidden), 1e-5);
            for (p, x) in host(result.hidden_probabilities).iter().zip(fields) {
                assert!((f64::from(*p) - sigmoid(x)).abs() < 2e-6);
            }
            hidden = result.hidden;
        }
        // Three at once, twice: the same bytes as one after the other.
        for _ in 0..2 {
            let together = sweeps(3, 100, &matrix(&start, [chains, m], &device));
            assert_eq!(host(together.hidden), host(hidden.clone()));
        }
    }
}

#[test]
fn the_other_operations_agree_with_flex() {
    let Some(device) = adapter() else { return };
    let flex = Device::flex();
    let model = Model::new(21, 13);
    let [n, m] = model.shape;
    let close = |found: Tensor<2>, expected: Tensor<2>| {
        for (f, e) in host(found).into_iter().zip(host(expected)) {
            assert!((f - e).abs() < 2e-6, "{f} {e}");
        }
    };
    let on = |device: &Device| {
        let (weight, _, c) = model.on(device);
        let visible = matrix(&states(8, 11, n), [11, n], device);
        let p = ops::hidden_probabilities(weight.clone(), c.clone(), visible.clone());
        let (hidden, q) = ops::sample_hidden(weight, c, visible.clone(), KEY);
        let [v, h] = [(9, n), (10, m)]
            .map(|(stream, units)| matrix(&states(stream, 6, units), [6, units], device));
        let difference = ops::correlation_difference(visible, p.clone(), v, h);
        (p, q, hidden, difference)
    };
    let (p, q, hidden, difference) = on(&device);
    let expected = on(&flex);
    close(p, expected.0);
    close(q, expected.1);
    close(difference, expected.3);
    let fields = model.hidden_fields(&states(8, 11, n));
    assert_defined(&host(hidden), &fields, m, KEY, 1e-5);
    assert_defined(&host(expected.2), &fields, m, KEY, 1e-5);
}

/// Persistent contrastive divergence from the parts that the trainer uses: the mean exact
/// log-likelihood of the data rises, as it does on flex from the same seed.
#[test]
fn a_short_training_learns() {
    let Some(adapter) = adapter() else { return };
    let (rows, n) = (16, 8);
    // Two patterns and their noise: half of the units are on together.
    let mut data = states(11, rows, n);
    for (row, values) in data.chunks_mut(n).enumerate() {
        for (i, value) in values.iter_mut().enumerate().skip(1) {
            *value = f32::from((i < n / 2) == (row % 2 == 0));
        }
    }
    let train = |device: &Device| {
        let mut rbm = RbmConfig::new(n, 5).with_seed(3).init(device).unwrap();
        let visible = matrix(&data, [rows, n], device);
        let likelihood = |rbm: &crate::Rbm| {
            let energies: f64 = host(rbm.free_energy(visible.clone()))
                .into_iter()
                .map(f64::from)
                .sum();
            -energies / rows as f64 - Enumeration::new(&rbm.parameters().unwrap()).unwrap().ln_z()
        };
        let before = likelihood(&rbm);
        let mut chains = Chains::from_biases(&rbm, 32, 3, stream::CHAINS);
        for _ in 0..60 {
            let data = PhaseSamples {
                visible: visible.clone(),
                hidden: rbm.hidden_probabilities(visible.clone()),
            };
            let hidden = chains.sweep(&rbm, 2);
            let model = PhaseSamples {
                visible: chains.visible.clone(),
                hidden,
            };
            let gradient = Gradient::from_samples(data, model);
            let rate = 0.2;
            rbm.weight = rbm.weight.map(|w| w + gradient.weight * rate);
            rbm.visible_bias = rbm.visible_bias.map(|b| b + gradient.visible_bias * rate);
            rbm.hidden_bias = rbm.hidden_bias.map(|c| c + gradient.hidden_bias * rate);
        }
        (before, likelihood(&rbm))
    };
    let (before, after) = train(&adapter);
    let (before_on_flex, after_on_flex) = train(&Device::flex());
    eprintln!("{before} -> {after}, on flex {before_on_flex} -> {after_on_flex}");
    assert!((before - before_on_flex).abs() < 1e-5);
    assert!(after > before + 0.3, "{before} {after}");
    // The same noise: the runs part only where rounding first decides a state.
    assert!(
        (after - after_on_flex).abs() < 0.1,
        "{after} {after_on_flex}"
    );
}
