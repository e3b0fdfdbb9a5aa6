use super::*;
use burn::tensor::{Device, TensorData};
use rbm_model::Parameters;
use rbm_model::estimate::Enumeration;

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
    settings.learner.chains = 2000;
    settings.learner.replicas = 3;
    settings
}

/// Means of v, p(h|v) and v p(h|v) over many updates agree with the exact moments, each within
/// five standard errors measured over the updates.
fn assert_unbiased(learner: &mut dyn Learner, burn_in: u64) {
    let (rbm, exact) = model();
    let moments = exact.moments();
    let expected: Vec<f64> = [moments.visible, moments.hidden, moments.visible_hidden].concat();
    let batch = Tensor::<2>::zeros([2000, 4], &rbm.device());
    let updates = 60;
    let mut sums = vec![(0.0, 0.0); expected.len()];
    for step in 0..burn_in + updates {
        let phase = learner.negative_phase(&rbm, &batch, step);
        if step < burn_in {
            continue;
        }
        let rows = phase.visible.dims()[0] as f64;
        let mean = |x: &Tensor<2>| x.clone().mean_dim(0).into_data();
        let (visible, hidden) = (mean(&phase.visible), mean(&phase.hidden));
        let correlation = phase.visible.transpose().matmul(phase.hidden) / rows;
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
        let learner = &mut *new(&settings(kind, sweeps), &rbm, &[0.5; 4]);
        assert_unbiased(learner, burn_in);
    }
}

#[test]
fn only_persistent_chains_persist() {
    let (rbm, _) = model();
    let batch = Tensor::<2>::ones([5, 4], &rbm.device());
    for kind in [
        LearnerKind::Pcd,
        LearnerKind::Pt,
        LearnerKind::Cd,
        LearnerKind::Random,
    ] {
        let mut learner = new(&settings(kind, 2), &rbm, &[0.5; 4]);
        let first = learner.negative_phase(&rbm, &batch, 0).visible;
        let again = learner.negative_phase(&rbm, &batch, 0).visible;
        let rows = first.dims()[0];
        assert_eq!(rows, if kind == LearnerKind::Cd { 5 } else { 2000 });
        let equal = first.into_data() == again.into_data();
        let persistent = matches!(kind, LearnerKind::Pcd | LearnerKind::Pt);
        assert_eq!(equal, !persistent, "{kind}");
        let steps = learner.chains().map(|chains| chains.step);
        assert_eq!(steps, persistent.then_some(4));
        assert_eq!(learner.tempering().is_some(), kind == LearnerKind::Pt);
    }
}
