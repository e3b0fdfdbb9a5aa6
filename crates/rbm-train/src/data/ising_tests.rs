use super::*;
use std::collections::BTreeMap;

/// Energy in J and magnetization of a state.
fn observe(side: usize, up: impl Fn(usize) -> bool) -> (i64, i64) {
    let spin = |y: usize, x: usize| {
        if up((y % side) * side + x % side) {
            1
        } else {
            -1
        }
    };
    let mut sums = (0, 0);
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        sums.0 -= spin(y, x) * (spin(y, x + 1) + spin(y + 1, x));
        sums.1 += spin(y, x);
    }
    sums
}

fn draw(side: usize, temperature: f64, rows: usize) -> Vec<(i64, i64)> {
    let settings = Ising {
        side,
        temperature,
        rows,
    };
    let data = ising(&settings, 7).unwrap().train;
    (0..rows)
        .map(|r| observe(side, |c| data.get(r, c)))
        .collect()
}

/// Mean and its standard error.
fn mean(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Energies and magnetizations together against all states, by chi-square.
#[test]
fn small_lattices_against_enumeration() {
    const ROWS: usize = 20_000;
    for (side, temperature) in [
        (3, 1.5),
        (3, 4.0),
        (4, 1.8),
        (4, CRITICAL_TEMPERATURE),
        (4, 5.0),
    ] {
        let mut exact = BTreeMap::new();
        for state in 0u32..1 << (side * side) {
            let seen = observe(side, |c| state >> c & 1 == 1);
            *exact.entry(seen).or_insert(0.0) += (-seen.0 as f64 / temperature).exp();
        }
        let z: f64 = exact.values().sum();
        let mut found = BTreeMap::new();
        for seen in draw(side, temperature, ROWS) {
            *found.entry(seen).or_insert(0usize) += 1;
        }
        assert!(found.keys().all(|seen| exact.contains_key(seen)));
        // Rare classes count as one.
        let (mut chi_square, mut classes) = (0.0, 0.0);
        let mut rare = (0.0, 0usize);
        let mut add = |expected: f64, count: usize| {
            chi_square += (count as f64 - expected).powi(2) / expected;
            classes += 1.0;
        };
        for (seen, weight) in &exact {
            let expected = ROWS as f64 * weight / z;
            let count = found.get(seen).copied().unwrap_or(0);
            if expected < 10.0 {
                rare = (rare.0 + expected, rare.1 + count);
            } else {
                add(expected, count);
            }
        }
        if rare.0 >= 10.0 {
            add(rare.0, rare.1);
        }
        // Mean and standard deviation of chi-square: d and sqrt(2 d); bound at four of them.
        let freedom: f64 = classes - 1.0;
        assert!(
            chi_square < freedom + 4.0 * (2.0 * freedom).sqrt(),
            "{side} at {temperature}: {chi_square} for {freedom}"
        );
    }
}

/// Complete elliptic integral of the first kind of modulus k, by the arithmetic-geometric mean.
fn elliptic_k(k: f64) -> f64 {
    let (mut a, mut b): (f64, f64) = (1.0, (1.0 - k * k).sqrt());
    while (a - b).abs() > 1e-14 {
        (a, b) = (0.5 * (a + b), (a * b).sqrt());
    }
    std::f64::consts::FRAC_PI_2 / a
}

/// Energy a site of the infinite lattice (Onsager 1944), in J.
fn onsager_energy(temperature: f64) -> f64 {
    let k = 1.0 / temperature;
    let modulus = 2.0 * (2.0 * k).sinh() / (2.0 * k).cosh().powi(2);
    let factor = 2.0 * (2.0 * k).tanh().powi(2) - 1.0;
    let integral = std::f64::consts::FRAC_2_PI * factor * elliptic_k(modulus);
    -(1.0 + integral) / (2.0 * k).tanh()
}

/// Away from the critical point, where the correlation length is about 2, a side of 24 is as good as infinite.
#[test]
fn large_lattices_against_onsager_and_yang() {
    const SIDE: usize = 24;
    let sites = (SIDE * SIDE) as f64;
    // Known limits: -2 + 8 exp(-8/T), -sqrt 2 at the critical point, -2 tanh(1/T).
    assert!((onsager_energy(0.5) + 2.0 - 8.0 * (-16f64).exp()).abs() < 1e-8);
    assert!((onsager_energy(CRITICAL_TEMPERATURE - 1e-6) + 2f64.sqrt()).abs() < 1e-4);
    assert!((onsager_energy(100.0) + 2.0 * 0.01f64.tanh()).abs() < 1e-5);
    for temperature in [2.0, 3.0] {
        let rows = draw(SIDE, temperature, 1500);
        let (energy, error) = mean(rows.iter().map(|row| row.0 as f64 / sites));
        let exact = onsager_energy(temperature);
        assert!(
            (energy - exact).abs() < 4.0 * error,
            "{temperature}: {energy} +- {error}, exact {exact}"
        );
        let (m, error) = mean(rows.iter().map(|row| row.1 as f64 / sites));
        assert!(
            m.abs() < 4.0 * error,
            "no direction is preferred: {m} +- {error}"
        );
    }
    // Yang (1952).
    let exact = (1.0 - (2.0 / 2.0f64).sinh().powi(-4)).powf(0.125);
    let rows = draw(SIDE, 2.0, 1500);
    let (m, error) = mean(rows.iter().map(|row| row.1.abs() as f64 / sites));
    assert!(
        (m - exact).abs() < 4.0 * error,
        "{m} +- {error}, exact {exact}"
    );
}

fn energy(row: &(i64, i64)) -> f64 {
    row.0 as f64
}

fn magnetisation(row: &(i64, i64)) -> f64 {
    row.1.abs() as f64
}

/// At the critical point, where chains are slowest.
#[test]
fn rows_of_a_chain_are_as_good_as_independent() {
    let rows = draw(16, CRITICAL_TEMPERATURE, 4000);
    for observable in [energy, magnetisation] {
        let values: Vec<f64> = rows.iter().map(observable).collect();
        let (mean, error) = mean(values.iter().copied());
        let variance = error * error * values.len() as f64;
        for lag in [1, CHAINS, 2 * CHAINS] {
            let pairs = values.iter().zip(&values[lag..]);
            let n = (values.len() - lag) as f64;
            let products = pairs.map(|(a, b)| (a - mean) * (b - mean));
            let correlation = products.sum::<f64>() / n / variance;
            assert!(correlation.abs() < 4.0 / n.sqrt(), "{lag}: {correlation}");
        }
    }
}

#[test]
fn rows_are_a_function_of_settings_and_seed() {
    let settings = Ising {
        side: 5,
        temperature: 2.0,
        rows: 100,
    };
    let data = ising(&settings, 3).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build();
    let other = pool.unwrap().install(|| ising(&settings, 3).unwrap());
    assert_eq!(data, other);
    assert_eq!((data.train.rows(), data.train.columns()), (100, 25));
    assert_eq!(data.image_shape, Some((5, 5)));
    assert_ne!(data.digest(), ising(&settings, 4).unwrap().digest());
    // The first rows are the same, however many there are.
    let few = ising(
        &Ising {
            rows: 3,
            ..settings
        },
        3,
    )
    .unwrap();
    assert_eq!(few.train, data.train.select(&[0, 1, 2]));
}

#[test]
fn settings_that_are_no_model_are_refused() {
    let refused = |change: fn(&mut Ising), part: &str| {
        let mut settings = Ising::default();
        change(&mut settings);
        let error = ising(&settings, 0).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refused(|s| s.side = 2, "3 to 512");
    refused(|s| s.side = 513, "3 to 512");
    refused(|s| s.rows = 0, "rows");
    for temperature in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let settings = Ising {
            temperature,
            ..Ising::default()
        };
        let error = ising(&settings, 0).unwrap_err().to_string();
        assert!(error.contains("temperature"), "{error}");
    }
}
