use super::*;
use crate::phase::order_parameters::ChainOptions;
use crate::phase::plane::phase_point;
use crate::testing::random_model;
use burn::tensor::Device;
use rbm_model::partition::Enumeration;

fn ensemble(n: usize, m: usize, units: Units, disorder: usize) -> Ensemble {
    Ensemble {
        n_visible: n,
        n_hidden: m,
        units,
        disorder,
        seed: 5,
    }
}

fn at(j0: f64, j: f64, temperature: f64) -> PlanePoint {
    PlanePoint { j0, j, temperature }
}

#[test]
fn the_place_of_a_random_model_is_where_it_was_drawn() {
    let (n, m) = (120, 80);
    let model = ensemble(n, m, Units::Spin, 2)
        .model(at(3.0, 2.0, 0.5), 0)
        .unwrap();
    let point = phase_point(&model, 1.0).unwrap();
    // Parameters hold E/T; standard errors of mean and deviation over N M entries.
    let scale = 1.0 / (0.5 * ((n * m) as f64).sqrt());
    assert!((point.spin.j0 - 6.0).abs() < 4.0 * scale * 2.0 * 200f64.sqrt());
    assert!((point.spin.j - 4.0).abs() < 4.0 * scale * 2.0);
    assert!((point.binary.j - 4.0 * point.spin.j).abs() < 1e-12);
    assert_eq!(point.binary.j0_over_j, point.spin.j0_over_j);
    let ratio = point.binary.t_over_j.unwrap() / point.spin.t_over_j.unwrap();
    assert!((ratio - 0.25).abs() < 1e-12);
    let flat = Parameters::new(1, 1, vec![2.0], vec![0.0], vec![0.0]).unwrap();
    assert_eq!(phase_point(&flat, 1.0).unwrap().binary.t_over_j, None);
    assert!(phase_point(&flat, 0.0).is_err() && phase_point(&flat, f64::NAN).is_err());
}

/// Order parameters by the sum over all joint states, in the units themselves.
fn brute_force(
    n: usize,
    m: usize,
    energy: impl Fn(&[f64], &[f64]) -> f64,
    units: Units,
) -> [f64; 4] {
    let low = if units == Units::Spin { -1.0 } else { 0.0 };
    let values = |bits: usize, count: usize| -> Vec<f64> {
        (0..count)
            .map(|i| if bits >> i & 1 == 1 { 1.0 } else { low })
            .collect()
    };
    let (mut z, mut means, mut pairs) = (0.0, vec![0.0; n + m], vec![0.0; n * m]);
    for state in 0..1usize << (n + m) {
        let (a, b) = (values(state, n), values(state >> n, m));
        let p = (-energy(&a, &b)).exp();
        z += p;
        for (mean, x) in means.iter_mut().zip(a.iter().chain(&b)) {
            *mean += p * x;
        }
        let spin = |x: f64| if x > 0.5 { 1.0 } else { -1.0 };
        for k in 0..n * m {
            pairs[k] += p * spin(a[k / m]) * spin(b[k % m]);
        }
    }
    let mean = |values: &[f64], power: i32| {
        values.iter().map(|x| (x / z).powi(power)).sum::<f64>() / values.len() as f64
    };
    [
        mean(&means, 1),
        mean(&means, 2),
        mean(&pairs, 1),
        mean(&pairs, 2),
    ]
}

#[test]
fn exact_order_parameters_are_those_of_all_joint_states() {
    let (n, m) = (5, 4);
    for units in [Units::Spin, Units::Binary] {
        let place = at(1.0, 2.0, 0.7);
        let ensemble = ensemble(n, m, units, 2);
        // The couplings from the model's own weights: E in the ensemble's units has no other terms.
        let scale = if units == Units::Spin { 0.25 } else { 1.0 };
        let mut expected = [0.0; 4];
        for index in 0..2 {
            let w = ensemble.model(place, index).unwrap().weight;
            let energy = |a: &[f64], b: &[f64]| {
                -(0..n * m)
                    .map(|k| scale * w[k] * a[k / m] * b[k % m])
                    .sum::<f64>()
            };
            for (e, x) in expected.iter_mut().zip(brute_force(n, m, energy, units)) {
                *e += x / 2.0;
            }
        }
        let found = &phase_map(&[place], &ensemble, &Averages::Exact).unwrap()[0];
        for (found, expected) in [
            found.magnetization,
            found.edwards_anderson,
            found.layer_magnetization,
            found.layer_overlap,
        ]
        .iter()
        .zip(expected)
        {
            assert!(
                (found.mean - expected).abs() < 1e-12,
                "{units:?}: {found:?} {expected}"
            );
        }
        assert_eq!(found.region.is_some(), units == Units::Spin);
    }
}

