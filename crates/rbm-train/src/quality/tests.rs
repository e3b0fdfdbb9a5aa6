use super::*;
use rbm_model::noise::NoiseKey;

fn key(step: u64) -> NoiseKey {
    NoiseKey::new(1, 200).with_step(step)
}

/// Rows from a mixture: each row takes one of two patterns and flips every unit with probability
/// `noise`; the first pattern has probability `first`.
fn mixture(rows: usize, columns: usize, first: f32, noise: f32, seed: u64) -> BitMatrix {
    let key = key(seed);
    BitMatrix::from_fn(rows, columns, |r, c| {
        let pattern = key.uniform(r, columns) < first;
        let on = if pattern { c % 2 == 0 } else { c % 3 == 0 };
        on ^ (key.uniform(r, c) < noise)
    })
}

#[test]
fn sets_from_one_distribution_look_alike() {
    let (a, b) = (
        mixture(1500, 70, 0.6, 0.2, 1),
        mixture(1500, 70, 0.6, 0.2, 2),
    );
    let q = compare(&a, &b, None, 3).unwrap();
    assert_eq!(q.rows, 1500);
    let aats = q.adversarial_accuracy;
    let error = 5.0 * aats.standard_error;
    assert!((aats.value - 0.5).abs() < error, "{aats:?}");
    assert!(aats.standard_error < 0.015);
    for m in [q.first_moments, q.second_moments, q.third_moments] {
        // Moments that share units are correlated, so the ratio scatters.
        let ratio = m.rms / m.rms_expected;
        assert!((0.7..1.6).contains(&ratio), "{m:?}");
    }
    assert_eq!(q.first_moments.count, 70);
    assert_eq!(q.second_moments.count, 70 * 69 / 2);
    assert_eq!(q.third_moments.count, 70 * 69 * 68 / 6);
    assert!(q.second_moments.correlation.unwrap() > 0.9);
    // One direction separates the two patterns, the others are noise of equal size.
    let first = q.components[0];
    assert!(first.explained > 5.0 * q.components[1].explained);
    for c in q.components {
        assert!(
            c.comparison.ks_distance < 1.5 * c.comparison.ks_critical,
            "{c:?}"
        );
    }
    // Equal bytes from equal input.
    assert_eq!(
        compare(&a, &b, None, 3).unwrap().second_moments,
        q.second_moments
    );
}

#[test]
fn sets_from_different_distributions_are_told_apart() {
    let data = mixture(800, 60, 0.6, 0.2, 4);
    // All samples from one pattern; copies of the data; more noise.
    let collapsed = compare(&mixture(800, 60, 1.0, 0.2, 5), &data, None, 0).unwrap();
    assert!(collapsed.first_moments.rms > 3.0 * collapsed.first_moments.rms_expected);
    let first = collapsed.components[0].comparison;
    assert!(first.ks_distance > 0.3 && first.samples_deviation < 0.7 * first.data_deviation);
    let copied = compare(&data, &data, None, 0).unwrap().adversarial_accuracy;
    // Chosen rows are the same set, so every row finds its copy at distance 0.
    assert!(copied.value < 0.02, "{copied:?}");
    let noisy = compare(&mixture(800, 60, 0.6, 0.35, 6), &data, None, 0).unwrap();
    assert!(noisy.adversarial_accuracy.value > 0.6);
    assert!(noisy.second_moments.rms > 2.0 * noisy.second_moments.rms_expected);
}

#[test]
fn moments_are_those_of_the_definition() {
    let (a, b) = (mixture(40, 5, 0.5, 0.3, 7), mixture(40, 5, 0.5, 0.3, 8));
    let central = |set: &BitMatrix, units: &[usize]| {
        let value = |r: usize, u: usize| f64::from(u8::from(set.get(r, u)));
        let mean = |u: usize| (0..40).map(|r| value(r, u)).sum::<f64>() / 40.0;
        let product = |r: usize| {
            units
                .iter()
                .map(|u| value(r, *u) - mean(*u))
                .product::<f64>()
        };
        let moment = (0..40).map(product).sum::<f64>() / 40.0;
        let square = (0..40).map(|r| product(r).powi(2)).sum::<f64>() / 40.0;
        (moment, (square - moment * moment) / 40.0)
    };
    let expected = |all: Vec<Vec<usize>>| {
        let (mut gap, mut noise) = (0.0, 0.0);
        for units in &all {
            let (x, y) = (central(&a, units), central(&b, units));
            gap += (x.0 - y.0).powi(2) / all.len() as f64;
            noise += (x.1 + y.1) / all.len() as f64;
        }
        (gap.sqrt(), noise.sqrt())
    };
    let q = compare(&a, &b, None, 0).unwrap();
    let pairs = (0..5)
        .flat_map(|i| (0..i).map(move |j| vec![i, j]))
        .collect();
    let triples = (0..5)
        .flat_map(|i| (0..i).flat_map(move |j| (0..j).map(move |k| vec![i, j, k])))
        .collect();
    for (found, (rms, noise)) in [
        (q.second_moments, expected(pairs)),
        (q.third_moments, expected(triples)),
    ] {
        assert!((found.rms - rms).abs() < 1e-12, "{found:?} {rms}");
        assert!(
            (found.rms_expected - noise).abs() < 1e-12,
            "{found:?} {noise}"
        );
    }
}

#[test]
fn the_larger_set_is_cut_and_unusable_sets_are_refused() {
    let data = mixture(100, 10, 0.5, 0.2, 9);
    assert_eq!(
        compare(&mixture(30, 10, 0.5, 0.2, 10), &data, None, 0)
            .unwrap()
            .rows,
        30
    );
    assert!(matches!(
        compare(&mixture(30, 9, 0.5, 0.2, 10), &data, None, 0),
        Err(QualityError::Columns {
            samples: 9,
            data: 10
        })
    ));
    assert!(matches!(
        compare(&mixture(2, 10, 0.5, 0.2, 10), &data, None, 0),
        Err(QualityError::TooFew { .. })
    ));
    let constant = BitMatrix::from_fn(20, 6, |_, c| c == 1);
    let found = compare(&constant, &constant, None, 0).unwrap();
    assert!(found.components.is_empty() && found.first_moments.rms == 0.0);
    // What has no value is left out, so that the text can be read again.
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Quality>(&text).unwrap(), found);
}

#[test]
fn free_energies_are_compared_under_the_model() {
    let rbm = rbm_model::RbmConfig::new(10, 4)
        .with_weight_std(0.5)
        .init(&burn::tensor::Device::default())
        .unwrap();
    let (a, b) = (mixture(50, 10, 0.5, 0.2, 11), mixture(50, 10, 0.5, 0.2, 12));
    let found = compare(&a, &b, Some(&rbm), 0).unwrap();
    let p = rbm.parameters().unwrap();
    let expected: f64 = (0..50)
        .map(|r| {
            let row: Vec<f64> = (0..10).map(|c| f64::from(u8::from(b.get(r, c)))).collect();
            p.free_energy(&row) / 50.0
        })
        .sum();
    let mean = found.free_energy.unwrap().data_mean;
    assert!((mean - expected).abs() < 1e-5, "{mean} {expected}");
}
