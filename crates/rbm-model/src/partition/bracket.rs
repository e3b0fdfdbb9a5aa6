//! What a pair of estimates is worth.

use super::bennett::{Bennett, bennett};
use super::estimate::{Direction, Estimate};
use crate::error::ModelError;
use serde::Serialize;
use std::fmt;

/// Largest gap, in nats, between the two sides of a bracket that can be trusted.
pub(super) const LARGEST_GAP: f64 = 1.0;
/// Least effective fraction of the chains in either direction.
pub(super) const LEAST_FRACTION: f64 = 0.1;
/// Standard errors by which the sides may lie the wrong way round.
const CROSSING: f64 = 3.0;

/// How far a value of ln Z can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// Summed over all states.
    #[serde(rename = "exact")]
    Exact,
    /// Between two estimates less than 1 nat apart, both with an effective sample size above 10%
    /// of their chains, the reverse one from samples that passed their check.
    #[serde(rename = "bracketed")]
    Bracketed,
    /// AIS alone holds: ln Z is probably not below it, the log-likelihood probably not above.
    #[serde(rename = "upper bound only")]
    UpperBoundOnly,
    /// Neither side holds.
    #[serde(rename = "unreliable")]
    Unreliable,
}

impl Verdict {
    /// The verdict on the mean log-likelihood -F - ln Z of rows with mean free energy F, with its reason
    /// where that is not the one of ln Z: no finite ln Z makes a number of an F that is none.
    pub fn of_log_likelihood(self, free_energy: f64) -> (Self, Option<String>) {
        if free_energy.is_finite() {
            return (self, None);
        }
        let reason = format!(
            "the mean free energy of the rows is {free_energy}, which is no number: the parameters are too \
             large for its arithmetic"
        );
        (Self::Unreliable, Some(reason))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact => "exact",
            Self::Bracketed => "bracketed",
            Self::UpperBoundOnly => "upper bound only",
            Self::Unreliable => "unreliable",
        })
    }
}

/// Where the samples come from that a reverse run starts with, and how far they are those of the
/// model's equilibrium. The caller says so; the verdict repeats it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Equilibrium {
    /// Where they come from: "1000 Gibbs sweeps from data", say.
    pub origin: String,
    /// How that was checked, with the numbers found.
    pub check: String,
    /// Whether the check was passed.
    pub passed: bool,
    /// For samples that forward chains ended with, the numbers of these chains, one per sample; empty for
    /// others. See [`Estimate::with_ancestors`] and [`bennett()`].
    #[serde(skip)]
    pub ancestors: Vec<usize>,
    /// ln Z that other runs do not rule out, if there are such: the upper end of an interval of
    /// theirs.
    pub allowed: Option<f64>,
}

/// A separate basin of a model, with annealing of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BasinShare {
    /// Where it was found: "data rows", say.
    pub origin: String,
    /// Data rows in it, as a fraction of those that were looked up.
    pub data_share: f64,
    /// Its Z as a fraction of all.
    pub share: f64,
    /// Its ln Z by AIS, both combined, and reverse AIS, in nats.
    pub ln_z: [f64; 3],
}

/// ln Z from both sides, in nats, with a verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bracket {
    /// From below.
    pub ais: Estimate,
    /// From above, where there were samples to start from.
    pub reverse_ais: Option<Estimate>,
    /// Both combined.
    pub bar: Option<Bennett>,
    /// The samples that the reverse run started from.
    pub equilibrium: Option<Equilibrium>,
    /// Basins that are part of the sum and had runs of their own. `equilibrium` is about the rest.
    pub basins: Vec<BasinShare>,
    /// What it is worth.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

impl Bracket {
    /// Judges a forward run alone.
    pub fn forward_only(ais: Estimate) -> Self {
        let (verdict, reason) = if !ais.value.is_finite() {
            (Verdict::Unreliable, not_finite("AIS", &ais))
        } else if ais.effective_fraction < LEAST_FRACTION {
            (Verdict::Unreliable, few("AIS", &ais))
        } else {
            let reason = "there is no reverse run, for lack of samples of the model";
            (Verdict::UpperBoundOnly, reason.into())
        };
        Self {
            ais,
            reverse_ais: None,
            bar: None,
            equilibrium: None,
            basins: Vec::new(),
            verdict,
            reason,
        }
    }

