use super::*;
use crate::random::{generator, haar_matrix, normal};
use crate::testing::{centered, from_matrix, planted};
use faer::Mat;
use rand::RngExt;

const X: [Coordinate; 4] = [
    Coordinate::X(0),
    Coordinate::X(1),
    Coordinate::X(2),
    Coordinate::X(3),
];

/// Independent rows of four coordinates as chains of length 1.
fn rows(count: usize, mut draw: impl FnMut() -> [f64; 4]) -> Trajectories {
    let mut all = Trajectories::new(X.to_vec(), count).unwrap();
    let row: Vec<f64> = (0..count).flat_map(|_| draw()).collect();
    all.push(&row).unwrap();
    all
}

#[test]
fn cumulants_of_common_gamma_parts_are_found_within_their_errors() {
    // z_i = s + n_i with s exponential of scale 1: the n-body cumulant is that of s, (n-1)!, for any group.
    let mut random = generator(1, 0);
    let samples = rows(60_000, || {
        let common = -(1.0 - random.random::<f64>()).ln();
        [0, 1, 2, 3].map(|_| 5.0 + common + 0.5 * normal(&mut random))
    });
    let groups = [X[..2].to_vec(), X[..3].to_vec(), X.to_vec()];
    let found =
        connected_correlations(&samples, &groups, &[1.0; 4], &BootstrapOptions::default()).unwrap();
    for (correlation, expected) in found.iter().zip([1.0, 2.0, 6.0]) {
        let error = correlation.error.unwrap();
        assert!(
            (correlation.value - expected).abs() < 4.5 * error,
            "{correlation:?}"
        );
        assert!(error < 0.12 * expected, "{correlation:?}");
        assert_eq!(correlation.gaussian, Some(0.0));
    }
}

#[test]
fn cumulants_of_a_two_point_variable_are_exact() {
    // z = 1 with probability p: kappa_2 = p(1-p), kappa_3 = kappa_2 (1-2p), kappa_4 = kappa_2 (1 - 6 kappa_2).
    let mut on = (0..100).map(|i| i < 30);
    let samples = rows(100, || [if on.next().unwrap() { 1.0 } else { 0.0 }; 4]);
    let groups: Vec<Vec<Coordinate>> = (2..=4).map(|n| vec![X[1]; n]).collect();
    let found =
        connected_correlations(&samples, &groups, &[2.0; 4], &BootstrapOptions::default()).unwrap();
    for (correlation, expected) in found.iter().zip([0.21, 0.21 * 0.4, 0.21 * (1.0 - 1.26)]) {
        assert!(
            (correlation.value - expected).abs() < 1e-14,
            "{correlation:?}"
        );
    }
    assert_eq!(found[0].gaussian, Some(4.0 / 12.0));
}

#[test]
fn the_gaussian_expectation_is_that_of_the_coupled_pair() {
    let expect =
        |group: &[Coordinate], lambda: f64| gaussian_expectation(group, &[lambda, 1.0]).unwrap();
    assert_eq!(
        expect(&[Coordinate::X(0), Coordinate::Y(0)], 2.0),
        Some(2.0 / 12.0)
    );
    assert_eq!(
        expect(&[Coordinate::Y(0), Coordinate::Y(0)], 2.0),
        Some(4.0 / 12.0)
    );
    assert_eq!(
        expect(&[Coordinate::X(0), Coordinate::Y(1)], 2.0),
        Some(0.0)
    );
    assert_eq!(expect(&[Coordinate::X(0), Coordinate::Y(0)], 4.0), None);
    assert!(gaussian_expectation(&[Coordinate::X(2), Coordinate::X(0)], &[1.0, 1.0]).is_err());
}

#[test]
fn kurtosis_of_uniform_units_is_minus_twice_the_participation_ratio() {
    let (n, m) = (16, 40);
    let space = crate::ReciprocalSpace::new(&from_matrix(
        &planted(3, n, m, &[1.0; 16]),
        vec![0.0; n],
        vec![0.0; m],
    ))
    .unwrap();
    let mut random = generator(4, 0);
    let count = 40_000;
    let mut bits =
        |columns| Mat::from_fn(count, columns, |_, _| f64::from(random.random::<bool>()));
    let (v, h) = (bits(n), bits(m));
    let coordinates = crate::reciprocal::trajectories::pairs(&[0, 5, 15]);
    let samples = Trajectories::from_states(&space, coordinates, v.as_ref(), h.as_ref()).unwrap();
    for found in excess_kurtosis(&samples, &space, &BootstrapOptions::default()).unwrap() {
        let (excess, error) = (found.excess.unwrap(), found.error.unwrap());
        assert!((excess - found.uniform).abs() < 4.5 * error, "{found:?}");
        // Sampling error of a kurtosis near 0: sqrt(24/n) = 0.024.
        assert!(error < 0.035 && found.uniform < -2.0 / 40.0);
    }
}

#[test]
fn haar_vectors_have_the_stated_mean_kurtosis() {
    // Every mode's exact value under uniform units is -2 IPR: only the average over vectors is left to chance.
    for n in [16, 64, 256, 1024] {
        let vectors = haar_matrix(&mut generator(5, n as u64), n, n.min(64));
        let ratios = crate::symmetry::ipr::inverse_participation_ratios(vectors.as_ref());
        let values: Vec<f64> = ratios.iter().map(|q| -2.0 * q).collect();
        let (mean, error) = crate::statistics::moments::mean_and_error(&values);
        let expected = -6.0 / (n as f64 + 2.0);
        assert!(
            (mean - expected).abs() < 4.5 * error,
            "{n}: {mean} {expected} {error}"
        );
    }
}

#[test]
fn groups_and_coordinates_are_checked() {
    let samples = rows(3, || [1.0, 2.0, 3.0, 4.0]);
    let options = BootstrapOptions::default();
    for bad in [vec![X[0]], vec![X[0]; 5], vec![X[0], Coordinate::Y(0)]] {
        assert!(connected_correlations(&samples, &[bad], &[1.0; 4], &options).is_err());
    }
    let space = crate::ReciprocalSpace::new(&centered(&planted(3, 8, 6, &[1.0]))).unwrap();
    let constant = excess_kurtosis(&samples, &space, &options).unwrap();
    assert!(constant[0].excess.is_none() && constant[0].error.is_none());
}
