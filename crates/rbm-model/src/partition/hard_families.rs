//! Models whose ln Z is exact and whose mass is hard to find, with rows drawn exactly from them: test support.

use crate::init::normal;
use crate::noise::Sequence;
use crate::numeric::bisect;
use crate::parameters::softplus;
use crate::partition::Enumeration;
use crate::{BitMatrix, Parameters};

/// Stream of the patterns and rows; no use of noise in the library has it.
const STREAM: u8 = 210;

/// Draws a row.
type Draw<'a> = Box<dyn FnMut(&mut Sequence) -> Vec<bool> + 'a>;

/// A place of a model: visible states nearer to a pattern than a distance, in units.
#[derive(Clone)]
pub(super) struct Place {
    pub pattern: Vec<bool>,
    pub distance: usize,
}

impl Place {
    fn holds(&self, visible: &[bool]) -> bool {
        let differ = visible.iter().zip(&self.pattern).filter(|(a, b)| a != b);
        differ.count() < self.distance
    }
}

/// Which part of a model rows are drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    All,
    Inside,
    Outside,
}

/// A model, its ln Z, and a place of it that is separate from the rest, if it has one.
pub(super) struct HardModel {
    pub family: String,
    pub model: Parameters,
    pub ln_z: f64,
    pub place: Option<Place>,
    /// ln weights of the distances from the pattern, where all else follows by symmetry.
    by_distance: Option<Vec<f64>>,
}

impl HardModel {
    /// Rows drawn independently from p(v), or from p(v) within or without the place.
    pub fn rows(&self, count: usize, part: Part, seed: u64) -> BitMatrix {
        let mut random = Sequence::new(seed, STREAM, 1);
        let n = self.model.n_visible;
        let mut draw = self.sampler();
        let mut rows = BitMatrix::zeros(0, n);
        while rows.rows() < count {
            let row = draw(&mut random);
            let inside = self.place.as_ref().map(|place| place.holds(&row));
            if part == Part::All || inside == Some(part == Part::Inside) {
                rows.push_row(row);
            }
        }
        rows
    }

    fn sampler(&self) -> Draw<'_> {
        let (n, m) = (self.model.n_visible, self.model.n_hidden);
        if let (Some(weights), Some(place)) = (&self.by_distance, &self.place) {
            return Box::new(move |random| {
                let distance = draw_by_log_weight(weights, random);
                let mut row = place.pattern.clone();
                let mut units: Vec<usize> = (0..n).collect();
                for k in 0..distance {
                    let other = k + random.below((n - k) as u32) as usize;
                    units.swap(k, other);
                    row[units[k]] = !row[units[k]];
                }
                row
            });
        }
        let hidden = move |state: usize| -> Vec<f64> {
            (0..m).map(|j| f64::from((state >> j & 1) as u8)).collect()
        };
        let weights: Vec<f64> = (0..1 << m)
            .map(|state| {
                let h = hidden(state);
                let bias: f64 = h
                    .iter()
                    .zip(&self.model.hidden_bias)
                    .map(|(h, c)| h * c)
                    .sum();
                let field = self.model.visible_field(&h);
                bias + field.into_iter().map(softplus).sum::<f64>()
            })
            .collect();
        Box::new(move |random| {
            let h = hidden(draw_by_log_weight(&weights, random));
            let field = self.model.visible_field(&h);
            let on = |f: f64| f64::from(random.next_uniform()) < crate::parameters::sigmoid(f);
            field.into_iter().map(on).collect()
        })
    }
}

fn draw_by_log_weight(weights: &[f64], random: &mut Sequence) -> usize {
    let total = log_sum(weights);
    let mut mark = f64::from(random.next_uniform());
    let found = weights.iter().position(|w| {
        mark -= (w - total).exp();
        mark < 0.0
    });
    found.unwrap_or(weights.len() - 1)
}

