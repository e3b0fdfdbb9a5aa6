//! ln Z of a model with data: where chains start, how many temperatures the time allows.

use super::bases::{self, ALIKE, Begin, PILOTS, POPULATION};
use super::both_ways::both_ways;
use crate::data::BinaryDataset;
use burn::tensor::Device;
use rbm_model::partition::{
    Base, Bracket, Direction, Estimate, GeometricPath, Noise, Pilot, Start, anneal, ignore_steps,
    linear, pilot,
};
use rbm_model::sampling::{Chains, stream};
use rbm_model::{ModelError, Parameters};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Chains where none are asked for.
pub const CHAINS: usize = 200;
/// Temperatures where neither they nor a budget are given.
pub const TEMPERATURES: usize = 10_000;
/// Fewest temperatures that a budget is turned into.
const FEWEST: usize = 100;
/// Temperatures of a pilot run, and fewest of one that a short budget leaves.
const PILOT: usize = 500;
const SHORTEST_PILOT: usize = 50;
/// Temperatures of a pilot run that decides how many the others take. With 100, modes were missed that
/// hold nearly all of the mass.
const SHORT_PILOT: usize = 400;
/// Part of a budget that all pilot runs may take.
const PILOT_PART: f64 = 0.2;
/// Sweeps before the reverse run, as a part of the temperatures.
const SWEEPS_PART: f64 = 1.0 / 3.0;
/// Runs of all chains, each with the temperatures asked for, that an estimate comes to: up, sweeps and down
/// with twice as many chains.
const WAYS: f64 = 3.0 + SWEEPS_PART * 2.0;
/// Chains that are in memory together, for each one asked for: those of the large pilot run.
pub const CHAINS_AT_ONCE: f64 = POPULATION as f64;
/// Effective fraction of the chains below which the way down is not worth going.
pub(super) const LEAST_FRACTION: f64 = 0.1;
/// Fewest chains of a group: with fewer, they could not be compared.
pub(super) const FEWEST_CHAINS: usize = 50;

/// How to estimate ln Z by annealing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnnealingOptions {
    /// Chains in each direction.
    pub chains: usize,
    /// Temperatures; from the budget if absent.
    pub temperatures: Option<usize>,
    /// Take fewer temperatures where pilot runs show that they will do.
    pub fewer: bool,
    /// When to be done. Temperatures that are given go before it.
    pub deadline: Option<Instant>,
    /// Seed of everything random.
    pub seed: u64,
    /// First step of the noise, so that several estimates under one seed take different numbers.
    pub first_step: u64,
}

impl AnnealingOptions {
    /// Where noise of a stream begins.
    pub(super) fn noise(&self, stream: u8) -> Noise {
        Noise {
            seed: self.seed,
            stream,
            first_step: self.first_step,
        }
    }
}

/// What was done, for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Chosen {
    /// Chains in each direction; half as many more for each group that starts elsewhere.
    pub chains: usize,
    /// Temperatures in each direction.
    pub temperatures: usize,
    /// Gibbs sweeps before the reverse run.
    pub sweeps: usize,
    /// The independent units that annealing began with.
    pub start: &'static str,
}

/// Something that shows how far a long computation is: its name, steps done, steps in all.
pub type Show<'a> = dyn FnMut(&str, usize, usize) + Send + 'a;

/// A bracket, with what led to it.
pub struct Annealed {
    /// Both sides and the verdict.
    pub bracket: Bracket,
    /// What was done.
    pub chosen: Chosen,
}

/// Brackets ln Z: annealing up from independent units, and down from samples.
///
/// Pilot runs choose the independent units, space the temperatures, and tell how many of them fit
/// before the deadline. `saved` are chains that the run kept, if any. Samples for the way down come from
/// data (training rows and saved chains), from the pilot runs, and from annealing, after Gibbs sweeps of
/// all; the verdict says which count, and why.
///
/// Where the mass is shared by places that few chains reach, so that nothing does better than all states
/// alike, and that with an effective sample size below 10% (expected from its pilot run, or found), there is
/// no way down worth going: the estimate is then that of one more pilot run, with the work that is left.
///
/// # Errors
/// [`ModelError`] for parameters that are not finite or so large that weights overflow.
pub fn bracket(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    saved: Option<&Chains>,
    options: &AnnealingOptions,
    show: &mut Show<'_>,
) -> Result<Annealed, ModelError> {
    let began = Instant::now();
    let chains = options.chains.max(2);
    let length = pilot_length(model, device, chains, options)?;
    let each = (chains.max(FEWEST_CHAINS), length);
    let first = options.noise(stream::ANNEALING_PILOT);
    let choice = bases::choose(model, device, data, each, first, |done| {
        show("pilot", done, PILOTS)
    })?;
    let best = &choice.best;
    let temperatures = match (options.temperatures, options.deadline) {
        (Some(most), _) if options.fewer => needed(&best.pilot, length).min(most),
        (Some(temperatures), _) => temperatures,
        (None, Some(deadline)) => {
            let runs = PILOTS - 1 + POPULATION;
            let seconds = began.elapsed().as_secs_f64() / (runs * length) as f64;
            affordable(deadline.saturating_duration_since(Instant::now()), seconds)
        }
        (None, None) => TEMPERATURES,
    }
    .max(1);
    let sweeps = ((temperatures as f64 * SWEEPS_PART).round() as usize).max(1);
    let chosen = Chosen {
        chains,
        temperatures,
        sweeps,
        start: best.name,
    };
    let mut work = WAYS;
    if best.name != ALIKE || expected(&best.pilot, length, temperatures) >= LEAST_FRACTION {
        let found = both_ways(model, device, data, saved, &choice, chosen, options, show)?;
        if let Some(bracket) = found {
            return Ok(Annealed { bracket, chosen });
        }
        work -= 1.0;
    }
    let population = POPULATION * each.0;
    let temperatures = (work * (temperatures * chains) as f64 / population as f64) as usize;
    show("population annealing", 0, 1);
    up_only(
        best,
        device,
        (population, temperatures.max(length)),
        options,
    )
}

