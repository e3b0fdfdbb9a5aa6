//! Degenerate models give results or a clear error, never a panic or a NaN.

use crate::summary::snapshot::{SummaryOptions, summarize};
use crate::testing::{from_matrix, random_model};
use faer::Mat;
use rbm_model::Parameters;

fn options() -> SummaryOptions {
    SummaryOptions {
        ks_simulations: 20,
        haar_simulations: 20,
        rotations: 3,
        ..Default::default()
    }
}

/// serde_json writes NaN as null, so a null without a note would be a NaN that slipped through.
fn assert_complete(model: &Parameters) -> serde_json::Value {
    let summary = summarize(model, &options()).unwrap();
    let value = serde_json::to_value(&summary).unwrap();
    for key in ["exact", "mean_field", "onsager", "one_loop", "gaussian"] {
        assert!(
            !value["ln_z"][key].is_null() || summary.notes.contains_key(&format!("ln_z.{key}")),
            "{key}"
        );
    }
    for key in ["saddle_x", "saddle_y", "saddle_energy"] {
        let missing = value[key].as_array().unwrap().iter().any(|v| v.is_null());
        assert!(!missing || summary.notes.contains_key("saddle"), "{key}");
    }
    for key in [
        "singular_values",
        "ipr_left",
        "ipr_right",
        "dressed_singular_values",
    ] {
        assert!(
            value[key].as_array().unwrap().iter().all(|v| v.is_number()),
            "{key}"
        );
    }
    assert!(value["exact_moments"]["boson_occupation"][0].is_number());
    for key in ["symmetry", "phase"] {
        let missing = match key {
            "symmetry" => value[key].is_null(),
            _ => value[key]["binary"]["t_over_j"].is_null(),
        };
        assert_eq!(missing, summary.notes.contains_key(key), "{key}");
    }
    for side in ["left", "right"] {
        let tests = &value["symmetry"][side];
        let numbers = [
            "/ipr/mean",
            "/ipr/p_value",
            "/ipr_quantiles/2",
            "/largest/p_value",
        ];
        for pointer in numbers {
            let found = tests.pointer(pointer).is_some_and(|v| v.is_number());
            assert!(found || value["symmetry"].is_null(), "{side}{pointer}");
        }
    }
    // What was written can be read again.
    serde_json::from_value::<crate::Summary>(value.clone()).unwrap();
    value
}

#[test]
fn degenerate_models_are_analyzed() {
    let zero = from_matrix(&Mat::zeros(4, 3), vec![0.1; 4], vec![-0.2; 3]);
    let value = assert_complete(&zero);
    assert!(value["marchenko_pastur"].is_null());
    assert!(value["notes"]["marchenko_pastur"].is_string());
    // Independent units: mean field is exact.
    let exact = value["ln_z"]["exact"].as_f64().unwrap();
    assert!((value["ln_z"]["mean_field"].as_f64().unwrap() - exact).abs() < 1e-12);

    let rank_one = Mat::from_fn(6, 5, |i, j| 0.1 * (i as f64 - 2.0) * (j as f64 + 1.0));
    assert_complete(&from_matrix(&rank_one, vec![0.0; 6], vec![0.3; 5]));
    for (n, m) in [(1, 1), (1, 9), (9, 1), (2, 2)] {
        assert_complete(&random_model(41, n, m, 1.0, 0.5));
    }
    // A single hidden unit with equal weights: J = 0.
    let flat = Mat::full(5, 1, 0.7);
    assert!(
        assert_complete(&from_matrix(&flat, vec![0.0; 5], vec![0.0]))["notes"]["phase"].is_string()
    );
    // Saturated units: probabilities 0 and 1 to rounding.
    assert_complete(&random_model(42, 6, 5, 500.0, 500.0));
}

#[test]
fn degenerate_models_have_overlaps_and_tracks() {
    let zero = from_matrix(&Mat::zeros(4, 3), vec![0.1; 4], vec![-0.2; 3]);
    let one = random_model(45, 1, 1, 1.0, 0.5);
    let wide = random_model(46, 1, 7, 1.0, 0.5);
    let rank_one = Mat::from_fn(6, 5, |i, j| 0.1 * (i as f64 - 2.0) * (j as f64 + 1.0));
    let rank_one = from_matrix(&rank_one, vec![0.0; 6], vec![0.3; 5]);
    for model in [zero, one, wide, rank_one] {
        let space = crate::ReciprocalSpace::new(&model).unwrap();
        let same = crate::overlap::mode_overlap::checkpoint_overlaps(&space, &space, 9).unwrap();
        assert!(same.len() == space.modes() && same.iter().all(|o| o.group_overlap > 1.0 - 1e-12));
        let data = Mat::from_fn(5, model.n_visible, |i, j| ((i * j) % 2) as f64);
        let pca = crate::overlap::pca::Pca::new(data.as_ref()).unwrap();
        let overlaps = crate::overlap::mode_overlap::data_overlaps(&space, &pca, 9).unwrap();
        assert!(
            overlaps
                .iter()
                .all(|o| (0.0..=1.0).contains(&o.overlap) && o.null <= 1.0)
        );
        let modes = crate::overlap::tracking::Modes::of(&space, 9);
        let tracks = crate::overlap::tracking::track_modes(&[modes.clone(), modes], 0.3).unwrap();
        assert!(
            tracks
                .iter()
                .all(|t| t.points[0].is_some_and(|p| p.weight > 1.0 - 1e-12))
        );
    }
}

#[test]
fn unusable_parameters_give_an_error_that_names_them() {
    let good = random_model(43, 4, 3, 1.0, 0.5);
    let mut nan = good.clone();
    nan.weight[7] = f64::NAN;
    let error = summarize(&nan, &options()).unwrap_err().to_string();
    assert!(
        error.contains("weight") && error.contains("row 2, column 1"),
        "{error}"
    );
    let mut short = good.clone();
    short.weight.pop();
    assert!(summarize(&short, &options()).is_err());
    let mut empty = good;
    empty.n_hidden = 0;
    assert!(summarize(&empty, &options()).is_err());
}

#[test]
fn large_models_say_why_exact_parts_are_missing() {
    let summary = summarize(&random_model(44, 30, 40, 0.1, 0.1), &options()).unwrap();
    assert!(summary.ln_z.exact.is_none() && summary.exact_moments.is_none());
    assert!(summary.notes["ln_z.exact"].contains("25"));
    assert!(summary.ln_z.gaussian.is_some());
}