    /// Judges log weights of runs up and down one path that starts at a known ln Z. Forward log weights of
    /// negative infinity are chains that ended outside the region whose Z is asked for, from which the reverse
    /// chains start.
    ///
    /// # Errors
    /// As [`Estimate::new`].
    pub fn new(
        ln_z_start: f64,
        forward: &[f64],
        reverse: &[f64],
        equilibrium: Equilibrium,
        temperatures: usize,
        seed: u64,
    ) -> Result<Self, ModelError> {
        let estimate = |direction, weights, ancestors| {
            Estimate::with_ancestors(
                direction,
                ln_z_start,
                weights,
                ancestors,
                temperatures,
                seed,
            )
        };
        let ancestors = &equilibrium.ancestors[..];
        let ais = estimate(Direction::Forward, forward, &[])?;
        // E[w] over samples of a region A is Z0 q(A) / Z_A, q being how often forward chains end in it.
        let arrived = forward.iter().filter(|w| w.is_finite()).count();
        let ln_arriving = (arrived as f64 / forward.len() as f64).ln();
        let back: Vec<f64> = reverse.iter().map(|w| w - ln_arriving).collect();
        let reverse_ais = estimate(Direction::Reverse, &back, ancestors)?;
        let bar = bennett(ln_z_start, forward, reverse, ancestors)?;
        let bar = bar.scaled(reverse_ais.value - ais.value);
        let (verdict, reason) = judge(&ais, &reverse_ais, &equilibrium);
        Ok(Self {
            ais,
            reverse_ais: Some(reverse_ais),
            bar: Some(bar),
            equilibrium: Some(equilibrium),
            basins: Vec::new(),
            verdict,
            reason,
        })
    }

    /// Reverse minus forward ln Z.
    pub fn gap(&self) -> Option<f64> {
        Some(self.reverse_ais.as_ref()?.value - self.ais.value)
    }

    /// The best single value: both directions combined, else the forward one.
    pub fn best(&self) -> f64 {
        self.bar.as_ref().map_or(self.ais.value, |bar| bar.value)
    }

    /// Where ln Z lies by everything known, systematic and statistical: from the lower end of the best
    /// value's interval, or AIS where that is lower, to the highest of its upper end, reverse AIS, and
    /// what other runs allow.
    pub fn range(&self) -> [f64; 2] {
        let [low, high] = self
            .bar
            .as_ref()
            .map_or(self.ais.interval, |bar| bar.interval);
        let reverse = self.reverse_ais.as_ref().map(|e| e.value);
        let allowed = self.equilibrium.as_ref().and_then(|e| e.allowed);
        let highest = [reverse, allowed]
            .into_iter()
            .flatten()
            .fold(high, f64::max);
        [low.min(self.ais.value), highest]
    }
}

fn few(name: &str, e: &Estimate) -> String {
    format!(
        "the effective sample size of {name} is {:.1} of {} chains, less than 10%; more temperatures \
         raise it",
        e.effective_sample_size, e.chains
    )
}

fn not_finite(name: &str, e: &Estimate) -> String {
    format!(
        "{name} gives ln Z = {}, which is no number: the parameters are too large for its arithmetic",
        e.value
    )
}

