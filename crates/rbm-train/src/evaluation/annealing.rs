//! ln Z of a model with data: where chains start, how many temperatures the time allows.

use super::bases::{self, Begin, PILOTS};
use super::samples::{self, Elsewhere, Way};
use crate::data::BinaryDataset;
use burn::tensor::Device;
use rbm_model::estimate::{
    Base, Bracket, Direction, Estimate, Group, Noise, Path, Pilot, Start, anneal, compare,
    equilibrate, linear, pick, quiet, resample,
};
use rbm_model::sampling::{Chains, stream};
use rbm_model::{ModelError, Parameters};
use serde::Serialize;
use std::ops::ControlFlow;
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
/// Fewest chains of a group that starts elsewhere: with fewer, they could not be compared.
const FEWEST_CHAINS: usize = 50;

/// Steps of the noise for the way down of each group.
const GROUP_ROOM: u64 = 1 << 22;

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
    /// Samples that annealing brought, swept, row-major: what a similar model may begin with.
    pub samples: Vec<f32>,
}

/// Brackets ln Z: annealing up from independent units, and down from samples.
///
/// Pilot runs choose the independent units, space the temperatures, and tell how many of them fit
/// before the deadline. `saved` are chains that the run kept, if any; `similar` are samples of a
/// similar model, if any, row-major. Samples for the way down come from data (training rows and
/// saved chains), from the pilot runs, and from annealing, after Gibbs sweeps of all; the verdict
/// says which count, and why.
///
/// # Errors
/// [`ModelError`] for parameters that are not finite or so large that weights overflow.
pub fn bracket(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    saved: Option<&Chains>,
    similar: &[f32],
    options: &AnnealingOptions,
    show: &mut Show<'_>,
) -> Result<Annealed, ModelError> {
    let chains = options.chains.max(2);
    let others = chains.div_ceil(2).max(FEWEST_CHAINS);
    let noise = |stream| Noise {
        seed: options.seed,
        stream,
        first_step: options.first_step,
    };
    let (began, seed) = (Instant::now(), options.seed);
    let length = pilot_length(model, device, chains, options)?;
    let first = noise(stream::ANNEALING_PILOT);
    let pilot_chains = chains.max(FEWEST_CHAINS);
    let start = bases::choose(
        model,
        device,
        data,
        similar,
        (pilot_chains, length),
        first,
        |done| show("pilot", done, PILOTS),
    )?;
    let best = start.best;
    let temperatures = match (options.temperatures, options.deadline) {
        (Some(most), _) if options.fewer => needed(&best.pilot, length).min(most),
        (Some(temperatures), _) => temperatures,
        (None, Some(deadline)) => {
            let runs = if similar.is_empty() {
                PILOTS - 1
            } else {
                PILOTS
            };
            let seconds = began.elapsed().as_secs_f64() / (runs * length) as f64;
            affordable(deadline.saturating_duration_since(Instant::now()), seconds)
        }
        (None, None) => TEMPERATURES,
    }
    .max(1);
    let sweeps = ((temperatures as f64 * SWEEPS_PART).round() as usize).max(1);
    let mut run = |name: &str, begin: &Begin, up: bool, from: Start<'_>, noise: Noise| {
        let mut betas = begin.pilot.betas(temperatures);
        if !up {
            betas.reverse();
        }
        let mut each = |done: usize, _: &[f64]| {
            show(name, done, temperatures);
            ControlFlow::Continue(())
        };
        anneal(&begin.path, device, &betas, from, noise, &mut each)
    };
    let up = Start::Independent(chains);
    let forward = run("AIS", &best, true, up, noise(stream::ANNEALING))?;
    let families = resample(&forward.log_weights, noise(stream::BOOTSTRAP));
    let group = |name: &str, visible| Group {
        name: name.into(),
        visible,
    };
    let numbers: Vec<usize> = (0..others).map(|k| k * pilot_chains / others).collect();
    let mut groups = [
        samples::at_data(data, saved, others, seed),
        group("pilot runs", pick(&start.found, &numbers, pilot_chains)),
        group("annealing", pick(&forward.visible, &families, chains)),
    ];
    let still = noise(stream::EQUILIBRIUM);
    equilibrate(model, device, &mut groups, sweeps, still, &mut quiet)?;
    let [at_data, pilots, annealed] = &groups;
    let mut back = |begin: &Begin, group: &Group, turn: u64| {
        let noise = Noise {
            // Chains of each group take numbers of their own.
            first_step: options.first_step + turn * GROUP_ROOM,
            ..noise(stream::ANNEALING_BACK)
        };
        let from = Start::Visible(&group.visible);
        Ok(run("reverse AIS", begin, false, from, noise)?.log_weights)
    };
    let mut elsewhere = Vec::new();
    for (turn, group) in [at_data, pilots].into_iter().enumerate() {
        let comparison = compare(model, &[group, annealed], sweeps);
        // Chains that stayed at data go down to data, where the way is short for them.
        let own = start.at_data.as_ref();
        let way = match own.filter(|_| turn == 0 && !comparison.agree) {
            Some(begin) => {
                let weights = back(begin, group, 0)?;
                let (down, ln_z) = (Direction::Reverse, begin.base.ln_z());
                Way::Own(Estimate::new(down, ln_z, &weights, temperatures, seed)?.value)
            }
            None => Way::Same(back(&best, group, turn as u64)?),
        };
        elsewhere.push(Elsewhere {
            name: &group.name,
            comparison,
            way,
        });
    }
    let up = &forward.log_weights;
    let judged = |weights: &[f64], equilibrium| {
        let ln_z = best.base.ln_z();
        Bracket::new(ln_z, up, weights, equilibrium, temperatures, seed)
    };
    let ais = Estimate::new(Direction::Forward, best.base.ln_z(), up, temperatures, seed)?.value;
    let last = || back(&best, annealed, 2);
    let bracket = samples::choose(&elsewhere, ais, families, judged, last)?;
    let [.., annealed] = groups;
    Ok(Annealed {
        bracket,
        chosen: Chosen {
            chains,
            temperatures,
            sweeps,
            start: best.name,
        },
        samples: annealed.visible,
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
            let each = PILOT_PART * left.as_secs_f64() / PILOTS as f64;
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
    let path = Path::from_base(&base, model)?;
    let noise = Noise {
        seed: 0,
        stream: stream::ANNEALING_PILOT,
        first_step: 0,
    };
    let began = Instant::now();
    let start = Start::Independent(chains);
    anneal(&path, device, &linear(FEW), start, noise, &mut quiet)?;
    Ok(began.elapsed().as_secs_f64() / FEW as f64)
}

/// Temperatures that fit into a time, from the time that one took in the pilot run: once up, and
/// sweeps and the way down with twice as many chains.
fn affordable(left: Duration, seconds: f64) -> usize {
    let per_temperature = seconds * (3.0 + SWEEPS_PART * 2.0);
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
