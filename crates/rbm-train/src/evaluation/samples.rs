//! Where the samples come from that reverse runs start with, and which of them count.

use crate::data::{BinaryDataset, BinaryMatrix};
use rbm_model::ModelError;
use rbm_model::estimate::{Bracket, Comparison, Equilibrium, Group, Verdict};
use rbm_model::sampling::noise::shuffle;
use rbm_model::sampling::{Chains, stream};
use std::collections::BTreeSet;

/// Nats by which no reverse run may lie above AIS.
const LARGEST_EXCESS: f64 = 1.0;

/// Chains that started elsewhere than annealing did, with the log weights of their way down.
pub(super) struct Elsewhere<'a> {
    pub name: &'a str,
    pub log_weights: &'a [f64],
    /// With the annealed chains.
    pub comparison: Comparison,
}

/// Decides which reverse run counts, with what is known of its samples: one from chains that
/// started elsewhere, or the one from those that annealing brought.
///
/// Where chains from elsewhere agree with the annealed ones and give a bracket, they are independent
/// samples. Where none do, the annealed chains, drawn by their weights, are the better samples. The
/// other reverse runs tell what annealing may have missed: from chains that stay in a region A,
///
/// ```text
/// reverse ln Z = ln Z + ln(p(A) / q(A))
/// ```
///
/// with the model's probability of A and the frequency with which annealing arrives there. If it
/// is not above AIS, annealing finds A as often as it should, or more often. If it is, for
/// any of them, the check fails.
pub(super) fn choose(
    others: &[Elsewhere<'_>],
    annealed: &[f64],
    families: Vec<usize>,
    judged: impl Fn(&[f64], Equilibrium) -> Result<Bracket, ModelError>,
) -> Result<Bracket, ModelError> {
    let mut independent = None;
    let (mut checks, mut passed) = (Vec::new(), true);
    for other in others {
        let bracket = judged(
            other.log_weights,
            Equilibrium {
                origin: format!("{} chains from {}", other.log_weights.len(), other.name),
                check: other.comparison.text.clone(),
                passed: other.comparison.agree,
                families: Vec::new(),
            },
        )?;
        let excess = bracket.gap().unwrap_or(f64::INFINITY);
        passed &= excess < LARGEST_EXCESS;
        checks.push(format!(
            "{}; {}",
            other.comparison.text,
            meaning(other.name, excess)
        ));
        if other.comparison.agree && bracket.verdict == Verdict::Bracketed {
            independent = independent.or(Some(bracket));
        }
    }
    if let (Some(bracket), true) = (independent, passed) {
        return Ok(bracket);
    }
    let distinct = families.iter().collect::<BTreeSet<_>>().len();
    let equilibrium = Equilibrium {
        origin: format!("chains from annealing, {distinct} distinct ones drawn by their weights"),
        check: checks.join("; "),
        passed,
        families,
    };
    judged(annealed, equilibrium)
}

fn meaning(name: &str, excess: f64) -> String {
    if excess < LARGEST_EXCESS {
        format!(
            "reverse AIS from {name} lies {excess:+.2} nats from AIS, so annealing does not miss them: \
             their region holds at most {:.2} of the probability",
            excess.exp().min(1.0)
        )
    } else {
        format!(
            "reverse AIS from {name} lies {excess:+.2} nats from AIS: annealing misses what they have \
             found, or finds it too rarely"
        )
    }
}

/// Chains that start at data: half from those that the run kept, if any, and the rest from
/// training rows.
pub(super) fn at_data(
    data: &BinaryDataset,
    saved: Option<&Chains>,
    chains: usize,
    seed: u64,
) -> Group {
    let n = data.train.columns();
    let mut group = Group {
        name: "training rows".into(),
        visible: Vec::new(),
    };
    if let Some(saved) = saved {
        let count = saved.count().min(chains.div_ceil(2));
        let visible = saved.visible.clone().narrow(0, 0, count).into_data();
        group.visible.extend(visible.iter::<f32>());
        group.name = "the run's own chains and training rows".into();
    }
    let missing = chains - group.visible.len() / n;
    group
        .visible
        .extend(some_rows(&data.train, missing, seed ^ 1));
    group
}

/// Rows chosen by the seed; all of them, over and over, where more are asked for.
pub(super) fn some_rows(data: &BinaryMatrix, count: usize, seed: u64) -> Vec<f32> {
    let order = shuffle(seed, stream::MONITOR, u64::MAX - 2, data.rows() as u32);
    let order: Vec<u32> = order.iter().cycle().take(count).copied().collect();
    let mut rows = vec![0.0f32; order.len() * data.columns()];
    data.unpack_rows(&order, &mut rows);
    rows
}
