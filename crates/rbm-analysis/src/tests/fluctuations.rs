//! Simulated moments and relaxation of a mode of a 400x300 model against the predictions: which holds where.

use crate::ReciprocalSpace;
use crate::bosons::correlation::connected_correlations;
use crate::dynamics::diffusion::{DiffusionOptions, autocorrelations};
use crate::dynamics::langevin::ModePotential;
use crate::dynamics::relaxation::{ModeRelaxation, Prediction, mode_relaxations};
use crate::reciprocal::trajectories::{Coordinate, Trajectories, pairs};
use crate::statistics::bootstrap::BootstrapOptions;
use crate::testing::{centered, planted};
use burn::tensor::Device;
use rbm_model::Rbm;
use rbm_model::noise::stream;
use rbm_model::sampling::Chains;

/// <x^2>, <xy>, rho(1) and tau of the first mode, each with its error.
struct Simulated {
    numbers: [(f64, f64); 4],
    predicted: ModeRelaxation,
    isolated: [f64; 3],
}

fn numbers(p: &Prediction) -> [f64; 4] {
    [
        p.variance_x,
        p.covariance,
        p.gibbs_coefficient,
        p.integrated_time,
    ]
}

fn simulate(singular_values: &[f64], seed: u64) -> Simulated {
    let model = centered(&planted(seed, 400, 300, singular_values));
    let space = ReciprocalSpace::new(&model).unwrap();
    let rbm = Rbm::from_parameters(&model, &Device::flex());
    let mut chains = Chains::from_biases(&rbm, 256, seed, stream::CHAINS);
    chains.sweep(&rbm, 100);
    let record = Trajectories::record(&space, pairs(&[0]), &rbm, &mut chains, 500, 1).unwrap();
    let (x, y) = (Coordinate::X(0), Coordinate::Y(0));
    let groups = [vec![x, x], vec![x, y]];
    let moments = connected_correlations(
        &record,
        &groups,
        space.singular_values(),
        &BootstrapOptions::default(),
    )
    .unwrap();
    let of_x = autocorrelations(&record, &DiffusionOptions::default())
        .unwrap()
        .remove(0);
    let (lag, tau) = (of_x.first_lag.unwrap(), of_x.integrated_time.unwrap());
    let ipr = |vector: &[f64]| vector.iter().map(|u| u.powi(4)).sum();
    let potential = ModePotential::isolated(
        space.singular_values()[0],
        ipr(space.left_vector(0).unwrap()),
        ipr(space.right_vector(0).unwrap()),
    );
    Simulated {
        numbers: [
            (moments[0].value, moments[0].error.unwrap()),
            (moments[1].value, moments[1].error.unwrap()),
            (lag.value, lag.error),
            (tau.value, tau.error),
        ],
        predicted: mode_relaxations(&space, None).unwrap().remove(0),
        isolated: potential.second_moments().unwrap(),
    }
}

/// Asserts that prediction/simulation - 1 lies in a range, up to 4.5 standard errors.
fn assert_excess(
    what: &str,
    simulated: (f64, f64),
    predicted: f64,
    range: std::ops::RangeInclusive<f64>,
) {
    let (value, error) = simulated;
    let slack = 4.5 * error / value;
    let excess = predicted / value - 1.0;
    assert!(
        excess > range.start() - slack && excess < range.end() + slack,
        "{what}: predicted {predicted}, simulated {value} +- {error}"
    );
    assert!(
        slack < 0.12,
        "{what}: too noisy to tell, {value} +- {error}"
    );
}

#[test]
fn one_weak_mode_follows_both_predictions() {
    for (lambda, within) in [(1.0, 0.005), (2.0, 0.015)] {
        let found = simulate(&[lambda], 7);
        for prediction in [
            found.predicted.plain.unwrap(),
            found.predicted.spherical.unwrap(),
        ] {
            for at in [0, 1, 3] {
                let what = format!("lambda {lambda}, number {at}");
                assert_excess(
                    &what,
                    found.numbers[at],
                    numbers(&prediction)[at],
                    -within..=within,
                );
            }
            // rho(1) is small here: compared as it is.
            let (rho, error) = found.numbers[2];
            assert!((rho - prediction.gibbs_coefficient).abs() < 4.5 * error + 0.003);
        }
    }
}

#[test]
fn one_mode_near_four_is_held_back_by_its_own_quartic_term_more_than_by_the_sphere() {
    let found = simulate(&[3.5], 7);
    let (plain, spherical) = (
        found.predicted.plain.unwrap(),
        found.predicted.spherical.unwrap(),
    );
    for at in [0, 1] {
        assert_excess("plain", found.numbers[at], numbers(&plain)[at], 0.12..=0.25);
        assert_excess(
            "spherical",
            found.numbers[at],
            numbers(&spherical)[at],
            0.06..=0.15,
        );
        assert_excess(
            "isolated",
            found.numbers[at],
            found.isolated[2 * at],
            -0.01..=0.025,
        );
    }
    assert_excess(
        "plain rho",
        found.numbers[2],
        plain.gibbs_coefficient,
        0.03..=0.06,
    );
    assert_excess(
        "spherical rho",
        found.numbers[2],
        spherical.gibbs_coefficient,
        0.015..=0.04,
    );
}

#[test]
fn several_modes_near_four_over_a_bulk_follow_the_sphere_and_not_the_plain_limit() {
    for (lambda, closure, plain_excess) in [(3.0, 0.02, 0.08), (3.5, 0.04, 0.3)] {
        let mut values: Vec<f64> = (0..5).map(|k| lambda - 0.0125 * f64::from(k)).collect();
        values.extend((0..295).map(|k| 0.9 * (1.0 - f64::from(k) / 300.0)));
        let found = simulate(&values, 8);
        let (plain, spherical) = (
            found.predicted.plain.unwrap(),
            found.predicted.spherical.unwrap(),
        );
        for at in [0, 1] {
            let what = format!("lambda {lambda}, number {at}");
            assert_excess(
                &what,
                found.numbers[at],
                numbers(&spherical)[at],
                0.0..=closure + 0.005,
            );
            assert_excess(
                &what,
                found.numbers[at],
                numbers(&plain)[at],
                plain_excess..=plain_excess + 0.25,
            );
        }
        assert_excess(
            "closure rho",
            found.numbers[2],
            spherical.gibbs_coefficient,
            0.0..=0.015,
        );
        assert_excess(
            "closure tau",
            found.numbers[3],
            spherical.integrated_time,
            -0.02..=0.05,
        );
        assert_excess(
            "plain tau",
            found.numbers[3],
            plain.integrated_time,
            plain_excess..=0.5,
        );
    }
}
