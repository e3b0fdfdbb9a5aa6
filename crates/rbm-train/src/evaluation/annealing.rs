//! ln Z of a model with data: where chains start, how many temperatures the time allows.

use super::bases::{self, PILOTS};
use super::samples::{self, Elsewhere};
use crate::data::BinaryDataset;
use burn::tensor::Device;
use rbm_model::estimate::{
    Base, Bracket, Group, Noise, Path, Start, anneal, compare, equilibrate, linear, pick, quiet,
    resample,
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
/// Part of a budget that all pilot runs may take.
const PILOT_PART: f64 = 0.2;
/// Sweeps before the reverse run, as a part of the temperatures.
const SWEEPS_PART: f64 = 1.0 / 3.0;
/// Fewest chains of a group that starts elsewhere: with fewer, they could not be compared.
const FEWEST_CHAINS: usize = 50;

/// How to estimate ln Z by annealing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnnealingOptions {
    /// Chains in each direction.
    pub chains: usize,
    /// Temperatures; from the budget if absent.
    pub temperatures: Option<usize>,
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
    let temperatures = match (options.temperatures, options.deadline) {
        (Some(temperatures), _) => temperatures.max(1),
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
    };
    let sweeps = ((temperatures as f64 * SWEEPS_PART).round() as usize).max(1);
    let betas = start.pilot.betas(temperatures);
    let mut run = |name: &str, betas: &[f64], start_from, stream| {
        let total = betas.len() - 1;
        let mut each = |done: usize, _: &[f64]| {
            show(name, done, total);
            ControlFlow::Continue(())
        };
        anneal(
            &start.path,
            device,
            betas,
            start_from,
            noise(stream),
            &mut each,
        )
    };
    let up = Start::Independent(chains);
    let forward = run("AIS", &betas, up, stream::ANNEALING)?;
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
    let down: Vec<f64> = betas.iter().rev().copied().collect();
    let all: Vec<f32> = groups
        .iter()
        .flat_map(|g| g.visible.iter().copied())
        .collect();
    let back = run(
        "reverse AIS",
        &down,
        Start::Visible(&all),
        stream::ANNEALING_BACK,
    )?;
    let [at_data, pilots, annealed] = groups;
    let elsewhere: Vec<Elsewhere<'_>> = [&at_data, &pilots]
        .into_iter()
        .zip(back.log_weights.chunks(others))
        .map(|(group, log_weights)| Elsewhere {
            name: &group.name,
            log_weights,
            comparison: compare(model, &[group, &annealed], sweeps),
        })
        .collect();
    let judged = |weights: &[f64], equilibrium| {
        let (ln_z, up) = (start.base.ln_z(), &forward.log_weights);
        Bracket::new(ln_z, up, weights, equilibrium, temperatures, seed)
    };
    let last = &back.log_weights[2 * others..];
    Ok(Annealed {
        bracket: samples::choose(&elsewhere, last, families, judged)?,
        chosen: Chosen {
            chains,
            temperatures,
            sweeps,
        },
        samples: annealed.visible,
    })
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
    (count as usize).clamp(FEWEST, 1 << 23)
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
