//! Measures runs, or reads what was measured.

use super::context::{Context, Options};
use super::measurements::Measurements;
use super::probe::Probe;
use super::reference::Reference;
use super::snapshot::{AnnealedLnZ, SnapshotMeasurement};
use super::{cache, history, landscape};
use crate::checkpoint::RunDir;
use crate::evaluation::snapshots::bracket_model;
use crate::progress::Progress;
use crate::settings::TrainingSettings;
use anyhow::Context as _;
use burn::tensor::Device;
use rayon::prelude::*;
use rbm_analysis::ReciprocalSpace;
use rbm_model::partition::BracketOptions;
use rbm_model::{ModelError, Parameters};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Snapshots that chains are run for, at most.
pub const CHECKPOINTS: usize = 8;
/// The first of the log-spaced checkpoints is this part of the run.
const FIRST_PART: f64 = 1.0 / 300.0;

/// Measurements of runs, from their directories where they are up to date, in the order of `runs`.
///
/// Runs are measured in parallel; each data set is loaded once. `probes` are measured of each checkpoint beside all else.
pub fn measure_runs(
    runs: &[RunDir],
    options: Options,
    probes: &[Probe],
) -> Vec<anyhow::Result<Measurements>> {
    let kept: Vec<Option<Measurements>> = runs
        .par_iter()
        .map(|run| cache::read(run, options, probes))
        .collect();
    let missing = kept.iter().filter(|kept| kept.is_none()).count();
    if missing > 0 {
        tracing::info!(
            "measuring the snapshots of {missing} of {} runs",
            runs.len()
        );
    }
    // One loading and one eigenvalue problem per data set, however many runs share it.
    let mut references = BTreeMap::new();
    for (run, kept) in runs.iter().zip(&kept) {
        if kept.is_none()
            && let Ok(manifest) = run.manifest()
        {
            references
                .entry(manifest.dataset_digest)
                .or_insert_with(|| Reference::of_run(run));
        }
    }
    let missing = runs.iter().zip(&kept).filter(|(_, kept)| kept.is_none());
    let steps =
        missing.map(|(run, _)| run.snapshot_steps().map_or(0, |s| s.len().min(CHECKPOINTS)));
    let shown = Mutex::new((Progress::default(), 0));
    let total = steps.sum();
    let tell = || {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.1 += 1;
        let done = shown.1;
        shown.0.show("snapshots measured", done, total);
    };
    let measured = runs
        .par_iter()
        .zip(kept)
        .map(|(run, kept)| match kept {
            Some(measurements) => Ok(measurements),
            None => {
                let manifest = run.manifest()?;
                let measurements = measure(
                    run,
                    &references[&manifest.dataset_digest],
                    options,
                    probes,
                    &tell,
                )
                .with_context(|| format!("cannot measure {}", run.root().display()))?;
                let measurements = cache::as_read(measurements);
                // A run that cannot be written to can still be looked at.
                if let Err(error) = cache::write(run, &measurements, probes) {
                    tracing::warn!("measurements are not kept: {error:#}");
                }
                Ok(measurements)
            }
        })
        .collect();
    shown
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .0
        .finish();
    measured
}

/// Where runs are measured: the first device of this build. That of the run may be on another machine, or gone.
///
/// # Errors
/// [`ModelError::Device`] in a build without any backend of its own.
pub fn device() -> Result<Device, ModelError> {
    rbm_model::device::parse_device(&TrainingSettings::default().device)
}

