use super::*;
use crate::Parameters;
use crate::init::normal;
use crate::noise::stream;
use crate::partition::Enumeration;
use crate::progress::ignore_progress;
use burn::tensor::Device;

/// A model with two well separated modes, all units on and (nearly) all off, of unequal weight.
fn two_modes() -> Parameters {
    let (n, m) = (6, 4);
    let coupling = 2.2;
    let noise = normal(n * m, 0.1, 3);
    let weight: Vec<f64> = noise.iter().map(|x| coupling + f64::from(*x)).collect();
    let visible_bias = (0..n)
        .map(|i| -0.5 * weight[i * m..(i + 1) * m].iter().sum::<f64>() + 0.05)
        .collect();
    let hidden_bias = (0..m)
        .map(|j| -0.5 * (0..n).map(|i| weight[i * m + j]).sum::<f64>() + 0.05)
        .collect();
    Parameters::new(n, m, weight, visible_bias, hidden_bias).unwrap()
}

fn random(n: usize, m: usize, scale: f64, seed: u64) -> Parameters {
    let draw = |count, seed| normal(count, scale, seed).into_iter().map(f64::from);
    Parameters::new(
        n,
        m,
        draw(n * m, seed).collect(),
        draw(n, seed + 1).collect(),
        draw(m, seed + 2).collect(),
    )
    .unwrap()
}

fn scaled(p: &Parameters, factor: f64, bias: f64) -> Rbm {
    let times = |values: &[f64], factor: f64| values.iter().map(|x| factor * x).collect();
    let p = Parameters::new(
        p.n_visible,
        p.n_hidden,
        times(&p.weight, factor),
        times(&p.visible_bias, bias),
        times(&p.hidden_bias, bias),
    )
    .unwrap();
    Rbm::from_parameters(&p, &Device::default())
}

/// p(v) of all visible states; unit i of state s is bit i of s.
fn exact(rbm: &Rbm) -> Vec<f64> {
    let p = rbm.parameters().unwrap();
    let exact = Enumeration::new(&p).unwrap();
    (0..1usize << p.n_visible)
        .map(|s| exact.log_probability(&unpack(s, p.n_visible)).exp())
        .collect()
}

fn unpack(state: usize, n: usize) -> Vec<f64> {
    (0..n).map(|i| (state >> i & 1) as f64).collect()
}

fn states(visible: Tensor<2>) -> Vec<usize> {
    let n = visible.dims()[1];
    let values: Vec<f32> = visible.into_data().iter::<f32>().collect();
    let state = |row: &[f32]| (0..n).map(|i| (row[i] as usize) << i).sum();
    values.chunks(n).map(state).collect()
}

/// `count` independent draws from probabilities.
fn draw(probabilities: &[f64], count: usize, seed: u64) -> Vec<usize> {
    let mut uniform = crate::noise::Sequence::new(seed, 200, 0);
    (0..count)
        .map(|_| {
            let mut u = f64::from(uniform.next_uniform());
            let found = probabilities.iter().position(|p| {
                u -= p;
                u < 0.0
            });
            found.unwrap_or(probabilities.len() - 1)
        })
        .collect()
}

fn tensor(states: &[usize], n: usize) -> Tensor<2> {
    let values: Vec<f32> = states
        .iter()
        .flat_map(|s| unpack(*s, n))
        .map(|x| x as f32)
        .collect();
    Tensor::from_data(
        TensorData::new(values, [states.len(), n]),
        &Device::default(),
    )
}

/// Chi-square of counts of independent draws, in standard deviations above its mean; states with an
/// expectation below 10 are counted together.
fn chi_square(states: &[usize], probabilities: &[f64]) -> f64 {
    let total = states.len() as f64;
    let mut counts = vec![0.0; probabilities.len()];
    states.iter().for_each(|s| counts[*s] += 1.0);
    let (mut chi, mut cells, mut rest) = (0.0, 0.0, (0.0, 0.0));
    for (count, p) in counts.iter().zip(probabilities) {
        if total * p >= 10.0 {
            chi += (count - total * p).powi(2) / (total * p);
            cells += 1.0;
        } else {
            rest = (rest.0 + count, rest.1 + total * p);
        }
    }
    if rest.1 > 0.0 {
        chi += (rest.0 - rest.1).powi(2) / rest.1.max(10.0);
        cells += 1.0;
    }
    (chi - (cells - 1.0)) / (2.0 * (cells - 1.0f64)).sqrt()
}

