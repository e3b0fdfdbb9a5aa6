//! ln Z along a sequence of models, such as the snapshots of a run.

use super::anneal::{Start, anneal, quiet};
use super::bennett::bennett;
use super::equilibrium::{pick, resample, sweep};
use super::path::{Base, Noise, Path};
use super::schedule::{linear, variance};
use super::weights::{Direction, Estimate};
use crate::error::ModelError;
use crate::parameters::Parameters;
use crate::sampling::stream;
use burn::tensor::Device;
use serde::Serialize;

/// Times that the number of temperatures of a step is raised.
const ATTEMPTS: u64 = 20;

/// How a [`Trajectory`] goes from model to model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrajectoryOptions {
    /// Chains.
    pub chains: usize,
    /// Temperatures of a step at first.
    pub least_temperatures: usize,
    /// Temperatures of a step at most.
    pub most_temperatures: usize,
    /// Temperatures are raised until the standard deviation of ln w is below this.
    pub spread: f64,
    /// Gibbs sweeps at each model, before the way back.
    pub sweeps: usize,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for TrajectoryOptions {
    fn default() -> Self {
        Self {
            chains: 200,
            least_temperatures: 50,
            most_temperatures: 2000,
            spread: 0.8,
            sweeps: 100,
            seed: 0,
        }
    }
}

/// ln Z of one model of the sequence, in nats, with errors gathered since its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Step {
    /// Sum of the forward estimates: E\[Z\] is exact, ln Z low on average.
    pub ais: f64,
    /// Sum of the reverse estimates: high on average, if the chains keep to equilibrium.
    pub reverse_ais: f64,
    /// Sum of Bennett's estimates.
    pub bar: f64,
    /// Standard error of `bar`: the root of the sum of the squares of all steps. Correlation
    /// between steps, by modes that relax more slowly than `sweeps`, is not in it.
    pub standard_error: f64,
    /// The smaller effective fraction of this step's two directions.
    pub effective_fraction: f64,
    /// Temperatures of this step.
    pub temperatures: usize,
}

/// ln Z followed from independent units through a sequence of models, each from the one before.
///
/// The chains go along: annealed from model to model in few temperatures, drawn again by their
/// weights (sequential Monte Carlo), swept, and annealed back for the reverse estimate. As models that
/// follow each other in training differ little, this costs far less than annealing each from
/// the start, and the chains pass through the transitions of the model as it learned them.
///
/// Sources: P. Del Moral, A. Doucet and A. Jasra, J. R. Stat. Soc. B 68, 411 (2006),
/// doi:10.1111/j.1467-9868.2006.00553.x; annealing along training: N. Bereux, A. Decelle, C. Furtlehner,
/// L. Rosset and B. Seoane, arXiv:2405.15376.
pub struct Trajectory {
    options: TrajectoryOptions,
    device: Device,
    base: Base,
    /// The last model with its chains; none before the first one.
    last: Option<(Parameters, Vec<f32>)>,
    sums: [f64; 3],
    variance: f64,
    index: u64,
}

impl Trajectory {
    /// Begins at independent units.
    pub fn new(base: Base, device: Device, options: TrajectoryOptions) -> Self {
        Self {
            sums: [base.ln_z(); 3],
            options,
            device,
            base,
            last: None,
            variance: 0.0,
            index: 0,
        }
    }

    /// Goes on to the next model.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if it has another shape than the one before, and as
    /// [`anneal()`].
    pub fn advance(&mut self, model: &Parameters) -> Result<Step, ModelError> {
        let o = self.options;
        let noise = |stream, attempt: u64| Noise {
            seed: o.seed,
            stream,
            // Room for 2^24 temperatures in each of 2^7 attempts, and for 2^24 models.
            first_step: self.index << 31 | attempt << 24,
        };
        let path = match &self.last {
            None => Path::from_base(&self.base, model)?,
            Some((before, _)) => Path::between(before, model)?,
        };
        let mut temperatures = o.least_temperatures.max(1);
        let mut attempt = 0;
        let (betas, forward) = loop {
            let start = match &self.last {
                None => Start::Independent(o.chains),
                Some((_, visible)) => Start::Visible(visible),
            };
            let betas = linear(temperatures);
            let noise = noise(stream::ANNEALING, attempt);
            let run = anneal(&path, &self.device, &betas, start, noise, &mut quiet)?;
            // The variance falls as the inverse of the number of temperatures, or faster.
            let excess = variance(&run.log_weights) / o.spread.powi(2);
            if excess <= 1.0 || temperatures >= o.most_temperatures || attempt == ATTEMPTS {
                break (betas, run);
            }
            temperatures = (temperatures as f64 * (1.1 * excess).max(1.5)) as usize;
            temperatures = temperatures.min(o.most_temperatures);
            attempt += 1;
        };
        let ancestors = resample(&forward.log_weights, noise(stream::BOOTSTRAP, 0));
        let visible = pick(&forward.visible, &ancestors, o.chains);
        let still = noise(stream::EQUILIBRIUM, 0);
        let visible = sweep(model, &self.device, &visible, o.sweeps, still, &mut quiet)?;
        let down: Vec<f64> = betas.iter().rev().copied().collect();
        let back = noise(stream::ANNEALING_BACK, 0);
        let start = Start::Visible(&visible);
        let reverse = anneal(&path, &self.device, &down, start, back, &mut quiet)?;

        let (w_up, w_down) = (&forward.log_weights, &reverse.log_weights);
        let estimate = |direction, weights: &[f64], families: &[usize]| {
            Estimate::of_families(direction, 0.0, weights, families, temperatures, o.seed)
        };
        let up = estimate(Direction::Forward, w_up, &[])?;
        let down = estimate(Direction::Reverse, w_down, &ancestors)?;
        let both = bennett(0.0, w_up, w_down, &ancestors)?;
        for (sum, change) in self.sums.iter_mut().zip([up.value, down.value, both.value]) {
            *sum += change;
        }
        self.variance += both.standard_error.powi(2);
        self.index += 1;
        self.last = Some((model.clone(), visible));
        let [ais, reverse_ais, bar] = self.sums;
        Ok(Step {
            ais,
            reverse_ais,
            bar,
            standard_error: self.variance.sqrt(),
            effective_fraction: up.effective_fraction.min(down.effective_fraction),
            temperatures,
        })
    }

    /// The chains at the last model, row-major zeros and ones; empty before the first one.
    pub fn visible(&self) -> &[f32] {
        self.last.as_ref().map_or(&[], |(_, visible)| visible)
    }
}