fn log_sum(terms: &[f64]) -> f64 {
    let max = terms.iter().fold(f64::NEG_INFINITY, |m, w| m.max(*w));
    max + terms.iter().map(|w| (w - max).exp()).sum::<f64>().ln()
}

fn signs(count: usize, seed: u64, index: u64) -> Vec<f64> {
    let mut random = Sequence::new(seed, STREAM, 16 + index);
    (0..count)
        .map(|_| f64::from(random.below(2)) * 2.0 - 1.0)
        .collect()
}

/// As the f32 that annealing computes with.
fn rounded(n: usize, m: usize, weight: Vec<f64>, b: Vec<f64>, c: Vec<f64>) -> Parameters {
    let round = |x: Vec<f64>| x.into_iter().map(|x| f64::from(x as f32)).collect();
    Parameters::new(n, m, round(weight), round(b), round(c)).unwrap()
}

/// All hidden units see one pattern with the same weight per unit and one bias, chosen such that states less
/// than N/4 from it hold `share` of the mass. With d units off the pattern,
///
/// ```text
/// Z = sum_d C(N, d) (1 + e^{top - slope d})^M
/// ```
///
/// A steep slope is a golf hole; a gentle one with all units alike is a ferromagnet with a first-order
/// transition.
pub(super) fn one_pattern(
    family: &str,
    [n, m]: [usize; 2],
    slope: f64,
    share: f64,
    pattern: Vec<bool>,
) -> HardModel {
    let slope = f64::from(slope as f32);
    let mut ln_choose = vec![0.0];
    for d in 0..n {
        let last = ln_choose[d];
        ln_choose.push(last + ((n - d) as f64 / (d + 1) as f64).ln());
    }
    let weights = |top: f64| -> Vec<f64> {
        let terms = ln_choose.iter().enumerate();
        terms
            .map(|(d, ln)| ln + m as f64 * softplus(top - slope * d as f64))
            .collect()
    };
    let distance = n / 4;
    let inside = |top: f64| {
        let all = weights(top);
        (log_sum(&all[..distance]) - log_sum(&all)).exp()
    };
    let top = bisect(-20.0, 60.0, |top| inside(top) < share);
    let ones = pattern.iter().filter(|on| **on).count() as f64;
    let bias = f64::from((top - slope * ones) as f32);
    let by_distance = weights(bias + slope * ones);
    let sign = |on: bool| if on { slope } else { -slope };
    let weight = pattern.iter().flat_map(|on| vec![sign(*on); m]).collect();
    HardModel {
        family: format!("{family} {n}x{m}, share {share}"),
        model: rounded(n, m, weight, vec![0.0; n], vec![bias; m]),
        ln_z: log_sum(&by_distance),
        place: Some(Place { pattern, distance }),
        by_distance: Some(by_distance),
    }
}

fn enumerated(family: &str, model: Parameters, place: Option<Place>) -> HardModel {
    HardModel {
        family: family.into(),
        ln_z: Enumeration::new(&model).unwrap().ln_z(),
        model,
        place,
        by_distance: None,
    }
}

/// W plants patterns with this singular value, in centered coordinates; the first is favored by a field on
/// the visible units.
fn planted(family: &str, patterns: u64, singular_value: f64, field: f64, seed: u64) -> HardModel {
    let (n, m) = (18, 10);
    let scale = singular_value / ((n * m) as f64).sqrt();
    let mut weight = vec![0.0; n * m];
    for k in 0..patterns {
        let (v, h) = (signs(n, seed, 2 * k), signs(m, seed, 2 * k + 1));
        for (i, v) in v.iter().enumerate() {
            for (j, h) in h.iter().enumerate() {
                weight[i * m + j] += scale * v * h;
            }
        }
    }
    let first = signs(n, seed, 0);
    let model = centered(
        n,
        m,
        weight,
        &first.iter().map(|v| field * v).collect::<Vec<_>>(),
    );
    let pattern = first.iter().map(|v| *v > 0.0).collect();
    let place = (patterns == 1).then_some(Place {
        pattern,
        distance: n / 2,
    });
    enumerated(family, model, place)
}

