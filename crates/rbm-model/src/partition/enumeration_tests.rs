use super::*;
use crate::init::normal;

fn random_model(n: usize, m: usize, scale: f64, seed: u64) -> Parameters {
    let draw = |count, seed| {
        normal(count, scale, seed)
            .into_iter()
            .map(f64::from)
            .collect::<Vec<_>>()
    };
    Parameters::new(
        n,
        m,
        draw(n * m, seed),
        draw(n, seed + 1),
        draw(m, seed + 2),
    )
    .unwrap()
}

fn bits(state: usize, units: usize) -> Vec<f64> {
    (0..units).map(|i| (state >> i & 1) as f64).collect()
}

/// Every joint state, one by one: nothing shared with the code under test but the energy.
fn brute_force(p: &Parameters) -> (f64, ExactMoments) {
    let (n, m) = (p.n_visible, p.n_hidden);
    let mut z = 0.0;
    let mut moments = ExactMoments {
        visible: vec![0.0; n],
        hidden: vec![0.0; m],
        visible_hidden: vec![0.0; n * m],
    };
    for sv in 0..1 << n {
        for sh in 0..1 << m {
            let (v, h) = (bits(sv, n), bits(sh, m));
            let weight = (-p.energy(&v, &h)).exp();
            z += weight;
            for i in 0..n {
                moments.visible[i] += weight * v[i];
                for j in 0..m {
                    moments.visible_hidden[i * m + j] += weight * v[i] * h[j];
                }
            }
            for j in 0..m {
                moments.hidden[j] += weight * h[j];
            }
        }
    }
    for x in moments
        .visible
        .iter_mut()
        .chain(&mut moments.hidden)
        .chain(&mut moments.visible_hidden)
    {
        *x /= z;
    }
    (z.ln(), moments)
}

fn assert_close(a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() <= tolerance, "{x} against {y}");
    }
}

#[test]
fn agrees_with_all_joint_states_either_way_round() {
    for (n, m) in [(6, 4), (4, 6), (1, 5), (5, 1), (5, 5)] {
        let p = random_model(n, m, 1.5, (n * 100 + m) as u64);
        let exact = Enumeration::new(&p).unwrap();
        let (ln_z, moments) = brute_force(&p);
        assert!((exact.ln_z() - ln_z).abs() < 1e-12 * ln_z.abs().max(1.0));
        let found = exact.moments();
        assert_close(&found.visible, &moments.visible, 1e-13);
        assert_close(&found.hidden, &moments.hidden, 1e-13);
        assert_close(&found.visible_hidden, &moments.visible_hidden, 1e-13);
    }
}

#[test]
fn blocks_agree_with_a_closed_form() {
    // Independent units: ln Z = sum softplus(b) + sum softplus(c); 13 bits make 8 blocks.
    let (n, m) = (700, 13);
    let mut p = random_model(n, m, 2.0, 5);
    p.weight.fill(0.0);
    let expected: f64 = p
        .visible_bias
        .iter()
        .chain(&p.hidden_bias)
        .map(|b| crate::parameters::softplus(*b))
        .sum();
    let found = Enumeration::new(&p).unwrap().ln_z();
    assert!(
        (found - expected).abs() < 1e-12 * expected,
        "{found} {expected}"
    );
}

#[test]
fn probabilities_sum_to_one() {
    let p = random_model(8, 5, 2.0, 9);
    let exact = Enumeration::new(&p).unwrap();
    let total: f64 = (0..256)
        .map(|s| exact.log_probability(&bits(s, 8)).exp())
        .sum();
    assert!((total - 1.0).abs() < 1e-12);
}

#[test]
fn gradient_is_the_finite_difference_of_the_likelihood() {
    let (n, m) = (6, 4);
    let p = random_model(n, m, 0.8, 21);
    let data: Vec<f64> = [3usize, 17, 40, 63, 12, 3]
        .iter()
        .flat_map(|s| bits(*s, n))
        .collect();
    let likelihood = |p: &Parameters| Enumeration::new(p).unwrap().log_likelihood(&data);
    let gradient = Enumeration::new(&p).unwrap().gradient(&data);
    let step = 1e-5;
    let mut worst: f64 = 0.0;
    let mut compare = |analytic: &[f64], field: fn(&mut Parameters) -> &mut Vec<f64>| {
        // The relative error is taken against the gradient's norm, since single
        // entries may vanish.
        let norm = analytic.iter().map(|g| g * g).sum::<f64>().sqrt();
        for (k, g) in analytic.iter().enumerate() {
            let (mut up, mut down) = (p.clone(), p.clone());
            field(&mut up)[k] += step;
            field(&mut down)[k] -= step;
            let numeric = (likelihood(&up) - likelihood(&down)) / (2.0 * step);
            worst = worst.max((numeric - g).abs() / norm);
        }
    };
    compare(&gradient.visible_hidden, |p| &mut p.weight);
    compare(&gradient.visible, |p| &mut p.visible_bias);
    compare(&gradient.hidden, |p| &mut p.hidden_bias);
    assert!(worst < 1e-6, "relative error {worst:e}");
}

#[test]
fn too_large_models_are_refused() {
    let p = random_model(26, 26, 0.1, 1);
    let error = Enumeration::new(&p).unwrap_err().to_string();
    assert!(
        error.contains("26 visible") && error.contains("25"),
        "{error}"
    );
}
