//! Updates against the definition in f64.

use super::*;
use crate::error::ModelError;
use crate::kernels::statistics::{instruction_sets, numbers, on_threads};
use crate::kernels::{BitMatrix, Isa, Parameter};
use crate::noise::{Layer, NoiseKey};
use crate::optim::{ADAM_EPSILON, Rule, Step};

const RULES: [Rule; 3] = [
    Rule::Plain,
    Rule::Momentum { decay: 0.7 },
    Rule::Adam {
        beta1: 0.9,
        beta2: 0.99,
        update: 3,
    },
];

/// Parameters with moments, each `[value, first, second]`.
type Arrays = [[Vec<f32>; 3]; 3];

struct Case {
    n: usize,
    m: usize,
    states: [BitMatrix; 2],
    hidden: [Vec<f32>; 2],
    mu: Vec<f32>,
    lambda: Vec<f32>,
    step: Step,
}

impl Case {
    fn new([n, m]: [usize; 2], rows: [usize; 2], rule: Rule) -> Self {
        let states = [(21, rows[0]), (22, rows[1])].map(|(stream, rows)| {
            BitMatrix::from_numbers(&numbers(stream, 1.0, rows * n), rows, n).unwrap()
        });
        let half = |stream, count| -> Vec<f32> {
            numbers(stream, 0.5, count)
                .iter()
                .map(|x| x + 0.5)
                .collect()
        };
        Self {
            n,
            m,
            states,
            hidden: [half(23, rows[0] * m), half(24, rows[1] * m)],
            mu: half(25, n),
            lambda: half(26, m),
            step: Step {
                rate: 0.3,
                l1: 0.01,
                l2: 0.02,
                rule,
            },
        }
    }

    fn start(&self) -> Arrays {
        let moments = self.step.rule.moments();
        [self.n * self.m, self.n, self.m].map(|size| {
            [0, 1, 2].map(|index| {
                let numbers = numbers(30 + index as u8, 1.0, size);
                match index {
                    0 => numbers,
                    _ if index > moments => Vec::new(),
                    // Second moments are not negative.
                    _ => numbers.iter().map(|x| x.abs()).collect(),
                }
            })
        })
    }

    fn run(&self, isa: Isa) -> (Arrays, Vec<f32>) {
        let [data, model] = &self.hidden;
        self.run_with(isa, Hidden::Values([data, model]))
    }

    fn run_with(&self, isa: Isa, hidden: Hidden) -> (Arrays, Vec<f32>) {
        let mut arrays = self.start();
        let [weight, visible_bias, hidden_bias] = arrays.each_mut().map(|arrays| {
            let [value, first, second] = arrays;
            Parameter {
                value,
                first,
                second,
            }
        });
        let mean = FusedUpdate {
            data: &self.states[0],
            model: &self.states[1],
            hidden,
            visible_offset: &self.mu,
            hidden_offset: &self.lambda,
            step: self.step,
            isa,
        }
        .run(weight, visible_bias, hidden_bias)
        .unwrap();
        (arrays, mean)
    }

    /// The centered gradient by its definition: [W, b, c].
    fn gradient(&self) -> [Vec<f64>; 3] {
        let (n, m) = (self.n, self.m);
        let mut g = [vec![0.0; n * m], vec![0.0; n], vec![0.0; m]];
        for (phase, sign) in [(0, 1.0), (1, -1.0)] {
            let rows = self.states[phase].rows();
            for r in 0..rows {
                for i in 0..n {
                    let v = f64::from(u8::from(self.states[phase].get(r, i)));
                    g[1][i] += sign * v / rows as f64;
                    for j in 0..m {
                        let h = f64::from(self.hidden[phase][r * m + j]);
                        let centered =
                            (v - f64::from(self.mu[i])) * (h - f64::from(self.lambda[j]));
                        g[0][i * m + j] += sign * centered / rows as f64;
                    }
                }
                for j in 0..m {
                    g[2][j] += sign * f64::from(self.hidden[phase][r * m + j]) / rows as f64;
                }
            }
        }
        let [weight, b, c] = &mut g;
        for i in 0..n {
            for j in 0..m {
                b[i] -= weight[i * m + j] * f64::from(self.lambda[j]);
                c[j] -= weight[i * m + j] * f64::from(self.mu[i]);
            }
        }
        g
    }

    /// Where a step along a gradient leads: parameters `[value, first, second]`.
    fn expected(&self) -> [[Vec<f64>; 3]; 3] {
        let mut arrays = self
            .start()
            .map(|a| a.map(|x| x.into_iter().map(f64::from).collect()));
        for (index, (arrays, g)) in arrays.iter_mut().zip(self.gradient()).enumerate() {
            let [value, first, second]: &mut [Vec<f64>; 3] = arrays;
            for (k, mut g) in g.into_iter().enumerate() {
                if index == 0 {
                    g -= self.step.l2 * value[k] + self.step.l1 * value[k].signum();
                }
                let direction = match self.step.rule {
                    Rule::Plain => g,
                    Rule::Momentum { decay } => {
                        first[k] = decay * first[k] + g;
                        first[k]
                    }
                    Rule::Adam { beta1, beta2, .. } => {
                        first[k] = beta1 * first[k] + (1.0 - beta1) * g;
                        second[k] = beta2 * second[k] + (1.0 - beta2) * g * g;
                        let (a, b) = (1.0 - beta1.powi(3), 1.0 - beta2.powi(3));
                        first[k] / a / ((second[k] / b).sqrt() + ADAM_EPSILON)
                    }
                };
                value[k] += self.step.rate * direction;
            }
        }
        arrays
    }
}

