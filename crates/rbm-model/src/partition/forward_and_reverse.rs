//! Annealing up from independent units, and down from samples of the model.

use super::anneal::{AnnealingRun, anneal, ignore_steps};
use super::base_choice::{BaseChoice, PilotedBase};
use super::bracket::{Bracket, LEAST_FRACTION};
use super::bracket_input::BracketInput;
use super::bracket_options::BracketOptions;
use super::bracket_plan::BracketPlan;
use super::equilibrium::{FEWEST_CHAINS, Group, compare, equilibrate, pick, resample};
use super::estimate::{Direction, Estimate};
use super::reverse_weights::{OtherStart, PriorBounds, ReverseWeights, choose_reverse_run};
use super::sampler::Start;
use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::noise::stream;
use crate::progress::ProgressFn;
use std::ops::ControlFlow;

/// Steps of the noise for each turn of the way down.
const TURN_ROOM: u64 = 1 << 22;

/// Annealing both ways from the base that was chosen.
pub(super) struct ForwardAndReverse<'a> {
    pub input: &'a BracketInput<'a>,
    pub options: &'a BracketOptions,
    pub choice: &'a BaseChoice,
    pub plan: BracketPlan,
}

impl ForwardAndReverse<'_> {
    /// Anneals both ways and judges the pair. Chains at data, of the pilot runs and of the way up are swept
    /// before the way down; those at data that stayed there go down to the data's means, where the way
    /// is short for them. Nothing is found where the way up from uniform units leaves fewer than 10% of the
    /// chains.
    ///
    /// # Errors
    /// As [`anneal()`] and [`Bracket::new`].
    pub fn run(&self, progress: &mut ProgressFn<'_>) -> Result<Option<Bracket>, ModelError> {
        let best = &self.choice.best;
        let forward = self.forward(progress)?;
        let (ln_z_start, up) = (best.base.ln_z(), &forward.log_weights);
        let ais = self.estimate(Direction::Forward, best, up)?;
        if best.is_uniform() && ais.effective_fraction < LEAST_FRACTION {
            return Ok(None);
        }
        let ancestors = resample(up, self.options.noise(stream::ANCESTORS));
        let groups = self.samples(&forward, &ancestors)?;
        let [at_data, pilots, annealed] = &groups;
        let others = self.other_starts([at_data, pilots], annealed, progress)?;
        let bounds = PriorBounds {
            ais: ais.value,
            allowed: self.choice.allowed,
        };
        let judge = |down: &[f64], equilibrium| {
            let (temperatures, seed) = (self.plan.temperatures, self.options.seed);
            Bracket::new(ln_z_start, up, down, equilibrium, temperatures, seed)
        };
        let last = || self.reverse(best, &annealed.visible, 2, progress);
        choose_reverse_run(&others, bounds, ancestors, judge, last).map(Some)
    }

    /// The way up.
    fn forward(&self, progress: &mut ProgressFn<'_>) -> Result<AnnealingRun, ModelError> {
        let best = &self.choice.best;
        let total = self.plan.temperatures;
        let mut observe = |done: usize, _: &[f64]| {
            progress("AIS", done, total);
            ControlFlow::Continue(())
        };
        anneal(
            &best.path,
            self.input.device,
            &best.pilot.betas(total),
            Start::Independent(self.plan.chains),
            self.options.noise(stream::ANNEALING),
            &mut observe,
        )
    }

    /// Log weights of the way down from samples, `[chains]`. Each `turn` takes numbers of its own.
    fn reverse(
        &self,
        base: &PilotedBase,
        visible: &BitMatrix,
        turn: u64,
        progress: &mut ProgressFn<'_>,
    ) -> Result<Vec<f64>, ModelError> {
        let total = self.plan.temperatures;
        let mut betas = base.pilot.betas(total);
        betas.reverse();
        let mut noise = self.options.noise(stream::ANNEALING_BACK);
        noise.first_step += turn * TURN_ROOM;
        let mut observe = |done: usize, _: &[f64]| {
            progress("reverse AIS", done, total);
            ControlFlow::Continue(())
        };
        let (device, start) = (self.input.device, Start::Visible(visible));
        Ok(anneal(&base.path, device, &betas, start, noise, &mut observe)?.log_weights)
    }

    /// Chains at data, of the pilot runs and of the way up, after the sweeps planned.
    fn samples(
        &self,
        forward: &AnnealingRun,
        ancestors: &[usize],
    ) -> Result<[Group; 3], ModelError> {
        let others = self.plan.chains.div_ceil(2).max(FEWEST_CHAINS);
        let found = &self.choice.found;
        let count = found.rows();
        let numbers: Vec<usize> = (0..others).map(|k| k * count / others).collect();
        let group = |name: &str, visible| Group {
            name: name.into(),
            visible,
        };
        let annealed = pick(&forward.visible, ancestors);
        let mut groups = [
            self.at_data(others)?,
            group("pilot runs", pick(found, &numbers)),
            group("annealing", annealed),
        ];
        equilibrate(
            self.input.model,
            self.input.device,
            &mut groups,
            self.plan.sweeps,
            self.options.noise(stream::EQUILIBRIUM),
            &mut ignore_steps,
        )?;
        Ok(groups)
    }

    /// Chains that start at data: half from those that are there already, if any, and the rest from rows.
    fn at_data(&self, chains: usize) -> Result<Group, ModelError> {
        let rows = |count| self.input.some_rows(count, self.options.seed ^ 1);
        let Some(saved) = self.input.saved else {
            return Ok(Group {
                name: "training rows".into(),
                visible: rows(chains),
            });
        };
        let count = saved.count().min(chains.div_ceil(2));
        let mut visible = BitMatrix::from_tensor(saved.visible.clone().narrow(0, 0, count));
        visible.append(&rows(chains - count))?;
        Ok(Group {
            name: "the run's own chains and training rows".into(),
            visible,
        })
    }

    /// The way down from chains at data and of the pilot runs, compared with the annealed ones.
    fn other_starts<'g>(
        &self,
        [at_data, pilots]: [&'g Group; 2],
        annealed: &Group,
        progress: &mut ProgressFn<'_>,
    ) -> Result<[OtherStart<'g>; 2], ModelError> {
        let best = &self.choice.best;
        let compared = [at_data, pilots]
            .map(|group| compare(self.input.model, &[group, annealed], self.plan.sweeps));
        // Chains that stayed at data have a shorter way of their own, if that is not the way chosen.
        let own = self.choice.at_data.as_ref();
        let own = own.filter(|_| !compared[0].agree);
        let mut together = match own {
            Some(_) => at_data.visible.slice(0..0),
            None => at_data.visible.clone(),
        };
        together.append(&pilots.visible)?;
        let mut of_data = self.reverse(best, &together, 0, progress)?;
        let chains = pilots.visible.rows();
        let of_pilots = of_data.split_off(of_data.len() - chains);
        let of_data = match own {
            Some(base) => {
                let down = self.reverse(base, &at_data.visible, 1, progress)?;
                let estimate = self.estimate(Direction::Reverse, base, &down)?;
                ReverseWeights::OwnPath(estimate.value)
            }
            None => ReverseWeights::SamePath(of_data),
        };
        let [data, pilot] = compared;
        let start = |group: &'g Group, comparison, weights| OtherStart {
            name: &group.name,
            comparison,
            weights,
        };
        Ok([
            start(at_data, data, of_data),
            start(pilots, pilot, ReverseWeights::SamePath(of_pilots)),
        ])
    }

    fn estimate(
        &self,
        direction: Direction,
        base: &PilotedBase,
        log_weights: &[f64],
    ) -> Result<Estimate, ModelError> {
        let (temperatures, seed) = (self.plan.temperatures, self.options.seed);
        Estimate::new(direction, base.base.ln_z(), log_weights, temperatures, seed)
    }
}