#[test]
fn without_disorder_the_ferromagnet_is_the_sum_over_two_magnetizations() {
    let (n, m) = (12, 8);
    for (j0, t) in [(1.0, 1.0), (4.0, 1.0), (-4.0, 1.0)] {
        let place = at(j0, 0.0, t);
        let found =
            &phase_map(&[place], &ensemble(n, m, Units::Spin, 2), &Averages::Exact).unwrap()[0];
        let (mut z, mut expected) = (0.0, 0.0);
        let mut choose_n = 1.0;
        for a in 0..=n {
            let mut choose_m = 1.0;
            for b in 0..=m {
                let (s, t_sum) = (2.0 * a as f64 - n as f64, 2.0 * b as f64 - m as f64);
                let p = choose_n * choose_m * (j0 / 20.0 * s * t_sum / t).exp();
                z += p;
                expected += p * s * t_sum / (n * m) as f64;
                choose_m *= (m - b) as f64 / (b + 1) as f64;
            }
            choose_n *= (n - a) as f64 / (a + 1) as f64;
        }
        expected /= z;
        assert!((found.layer_magnetization.mean - expected).abs() < 1e-12);
        // All pairs are equal, so the overlap is the square.
        assert!((found.layer_overlap.mean - expected * expected).abs() < 1e-12);
        let ordered = j0.abs() > 2.0;
        let region = if ordered {
            Region::Ferromagnet
        } else {
            Region::Paramagnet
        };
        assert_eq!(
            (found.region, found.predicted),
            (Some(region), Some(region))
        );
        assert!(found.magnetization.mean.abs() < 1e-12);
    }
}

#[test]
fn the_three_regions_are_found_where_mean_field_puts_them() {
    let places = [at(0.0, 1.0, 2.5), at(5.0, 1.0, 0.5), at(0.0, 1.0, 0.1)];
    let expected = [Region::Paramagnet, Region::Ferromagnet, Region::SpinGlass];
    let map = phase_map(
        &places,
        &ensemble(10, 10, Units::Spin, 60),
        &Averages::Exact,
    )
    .unwrap();
    for (point, expected) in map.iter().zip(expected) {
        assert_eq!(
            (point.region, point.predicted),
            (Some(expected), Some(expected)),
            "{point:?}"
        );
    }
    // High temperature: <s_i t_j> = W_ij/T, so <q_v q_h> = (J/T)^2/(N+M) to leading order.
    let hot = &phase_map(
        &[at(0.0, 1.0, 10.0)],
        &ensemble(10, 10, Units::Spin, 200),
        &Averages::Exact,
    )
    .unwrap()[0];
    let leading = 0.01 / 20.0;
    assert!(
        (hot.layer_overlap.mean - leading).abs() < 4.0 * hot.layer_overlap.error + 0.03 * leading
    );
    assert!(hot.layer_magnetization.mean.abs() < 4.0 * hot.layer_magnetization.error);
    // Infinite temperature in {0, 1} units: every unit at 1/2.
    let free = &phase_map(
        &[at(0.0, 1.0, 1e9)],
        &ensemble(4, 5, Units::Binary, 2),
        &Averages::Exact,
    )
    .unwrap()[0];
    assert!(
        (free.magnetization.mean - 0.5).abs() < 1e-8
            && (free.edwards_anderson.mean - 0.25).abs() < 1e-8
    );
}

#[test]
fn sampled_order_parameters_agree_with_exact_ones() {
    for (units, place) in [
        (Units::Spin, at(1.0, 1.0, 0.8)),
        (Units::Binary, at(-2.0, 3.0, 0.5)),
    ] {
        let ensemble = ensemble(8, 6, units, 4);
        let options = ChainOptions {
            chains: 100,
            burn_in: 100,
            measurements: 200,
            interval: 2,
            device: Device::flex(),
        };
        // Model by model: the disorder is the same, the difference is thermal noise alone.
        let mut differences = vec![Vec::new(); 4];
        for index in 0..4 {
            let model = ensemble.model(place, index).unwrap();
            let e = exact_order_parameters(&model, units).unwrap();
            let s = sampled_order_parameters(&model, units, &options, 9, index).unwrap();
            for (list, d) in differences.iter_mut().zip([
                s.magnetization - e.magnetization,
                s.edwards_anderson - e.edwards_anderson,
                s.layer_magnetization - e.layer_magnetization,
                s.layer_overlap - e.layer_overlap,
            ]) {
                list.push(d);
            }
            assert!(s.drift.unwrap().abs() < 0.05);
        }
        // 20,000 samples per model, autocorrelated over a few sweeps: about 0.005 each for means of units of order 1.
        for (which, list) in differences.iter().enumerate() {
            assert!(
                list.iter().all(|d| d.abs() < 0.02),
                "{units:?} {which}: {list:?}"
            );
        }
        let map = phase_map(&[place], &ensemble, &Averages::Sampled(options)).unwrap();
        assert!(map[0].drift.is_some() && map[0].layer_overlap.error > 0.0);
    }
}

#[test]
fn refuses_what_cannot_be_measured() {
    let good = ensemble(4, 4, Units::Spin, 2);
    let map = |place, ensemble: &Ensemble| phase_map(&[place], ensemble, &Averages::Exact);
    assert!(map(at(0.0, 1.0, 0.0), &good).is_err());
    assert!(map(at(0.0, -1.0, 1.0), &good).is_err());
    assert!(map(at(f64::NAN, 1.0, 1.0), &good).is_err());
    assert!(map(at(0.0, 1.0, 1.0), &ensemble(4, 4, Units::Spin, 1)).is_err());
    assert!(map(at(0.0, 1.0, 1.0), &ensemble(30, 40, Units::Spin, 2)).is_err());
    assert!(map(at(0.0, 1.0, 1.0), &ensemble(0, 4, Units::Spin, 2)).is_err());
    let mut nan = random_model(1, 3, 2, 1.0, 0.0);
    nan.weight[1] = f64::NAN;
    assert!(phase_point(&nan, 1.0).is_err());
    assert!(Enumeration::new(&good.model(at(0.0, 1.0, 1.0), 0).unwrap()).is_ok());
}
