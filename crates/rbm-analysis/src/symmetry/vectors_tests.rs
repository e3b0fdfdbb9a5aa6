use super::*;
use crate::random::{gaussian_matrix, generator, haar_matrix};
use crate::reciprocal::svd::{Vectors, svd};
use crate::spectrum::bulk::fit_bulk;
use crate::spectrum::kolmogorov_smirnov::ks_test;
use crate::symmetry::rotation::jensen_shannon;
use crate::testing::planted;
use faer::Mat;
use rayon::prelude::*;

fn options(haar_simulations: usize, rotations: usize) -> SymmetryOptions {
    SymmetryOptions {
        haar_simulations,
        rotations,
        seed: 3,
    }
}

fn test(weight: &Mat<f64>, options: &SymmetryOptions) -> Symmetry {
    let modes = svd(weight.as_ref(), Vectors::Thin).unwrap();
    symmetry(weight.as_ref(), &modes, options).unwrap().unwrap()
}

/// p-values of every test, by name.
fn p_values(s: &Symmetry) -> Vec<(&'static str, f64)> {
    let rotation = s.rotation.as_ref().unwrap();
    vec![
        ("IPR left", s.left.ipr.p_value),
        ("IPR right", s.right.ipr.p_value),
        ("kurtosis left", s.left.kurtosis.unwrap().p_value),
        ("kurtosis right", s.right.kurtosis.unwrap().p_value),
        ("largest left", s.left.largest.p_value),
        ("largest right", s.right.largest.p_value),
        ("Jensen-Shannon", rotation.jensen_shannon.p_value),
        ("Kolmogorov-Smirnov", rotation.kolmogorov_smirnov.p_value),
    ]
}

#[test]
fn random_matrices_pass_every_test_at_its_nominal_rate() {
    const MATRICES: u64 = 400;
    for (shape, (n, m)) in [(40, 40), (60, 30), (20, 80)].into_iter().enumerate() {
        let all: Vec<Vec<(&str, f64)>> = (0..MATRICES)
            .into_par_iter()
            .map(|i| {
                let mut random = generator(51 + shape as u64, i);
                let weight = gaussian_matrix(&mut random, n, m, 0.01);
                let modes = svd(weight.as_ref(), Vectors::Thin).unwrap();
                let options = SymmetryOptions {
                    // Each matrix its own rotations; the Haar null is drawn once.
                    seed: 3,
                    ..options(4_000, 0)
                };
                let mut tests = symmetry(weight.as_ref(), &modes, &options)
                    .unwrap()
                    .unwrap();
                tests.rotation =
                    rotation_test(weight.as_ref(), &modes.singular_values, 19, 1_000 + i);
                let mut p = p_values(&tests);
                let lambda = &modes.singular_values;
                let fit = fit_bulk(lambda, n, m).unwrap().unwrap();
                let ks = ks_test(lambda, n, m, &fit, 4_000, 5).unwrap();
                p.push(("Marchenko-Pastur", ks.p_value.unwrap()));
                p
            })
            .collect();
        for t in 0..all[0].len() {
            let name = all[0][t].0;
            let rejected = all.iter().filter(|p| p[t].1 <= 0.05).count();
            // 2% to 8%: binomial(400, 0.05) has mean 20 and standard deviation 4.4.
            assert!(
                (8..=32).contains(&rejected),
                "{name}, {n}x{m}: {rejected} of {MATRICES} rejected at 5%"
            );
        }
    }
}

#[test]
fn large_matrices_use_the_normal_law_and_pass_as_often() {
    // The same vectors judged by both nulls: what the normal law gets wrong is far below a rate of 1%.
    let (units, count) = (60, 40);
    let simulated = haar::simulated_means(units, count, 4_000, 7);
    let c = count as f64;
    let error =
        (haar::ipr_variance(units) / c + (c - 1.0) / c * haar::ipr_covariance(units)).sqrt();
    let kurtosis_error = (haar::kurtosis_variance(units) / c).sqrt();
    for (which, null, error) in [
        (0, haar::ipr_mean(units), error),
        (1, haar::kurtosis_mean(units), kurtosis_error),
    ] {
        let rejected = simulated
            .iter()
            .filter(|m| two_sided_normal((m[which] - null) / error) <= 0.05)
            .count();
        // Binomial(4000, 0.05): mean 200, standard deviation 14.
        assert!(
            (140..=260).contains(&rejected),
            "{which}: {rejected} of 4000"
        );
    }
    let weight = gaussian_matrix(&mut generator(54, 1), 200, 150, 0.01);
    let tests = test(&weight, &options(400, 0));
    assert_eq!((tests.left.ipr.simulations, tests.rotation), (0, None));
    assert!(tests.left.ipr.p_value > 1e-3 && tests.right.kurtosis.unwrap().p_value > 1e-3);
}

