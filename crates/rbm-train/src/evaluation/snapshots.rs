//! Brackets of the likelihood along a run.

use super::likelihood_row::{LikelihoodRow, mean_free_energy};
use crate::checkpoint::RunDir;
use crate::data::BinaryDataset;
use burn::tensor::Device;
use rbm_model::partition::{BracketInput, BracketOptions, Estimate, LnZBracket, bracket};
use rbm_model::progress::{ProgressFn, ignore_progress};
use rbm_model::sampling::Chains;
use rbm_model::{ModelError, Parameters};

/// Snapshots where no number is asked for: with the default run they cost about as much as its training.
pub const SNAPSHOTS: usize = 12;

/// Brackets ln Z of `count` of a run's snapshots, or of all if there are fewer: the first, the last and
/// others evenly between.
///
/// Annealing goes from independent units to each snapshot. The way from snapshot to snapshot would be
/// the longer one: learning is a walk with noise, and models 600 updates apart at a learning rate
/// of 0.05 leave more work between them than a model and independent units at its means.
///
/// # Errors
/// A snapshot that cannot be read, or a model that is not finite.
pub fn bracket_snapshots(
    run: &RunDir,
    device: &Device,
    data: &BinaryDataset,
    updates_per_epoch: f64,
    count: usize,
    options: &BracketOptions,
    progress: &mut ProgressFn<'_>,
) -> anyhow::Result<Vec<LikelihoodRow>> {
    let steps = evenly(&run.snapshot_steps()?, count);
    let mut rows = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        progress("snapshots", index, steps.len());
        let model = run.snapshot(*step)?;
        let moment = (*step, *step as f64 / updates_per_epoch);
        rows.push(bracket_model(&model, device, data, None, moment, options)?);
    }
    Ok(rows)
}

/// `count` of the steps, at least two, evenly by their place in the list.
fn evenly(steps: &[u64], count: usize) -> Vec<u64> {
    let (all, count) = (steps.len(), count.max(2));
    if all <= count {
        return steps.to_vec();
    }
    (0..count)
        .map(|k| steps[k * (all - 1) / (count - 1)])
        .collect()
}

/// Brackets one model of a run; `moment` is its update and epoch, `saved` are the learner's chains.
///
/// # Errors
/// As [`bracket()`].
pub fn bracket_model(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    saved: Option<&Chains>,
    moment: (u64, f64),
    options: &BracketOptions,
) -> Result<LikelihoodRow, ModelError> {
    let options = at(moment.0, options);
    let input = BracketInput {
        model,
        device,
        rows: &data.train,
        saved,
    };
    let found = bracket(&input, &options, &mut ignore_progress)?;
    Ok(row(model, device, data, &found, moment))
}

/// The options at an update: noise of its own, with room for 2^24 temperatures.
fn at(step: u64, options: &BracketOptions) -> BracketOptions {
    BracketOptions {
        first_step: step << 24,
        ..*options
    }
}

fn row(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    annealed: &LnZBracket,
    (step, epoch): (u64, f64),
) -> LikelihoodRow {
    let found = &annealed.bracket;
    let (ln_z, [low, high]) = (found.best(), found.range());
    let [train, test] = [&data.train, &data.test].map(|part| mean_free_energy(model, device, part));
    // Both parts are quoted, so the part that is no number decides.
    let worst = [train, test].into_iter().flatten().find(|f| !f.is_finite());
    let (verdict, objection) = found.verdict.of_log_likelihood(worst.unwrap_or(0.0));
    let [from, to] = found.ais.interval;
    let standard_error = found
        .bar
        .as_ref()
        .map_or((to - from) / 3.92, |bar| bar.standard_error);
    let reverse = found.reverse_ais.as_ref();
    let fraction = |e: &Estimate| e.effective_fraction;
    LikelihoodRow {
        step,
        epoch,
        ln_z,
        standard_error,
        ln_z_low: low,
        ln_z_high: high,
        ln_z_ais: found.ais.value,
        ln_z_reverse_ais: reverse.map(|e| e.value),
        effective_fraction: reverse.map_or(1.0, fraction).min(fraction(&found.ais)),
        temperatures: annealed.plan.temperatures,
        train_log_likelihood: train.map_or(f64::NAN, |f| -f - ln_z),
        test_log_likelihood: test.map(|f| -f - ln_z),
        verdict: verdict.to_string(),
        reason: objection.unwrap_or_else(|| found.reason.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_snapshot_are_among_those_chosen() {
        let steps: Vec<u64> = (0..75).collect();
        let chosen = evenly(&steps, 24);
        assert_eq!((chosen.len(), chosen[0], chosen[23]), (24, 0, 74));
        assert!(
            chosen
                .windows(2)
                .all(|pair| (3..=4).contains(&(pair[1] - pair[0])))
        );
        assert_eq!(evenly(&steps, 1), [0, 74]);
        assert_eq!(evenly(&steps[..3], 24), [0, 1, 2]);
        assert!(evenly(&[], 24).is_empty());
    }
}
