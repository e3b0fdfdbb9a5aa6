//! Symmetry breaking of a planted two-mode model: one well below lambda = 4, two above it.
//!
//! `cargo run --release -p rbm-analysis --example planted_modes` prints, for a centered 20x14 model, the minima and
//! the barrier of the free energy along the first mode: Landau's expansion, constrained mean field without and with one-loop fluctuations,
//! sampled, exact.

use burn::tensor::Device;
use faer::Mat;
use rbm_analysis::ReciprocalSpace;
use rbm_analysis::mean_field::{
    Bins, ConstrainedOptions, Wells, constrained_free_energy, exact_free_energy, landau_modes,
    sampled_free_energy, wells,
};
use rbm_analysis::random::{generator, haar_matrix};
use rbm_analysis::reciprocal::{Coordinate, Trajectories};
use rbm_model::noise::stream;
use rbm_model::sampling::Chains;
use rbm_model::{Parameters, Rbm};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("| lambda | method | wells | half distance | barrier |");
    println!("|---|---|---|---|---|");
    for lambda in [2.0, 3.0, 3.8, 4.5, 5.0, 6.0, 7.0] {
        rows(lambda)?;
    }
    Ok(())
}

fn rows(lambda: f64) -> Result<(), Box<dyn std::error::Error>> {
    let (n, m) = (20, 14);
    let mut random = generator(3, 1);
    let u = haar_matrix(&mut random, n, 2);
    let v = haar_matrix(&mut random, m, 2);
    let weight = Mat::from_fn(n, m, |i, j| {
        lambda * u[(i, 0)] * v[(j, 0)] + 2.0 * u[(i, 1)] * v[(j, 1)]
    });
    let model = Parameters::new(
        n,
        m,
        weight
            .row_iter()
            .flat_map(|row| row.iter().copied())
            .collect(),
        weight
            .row_iter()
            .map(|row| -0.5 * row.iter().sum::<f64>())
            .collect(),
        weight
            .col_iter()
            .map(|col| -0.5 * col.iter().sum::<f64>())
            .collect(),
    )?;
    let space = ReciprocalSpace::new(&model)?;
    let mode = (0..2)
        .find(|&k| (space.singular_values()[k] - lambda).abs() < 1e-9)
        .ok_or("the planted mode is missing")?;
    let center = space.mean_x[mode];
    let bins = Bins {
        low: center - 2.3,
        high: center + 2.3,
        count: 31,
    };
    let x = bins.centers();
    let print = |method: &str, found: &Wells, error: &str| {
        let (first, last) = (found.minima.first(), found.minima.last());
        let half = first.zip(last).map_or(f64::NAN, |(a, b)| (b.x - a.x) / 2.0);
        let barrier = found
            .barrier()
            .map_or("none".into(), |b| format!("{b:.3}{error}"));
        println!(
            "| {lambda} | {method} | {} | {half:.3} | {barrier} |",
            found.minima.len()
        );
    };

    let landau = landau_modes(&space)[mode];
    let curve: Vec<Option<f64>> = x.iter().map(|x| Some(landau.value(x - center))).collect();
    print("Landau", &wells(&x, &curve, 0.0)?, "");
    let options = ConstrainedOptions {
        one_loop: true,
        ..Default::default()
    };
    let constrained = constrained_free_energy(&model, &space, mode, &x, None, &options)?;
    print(
        "constrained mean field",
        &wells(&x, &constrained.free_energy, 0.0)?,
        "",
    );
    print(
        "constrained, one loop",
        &wells(&x, &constrained.one_loop, 0.0)?,
        "",
    );

    let rbm = Rbm::from_parameters(&model, &Device::default());
    let mut chains = Chains::from_biases(&rbm, 2000, 1, stream::CHAINS);
    chains.sweep(&rbm, 2000);
    let coordinate = [Coordinate::X(mode)];
    let record = Trajectories::record(&space, coordinate.to_vec(), &rbm, &mut chains, 200, 5)?;
    let sampled = sampled_free_energy(&record, &coordinate, &[bins], 100)?;
    let typical = sampled
        .error
        .iter()
        .flatten()
        .copied()
        .fold(f64::INFINITY, f64::min);
    print(
        "sampled",
        &wells(&x, &sampled.free_energy, 5.0 * typical)?,
        &format!(" +- {typical:.3}"),
    );
    let exact = exact_free_energy(&model, &space, &coordinate, &[bins])?;
    print("exact", &wells(&x, &exact.free_energy, 0.02)?, "");
    Ok(())
}
