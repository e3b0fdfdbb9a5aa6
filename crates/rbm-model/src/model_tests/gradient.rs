//! The gradient against differences of the exact likelihood, and updates along it.

use super::*;

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
