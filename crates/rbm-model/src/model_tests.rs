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

/// Expectations that one phase of the gradient needs.
struct Statistics {
    correlation: Tensor<2>,
    visible: Tensor<1>,
    hidden: Tensor<1>,
}

impl Statistics {
    /// The plain gradient with these as the data's expectations.
    fn minus(&self, model: &Self) -> Gradient {
        Gradient {
            weight: self.correlation.clone() - model.correlation.clone(),
            visible_bias: self.visible.clone() - model.visible.clone(),
            hidden_bias: self.hidden.clone() - model.hidden.clone(),
        }
    }
}

/// The model's exact moments as negative statistics on a device.
fn exact_statistics(exact: &Enumeration, n: usize, m: usize, device: &Device) -> Statistics {
    let moments = exact.moments();
    Statistics {
        correlation: tensor(&moments.visible_hidden, m, device),
        visible: tensor(&moments.visible, n, device).squeeze_dim(0),
        hidden: tensor(&moments.hidden, m, device).squeeze_dim(0),
    }
}

#[test]
fn gradient_is_the_finite_difference_of_the_exact_likelihood() {
    let (n, m) = (6, 4);
    let p = small(n, m, 0.8, 60);
    let exact = Enumeration::new(&p).unwrap();
    let data: Vec<f64> = all_states(n)[..n * 23].to_vec();
    let likelihood = |p: &Parameters| Enumeration::new(p).unwrap().log_likelihood(&data);
    let difference = |field: fn(&mut Parameters) -> &mut Vec<f64>, count: usize| -> Vec<f64> {
        (0..count)
            .map(|k| {
                let (mut up, mut down) = (p.clone(), p.clone());
                field(&mut up)[k] += 1e-5;
                field(&mut down)[k] -= 1e-5;
                (likelihood(&up) - likelihood(&down)) / 2e-5
            })
            .collect()
    };
    let expected = [
        difference(|p| &mut p.weight, n * m),
        difference(|p| &mut p.visible_bias, n),
        difference(|p| &mut p.hidden_bias, m),
    ];
    for device in devices() {
        let rbm = Rbm::from_parameters(&p, &device);
        let rows = tensor(&data, n, &device);
        let hidden =
            ops::hidden_probabilities(rbm.weight.val(), rbm.hidden_bias.val(), rows.clone());
        let model = exact_statistics(&exact, n, m, &device);
        let mean = |x: &Tensor<2>| x.clone().mean_dim(0).squeeze_dim::<1>(0);
        let data_statistics = Statistics {
            correlation: rows.clone().transpose().matmul(hidden.clone()) / 23.0,
            visible: mean(&rows),
            hidden: mean(&hidden),
        };
        let gradient = data_statistics.minus(&model);
        // The same from samples: a second data set in the model's place.
        let data_phase = PhaseSamples {
            visible: rows.clone(),
            hidden: hidden.clone(),
        };
        let other_phase = PhaseSamples {
            visible: rows.narrow(0, 4, 9),
            hidden: hidden.narrow(0, 4, 9),
        };
        let other_statistics = Statistics {
            correlation: other_phase
                .visible
                .clone()
                .transpose()
                .matmul(other_phase.hidden.clone())
                / 9.0,
            visible: mean(&other_phase.visible),
            hidden: mean(&other_phase.hidden),
        };
        let between = data_statistics.minus(&other_statistics);
        let sampled = Gradient::from_samples(data_phase, other_phase);
        assert_close(&host(sampled.weight), &host(between.weight), 1e-6);
        assert_close(
            &host(sampled.visible_bias),
            &host(between.visible_bias),
            1e-6,
        );
        assert_close(&host(sampled.hidden_bias), &host(between.hidden_bias), 1e-6);
        let found = [
            host(gradient.weight.clone()),
            host(gradient.visible_bias.clone()),
            host(gradient.hidden_bias.clone()),
        ];
        for (found, expected) in found.iter().zip(&expected) {
            let norm = expected.iter().map(|x| x * x).sum::<f64>().sqrt();
            let error = found
                .iter()
                .zip(expected)
                .map(|(f, e)| (f - e).powi(2))
                .sum::<f64>()
                .sqrt();
            assert!(error < 1e-3 * norm, "relative error {:e}", error / norm);
        }

        // Centering with zero offsets changes nothing; with any offsets it is the gradient of the
        // model written in centered units, mapped back.
        let mu: Vec<f64> = (0..n).map(|i| 0.1 + 0.1 * i as f64).collect();
        let lambda: Vec<f64> = (0..m).map(|j| 0.7 - 0.1 * j as f64).collect();
        let centered = gradient.centered(&Offsets {
            visible: tensor(&mu, n, &device).squeeze_dim(0),
            hidden: tensor(&lambda, m, &device).squeeze_dim(0),
        });
        let [dw, db, dc] = &expected;
        let w = |i: usize, j: usize| dw[i * m + j] - mu[i] * dc[j] - db[i] * lambda[j];
        let weight: Vec<f64> = (0..n * m).map(|k| w(k / m, k % m)).collect();
        let visible: Vec<f64> = (0..n)
            .map(|i| db[i] - (0..m).map(|j| w(i, j) * lambda[j]).sum::<f64>())
            .collect();
        let hidden: Vec<f64> = (0..m)
            .map(|j| dc[j] - (0..n).map(|i| w(i, j) * mu[i]).sum::<f64>())
            .collect();
        assert_close(&host(centered.weight), &weight, 1e-5);
        assert_close(&host(centered.visible_bias), &visible, 1e-5);
        assert_close(&host(centered.hidden_bias), &hidden, 1e-5);
    }
}

