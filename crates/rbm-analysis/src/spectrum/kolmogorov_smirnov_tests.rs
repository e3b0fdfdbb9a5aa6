use super::*;
use crate::random::generator;
use crate::spectrum::bulk::fit_bulk;
use crate::spectrum::null_spectra::random_spectrum;

#[test]
fn random_matrices_fail_the_distance_test_at_its_nominal_rate_and_others_always() {
    for (n, m) in [(40, 40), (30, 60)] {
        let mut rejected = 0;
        for i in 0..200 {
            let values = random_spectrum(&mut generator(14, i), n, m).unwrap();
            let fit = fit_bulk(&values, n, m).unwrap().unwrap();
            let test = ks_test(&values, n, m, &fit, 400, 5).unwrap();
            rejected += usize::from(test.p_value.unwrap() <= 0.05);
        }
        // Binomial(200, 0.05): mean 10, standard deviation 3.1 (and the null has its own noise).
        assert!((2..=20).contains(&rejected), "{n}x{m}: {rejected} of 200");
    }
    // Independent uniform levels are no random-matrix spectrum.
    let mut random = generator(15, 0);
    let uniform: Vec<f64> = (0..40)
        .map(|_| rand::RngExt::random::<f64>(&mut random))
        .collect();
    let fit = fit_bulk(&uniform, 40, 40).unwrap().unwrap();
    assert!(
        ks_test(&uniform, 40, 40, &fit, 400, 5)
            .unwrap()
            .p_value
            .unwrap()
            < 0.01
    );
}