/// The estimate of a large population from where the choice fell.
fn up_only(
    begin: &Begin,
    device: &Device,
    (chains, temperatures): (usize, usize),
    options: &AnnealingOptions,
) -> Result<Annealed, ModelError> {
    let mut noise = options.noise(stream::ANNEALING);
    // Beyond the numbers by which the pilot runs drew their chains again.
    noise.first_step += 1 << 23;
    let run = pilot(&begin.path, device, chains, temperatures, noise)?;
    let (up, ln_z) = (Direction::Forward, begin.base.ln_z());
    let ais = Estimate::new(up, ln_z, &run.log_weights, temperatures, options.seed)?;
    Ok(Annealed {
        bracket: Bracket::forward_only(ais),
        chosen: Chosen {
            chains,
            temperatures,
            sweeps: 0,
            start: begin.name,
        },
    })
}

/// Temperatures with which about half of the chains will count, from a pilot run.
///
/// With f its effective fraction, 1/f - 1 is the variance of the weights, which falls as the inverse of
/// the number of temperatures.
fn needed(pilot: &Pilot, length: usize) -> usize {
    let count = length as f64 * (1.0 / pilot.effective_fraction - 1.0);
    (count as usize).max(length)
}

/// The effective fraction to be expected with more temperatures, likewise.
fn expected(pilot: &Pilot, length: usize, temperatures: usize) -> f64 {
    let variance = 1.0 / pilot.effective_fraction - 1.0;
    1.0 / (1.0 + variance * length as f64 / temperatures as f64)
}

/// Temperatures of each pilot run.
fn pilot_length(
    model: &Parameters,
    device: &Device,
    chains: usize,
    options: &AnnealingOptions,
) -> Result<usize, ModelError> {
    let length = match (options.temperatures, options.deadline) {
        (None, Some(deadline)) => {
            let left = deadline.saturating_duration_since(Instant::now());
            let runs = PILOTS - 1 + POPULATION;
            let each = PILOT_PART * left.as_secs_f64() / runs as f64;
            (each / time_one(model, device, chains)?) as usize
        }
        _ if options.fewer => SHORT_PILOT,
        // Nothing may depend on the clock.
        (temperatures, _) => temperatures.unwrap_or(TEMPERATURES) / 4,
    };
    Ok(length.clamp(SHORTEST_PILOT, PILOT))
}

/// Seconds that a temperature takes, from a few.
fn time_one(model: &Parameters, device: &Device, chains: usize) -> Result<f64, ModelError> {
    const FEW: usize = 10;
    let base = Base::uniform(model.n_visible, model.n_hidden);
    let path = GeometricPath::from_base(&base, model)?;
    let noise = Noise {
        seed: 0,
        stream: stream::ANNEALING_PILOT,
        first_step: 0,
    };
    let began = Instant::now();
    let start = Start::Independent(chains);
    anneal(&path, device, &linear(FEW), start, noise, &mut ignore_steps)?;
    Ok(began.elapsed().as_secs_f64() / FEW as f64)
}

/// Temperatures that fit into a time, from the time that one took in the pilot run: once up, and
/// sweeps and the way down with twice as many chains.
fn affordable(left: Duration, seconds: f64) -> usize {
    let per_temperature = seconds * WAYS;
    // A little is left for what comes after.
    let count = 0.93 * left.as_secs_f64() / per_temperature.max(1e-9);
    (count as usize).clamp(FEWEST, 1 << 22)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_becomes_temperatures() {
        let count = affordable(Duration::from_secs(60), 1e-3);
        // 55.8 s at 3.67 ms.
        assert!((count as f64 - 55.8 / 3.66667e-3).abs() < 3.0, "{count}");
        assert_eq!(affordable(Duration::ZERO, 1e-3), FEWEST);
    }
}
