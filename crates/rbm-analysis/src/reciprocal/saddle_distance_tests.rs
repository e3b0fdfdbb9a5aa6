use super::*;
use crate::random::gaussian_matrix;
use crate::reciprocal::hidden_units::HiddenUnits;
use crate::reciprocal::trajectories::pairs;
use rand::RngExt;
use rbm_model::Parameters;

/// W = lambda e_0 e_0^T and a weaker second mode, so that x_k = v_k and y_k = h_k, with the first saddle at (x, y).
fn planted(lambda: f64, x: f64, y: f64) -> ReciprocalSpace {
    let (n, m) = (4, 3);
    let mut weight = vec![0.0; n * m];
    (weight[0], weight[m + 1]) = (lambda, 0.5 * lambda);
    let (mut b, mut c) = (vec![0.0; n], vec![0.0; m]);
    (b[0], c[0]) = (-lambda * y, -lambda * x);
    ReciprocalSpace::new(&Parameters::new(n, m, weight, b, c).unwrap()).unwrap()
}

#[test]
fn distance_of_a_cloud_from_a_planted_saddle() {
    let line = [3.0, 3.0, -1.0, 1.0, 1.0, 2.0, 1.0, 2.0];
    let states = Trajectories::from_array(pairs(&[0]), 4, &line).unwrap();
    let space = planted(2.0, 0.0, 0.0);
    assert!(saddle_distances(&space, &states).unwrap().is_empty());
    let bent = [3.0, 3.0, -1.0, 1.0, 1.0, 3.0, 1.0, 1.0];
    let states = Trajectories::from_array(pairs(&[0]), 4, &bent).unwrap();
    // Mean (1, 2), C = [[2, 1], [1, 1]], C^-1 = [[1, -1], [-1, 2]].
    for (x, y) in [(1.0, 2.0), (0.0, 0.0), (4.0, -1.0)] {
        let space = planted(2.0, x, y);
        let found = saddle_distances(&space, &states).unwrap();
        let (dx, dy): (f64, f64) = (1.0 - x, 2.0 - y);
        let square = dx * dx - 2.0 * dx * dy + 2.0 * dy * dy;
        assert_eq!((found.len(), found[0].mode), (1, 0));
        assert!((found[0].distance - square.sqrt()).abs() < 1e-12);
        let energies = bent
            .chunks_exact(2)
            .map(|p| (2.0 * (p[0] - x) * (p[1] - y)).powi(2));
        let energy = (energies.sum::<f64>() / 4.0).sqrt();
        assert!((found[0].energy - energy).abs() < 1e-12);
    }
}

#[test]
fn uniform_units_by_all_states() {
    let (n, m) = (4, 3);
    let mut random = generator(3, 0);
    let weight = gaussian_matrix(&mut random, n, m, 1.0);
    let weight = (0..n * m).map(|k| weight[(k / m, k % m)]).collect();
    let bias = |from: f64, units: usize| (0..units).map(|k| from + 0.3 * k as f64).collect();
    let model = Parameters::new(n, m, weight, bias(-0.4, n), bias(0.2, m)).unwrap();
    let space = ReciprocalSpace::new(&model).unwrap();
    let bits = |first: usize, units: usize| {
        let rows = 1 << (n + m);
        Mat::from_fn(rows, units, |row, unit| (row >> (first + unit) & 1) as f64)
    };
    let (visible, hidden) = (bits(0, n), bits(n, m));
    let modes = [0, 1, 2];
    let states =
        Trajectories::from_states(&space, pairs(&modes), visible.as_ref(), hidden.as_ref());
    let expected = saddle_distances(&space, &states.unwrap()).unwrap();
    let found = uniform_distances(&space, &modes).unwrap();
    assert_eq!(found.len(), 3);
    for (a, b) in expected.iter().zip(&found) {
        assert!((a.distance - b.distance).abs() < 1e-12, "{a:?} {b:?}");
        assert!((a.energy - b.energy).abs() < 1e-12, "{a:?} {b:?}");
    }
    assert!(uniform_distances(&space, &[3]).is_err());
}

const UNITS: (usize, usize) = (40, 30);
const MODES: [usize; 4] = [0, 1, 2, 3];
const COPIES: usize = 39;