#[test]
fn localized_vectors_are_found() {
    // One hidden unit tied to one visible unit by a weight far above the rest.
    let mut weight = gaussian_matrix(&mut generator(55, 0), 50, 40, 0.01);
    weight[(17, 5)] = 1.0;
    let tests = test(&weight, &options(400, 19));
    for (side, unit) in [(&tests.left, 17), (&tests.right, 5)] {
        assert!(side.localized.contains(&0));
        assert_eq!((side.largest.mode, side.largest.unit), (0, unit));
        assert!(side.largest.value > 0.99 && side.largest.p_value < 1e-20);
        assert!(side.ipr.mean > side.ipr.null && side.ipr.p_value < 0.01);
        assert!(side.kurtosis_of_modes[0].unwrap() > 30.0);
    }
}

#[test]
fn entries_that_remember_their_axes_fail_the_rotation_test() {
    // Same singular values on the same shape: sparse weights against rotated ones.
    let gaussian = gaussian_matrix(&mut generator(56, 0), 60, 50, 1.0);
    let sparse = Mat::from_fn(60, 50, |i, j| {
        if (7 * i + 3 * j) % 10 == 0 {
            gaussian[(i, j)]
        } else {
            0.0
        }
    });
    let rotation = test(&sparse, &options(0, 19)).rotation.unwrap();
    for distance in [rotation.jensen_shannon, rotation.kolmogorov_smirnov] {
        assert_eq!(distance.p_value, 0.05);
        assert!(distance.mean > distance.null_mean + 10.0 * distance.null_error);
    }
    // Structure in the spectrum alone, on Haar vectors, is symmetric: nothing to find.
    let rotation = test(&planted(57, 60, 50, &[9.0, 7.0, 1.0, 0.5]), &options(0, 19))
        .rotation
        .unwrap();
    assert!(rotation.jensen_shannon.p_value > 0.05 && rotation.kolmogorov_smirnov.p_value > 0.05);
    let rms: f64 = (81.0 + 49.0 + 1.25_f64) / 3000.0;
    assert!((rotation.entry_rms - rms.sqrt()).abs() < 1e-12);
}

#[test]
fn jensen_shannon_has_its_limits() {
    let ln2 = std::f64::consts::LN_2;
    assert_eq!(jensen_shannon(&[0.3, 0.7], &[0.3, 0.7]), 0.0);
    assert!((jensen_shannon(&[1.0, 0.0], &[0.0, 1.0]) - ln2).abs() < 1e-15);
    let half = 0.5 * ((4.0f64 / 3.0).ln() + 0.5 * (2.0f64 / 3.0).ln() + 0.5 * 2f64.ln());
    assert!((jensen_shannon(&[1.0, 0.0], &[0.5, 0.5]) - half).abs() < 1e-15);
}

#[test]
fn along_a_mode_uniform_units_have_excess_kurtosis_of_minus_twice_its_ipr() {
    // Exact: cumulants of independent units add, kappa_4/kappa_2^2 = (-1/8) sum u^4 / (1/4)^2.
    let mut random = generator(58, 0);
    let u = haar_matrix(&mut random, 10, 1);
    let (mut second, mut fourth) = (0.0, 0.0);
    for state in 0u32..1 << 10 {
        let x: f64 = (0..10)
            .map(|i| u[(i, 0)] * (f64::from(state >> i & 1) - 0.5))
            .sum();
        second += x * x / 1024.0;
        fourth += x.powi(4) / 1024.0;
    }
    let ipr = inverse_participation_ratios(u.as_ref())[0];
    assert!((second - 0.25).abs() < 1e-14);
    assert!((fourth / (second * second) - 3.0 + 2.0 * ipr).abs() < 1e-12);
}

