//! Annealing up from independent units, and down from samples of the model.

use super::anneal::{AnnealingRun, anneal, ignore_steps};
use super::base_choice::{BaseChoice, PilotedBase};
use super::bracket::{Bracket, LEAST_FRACTION};
use super::bracket_input::BracketInput;
use super::bracket_options::BracketOptions;
use super::bracket_plan::BracketPlan;
use super::equilibrium::{Comparison, FEWEST_CHAINS, Group, compare, equilibrate, pick, resample};
use super::estimate::{Direction, Estimate};
use super::regions::Regions;
use super::reverse_weights::{OtherStart, PriorBounds, ReverseWeights, choose_reverse_run};
use super::sampler::Start;
use super::schedule;
use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::noise::stream;
use crate::progress::ProgressFn;
use std::ops::ControlFlow;

/// Steps of the noise for each turn of the way down.
const TURN_ROOM: u64 = 1 << 22;
/// Chains that have to end outside the basins with runs of their own.
const FEWEST_LEFT: usize = 5;
/// Name of the chains of the pilot runs.
const PILOT_RUNS: &str = "pilot runs";
/// Data rows that are looked through for some in what is estimated, at most.
const DATA_ROWS: usize = 1000;

/// Annealing both ways from the base that was chosen.
pub(super) struct ForwardAndReverse<'a> {
    pub input: &'a BracketInput<'a>,
    pub options: &'a BracketOptions,
    pub choice: &'a BaseChoice,
    pub plan: BracketPlan,
    /// What the estimate is of: all states but those of basins that have runs of their own.
    pub regions: &'a Regions,
}

