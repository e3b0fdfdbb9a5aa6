//! The packed kernels against sums and enumeration in f64.

use super::outer_mean::outer_mean_with;
use super::*;
use crate::error::ModelError;
use crate::kernels::layer::sample_layer;
use crate::kernels::statistics::{
    Frequencies, KEY, RAGGED_ROWS, RAGGED_UNITS, assert_defined, instruction_sets, numbers,
    on_threads,
};
use crate::kernels::{BitMatrix, Isa};
use crate::noise::Layer;
use crate::parameters::{Parameters, sigmoid};

/// How far rounding may take a probability: fields of size 20 summed in f32.
const MARGIN: f64 = 1e-5;

/// Parameters in f32, as the kernels take them, and in f64.
struct Machine {
    weight: Vec<f32>,
    visible_bias: Vec<f32>,
    hidden_bias: Vec<f32>,
    exact: Parameters,
}

impl Machine {
    /// Random weights of a size that keeps fields moderate, and some biases of 20 on either side.
    fn new(n_visible: usize, n_hidden: usize) -> Self {
        let size = 3.0 / (n_visible.max(n_hidden) as f32).sqrt();
        let weight = numbers(10, size, n_visible * n_hidden);
        let [mut visible_bias, mut hidden_bias] =
            [(11, n_visible), (12, n_hidden)].map(|(stream, n)| numbers(stream, 1.0, n));
        for bias in [&mut visible_bias, &mut hidden_bias] {
            for (index, bias) in bias.iter_mut().enumerate() {
                match index % 10 {
                    2 => *bias = 20.0,
                    6 => *bias = -20.0,
                    _ => {}
                }
            }
        }
        let [w, b, c] =
            [&weight, &visible_bias, &hidden_bias].map(|x| x.iter().map(|&x| x.into()).collect());
        Self {
            exact: Parameters::new(n_visible, n_hidden, w, b, c).unwrap(),
            weight,
            visible_bias,
            hidden_bias,
        }
    }

    fn packed(&self, isa: Isa) -> PackedModel<'_> {
        PackedModel::new(&self.weight, &self.visible_bias, &self.hidden_bias)
            .unwrap()
            .with_isa(isa)
    }

    /// Random visible states.
    fn visible(&self, chains: usize) -> BitMatrix {
        random_states(13, chains, self.exact.n_visible)
    }

    /// Random hidden states.
    fn hidden(&self, chains: usize) -> BitMatrix {
        random_states(14, chains, self.exact.n_hidden)
    }

    fn hidden_fields(&self, visible: &BitMatrix) -> Vec<f64> {
        let rows = visible.to_numbers();
        rows.chunks_exact(self.exact.n_visible)
            .flat_map(|v| self.exact.hidden_field(&doubles(v)))
            .collect()
    }

    fn visible_fields(&self, hidden: &BitMatrix) -> Vec<f64> {
        let rows = hidden.to_numbers();
        rows.chunks_exact(self.exact.n_hidden)
            .flat_map(|h| self.exact.visible_field(&doubles(h)))
            .collect()
    }
}

fn random_states(stream: u8, chains: usize, units: usize) -> BitMatrix {
    BitMatrix::from_numbers(&numbers(stream, 1.0, chains * units), chains, units).unwrap()
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| x.into()).collect()
}

fn sweeps(first_step: u64, count: u64) -> Sweeps {
    Sweeps {
        seed: KEY.seed,
        stream: KEY.stream,
        first_step,
        count,
        first_row: KEY.first_row,
    }
}

#[test]
fn every_half_sweep_follows_its_probabilities() {
    for isa in instruction_sets() {
        for n in RAGGED_UNITS {
            for m in RAGGED_UNITS {
                let machine = Machine::new(n, m);
                let model = machine.packed(isa);
                let mut counts = [Frequencies::new(n), Frequencies::new(m)];
                for chains in RAGGED_ROWS {
                    let mut hidden = machine.hidden(chains);
                    let mut visible = BitMatrix::zeros(chains, n);
                    for step in 0..(400 / chains).max(1) as u64 {
                        let step = KEY.step + 1000 * chains as u64 + step;
                        let fields = machine.visible_fields(&hidden);
                        model
                            .gibbs_sweeps(sweeps(step, 1), &mut hidden, &mut visible, None)
                            .unwrap();
                        let [v, h] = [Layer::Visible, Layer::Hidden]
                            .map(|layer| KEY.with_step(step).with_layer(layer));
                        assert_defined(&visible.to_numbers(), &fields, n, v, MARGIN);
                        counts[0].add(&visible.to_numbers(), &fields);
                        let fields = machine.hidden_fields(&visible);
                        assert_defined(&hidden.to_numbers(), &fields, m, h, MARGIN);
                        counts[1].add(&hidden.to_numbers(), &fields);
                    }
                }
                counts.iter().for_each(Frequencies::check);
            }
        }
    }
}