#[test]
fn tempering_finds_both_modes_where_gibbs_of_equal_work_does_not() {
    let p = two_modes();
    let rbm = scaled(&p, 1.0, 1.0);
    let probabilities = exact(&rbm);
    let (off, on) = (probabilities[0], probabilities[63]);
    assert!(off > 0.1 && on > 0.3 && off + on > 0.9, "{off} {on}");
    let (ladders, levels, rounds) = (3000, 6, 60);
    let path = ModelPath::tempered(&rbm, &[0.0; 6]).unwrap();
    let positions = Tempering::even_positions(&path, levels);
    let mut tempering = Tempering::new(path, positions, ladders, 1, stream::TEMPERING).unwrap();
    // All replicas start in the mode of lesser weight.
    let start = tensor(&vec![0; ladders * levels], 6);
    tempering.visible = start.clone();
    for _ in 0..rounds {
        tempering.round(1);
    }
    let found = chi_square(&states(tempering.samples()), &probabilities);
    assert!(found < 5.0, "tempering: {found} standard deviations");
    assert!(tempering.state().round_trips > ladders as u64);

    // As many sweeps in all: every level's replicas are chains of the model now.
    let mut chains = super::super::Chains::from_visible(&rbm, start, 1, stream::CHAINS);
    chains.sweep(&rbm, rounds);
    let gibbs = chi_square(&states(chains.visible), &probabilities);
    assert!(gibbs > 50.0, "Gibbs: {gibbs} standard deviations");
}

#[test]
fn replicas_that_start_in_equilibrium_stay_there_at_every_level() {
    let p = random(4, 3, 1.5, 5);
    let reference = [0.4f32, -0.8, 0.0, 1.1];
    let ladders = 30_000;
    for path in [
        ModelPath::tempered(&scaled(&p, 1.0, 1.0), &reference).unwrap(),
        ModelPath::through(vec![
            scaled(&p, 0.3, 1.5),
            scaled(&p, 1.2, 0.5),
            scaled(&p, 1.6, 1.0),
        ])
        .unwrap(),
    ] {
        let positions = [0.0, 0.35, 0.6, 1.0].map(|s| s * path.end()).to_vec();
        let laws: Vec<Vec<f64>> = positions.iter().map(|s| exact(&path.at(*s))).collect();
        let start: Vec<usize> = laws
            .iter()
            .enumerate()
            .flat_map(|(level, law)| draw(law, ladders, 30 + level as u64))
            .collect();
        let state = TemperingState::new(positions.clone(), ladders, 2, stream::TEMPERING);
        let mut tempering = Tempering::restore(path, state, tensor(&start, 4)).unwrap();
        for round in 0..6 {
            tempering.exchange();
            if round > 1 {
                tempering.sweep(round - 1);
            }
            for (level, law) in laws.iter().enumerate() {
                let found = chi_square(&states(tempering.visible_at(level)), law);
                assert!(found < 5.0, "round {round}, level {level}: {found}");
            }
        }
        // Neighbors are still independent: a swap that looked at the wrong states would tie them.
        let (a, b) = (tempering.visible_at(2), tempering.visible_at(3));
        let pairs: Vec<usize> = states(a)
            .into_iter()
            .zip(states(b))
            .map(|(a, b)| a + 16 * b)
            .collect();
        let joint: Vec<f64> = (0..256)
            .map(|s| laws[2][s % 16] * laws[3][s / 16])
            .collect();
        let found = chi_square(&pairs, &joint);
        assert!(found < 5.0, "levels 2 and 3 together: {found}");
    }
}

