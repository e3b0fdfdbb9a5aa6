//! Annealing up from independent units, and down from samples of the model.

use super::annealing::{AnnealingOptions, Chosen, FEWEST_CHAINS, LEAST_FRACTION, Show};
use super::bases::{ALIKE, Begin, Choice};
use super::samples::{self, Elsewhere, Known, Way};
use crate::data::BinaryDataset;
use burn::tensor::Device;
use rbm_model::partition::{
    Bracket, Direction, Estimate, Group, Noise, Start, anneal, compare, equilibrate, ignore_steps,
    pick, resample,
};
use rbm_model::sampling::{Chains, stream};
use rbm_model::{ModelError, Parameters};
use std::ops::ControlFlow;

/// Steps of the noise for each turn of the way down.
const TURN_ROOM: u64 = 1 << 22;

/// Anneals both ways from where the choice fell, with the chains, temperatures and sweeps chosen, and
/// judges the pair. Chains at data, of the pilot runs and of the way up are swept before the way down;
/// those at data that stayed there go down to data's means, where the way is short for them. Nothing is found
/// where the way up from all states alike leaves fewer than 10% of the chains.
#[allow(clippy::too_many_arguments)] // Everything that an estimate hangs on, and no two of it belong together.
pub(super) fn both_ways(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    saved: Option<&Chains>,
    choice: &Choice,
    chosen: Chosen,
    options: &AnnealingOptions,
    show: &mut Show<'_>,
) -> Result<Option<Bracket>, ModelError> {
    let (seed, best) = (options.seed, &choice.best);
    let Chosen {
        chains,
        temperatures,
        sweeps,
        ..
    } = chosen;
    let others = chains.div_ceil(2).max(FEWEST_CHAINS);
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
    let forward = run("AIS", best, true, up, options.noise(stream::ANNEALING))?;
    let ln_z = best.base.ln_z();
    let up = &forward.log_weights;
    let ais = Estimate::new(Direction::Forward, ln_z, up, temperatures, seed)?;
    if best.name == ALIKE && ais.effective_fraction < LEAST_FRACTION {
        return Ok(None);
    }
    let drawn = resample(&forward.log_weights, options.noise(stream::ANCESTORS));
    let group = |name: &str, visible| Group {
        name: name.into(),
        visible,
    };
    let found = choice.found.len() / model.n_visible;
    let numbers: Vec<usize> = (0..others).map(|k| k * found / others).collect();
    let mut groups = [
        samples::at_data(data, saved, others, seed),
        group("pilot runs", pick(&choice.found, &numbers, found)),
        group("annealing", pick(&forward.visible, &drawn, chains)),
    ];
    let still = options.noise(stream::EQUILIBRIUM);
    equilibrate(model, device, &mut groups, sweeps, still, &mut ignore_steps)?;
    let [at_data, pilots, annealed] = &groups;
    let mut back = |begin: &Begin, visible: &[f32], turn: u64| {
        let mut noise = options.noise(stream::ANNEALING_BACK);
        // Chains of each turn take numbers of their own.
        noise.first_step += turn * TURN_ROOM;
        Ok(run("reverse AIS", begin, false, Start::Visible(visible), noise)?.log_weights)
    };
    let compared = [at_data, pilots].map(|group| compare(model, &[group, annealed], sweeps));
    let own = choice.at_data.as_ref().filter(|_| !compared[0].agree);
    let mut together = match own {
        Some(_) => Vec::new(),
        None => at_data.visible.clone(),
    };
    together.extend_from_slice(&pilots.visible);
    let mut of_data = back(best, &together, 0)?;
    let of_pilots = of_data.split_off(of_data.len() - others);
    let way_of_data = match own {
        Some(begin) => {
            let weights = back(begin, &at_data.visible, 1)?;
            let (down, ln_z) = (Direction::Reverse, begin.base.ln_z());
            Way::Own(Estimate::new(down, ln_z, &weights, temperatures, seed)?.value)
        }
        None => Way::Same(of_data),
    };
    let elsewhere: Vec<Elsewhere<'_>> = [at_data, pilots]
        .into_iter()
        .zip(compared)
        .zip([way_of_data, Way::Same(of_pilots)])
        .map(|((group, comparison), way)| Elsewhere {
            name: &group.name,
            comparison,
            way,
        })
        .collect();
    let known = Known {
        ais: ais.value,
        allowed: choice.allowed,
    };
    let judged = |weights: &[f64], equilibrium| {
        Bracket::new(ln_z, up, weights, equilibrium, temperatures, seed)
    };
    let last = || back(best, &annealed.visible, 2);
    samples::choose(&elsewhere, known, drawn, judged, last).map(Some)
}
