//! ln Z of a model with data: pilot runs, the choice of a base, both directions, the verdict.

use super::base_choice::{PILOTS, PilotedBase, choose_base};
use super::basin_runs;
use super::basins::{self, Basins};
use super::bracket::{Bracket, LEAST_FRACTION};
use super::bracket_input::BracketInput;
use super::bracket_options::BracketOptions;
use super::bracket_plan::{self, BracketPlan};
use super::combined::combine;
use super::equilibrium::FEWEST_CHAINS;
use super::estimate::{Direction, Estimate};
use super::forward_and_reverse::ForwardAndReverse;
use super::pilot::pilot;
use crate::error::ModelError;
use crate::noise::stream;
use crate::progress::ProgressFn;
use std::time::Instant;

/// A bracket, with the work that led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct LnZBracket {
    /// Both sides and the verdict.
    pub bracket: Bracket,
    /// What was done.
    pub plan: BracketPlan,
}

/// Brackets ln Z, in nats: annealing up from independent units, and down from samples.
///
/// ```text
/// <ln Z by AIS> <= ln Z <= <ln Z by reverse AIS>
/// ```
///
/// Pilot runs choose the independent units, space the temperatures, and tell how many of them fit
/// into the budget, if there is one; where few of the chains would count, half of them, or fewer, take more temperatures at the same
/// cost. Samples for the way down come from data (rows and saved chains), from
/// the pilot runs, and from annealing, after Gibbs sweeps of all; the verdict says which count, and why.
/// Basins that these runs hardly reach are found by mean-field descent from data rows, samples, uniform starts and
/// weights. Up to four separate ones that hold 0.1% of Z or more get annealing of their own, with a quarter of the temperatures and
/// at most 100 chains in each direction, and ln Z is the log-sum-exp of the parts.
///
/// `progress` is told of pilot runs and of the temperatures of either direction.
///
/// Where the mass is shared by places that few chains reach, so that nothing does better than all states
/// alike, and that with an effective sample size below 10% (expected from its pilot run, or found), there is
/// no way down worth going: the estimate is then that of one more pilot run, with the work that is left.
///
/// The same inputs and options without a budget give the same bytes on every machine whose devices round
/// alike, for any number of threads. Cost: about 4 `chains` x `temperatures` x 2 N M, pilot runs besides.
///
/// # Validity
/// The lower side holds on average for any model and any amount of work (E\[Z\] is exact). The upper side needs
/// samples from equilibrium, which no finite test proves: a verdict of
/// [`Bracketed`](super::Verdict::Bracketed) is about the modes that pilot runs, data, weights or annealing found.
///
/// Sources: R. M. Neal, Stat. Comput. 11, 125 (2001), doi:10.1023/A:1008923215028 (AIS); Y. Burda,
/// R. B. Grosse and R. Salakhutdinov, AISTATS (2015), arXiv:1412.8566 (reverse AIS); R. B. Grosse,
/// Z. Ghahramani and R. P. Adams, arXiv:1511.02543 (2015) (both together).
///
/// # Errors
/// [`ModelError::Shape`] for rows or saved chains of another width than the model,
/// [`ModelError::Annealing`] without rows, and for parameters that are not finite or so large that weights overflow.
///
/// # Examples
/// A model whose ln Z is also known exactly:
///
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{BitMatrix, RbmConfig};
/// use rbm_model::partition::{
///     BracketInput, BracketOptions, Enumeration, Verdict, bracket,
/// };
/// use rbm_model::progress::ignore_progress;
///
/// let device = Device::flex();
/// let model = RbmConfig::new(12, 8).with_weight_std(0.5).init(&device)?.parameters()?;
/// // Ten rows of data, half of them with all units off and half with all on.
/// let rows = BitMatrix::from_fn(10, 12, |row, _| row >= 5);
/// let input = BracketInput { model: &model, device: &device, rows: &rows, saved: None };
/// let options = BracketOptions { temperatures: 500, ..BracketOptions::default() };
///
/// let found = bracket(&input, &options, &mut ignore_progress)?.bracket;
/// let [low, high] = found.range();
/// let exact = Enumeration::new(&model)?.ln_z();
/// assert_eq!(found.verdict, Verdict::Bracketed, "{}", found.reason);
/// assert!(low < exact && exact < high && high - low < 0.5);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn bracket(
    input: &BracketInput<'_>,
    options: &BracketOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<LnZBracket, ModelError> {
    input.check()?;
    let began = Instant::now();
    let left = || {
        options
            .budget
            .map(|all| all.saturating_sub(began.elapsed()))
    };
    let chains = options.chains.max(2);
    let length = bracket_plan::pilot_temperatures(input, options, chains, left())?;
    let each = (chains.max(FEWEST_CHAINS), length);
    let choice = choose_base(input, options, each, |done| progress("pilot", done, PILOTS))?;
    let best = &choice.best;
    let piloted = began.elapsed().as_secs_f64();
    let basins = basins::find(input, options, &choice)?;
    let temperatures = match left() {
        Some(left) => {
            let runs = bracket_plan::pilot_runs(options);
            let seconds = piloted / (runs * length as f64);
            let basins = basin_runs::runs(basins.separate.len(), chains);
            bracket_plan::affordable(left, seconds, basins)
        }
        None if options.fewer => {
            bracket_plan::needed(&best.pilot, length).min(options.temperatures)
        }
        None => options.temperatures,
    }
    .max(1);
    let asked = (chains, temperatures);
    let (chains, temperatures) = bracket_plan::fewer_chains(&best.pilot, length, asked);
    let options = &BracketOptions { chains, ..*options };
    let plan = BracketPlan::both_directions(chains, temperatures, best.name);
    let mut work = bracket_plan::RUNS;
    let expected = bracket_plan::expected_fraction(&best.pilot, length, temperatures);
    if !best.is_uniform() || expected >= LEAST_FRACTION {
        let runs = ForwardAndReverse {
            input,
            options,
            choice: &choice,
            plan,
            regions: &basins.regions,
        };
        if let Some(rest) = runs.run(progress)? {
            let bracket = with_basins(rest, &basins, input, options, temperatures)?;
            return Ok(LnZBracket { bracket, plan });
        }
        work -= 1.0;
    }
    let population = options.pilot_population.max(1) * each.0;
    let temperatures = (work * (temperatures * chains) as f64 / population as f64) as usize;
    progress("population annealing", 0, 1);
    forward_only(best, input, (population, temperatures.max(length)), options)
}

