use super::*;
use crate::testing::{centered, from_matrix, planted, random_model};
use faer::Mat;
use rbm_model::partition::Enumeration;

#[test]
fn without_weights_only_the_biases_are_expanded_and_zero_is_exact() {
    let zero = from_matrix(&Mat::zeros(3, 5), vec![0.0; 3], vec![0.0; 5]);
    let limit = gaussian_limit(&ReciprocalSpace::new(&zero).unwrap());
    assert!((limit.ln_z.unwrap() - 8.0 * std::f64::consts::LN_2).abs() < 1e-13);
    // ln(1 + e^b) = ln 2 + b/2 + b^2/8 + O(b^4), unit by unit, whichever basis the modes take.
    let (b, c) = (vec![0.3, -0.1, 0.2], vec![0.05, 0.1, -0.2, 0.0, 0.15]);
    let expected: f64 = b
        .iter()
        .chain(&c)
        .map(|t| std::f64::consts::LN_2 + t / 2.0 + t * t / 8.0)
        .sum();
    let biased = from_matrix(&Mat::zeros(3, 5), b, c);
    let limit = gaussian_limit(&ReciprocalSpace::new(&biased).unwrap());
    assert!((limit.ln_z.unwrap() - expected).abs() < 1e-13);
}

#[test]
fn the_form_without_division_equals_the_form_about_the_saddle() {
    let space = ReciprocalSpace::new(&random_model(21, 9, 6, 0.4, 0.3)).unwrap();
    let mut expected = 15.0 * std::f64::consts::LN_2;
    let root = std::f64::consts::FRAC_1_SQRT_2;
    for (k, saddle) in space.saddles().into_iter().enumerate() {
        let (saddle, lambda) = (saddle.unwrap(), space.singular_values()[k]);
        let t = lambda / 4.0;
        let (mx, my) = (space.mean_x[k], space.mean_y[k]);
        let u = (mx + my - saddle.x - saddle.y) * root;
        let w = (my - mx + saddle.x - saddle.y) * root;
        expected += -saddle.energy + lambda / 2.0 * (u * u / (1.0 - t) - w * w / (1.0 + t))
            - 0.5 * (1.0 - t * t).ln();
    }
    expected += unpaired(&space);
    let limit = gaussian_limit(&space);
    assert!((limit.ln_z.unwrap() - expected).abs() < 1e-12);
}

#[test]
fn it_becomes_exact_for_weak_coupling() {
    let model = random_model(22, 10, 8, 0.01, 0.0);
    let limit = gaussian_limit(&ReciprocalSpace::new(&model).unwrap());
    let exact = Enumeration::new(&model).unwrap().ln_z();
    // The first neglected term is of fourth order in the weights.
    assert!((limit.ln_z.unwrap() - exact).abs() < 1e-6);
}

#[test]
fn moments_solve_the_gaussian_stationarity_conditions() {
    let space = ReciprocalSpace::new(&random_model(23, 7, 7, 0.5, 0.4)).unwrap();
    for (k, mode) in gaussian_limit(&space).modes.iter().enumerate() {
        let moments = mode.moments.unwrap();
        let lambda = mode.singular_value;
        let (dx, dy) = (
            moments.mean_x - space.mean_x[k],
            moments.mean_y - space.mean_y[k],
        );
        // Stationary point of -2 dx^2 - 2 dy^2 + lambda x y + bt x + ct y.
        assert!((-4.0 * dx + lambda * moments.mean_y + space.visible_bias_modes[k]).abs() < 1e-12);
        assert!((-4.0 * dy + lambda * moments.mean_x + space.hidden_bias_modes[k]).abs() < 1e-12);
        // Covariance times precision [[4, -lambda], [-lambda, 4]] is the identity.
        assert!((4.0 * moments.variance - lambda * moments.covariance - 1.0).abs() < 1e-12);
        assert!((4.0 * moments.covariance - lambda * moments.variance).abs() < 1e-12);
    }
}

#[test]
fn modes_of_four_and_more_are_listed_and_forbid_a_number() {
    let space = ReciprocalSpace::new(&centered(&planted(24, 30, 20, &[5.0, 4.5, 3.9]))).unwrap();
    let limit = gaussian_limit(&space);
    assert_eq!(limit.ln_z, None);
    assert_eq!(limit.nonconvergent_modes, [0, 1]);
    assert!(limit.modes[0].moments.is_none() && limit.modes[2].moments.is_some());
    // Colder or warmer moves the threshold.
    let warm = space.at_inverse_temperature(0.5).unwrap();
    assert!(gaussian_limit(&warm).ln_z.is_some());
}

#[test]
fn relaxation_follows_the_formulas() {
    let relaxation = Relaxation::new(3.0);
    assert_eq!((relaxation.rate_u, relaxation.rate_w), (1.0, 7.0));
    assert_eq!(relaxation.langevin_time, Some(1.0));
    assert!((relaxation.gibbs_coefficient - 0.5625).abs() < 1e-15);
    assert!((relaxation.gibbs_time.unwrap() + 1.0 / 0.5625_f64.ln()).abs() < 1e-12);
    assert_eq!(Relaxation::new(4.0).langevin_time, None);
    assert_eq!(Relaxation::new(4.0).gibbs_time, None);
    assert_eq!(Relaxation::new(0.0).gibbs_time, Some(0.0));
}
