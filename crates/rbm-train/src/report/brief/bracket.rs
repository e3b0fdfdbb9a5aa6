//! The log-likelihood on the page: what the run keeps of `evaluate`, or a bracket of little work.

use crate::checkpoint::{Checkpoint, Manifest, RunDir};
use crate::data::BinaryDataset;
use crate::evaluation::kept::Kept;
use crate::evaluation::{self, EvaluationOptions};
use crate::learner::ChainCount;
use crate::progress::with_progress;
use crate::settings::Settings;
use rbm_model::partition::{BracketOptions, ENUMERATION_LIMIT};
use rbm_model::{Parameters, Rbm};
use std::time::Instant;

/// The part of the work of training that a bracket for the page may take.
const PART_OF_TRAINING: f64 = 0.2;
/// Chains in each direction.
const CHAINS: usize = 100;
/// What a temperature costs in sweeps of all chains: up, down with more chains, sweeps between, and pilot runs.
const SWEEPS_PER_TEMPERATURE: f64 = 6.2;
/// Temperatures with fewer of which no bracket is tried, and with more of which none is needed.
const TEMPERATURES: [usize; 2] = [200, 10_000];
/// Products with the weights for each row that an evaluation describes.
const PRODUCTS_PER_ROW: f64 = 3.0;
/// Multiplications that describing the rows may take beside an exact sum.
const ROWS_BESIDE_EXACT: f64 = 2.5e10;

/// The evaluation that the run keeps, or a new one where that costs little beside training.
///
/// Its effort follows from the settings and the updates made, never from a clock: the same run has the same page.
pub fn evaluation(
    run: &RunDir,
    manifest: &Manifest,
    model: &Parameters,
    data: Option<&BinaryDataset>,
) -> anyhow::Result<Option<Kept>> {
    if let Some(kept) = Kept::read(run, manifest.step) {
        return Ok(Some(kept));
    }
    let Some(data) = data else { return Ok(None) };
    let (n, m) = (model.n_visible, model.n_hidden);
    let rows = data.train.rows() + data.test.rows();
    let describing = PRODUCTS_PER_ROW * rows as f64;
    let exact = n.min(m) <= evaluation::quick_exact_limit(n, m)
        && describing * n as f64 * m as f64 <= ROWS_BESIDE_EXACT;
    let affordable = temperatures(&run.settings()?, manifest.step, describing);
    let temperatures = match affordable {
        _ if exact => TEMPERATURES[0],
        // The evaluation would sum over all states, which takes longer.
        Some(_) if n.min(m) <= ENUMERATION_LIMIT => return Ok(None),
        Some(temperatures) => temperatures,
        None => return Ok(None),
    };
    let began = Instant::now();
    let device = crate::measure::device()?;
    let rbm = Rbm::from_parameters(model, &device);
    let saved = Checkpoint::open(&run.state_path())?.chains(&device)?;
    let options = EvaluationOptions {
        units: 8,
        annealing: BracketOptions {
            chains: CHAINS,
            temperatures,
            seed: manifest.seed,
            ..BracketOptions::MODEL
        },
        always_anneal: false,
        precision: 0.0,
    };
    let evaluation = with_progress(|progress| {
        evaluation::evaluate(&rbm, data, saved.as_ref(), &options, progress)
    })?;
    let kept = Kept::new(&evaluation, manifest.step, began.elapsed().as_secs_f64());
    // A run that cannot be written to can still be looked at.
    if let Err(error) = kept.write(run) {
        tracing::warn!("the evaluation is not kept: {error}");
    }
    Ok(Some(kept))
}

/// Temperatures that cost a part of the training, `describing` being the products with the weights that the rest of
/// the evaluation takes; `None` where too few are left.
///
/// An update multiplies each row of its batch twice with the weights (hidden units, gradient), each state of its chains
/// twice per sweep and once more for the gradient. A sweep of annealing takes two products.
fn temperatures(settings: &Settings, updates: u64, describing: f64) -> Option<usize> {
    let (batch, learner) = (settings.training.batch_size, &settings.learner);
    let known = learner.kind.registration();
    let chains = match learner.chains {
        ChainCount::Count(count) if !known.from_batch => count,
        _ => batch,
    };
    let levels = match known.unused.contains(&"learner.levels") {
        true => 1,
        false => learner.levels,
    };
    let sweeps = 2.0 * (learner.gibbs_steps * levels) as f64 + 1.0;
    let products = updates as f64 * (2.0 * batch as f64 + sweeps * chains as f64);
    let left = PART_OF_TRAINING * products - describing;
    let count = left / (2.0 * SWEEPS_PER_TEMPERATURE * CHAINS as f64);
    (count >= TEMPERATURES[0] as f64).then(|| (count as usize).min(TEMPERATURES[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effort_of_a_bracket_is_a_part_of_that_of_training() {
        let settings = Settings::default();
        let of = |updates| temperatures(&settings, updates, 0.0);
        // 500 products with the weights an update, 1240 a temperature.
        assert_eq!(of(12_400), Some(1000));
        assert_eq!(of(1240), None);
        assert_eq!(of(1 << 40), Some(TEMPERATURES[1]));
        assert_eq!(temperatures(&settings, 12_400, 620_000.0), Some(500));
    }
}