#[test]
fn swaps_are_in_detailed_balance_and_as_frequent_as_they_should_be() {
    let p = random(3, 3, 1.5, 9);
    let rbm = scaled(&p, 1.0, 1.0);
    let path = ModelPath::tempered(&rbm, &[0.3; 3]).unwrap();
    let positions = vec![0.4, 1.0];
    let laws: Vec<Vec<f64>> = positions.iter().map(|s| exact(&path.at(*s))).collect();
    let ladders = 400_000;
    let start: Vec<usize> = (0..2)
        .flat_map(|level| draw(&laws[level], ladders, 40 + level as u64))
        .collect();
    let state = TemperingState::new(positions, ladders, 3, stream::TEMPERING);
    let mut tempering = Tempering::restore(path, state, tensor(&start, 3)).unwrap();
    tempering.exchange();
    let after = states(tempering.visible());
    // (a, b) -> (b, a) as often as (b, a) -> (a, b), and at the rate p(a) q(b) min(1, ratio).
    let mut flow = vec![0.0f64; 64];
    for ladder in 0..ladders {
        let (a, b) = (start[ladder], start[ladders + ladder]);
        let (c, d) = (after[ladder], after[ladders + ladder]);
        assert!((c, d) == (a, b) || (c, d) == (b, a));
        if (c, d) != (a, b) {
            flow[a + 8 * b] += 1.0;
        }
    }
    let (mut chi, mut pairs) = (0.0, 0.0);
    for a in 0..8 {
        for b in 0..a {
            let (there, back) = (flow[a + 8 * b], flow[b + 8 * a]);
            let rate = (laws[0][a] * laws[1][b]).min(laws[0][b] * laws[1][a]);
            let expected = ladders as f64 * rate;
            assert!(
                (there - expected).abs() < 5.0 * expected.sqrt() + 3.0,
                "{there} {expected}"
            );
            if there + back > 0.0 {
                chi += (there - back).powi(2) / (there + back);
                pairs += 1.0;
            }
        }
    }
    assert!(chi < pairs + 5.0 * (2.0f64 * pairs).sqrt(), "{chi} {pairs}");
    let rate: f64 = (0..64)
        .map(|s| (laws[0][s % 8] * laws[1][s / 8]).min(laws[0][s / 8] * laws[1][s % 8]))
        .sum();
    let found = tempering.state().swap_rates()[0];
    let error = (rate * (1.0 - rate) / ladders as f64).sqrt();
    assert!((found - rate).abs() < 5.0 * error, "{found} {rate}");
}

#[test]
fn an_adapted_ladder_has_the_swap_rate_that_was_asked_for() {
    let p = random(40, 30, 0.5, 15);
    let path = ModelPath::tempered(&scaled(&p, 1.0, 1.0), &[0.0; 40]).unwrap();
    for (rate, first) in [(0.5, 3), (0.75, 20)] {
        let positions = Tempering::even_positions(&path, first);
        let mut tempering =
            Tempering::new(path.clone(), positions, 50, 4, stream::TEMPERING).unwrap();
        let adaptation = Adaptation {
            swap_rate: rate,
            passes: 4,
            rounds: 30,
            ..Default::default()
        };
        tempering.adapt(&adaptation, &mut ignore_progress).unwrap();
        for _ in 0..100 {
            tempering.round(1);
        }
        let rates = tempering.state().swap_rates();
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        // The number of levels is whole, so the rate may be higher, and by the more the fewer there are.
        let highest = rate + 1.5 * (1.0 - rate) / rates.len() as f64 + 0.03;
        assert!((rate - 0.03..highest).contains(&mean), "{mean} {rates:?}");
        assert!(rates.iter().all(|r| (r - mean).abs() < 0.12), "{rates:?}");
        assert_eq!(tempering.positions()[0], 0.0);
        assert!(tempering.state().round_trips > 0);
    }
    let mut tempering = Tempering::new(path, vec![0.0, 1.0], 1, 0, stream::TEMPERING).unwrap();
    let wrong = Adaptation {
        swap_rate: 1.0,
        ..Default::default()
    };
    assert!(tempering.adapt(&wrong, &mut ignore_progress).is_err());
}

