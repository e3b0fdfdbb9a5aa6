//! Which of several reverse runs counts, and what the others say.

use super::bracket::{Bracket, Equilibrium, LARGEST_GAP, Verdict};
use super::equilibrium::Comparison;
use crate::error::ModelError;
use std::collections::BTreeSet;

/// Chains that started elsewhere than annealing did.
pub(super) struct OtherStart<'a> {
    /// Where.
    pub name: &'a str,
    /// With the annealed chains.
    pub comparison: Comparison,
    /// What their way down gave.
    pub weights: ReverseWeights,
}

/// What a reverse run gave.
pub(super) enum ReverseWeights {
    /// Along the way of the annealed chains: log weights.
    SamePath(Vec<f64>),
    /// Along a way of its own: ln Z.
    OwnPath(f64),
}

/// What is known of ln Z before the way down.
pub(super) struct PriorBounds {
    /// By AIS.
    pub ais: f64,
    /// What the pilot runs do not rule out.
    pub allowed: f64,
}

/// Decides which reverse run counts, with what is known of its samples: one from chains that
/// started elsewhere, or the one from those that annealing brought (`ancestors`, the forward chains drawn
/// by their weights, and `annealed`, which makes the reverse run from them). `judge` makes a bracket of
/// log weights.
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
pub(super) fn choose_reverse_run(
    others: &[OtherStart<'_>],
    PriorBounds { ais, allowed }: PriorBounds,
    ancestors: Vec<usize>,
    judge: impl Fn(&[f64], Equilibrium) -> Result<Bracket, ModelError>,
    annealed: impl FnOnce() -> Result<Vec<f64>, ModelError>,
) -> Result<Bracket, ModelError> {
    let mut independent = None;
    let (mut checks, mut passed) = (Vec::new(), true);
    for other in others {
        let ln_z = match &other.weights {
            ReverseWeights::OwnPath(ln_z) => *ln_z,
            ReverseWeights::SamePath(log_weights) => {
                let equilibrium = Equilibrium {
                    origin: format!("{} chains from {}", log_weights.len(), other.name),
                    check: other.comparison.text.clone(),
                    passed: other.comparison.agree,
                    ancestors: Vec::new(),
                    allowed: Some(allowed),
                };
                let bracket = judge(log_weights, equilibrium)?;
                let ln_z = bracket.gap().map_or(f64::INFINITY, |gap| ais + gap);
                if other.comparison.agree && bracket.verdict == Verdict::Bracketed {
                    independent = Some(bracket);
                }
                ln_z
            }
        };
        let miss = (ln_z - ais).exp().ln_1p();
        passed &= miss < LARGEST_GAP;
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
    judge(&annealed()?, equilibrium)
}
