//! All numbers of tests/reference/*.json, made by an independent Python program.

use crate::reciprocal::space::ReciprocalSpace;
use crate::summary::snapshot::{SummaryOptions, summarize};
use faer::Mat;
use rbm_model::Parameters;
use serde_json::Value;

const FILES: [(&str, &str); 6] = [
    (
        "weak_tall",
        include_str!("../../../../tests/reference/weak_tall.json"),
    ),
    (
        "weak_wide",
        include_str!("../../../../tests/reference/weak_wide.json"),
    ),
    (
        "square",
        include_str!("../../../../tests/reference/square.json"),
    ),
    (
        "near_critical",
        include_str!("../../../../tests/reference/near_critical.json"),
    ),
    (
        "broken",
        include_str!("../../../../tests/reference/broken.json"),
    ),
    (
        "no_bias",
        include_str!("../../../../tests/reference/no_bias.json"),
    ),
];

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

fn load(text: &str) -> (Value, Parameters) {
    let reference: Value = serde_json::from_str(text).unwrap();
    let size = |key: &str| reference[key].as_u64().unwrap() as usize;
    let parameters = Parameters::new(
        size("n_visible"),
        size("n_hidden"),
        numbers(&reference["weight"]),
        numbers(&reference["visible_bias"]),
        numbers(&reference["hidden_bias"]),
    )
    .unwrap();
    (reference, parameters)
}

/// Relative to the number itself, with a floor far below the sizes that occur.
fn assert_close(what: &str, found: &Value, expected: &Value, relative: f64) {
    if expected.is_null() || found.is_null() {
        assert_eq!(found, expected, "{what}");
        return;
    }
    let (found, expected) = (numbers(found), numbers(expected));
    assert_eq!(found.len(), expected.len(), "{what}");
    for (k, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!(
            (f - e).abs() <= relative * e.abs() + 1e-14,
            "{what}[{k}]: {f} against {e}"
        );
    }
}

#[test]
fn summary_gives_every_reference_number() {
    for (name, text) in FILES {
        let (reference, parameters) = load(text);
        let options = SummaryOptions {
            ks_simulations: 0,
            haar_simulations: 0,
            rotations: 0,
            ..Default::default()
        };
        let summary = summarize(&parameters, &options).unwrap();
        let found = serde_json::to_value(&summary).unwrap();
        for key in [
            "singular_values",
            "ipr_left",
            "ipr_right",
            "saddle_x",
            "saddle_y",
            "saddle_energy",
        ] {
            assert_close(&format!("{name} {key}"), &found[key], &reference[key], 1e-8);
        }
        for (key, tolerance) in [
            ("exact", 1e-8),
            ("gaussian", 1e-8),
            ("mean_field", 1e-8),
            ("onsager", 1e-8),
            ("one_loop", 1e-8),
        ] {
            assert_close(
                &format!("{name} ln_z {key}"),
                &found["ln_z"][key],
                &reference["ln_z"][key],
                tolerance,
            );
            if reference["ln_z"][key].is_null() {
                assert!(
                    summary.notes.contains_key(&format!("ln_z.{key}")),
                    "{name} {key}"
                );
            }
        }
        for key in ["dressed_singular_values", "spherical_multipliers"] {
            assert_close(&format!("{name} {key}"), &found[key], &reference[key], 1e-6);
        }
        for key in ["v", "h", "boson_occupation"] {
            assert_close(
                &format!("{name} moments {key}"),
                &found["exact_moments"][key],
                &reference["exact_moments"][key],
                1e-8,
            );
        }
    }
}

#[test]
fn states_of_the_reference_project_to_its_coordinates_and_energies() {
    for (name, text) in FILES {
        let (reference, parameters) = load(text);
        let states = &reference["states"];
        let matrix = |key: &str, columns: usize| {
            let values = numbers(&states[key]);
            Mat::from_fn(values.len() / columns, columns, |i, j| {
                values[i * columns + j]
            })
        };
        let v = matrix("v", parameters.n_visible);
        let h = matrix("h", parameters.n_hidden);
        let space = ReciprocalSpace::new(&parameters).unwrap();
        let x = space.project_visible(v.as_ref()).unwrap();
        let y = space.project_hidden(h.as_ref()).unwrap();
        let energies = space.mode_energies(x.as_ref(), y.as_ref()).unwrap();
        let (expected_x, expected_y) = (matrix("x", space.modes()), matrix("y", space.modes()));
        let expected_energy = numbers(&states["energy"]);
        let expected_free = numbers(&states["free_energy"]);
        for s in 0..v.nrows() {
            for k in 0..space.modes() {
                assert!((x[(s, k)] - expected_x[(s, k)]).abs() < 1e-12, "{name}");
                assert!((y[(s, k)] - expected_y[(s, k)]).abs() < 1e-12, "{name}");
            }
            let visible: Vec<f64> = v.row(s).iter().copied().collect();
            let hidden: Vec<f64> = h.row(s).iter().copied().collect();
            let energy = energies.row(s).iter().sum::<f64>()
                + space.unpaired_energy(&visible, &hidden).unwrap();
            assert!((energy - expected_energy[s]).abs() < 1e-12, "{name}");
            assert!((parameters.energy(&visible, &hidden) - expected_energy[s]).abs() < 1e-12);
            assert!((parameters.free_energy(&visible) - expected_free[s]).abs() < 1e-12);
        }
    }
}
