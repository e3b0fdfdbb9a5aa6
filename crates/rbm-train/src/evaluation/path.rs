//! ln Z of all snapshots of a run, each from the one before.

use super::annealing::{self, Show};
use super::history::{LikelihoodRow, mean_free_energy};
use crate::checkpoint::RunDir;
use crate::data::BinaryDataset;
use burn::tensor::Device;
use rbm_model::estimate::{Trajectory, TrajectoryOptions, Verdict};

/// Least effective fraction of a point that is not called unreliable.
const LEAST_FRACTION: f64 = 0.1;
/// Standard errors by which the reverse estimate may lie below the forward one.
const CROSSING: f64 = 3.0;

/// Follows ln Z through the snapshots of a run.
///
/// The chains go along from snapshot to snapshot and are in equilibrium as far as training's
/// changes were slow for them. Nothing checks that independently, so a point's verdict is `upper
/// bound only` at best: its forward side holds without equilibrium, its reverse side does not.
/// Compare with `evaluate` of single snapshots.
///
/// # Errors
/// A snapshot that cannot be read, or a model that is not finite.
pub fn follow(
    run: &RunDir,
    device: &Device,
    data: &BinaryDataset,
    updates_per_epoch: f64,
    options: TrajectoryOptions,
    show: &mut Show<'_>,
) -> anyhow::Result<Vec<LikelihoodRow>> {
    let steps = run.snapshot_steps()?;
    let mut rows = Vec::with_capacity(steps.len());
    let mut trajectory = None;
    for (index, step) in steps.iter().enumerate() {
        show("snapshots", index, steps.len());
        let model = run.snapshot(*step)?;
        let trajectory = trajectory.get_or_insert_with(|| {
            let [base, ..] = annealing::bases(&model, device, data, options.seed);
            Trajectory::new(base, device.clone(), options)
        });
        let found = trajectory.advance(&model)?;
        let likelihood = |part| Some(-mean_free_energy(&model, device, part)? - found.bar);
        let crossed = found.ais - found.reverse_ais > CROSSING * found.standard_error;
        let verdict = if crossed || found.effective_fraction < LEAST_FRACTION {
            Verdict::Unreliable
        } else {
            Verdict::UpperBoundOnly
        };
        rows.push(LikelihoodRow {
            step: *step,
            epoch: *step as f64 / updates_per_epoch,
            ln_z_ais: found.ais,
            ln_z_reverse_ais: found.reverse_ais,
            ln_z_bar: found.bar,
            standard_error: found.standard_error,
            effective_fraction: found.effective_fraction,
            temperatures: found.temperatures,
            train_log_likelihood: likelihood(&data.train).unwrap_or(f64::NAN),
            test_log_likelihood: likelihood(&data.test),
            verdict: verdict.to_string(),
        });
    }
    Ok(rows)
}