/// Biases that make W multiply v - 1/2 and h - 1/2, and fields on the visible units.
fn centered(n: usize, m: usize, weight: Vec<f64>, field: &[f64]) -> Parameters {
    let row = |i: usize| weight[i * m..(i + 1) * m].iter().sum::<f64>();
    let b = (0..n).map(|i| field[i] - row(i) / 2.0).collect();
    let column = |j: usize| (0..n).map(|i| weight[i * m + j]).sum::<f64>();
    let c = (0..m).map(|j| -column(j) / 2.0).collect();
    rounded(n, m, weight, b, c)
}

/// Two golf holes, half of the hidden units for each.
fn two_holes(seed: u64) -> HardModel {
    let (n, m, slope) = (18, 10, 4.0);
    let patterns = [signs(n, seed, 0), signs(n, seed, 1)];
    // A hole of five units with this field has about 1/2 of the mass that all states have.
    let top = (n as f64 * 2f64.ln() - 0.7) / 5.0;
    let pattern = |j: usize| &patterns[j / (m / 2)];
    let weight = (0..n * m).map(|k| slope * pattern(k % m)[k / m]).collect();
    let ones = |j: usize| pattern(j).iter().filter(|s| **s > 0.0).count() as f64;
    let c = (0..m).map(|j| top - slope * ones(j)).collect();
    let place = Place {
        pattern: patterns[0].iter().map(|s| *s > 0.0).collect(),
        distance: n / 4,
    };
    enumerated(
        "two golf holes",
        rounded(n, m, weight, vec![0.0; n], c),
        Some(place),
    )
}

/// Independent normal weights and biases.
fn random(family: &str, weight_std: f64, bias_std: f64, seed: u64) -> HardModel {
    let (n, m) = (16, 10);
    let draw = |count, std, index| -> Vec<f64> {
        let x = normal(count, std, 10 * seed + index);
        x.into_iter().map(f64::from).collect()
    };
    let weight = draw(n * m, weight_std, 0);
    let model = match family {
        "frustrated" => centered(n, m, weight, &draw(n, bias_std, 1)),
        _ => rounded(n, m, weight, draw(n, bias_std, 1), draw(m, bias_std, 2)),
    };
    enumerated(family, model, None)
}

/// All families, for one seed.
pub(super) fn all(seed: u64) -> Vec<HardModel> {
    let mut models = Vec::new();
    let random_pattern = |n| signs(n, seed, 8).iter().map(|s| *s > 0.0).collect();
    for share in [0.1, 0.5, 0.9] {
        models.push(one_pattern(
            "golf hole",
            [24, 10],
            3.0,
            share,
            random_pattern(24),
        ));
        models.push(one_pattern(
            "golf hole",
            [80, 30],
            2.0,
            share,
            random_pattern(80),
        ));
        models.push(one_pattern(
            "ferromagnet",
            [60, 40],
            0.3,
            share,
            vec![true; 60],
        ));
        models.push(one_pattern(
            "ferromagnet",
            [200, 120],
            0.1,
            share,
            vec![true; 200],
        ));
    }
    models.push(two_holes(seed));
    models.push(planted("even wells", 1, 9.0, 0.0, seed));
    models.push(planted("uneven wells", 1, 9.0, 0.03, seed));
    models.push(planted("very uneven wells", 1, 12.0, 0.1, seed));
    models.push(planted("Hopfield", 3, 8.0, 0.0, seed));
    models.push(random("frustrated", 2.5, 0.3, seed));
    models.push(random("strong fields", 1.0, 4.0, seed));
    models.push(random("Gaussian", 0.3, 0.3, seed));
    models.push(random("Gaussian", 0.3, 0.3, seed + 1000));
    models
}
