use super::*;

#[test]
fn the_multipliers_satisfy_both_sum_rules() {
    let spectra: [(&[f64], usize, usize); 5] = [
        (&[3.6, 3.5, 1.0, 0.2, 0.0], 5, 9),
        (&[20.0, 0.1, 0.1], 7, 3),
        (&[0.0, 0.0], 2, 2),
        (&[1e-8], 1, 1000),
        (&[1e4, 1e4, 1e4], 3, 3),
    ];
    for (lambda, n, m) in spectra {
        let closure = spherical_closure(lambda, n, m).unwrap();
        let (r, a, d) = (lambda.len(), closure.a, closure.d);
        let x: f64 = closure.modes.iter().map(|k| k.variance_x).sum::<f64>() + (n - r) as f64 / a;
        let y: f64 = closure.modes.iter().map(|k| k.variance_y).sum::<f64>() + (m - r) as f64 / d;
        assert!(
            (x / (n as f64 / 4.0) - 1.0).abs() < 1e-9,
            "{lambda:?} {closure:?}"
        );
        assert!(
            (y / (m as f64 / 4.0) - 1.0).abs() < 1e-9,
            "{lambda:?} {closure:?}"
        );
        assert!(a * d >= lambda[0] * lambda[0] && closure.residual < 1e-12);
    }
}

#[test]
fn without_coupling_it_is_the_free_model_and_a_weak_mode_follows_the_plain_limit() {
    let free = spherical_closure(&[0.0; 4], 4, 6).unwrap();
    assert!((free.a - 4.0).abs() < 1e-12 && (free.d - 4.0).abs() < 1e-12);
    // One mode among a thousand free ones hardly moves the multipliers.
    let mut lambda = vec![0.0; 1000];
    lambda[0] = 2.0;
    let closure = spherical_closure(&lambda, 1000, 1000).unwrap();
    assert!((closure.modes[0].variance_x - 4.0 / 12.0).abs() < 2e-3);
    assert!((closure.modes[0].gibbs_coefficient - 0.25).abs() < 1e-3);
}

#[test]
fn refuses_unusable_spectra() {
    assert!(spherical_closure(&[1.0], 2, 2).is_err());
    assert!(spherical_closure(&[], 0, 0).is_err());
    assert!(spherical_closure(&[f64::NAN], 1, 2).is_err());
    assert!(spherical_closure(&[-1.0], 1, 2).is_err());
}