#[test]
fn gibbs_chains_started_from_the_model_stay_distributed_as_the_model() {
    let (n, m) = (4, 3);
    let p = small(n, m, 1.0, 70);
    let ln_z = Enumeration::new(&p).unwrap().ln_z();
    let probability: Vec<f64> = (0..1usize << (n + m))
        .map(|s| {
            let unit = |k: usize| (s >> k & 1) as f64;
            let v: Vec<f64> = (0..n).map(unit).collect();
            let h: Vec<f64> = (n..n + m).map(unit).collect();
            (-p.energy(&v, &h) - ln_z).exp()
        })
        .collect();
    let draws = 200_000;
    for device in devices() {
        let rbm = Rbm::from_parameters(&p, &device);
        // Exact visible samples by inversion of the cumulated probabilities.
        let key = NoiseKey::new(11, 200);
        let mut visible = Vec::with_capacity(draws * n);
        for row in 0..draws {
            let mut u = f64::from(key.uniform(row, 0));
            let mut state = probability.len() - 1;
            for (s, q) in probability.iter().enumerate() {
                if u < *q {
                    state = s;
                    break;
                }
                u -= q;
            }
            visible.extend((0..n).map(|k| (state >> k & 1) as f64));
        }
        let mut chains =
            Chains::from_visible(&rbm, tensor(&visible, n, &device), 5, stream::CHAINS);
        for sweeps in [0, 1, 3] {
            chains.sweep(&rbm, sweeps);
            let mut counts = vec![0u32; probability.len()];
            let (v, h) = (host(chains.visible.clone()), host(chains.hidden.clone()));
            for (v, h) in v.chunks(n).zip(h.chunks(m)) {
                let state = v
                    .iter()
                    .chain(h)
                    .enumerate()
                    .map(|(k, x)| (*x as usize) << k)
                    .sum::<usize>();
                counts[state] += 1;
            }
            let chi: f64 = counts
                .iter()
                .zip(&probability)
                .map(|(c, q)| (f64::from(*c) - draws as f64 * q).powi(2) / (draws as f64 * q))
                .sum();
            // 127 degrees of freedom: mean 127, standard deviation 16; 5 of them.
            assert!(
                chi < 127.0 + 5.0 * 16.0,
                "after {sweeps} sweeps chi^2 = {chi}"
            );
        }
    }
}

