//! How well a model describes data.

pub mod kept;
pub mod likelihood_row;
pub mod snapshots;

use crate::data::{BinaryDataset, BitMatrix};
use rbm_model::partition::{
    self, BasinShare, Bennett, BracketInput, BracketOptions, BracketPlan, ENUMERATION_LIMIT,
    Enumeration, Estimate, LnZBracket, Verdict,
};
use rbm_model::progress::ProgressFn;
use rbm_model::pseudo_likelihood::describe_rows;
use rbm_model::sampling::Chains;
use rbm_model::{Rbm, numeric};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Rows taken to the device at a time.
const CHUNK: usize = 1000;
/// Parts of what is left of a budget that are tried before all of it.
const FIRST_PARTS: [f64; 2] = [0.03, 0.15];
/// Terms that an exact sum may have where nobody asked for one.
const QUICK_TERMS: f64 = (1u64 << 28) as f64;
/// Up to this many softplus evaluations the pseudo-likelihood takes in all units.
const ALL_UNITS_LIMIT: f64 = 1e9;

/// The largest small layer whose states are enumerated, where nobody asked for it, in a model of n x m units: the sum takes a
/// second or two.
pub fn quick_exact_limit(n: usize, m: usize) -> usize {
    let large = n.max(m).max(1) as f64;
    ((QUICK_TERMS / large).log2().floor().max(0.0) as usize).min(ENUMERATION_LIMIT)
}

/// What `evaluate` measures. Likelihoods and energies in nats per row.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// Name of the data set.
    pub dataset: String,
    /// ln Z.
    pub ln_z: Estimates,
    /// Mean log-likelihood of the test rows (training rows if there are none).
    pub log_likelihood: Estimates,
    /// Training rows.
    pub train: Part,
    /// Held-out rows, if there are any.
    pub test: Option<Part>,
}

/// One quantity by each method, in nats; absent where a method was not used. Log-likelihoods are
/// means over rows, and their bounds are the other way round: AIS gives them from above.
#[derive(Debug, Clone, Serialize)]
pub struct Estimates {
    /// By enumeration of the smaller layer.
    pub exact: Option<f64>,
    /// Annealing from independent units to the model.
    pub ais: Option<Estimate>,
    /// Annealing from samples of the model to independent units.
    pub reverse_ais: Option<Estimate>,
    /// Both combined by Bennett's acceptance ratio.
    pub bar: Option<Bennett>,
    /// Lowest and highest value by everything known, of annealing; see
    /// [`rbm_model::partition::Bracket::range`].
    pub range: Option<[f64; 2]>,
    /// Separate basins that ln Z is the sum of, beside the rest.
    pub basins: Vec<BasinShare>,
    /// How far to trust them.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// What annealing took.
    pub annealing: Option<BracketPlan>,
}

impl Estimates {
    /// The best single value: exact, else both directions combined, else forward.
    pub fn best(&self) -> Option<f64> {
        self.exact
            .or(self.bar.as_ref().map(|bar| bar.value))
            .or(self.ais.as_ref().map(|ais| ais.value))
    }

    /// ln Z turned into the mean log-likelihood -F - ln Z of rows with mean free energy F.
    fn log_likelihood(&self, free_energy: f64) -> Self {
        let at = |ln_z: f64| -free_energy - ln_z;
        let swapped = |[low, high]: [f64; 2]| [at(high), at(low)];
        let (verdict, objection) = self.verdict.of_log_likelihood(free_energy);
        let estimate = |e: &Estimate| Estimate {
            value: at(e.value),
            interval: swapped(e.interval),
            ..e.clone()
        };
        Self {
            exact: self.exact.map(at),
            ais: self.ais.as_ref().map(estimate),
            reverse_ais: self.reverse_ais.as_ref().map(estimate),
            bar: self.bar.as_ref().map(|bar| Bennett {
                value: at(bar.value),
                interval: swapped(bar.interval),
                standard_error: bar.standard_error,
            }),
            range: self.range.map(swapped),
            basins: self.basins.clone(),
            verdict,
            reason: objection.unwrap_or_else(|| self.reason.clone()),
            annealing: self.annealing,
        }
    }
}

/// One part of the data.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// Number of rows.
    pub rows: usize,
    /// Mean log-likelihood, by the best estimate of ln Z; see [`Evaluation::log_likelihood`] for its verdict.
    pub log_likelihood: Option<f64>,
    /// Mean pseudo-log-likelihood.
    pub pseudo_log_likelihood: Mean,
    /// Mean squared difference of v and p(v | p(h | v)), per unit.
    pub reconstruction_error: f64,
    /// Mean free energy.
    pub free_energy: f64,
    /// Its standard error over rows, and that of the log-likelihood for a given ln Z: how far the mean over other rows
    /// of the same source may lie. NaN (null) of one row.
    pub free_energy_error: f64,
}

/// A mean over rows.
#[derive(Debug, Clone, Serialize)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error over rows.
    pub standard_error: f64,
    /// Units drawn per row, or all of them.
    pub units_per_row: usize,
}

