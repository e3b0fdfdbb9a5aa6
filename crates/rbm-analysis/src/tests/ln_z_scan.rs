//! Where the approximations of ln Z hold: random 12x8 models at growing coupling against enumeration.
//! The example `ln_z_methods` prints the whole table.

use crate::random::{gaussian_matrix, generator};
use crate::reciprocal::svd::singular_values;
use crate::testing::{centered, from_matrix};
use crate::{MeanFieldOptions, ReciprocalSpace, fixed_points, gaussian_limit};
use rbm_model::partition::Enumeration;

/// Errors of Gaussian limit, mean field, Onsager and one loop over random models.
struct Errors {
    gaussian: Vec<Option<f64>>,
    mean_field: Vec<f64>,
    onsager: Vec<f64>,
    one_loop: Vec<f64>,
}

fn scan(strength: f64, biased: bool) -> Errors {
    let mut errors = Errors {
        gaussian: Vec::new(),
        mean_field: Vec::new(),
        onsager: Vec::new(),
        one_loop: Vec::new(),
    };
    for seed in 0..25 {
        let mut random = generator(seed, 0);
        let raw = gaussian_matrix(&mut random, 12, 8, 1.0);
        let scale = strength / singular_values(raw.as_ref()).unwrap()[0];
        let weight = faer::Scale(scale) * &raw;
        let model = if biased {
            let biases = gaussian_matrix(&mut random, 20, 1, 0.5);
            let biases = biases.col_as_slice(0);
            from_matrix(&weight, biases[..12].to_vec(), biases[12..].to_vec())
        } else {
            centered(&weight)
        };
        let exact = Enumeration::new(&model).unwrap().ln_z();
        let options = MeanFieldOptions {
            random_starts: 4,
            ..Default::default()
        };
        let solution = fixed_points(&model, None, &options).unwrap();
        let best = solution.points.iter().find(|p| p.stable).unwrap();
        let gaussian = gaussian_limit(&ReciprocalSpace::new(&model).unwrap()).ln_z;
        errors.gaussian.push(gaussian.map(|g| g - exact));
        errors.mean_field.push(-best.free_energy - exact);
        errors.onsager.push(best.ln_z_onsager - exact);
        errors.one_loop.push(best.ln_z_one_loop.unwrap() - exact);
    }
    errors
}

fn rms(errors: &[f64]) -> f64 {
    (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt()
}

fn existing(errors: &[Option<f64>]) -> Vec<f64> {
    errors.iter().copied().flatten().collect()
}

#[test]
fn mean_field_is_always_a_lower_bound() {
    for strength in [0.5, 2.0, 4.25, 8.0] {
        for biased in [true, false] {
            assert!(scan(strength, biased).mean_field.iter().all(|e| *e < 1e-10));
        }
    }
}

#[test]
fn weakly_coupled_the_corrections_win_and_with_biases_the_gaussian_limit_does_not() {
    let weak = scan(1.0, true);
    let gaussian = rms(&existing(&weak.gaussian));
    assert!(rms(&weak.onsager) < 0.01 * rms(&weak.mean_field));
    assert!(rms(&weak.one_loop) < 0.05 * rms(&weak.mean_field));
    assert!(gaussian > 10.0 * rms(&weak.one_loop));
    // The errors that are left grow as the fourth power of the coupling.
    let weaker = scan(0.5, true);
    assert!((rms(&weak.one_loop) / rms(&weaker.one_loop)).log2() > 3.0);
}

#[test]
fn the_gaussian_limit_fails_towards_four_and_one_loop_stays_with_biases() {
    let near = scan(3.95, true);
    assert!(rms(&existing(&near.gaussian)) > 10.0);
    assert!(rms(&near.one_loop) < 0.15 && rms(&near.onsager) < 0.2);
    assert!(rms(&near.one_loop) < rms(&near.onsager));
    let beyond = scan(4.25, true);
    assert!(beyond.gaussian.iter().all(Option::is_none));
    assert!(rms(&beyond.one_loop) < 0.2);
}

#[test]
fn on_the_centered_model_one_loop_is_the_gaussian_limit_and_fails_with_it_while_onsager_holds() {
    for strength in [1.0, 3.5] {
        let errors = scan(strength, false);
        for (one_loop, gaussian) in errors.one_loop.iter().zip(&errors.gaussian) {
            assert!((one_loop - gaussian.unwrap()).abs() < 1e-9);
        }
        assert!(rms(&errors.onsager) < 0.2 * rms(&errors.one_loop));
    }
}
