//! How much work a bracket takes: temperatures from pilot runs, or from the time there is.

use super::anneal::{anneal, ignore_steps};
use super::base_choice::PILOTS;
use super::bracket_input::BracketInput;
use super::bracket_options::BracketOptions;
use super::equilibrium::FEWEST_CHAINS;
use super::geometric_path::{Base, GeometricPath, Noise};
use super::pilot::Pilot;
use super::sampler::Start;
use super::schedule::linear;
use crate::error::ModelError;
use crate::noise::stream;
use serde::Serialize;
use std::time::Duration;

/// Fewest temperatures that a budget is turned into, and most.
const BUDGETED: [usize; 2] = [100, 1 << 22];
/// Temperatures of a pilot run, fewest and most.
const PILOT: [usize; 2] = [50, 500];
/// Temperatures of a pilot run that decides how many the others take. With 100, modes were missed that
/// hold nearly all of the mass.
const DECIDING_PILOT: usize = 400;
/// Part of a budget that all pilot runs may take.
const PILOT_PART: f64 = 0.2;
/// Part of what is left of a budget then that is planned with: a little comes after.
const PLANNED_PART: f64 = 0.93;
/// Effective fraction of chains below which more temperatures are worth more than chains.
const FEW: f64 = 0.25;
/// Sweeps before the reverse run, as a part of the temperatures.
const SWEEPS_PART: f64 = 1.0 / 3.0;
/// Runs of all chains, each with the temperatures asked for, that a bracket comes to: up, sweeps and down
/// with twice as many chains.
pub(super) const RUNS: f64 = 3.0 + SWEEPS_PART * 2.0;

/// The work that a bracket took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BracketPlan {
    /// Chains in each direction; half as many more for each group that starts elsewhere.
    pub chains: usize,
    /// Temperatures in each direction.
    pub temperatures: usize,
    /// Gibbs sweeps before the reverse run.
    pub sweeps: usize,
    /// The independent units that annealing began with.
    pub start: &'static str,
}

impl BracketPlan {
    /// Both ways with so many temperatures.
    pub(super) fn both_directions(chains: usize, temperatures: usize, start: &'static str) -> Self {
        let sweeps = (temperatures as f64 * SWEEPS_PART).round() as usize;
        Self {
            chains,
            temperatures,
            sweeps: sweeps.max(1),
            start,
        }
    }
}

/// Temperatures of each pilot run, `left` being the time for all.
pub(super) fn pilot_temperatures(
    input: &BracketInput<'_>,
    options: &BracketOptions,
    chains: usize,
    left: Option<Duration>,
) -> Result<usize, ModelError> {
    let count = match left {
        Some(left) => {
            let each = PILOT_PART * left.as_secs_f64() / pilot_runs(options);
            (each / time_one(input, chains)?) as usize
        }
        // Nothing may depend on the clock.
        None if options.fewer => DECIDING_PILOT,
        None => options.temperatures / 4,
    };
    Ok(count.clamp(PILOT[0], PILOT[1]))
}

/// What the pilot runs cost, in runs of as many chains as the later ones have.
pub(super) fn pilot_runs(options: &BracketOptions) -> f64 {
    (PILOTS - 1 + options.pilot_population) as f64
}

/// Temperatures with which about half of the chains will count, from a pilot run.
///
/// With f its effective fraction, 1/f - 1 is the variance of the weights, which falls as the inverse of
/// the number of temperatures.
pub(super) fn needed(pilot: &Pilot, length: usize) -> usize {
    let count = length as f64 * (1.0 / pilot.effective_fraction - 1.0);
    (count as usize).max(length)
}

/// The effective fraction to be expected with more temperatures, likewise.
pub(super) fn expected_fraction(pilot: &Pilot, length: usize, temperatures: usize) -> f64 {
    let variance = 1.0 / pilot.effective_fraction - 1.0;
    1.0 / (1.0 + variance * length as f64 / temperatures as f64)
}

/// Chains and temperatures of the same work: half of the chains and twice the temperatures, and so on, as long as few of
/// the chains can be expected to count and enough of them stay to be judged. Few good chains tell more than many that do not count: the
/// error of ln Z falls with the sum of effective chains, which grows.
pub(super) fn fewer_chains(
    pilot: &Pilot,
    length: usize,
    (mut chains, mut temperatures): (usize, usize),
) -> (usize, usize) {
    while expected_fraction(pilot, length, temperatures) < FEW && chains >= 2 * FEWEST_CHAINS {
        (chains, temperatures) = (chains / 2, temperatures * 2);
    }
    (chains, temperatures)
}

/// Temperatures that fit into a time, from the seconds that one took in the pilot runs: once up, and
/// sweeps and the way down with twice as many chains, and what comes to so many `others`.
pub(super) fn affordable(left: Duration, seconds: f64, others: f64) -> usize {
    let count = PLANNED_PART * left.as_secs_f64() / (seconds * (RUNS + others)).max(1e-9);
    (count as usize).clamp(BUDGETED[0], BUDGETED[1])
}

/// Seconds that a temperature takes, from a few.
fn time_one(input: &BracketInput<'_>, chains: usize) -> Result<f64, ModelError> {
    const FEW: usize = 10;
    let base = Base::uniform(input.model.n_visible, input.model.n_hidden);
    let path = GeometricPath::from_base(&base, input.model)?;
    let noise = Noise {
        seed: 0,
        stream: stream::ANNEALING_PILOT,
        first_step: 0,
    };
    let began = std::time::Instant::now();
    let start = Start::Independent(chains);
    anneal(
        &path,
        input.device,
        &linear(FEW),
        start,
        noise,
        &mut ignore_steps,
    )?;
    Ok(began.elapsed().as_secs_f64() / FEW as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_becomes_temperatures() {
        let count = affordable(Duration::from_secs(60), 1e-3, 0.0);
        // 55.8 s at 3.67 ms.
        assert!((count as f64 - 55.8 / 3.66667e-3).abs() < 3.0, "{count}");
        assert_eq!(affordable(Duration::ZERO, 1e-3, 1.0), BUDGETED[0]);
    }
}
