//! Half sweeps against their definition in f64.

use super::*;
use crate::kernels::packed::{PackedModel, Sweeps};
use crate::kernels::statistics::{
    KEY, RAGGED_ROWS, RAGGED_UNITS, assert_defined, instruction_sets, numbers, on_threads,
};
use crate::noise::Layer;
use crate::parameters::softplus;

/// How far rounding may take a probability: fields of size 20 summed in f32.
const MARGIN: f64 = 1e-5;

struct Ends {
    n: usize,
    m: usize,
    weights: [Vec<f32>; 2],
    from: Stage,
    to: Stage,
    direction: Vec<f32>,
}

impl Ends {
    fn new(n: usize, m: usize) -> Self {
        let size = 6.0 / (n.max(m) as f32).sqrt();
        let stage = |stream, scales| Stage {
            scales,
            visible_bias: numbers(stream, 3.0, n),
            hidden_bias: numbers(stream + 1, 3.0, m),
        };
        Self {
            n,
            m,
            weights: [numbers(40, size, n * m), numbers(41, size, n * m)],
            from: stage(42, [0.3, 0.6]),
            to: stage(44, [0.5, 0.4]),
            direction: numbers(46, 4.0, n),
        }
    }

    fn model(&self, matrices: usize) -> AnnealedModel<'_> {
        let weights: Vec<&[f32]> = self.weights[..matrices].iter().map(|w| &w[..]).collect();
        AnnealedModel::new(&weights, self.n, self.m).unwrap()
    }

    /// The fields of a stage on the hidden units, or on the visible ones, in f64.
    fn fields(&self, matrices: usize, stage: &Stage, states: &BitMatrix, hidden: bool) -> Vec<f64> {
        let bias = if hidden {
            &stage.hidden_bias
        } else {
            &stage.visible_bias
        };
        let mut fields = Vec::new();
        for chain in 0..states.rows() {
            for (output, bias) in bias.iter().enumerate() {
                let mut field = f64::from(*bias);
                for input in (0..states.columns()).filter(|i| states.get(chain, *i)) {
                    let place = if hidden {
                        input * self.m + output
                    } else {
                        output * self.m + input
                    };
                    for t in 0..matrices {
                        field += f64::from(stage.scales[t]) * f64::from(self.weights[t][place]);
                    }
                }
                fields.push(field);
            }
        }
        fields
    }
}

fn random(stream: u8, chains: usize, units: usize) -> BitMatrix {
    BitMatrix::from_numbers(&numbers(stream, 1.0, chains * units), chains, units).unwrap()
}

#[test]
fn halves_draw_and_measure_what_is_defined() {
    let visible_key = KEY.with_layer(Layer::Visible);
    for isa in instruction_sets() {
        for (n, m) in RAGGED_UNITS
            .iter()
            .flat_map(|n| RAGGED_UNITS.map(|m| (*n, m)))
        {
            let ends = Ends::new(n, m);
            for (matrices, chains) in [(1, 1), (2, 1), (1, 17), (2, 65), (1, 130)] {
                assert!(RAGGED_ROWS.contains(&chains) || chains == 17);
                let model = ends.model(matrices).with_isa(isa);
                let visible = random(47, chains, n);
                let mut hidden = BitMatrix::zeros(chains, m);
                let mut work = vec![f64::NAN; chains];
                model
                    .hidden_half(&ends.from, &ends.to, KEY, &visible, &mut hidden, &mut work)
                    .unwrap();
                let before = ends.fields(matrices, &ends.from, &visible, true);
                let after = ends.fields(matrices, &ends.to, &visible, true);
                assert_defined(&hidden.to_numbers(), &after, m, KEY, MARGIN);
                for (chain, work) in work.iter().enumerate() {
                    let units = chain * m..(chain + 1) * m;
                    let sum =
                        |f: &[f64]| f[units.clone()].iter().map(|f| softplus(*f)).sum::<f64>();
                    let exact = sum(&after) - sum(&before);
                    // Fields of size 20 in f32, m of them.
                    assert!((work - exact).abs() < 1e-5 * m as f64, "{work} {exact}");
                }

                let mut drawn = BitMatrix::zeros(chains, n);
                let mut products = vec![f64::NAN; chains];
                model
                    .visible_half(
                        &ends.to,
                        visible_key,
                        &hidden,
                        &mut drawn,
                        &ends.direction,
                        &mut products,
                    )
                    .unwrap();
                let fields = ends.fields(matrices, &ends.to, &hidden, false);
                assert_defined(&drawn.to_numbers(), &fields, n, visible_key, MARGIN);
                for (v, product) in drawn.to_numbers().chunks_exact(n).zip(&products) {
                    let exact: f64 = v
                        .iter()
                        .zip(&ends.direction)
                        .map(|(v, d)| f64::from(*v) * f64::from(*d))
                        .sum();
                    assert!((product - exact).abs() < 1e-6 * n as f64);
                }
            }
        }
    }
}