#[test]
fn sweeps_are_sweeps_one_after_the_other() {
    let machine = Machine::new(100, 70);
    let model = machine.packed(Isa::detect());
    let (start, chains) = (machine.hidden(33), 33);
    let (mut hidden, mut visible) = (start.clone(), BitMatrix::zeros(chains, 100));
    let mut probabilities = vec![0.5; chains * 70];
    model
        .gibbs_sweeps(
            sweeps(5, 3),
            &mut hidden,
            &mut visible,
            Some(&mut probabilities),
        )
        .unwrap();
    let (mut h, mut v) = (start.clone(), BitMatrix::zeros(chains, 100));
    for step in 5..8 {
        model
            .gibbs_sweeps(sweeps(step, 1), &mut h, &mut v, None)
            .unwrap();
    }
    assert!(h == hidden && v == visible);
    // The probabilities are those of the last visible states, and of their own kernel.
    let mut alone = vec![0.5; chains * 70];
    model.hidden_probabilities(&visible, &mut alone).unwrap();
    assert_eq!(probabilities, alone);
    // Drawing the hidden layer alone is the second half of a sweep.
    let key = KEY.with_step(7);
    let mut drawn = BitMatrix::zeros(chains, 70);
    let mut with_draw = vec![0.5; chains * 70];
    model
        .sample_hidden(&visible, key, &mut drawn, Some(&mut with_draw))
        .unwrap();
    assert!(drawn == hidden && with_draw == alone);
    // No sweep, no change.
    model
        .gibbs_sweeps(sweeps(0, 0), &mut h, &mut v, Some(&mut alone))
        .unwrap();
    assert!(h == hidden && v == visible && alone == probabilities);
}

#[test]
fn probabilities_are_the_sigmoid_of_the_sum() {
    for isa in instruction_sets() {
        for (n, m, chains) in [(1, 1, 1), (3, 100, 17), (100, 17, 65), (150, 100, 130)] {
            let machine = Machine::new(n, m);
            let visible = machine.visible(chains);
            let mut probabilities = vec![0.5; chains * m];
            machine
                .packed(isa)
                .hidden_probabilities(&visible, &mut probabilities)
                .unwrap();
            for (&p, x) in probabilities.iter().zip(machine.hidden_fields(&visible)) {
                assert!((f64::from(p) - sigmoid(x)).abs() < MARGIN / 5.0);
            }
        }
    }
}

#[test]
fn same_states_as_a_dense_product_and_the_fused_pass() {
    let (n, m, chains) = (150, 130, 90);
    let machine = Machine::new(n, m);
    let visible = machine.visible(chains);
    let mut hidden = BitMatrix::zeros(chains, m);
    machine
        .packed(Isa::detect())
        .sample_hidden(&visible, KEY, &mut hidden, None)
        .unwrap();
    // A dense product in f32, in an order of its own.
    let v = visible.to_numbers();
    let mut product = vec![0.0; chains * m];
    for (v, product) in v.chunks_exact(n).zip(product.chunks_exact_mut(m)) {
        for i in (0..n).rev() {
            for (j, sum) in product.iter_mut().enumerate() {
                *sum += v[i] * machine.weight[i * m + j];
            }
        }
    }
    let mut dense = vec![0.5; chains * m];
    sample_layer(&product, &machine.hidden_bias, KEY, &mut dense, None).unwrap();
    let fields = machine.hidden_fields(&visible);
    let packed = hidden.to_numbers();
    for (index, &x) in fields.iter().enumerate() {
        let u = f64::from(KEY.uniform(index / m, index % m));
        assert!(dense[index] == packed[index] || (u - sigmoid(x)).abs() < MARGIN);
    }
}

#[test]
fn same_bytes_on_all_instruction_sets_and_threads() {
    // More chains than a task takes, fewer outputs than threads could have, and the reverse.
    for (n, m, chains) in [(70, 40, 600), (300, 200, 100), (20, 10, 200)] {
        let machine = Machine::new(n, m);
        let run = |isa: Isa, threads: usize| {
            let (mut h, mut v) = (machine.hidden(chains), BitMatrix::zeros(chains, n));
            let (mut p, mut correlation) = (vec![0.5; chains * m], vec![0.5; n * m]);
            on_threads(threads, || {
                machine
                    .packed(isa)
                    .gibbs_sweeps(sweeps(9, 3), &mut h, &mut v, Some(&mut p))
                    .unwrap();
                outer_mean_with(isa, &v, &p, 0.125, -1.0, &mut correlation).unwrap();
            });
            (h, v, p, correlation)
        };
        let first = run(Isa::Portable, 1);
        for isa in instruction_sets() {
            for threads in [1, 2, 5] {
                assert!(run(isa, threads) == first, "{isa:?}, {threads} threads");
            }
        }
    }
}

