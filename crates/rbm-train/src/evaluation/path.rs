//! Brackets of the likelihood along a run.

use super::annealing::{AnnealingOptions, Show, bracket};
use super::history::{LikelihoodRow, mean_free_energy};
use crate::checkpoint::RunDir;
use crate::data::BinaryDataset;
use burn::tensor::Device;
use rbm_model::sampling::Chains;
use rbm_model::{ModelError, Parameters};

/// Brackets ln Z of all snapshots of a run, each annealed by itself.
///
/// A [`rbm_model::estimate::Trajectory`] would take each from the one before; but where models that
/// follow each other differ by many nats, as they do in fast training, its errors add up to more than
/// annealing each at the same cost leaves.
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
    for (index, step) in steps.iter().enumerate() {
        show("snapshots", index, steps.len());
        let model = run.snapshot(*step)?;
        let epoch = *step as f64 / updates_per_epoch;
        rows.push(measure(
            &model,
            device,
            data,
            None,
            (*step, epoch),
            options,
        )?);
    }
    Ok(rows)
}

/// Brackets one model of a run; `at` is its update and epoch, `saved` are the learner's chains.
///
/// # Errors
/// As [`bracket`].
pub fn measure(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    saved: Option<&Chains>,
    (step, epoch): (u64, f64),
    options: &AnnealingOptions,
) -> Result<LikelihoodRow, ModelError> {
    let options = AnnealingOptions {
        // Room for 2^24 temperatures at each update.
        first_step: step << 24,
        ..*options
    };
    let (found, chosen) = bracket(model, device, data, saved, &options, &mut |_, _, _| {})?;
    let (Some(reverse), Some(bar)) = (&found.reverse_ais, &found.bar) else {
        unreachable!("a bracket with samples has both sides")
    };
    let likelihood = |part| Some(-mean_free_energy(model, device, part)? - bar.value);
    let fractions = (found.ais.effective_fraction, reverse.effective_fraction);
    Ok(LikelihoodRow {
        step,
        epoch,
        ln_z_ais: found.ais.value,
        ln_z_reverse_ais: reverse.value,
        ln_z_bar: bar.value,
        standard_error: bar.standard_error,
        effective_fraction: fractions.0.min(fractions.1),
        temperatures: chosen.temperatures,
        train_log_likelihood: likelihood(&data.train).unwrap_or(f64::NAN),
        test_log_likelihood: likelihood(&data.test),
        verdict: found.verdict.to_string(),
    })
}
