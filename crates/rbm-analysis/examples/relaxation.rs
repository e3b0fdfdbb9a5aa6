//! Fluctuations and relaxation of a mode: simulated by Gibbs sampling, against the plain Gaussian limit, the spherical closure and
//! the closure of an isolated mode.
//!
//! `cargo run --release -p rbm-analysis --example relaxation` prints a Markdown table: N = 400, M = 300, Haar-distributed
//! vectors, centered models; one mode alone, and five modes within 0.05 over a weak random bulk.

use burn::tensor::Device;
use faer::Mat;
use rbm_analysis::ReciprocalSpace;
use rbm_analysis::bosons::connected_correlations;
use rbm_analysis::dynamics::{
    DiffusionOptions, ModePotential, Prediction, autocorrelations, mode_relaxations,
};
use rbm_analysis::random::{generator, haar_matrix};
use rbm_analysis::reciprocal::{Coordinate, Trajectories, pairs};
use rbm_analysis::statistics::BootstrapOptions;
use rbm_model::noise::stream;
use rbm_model::sampling::Chains;
use rbm_model::{Parameters, Rbm};

const VISIBLE: usize = 400;
const HIDDEN: usize = 300;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("| modes | lambda | quantity | simulated | plain | spherical | isolated mode |");
    println!("|---|---|---|---|---|---|---|");
    for lambda in [1.0, 2.0, 3.0, 3.5, 3.9] {
        row("one", &[lambda], 7)?;
    }
    for lambda in [1.0, 2.0, 3.0, 3.5, 3.6, 3.9] {
        let mut values: Vec<f64> = (0..5).map(|k| lambda - 0.0125 * k as f64).collect();
        // The bulk: equally spaced up to 1, as far below the five as lambda allows.
        values.extend((0..HIDDEN - 5).map(|k| 0.9 * (1.0 - k as f64 / HIDDEN as f64)));
        row("five over a bulk", &values, 8)?;
    }
    Ok(())
}

/// Simulates a centered model with these singular values and prints the numbers of its first mode.
fn row(name: &str, singular_values: &[f64], seed: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut random = generator(seed, 1);
    let u = haar_matrix(&mut random, VISIBLE, singular_values.len());
    let v = haar_matrix(&mut random, HIDDEN, singular_values.len());
    let scaled = Mat::from_fn(VISIBLE, singular_values.len(), |i, k| {
        u[(i, k)] * singular_values[k]
    });
    let weight = &scaled * v.transpose();
    let visible_bias = weight.row_iter().map(|row| -0.5 * row.iter().sum::<f64>());
    let hidden_bias = weight.col_iter().map(|col| -0.5 * col.iter().sum::<f64>());
    let model = Parameters::new(
        VISIBLE,
        HIDDEN,
        weight
            .row_iter()
            .flat_map(|row| row.iter().copied())
            .collect(),
        visible_bias.collect(),
        hidden_bias.collect(),
    )?;

    let space = ReciprocalSpace::new(&model)?;
    let rbm = Rbm::from_parameters(&model, &Device::default());
    let mut chains = Chains::from_biases(&rbm, 512, seed, stream::CHAINS);
    chains.sweep(&rbm, 300);
    let record = Trajectories::record(&space, pairs(&[0]), &rbm, &mut chains, 1000, 1)?;
    let groups = [
        vec![Coordinate::X(0), Coordinate::X(0)],
        vec![Coordinate::X(0), Coordinate::Y(0)],
    ];
    let bootstrap = BootstrapOptions::default();
    let moments = connected_correlations(&record, &groups, space.singular_values(), &bootstrap)?;
    let measured = &autocorrelations(&record, &DiffusionOptions::default())?[0];
    let predicted = &mode_relaxations(&space, None)?[0];
    let lag = measured.first_lag.ok_or("one recording only")?;
    let of = |get: fn(&Prediction) -> f64| {
        [&predicted.plain, &predicted.spherical].map(|p| p.as_ref().map(get))
    };
    let ipr = |vector: &[f64]| vector.iter().map(|u| u.powi(4)).sum();
    let (left, right) = (ipr(space.left_vector(0)?), ipr(space.right_vector(0)?));
    let potential = ModePotential::isolated(space.singular_values()[0], left, right);
    let alone = |at: usize| potential.second_moments().map(|m| m[at]);
    let print = |quantity: &str, value: f64, error: Option<f64>, of: [Option<f64>; 3]| {
        let error = error.map_or(String::new(), |e| format!(" +- {e:.4}"));
        let of = of.map(|p| p.map_or("none".into(), |p| format!("{p:.4}")));
        println!(
            "| {name} | {} | {quantity} | {value:.4}{error} | {} |",
            singular_values[0],
            of.join(" | ")
        );
    };
    let [plain, spherical] = of(|p| p.variance_x);
    print(
        "<x^2>",
        moments[0].value,
        moments[0].error,
        [plain, spherical, alone(0)],
    );
    let [plain, spherical] = of(|p| p.covariance);
    print(
        "<xy>",
        moments[1].value,
        moments[1].error,
        [plain, spherical, alone(2)],
    );
    let [plain, spherical] = of(|p| p.gibbs_coefficient);
    print(
        "rho(1)",
        lag.value,
        Some(lag.error),
        [plain, spherical, None],
    );
    let [plain, spherical] = of(|p| p.integrated_time);
    if let Some(time) = measured.integrated_time {
        print(
            "tau",
            time.value,
            Some(time.error),
            [plain, spherical, None],
        );
    }
    Ok(())
}