/// How to evaluate.
#[derive(Debug, Clone, Copy)]
pub struct EvaluationOptions {
    /// Units drawn per row for the pseudo-likelihood, where all are too many.
    pub units: usize,
    /// How to anneal. A budget is for the whole evaluation.
    pub annealing: BracketOptions,
    /// Anneal models that are enumerated, too.
    pub always_anneal: bool,
    /// Within a budget, stop at a bracket of ln Z that is as narrow as this, in nats.
    pub precision: f64,
}

/// Evaluates a model on both parts of a data set; `saved` are chains that its run kept.
///
/// # Errors
/// [`rbm_model::ModelError`] if the model holds values that are not finite or too large.
pub fn evaluate(
    rbm: &Rbm,
    data: &BinaryDataset,
    saved: Option<&Chains>,
    options: &EvaluationOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<Evaluation, rbm_model::ModelError> {
    let began = Instant::now();
    let parameters = rbm.parameters()?;
    let units = options.units;
    // First, so that a budget takes account of it.
    let mut train = part(rbm, &data.train, units)?;
    let mut test = match data.test.rows() {
        0 => None,
        _ => Some(part(rbm, &data.test, units)?),
    };
    let small = parameters.n_visible.min(parameters.n_hidden);
    let exact = match small <= ENUMERATION_LIMIT {
        true => Some(Enumeration::new(&parameters)?.ln_z()),
        false => None,
    };
    let device = rbm.device();
    let annealed = match exact.is_none() || options.always_anneal {
        true => {
            let input = BracketInput {
                model: &parameters,
                device: &device,
                rows: &data.train,
                saved,
            };
            let left = |all: Duration| all.saturating_sub(began.elapsed());
            let with_budget = |budget| BracketOptions {
                budget,
                ..options.annealing
            };
            let mut found = None;
            // A small part of the time is often enough; what it took is lost where it is not.
            if let Some(all) = options.annealing.budget {
                for part in FIRST_PARTS {
                    let some = with_budget(Some(left(all).mul_f64(part)));
                    let bracket = partition::bracket(&input, &some, progress)?;
                    let [low, high] = bracket.bracket.range();
                    if bracket.bracket.verdict == Verdict::Bracketed
                        && high - low <= options.precision
                    {
                        found = Some(bracket);
                        break;
                    }
                }
            }
            Some(match found {
                Some(bracket) => bracket,
                None => {
                    let all = with_budget(options.annealing.budget.map(left));
                    partition::bracket(&input, &all, progress)?
                }
            })
        }
        false => None,
    };
    let ln_z = combine(exact, annealed, small);
    for part in [Some(&mut train), test.as_mut()].into_iter().flatten() {
        part.log_likelihood = ln_z.best().map(|ln_z| -part.free_energy - ln_z);
    }
    let free_energy = test.as_ref().unwrap_or(&train).free_energy;
    Ok(Evaluation {
        dataset: data.name.clone(),
        log_likelihood: ln_z.log_likelihood(free_energy),
        ln_z,
        train,
        test,
    })
}

/// Enumeration goes before annealing.
fn combine(exact: Option<f64>, annealed: Option<LnZBracket>, small: usize) -> Estimates {
    let exact_reason = || format!("enumeration of 2^{small} states");
    match annealed {
        Some(LnZBracket { bracket, plan }) => Estimates {
            exact,
            verdict: exact.map_or(bracket.verdict, |_| Verdict::Exact),
            range: Some(bracket.range()),
            reason: exact.map_or(bracket.reason, |_| exact_reason()),
            ais: Some(bracket.ais),
            reverse_ais: bracket.reverse_ais,
            bar: bracket.bar,
            basins: bracket.basins,
            annealing: Some(plan),
        },
        None => Estimates {
            exact,
            ais: None,
            reverse_ais: None,
            bar: None,
            range: None,
            basins: Vec::new(),
            verdict: Verdict::Exact,
            reason: exact_reason(),
            annealing: None,
        },
    }
}

fn part(rbm: &Rbm, data: &BitMatrix, units: usize) -> Result<Part, rbm_model::ModelError> {
    let (rows, n) = (data.rows(), data.columns());
    let work = rows as f64 * n as f64 * rbm.n_hidden() as f64;
    let units = match work <= ALL_UNITS_LIMIT {
        true => n,
        false => units.min(n),
    };
    let mut pseudo = Vec::with_capacity(rows);
    let mut free_energy = Vec::with_capacity(rows);
    let mut error = 0.0;
    for first in (0..rows).step_by(CHUNK) {
        let some = data.slice(first..rows.min(first + CHUNK));
        let values = describe_rows(rbm, &some, units, first)?;
        pseudo.extend(values.pseudo_log_likelihood);
        free_energy.extend(values.free_energy);
        error += values.reconstruction_error.iter().sum::<f64>();
    }
    let count = rows as f64;
    let standard_error = |values: &[f64]| (numeric::variance(values) / count).sqrt();
    Ok(Part {
        rows,
        log_likelihood: None,
        pseudo_log_likelihood: Mean {
            value: numeric::mean(&pseudo),
            standard_error: standard_error(&pseudo),
            units_per_row: units,
        },
        reconstruction_error: error / count,
        free_energy: numeric::mean(&free_energy),
        free_energy_error: standard_error(&free_energy),
    })
}
