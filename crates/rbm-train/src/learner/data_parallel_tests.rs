//! Parts on one kind of device against the whole: the same draws, sums in another order.

use super::*;
use crate::learner::ChainCount;
use crate::settings::Settings;
use crate::state::State;
use rbm_model::agreement::flips;
use rbm_model::noise::{NoiseKey, Sequence, stream};
use rbm_model::{BitMatrix, Parameters, RbmConfig};

const SIZES: [usize; 2] = [20, 12];
const SEED: u64 = 5;

fn settings(kind: LearnerKind) -> Settings {
    let mut settings = Settings::default();
    settings.model.hidden = SIZES[1];
    settings.learner.kind = kind;
    settings.learner.chains = ChainCount::Count(70);
    settings.learner.gibbs_steps = 1;
    settings.training.seed = SEED;
    settings
}

/// A run at its start, on so many parts of the host.
fn state(settings: &Settings, parts: usize) -> State {
    let devices = vec![Device::default(); parts];
    let rbm = RbmConfig::new(SIZES[0], SIZES[1])
        .with_weight_std(0.3)
        .with_seed(SEED)
        .init(&devices[0])
        .unwrap();
    State::new(settings, rbm, &[0.4; SIZES[0]], 500).divide(settings, &devices)
}

fn batch(rows: usize, number: u64) -> Batch {
    let mut random = Sequence::new(SEED, stream::SHUFFLE, number);
    let bits = BitMatrix::from_fn(rows, SIZES[0], |_, _| random.next_uniform() < 0.4);
    Batch::new(bits, (0..rows as u32).collect())
}

fn all(p: &Parameters) -> Vec<f64> {
    [&p.weight[..], &p.visible_bias, &p.hidden_bias].concat()
}

#[test]
fn gradients_are_those_of_one_device() {
    for kind in [LearnerKind::Cd, LearnerKind::Pcd, LearnerKind::Random] {
        let mut settings = settings(kind);
        settings.optimizer.momentum = 0.5;
        // Fewer rows than devices too.
        for rows in [50, 2] {
            let gradient = |parts| {
                let state = state(&settings, parts).update(&settings, batch(rows, 0), 0.1);
                let mean: Vec<f64> = state.offsets.hidden.into_data().iter().collect();
                // A velocity that began at rest is the gradient itself.
                let velocity = state.optimizer.moments;
                let numbers = [
                    velocity.weight[0]
                        .to_data()
                        .iter::<f64>()
                        .collect::<Vec<_>>(),
                    velocity.visible_bias[0].to_data().iter().collect(),
                    velocity.hidden_bias[0].to_data().iter().collect(),
                ];
                (numbers.concat(), mean)
            };
            let gap = |x: &[f64], y: &[f64]| {
                let gaps = x.iter().zip(y).map(|(x, y)| (x - y).abs());
                gaps.fold(0.0, f64::max)
            };
            let (one, mean) = gradient(1);
            for parts in [2, 3] {
                let (several, several_mean) = gradient(parts);
                let gaps = [gap(&one, &several), gap(&mean, &several_mean)];
                // Both are made of means over at most 70 chains of numbers up to 1, and a sum of n
                // numbers is off by at most n units of rounding (Higham, section 4.2). A chain that
                // is counted twice, or not at all, is 1/70.
                let bound = 70.0 * 0.5 * f64::from(f32::EPSILON);
                assert!(
                    gaps.iter().all(|gap| *gap < bound),
                    "{kind} {rows} {parts}: {gaps:?}"
                );
            }
        }
    }
}

#[test]
fn chains_are_those_of_one_device() {
    let mut settings = settings(LearnerKind::Pcd);
    settings.optimizer.momentum = 0.5;
    for parts in [2, 3] {
        let [mut one, mut several] = [state(&settings, 1), state(&settings, parts)];
        for update in 0..100 {
            let before = (
                one.rbm.parameters().unwrap(),
                one.learner.state().chains.unwrap(),
            );
            [one, several] = [one, several].map(|s| s.update(&settings, batch(50, update), 0.05));
            let [a, b] = [&one, &several].map(|state| state.learner.state().chains.unwrap());
            assert_eq!((a.step, a.seed, a.stream), (b.step, b.seed, b.stream));
            if a != b {
                // Only where a uniform number is within rounding of its probability.
                let numbers = |states: &BitMatrix| -> Vec<f64> {
                    states.to_numbers().into_iter().map(f64::from).collect()
                };
                let [a, b] = [&a, &b].map(|c| [numbers(&c.visible), numbers(&c.hidden)]);
                let key = NoiseKey::new(SEED, stream::CHAINS).with_step(before.1.step);
                let found = flips(&before.0, &numbers(&before.1.hidden), [&a, &b], key);
                assert!(!found.is_empty() && found.len() < 3, "{parts}: {found:?}");
                for flip in &found {
                    assert!((flip.uniform - flip.probability).abs() < 1e-5, "{found:?}");
                }
                break;
            }
        }
        let [a, b] = [one, several].map(|s| all(&s.rbm.parameters().unwrap()));
        let gap = a
            .iter()
            .zip(&b)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f64::max);
        assert!(gap < 1e-4, "{parts}: {gap}");
    }
}

#[test]
fn phases_and_chains_are_gathered_in_order() {
    for kind in [LearnerKind::Cd, LearnerKind::Pcd, LearnerKind::Random] {
        let settings = settings(kind);
        let [mut one, mut several] = [state(&settings, 1), state(&settings, 3)];
        let [a, b] = [&mut one, &mut several].map(|state| {
            let phase = state.learner.negative_phase(&state.rbm, &batch(50, 1), 4);
            (phase.visible.into_data(), phase.hidden.into_data())
        });
        assert!(a == b, "{kind}");
        let chains = one.learner.state().chains;
        assert!(chains == several.learner.state().chains, "{kind}");
        if let Some(chains) = chains {
            let mut fresh = state(&settings, 3);
            let saved = LearnerState {
                chains: Some(chains.clone()),
                ..LearnerState::default()
            };
            fresh.learner.restore(saved).unwrap();
            assert!(fresh.learner.state().chains == Some(chains));
        }
    }
}