fn judge(ais: &Estimate, reverse: &Estimate, equilibrium: &Equilibrium) -> (Verdict, String) {
    let gap = reverse.value - ais.value;
    let samples = format!("samples: {}; {}", equilibrium.origin, equilibrium.check);
    // Widths of the two intervals, as standard errors.
    let width = |e: &Estimate| (e.interval[1] - e.interval[0]) / 3.92;
    let error = width(ais).hypot(width(reverse));
    let both = [("AIS", ais), ("reverse AIS", reverse)];
    if let Some((name, e)) = both.into_iter().find(|(_, e)| !e.value.is_finite()) {
        let reason = format!("{}; {samples}", not_finite(name, e));
        return (Verdict::Unreliable, reason);
    }
    if ais.effective_fraction < LEAST_FRACTION {
        return (
            Verdict::Unreliable,
            format!("{}; {samples}", few("AIS", ais)),
        );
    }
    if gap < -CROSSING * error - 1e-6 {
        let reason = format!(
            "reverse AIS lies {:.3} nats below AIS, {CROSSING} standard errors or more: the samples \
             it started from, or the chains of AIS, are not those of the model; {samples}",
            -gap
        );
        return (Verdict::Unreliable, reason);
    }
    let objection = if !equilibrium.passed {
        Some("the samples that reverse AIS started from failed their check".into())
    } else if reverse.effective_fraction < LEAST_FRACTION {
        Some(few("reverse AIS", reverse))
    } else if let Some(missing) = equilibrium
        .allowed
        .map(|x| x - ais.value)
        .filter(|x| *x >= LARGEST_GAP)
    {
        Some(format!(
            "pilot runs allow ln Z to be {missing:.2} nats above AIS, not below {LARGEST_GAP}; more chains and \
             temperatures decide it"
        ))
    } else if gap >= LARGEST_GAP {
        Some(format!(
            "the gap to reverse AIS is {gap:.3} nats, not below {LARGEST_GAP}; more temperatures \
             narrow it"
        ))
    } else {
        None
    };
    match objection {
        Some(objection) => (Verdict::UpperBoundOnly, format!("{objection}; {samples}")),
        None => (
            Verdict::Bracketed,
            format!(
                "gap {gap:.3} nats, effective sample sizes {:.0}% and {:.0}%; {samples}",
                100.0 * ais.effective_fraction,
                100.0 * reverse.effective_fraction
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::normal;

    fn judged(s: f64, shift: f64, passed: bool) -> Bracket {
        judged_beside(s, shift, passed, None)
    }

    fn judged_beside(s: f64, shift: f64, passed: bool, allowed: Option<f64>) -> Bracket {
        let gauss = |seed, sign: f64| -> Vec<f64> {
            let x = normal(200, s, seed);
            x.into_iter()
                .map(|x| f64::from(x) + sign * 5.0 - s * s / 2.0)
                .collect()
        };
        let reverse: Vec<f64> = gauss(2, -1.0).iter().map(|w| w - shift).collect();
        let equilibrium = Equilibrium {
            origin: "drawn".into(),
            check: "R-hat 1.00".into(),
            passed,
            ancestors: Vec::new(),
            allowed,
        };
        Bracket::new(0.0, &gauss(1, 1.0), &reverse, equilibrium, 10, 0).unwrap()
    }

    #[test]
    fn what_other_runs_allow_counts() {
        let b = judged_beside(0.5, 0.0, true, Some(5.4));
        assert_eq!(b.verdict, Verdict::Bracketed, "{}", b.reason);
        assert_eq!(b.range()[1], 5.4);
        assert!(b.range()[0] < b.best() && b.best() < 5.4);
        let b = judged_beside(0.5, 0.0, true, Some(7.0));
        assert_eq!(b.verdict, Verdict::UpperBoundOnly, "{}", b.reason);
        assert!(b.reason.contains("allow"), "{}", b.reason);
        assert_eq!(b.range()[1], 7.0);
    }

    #[test]
    fn free_energies_that_are_no_numbers_leave_no_verdict() {
        for verdict in [Verdict::Exact, Verdict::Bracketed] {
            assert_eq!(verdict.of_log_likelihood(-3.0), (verdict, None));
            for wrong in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
                let (found, reason) = verdict.of_log_likelihood(wrong);
                assert_eq!(found, Verdict::Unreliable);
                assert!(reason.unwrap().contains("no number"));
            }
        }
    }

    #[test]
    fn verdicts_follow_the_evidence() {
        let b = judged(0.5, 0.0, true);
        assert_eq!(b.verdict, Verdict::Bracketed, "{}", b.reason);
        assert!(b.reason.contains("R-hat 1.00") && b.reason.contains("drawn"));
        let b = judged(0.5, 0.0, false);
        assert_eq!(b.verdict, Verdict::UpperBoundOnly);
        assert!(b.reason.contains("failed their check"));
        let b = judged(0.5, 1.5, true);
        assert_eq!(b.verdict, Verdict::UpperBoundOnly);
        assert!(b.reason.contains("gap"));
        let b = judged(0.5, -1.5, true);
        assert_eq!(b.verdict, Verdict::Unreliable);
        assert!(b.reason.contains("below AIS"), "{}", b.reason);
        let b = judged(4.0, 0.0, true);
        assert_eq!(b.verdict, Verdict::Unreliable);
        assert!(b.reason.contains("effective sample size of AIS"));
        let ais = judged(0.5, 0.0, true).ais;
        let b = Bracket::forward_only(ais.clone());
        assert_eq!(b.verdict.to_string(), "upper bound only");
        for value in [f64::INFINITY, f64::NAN] {
            let wrong = Estimate {
                value,
                ..ais.clone()
            };
            let samples = judged(0.5, 0.0, true).equilibrium.unwrap();
            for (ais, reverse) in [(&ais, &wrong), (&wrong, &ais)] {
                let (verdict, reason) = judge(ais, reverse, &samples);
                assert_eq!(verdict, Verdict::Unreliable);
                assert!(reason.contains("no number"), "{reason}");
            }
            let b = Bracket::forward_only(wrong);
            assert_eq!(b.verdict, Verdict::Unreliable);
        }
    }
}