#[test]
fn trajectory_tempering_is_exact_at_the_end_of_a_path_of_snapshots() {
    // Snapshots as training makes them: from independent units to the two modes.
    let p = two_modes();
    let snapshots: Vec<Rbm> = [0.0, 0.2, 0.45, 0.7, 1.0]
        .iter()
        .map(|t| scaled(&p, *t, t + 0.02 * t * (1.0 - t)))
        .collect();
    let probabilities = exact(&snapshots[4]);
    let path = ModelPath::through(snapshots).unwrap();
    let positions = (0..5).map(f64::from).collect();
    let mut tempering = Tempering::new(path, positions, 4000, 5, stream::TEMPERING).unwrap();
    tempering.visible = tensor(&vec![63; 4000 * 5], 6);
    for _ in 0..100 {
        tempering.round(1);
    }
    let found = chi_square(&states(tempering.samples()), &probabilities);
    assert!(found < 5.0, "{found} standard deviations");
}

#[test]
fn walkers_are_followed_through_swaps() {
    let mut state = TemperingState::new(vec![0.0, 0.5, 1.0], 2, 0, stream::TEMPERING);
    assert_eq!(state.walkers, [0, 0, 1, 1, 2, 2]);
    // In ladder 1, walker 0 goes up and comes back down.
    for (lower, trips) in [(0, 0), (1, 0), (1, 0), (0, 1)] {
        state.swap(lower, 1);
        state.head();
        assert_eq!(state.round_trips, trips, "{state:?}");
    }
    assert_eq!(state.walkers[1], 0);
    assert_eq!(state.accepted, [2, 2]);
    state.reset_statistics();
    assert_eq!((state.round_trips, state.accepted[0]), (0, 0));
}

#[test]
fn a_restored_sampler_goes_on_bit_for_bit_with_any_number_of_threads() {
    let p = random(70, 33, 0.6, 25);
    let path = ModelPath::tempered(&scaled(&p, 1.0, 1.0), &[0.1; 70]).unwrap();
    let run = |threads: usize, stop: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let positions = Tempering::even_positions(&path, 5);
            let mut tempering =
                Tempering::new(path.clone(), positions, 90, 6, stream::TEMPERING).unwrap();
            for round in 0..9 {
                if round == stop {
                    let text = serde_json::to_string(tempering.state()).unwrap();
                    let state = serde_json::from_str(&text).unwrap();
                    let visible = tempering.visible().into_data();
                    let visible = Tensor::from_data(visible, &Device::default());
                    tempering = Tempering::restore(path.clone(), state, visible).unwrap();
                }
                if round == 5 {
                    tempering.respace(6).unwrap();
                }
                tempering.round(2);
            }
            (states_of(&tempering), tempering.state().clone())
        })
    };
    let whole = run(1, usize::MAX);
    assert!(whole.1.accepted.iter().sum::<u64>() > 0);
    assert!(whole == run(2, usize::MAX), "threads");
    assert!(whole == run(1, 3), "restored");
    assert!(whole == run(2, 7), "restored after a change of levels");
}

fn states_of(tempering: &Tempering) -> Vec<u8> {
    let values = tempering.visible().into_data();
    values.iter::<f32>().map(|x| x as u8).collect()
}

#[test]
fn ladders_that_make_no_sense_are_refused() {
    let p = random(4, 3, 1.0, 35);
    let path = ModelPath::tempered(&scaled(&p, 1.0, 1.0), &[0.0; 4]).unwrap();
    for positions in [
        vec![],
        vec![1.0],
        vec![0.0, 0.9],
        vec![-0.1, 1.0],
        vec![0.0, 0.5, 0.5, 1.0],
        vec![0.0, f64::NAN, 1.0],
    ] {
        let error = Tempering::new(path.clone(), positions, 2, 0, stream::TEMPERING).unwrap_err();
        assert!(matches!(error, TemperingError::Positions { .. }), "{error}");
    }
    let good = vec![0.0, 1.0];
    let none = Tempering::new(path.clone(), good.clone(), 0, 0, stream::TEMPERING);
    assert!(matches!(none, Err(TemperingError::NoLadders)));
    let state = TemperingState::new(good.clone(), 3, 0, stream::TEMPERING);
    let short = tensor(&[0; 5], 4);
    assert!(Tempering::restore(path.clone(), state.clone(), short).is_err());
    let mut broken = state;
    broken.walkers[2] = 9;
    let error = Tempering::restore(path, broken, tensor(&[0; 6], 4)).unwrap_err();
    assert!(error.to_string().contains("walker 9"), "{error}");
}
