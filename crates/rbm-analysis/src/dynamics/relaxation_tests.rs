use super::*;
use crate::mean_field::fixed_points::{MeanFieldOptions, central_fixed_point};
use crate::testing::{centered, planted, random_model};
use rbm_model::partition::Enumeration;

fn close(a: &Prediction, b: &Prediction, tolerance: f64) {
    for (a, b) in [
        (a.variance_x, b.variance_x),
        (a.variance_y, b.variance_y),
        (a.covariance, b.covariance),
        (a.gibbs_coefficient, b.gibbs_coefficient),
        (a.integrated_time, b.integrated_time),
    ] {
        assert!((a - b).abs() <= tolerance * b.abs(), "{a} against {b}");
    }
}

#[test]
fn at_one_half_the_dressed_prediction_is_the_plain_one() {
    for (n, m) in [(12, 9), (9, 12), (7, 7)] {
        let model = centered(&planted(1, n, m, &[3.5, 2.0, 1.0]));
        let space = ReciprocalSpace::new(&model).unwrap();
        let point = central_fixed_point(&model, &MeanFieldOptions::default()).unwrap();
        for mode in mode_relaxations(&space, Some(&point))
            .unwrap()
            .iter()
            .take(3)
        {
            close(&mode.dressed.unwrap(), &mode.plain.unwrap(), 1e-9);
        }
    }
}

#[test]
fn plain_and_spherical_repeat_their_own_modules() {
    let space = ReciprocalSpace::new(&centered(&planted(2, 30, 20, &[3.9, 3.0]))).unwrap();
    let closure = spherical_closure(space.singular_values(), 30, 20).unwrap();
    for mode in mode_relaxations(&space, None).unwrap() {
        let (own, k) = (mode.spherical.unwrap(), mode.mode);
        assert_eq!(own.variance_x, closure.modes[k].variance_x);
        close(
            &own,
            &Prediction::of_pair(mode.singular_value, closure.a, closure.d).unwrap(),
            1e-9,
        );
        let plain = mode.plain.unwrap();
        let l = mode.singular_value;
        assert!((plain.variance_x - 4.0 / (16.0 - l * l)).abs() < 1e-12);
        assert!((plain.langevin_rate.unwrap() - (4.0 - l)).abs() < 1e-12);
        let rho = plain.gibbs_coefficient;
        assert!((plain.integrated_time - (1.0 + rho) / (1.0 - rho)).abs() < 1e-9);
        assert!(mode.dressed.is_none());
    }
}

/// Exact covariance matrix of the visible units and covariances with the hidden ones, by all joint states.
fn exact_modes(model: &rbm_model::Parameters, space: &ReciprocalSpace, k: usize) -> [f64; 4] {
    let (n, m) = (model.n_visible, model.n_hidden);
    let ln_z = Enumeration::new(model).unwrap().ln_z();
    let bits = |s: usize, n: usize| -> Vec<f64> { (0..n).map(|i| (s >> i & 1) as f64).collect() };
    // x, y, x^2, y^2, x y, and x times its conditional mean one sweep later.
    let mut sums = [0.0; 6];
    let (u, w) = (
        space.left_vector(k).unwrap(),
        space.right_vector(k).unwrap(),
    );
    for s in 0..1 << n {
        for t in 0..1 << m {
            let (v, h) = (bits(s, n), bits(t, m));
            let p = (-model.energy(&v, &h) - ln_z).exp();
            let (x, y) = (dot(u, &v), dot(w, &h));
            let next: Vec<f64> = model
                .visible_field(&h)
                .into_iter()
                .map(rbm_model::parameters::sigmoid)
                .collect();
            // <x'|h> and x are joined by the same h.
            for (sum, value) in sums
                .iter_mut()
                .zip([x, y, x * x, y * y, x * y, x * dot(u, &next)])
            {
                *sum += p * value;
            }
        }
    }
    let [x, y, xx, yy, xy, lag] = sums;
    [
        xx - x * x,
        yy - y * y,
        xy - x * y,
        (lag - x * x) / (xx - x * x),
    ]
}

#[test]
fn the_dressed_prediction_approaches_the_exact_one_where_the_plain_one_does_not() {
    // Strong biases, weak weights: the plain limit has the wrong unit variances at any coupling.
    let mut errors = Vec::new();
    for scale in [0.4, 0.2] {
        let (mut dressed, mut plain) = (0.0_f64, 0.0_f64);
        for seed in 0..4 {
            let model = random_model(50 + seed, 6, 5, scale, 1.0);
            let space = ReciprocalSpace::new(&model).unwrap();
            let point = central_fixed_point(&model, &MeanFieldOptions::default()).unwrap();
            let modes = mode_relaxations(&space, Some(&point)).unwrap();
            for k in 0..3 {
                let exact = exact_modes(&model, &space, k);
                let distance = |p: &Prediction| {
                    let found = [p.variance_x, p.variance_y, p.covariance];
                    found
                        .iter()
                        .zip(&exact)
                        .map(|(f, e)| (f - e).abs())
                        .fold((p.gibbs_coefficient - exact[3]).abs(), f64::max)
                };
                dressed = dressed.max(distance(modes[k].dressed.as_ref().unwrap()));
                plain = plain.max(distance(modes[k].plain.as_ref().unwrap()));
            }
        }
        assert!(
            dressed < 0.2 * plain,
            "scale {scale}: {dressed} against {plain}"
        );
        errors.push(dressed);
    }
    // The neglected terms are of second order in the weights at least: half the weights, a third of the error at most.
    assert!(errors[1] < errors[0] / 3.0, "{errors:?}");
}

#[test]
fn an_unstable_point_dresses_nothing_and_sizes_are_checked() {
    let model = centered(&planted(3, 12, 9, &[5.0]));
    let space = ReciprocalSpace::new(&model).unwrap();
    let point = central_fixed_point(&model, &MeanFieldOptions::default()).unwrap();
    let modes = mode_relaxations(&space, Some(&point)).unwrap();
    assert!(modes[0].dressed.is_none() && modes[0].plain.is_none() && modes[0].spherical.is_some());
    let other = FixedPoint {
        stable: true,
        visible: vec![0.5; 3],
        ..point
    };
    assert!(mode_relaxations(&space, Some(&other)).is_err());
}