#[test]
fn sweeps_return_the_probabilities_of_their_own_last_state_and_depend_on_the_key() {
    let p = small(70, 35, 0.3, 80);
    for device in devices() {
        let rbm = Rbm::from_parameters(&p, &device);
        let mut chains = Chains::from_biases(&rbm, 19, 3, stream::CHAINS);
        let start = chains.clone();
        let probabilities = chains.sweep(&rbm, 3);
        let expected = rbm.hidden_probabilities(chains.visible.clone());
        assert_close(&host(probabilities), &host(expected), 1e-5);
        // Three sweeps are one and two more; another seed gives other states.
        let mut split = start.clone();
        split.sweep(&rbm, 1);
        split.sweep(&rbm, 2);
        assert_eq!(host(split.visible), host(chains.visible.clone()));
        assert_eq!(host(split.hidden), host(chains.hidden.clone()));
        let mut other = start;
        other.seed = 4;
        other.sweep(&rbm, 3);
        assert_ne!(host(other.visible), host(chains.visible));
    }
}

#[test]
fn backends_agree_with_the_generic_path() {
    use burn::backend::Dispatch;
    let p = small(75, 131, 0.2, 90);
    for device in devices() {
        let rbm = Rbm::from_parameters(&p, &device);
        let chains = Chains::from_biases(&rbm, 37, 3, stream::CHAINS);
        let sweeps = Sweeps {
            count: 1,
            first_step: 9,
            seed: 1,
            stream: 2,
            first_row: 0,
        };
        let (v, h, q) = ops::generic::gibbs_sweeps::<Dispatch>(
            rbm.weight.val().into_dispatch(),
            rbm.visible_bias.val().into_dispatch(),
            rbm.hidden_bias.val().into_dispatch(),
            chains.hidden.clone().into_dispatch(),
            sweeps,
        );
        let found = ops::gibbs_sweeps(
            rbm.weight.val(),
            rbm.visible_bias.val(),
            rbm.hidden_bias.val(),
            chains.hidden.clone(),
            sweeps,
        );
        // 37 x 206 draws: a uniform within rounding of its threshold is not among them.
        assert_eq!(
            host(found.visible.clone()),
            host(Tensor::<2>::from_dispatch(v))
        );
        assert_eq!(host(found.hidden), host(Tensor::<2>::from_dispatch(h)));
        let q = Tensor::<2>::from_dispatch(q);
        assert_close(&host(found.hidden_probabilities), &host(q.clone()), 1e-5);
        let (states, probabilities) = ops::sample_hidden(
            rbm.weight.val(),
            rbm.hidden_bias.val(),
            chains.visible.clone(),
            NoiseKey::new(7, 8).with_step(9).with_layer(Layer::Hidden),
        );
        let (dense, p) = ops::sample_layer(
            chains.visible.matmul(rbm.weight.val()),
            rbm.hidden_bias.val(),
            NoiseKey::new(7, 8).with_step(9).with_layer(Layer::Hidden),
        );
        assert_eq!(host(states), host(dense));

        let field = rbm.hidden_field(found.visible.clone());
        let bias = rbm.hidden_bias.val();
        let lower = || (field.clone().into_dispatch(), bias.clone().into_dispatch());
        let fast = ops::activate(field.clone(), bias.clone());
        let (f, b) = lower();
        let slow = Tensor::<2>::from_dispatch(ops::generic::activate::<Dispatch>(f, b));
        assert_close(&host(fast), &host(slow), 1e-6);
        let fast = ops::softplus_sum(field.clone(), bias.clone());
        let (f, b) = lower();
        let slow = Tensor::<1>::from_dispatch(ops::generic::softplus_sum::<Dispatch>(f, b));
        assert_close(&host(fast), &host(slow), 1e-6);
        let units: Vec<u32> = (0..37).map(|r| r * 11 % 75).collect();
        let signs = Tensor::<1>::ones([37], &device) * -1.0;
        let weight = rbm.weight.val();
        let fast =
            ops::shifted_softplus_sum(field.clone(), weight.clone(), units.clone(), signs.clone());
        let slow = ops::generic::shifted_softplus_sum::<Dispatch>(
            field.into_dispatch(),
            weight.into_dispatch(),
            units,
            signs.into_dispatch(),
        );
        assert_close(&host(fast), &host(Tensor::<1>::from_dispatch(slow)), 1e-6);
        assert_close(&host(probabilities), &host(p), 1e-5);
    }
}

