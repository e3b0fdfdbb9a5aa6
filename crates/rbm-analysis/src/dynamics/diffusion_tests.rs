use super::*;
use crate::ReciprocalSpace;
use crate::dynamics::relaxation::mode_relaxations;
use crate::random::{generator, normal};
use crate::testing::{centered, planted};

/// Stationary AR(1) chains of coefficient rho and variance 1 about a mean.
fn ar1(seed: u64, rho: f64, mean: f64, chains: usize, times: usize) -> Trajectories {
    let mut random = generator(seed, 0);
    let mut array = Vec::new();
    for _ in 0..chains {
        let mut x = normal(&mut random);
        for _ in 0..times {
            array.push(mean + x);
            x = rho * x + (1.0 - rho * rho).sqrt() * normal(&mut random);
        }
    }
    Trajectories::from_array(vec![Coordinate::X(0)], chains, &array).unwrap()
}

#[test]
fn an_autoregressive_process_gives_its_own_numbers_within_the_errors() {
    for (seed, rho, chains, times) in [
        (1, 0.0, 40, 500),
        (2, 0.7, 40, 2000),
        (3, 0.9, 100, 2000),
        (4, 0.7, 1, 50_000),
    ] {
        let chains = ar1(seed, rho, 30.0, chains, times);
        let found = &autocorrelations(&chains, &DiffusionOptions::default()).unwrap()[0];
        let expected = (1.0 + rho) / (1.0 - rho);
        let tau = found.integrated_time.unwrap();
        // The window of 6 leaves out a tail of e^-6 or less of tau.
        let tail = (-6.0_f64).exp() * expected;
        assert!(
            (tau.value - expected).abs() < 4.0 * tau.error + tail,
            "{rho}: {tau:?}"
        );
        assert!(tau.error < 0.2 * expected);
        let n = (chains.chains() * chains.times()) as f64;
        let first = found.first_lag.unwrap().value;
        // Bartlett: the variance of rho(1) of an AR(1) process is (1 - rho^2)/n.
        assert!(
            (first - rho).abs() < 4.5 * ((1.0 - rho * rho) / n).sqrt() + 1e-9,
            "{rho}: {first}"
        );
        // The variance of the variance is 2 (1 + rho^2)/(1 - rho^2)/n.
        let error = (2.0 * (1.0 + rho * rho) / (1.0 - rho * rho) / n).sqrt();
        assert!((found.variance.value - 1.0).abs() < 4.5 * error);
        assert!((found.mean - 30.0).abs() < 4.5 * (expected / n).sqrt());
    }
}

#[test]
fn the_jackknife_errors_are_the_scatter_of_repeated_measurements() {
    let rho = 0.6;
    let (mut taus, mut claimed) = (Vec::new(), 0.0);
    for seed in 0..60 {
        let found = autocorrelations(
            &ar1(100 + seed, rho, 0.0, 20, 300),
            &DiffusionOptions::default(),
        )
        .unwrap();
        let tau = found[0].integrated_time.unwrap();
        taus.push(tau.value);
        claimed += tau.error / 60.0;
    }
    let n = taus.len() as f64;
    let mean = taus.iter().sum::<f64>() / n;
    let scatter = (taus.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    // The scatter of 60 numbers is known to 9%; the mean of the errors far better. 3.5 of those.
    assert!(
        (claimed / scatter - 1.0).abs() < 0.33,
        "{claimed} against {scatter}"
    );
}

#[test]
fn times_are_in_sweeps_and_chains_that_are_too_short_give_none() {
    let chains = ar1(5, 0.5, 0.0, 20, 400);
    let in_sweeps = |sweeps_between| {
        let options = DiffusionOptions {
            sweeps_between,
            ..Default::default()
        };
        autocorrelations(&chains, &options).unwrap()[0].clone()
    };
    let (one, ten) = (in_sweeps(1), in_sweeps(10));
    assert_eq!(
        10.0 * one.integrated_time.unwrap().value,
        ten.integrated_time.unwrap().value
    );
    assert_eq!(one.window.map(|w| 10 * w), ten.window);

    let short = autocorrelations(&ar1(6, 0.99, 0.0, 50, 40), &DiffusionOptions::default()).unwrap();
    assert!(short[0].integrated_time.is_none() && short[0].first_lag.is_some());
    let still = Trajectories::from_array(vec![Coordinate::Y(2)], 4, &[0.1; 40]).unwrap();
    let still = &autocorrelations(&still, &DiffusionOptions::default()).unwrap()[0];
    assert!(still.integrated_time.is_none() && still.variance.value == 0.0);
    let once = Trajectories::from_array(vec![Coordinate::Y(2)], 4, &[0.1, 0.2, 0.3, 0.4]).unwrap();
    assert!(
        autocorrelations(&once, &DiffusionOptions::default()).unwrap()[0]
            .first_lag
            .is_none()
    );
}

#[test]
fn predictions_are_joined_by_mode_and_bad_options_refused() {
    let space = ReciprocalSpace::new(&centered(&planted(1, 8, 6, &[3.0]))).unwrap();
    let predictions = mode_relaxations(&space, None).unwrap();
    let chains = ar1(7, 0.5, 0.0, 10, 100);
    let joined = diffusion(&chains, &predictions, &DiffusionOptions::default()).unwrap();
    assert!((joined[0].predicted.singular_value - 3.0).abs() < 1e-9);
    assert!(diffusion(&chains, &predictions[1..], &DiffusionOptions::default()).is_err());
    for bad in [
        DiffusionOptions {
            window: 0.0,
            ..Default::default()
        },
        DiffusionOptions {
            window: f64::NAN,
            ..Default::default()
        },
        DiffusionOptions {
            sweeps_between: 0,
            ..Default::default()
        },
    ] {
        assert!(autocorrelations(&chains, &bad).is_err());
    }
    let empty = Trajectories::new(vec![Coordinate::X(0)], 3).unwrap();
    assert!(autocorrelations(&empty, &DiffusionOptions::default()).is_err());
}