#[test]
fn same_bytes_on_all_instruction_sets_and_threads() {
    let ends = Ends::new(300, 170);
    let visible = random(48, 200, 300);
    let run = |isa: Isa, threads: usize, matrices: usize| {
        let mut hidden = BitMatrix::zeros(200, 170);
        let mut drawn = BitMatrix::zeros(200, 300);
        let (mut work, mut products) = (vec![0.0; 200], vec![0.0; 200]);
        on_threads(threads, || {
            let model = ends.model(matrices).with_isa(isa);
            model
                .hidden_half(&ends.from, &ends.to, KEY, &visible, &mut hidden, &mut work)
                .unwrap();
            let direction = &ends.direction;
            model
                .visible_half(&ends.to, KEY, &hidden, &mut drawn, direction, &mut products)
                .unwrap();
        });
        (hidden, drawn, work, products)
    };
    for matrices in [1, 2] {
        let first = run(Isa::Portable, 1, matrices);
        for isa in instruction_sets() {
            for threads in [1, 2, 3] {
                assert!(run(isa, threads, matrices) == first, "{isa:?}, {threads}");
            }
        }
    }
}

/// At scale 1 the states are those of a plain sweep.
#[test]
fn full_scale_is_a_plain_sweep() {
    let mut ends = Ends::new(200, 130);
    ends.to.scales = [1.0, 0.0];
    let mut hidden = random(49, 100, 130);
    let mut plain = (hidden.clone(), BitMatrix::zeros(100, 200));
    let weight = &ends.weights[0];
    PackedModel::new(weight, &ends.to.visible_bias, &ends.to.hidden_bias)
        .unwrap()
        .gibbs_sweeps(
            Sweeps {
                seed: KEY.seed,
                stream: KEY.stream,
                first_step: KEY.step,
                count: 1,
                first_row: KEY.first_row,
            },
            &mut plain.0,
            &mut plain.1,
            None,
        )
        .unwrap();
    let model = ends.model(1);
    let mut visible = BitMatrix::zeros(100, 200);
    let (mut work, mut products) = (vec![0.0; 100], vec![0.0; 100]);
    let key = KEY.with_layer(Layer::Visible);
    let direction = &ends.direction;
    model
        .visible_half(
            &ends.to,
            key,
            &hidden,
            &mut visible,
            direction,
            &mut products,
        )
        .unwrap();
    model
        .hidden_half(&ends.to, &ends.to, KEY, &visible, &mut hidden, &mut work)
        .unwrap();
    assert!(visible == plain.1 && hidden == plain.0);
    // From a stage to itself there is no work.
    assert!(work.iter().all(|w| *w == 0.0));
}

#[test]
fn wrong_shapes_are_refused() {
    let ends = Ends::new(5, 4);
    let shape = |result: Result<(), ModelError>| match result {
        Err(ModelError::Shape { tensor, .. }) => tensor,
        other => panic!("{other:?}"),
    };
    let weight = &ends.weights[0][..];
    assert_eq!(
        shape(AnnealedModel::new(&[], 5, 4).map(|_| ())),
        "weight matrices"
    );
    assert_eq!(
        shape(AnnealedModel::new(&[&weight[1..]], 5, 4).map(|_| ())),
        "weight"
    );
    assert!(matches!(
        AnnealedModel::new(&[weight], 0, 4),
        Err(ModelError::EmptyLayer { .. })
    ));
    let model = ends.model(1);
    let (visible, mut hidden) = (random(47, 3, 5), BitMatrix::zeros(3, 4));
    let mut short = vec![0.0; 2];
    let half = model.hidden_half(&ends.from, &ends.to, KEY, &visible, &mut hidden, &mut short);
    assert_eq!(shape(half), "work");
    let bad = Stage {
        hidden_bias: vec![0.0; 3],
        ..ends.to.clone()
    };
    let mut work = vec![0.0; 3];
    let half = model.hidden_half(&ends.from, &bad, KEY, &visible, &mut hidden, &mut work);
    assert_eq!(shape(half), "hidden bias");
}