#[test]
fn sampled_kurtosis_of_haar_modes_is_minus_6_over_n_plus_2() {
    for (stream, n) in [16, 64, 256, 1024].into_iter().enumerate() {
        let mut random = generator(59, stream as u64);
        let (vectors, states) = (40, 20_000);
        // Many modes, each from its own matrix; x = u.(v - 1/2) over uniform states.
        let excess: Vec<(f64, f64)> = (0..vectors)
            .map(|_| {
                let u: Vec<f64> = haar_matrix(&mut random, n, 1)
                    .col(0)
                    .iter()
                    .copied()
                    .collect();
                let ipr: f64 = u.iter().map(|u| u.powi(4)).sum();
                let (mut second, mut fourth) = (0.0, 0.0);
                for _ in 0..states {
                    let mut bits = 0u64;
                    let mut x = 0.0;
                    for (i, u) in u.iter().enumerate() {
                        if i % 64 == 0 {
                            bits = rand::RngExt::random(&mut random);
                        }
                        x += if bits >> (i % 64) & 1 == 1 { *u } else { -u };
                    }
                    second += x * x;
                    fourth += x.powi(4);
                }
                let kurtosis = fourth / second * states as f64 / second - 3.0;
                (kurtosis, kurtosis + 2.0 * ipr)
            })
            .collect();
        let column = |get: fn(&(f64, f64)) -> f64| excess.iter().map(get).collect::<Vec<f64>>();
        let (mean, error) = crate::statistics::moments::mean_and_error(&column(|e| e.0));
        let (difference, own_error) = crate::statistics::moments::mean_and_error(&column(|e| e.1));
        let expected = -6.0 / (n as f64 + 2.0);
        assert!(
            (mean - expected).abs() < 4.0 * error,
            "N = {n}: {mean} ± {error}, {expected}"
        );
        assert!(
            difference.abs() < 4.0 * own_error,
            "N = {n}: {difference} ± {own_error}"
        );
        // Sampling error of a kurtosis near 3 is sqrt(24/states): the test can tell N = 16 from a Gaussian.
        assert!(n > 16 || mean < -0.2);
    }
}

#[test]
fn degenerate_matrices_are_tested_or_have_no_modes() {
    let zero = Mat::zeros(4, 6);
    let modes = svd(zero.as_ref(), Vectors::Thin).unwrap();
    assert_eq!(
        symmetry(zero.as_ref(), &modes, &options(20, 3)).unwrap(),
        None
    );
    for (n, m) in [(1, 1), (1, 7), (7, 1), (2, 3)] {
        let weight = gaussian_matrix(&mut generator(60, 0), n, m, 1e-200);
        let tests = test(&weight, &options(50, 5));
        let text = serde_json::to_string(&tests).unwrap();
        let back: Symmetry = serde_json::from_str(&text).unwrap();
        assert_eq!(back.left.kurtosis.is_some(), n >= 4, "{text}");
        for (_, p) in [
            (0, tests.left.ipr.p_value),
            (1, tests.right.largest.p_value),
        ] {
            assert!(p > 0.0 && p <= 1.0, "{n}x{m}");
        }
    }
    let one = test(&Mat::full(1, 1, 2.0), &options(50, 5));
    assert_eq!((one.left.ipr.p_value, one.left.largest.p_value), (1.0, 1.0));
    // Rank two: the other vectors are left out.
    assert_eq!(
        test(&planted(61, 9, 8, &[2.0, 1.0]), &options(50, 5))
            .left
            .vectors,
        2
    );
    let other = svd(Mat::<f64>::zeros(3, 3).as_ref(), Vectors::Thin).unwrap();
    assert!(symmetry(zero.as_ref(), &other, &options(0, 0)).is_err());
}

#[test]
fn the_same_seed_gives_the_same_bytes_for_any_number_of_threads() {
    let weight = gaussian_matrix(&mut generator(62, 0), 50, 30, 0.1);
    let modes = svd(weight.as_ref(), Vectors::Thin).unwrap();
    let with = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let options = SymmetryOptions {
            seed,
            ..options(30, 7)
        };
        pool.install(|| {
            serde_json::to_string(&symmetry(weight.as_ref(), &modes, &options).unwrap())
        })
        .unwrap()
    };
    assert_eq!(with(1, 100), with(3, 100));
    assert_ne!(with(1, 101), with(1, 100));
}
