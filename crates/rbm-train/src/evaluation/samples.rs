//! Where the samples come from that reverse runs start with, and which of them count.

use crate::data::{BinaryDataset, BinaryMatrix};
use rbm_model::ModelError;
use rbm_model::partition::{Bracket, Comparison, Equilibrium, Group, Verdict};
use rbm_model::sampling::noise::shuffle;
use rbm_model::sampling::{Chains, stream};
use std::collections::BTreeSet;

/// Nats that must not be missing from ln Z.
const LARGEST_MISS: f64 = 1.0;

/// Chains that started elsewhere than annealing did.
pub(super) struct Elsewhere<'a> {
    pub name: &'a str,
    /// With the annealed chains.
    pub comparison: Comparison,
    pub way: Way,
}

/// The way down that chains took.
pub(super) enum Way {
    /// That of the annealed chains, with these log weights.
    Same(Vec<f64>),
    /// One of their own, which gave this ln Z.
    Own(f64),
}

/// What is known of ln Z before the way down.
pub(super) struct Known {
    /// By AIS.
    pub ais: f64,
    /// What the pilot runs do not rule out.
    pub allowed: f64,
}

/// Decides which reverse run counts, with what is known of its samples: one from chains that
/// started elsewhere, or the one from those that annealing brought.
///
/// Where chains from elsewhere agree with the annealed ones and give a bracket, they are independent
/// samples; the last of them count: those of pilot runs come by their weights, where chains at data only
/// have their sweeps (with these, 183 of 200 intervals of Bennett's ratio held the exact value, with those
/// 192). Where none do, the annealed chains (whose way down is then gone), drawn by their weights, are the better samples. The
/// other reverse runs tell what annealing may have missed: from chains that stay in a region A,
///
/// ```text
/// reverse ln Z = ln Z + ln(p(A) / q(A)) >= ln(Z p(A))
/// ```
///
/// with the model's probability of A and the frequency q with which annealing along the same way
/// arrives there. If all of A were missing from AIS, ln Z would be higher by at most
/// ln(1 + e^excess), the excess being that of reverse ln Z over AIS; if that is 1 nat or more for any
/// of them, the check fails.
pub(super) fn choose(
    others: &[Elsewhere<'_>],
    Known { ais, allowed }: Known,
    ancestors: Vec<usize>,
    judged: impl Fn(&[f64], Equilibrium) -> Result<Bracket, ModelError>,
    annealed: impl FnOnce() -> Result<Vec<f64>, ModelError>,
) -> Result<Bracket, ModelError> {
    let mut independent = None;
    let (mut checks, mut passed) = (Vec::new(), true);
    for other in others {
        let ln_z = match &other.way {
            Way::Own(ln_z) => *ln_z,
            Way::Same(log_weights) => {
                let equilibrium = Equilibrium {
                    origin: format!("{} chains from {}", log_weights.len(), other.name),
                    check: other.comparison.text.clone(),
                    passed: other.comparison.agree,
                    ancestors: Vec::new(),
                    allowed: Some(allowed),
                };
                let bracket = judged(log_weights, equilibrium)?;
                let ln_z = bracket.gap().map_or(f64::INFINITY, |gap| ais + gap);
                if other.comparison.agree && bracket.verdict == Verdict::Bracketed {
                    independent = Some(bracket);
                }
                ln_z
            }
        };
        let miss = (ln_z - ais).exp().ln_1p();
        passed &= miss < LARGEST_MISS;
        checks.push(format!(
            "{}; by reverse AIS from {} AIS misses at most {miss:.2} nats of ln Z there",
            other.comparison.text, other.name
        ));
    }
    if let (Some(bracket), true) = (independent, passed) {
        return Ok(bracket);
    }
    let distinct = ancestors.iter().collect::<BTreeSet<_>>().len();
    let equilibrium = Equilibrium {
        origin: format!("chains from annealing, {distinct} distinct ones drawn by their weights"),
        check: checks.join("; "),
        passed,
        ancestors,
        allowed: Some(allowed),
    };
    judged(&annealed()?, equilibrium)
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
