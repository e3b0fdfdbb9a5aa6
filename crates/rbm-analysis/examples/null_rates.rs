//! How often the tests of this crate reject matrices of independent Gaussian entries at 5%, and find a planted mode:
//! `cargo run --release -p rbm-analysis --example null_rates -- 400`.
//!
//! A test with its nominal rate rejects 5% of them, give or take sqrt(0.05 0.95 / matrices).

use faer::Mat;
use rbm_analysis::random::{gaussian_matrix, generator, haar_matrix};
use rbm_analysis::spectrum::{fit_bulk, ks_test};
use rbm_analysis::symmetry::{SymmetryOptions, symmetry};
use rbm_analysis::{Vectors, svd};

/// Largest p-value of a rejection.
const LEVEL: f64 = 0.05;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let matrices: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(400), |text| text.parse())?;
    for (shape, (n, m)) in [(40, 40), (60, 30), (20, 80)].into_iter().enumerate() {
        let mut rejected: Vec<(&str, usize)> = Vec::new();
        let mut found = [0; 3];
        for i in 0..matrices {
            let mut random = generator(100 + shape as u64, i);
            let weight = gaussian_matrix(&mut random, n, m, 0.01);
            let modes = svd(weight.as_ref(), Vectors::Thin)?;
            // Its own rotations for every matrix, one Haar null for all.
            let own = SymmetryOptions {
                haar_simulations: 0,
                rotations: 19,
                seed: 10_000 + i,
            };
            let shared = SymmetryOptions {
                haar_simulations: 4_000,
                rotations: 0,
                seed: 1,
            };
            let (Some(own), Some(tests)) = (
                symmetry(weight.as_ref(), &modes, &own)?,
                symmetry(weight.as_ref(), &modes, &shared)?,
            ) else {
                continue;
            };
            let Some(fit) = fit_bulk(&modes.singular_values, n, m)? else {
                continue;
            };
            let ks = ks_test(&modes.singular_values, n, m, &fit, 4_000, 1)?;
            let kurtosis = |test: Option<rbm_analysis::symmetry::HaarTest>| test.map(|t| t.p_value);
            let rotation = own.rotation.as_ref();
            let tests = [
                ("Marchenko-Pastur", ks.p_value),
                ("IPR left", Some(tests.left.ipr.p_value)),
                ("IPR right", Some(tests.right.ipr.p_value)),
                ("kurtosis left", kurtosis(tests.left.kurtosis)),
                ("kurtosis right", kurtosis(tests.right.kurtosis)),
                ("largest left", Some(tests.left.largest.p_value)),
                ("largest right", Some(tests.right.largest.p_value)),
                ("Jensen-Shannon", rotation.map(|r| r.jensen_shannon.p_value)),
                (
                    "Kolmogorov-Smirnov",
                    rotation.map(|r| r.kolmogorov_smirnov.p_value),
                ),
            ];
            rejected.resize(tests.len(), ("", 0));
            for (total, (name, p)) in rejected.iter_mut().zip(tests) {
                *total = (name, total.1 + usize::from(p.is_some_and(|p| p <= LEVEL)));
            }
            // A rank-one mode leaves the bulk above s (NM)^(1/4).
            let critical = 0.01 * ((n * m) as f64).powf(0.25);
            let (u, v) = (
                haar_matrix(&mut random, n, 1),
                haar_matrix(&mut random, m, 1),
            );
            for (found, strength) in found.iter_mut().zip([0.0, 0.5, 2.5]) {
                let spiked = Mat::from_fn(n, m, |i, j| {
                    weight[(i, j)] + strength * critical * u[(i, 0)] * v[(j, 0)]
                });
                let values = rbm_analysis::reciprocal::singular_values(spiked.as_ref())?;
                *found += usize::from(
                    fit_bulk(&values, n, m)?.is_some_and(|fit| !fit.outliers.is_empty()),
                );
            }
        }
        println!("{n}x{m}, {matrices} matrices, rejections at {LEVEL}");
        for (name, count) in rejected {
            println!(
                "  {name:20} {count:4}  {:.3}",
                count as f64 / matrices as f64
            );
        }
        println!(
            "  outliers found: {} without a planted mode, {} with one of half, {} with one of 2.5 times the critical strength",
            found[0], found[1], found[2]
        );
    }
    Ok(())
}
