use super::*;
use crate::random::{gaussian_matrix, generator, haar_matrix};
use crate::reciprocal::svd::singular_values;
use faer::Mat;

#[test]
fn the_scale_of_a_random_matrix_is_found_within_its_error() {
    for (seed, (n, m)) in [(60, 40), (100, 100), (30, 300)].into_iter().enumerate() {
        let values =
            singular_values(gaussian_matrix(&mut generator(12, seed as u64), n, m, 0.01).as_ref())
                .unwrap();
        let fit = fit_bulk(&values, n, m).unwrap().unwrap();
        assert!((fit.scale - 0.01).abs() < 4.0 * fit.scale_error, "{fit:?}");
        assert!(fit.outliers.is_empty());
    }
}

#[test]
fn a_spike_above_the_edge_is_found_and_one_below_is_not() {
    let (n, m, s) = (200, 120, 0.05);
    let mut random = generator(13, 0);
    let noise = gaussian_matrix(&mut random, n, m, s);
    let (u, v) = (
        haar_matrix(&mut random, n, 2),
        haar_matrix(&mut random, m, 2),
    );
    let edge = MarchenkoPastur::new(n, m, s).unwrap().edges().1;
    // A rank-one spike theta leaves the bulk for theta > s (N M)^{1/4}
    // (F. Benaych-Georges, R. R. Nadakuditi, J. Multivar. Anal. 111, 120 (2012)).
    let critical = s * ((n * m) as f64).powf(0.25);
    for (strengths, expected) in [([0.5, 0.3], 0), ([2.0, 0.5], 1), ([3.0, 2.0], 2)] {
        let spiked = Mat::from_fn(n, m, |i, j| {
            noise[(i, j)]
                + (0..2)
                    .map(|k| strengths[k] * critical * u[(i, k)] * v[(j, k)])
                    .sum::<f64>()
        });
        let values = singular_values(spiked.as_ref()).unwrap();
        let fit = fit_bulk(&values, n, m).unwrap().unwrap();
        assert_eq!(fit.outliers, (0..expected).collect::<Vec<_>>(), "{fit:?}");
        assert!((fit.scale - s).abs() < 5.0 * fit.scale_error, "{fit:?}");
        // Where it comes out: sqrt((theta^2 + s^2 N)(theta^2 + s^2 M))/theta, give or take s.
        if expected > 0 {
            let theta = strengths[0] * critical;
            let out = ((theta * theta + s * s * n as f64) * (theta * theta + s * s * m as f64))
                .sqrt()
                / theta;
            assert!(
                (values[0] - out).abs() < 4.0 * s,
                "{} against {out}",
                values[0]
            );
            assert!((fit.separation[0] - (values[0] - edge) / edge).abs() < 0.02);
        }
    }
}

#[test]
fn planted_modes_are_found_and_hardly_any_others() {
    for (shape, (n, m)) in [(40, 40), (60, 30), (20, 80)].into_iter().enumerate() {
        let mut found = [0; 3];
        for i in 0..200 {
            let mut random = generator(17 + shape as u64, i);
            let noise = gaussian_matrix(&mut random, n, m, 1.0);
            let (u, v) = (
                haar_matrix(&mut random, n, 1),
                haar_matrix(&mut random, m, 1),
            );
            let critical = ((n * m) as f64).powf(0.25);
            for (found, strength) in found.iter_mut().zip([0.0, 0.5, 2.5]) {
                let theta = strength * critical;
                let matrix =
                    Mat::from_fn(n, m, |i, j| noise[(i, j)] + theta * u[(i, 0)] * v[(j, 0)]);
                let values = singular_values(matrix.as_ref()).unwrap();
                let outliers = fit_bulk(&values, n, m).unwrap().unwrap().outliers;
                *found += usize::from(!outliers.is_empty());
            }
        }
        // At most 1%: binomial(200, 0.01) has mean 2 and standard deviation 1.4.
        assert!(found[0] <= 8 && found[1] <= 8, "{n}x{m}: {found:?}");
        assert!(found[2] >= 198, "{n}x{m}: {found:?}");
    }
}

#[test]
fn a_mode_that_left_the_bulk_by_chance_comes_back() {
    // The median alone makes s too small for the first mode, which the sum of squares takes back.
    let unit = MarchenkoPastur::new(8, 8, 1.0).unwrap();
    let mut values: Vec<f64> = (0..8)
        .map(|k| unit.quantile(1.0 - (k as f64 + 0.5) / 8.0).unwrap())
        .collect();
    values[3] *= 0.8;
    values[4] *= 0.8;
    let median = 0.5 * (values[3] + values[4]) / unit.quantile(0.5).unwrap();
    values[0] = 1.02 * median * unit.outlier_threshold();
    let fit = fit_bulk(&values, 8, 8).unwrap().unwrap();
    let square: f64 = values.iter().map(|l| l * l).sum();
    assert!(
        fit.outliers.is_empty() && (fit.scale - square.sqrt() / 8.0).abs() < 1e-12,
        "{fit:?}"
    );
    // Tiny weights are fitted as well as others.
    let tiny: Vec<f64> = values.iter().map(|l| l * 1e-200).collect();
    let scaled = fit_bulk(&tiny, 8, 8).unwrap().unwrap();
    assert!((scaled.scale / (1e-200 * fit.scale) - 1.0).abs() < 1e-12);
}

#[test]
fn spectra_without_a_bulk_have_no_fit() {
    assert_eq!(fit_bulk(&[0.0; 4], 4, 4).unwrap(), None);
    assert_eq!(fit_bulk(&[3.0, 1e-16, 1e-17, 0.0], 4, 7).unwrap(), None);
    assert!(fit_bulk(&[1.0], 1, 1).unwrap().is_some());
    assert!(fit_bulk(&[1.0], 1, 50).unwrap().is_some());
    assert!(fit_bulk(&[1.0, 2.0], 1, 5).is_err());
    assert!(fit_bulk(&[f64::NAN], 1, 5).is_err());
    assert!(fit_bulk(&[], 0, 5).is_err());
}
