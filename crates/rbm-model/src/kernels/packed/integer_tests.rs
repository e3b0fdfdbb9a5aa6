//! Integer sums by every way, and draws from sums of i16, against their definition.

use super::activation::{Fields, activate};
use super::contraction::{Terms, Work};
use super::contraction_tests::sums;
use super::gibbs::{PackedModel, Sweeps};
use super::integers::{IntegerInputs, IntegerPlan};
use super::matrix::Matrix;
use super::nibbles::NibbleLists;
use super::scale::WeightScale;
use super::short_draw::ShortLayer;
use super::shorts::{ShortInputs, ShortWeights};
use crate::kernels::simd::Simd;
use crate::kernels::statistics::{KEY, instruction_sets, numbers, on_threads};
use crate::kernels::{BitMatrix, Isa};

/// Integer inputs that are summed in a given way.
struct By<'a>(IntegerInputs<'a>, &'static str);

impl Terms for By<'_> {
    type Number = i32;
    type Plan = IntegerPlan;

    fn bits(&self) -> &BitMatrix {
        self.0.bits
    }

    fn plan(&self) -> IntegerPlan {
        match self.1 {
            "direct" => IntegerPlan::Direct,
            "tables" => IntegerPlan::Tables,
            "nibbles" => IntegerPlan::Nibbles(NibbleLists::new(self.0.bits)),
            _ => self.0.plan(),
        }
    }

    fn table_numbers(plan: &IntegerPlan) -> usize {
        IntegerInputs::table_numbers(plan)
    }

    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, plan: &IntegerPlan, work: &mut Work<'_, i32>) {
        self.0.add(simd, plan, work);
    }
}

fn states(chains: usize, units: usize, level: f32) -> BitMatrix {
    let numbers = numbers(3, 1.0, chains * units);
    BitMatrix::from_fn(chains, units, |r, c| numbers[r * units + c] > level)
}

/// Weights `[n, m]` of kinds that try the scale and the rounding.
fn weights(kind: usize, n: usize, m: usize) -> Vec<f32> {
    let mut weight = numbers(5, 1.0, n * m);
    match kind {
        0 => {}
        // One column, and one row, that are huge.
        1 => weight.iter_mut().step_by(m).for_each(|w| *w *= 1e4),
        2 => weight[..m].iter_mut().for_each(|w| *w *= 1e4),
        3 => weight.fill(0.3),
        4 => weight.fill(-1e6),
        5 => weight.iter_mut().for_each(|w| *w *= 1e6),
        6 => weight.iter_mut().for_each(|w| *w *= 1e-42),
        7 => weight.fill(0.0),
        _ => weight.iter_mut().for_each(|w| *w = *w * *w * *w * 4.0),
    }
    weight
}
const KINDS: std::ops::Range<usize> = 0..9;

fn integer(weight: f32, scale: WeightScale) -> i64 {
    (f64::from(weight) * f64::from(scale.up())).round_ties_even() as i64
}

/// The sums over the columns, or the rows, of weights `[n, m]`.
fn exact(bits: &BitMatrix, weight: &[f32], m: usize, turned: bool, scale: WeightScale) -> Vec<i64> {
    let outputs = if turned { weight.len() / m } else { m };
    let mut out = Vec::new();
    for chain in 0..bits.rows() {
        for output in 0..outputs {
            let place = |input| {
                if turned {
                    output * m + input
                } else {
                    input * m + output
                }
            };
            let on = bits.ones(chain);
            out.push(on.map(|input| integer(weight[place(input)], scale)).sum());
        }
    }
    out
}

#[test]
fn every_way_gives_the_exact_sum() {
    for (n, m) in [(1, 1), (3, 70), (70, 3), (64, 64), (130, 70), (1100, 33)] {
        for kind in KINDS {
            let weight = weights(kind, n, m);
            let scale = WeightScale::of(&weight, m);
            for (chains, level) in [(1, 0.0), (3, 0.7), (17, -0.8), (130, 0.8)] {
                for turned in [false, true] {
                    let (inputs, outputs) = if turned { (m, n) } else { (n, m) };
                    let bits = states(chains, inputs, level);
                    let expected = exact(&bits, &weight, m, turned, scale);
                    let terms = IntegerInputs {
                        bits: &bits,
                        weight: if turned {
                            Matrix::turned(&weight, m)
                        } else {
                            Matrix::new(&weight, m)
                        },
                        scale,
                    };
                    for isa in instruction_sets() {
                        for way in ["direct", "tables", "nibbles", "chosen"] {
                            let found = sums(isa, By(terms, way), outputs);
                            let found: Vec<i64> = found.into_iter().map(i64::from).collect();
                            assert!(found == expected, "{isa:?} {way} {n} x {m} {kind} {turned}");
                        }
                    }
                }
            }
        }
    }
}

/// The packed weights without the test for their use.
fn pack(isa: Isa, weight: &[f32], m: usize, scale: WeightScale) -> Option<ShortWeights> {
    ShortWeights::of_any_use(isa, weight, m, scale)
}