/// Sums of up to 130 terms of size 1 in f32, and sums over the rows or columns of W of them.
fn assert_close(found: &Arrays, expected: &[[Vec<f64>; 3]; 3], case: &str) {
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert_eq!(found.len(), expected.len());
        for (k, (f, e)) in found.iter().zip(expected).enumerate() {
            let error = (f64::from(*f) - e).abs();
            assert!(
                error < 2e-5 * (1.0 + e.abs()),
                "{case}, entry {k}: {f} against {e}"
            );
        }
    }
}

#[test]
fn an_update_is_a_step_along_the_centered_gradient() {
    for rule in RULES {
        for shape in [[1, 1], [3, 17], [100, 3], [65, 130]] {
            for rows in [[1, 3], [70, 16], [64, 130]] {
                let case = Case::new(shape, rows, rule);
                let expected = case.expected();
                let first = case.run(Isa::Portable);
                let name = format!("{rule:?} {shape:?} {rows:?}");
                assert_close(&first.0, &expected, &name);
                for (j, mean) in first.1.iter().enumerate() {
                    let column = case.hidden[0].iter().skip(j).step_by(shape[1]);
                    let exact = column.map(|&h| f64::from(h)).sum::<f64>() / rows[0] as f64;
                    assert!((f64::from(*mean) - exact).abs() < 1e-6, "{name}");
                }
                for isa in instruction_sets() {
                    assert!(case.run(isa) == first, "{name}: {isa:?} gives other bytes");
                }
            }
        }
    }
}

#[test]
fn an_update_is_the_same_on_any_number_of_threads() {
    let case = Case::new([300, 200], [100, 130], RULES[2]);
    let alone = on_threads(1, || case.run(Isa::detect()));
    for threads in [2, 3] {
        assert!(on_threads(threads, || case.run(Isa::detect())) == alone);
    }
}

#[test]
fn wrong_lengths_change_nothing() {
    let case = Case::new([3, 4], [2, 2], RULES[1]);
    let mut arrays = case.start();
    let before = arrays.clone();
    let [weight, visible_bias, hidden_bias] =
        arrays.each_mut().map(|[value, first, second]| Parameter {
            value,
            first,
            second,
        });
    let update = FusedUpdate {
        data: &case.states[0],
        model: &case.states[1],
        hidden: Hidden::Values([&case.hidden[0], &case.hidden[1][1..]]),
        visible_offset: &case.mu,
        hidden_offset: &case.lambda,
        step: case.step,
        isa: Isa::detect(),
    };
    let result = update.run(weight, visible_bias, hidden_bias);
    assert!(matches!(result, Err(ModelError::Shape { .. })));
    assert!(arrays == before);
}

/// Conditional hidden values in blocks of 64 to 192 units against the whole matrix of them.
#[test]
fn hidden_values_may_be_worked_out_on_the_way() {
    let key = NoiseKey::new(3, 4).with_step(5).with_layer(Layer::Hidden);
    for (shape, rows) in [
        ([3, 17], [5, 3]),
        ([20, 300], [64, 2500]),
        ([9, 130], [4000, 70]),
    ] {
        let mut case = Case::new(shape, rows, RULES[1]);
        let [[weight, ..], [visible_bias, ..], [hidden_bias, ..]] = case.start();
        let model = PackedModel::new(&weight, &visible_bias, &hidden_bias).unwrap();
        let mut expected_states = BitMatrix::zeros(rows[1], shape[1]);
        for (states, hidden) in case.states.iter().zip(&mut case.hidden) {
            model.hidden_probabilities(states, hidden).unwrap();
        }
        model
            .sample_hidden(&case.states[1], key, &mut expected_states, None)
            .unwrap();
        let expected = case.run(Isa::detect());
        let run = |isa| {
            let mut drawn = BitMatrix::zeros(rows[1], shape[1]);
            let hidden = Hidden::Drawn(key, model.scale(), &mut drawn);
            (case.run_with(isa, hidden), drawn)
        };
        let first = run(Isa::Portable);
        assert_eq!(first.1, expected_states);
        assert!(
            first.0 == expected,
            "{shape:?}: other bytes than from the matrix"
        );
        for isa in instruction_sets() {
            assert!(run(isa) == first, "{shape:?}: {isa:?} gives other bytes");
        }
        for threads in [1, 3] {
            assert!(on_threads(threads, || run(Isa::detect())) == first);
        }
    }
}
