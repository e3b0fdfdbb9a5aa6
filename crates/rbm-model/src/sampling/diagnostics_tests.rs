use super::*;
use crate::init::normal;

/// Chains of x' = phi x + sqrt(1 - phi^2) noise, started in equilibrium: mean 0, variance 1,
/// rho(t) = phi^t, tau = (1 + phi) / (2 (1 - phi)).
fn autoregressive(phi: f64, chains: usize, draws: usize, seed: u64) -> Vec<Vec<f64>> {
    (0..chains)
        .map(|chain| {
            let noise = normal(draws, 1.0, 1000 * seed + chain as u64);
            let mut x = 0.0;
            noise
                .into_iter()
                .enumerate()
                .map(|(t, noise)| {
                    let noise = f64::from(noise);
                    let scale = (1.0f64 - phi * phi).sqrt();
                    x = if t == 0 {
                        noise
                    } else {
                        phi * x + scale * noise
                    };
                    x
                })
                .collect()
        })
        .collect()
}

#[test]
fn autocorrelation_times_of_autoregressive_processes_and_their_errors() {
    for (phi, chains, draws) in [(0.0, 4, 2500), (0.6, 1, 10_000), (0.9, 10, 4000)] {
        let expected = 0.5 * (1.0 + phi) / (1.0 - phi);
        let mut estimates = Vec::new();
        let mut errors = Vec::new();
        for seed in 1..=40 {
            let x = autoregressive(phi, chains, draws, seed);
            let tau = autocorrelation_time(&x).unwrap();
            assert!(tau.resolved && tau.window as f64 >= WINDOW_FACTOR * tau.value);
            estimates.push(tau.value);
            errors.push(tau.standard_error);
        }
        let (found, spread) = (mean(&estimates), variance(&estimates).sqrt());
        // Cutting the sum at 5 tau leaves out exp(-5) of it; the rest is the error of a mean of 40.
        let tolerance = 4.0 * spread / 40f64.sqrt() + 0.007 * expected;
        assert!((found - expected).abs() < tolerance, "{phi}: {found}");
        // 40 estimates give their own spread to 11%; the stated error holds to leading order in tau / M.
        let ratio = mean(&errors) / spread;
        assert!((0.65..1.5).contains(&ratio), "{phi}: error ratio {ratio}");
    }
}

#[test]
fn the_standard_error_of_a_mean_is_that_of_repeated_runs() {
    let runs: Vec<Diagnosis> = (1..=200)
        .map(|seed| diagnose(&autoregressive(0.8, 3, 1000, 100 + seed)).unwrap())
        .collect();
    let means: Vec<f64> = runs.iter().map(|d| d.mean).collect();
    let stated = mean(&runs.iter().map(|d| d.standard_error).collect::<Vec<_>>());
    let spread = variance(&means).sqrt();
    // 200 means give their spread to 5%.
    assert!((stated / spread - 1.0).abs() < 0.2, "{stated} {spread}");
    let size = mean(
        &runs
            .iter()
            .map(|d| d.effective_sample_size)
            .collect::<Vec<_>>(),
    );
    // 3000 draws, tau = 4.5.
    assert!((size / (3000.0 / 9.0) - 1.0).abs() < 0.1, "{size}");
    assert!(mean(&means).abs() < 4.0 * spread / 200f64.sqrt());
}

#[test]
fn r_hat_is_near_one_for_chains_of_one_law_and_known_for_shifted_ones() {
    let same = autoregressive(0.5, 8, 2000, 7);
    assert!((split_r_hat(&same).unwrap() - 1.0).abs() < 0.01);
    assert!((r_hat(&same).unwrap() - 1.0).abs() < 0.01);
    // Half of the chains shifted by 1: the means have variance n/(n-1) 1/4 over the 16 halves.
    let shifted: Vec<Vec<f64>> = same
        .iter()
        .enumerate()
        .map(|(k, c)| c.iter().map(|x| x + f64::from(k % 2 == 1)).collect())
        .collect();
    let expected = (1.0f64 + 0.25 * 16.0 / 15.0).sqrt();
    let found = split_r_hat(&shifted).unwrap();
    assert!((found - expected).abs() < 0.03, "{found} {expected}");
    assert!(r_hat(&shifted).unwrap() > 1.1);
    // Chains that differ in spread have equal means: only the folded ranks see it.
    let scaled: Vec<Vec<f64>> = same
        .iter()
        .enumerate()
        .map(|(k, c)| c.iter().map(|x| x * [1.0, 3.0][k % 2]).collect())
        .collect();
    assert!(split_r_hat(&scaled).unwrap() < 1.02);
    assert!(r_hat(&scaled).unwrap() > 1.1);
    // A trend within chains: the halves differ.
    let trend: Vec<Vec<f64>> = same
        .iter()
        .map(|c| {
            let n = c.len() as f64;
            c.iter()
                .enumerate()
                .map(|(t, x)| x + 2.0 * t as f64 / n)
                .collect()
        })
        .collect();
    assert!(split_r_hat(&trend).unwrap() > 1.1);
}

#[test]
fn chains_that_do_not_move_are_worth_one_draw_each() {
    let frozen: Vec<Vec<f64>> = (0..5).map(|k| vec![f64::from(k % 2); 100]).collect();
    let found = diagnose(&frozen).unwrap();
    assert!(!found.autocorrelation_time.resolved);
    assert!(found.r_hat.is_infinite());
    assert!(
        (found.effective_sample_size - 5.0).abs() < 0.1,
        "{}",
        found.effective_sample_size
    );
    assert!(r_hat(&[vec![2.0; 10], vec![2.0; 10]]).unwrap().is_nan());
}

#[test]
fn normal_quantiles_at_known_places_and_equal_draws_share_a_rank() {
    for (p, expected) in [
        (0.5, 0.0),
        (0.975, 1.959963984540054),
        (0.01, -2.326347874040841),
        (0.0001, -3.719016485455709),
    ] {
        assert!((normal_quantile(p) - expected).abs() < 1e-8, "{p}");
    }
    let scores = normal_scores(&[vec![3.0, 1.0], vec![3.0, 2.0]]);
    assert_eq!(scores[0][0], scores[1][0]);
    assert!(scores[0][1] < scores[1][1] && scores[1][1] < scores[0][0]);
}

#[test]
fn chains_that_cannot_be_judged_are_refused() {
    assert!(matches!(
        diagnose::<Vec<f64>>(&[]),
        Err(DiagnosticsError::TooShort { .. })
    ));
    assert!(matches!(
        diagnose(&[vec![0.0; 3]]),
        Err(DiagnosticsError::TooShort { draws: 3, .. })
    ));
    let ragged = diagnose(&[vec![0.0; 8], vec![0.0; 9]]).unwrap_err();
    assert!(ragged.to_string().contains("chain 1 has 9"), "{ragged}");
    let mut chain = vec![0.0; 8];
    chain[5] = f64::NAN;
    let error = diagnose(&[chain]).unwrap_err().to_string();
    assert!(error.contains("draw 5 of chain 0"), "{error}");
}