/// The bracket of all states, from that of the rest and runs for each basin that is separate.
fn with_basins(
    rest: Bracket,
    basins: &Basins,
    input: &BracketInput<'_>,
    options: &BracketOptions,
    temperatures: usize,
) -> Result<Bracket, ModelError> {
    let estimates = basins.separate.iter().enumerate().map(|(number, basin)| {
        let basin = (basin, &basins.regions, number);
        basin_runs::estimate(input, options, basin, temperatures)
    });
    let estimates = estimates.collect::<Result<Vec<_>, _>>()?;
    Ok(combine(rest, estimates, basins))
}

/// The estimate of a large population from the base that was chosen.
fn forward_only(
    base: &PilotedBase,
    input: &BracketInput<'_>,
    (chains, temperatures): (usize, usize),
    options: &BracketOptions,
) -> Result<LnZBracket, ModelError> {
    let mut noise = options.noise(stream::ANNEALING);
    // Beyond the numbers by which the pilot runs drew their chains again.
    noise.first_step += 1 << 23;
    let run = pilot(&base.path, input.device, chains, temperatures, noise)?;
    let (up, ln_z) = (Direction::Forward, base.base.ln_z());
    let ais = Estimate::new(up, ln_z, &run.log_weights, temperatures, options.seed)?;
    Ok(LnZBracket {
        bracket: Bracket::forward_only(ais),
        plan: BracketPlan {
            chains,
            temperatures,
            sweeps: 0,
            start: base.name,
        },
    })
}

#[cfg(test)]
#[path = "ln_z_bracket_tests.rs"]
mod tests;