/// Many short chains of a small machine: the visible states must come to have p(v).
#[test]
fn chains_reach_the_distribution_of_the_model() {
    const CHAINS: usize = 8192;
    let (n, m) = (4, 3);
    let weight: Vec<f32> = numbers(20, 2.0, n * m);
    let (b, c) = (numbers(21, 1.0, n), numbers(22, 1.0, m));
    let exact = Parameters::new(n, m, doubles(&weight), doubles(&b), doubles(&c)).unwrap();
    let bits = |state: usize| -> Vec<f64> { (0..n).map(|i| (state >> i & 1) as f64).collect() };
    let mass: Vec<f64> = (0..1 << n)
        .map(|state| (-exact.free_energy(&bits(state))).exp())
        .collect();
    let z: f64 = mass.iter().sum();
    let mut hidden = BitMatrix::zeros(CHAINS, m);
    let mut visible = BitMatrix::zeros(CHAINS, n);
    PackedModel::new(&weight, &b, &c)
        .unwrap()
        .gibbs_sweeps(sweeps(0, 200), &mut hidden, &mut visible, None)
        .unwrap();
    let mut counts = vec![0.0; 1 << n];
    for chain in 0..CHAINS {
        let state: usize = (0..n)
            .map(|i| usize::from(visible.get(chain, i)) << i)
            .sum();
        counts[state] += 1.0;
    }
    let chi2: f64 = mass
        .iter()
        .zip(&counts)
        .map(|(mass, count)| {
            (count - mass / z * CHAINS as f64).powi(2) / (mass / z * CHAINS as f64)
        })
        .sum();
    let degrees = (1 << n) as f64 - 1.0;
    assert!(chi2 < degrees + 5.0 * (2.0 * degrees).sqrt(), "{chi2}");
}

#[test]
fn moments_are_the_sums() {
    for isa in instruction_sets() {
        for samples in [0, 1, 3, 64, 65, 200] {
            for (n, m) in [(0, 3), (1, 1), (17, 33), (100, 3), (130, 70)] {
                let visible = random_states(30, samples, n);
                let p = numbers(31, 1.0, samples * m);
                let before = numbers(32, 1.0, n * m);
                let (mut plain, mut added) = (vec![f32::NAN; n * m], before.clone());
                outer_mean_with(isa, &visible, &p, 0.5, 0.0, &mut plain).unwrap();
                outer_mean_with(isa, &visible, &p, -0.25, 2.0, &mut added).unwrap();
                for i in 0..n {
                    for j in 0..m {
                        let sum: f64 = (0..samples)
                            .filter(|&r| visible.get(r, i))
                            .map(|r| f64::from(p[r * m + j]))
                            .sum();
                        // A partial sum is at most `samples`, and there is one rounding each.
                        let bound = f64::from(f32::EPSILON) * (samples * samples + 4) as f64;
                        let at = i * m + j;
                        assert!((f64::from(plain[at]) - 0.5 * sum).abs() <= bound);
                        let expected = 2.0 * f64::from(before[at]) - 0.25 * sum;
                        assert!((f64::from(added[at]) - expected).abs() <= bound);
                    }
                }
            }
        }
    }
}

#[test]
fn wrong_shapes_are_refused() {
    let refused = |result: Result<(), ModelError>, name: &str| match result {
        Err(ModelError::Shape { tensor, .. }) => assert_eq!(tensor, name),
        other => panic!("{name}: {other:?}"),
    };
    let machine = Machine::new(5, 4);
    let model = machine.packed(Isa::detect());
    let (mut v, mut h, mut p) = (BitMatrix::zeros(3, 5), BitMatrix::zeros(3, 4), [0.0; 12]);
    let (mut v_units, mut h_units, mut h_chains) = (
        BitMatrix::zeros(3, 6),
        BitMatrix::zeros(3, 5),
        BitMatrix::zeros(2, 4),
    );
    let one = sweeps(0, 1);
    let (visible, hidden, probabilities) =
        ("visible states", "hidden states", "hidden probabilities");
    refused(model.gibbs_sweeps(one, &mut h, &mut v_units, None), visible);
    refused(model.gibbs_sweeps(one, &mut h_units, &mut v, None), hidden);
    refused(model.gibbs_sweeps(one, &mut h_chains, &mut v, None), hidden);
    refused(
        model.gibbs_sweeps(one, &mut h, &mut v, Some(&mut p[1..])),
        probabilities,
    );
    refused(model.hidden_probabilities(&v_units, &mut p), visible);
    refused(model.hidden_probabilities(&v, &mut p[1..]), probabilities);
    refused(model.sample_hidden(&v, KEY, &mut h_units, None), hidden);
    refused(
        model.sample_hidden(&v, KEY, &mut h, Some(&mut p[1..])),
        probabilities,
    );
    refused(
        outer_mean(&v, &p[1..], 1.0, 0.0, &mut [0.0; 20]),
        probabilities,
    );
    refused(outer_mean(&v, &p, 1.0, 0.0, &mut [0.0; 19]), "outer mean");
    refused(
        PackedModel::new(&[0.0; 5], &[0.0; 3], &[0.0; 2]).map(|_| ()),
        "weight",
    );
    let empty = PackedModel::new(&[], &[0.0; 3], &[]);
    assert!(matches!(
        empty,
        Err(ModelError::EmptyLayer { layer: "hidden" })
    ));
    // No chains are nothing to do.
    let (mut v, mut h) = (BitMatrix::zeros(0, 5), BitMatrix::zeros(0, 4));
    model
        .gibbs_sweeps(one, &mut h, &mut v, Some(&mut []))
        .unwrap();
}
