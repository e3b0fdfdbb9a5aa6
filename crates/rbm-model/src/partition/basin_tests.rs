//! The Z of a region by annealing to it and from it, against sums over all of its states.

use super::anneal::{anneal, ignore_steps};
use super::bennett::bennett;
use super::descent::from_visible;
use super::geometric_path::{Base, GeometricPath, Noise};
use super::hard_families::{Part, one_pattern};
use super::regions::Regions;
use super::sampler::Start;
use super::schedule::{back, linear};
use super::{BracketInput, BracketOptions, Verdict, bracket};
use crate::noise::{Sequence, stream};
use crate::numeric::{log_sum_exp, mean, variance};
use crate::progress::ignore_progress;
use crate::{BitMatrix, Parameters};
use burn::tensor::Device;

/// Chains of the tests of means.
const CHAINS: usize = 20_000;

/// Two uneven wells with traffic between them.
fn wells() -> Parameters {
    let (n, m) = (8, 5);
    Parameters::new(n, m, vec![1.0; n * m], vec![-2.3; n], vec![-4.2; m]).unwrap()
}

fn all_states(n: usize) -> BitMatrix {
    BitMatrix::from_fn(1 << n, n, |row, unit| row >> unit & 1 == 1)
}

/// Few temperatures, so that weights vary and chains cross: both directions and Bennett's equation give the Z of
/// each region and of the rest, with errors that tell.
#[test]
fn weights_of_chains_in_a_region_give_its_z() {
    let (model, device) = (wells(), Device::flex());
    let n = model.n_visible;
    let all = all_states(n);
    let center = from_visible(&model, &device, &BitMatrix::from_fn(1, n, |_, _| true));
    let regions = Regions::new(center);
    let of = regions.of(&model, &device, &all);
    let numbers = all.to_numbers();
    let log_weights: Vec<f64> = numbers
        .chunks_exact(n)
        .map(|v| -model.free_energy(&v.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>()))
        .collect();
    let base = Base::uniform(n, model.n_hidden);
    let path = GeometricPath::from_base(&base, &model).unwrap();
    let betas = linear(4);
    let noise = |stream| Noise {
        seed: 3,
        stream,
        first_step: 0,
    };
    let start = Start::Independent(CHAINS);
    let up = noise(stream::ANNEALING);
    let up = anneal(&path, &device, &betas, start, up, &mut ignore_steps).unwrap();
    let ends = regions.of(&model, &device, &up.visible);
    let betas = back(&betas);
    let mut sum = Vec::new();
    for region in [Some(0), None] {
        let inside: Vec<usize> = (0..1 << n).filter(|v| of[*v] == region).collect();
        let weights: Vec<f64> = inside.iter().map(|v| log_weights[*v]).collect();
        let exact = log_sum_exp(&weights);
        sum.push(exact);
        // More than a corner of the model, and less than all.
        let share = (exact - log_sum_exp(&log_weights)).exp();
        assert!(share > 0.1 && share < 0.9, "{share}");

        let forward: Vec<f64> = up
            .log_weights
            .iter()
            .zip(&ends)
            .map(|(w, of)| if *of == region { *w } else { f64::NEG_INFINITY })
            .collect();
        let ratios: Vec<f64> = forward
            .iter()
            .map(|w| (base.ln_z() + w - exact).exp())
            .collect();
        let error = (variance(&ratios) / CHAINS as f64).sqrt();
        assert!(
            error > 1e-3 && (mean(&ratios) - 1.0).abs() < 4.0 * error,
            "{region:?}"
        );

        let mut random = Sequence::new(5, 211, 0);
        let drawn: Vec<u32> = (0..CHAINS)
            .map(|_| {
                let mut mark = f64::from(random.next_uniform());
                let found = weights.iter().position(|w| {
                    mark -= (w - exact).exp();
                    mark < 0.0
                });
                inside[found.unwrap_or(0)] as u32
            })
            .collect();
        let samples = all.select(&drawn);
        let (start, down) = (Start::Visible(&samples), noise(stream::ANNEALING_BACK));
        let down = anneal(&path, &device, &betas, start, down, &mut ignore_steps).unwrap();
        let arriving = forward.iter().filter(|w| w.is_finite()).count() as f64 / CHAINS as f64;
        let ratios: Vec<f64> = down
            .log_weights
            .iter()
            .map(|w| (w - base.ln_z() + exact).exp() / arriving)
            .collect();
        let error = variance(&ratios) / CHAINS as f64 + (1.0 / arriving - 1.0) / CHAINS as f64;
        assert!(
            (mean(&ratios) - 1.0).abs() < 4.0 * error.sqrt(),
            "{region:?}"
        );

        let both = bennett(base.ln_z(), &forward, &down.log_weights, &[]).unwrap();
        assert!(
            (both.value - exact).abs() < 4.0 * both.standard_error,
            "{both:?} {exact}"
        );
        assert!(both.standard_error < 0.03);
    }
    assert!((log_sum_exp(&sum) - log_sum_exp(&log_weights)).abs() < 1e-12);
}

fn options(seed: u64) -> BracketOptions {
    BracketOptions {
        temperatures: 1000,
        seed,
        ..BracketOptions::MODEL
    }
}

/// Mass in a place that annealing does not find, with and without data in it.
#[test]
fn a_place_that_annealing_misses_is_added() {
    let device = Device::flex();
    let pattern: Vec<bool> = (0..80).map(|i| i % 3 == 0).collect();
    for (share, part) in [(0.1, Part::All), (0.5, Part::Outside), (0.9, Part::Outside)] {
        let hard = one_pattern("golf hole", [80, 30], 2.0, share, pattern.clone());
        let rows = hard.rows(200, part, 1);
        let input = BracketInput {
            model: &hard.model,
            device: &device,
            rows: &rows,
            saved: None,
        };
        let found = bracket(&input, &options(1), &mut ignore_progress)
            .unwrap()
            .bracket;
        assert_eq!(found.verdict, Verdict::Bracketed, "{}", found.reason);
        assert!(
            (found.best() - hard.ln_z).abs() < 0.02,
            "{share}: {}",
            found.best() - hard.ln_z
        );
        assert!(found.reason.contains("of Z in a basin"), "{}", found.reason);
        let again = bracket(&input, &options(1), &mut ignore_progress)
            .unwrap()
            .bracket;
        assert_eq!(found, again);
    }
}

/// Data in a place that holds 0.2% of the mass.
#[test]
fn a_model_that_does_not_generate_its_data_is_told() {
    let pattern = vec![true; 60];
    let hard = one_pattern("ferromagnet", [60, 40], 0.3, 0.002, pattern);
    let rows = BitMatrix::from_fn(100, 60, |row, unit| unit != row % 60);
    let input = BracketInput {
        model: &hard.model,
        device: &Device::flex(),
        rows: &rows,
        saved: None,
    };
    let found = bracket(&input, &options(2), &mut ignore_progress)
        .unwrap()
        .bracket;
    assert!(
        found.reason.contains("does not generate its data"),
        "{}",
        found.reason
    );
    let all = hard.rows(100, Part::All, 3);
    let input = BracketInput {
        rows: &all,
        ..input
    };
    let found = bracket(&input, &options(2), &mut ignore_progress)
        .unwrap()
        .bracket;
    assert!(
        !found.reason.contains("does not generate"),
        "{}",
        found.reason
    );
}
