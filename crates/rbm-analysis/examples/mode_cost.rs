//! Time of the sampled analysis of one model, in all its parts:
//! `cargo run --release -p rbm-analysis --example mode_cost -- 784 500`.

use burn::tensor::Device;
use rbm_analysis::random::{gaussian_matrix, generator, haar_matrix};
use rbm_analysis::{ModeAnalysisOptions, ReciprocalSpace, analyze_modes};
use rbm_model::noise::stream;
use rbm_model::sampling::Chains;
use rbm_model::{Parameters, Rbm};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |default: usize| -> Result<usize, std::num::ParseIntError> {
        arguments.next().map_or(Ok(default), |text| text.parse())
    };
    let (n, m) = (next(784)?, next(500)?);
    // A bulk as at initialization and a dozen modes of a trained model.
    let mut random = generator(1, 0);
    let bulk = gaussian_matrix(&mut random, n, m, 0.03);
    let (u, v) = (
        haar_matrix(&mut random, n, 12),
        haar_matrix(&mut random, m, 12),
    );
    let planted = |i, j| {
        (0..12)
            .map(|k| (6.0 - 0.4 * k as f64) * u[(i, k)] * v[(j, k)])
            .sum::<f64>()
    };
    let weight = (0..n * m).map(|at| bulk[(at / m, at % m)] + planted(at / m, at % m));
    let biases = gaussian_matrix(&mut random, n.max(m), 2, 0.3);
    let model = Parameters::new(
        n,
        m,
        weight.collect(),
        biases.col_as_slice(0)[..n].to_vec(),
        biases.col_as_slice(1)[..m].to_vec(),
    )?;
    let rbm = Rbm::from_parameters(&model, &Device::default());
    let start = Instant::now();
    let space = ReciprocalSpace::new(&model)?;
    let mut chains = Chains::from_biases(&rbm, 256, 1, stream::SAMPLE);
    let found = analyze_modes(
        &rbm,
        &space,
        &mut chains,
        None,
        &ModeAnalysisOptions::default(),
    )?;
    println!(
        "{n}x{m}: {:.1} s, {} mean-field points, notes: {:?}",
        start.elapsed().as_secs_f64(),
        found.points.len(),
        found.notes
    );
    Ok(())
}
