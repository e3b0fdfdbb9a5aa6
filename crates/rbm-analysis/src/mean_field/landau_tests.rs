use super::*;
use crate::mean_field::fixed_points::gibbs_free_energy;
use crate::testing::{centered, planted, random_model};
use rbm_model::Parameters;

/// Gamma at means 1/2 + x U_k, 1/2 + y V_k.
fn gamma(model: &Parameters, space: &ReciprocalSpace, k: usize, x: f64, y: f64) -> f64 {
    let shifted =
        |vector: &[f64], by: f64| -> Vec<f64> { vector.iter().map(|u| 0.5 + by * u).collect() };
    let (u, v) = (
        space.left_vector(k).unwrap(),
        space.right_vector(k).unwrap(),
    );
    gibbs_free_energy(model, &shifted(u, x), &shifted(v, y)).unwrap()
}

#[test]
fn the_coefficients_are_those_of_the_free_energy() {
    // With biases as well: the tilt is part of the expansion.
    for model in [
        centered(&planted(1, 30, 20, &[5.0, 3.0])),
        random_model(2, 12, 9, 0.6, 0.4),
    ] {
        let space = ReciprocalSpace::new(&model).unwrap();
        for mode in landau_modes(&space).iter().take(2) {
            let k = mode.mode;
            let at_rest = gamma(&model, &space, k, 0.0, 0.0);
            let lambda = mode.singular_value;
            let (jx, jy) = sources(&space, k);
            let remainder = |x: f64| {
                let y = 0.7 * x;
                let expansion = 2.0 * (x * x + y * y) - lambda * x * y - jx * x - jy * y
                    + 4.0 / 3.0 * (mode.ipr_left * x.powi(4) + mode.ipr_right * y.powi(4));
                gamma(&model, &space, k, x, y) - at_rest - expansion
            };
            // Sixth order: half the amplitude, a 64th of the remainder.
            let ratio = remainder(0.2) / remainder(0.1);
            assert!((ratio - 64.0).abs() < 4.0, "ratio {ratio}");
            // y eliminated: the best y has the free energy f(x) less the constant j_y^2/8, up to fourth order in j.
            let x = 0.05;
            let y = (lambda * x + jy) / 4.0;
            let found = gamma(&model, &space, k, x, y) - at_rest + jy * jy / 8.0;
            let fourth = 4.0 / 3.0 * mode.ipr_right * (y.powi(4) - (lambda * x / 4.0).powi(4));
            assert!(
                (found - fourth - mode.value(x)).abs() < 0.02 * (x.powi(4) + y.powi(4)),
                "{found}"
            );
        }
    }
}

#[test]
fn minima_and_barrier_are_those_of_the_curve() {
    let space = ReciprocalSpace::new(&centered(&planted(3, 40, 30, &[5.0, 3.9]))).unwrap();
    let modes = landau_modes(&space);
    let (broken, whole) = (&modes[0], &modes[1]);
    let x = broken.order_parameter;
    assert!(
        x > 0.0
            && broken.value(x) < broken.value(0.99 * x)
            && broken.value(x) < broken.value(1.01 * x)
    );
    assert!((broken.value(x) + broken.barrier).abs() < 1e-9);
    assert_eq!((whole.order_parameter, whole.barrier), (0.0, 0.0));
    assert!(whole.a > 0.0 && whole.tilt.abs() < 1e-9);
    let curve = broken.curve(2.0 * x, 5);
    assert_eq!(
        (curve[0][0], curve[2], curve[4][0]),
        (-2.0 * x, [0.0, 0.0], 2.0 * x)
    );
}
