use super::*;
use crate::optimizer::Optimizer;
use crate::settings::Settings;
use burn::tensor::{Device, Tensor, TensorData};
use rbm_model::gradient::Offsets;
use rbm_model::partition::Enumeration;
use rbm_model::sampling::PackedChains;
use rbm_model::update::OptimizerState;
use rbm_model::{BitMatrix, Parameters, Rbm};

/// A small model that mixes within a few sweeps.
fn model() -> (Rbm, Enumeration) {
    let weight = [
        0.9, -0.7, 0.4, 1.1, -1.2, 0.3, 0.5, 0.8, -0.6, 1.0, -0.2, 0.7,
    ];
    let p = Parameters::new(
        4,
        3,
        weight.to_vec(),
        vec![0.2, -0.4, 0.1, 0.3],
        vec![-0.3, 0.5, -0.1],
    )
    .unwrap();
    let exact = Enumeration::new(&p).unwrap();
    (Rbm::from_parameters(&p, &Device::default()), exact)
}

fn settings(kind: LearnerKind, sweeps: usize) -> Settings {
    let mut settings = Settings::default();
    settings.learner.kind = kind;
    settings.learner.gibbs_steps = sweeps;
    settings.learner.chains = ChainCount::Count(2000);
    settings.learner.levels = 3;
    settings
}

fn new(settings: &Settings, rbm: &Rbm, data_mean: &[f64], rows: usize) -> Box<dyn Learner> {
    (settings.learner.kind.registration().start)(&Start {
        options: settings.learner.options(settings.training.seed),
        rbm,
        data_mean,
        rows,
    })
}

fn chains(learner: &dyn Learner) -> Option<PackedChains> {
    learner.state().chains
}

/// Training rows, and those of a batch of 2000.
const ROWS: usize = 6000;

fn rows_of(step: u64) -> Vec<u32> {
    let first = (step % 3 * 2000) as u32;
    (first..first + 2000).collect()
}

/// Means of v, p(h|v) and v p(h|v) over many updates agree with the exact moments, each within
/// five standard errors measured over the updates.
fn assert_unbiased(learner: &mut dyn Learner, burn_in: u64) {
    let (rbm, exact) = model();
    let moments = exact.moments();
    let expected: Vec<f64> = [moments.visible, moments.hidden, moments.visible_hidden].concat();
    let rows = BitMatrix::zeros(2000, 4);
    let updates = 60;
    let mut sums = vec![(0.0, 0.0); expected.len()];
    for step in 0..burn_in + updates {
        let batch = Batch::new(rows.clone(), rows_of(step));
        let phase = learner.negative_phase(&rbm, &batch, step);
        if step < burn_in {
            continue;
        }
        let count = phase.visible.dims()[0] as f64;
        let mean = |x: &Tensor<2>| x.clone().mean_dim(0).into_data();
        let (visible, hidden) = (mean(&phase.visible), mean(&phase.hidden));
        let correlation = phase.visible.transpose().matmul(phase.hidden) / count;
        let read = |data: TensorData| data.iter::<f64>().collect::<Vec<_>>();
        let found = [read(visible), read(hidden), read(correlation.into_data())].concat();
        for (sum, x) in sums.iter_mut().zip(found) {
            *sum = (sum.0 + x, sum.1 + x * x);
        }
    }
    let n = updates as f64;
    for ((s, q), expected) in sums.into_iter().zip(expected) {
        let mean = s / n;
        let error = ((q / n - mean * mean).max(0.0) / n).sqrt();
        assert!(
            (mean - expected).abs() < 5.0 * error,
            "{mean} {expected} {error}"
        );
    }
}

#[test]
fn every_learner_samples_the_model_once_its_chains_have_mixed() {
    let (rbm, _) = model();
    // Independent updates for the restarted ones; PCD's are correlated over about one sweep,
    // so it makes ten an update.
    for (kind, sweeps, burn_in) in [
        (LearnerKind::Pcd, 10, 5),
        (LearnerKind::Pt, 10, 5),
        (LearnerKind::Cd, 40, 0),
        (LearnerKind::Random, 40, 0),
    ] {
        let learner = &mut *new(&settings(kind, sweeps), &rbm, &[0.5; 4], ROWS);
        assert_unbiased(learner, burn_in);
    }
    // A chain for each row moves at every third update.
    let mut settings = settings(LearnerKind::Pcd, 5);
    settings.learner.chains = ChainCount::Data;
    assert_unbiased(&mut *new(&settings, &rbm, &[0.5; 4], ROWS), 15);
}

