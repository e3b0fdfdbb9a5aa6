//! Brackets of the likelihood along a run.

use super::annealing::{Annealed, AnnealingOptions, Show, bracket};
use super::history::{LikelihoodRow, mean_free_energy};
use crate::checkpoint::RunDir;
use crate::data::BinaryDataset;
use burn::tensor::Device;
use rbm_model::sampling::Chains;
use rbm_model::{ModelError, Parameters};

/// Chains where none are asked for.
pub const CHAINS: usize = 64;
/// Most temperatures of a snapshot where none are asked for.
pub const TEMPERATURES: usize = 1000;

/// Brackets ln Z of all snapshots of a run, each from the last: where annealing to a snapshot may
/// begin is learned from the samples of the one before, see [`bracket`].
///
/// Annealing goes from independent units to each snapshot. The way from snapshot to snapshot would be
/// the longer one: learning is a walk with noise, and models 600 updates apart at a learning rate
/// of 0.05 leave more work between them than a model and independent units at its means.
///
/// # Errors
/// A snapshot that cannot be read, or a model that is not finite.
pub fn follow(
    run: &RunDir,
    device: &Device,
    data: &BinaryDataset,
    updates_per_epoch: f64,
    options: &AnnealingOptions,
    show: &mut Show<'_>,
) -> anyhow::Result<Vec<LikelihoodRow>> {
    let steps = run.snapshot_steps()?;
    let mut rows = Vec::with_capacity(steps.len());
    let mut samples = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        show("snapshots", index, steps.len());
        let model = run.snapshot(*step)?;
        let options = at(*step, options);
        let mut quiet = |_: &str, _, _| {};
        let found = bracket(&model, device, data, None, &samples, &options, &mut quiet)?;
        let epoch = *step as f64 / updates_per_epoch;
        rows.push(row(&model, device, data, &found, (*step, epoch)));
        samples = found.samples;
    }
    Ok(rows)
}

/// Brackets one model of a run; `moment` is its update and epoch, `saved` are the learner's chains.
///
/// # Errors
/// As [`bracket`].
pub fn measure(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    saved: Option<&Chains>,
    moment: (u64, f64),
    options: &AnnealingOptions,
) -> Result<LikelihoodRow, ModelError> {
    let options = at(moment.0, options);
    let mut quiet = |_: &str, _, _| {};
    let found = bracket(model, device, data, saved, &[], &options, &mut quiet)?;
    Ok(row(model, device, data, &found, moment))
}

/// The options at an update: noise of its own, with room for 2^24 temperatures.
fn at(step: u64, options: &AnnealingOptions) -> AnnealingOptions {
    AnnealingOptions {
        first_step: step << 24,
        ..*options
    }
}

fn row(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    annealed: &Annealed,
    (step, epoch): (u64, f64),
) -> LikelihoodRow {
    let found = &annealed.bracket;
    let (Some(reverse), Some(bar)) = (&found.reverse_ais, &found.bar) else {
        unreachable!("a bracket with samples has both sides")
    };
    let likelihood = |part| Some(-mean_free_energy(model, device, part)? - bar.value);
    let fractions = (found.ais.effective_fraction, reverse.effective_fraction);
    LikelihoodRow {
        step,
        epoch,
        ln_z_ais: found.ais.value,
        ln_z_reverse_ais: reverse.value,
        ln_z_bar: bar.value,
        standard_error: bar.standard_error,
        effective_fraction: fractions.0.min(fractions.1),
        temperatures: annealed.chosen.temperatures,
        train_log_likelihood: likelihood(&data.train).unwrap_or(f64::NAN),
        test_log_likelihood: likelihood(&data.test),
        verdict: found.verdict.to_string(),
        reason: found.reason.clone(),
    }
}
