//! Gibbs chains against the exact distribution.

use super::*;

#[test]
fn gibbs_chains_started_from_the_model_stay_distributed_as_the_model() {
    let (n, m) = (4, 3);
    let p = small(n, m, 1.0, 70);
    let ln_z = Enumeration::new(&p).unwrap().ln_z();
    let probability: Vec<f64> = (0..1usize << (n + m))
        .map(|s| {
            let unit = |k: usize| (s >> k & 1) as f64;
            let v: Vec<f64> = (0..n).map(unit).collect();
            let h: Vec<f64> = (n..n + m).map(unit).collect();
            (-p.energy(&v, &h) - ln_z).exp()
        })
        .collect();
    let draws = 200_000;
    for device in devices() {
        let rbm = Rbm::from_parameters(&p, &device);
        // Exact visible samples by inversion of the cumulated probabilities.
        let key = NoiseKey::new(11, 200);
        let mut visible = Vec::with_capacity(draws * n);
        for row in 0..draws {
            let mut u = f64::from(key.uniform(row, 0));
            let mut state = probability.len() - 1;
            for (s, q) in probability.iter().enumerate() {
                if u < *q {
                    state = s;
                    break;
                }
                u -= q;
            }
            visible.extend((0..n).map(|k| (state >> k & 1) as f64));
        }
        let mut chains =
            Chains::from_visible(&rbm, tensor(&visible, n, &device), 5, stream::CHAINS);
        for sweeps in [0, 1, 3] {
            chains.sweep(&rbm, sweeps);
            let mut counts = vec![0u32; probability.len()];
            let (v, h) = (host(chains.visible.clone()), host(chains.hidden.clone()));
            for (v, h) in v.chunks(n).zip(h.chunks(m)) {
                let state = v
                    .iter()
                    .chain(h)
                    .enumerate()
                    .map(|(k, x)| (*x as usize) << k)
                    .sum::<usize>();
                counts[state] += 1;
            }
            let chi: f64 = counts
                .iter()
                .zip(&probability)
                .map(|(c, q)| (f64::from(*c) - draws as f64 * q).powi(2) / (draws as f64 * q))
                .sum();
            // 127 degrees of freedom: mean 127, standard deviation 16; 5 of them.
            assert!(
                chi < 127.0 + 5.0 * 16.0,
                "after {sweeps} sweeps chi^2 = {chi}"
            );
        }
    }
}

#[test]
fn sweeps_return_the_probabilities_of_their_own_last_state_and_depend_on_the_key() {
    let p = small(70, 35, 0.3, 80);
    for device in devices() {
        let rbm = Rbm::from_parameters(&p, &device);
        let mut chains = Chains::from_biases(&rbm, 19, 3, stream::CHAINS);
        let start = chains.clone();
        let probabilities = chains.sweep(&rbm, 3);
        let expected = rbm.hidden_probabilities(chains.visible.clone());
        assert_close(&host(probabilities), &host(expected), 1e-5);
        // Three sweeps are one and two more; another seed gives other states.
        let mut split = start.clone();
        split.sweep(&rbm, 1);
        split.sweep(&rbm, 2);
        assert_eq!(host(split.visible), host(chains.visible.clone()));
        assert_eq!(host(split.hidden), host(chains.hidden.clone()));
        let mut other = start;
        other.seed = 4;
        other.sweep(&rbm, 3);
        assert_ne!(host(other.visible), host(chains.visible));
    }
}