/// The chain of a row is moved by the sweeps of an update if the row is in its batch, and stays otherwise.
#[test]
fn chains_of_rows_move_with_their_rows() {
    let (rbm, _) = model();
    let mut settings = settings(LearnerKind::Pcd, 3);
    settings.learner.chains = ChainCount::Data;
    let mut learner = new(&settings, &rbm, &[0.5; 4], 90);
    let batch = |rows: &[u32]| {
        let ones = BitMatrix::from_fn(rows.len(), 4, |_, _| true);
        Batch::new(ones, rows.to_vec())
    };
    let mut moves = 0;
    for (step, rows) in [
        vec![80, 3, 41],
        vec![5],
        (0..90).rev().collect(),
        vec![3, 80],
    ]
    .into_iter()
    .enumerate()
    {
        let before = chains(&*learner).unwrap();
        assert_eq!(before.count(), 90);
        let phase = learner.negative_phase(&rbm, &batch(&rows), step as u64);
        let after = chains(&*learner).unwrap();
        let mut expected = before.select(&rows);
        expected.sweep(&rbm, 3);
        assert_eq!(after.select(&rows), expected);
        assert_eq!(BitMatrix::from_tensor(phase.visible), expected.visible);
        let others: Vec<u32> = (0..90).filter(|row| !rows.contains(row)).collect();
        assert_eq!(
            after.select(&others).visible,
            before.select(&others).visible
        );
        assert_eq!(after.select(&others).hidden, before.select(&others).hidden);
        assert_eq!(after.step, before.step + 3, "no random number twice");
        moves += usize::from(after.visible != before.visible);
    }
    assert!(moves > 1, "chains do move");

    // The update as a whole moves the same chains to the same states.
    let (mut one, mut other) = (
        new(&settings, &rbm, &[0.5; 4], 90),
        new(&settings, &rbm, &[0.5; 4], 90),
    );
    let offsets = Offsets {
        visible: Tensor::zeros([4], &rbm.device()),
        hidden: Tensor::zeros([3], &rbm.device()),
    };
    let step = Optimizer::new(&settings.optimizer, &rbm).step(0.1, 0);
    let mut moments = OptimizerState::zeros(&rbm, 0);
    let (moved, _) = one.update(rbm.clone(), &mut moments, batch(&[7, 2]), offsets, step, 0);
    other.negative_phase(&rbm, &batch(&[7, 2]), 0);
    assert_eq!(one.state(), other.state());
    assert_ne!(moved.weight.val().into_data(), rbm.weight.val().into_data());
    assert_eq!(one.samples().unwrap().count(), 90);
    let many = new(&settings, &rbm, &[0.5; 4], 2500).samples().unwrap();
    assert_eq!(
        many.count(),
        1000,
        "what stands for the model is some of them"
    );
}

#[test]
fn only_persistent_chains_persist() {
    let (rbm, _) = model();
    let batch = Batch::new(BitMatrix::from_fn(5, 4, |_, _| true), (0..5).collect());
    for kind in [
        LearnerKind::Pcd,
        LearnerKind::Pt,
        LearnerKind::Cd,
        LearnerKind::Random,
    ] {
        let mut learner = new(&settings(kind, 2), &rbm, &[0.5; 4], ROWS);
        let first = learner.negative_phase(&rbm, &batch, 0).visible;
        let again = learner.negative_phase(&rbm, &batch, 0).visible;
        let rows = first.dims()[0];
        assert_eq!(rows, if kind == LearnerKind::Cd { 5 } else { 2000 });
        let equal = first.into_data() == again.into_data();
        let persistent = matches!(kind, LearnerKind::Pcd | LearnerKind::Pt);
        assert_eq!(equal, !persistent, "{kind}");
        let steps = chains(&*learner).map(|chains| chains.step);
        assert_eq!(steps, persistent.then_some(4));
        assert_eq!(learner.state().replicas.is_some(), kind == LearnerKind::Pt);
    }
    let mut settings = settings(LearnerKind::Random, 2);
    settings.learner.chains = ChainCount::Data;
    let mut learner = new(&settings, &rbm, &[0.5; 4], ROWS);
    let phase = learner.negative_phase(&rbm, &batch, 0);
    assert_eq!(phase.visible.dims(), [5, 4], "as many as rows");
}
