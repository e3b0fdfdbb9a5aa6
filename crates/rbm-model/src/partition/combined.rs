//! ln Z of a model from those of its regions.

use super::basin_runs::BasinRuns;
use super::basins::Basins;
use super::bennett::Bennett;
use super::bracket::{BasinShare, Bracket, Verdict};
use super::estimate::Estimate;
use crate::numeric::log_sum_exp;

/// Fraction of Z of a basin above which an objection to its estimate is one to all.
const COUNTS: f64 = 0.01;

/// Adds the Z of separate basins, which other runs gave, to that of the rest. Errors are independent:
/// with shares p of Z the variance of ln Z is the sum of p^2 times those of the parts.
///
/// A basin whose runs did not stay in it leaves no bracket.
pub(super) fn combine(rest: Bracket, runs: Vec<BasinRuns>, looked_at: &Basins) -> Bracket {
    let mut lost = None;
    let mut basins = Vec::new();
    for run in runs {
        match run {
            Ok(basin) => basins.push(basin),
            Err(name) => lost = Some(format!("the runs of {name} did not stay there; ")),
        }
    }
    let highest = basins.iter().map(|b| {
        let [_, high] = b.bar.interval;
        high.max(b.reverse_ais.value)
    });
    let mut equilibrium = rest.equilibrium.clone();
    let upper = log_sum_exp(&parts(rest.range()[1], highest));
    let ais = sum(&rest.ais, basins.iter().map(|b| &b.ais));
    let reverse = rest.reverse_ais.as_ref();
    let reverse_ais = reverse.map(|e| sum(e, basins.iter().map(|b| &b.reverse_ais)));
    let bar = rest.bar.as_ref().map(|bar| {
        let values = parts(bar.value, basins.iter().map(|b| b.bar.value));
        let errors = parts(
            bar.standard_error,
            basins.iter().map(|b| b.bar.standard_error),
        );
        let value = log_sum_exp(&values);
        let share = |v: &f64| (v - value).exp();
        let squares = values
            .iter()
            .zip(&errors)
            .map(|(v, e)| (share(v) * e).powi(2));
        match basins.is_empty() {
            true => bar.clone(),
            false => Bennett::new(value, squares.sum::<f64>().sqrt()),
        }
    });
    let best = bar.as_ref().map_or(ais.value, |bar| bar.value);
    let (mut verdict, mut reason) = (rest.verdict, String::new());
    if let Some(lost) = lost {
        verdict = Verdict::Unreliable;
        reason += &lost;
    }
    let mut listed = Vec::new();
    for basin in &basins {
        let share = (basin.bar.value - best).exp();
        let [low, high] = [basin.ais.value, basin.reverse_ais.value];
        reason += &format!(
            "{:.1}% of Z in {}, ln Z {low:.3} to {high:.3} there by both ways of its own; ",
            100.0 * share,
            basin.name
        );
        listed.push(BasinShare {
            origin: basin.origin.into(),
            data_share: basin.data_share,
            share,
            ln_z: [low, basin.bar.value, high],
        });
        if let Some(objection) = basin.objection.as_ref().filter(|_| share >= COUNTS) {
            verdict = match verdict {
                Verdict::Bracketed => Verdict::UpperBoundOnly,
                other => other,
            };
            reason += &format!("but {objection}; ");
        }
    }
    if let Some(equilibrium) = equilibrium.as_mut() {
        equilibrium.allowed = Some(upper + looked_at.neglected.ln_1p());
    }
    Bracket {
        ais,
        reverse_ais,
        bar,
        equilibrium,
        basins: listed,
        verdict,
        reason: match basins.is_empty() {
            true => format!("{reason}{}; {}", rest.reason, looked_at.text),
            false => format!("{reason}the rest: {}; {}", rest.reason, looked_at.text),
        },
    }
}

fn parts(first: f64, others: impl Iterator<Item = f64>) -> Vec<f64> {
    std::iter::once(first).chain(others).collect()
}

/// The estimate of a sum of Z from those of its terms.
fn sum<'a>(first: &'a Estimate, others: impl Iterator<Item = &'a Estimate>) -> Estimate {
    let all: Vec<&Estimate> = std::iter::once(first).chain(others).collect();
    if all.len() == 1 {
        return first.clone();
    }
    let value = log_sum_exp(&all.iter().map(|e| e.value).collect::<Vec<f64>>());
    let share = |e: &Estimate| (e.value - value).exp();
    let add = |of: &dyn Fn(&Estimate) -> f64| {
        let squares = all.iter().map(|e| (share(e) * of(e)).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let chains = all.iter().map(|e| e.chains).sum();
    // The variance of weights is that of the sum: p^2 / n for each term.
    let size = 1.0
        / all
            .iter()
            .map(|e| share(e).powi(2) / e.effective_sample_size)
            .sum::<f64>();
    let fraction = all.iter().map(|e| share(e) * e.effective_fraction).sum();
    Estimate {
        value,
        interval: [
            value - add(&|e| e.value - e.interval[0]),
            value + add(&|e| e.interval[1] - e.value),
        ],
        effective_sample_size: size,
        effective_fraction: fraction,
        log_weight_std: add(&|e| e.log_weight_std),
        chains,
        temperatures: first.temperatures,
    }
}
