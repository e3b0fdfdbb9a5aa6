use super::super::{Summary, SummaryOptions, summarize};
use crate::random::{gaussian_matrix, generator};
use crate::reciprocal::singular_values;
use faer::Mat;
use rbm_model::Parameters;

/// Centered: b = -W 1/2, c = -W^T 1/2.
fn centered(weight: &Mat<f64>) -> Parameters {
    let (n, m) = (weight.nrows(), weight.ncols());
    let visible = (0..n).map(|i| -0.5 * (0..m).map(|j| weight[(i, j)]).sum::<f64>());
    let hidden = (0..m).map(|j| -0.5 * (0..n).map(|i| weight[(i, j)]).sum::<f64>());
    let flat = (0..n * m).map(|at| weight[(at / m, at % m)]).collect();
    Parameters::new(n, m, flat, visible.collect(), hidden.collect()).unwrap()
}

fn random(n: usize, m: usize, largest: f64, seed: u64) -> Mat<f64> {
    let raw = gaussian_matrix(&mut generator(seed, 0), n, m, 1.0);
    let scale = largest / singular_values(raw.as_ref()).unwrap()[0];
    Mat::from_fn(n, m, |i, j| scale * raw[(i, j)])
}

fn summary(model: &Parameters) -> Summary {
    let options = SummaryOptions {
        ks_simulations: 0,
        haar_simulations: 0,
        rotations: 0,
        ..Default::default()
    };
    summarize(model, &options).unwrap()
}

fn note<'a>(summary: &'a Summary, method: &str) -> &'a str {
    let note = summary.notes.get(&format!("ln_z.{method}"));
    note.map_or("", String::as_str)
}

/// Root mean square errors over 20 centered models, against enumeration: below, at and beyond the threshold of the others.
#[test]
fn fluctuations_of_fixed_length_hold_beyond_the_threshold() {
    for (strength, spherical_at_most, one_loop_at_least) in
        [(2.0, 0.03, 0.0), (3.95, 0.08, 1.0), (5.0, 0.15, f64::NAN)]
    {
        let errors = |get: fn(&Summary) -> Option<f64>| {
            let squares = (0..20).filter_map(|seed| {
                let s = summary(&centered(&random(12, 8, strength, seed)));
                Some((get(&s)? - s.ln_z.exact?).powi(2))
            });
            let squares: Vec<f64> = squares.collect();
            (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
        };
        let spherical = errors(|s| s.ln_z.spherical);
        let one_loop = errors(|s| s.ln_z.one_loop);
        assert!(spherical < spherical_at_most, "{strength}: {spherical}");
        // Where a one-loop value exists.
        assert!(
            one_loop_at_least.is_nan() || one_loop >= one_loop_at_least,
            "{strength}: {one_loop}"
        );
    }
}

#[test]
fn strong_biases_are_noted() {
    let weight = random(10, 6, 1.0, 1);
    let mut model = centered(&weight);
    model.visible_bias.iter_mut().for_each(|b| *b += 30.0);
    let s = summary(&model);
    let (gaussian, exact) = (s.ln_z.gaussian.unwrap(), s.ln_z.exact.unwrap());
    assert!(gaussian - exact > 100.0, "{gaussian} {exact}");
    assert!(
        note(&s, "gaussian").contains("units are not near probability 1/2"),
        "{:?}",
        s.notes
    );
    // Independent units are no difficulty for a mean field.
    assert!((s.ln_z.one_loop.unwrap() - exact).abs() < 0.01);
    assert_eq!(note(&s, "one_loop"), "");
}

#[test]
fn a_model_below_the_threshold_of_one_loop_is_noted() {
    let s = summary(&centered(&random(30, 20, 3.97, 2)));
    let exact = s.ln_z.exact.unwrap();
    for (method, value) in [("one_loop", s.ln_z.one_loop), ("gaussian", s.ln_z.gaussian)] {
        assert!(value.unwrap() - exact > 1.0, "{method}");
        assert!(
            note(&s, method).contains("near its threshold"),
            "{method}: {:?}",
            s.notes
        );
    }
    let spherical = s.ln_z.spherical.unwrap();
    assert!((spherical - exact).abs() < 0.3, "{spherical} {exact}");
    assert_eq!(note(&s, "spherical"), "");
}

/// Rank one, lambda = 8: two wells that mirror each other.
#[test]
fn a_second_well_is_noted() {
    let (n, m) = (12, 8);
    let entry = 8.0 / ((n * m) as f64).sqrt();
    let s = summary(&centered(&Mat::from_fn(n, m, |_, _| entry)));
    let missing = s.ln_z.exact.unwrap() - s.ln_z.mean_field.unwrap();
    assert!(missing > 0.5, "{missing}");
    assert!(s.ln_z.spherical.unwrap() < s.ln_z.exact.unwrap() - 1.0);
    assert!(
        note(&s, "spherical").contains("below a lower bound"),
        "{:?}",
        s.notes
    );
    for method in ["mean_field", "onsager"] {
        assert!(
            note(&s, method).contains("2 stable ones were found"),
            "{method}: {:?}",
            s.notes
        );
    }
}

/// Weak couplings and weak biases: all methods agree, and nothing is noted.
#[test]
fn an_easy_model_has_no_notes() {
    let mut model = centered(&random(12, 8, 0.5, 3));
    model.visible_bias.iter_mut().for_each(|b| *b += 0.1);
    let s = summary(&model);
    let exact = s.ln_z.exact.unwrap();
    let z = &s.ln_z;
    for value in [z.mean_field, z.onsager, z.one_loop, z.spherical, z.gaussian] {
        assert!((value.unwrap() - exact).abs() < 0.05, "{value:?} {exact}");
    }
    assert!(
        !s.notes.keys().any(|key| key.starts_with("ln_z")),
        "{:?}",
        s.notes
    );
}