impl ForwardAndReverse<'_> {
    /// Anneals both ways and judges the pair. Chains at data, of the pilot runs and of the way up are swept
    /// before the way down; those at data that stayed there go down to the data's means, where the way
    /// is short for them. Nothing is found where the way up from uniform units leaves fewer than 10% of the
    /// chains, or where nearly all end in basins that have runs of their own.
    ///
    /// # Errors
    /// As [`anneal()`] and [`Bracket::new`].
    pub fn run(&self, progress: &mut ProgressFn<'_>) -> Result<Option<Bracket>, ModelError> {
        let best = &self.choice.best;
        let forward = self.forward(progress)?;
        let up = &self.in_the_rest(&forward);
        if up.iter().filter(|w| w.is_finite()).count() < FEWEST_LEFT {
            return Ok(None);
        }
        let ln_z_start = best.base.ln_z();
        let ais = self.estimate(Direction::Forward, best, up)?;
        if best.is_uniform() && ais.effective_fraction < LEAST_FRACTION {
            return Ok(None);
        }
        let ancestors = resample(up, self.options.noise(stream::ANCESTORS));
        let (groups, annealed, kept) = self.samples(&forward, &ancestors)?;
        let ancestors = kept.iter().map(|row| ancestors[*row]).collect();
        let others = self.other_starts(&groups, &annealed, progress)?;
        let bounds = PriorBounds {
            ais: ais.value,
            allowed: self.allowed(),
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
        let mut betas = schedule::back(&base.pilot.betas(total));
        if self.regions.is_empty() {
            // Of all states, the first sweep would change nothing.
            betas.remove(0);
        }
        let mut noise = self.options.noise(stream::ANNEALING_BACK);
        noise.first_step += turn * TURN_ROOM;
        let mut observe = |done: usize, _: &[f64]| {
            progress("reverse AIS", done.min(total), total);
            ControlFlow::Continue(())
        };
        let (device, start) = (self.input.device, Start::Visible(visible));
        Ok(anneal(&base.path, device, &betas, start, noise, &mut observe)?.log_weights)
    }

    /// Forward log weights, negative infinity for chains that ended in a basin with runs of its own.
    fn in_the_rest(&self, forward: &AnnealingRun) -> Vec<f64> {
        let inside = self.inside(&forward.visible);
        let weights = forward.log_weights.iter().zip(inside);
        weights
            .map(|(w, inside)| if inside { *w } else { f64::NEG_INFINITY })
            .collect()
    }

    /// Whether states belong to what is estimated here.
    fn inside(&self, rows: &BitMatrix) -> Vec<bool> {
        let of = self.regions.of(self.input.model, self.input.device, rows);
        of.iter().map(Option::is_none).collect()
    }

    /// Those states that do.
    fn select(&self, rows: &BitMatrix) -> BitMatrix {
        let ends = (self.input.model, self.input.device);
        self.regions.select(None, ends, rows)
    }

    /// What the pilot run from uniform units allows ln Z to be.
    fn allowed(&self) -> f64 {
        let inside = self.inside(&self.choice.uniform);
        let share = inside.iter().filter(|inside| **inside).count() as f64 / inside.len() as f64;
        self.choice.allowed + share.ln()
    }

    /// Chains at data and of the pilot runs, and those of the way up with their numbers among `ancestors`, after
    /// the sweeps planned. A group without chains in what is estimated here is left out.
    fn samples(
        &self,
        forward: &AnnealingRun,
        ancestors: &[usize],
    ) -> Result<(Vec<Group>, Group, Vec<usize>), ModelError> {
        let others = self.plan.chains.div_ceil(2).max(FEWEST_CHAINS);
        let mut found = self.select(&self.choice.found);
        if found.rows() < FEWEST_CHAINS {
            found = self.select(&self.choice.best.pilot.visible);
        }
        let count = found.rows();
        let numbers: Vec<usize> = match count {
            0 => Vec::new(),
            _ => (0..others).map(|k| k * count / others).collect(),
        };
        let group = |name: &str, visible| Group {
            name: name.into(),
            visible,
        };
        let annealed = pick(&forward.visible, ancestors);
        let at_pilot = group(PILOT_RUNS, pick(&found, &numbers));
        let mut groups = vec![self.at_data(others)?, at_pilot];
        groups.retain(|group| group.visible.rows() > 0);
        let of_others = groups.len();
        groups.push(group("annealing", annealed));
        equilibrate(
            self.input.model,
            self.input.device,
            &mut groups,
            self.plan.sweeps,
            self.options.noise(stream::EQUILIBRIUM),
            &mut ignore_steps,
        )?;
        let mut annealed = groups.remove(of_others);
        let inside = self.inside(&annealed.visible).into_iter().enumerate();
        let kept: Vec<usize> = inside
            .filter(|(_, inside)| *inside)
            .map(|(row, _)| row)
            .collect();
        annealed.visible = pick(&annealed.visible, &kept);
        for group in &mut groups {
            group.visible = self.select(&group.visible);
        }
        groups.retain(|group| group.visible.rows() > 1);
        Ok((groups, annealed, kept))
    }

    /// Chains that start at data: half from those that are there already, if any, and the rest from rows.
    fn at_data(&self, chains: usize) -> Result<Group, ModelError> {
        let rows = |count| -> Result<BitMatrix, ModelError> {
            if self.regions.is_empty() {
                return Ok(self.input.some_rows(count, self.options.seed ^ 1));
            }
            let rows = self.input.rows.rows().min(DATA_ROWS);
            let some = self.select(&self.input.some_rows(rows, self.options.seed ^ 1));
            let numbers: Vec<usize> = (0..some.rows()).cycle().take(count).collect();
            Ok(pick(&some, &numbers))
        };
        let Some(saved) = self.input.saved else {
            return Ok(Group {
                name: "training rows".into(),
                visible: rows(chains)?,
            });
        };
        let count = saved.count().min(chains.div_ceil(2));
        let mut visible = BitMatrix::from_tensor(saved.visible.clone().narrow(0, 0, count));
        visible = self.select(&visible);
        visible.append(&rows(chains - visible.rows())?)?;
        Ok(Group {
            name: "the run's own chains and training rows".into(),
            visible,
        })
    }

    /// The way down from chains at data and of the pilot runs, compared with the annealed ones.
    fn other_starts<'g>(
        &self,
        groups: &'g [Group],
        annealed: &Group,
        progress: &mut ProgressFn<'_>,
    ) -> Result<Vec<OtherStart<'g>>, ModelError> {
        let best = &self.choice.best;
        let compared: Vec<Comparison> = groups
            .iter()
            .map(|group| compare(self.input.model, &[group, annealed], self.plan.sweeps))
            .collect();
        // Chains that stayed at data have a shorter way of their own, if that is not the way chosen.
        let own = |k: usize| {
            let at_data = groups[k].name != PILOT_RUNS && !compared[k].agree;
            self.choice.at_data.as_ref().filter(|_| at_data)
        };
        let mut together = BitMatrix::zeros(0, self.input.model.n_visible);
        for (k, group) in groups.iter().enumerate() {
            if own(k).is_none() {
                together.append(&group.visible)?;
            }
        }
        let mut down = match together.rows() {
            0 => Vec::new(),
            _ => self.reverse(best, &together, 0, progress)?,
        };
        let mut starts = Vec::new();
        for (k, (group, comparison)) in groups.iter().zip(&compared).enumerate() {
            let weights = match own(k) {
                Some(base) => {
                    let down = self.reverse(base, &group.visible, 1, progress)?;
                    let estimate = self.estimate(Direction::Reverse, base, &down)?;
                    ReverseWeights::OwnPath(estimate.value)
                }
                None => {
                    let rest = down.split_off(group.visible.rows());
                    ReverseWeights::SamePath(std::mem::replace(&mut down, rest))
                }
            };
            starts.push(OtherStart {
                name: &group.name,
                comparison: comparison.clone(),
                weights,
            });
        }
        Ok(starts)
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