/// Distances of random data from the saddles of a model of independent N(0, s^2) parameters.
fn initial(seed: u64) -> (f64, f64, RotatedDistances) {
    let (n, m) = UNITS;
    let mut random = generator(seed, 0);
    let mut draw = |count: usize| -> Vec<f64> {
        let all = gaussian_matrix(&mut random, count, 1, 0.01);
        (0..count).map(|k| all[(k, 0)]).collect()
    };
    let model = Parameters::new(n, m, draw(n * m), draw(n), draw(m)).unwrap();
    let space = ReciprocalSpace::new(&model).unwrap();
    // Units of unequal means that depend on one another.
    let mut random = generator(seed, 1);
    let visible = Mat::from_fn(200, n, |row, unit| {
        let p = if row % 3 == unit % 3 { 0.8 } else { 0.2 };
        f64::from(random.random::<f64>() < p)
    });
    let hidden = HiddenUnits::Drawn { seed }.of(&model, visible.as_ref());
    let (v, h) = (visible.as_ref(), hidden.as_ref().unwrap().as_ref());
    let states = Trajectories::from_states(&space, pairs(&MODES), v, h).unwrap();
    let measured = saddle_distances(&space, &states).unwrap();
    let rotated = rotated_distances(&space, (v, h), &measured, COPIES, seed);
    let uniform = uniform_distances(&space, &MODES).unwrap();
    (
        root_mean_square(&measured).unwrap(),
        root_mean_square(&uniform).unwrap(),
        rotated.unwrap().unwrap(),
    )
}

#[test]
fn an_initial_model_is_one_of_its_rotated_copies() {
    let all: Vec<_> = (0..60).map(initial).collect();
    let count = all.len() as f64;
    let mean =
        |of: &dyn Fn(&(f64, f64, RotatedDistances)) -> f64| all.iter().map(of).sum::<f64>() / count;
    // Ranks (k + 1/2)/40 with k uniform on 0..=39: mean 1/2, variance 1/12.
    let rank = mean(&|one| one.2.nearer);
    assert!((rank - 0.5).abs() < 4.0 / (12.0 * count).sqrt(), "{rank}");
    let spread = mean(&|one| (one.2.nearer - 0.5).powi(2));
    // Of (u - 1/2)^2 the variance is 1/80 - 1/144.
    let error = ((1.0 / 80.0 - 1.0 / 144.0) / count).sqrt();
    assert!((spread - 1.0 / 12.0).abs() < 4.0 * error, "{spread}");
    let pull = mean(&|one| (one.0 - one.2.mean) / one.2.deviation);
    assert!(pull.abs() < 4.0 / count.sqrt(), "{pull}");
    // The mean point: 4 (1/4 + 1/4) plus 4 (<x*^2> + <y*^2>) = 8 s^2/lambda^2.
    let square = mean(&|one| one.1 * one.1);
    let fluctuation = (mean(&|one| (one.1 * one.1 - square).powi(2)) / count).sqrt();
    let least = 0.01 * (UNITS.0 as f64).sqrt();
    assert!(square > 2.0 - 4.0 * fluctuation, "{square}");
    assert!(square < 2.0 + 8e-4 / (least * least) + 4.0 * fluctuation);
}

#[test]
fn states_along_a_mode_are_farther_than_chance_and_states_at_its_saddle_nearer() {
    let (n, m, rows) = (60, 50, 100);
    let mut random = generator(5, 0);
    // One strong mode along all units, over noise.
    let weight = gaussian_matrix(&mut random, n, m, 0.01);
    let weight: Vec<f64> = (0..n * m).map(|k| 0.1 + weight[(k / m, k % m)]).collect();
    let at = |centered: bool| {
        let sum = |of: &dyn Fn(usize) -> f64, units: usize| (0..units).map(of).sum::<f64>();
        let half = if centered { -0.5 } else { 0.0 };
        let b = (0..n).map(|i| half * sum(&|j| weight[i * m + j], m));
        let c = (0..m).map(|j| half * sum(&|i| weight[i * m + j], n));
        let model = Parameters::new(n, m, weight.clone(), b.collect(), c.collect());
        let space = ReciprocalSpace::new(&model.unwrap()).unwrap();
        let mut random = generator(6, 0);
        let mut units =
            |units: usize| Mat::from_fn(rows, units, |_, _| f64::from(random.random::<bool>()));
        let (visible, hidden) = (units(n), units(m));
        let (v, h) = (visible.as_ref(), hidden.as_ref());
        let states = Trajectories::from_states(&space, pairs(&[0]), v, h).unwrap();
        let measured = saddle_distances(&space, &states).unwrap();
        let rotated = rotated_distances(&space, (v, h), &measured, 99, 7).unwrap();
        (measured[0].distance, rotated.unwrap())
    };
    // With b = c = 0 the saddle is at the origin, the cloud sqrt(N)/2 and sqrt(M)/2 away with deviations of 1/2.
    let (far, rotated) = at(false);
    assert!((far / ((n + m) as f64).sqrt() - 1.0).abs() < 0.15, "{far}");
    assert!(
        rotated.nearer > 0.99 && rotated.mean < 0.4 * far,
        "{rotated:?}"
    );
    // c = -W^T 1/2 and b = -W 1/2: the saddle is at the mean point, from which the mean of 100 states differs by 0.1 deviations or so.
    let (near, rotated) = at(true);
    assert!(near < 0.4, "{near}");
    assert!(rotated.nearer < 0.05, "{rotated:?}");
}
