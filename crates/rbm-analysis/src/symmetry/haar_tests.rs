use super::*;
use crate::statistics::moments::{mean_and_error, two_sided_normal};

#[test]
fn moments_of_haar_columns_match_their_closed_forms() {
    // Whole matrices, so that the covariance between columns is in it.
    for (units, vectors, draws) in [(2, 2, 40_000), (5, 3, 40_000), (24, 24, 4_000)] {
        let means = simulated_means(units, vectors, draws, 21);
        let ipr: Vec<f64> = means.iter().map(|m| m[0]).collect();
        let (mean, error) = mean_and_error(&ipr);
        assert!(
            (mean - ipr_mean(units)).abs() < 4.5 * error,
            "{units}: {mean}"
        );
        let v = vectors as f64;
        let expected = ipr_variance(units) / v + (v - 1.0) / v * ipr_covariance(units);
        let squares: Vec<f64> = ipr.iter().map(|x| (x - ipr_mean(units)).powi(2)).collect();
        let (variance, error) = mean_and_error(&squares);
        assert!(
            (variance - expected).abs() < 4.5 * error,
            "{units}: {variance} against {expected}"
        );
    }
    for units in [4, 30] {
        let values: Vec<f64> = simulated_means(units, 1, 40_000, 22)
            .iter()
            .map(|m| m[1])
            .collect();
        let (mean, error) = mean_and_error(&values);
        assert!((mean - kurtosis_mean(units)).abs() < 4.5 * error, "{units}");
        let squares: Vec<f64> = values
            .iter()
            .map(|x| (x - kurtosis_mean(units)).powi(2))
            .collect();
        let (variance, error) = mean_and_error(&squares);
        assert!(
            (variance - kurtosis_variance(units)).abs() < 4.5 * error,
            "{units}"
        );
    }
    assert!(kurtosis_variance(2) == 0.0 && kurtosis_variance(3) == 0.0 && ipr_variance(1) == 0.0);
}

#[test]
fn haar_matrices_are_orthonormal_and_have_the_right_signs() {
    let mut random = generator(23, 0);
    for (rows, columns) in [(1, 1), (7, 7), (40, 13), (200, 150)] {
        let q = haar_matrix(&mut random, rows, columns);
        let gram = q.transpose() * &q - faer::Mat::<f64>::identity(columns, columns);
        assert!(gram.norm_max() < 1e-13, "{rows}x{columns}");
    }
    // Without the signs of R the first entry would have one sign.
    let positive = (0..400)
        .filter(|_| haar_matrix(&mut random, 6, 6)[(0, 0)] > 0.0)
        .count();
    assert!((140..260).contains(&positive), "{positive} of 400");
}

#[test]
fn the_law_of_one_entry_is_exact() {
    // N = 2: arc length; N = 3: uniform (Archimedes); N = 4: (theta - sin theta cos theta) 2/pi.
    for m in [0.05_f64, 0.4, 0.9, 0.999] {
        let arc = 2.0 / std::f64::consts::PI * m.acos();
        assert!((entry_tail(2, m) - arc).abs() < 1e-13);
        assert!((entry_tail(3, m) - (1.0 - m)).abs() < 1e-13);
        let angle = m.acos();
        let four = 2.0 / std::f64::consts::PI * (angle - angle.sin() * angle.cos());
        assert!((entry_tail(4, m) / four - 1.0).abs() < 1e-11);
    }
    // Many units: sqrt(N) u is normal, up to terms of order 1/N.
    let n = 100_000;
    for z in [0.5, 1.96, 4.0] {
        let ratio = entry_tail(n, z / (n as f64).sqrt()) / two_sided_normal(z);
        assert!((ratio - 1.0).abs() < 2e-3, "{z}: {ratio}");
    }
    assert_eq!((entry_tail(1, 1.0), entry_tail(9, 1.0)), (1.0, 0.0));
}

#[test]
fn half_of_all_largest_entries_lie_above_their_median() {
    let mut random = generator(24, 0);
    for (rows, columns) in [(40, 40), (100, 5)] {
        let median = largest_entry_median(rows, rows * columns);
        let above = (0..400)
            .filter(|_| haar_matrix(&mut random, rows, columns).norm_max() > median)
            .count();
        // Binomial(400, 1/2): standard deviation 10.
        assert!(
            (160..=240).contains(&above),
            "{rows}x{columns}: {above} of 400"
        );
    }
}
