use super::*;
use crate::testing::{centered, planted, random_model};
use rbm_model::partition::Enumeration;

#[test]
fn every_fixed_point_solves_the_equations_and_bounds_ln_z() {
    for seed in 0..20 {
        let model = random_model(100 + seed, 9, 6, 0.2 + 0.15 * seed as f64, 0.5);
        let exact = Enumeration::new(&model).unwrap().ln_z();
        let solution = fixed_points(&model, None, &MeanFieldOptions::default()).unwrap();
        assert!(!solution.points.is_empty());
        for point in &solution.points {
            assert!(point.residual < 1e-10);
            assert!(point.free_energy >= -exact - 1e-12, "seed {seed}");
            let gibbs = gibbs_free_energy(&model, &point.visible, &point.hidden).unwrap();
            assert!((gibbs - point.free_energy).abs() < 1e-9, "seed {seed}");
        }
    }
}

#[test]
fn gibbs_free_energy_is_stationary_at_a_fixed_point_and_a_bound_elsewhere() {
    let model = random_model(31, 6, 5, 1.0, 0.5);
    let exact = Enumeration::new(&model).unwrap().ln_z();
    let point = central_fixed_point(&model, &MeanFieldOptions::default()).unwrap();
    for i in 0..6 {
        let shifted = |by: f64| {
            let mut visible = point.visible.clone();
            visible[i] += by;
            gibbs_free_energy(&model, &visible, &point.hidden).unwrap()
        };
        let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
        assert!(slope.abs() < 1e-6, "{slope}");
    }
    for at in [0.0, 0.2, 1.0] {
        assert!(gibbs_free_energy(&model, &[at; 6], &[0.5; 5]).unwrap() >= -exact);
    }
    assert!(gibbs_free_energy(&model, &[0.5; 5], &[0.5; 5]).is_err());
}

#[test]
fn the_center_loses_stability_at_four_and_two_mirror_points_appear() {
    let options = MeanFieldOptions::default();
    let below = fixed_points(&centered(&planted(32, 40, 30, &[3.5])), None, &options).unwrap();
    assert_eq!(below.points.len(), 1);
    assert!(below.points[0].stable);
    assert!((below.points[0].dressed_singular_values[0] - 3.5 / 4.0).abs() < 1e-9);

    let above = fixed_points(&centered(&planted(32, 40, 30, &[6.0])), None, &options).unwrap();
    let stable: Vec<_> = above.points.iter().filter(|p| p.stable).collect();
    assert_eq!(
        (stable.len(), above.points.len()),
        (2, 3),
        "center and two wells"
    );
    for (a, b) in stable[0].visible.iter().zip(&stable[1].visible) {
        assert!((a + b - 1.0).abs() < 1e-9);
    }
    let center = above.points.iter().find(|p| !p.stable).unwrap();
    assert!((center.dressed_singular_values[0] - 1.5).abs() < 1e-9);
    assert!(center.ln_z_one_loop.is_none() && center.free_energy > stable[0].free_energy);
    // Two equal wells: ln 2 more than one.
    let combined = above.ln_z_mean_field.unwrap();
    assert!((combined + stable[0].free_energy - std::f64::consts::LN_2).abs() < 1e-9);
}

#[test]
fn corrections_improve_on_mean_field_below_the_transition() {
    let (mut plain, mut onsager, mut loops) = (0.0, 0.0, 0.0);
    for seed in 0..10 {
        let model = random_model(200 + seed, 12, 8, 0.4, 0.2);
        let exact = Enumeration::new(&model).unwrap().ln_z();
        let point = central_fixed_point(&model, &MeanFieldOptions::default()).unwrap();
        plain += (exact + point.free_energy).abs();
        onsager += (exact - point.ln_z_onsager).abs();
        loops += (exact - point.ln_z_one_loop.unwrap()).abs();
    }
    assert!(
        onsager < 0.2 * plain && loops < 0.2 * plain,
        "{plain} {onsager} {loops}"
    );
}

#[test]
fn given_starts_are_used_and_their_shape_checked() {
    let model = centered(&planted(33, 20, 15, &[7.0]));
    let options = MeanFieldOptions {
        random_starts: 0,
        ..Default::default()
    };
    let only_center = fixed_points(&model, None, &options).unwrap();
    assert_eq!(only_center.points.len(), 1);
    let ordered = Mat::from_fn(1, 15, |_, j| if j % 2 == 0 { 1.0 } else { 0.0 });
    let both = fixed_points(&model, Some(ordered.as_ref()), &options).unwrap();
    assert_eq!(both.points.len(), 2);
    assert!(fixed_points(&model, Some(Mat::zeros(1, 14).as_ref()), &options).is_err());
    let hasty = MeanFieldOptions {
        max_iterations: 2,
        ..options
    };
    assert_eq!(
        fixed_points(&model, Some(ordered.as_ref()), &hasty)
            .unwrap()
            .unconverged_starts,
        1
    );
}