#[test]
fn short_sums_are_within_their_bounds() {
    for (n, m) in [(1, 1), (3, 70), (70, 3), (40, 64), (33, 500), (5, 3000)] {
        for kind in KINDS {
            let weight = weights(kind, n, m);
            let scale = WeightScale::of(&weight, m);
            for isa in instruction_sets() {
                let packed = pack(isa, &weight, m, scale).unwrap();
                // All on, all that are positive in some row, and random ones.
                let random = states(40, m, 0.0);
                let bits = BitMatrix::from_fn(41 + 2 * n, m, |r, c| match r {
                    0 => true,
                    r if r <= n => weight[(r - 1) * m + c] > 0.0,
                    r if r <= 2 * n => weight[(r - n - 1) * m + c] < 0.0,
                    r => random.get(r - 2 * n - 1, c),
                });
                let inputs = ShortInputs {
                    bits: &bits,
                    weights: &packed,
                };
                let found = sums(isa, inputs, n);
                let exact = exact(&bits, &weight, m, true, scale);
                for (index, (&short, &sum)) in found.iter().zip(&exact).enumerate() {
                    let output = index % n;
                    let near = f64::from(short) * f64::from(packed.worth(0)[output]);
                    let field = sum as f64 * f64::from(scale.step());
                    let bound = f64::from(packed.error(0)[output]);
                    assert!(
                        (near - field).abs() <= bound,
                        "{n} x {m} {kind}: {near} {field} {bound}"
                    );
                    // Hardly more than a unit for each input.
                    assert!(bound <= f64::from(packed.worth(0)[output]) * (2.0 + m as f64 / 2.0));
                }
            }
        }
    }
}

/// v by the integer sums and by those of i16: the same bits.
#[test]
fn short_draws_are_the_exact_ones() {
    for (n, m) in [(1, 1), (3, 70), (70, 3), (130, 70), (200, 500)] {
        for kind in KINDS {
            let weight = weights(kind, n, m);
            let scale = WeightScale::of(&weight, m);
            for chains in [1, 2, 15, 64, 130] {
                let hidden = states(chains, m, 0.0);
                // Some units that hardly ever change, and some whose field is that of the bias.
                let mut bias = numbers(7, 3.0, n);
                bias.iter_mut().step_by(5).for_each(|b| *b *= 10.0);
                let fields = Fields {
                    inputs: IntegerInputs {
                        bits: &hidden,
                        weight: Matrix::turned(&weight, m),
                        scale,
                    },
                    bias: &bias,
                };
                let mut expected = BitMatrix::zeros(chains, n);
                let draw = Some((KEY, &mut expected));
                activate(Isa::detect(), fields, 0, draw, None);
                for isa in instruction_sets() {
                    let packed = pack(isa, &weight, m, scale).unwrap();
                    for threads in [1, 2, 4] {
                        let mut found = BitMatrix::zeros(chains, n);
                        let layer = ShortLayer {
                            weight: &weight,
                            scale,
                            packed: &packed,
                            factor: 1.0,
                            bias: &bias,
                            inputs: &hidden,
                        };
                        on_threads(threads, || layer.draw(isa, KEY, 0, &mut found, None));
                        assert!(found == expected, "{isa:?} {n} x {m} {kind} {chains}");
                    }
                }
            }
        }
    }
}

/// Few chains and many, small models and those that are packed in parts: a chain has the states that it
/// has alone.
#[test]
fn states_do_not_depend_on_the_number_of_chains() {
    const MOST: usize = 450;
    for (n, m) in [(1, 1), (7, 130), (130, 70), (2100, 600)] {
        let weight = numbers(5, 4.0 / (m as f32).sqrt(), n * m);
        let (b, c) = (numbers(6, 1.0, n), numbers(7, 1.0, m));
        let start = states(MOST, m, 0.0);
        let run = |chains: usize, isa: Isa| {
            let (mut hidden, mut visible) = (start.slice(0..chains), BitMatrix::zeros(chains, n));
            let sweeps = Sweeps {
                seed: 1,
                stream: 2,
                first_step: 3,
                count: 2,
                first_row: 0,
            };
            let model = PackedModel::new(&weight, &b, &c).unwrap().with_isa(isa);
            let mut p = vec![0.0; chains * m];
            model
                .gibbs_sweeps(sweeps, &mut hidden, &mut visible, Some(&mut p))
                .unwrap();
            (hidden, visible, p)
        };
        let all = run(MOST, Isa::detect());
        for chains in [1, 4, 5, 9, 16, 64, 130] {
            for isa in instruction_sets() {
                let (hidden, visible, p) = run(chains, isa);
                assert!(
                    hidden == all.0.slice(0..chains),
                    "{isa:?} {n} x {m} {chains}"
                );
                assert!(visible == all.1.slice(0..chains) && p == all.2[..chains * m]);
            }
        }
    }
}