fn measure(
    run: &RunDir,
    reference: &Result<Reference, String>,
    options: Options,
    probes: &[Probe],
    tell: &(dyn Fn() + Sync),
) -> anyhow::Result<Measurements> {
    let manifest = run.manifest()?;
    let device = device()?;
    let steps = run.snapshot_steps()?;
    let mut notes = Vec::new();
    let reference = match reference {
        Ok(reference) if reference.columns() == manifest.n_visible => Some(reference),
        Ok(_) => {
            notes.push("the data set has another width than the model".to_owned());
            None
        }
        Err(reason) => {
            notes.push(format!("nothing is compared with data: {reason}"));
            None
        }
    };
    let mut result = Measurements {
        n_visible: manifest.n_visible,
        n_hidden: manifest.n_hidden,
        image_shape: manifest.image_shape,
        full: options.full,
        data: reference.is_some(),
        ..Default::default()
    };
    let Some(last_step) = steps.last().copied() else {
        result.notes = vec!["the run has no snapshots".to_owned()];
        return Ok(result);
    };
    result.history = history::measure(run, &steps)?;
    let last = ReciprocalSpace::new(&run.snapshot(last_step)?)?;
    let chosen = spread(&steps, CHECKPOINTS);
    let context = Context {
        device: &device,
        reference,
        last: &last,
        seed: manifest.seed,
        options,
        probes,
    };
    let measured = chosen
        .par_iter()
        .map(|&step| {
            let ends = step == last_step || step == chosen[0];
            let parameters = run.snapshot(step)?;
            let (mut measurement, record) =
                SnapshotMeasurement::new(&context, step, &parameters, ends)?;
            if options.full {
                measurement.annealed = annealed(&parameters, &context, step)?;
            }
            tell();
            Ok((measurement, (step == last_step).then_some(record)))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    for (measurement, record) in measured {
        notes.extend(measurement.notes.iter().cloned());
        if let Some(record) = record {
            let parameters = run.snapshot(last_step)?;
            result.landscape =
                landscape::measure(&parameters, &last, reference, &record, &context)?;
        }
        result.checkpoints.push(measurement);
    }
    result.notes = notes;
    Ok(result)
}

/// A bracket of ln Z by annealing; `None` without data, whose means are the base.
fn annealed(
    parameters: &Parameters,
    context: &Context<'_>,
    step: u64,
) -> anyhow::Result<Option<AnnealedLnZ>> {
    let Some(reference) = context.reference else {
        return Ok(None);
    };
    let options = BracketOptions {
        seed: context.seed,
        ..BracketOptions::REPORT
    };
    let (device, data) = (context.device, reference.dataset());
    let row = bracket_model(parameters, device, data, None, (step, 0.0), &options)?;
    Ok(Some(AnnealedLnZ {
        ais: row.ln_z_ais,
        highest: row.ln_z_high,
        combined: row.ln_z,
        verdict: row.verdict,
    }))
}

/// At most `count` of the steps: the first, the last, and those nearest to log-spaced ones between.
fn spread(steps: &[u64], count: usize) -> Vec<u64> {
    let (Some(&first), Some(&last)) = (steps.first(), steps.last()) else {
        return Vec::new();
    };
    if steps.len() <= count {
        return steps.to_vec();
    }
    let start = (last as f64 * FIRST_PART).max(1.0);
    let between = (0..count - 1).map(|k| {
        let wanted = start * (last as f64 / start).powf(k as f64 / (count - 2) as f64);
        let distance = |step: &u64| ((*step as f64).max(0.5) / wanted).ln().abs();
        let nearest = steps
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.copied().unwrap_or(last)
    });
    let mut chosen: Vec<u64> = std::iter::once(first)
        .chain(between)
        .chain([last])
        .collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_spread_over_the_logarithm_of_time() {
        let steps: Vec<u64> = (0..=100).map(|k| 30 * k).collect();
        let chosen = spread(&steps, 9);
        assert_eq!((chosen[0], chosen[chosen.len() - 1]), (0, 3000));
        assert!(chosen.len() >= 7 && chosen.len() <= 9, "{chosen:?}");
        assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(chosen.contains(&30) && chosen.contains(&1320), "{chosen:?}");
        assert_eq!(spread(&[0, 5], 9), [0, 5]);
        assert!(spread(&[], 9).is_empty());
    }
}