#[test]
fn an_update_follows_the_centered_gradient_on_every_backend() {
    use crate::optim::{Rule, Step};
    let rbm_parameters = small(20, 33, 0.2, 91);
    for device in devices() {
        let rbm = Rbm::from_parameters(&rbm_parameters, &device);
        let phase = |rows, seed| {
            let chains = Chains::from_biases(&rbm, rows, seed, stream::CHAINS);
            PhaseSamples {
                hidden: rbm.hidden_probabilities(chains.visible.clone()),
                visible: chains.visible,
            }
        };
        let (data, model) = (phase(40, 1), phase(70, 2));
        let offsets = Offsets {
            visible: data.visible.clone().mean_dim(0).squeeze_dim(0),
            hidden: model.hidden.clone().mean_dim(0).squeeze_dim(0),
        };
        let gradient = Gradient::from_samples(data.clone(), model.clone()).centered(&offsets);
        let step = |rule| Step {
            rate: 0.5,
            l1: 0.0,
            l2: 0.0,
            rule,
        };
        let mut state = update::OptimizerState::default();
        let (after, mean) = update::from_samples(
            rbm.clone(),
            &mut state,
            data.clone(),
            model.clone(),
            offsets.clone(),
            step(Rule::Plain),
        );
        let moved = rbm.weight.val() + gradient.weight * 0.5;
        assert_close(&host(after.weight.val()), &host(moved), 1e-6);
        let moved = rbm.visible_bias.val() + gradient.visible_bias * 0.5;
        assert_close(&host(after.visible_bias.val()), &host(moved), 1e-5);
        let moved = rbm.hidden_bias.val() + gradient.hidden_bias * 0.5;
        assert_close(&host(after.hidden_bias.val()), &host(moved), 1e-5);
        let expected = data.hidden.clone().mean_dim(0).squeeze_dim::<1>(0);
        assert_close(&host(mean), &host(expected), 1e-6);

        // What is shared is not written.
        assert_close(&host(rbm.weight.val()), &rbm_parameters.weight, 1e-7);

        // Two updates of each rule with moments, on the kernels and by tensor operations.
        for rule in [
            |_| Rule::Momentum { decay: 0.8 },
            |update| Rule::Adam {
                beta1: 0.9,
                beta2: 0.99,
                update,
            },
        ] {
            let mut fast = (
                rbm.clone(),
                update::OptimizerState::zeros(&rbm, rule(1).moments()),
            );
            let mut slow = fast.clone();
            for update in 1..=2 {
                let update = |(rbm, state): &mut (Rbm, update::OptimizerState), generic: bool| {
                    let (data, model) = (data.clone(), model.clone());
                    let step = step(rule(update));
                    let go = if generic {
                        update::from_samples_by_tensors
                    } else {
                        update::from_samples
                    };
                    go(rbm.clone(), state, data, model, offsets.clone(), step).0
                };
                fast.0 = update(&mut fast, false);
                slow.0 = update(&mut slow, true);
            }
            let (f, s) = (fast.0, slow.0);
            // Adam divides by the root of a second moment, which small gradients make small.
            assert_close(&host(f.weight.val()), &host(s.weight.val()), 1e-4);
            assert_close(
                &host(f.visible_bias.val()),
                &host(s.visible_bias.val()),
                1e-4,
            );
            assert_close(&host(f.hidden_bias.val()), &host(s.hidden_bias.val()), 1e-4);
            for (f, s) in fast.1.weight.iter().zip(&slow.1.weight) {
                assert_close(&host(f.clone()), &host(s.clone()), 1e-6);
            }
        }
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
