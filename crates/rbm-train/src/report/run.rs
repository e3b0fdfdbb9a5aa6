//! The report of one run, from what is in its directory.

use super::experiment::Replica;
use super::{
    ImageGrid, LikelihoodPoint, MetricsRow, ModeImages, ReportData, SaddleRow, SpectrumHistory,
    SpectrumPanel,
};
use crate::checkpoint::{Manifest, RunDir, read_state};
use crate::evaluation::likelihood_row::{self, LikelihoodRow};
use crate::measure::{self, Measurements, Options};
use crate::observers::{MetricsLog, Row};
use crate::quality::Quality;
use crate::sampling::{self, Start};
use anyhow::Context;
use burn::tensor::Device;
use rbm_analysis::spectrum::{fit_bulk, ks_test};
use rbm_analysis::{MarchenkoPastur, ReciprocalSpace, Summary, SummaryOptions};
use rbm_model::{Parameters, Rbm};
use std::path::{Path, PathBuf};

/// Left singular vectors shown as images, and saddles listed.
const MODES: usize = 16;
/// Samples shown.
const SAMPLES: usize = 100;
/// Sweeps that make samples where a run keeps no chains.
const SWEEPS: usize = 1000;
/// Points of a density curve.
const CURVE: usize = 200;
/// Random matrices behind a p-value.
const SIMULATIONS: usize = 20;

/// Writes the report of a run into its `report/` and returns the page. What is measured of its
/// snapshots is kept in the run: see [`measure`](crate::measure).
///
/// # Errors
/// A file of the run that cannot be read, or of the report that cannot be written.
pub fn of_run(run: &RunDir, options: Options) -> anyhow::Result<PathBuf> {
    let manifest = run.manifest()?;
    let settings = run.settings()?;
    let log = MetricsLog::of_run(run)?;
    let measured = measure::of_runs(std::slice::from_ref(run), options);
    let measured = measured
        .into_iter()
        .next()
        .context("one run, one measurement")??;
    let replica = replica(run, measured)?;
    let device = measure::device()?;
    let model = rbm_model::file::read(&run.state_path())?;
    let space = ReciprocalSpace::new(&model)?;
    let options = SummaryOptions {
        ks_simulations: SIMULATIONS,
        // Measured for the first and the last snapshot.
        rotations: 0,
        ..Default::default()
    };
    let summary = rbm_analysis::summary::summarize_in(&space, &model, &options)?;
    let history = &replica.measurements.history;
    let steps = history.iter().map(|snapshot| snapshot.step).collect();
    let spectra: Vec<Vec<f64>> = history.iter().map(|s| s.singular_values.clone()).collect();
    let mut panels = Vec::new();
    if let Some(first) = history.first() {
        let title = format!("start (update {})", first.step);
        panels.push(panel(title, &first.singular_values, &model)?);
    }
    let end = format!("end (update {})", manifest.step);
    panels.push(panel(end, space.singular_values(), &model)?);

    let data = ReportData {
        title: format!("RBM on {}", manifest.dataset),
        subtitle: format!(
            "{} visible and {} hidden units, {} training rows, seed {}, {}",
            manifest.n_visible,
            manifest.n_hidden,
            manifest.train_rows,
            manifest.seed,
            manifest.device
        ),
        facts: facts(&manifest, log.rows.last(), &summary),
        settings: settings.flatten().into_iter().collect(),
        metrics: replica.metrics.clone(),
        likelihood: likelihood(&run.likelihood_path())?,
        snapshot_likelihood: likelihood(&run.snapshot_likelihood_path())?,
        reconstruction_unit: "squared error a unit".into(),
        spectra: SpectrumHistory {
            steps,
            singular_values: spectra,
        },
        spectrum_panels: panels,
        samples: samples(run, &manifest, &model, &device)?,
        quality: quality(run)?,
        modes: modes(&manifest, &space)?,
        analysis: analysis(&summary),
        saddles: saddles(&summary),
        notes: notes(&manifest, &summary, &replica.measurements),
        experiment: Some(replica),
    };
    Ok(super::write(&data, &run.report_path())?)
}

/// What the figures of the experiment need of a run.
pub(super) fn replica(run: &RunDir, measurements: Measurements) -> anyhow::Result<Replica> {
    let of_snapshots = likelihood_rows(&run.snapshot_likelihood_path())?;
    Ok(Replica {
        name: run
            .root()
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        settings: run.settings()?.flatten(),
        metrics: MetricsLog::of_run(run)?
            .rows
            .into_iter()
            .map(metrics_row)
            .collect(),
        likelihood: if of_snapshots.is_empty() {
            likelihood_rows(&run.likelihood_path())?
        } else {
            of_snapshots
        },
        measurements,
    })
}

/// What `sample --quality` has left in the run, if it was asked for.
fn quality(run: &RunDir) -> anyhow::Result<Option<Quality>> {
    let path = run.root().join("samples").join("quality.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let quality = serde_json::from_str(&text);
            Ok(Some(quality.with_context(|| {
                format!("cannot read {}", path.display())
            })?))
        }
        Err(_) => Ok(None),
    }
}

fn facts(manifest: &Manifest, last: Option<&Row>, summary: &Summary) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| facts.push((name.to_string(), value));
    if let Some(row) = last {
        let (name, value) = match row.test_pseudo_log_likelihood {
            Some(value) => ("test pseudo-log-likelihood", value),
            None => (
                "train pseudo-log-likelihood",
                row.train_pseudo_log_likelihood,
            ),
        };
        fact(name, format!("{value:.1} nats"));
        if let Some(gap) = row.free_energy_gap {
            fact("free-energy gap, test − train", format!("{gap:.2} nats"));
        }
        fact("epochs", format!("{:.2}", row.epoch));
    }
    fact("updates", manifest.step.to_string());
    if let Some(largest) = summary.singular_values.first() {
        fact("largest singular value", format!("{largest:.2}"));
    }
    fact(
        "modes with λ ≥ 4",
        summary.nonconvergent_modes.len().to_string(),
    );
    if let Some(ln_z) = summary.ln_z.exact {
        fact("ln Z (exact)", format!("{ln_z:.3} nats"));
    }
    facts
}

fn metrics_row(row: Row) -> MetricsRow {
    MetricsRow {
        step: row.step,
        epoch: row.epoch,
        learning_rate: row.learning_rate,
        train_pseudo_log_likelihood: row.train_pseudo_log_likelihood,
        test_pseudo_log_likelihood: row.test_pseudo_log_likelihood,
        train_reconstruction_error: row.train_reconstruction_error,
        test_reconstruction_error: row.test_reconstruction_error,
        free_energy_train: Some(row.free_energy_train),
        free_energy_test: row.free_energy_test,
        free_energy_gap: row.free_energy_gap,
        weight_norm: row.weight_norm,
        weight_max: row.weight_max,
        singular_values: row.singular_values,
    }
}

/// The rows of a file of likelihoods; none where it is not there.
fn likelihood_rows(path: &Path) -> anyhow::Result<Vec<LikelihoodRow>> {
    match std::fs::read_to_string(path) {
        Ok(text) => history::from_csv(&text).with_context(|| path.display().to_string()),
        Err(_) => Ok(Vec::new()),
    }
}

/// The same as points of a curve.
fn likelihood(path: &Path) -> anyhow::Result<Vec<LikelihoodPoint>> {
    Ok(likelihood_rows(path)?
        .into_iter()
        .map(|row| LikelihoodPoint {
            step: row.step,
            train: row.train_log_likelihood,
            test: row.test_log_likelihood,
            band: row.band(),
        })
        .collect())
}

/// A spectrum beside the law fitted to its bulk.
fn panel(label: String, values: &[f64], model: &Parameters) -> anyhow::Result<SpectrumPanel> {
    let (n, m) = (model.n_visible, model.n_hidden);
    let mut panel = SpectrumPanel {
        label,
        singular_values: values.to_vec(),
        ..Default::default()
    };
    if let Some(fit) = fit_bulk(values, n, m)? {
        let law = MarchenkoPastur::new(n, m, fit.scale)?;
        let (low, high) = law.edges();
        let at = |k: usize| low + (high - low) * k as f64 / CURVE as f64;
        let ks = ks_test(values, n, m, &fit, SIMULATIONS, 0)?;
        panel.density = (0..=CURVE).map(|k| (at(k), law.density(at(k)))).collect();
        panel.edges = (low, high);
        panel.sigma = fit.scale;
        panel.modes_above_edge = fit.above_edge;
        panel.ks_distance = Some(ks.distance);
        panel.ks_p_value = ks.p_value;
    }
    Ok(panel)
}

/// States of the run's own chains, or of chains swept from the model's biases.
fn samples(
    run: &RunDir,
    manifest: &Manifest,
    model: &Parameters,
    device: &Device,
) -> anyhow::Result<Option<ImageGrid>> {
    let Some(shape) = manifest.image_shape else {
        return Ok(None);
    };
    let n = model.n_visible;
    let (_, state) = read_state(&run.state_path(), Some((device, &vec![0.5; n])))?;
    let chains = state.and_then(|state| state.learner.samples());
    let rbm = Rbm::from_parameters(model, device);
    let (start, sweeps, caption) = match chains {
        Some(chains) => (
            Start::Chains(Box::new(chains.to_chains(device))),
            0,
            "Visible states of the persistent chains at the end of training.".to_string(),
        ),
        None => (
            Start::Biases(SAMPLES),
            SWEEPS,
            format!(
                "Visible states after {SWEEPS} Gibbs sweeps from independent units with the model's biases."
            ),
        ),
    };
    let states = sampling::draw(&rbm, start, sweeps, manifest.seed, Some(SAMPLES));
    let images = states.chunks_exact(n).map(<[f32]>::to_vec).collect();
    Ok(Some(ImageGrid {
        images,
        shape,
        caption,
    }))
}

fn modes(manifest: &Manifest, space: &ReciprocalSpace) -> anyhow::Result<Option<ModeImages>> {
    let Some(shape) = manifest.image_shape else {
        return Ok(None);
    };
    let count = MODES.min(space.modes());
    let vectors = (0..count)
        .map(|k| Ok(space.left_vector(k)?.to_vec()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let lambda = space.singular_values()[..count].to_vec();
    Ok(Some(ModeImages {
        vectors,
        lambda,
        shape,
    }))
}

fn analysis(summary: &Summary) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_string(), value));
    if let Some(spectrum) = &summary.marchenko_pastur {
        let fit = &spectrum.fit;
        row(
            "fitted σ of the bulk",
            format!("{:.5} ± {:.5}", fit.scale, fit.scale_error),
        );
        row(
            "Marchenko-Pastur edges",
            format!("{:.4} to {:.4}", fit.edges[0], fit.edges[1]),
        );
        row("modes above the upper edge", fit.above_edge.to_string());
    }
    row(
        "modes with λ ≥ 4 (not convergent)",
        summary.nonconvergent_modes.len().to_string(),
    );
    let ln_z = &summary.ln_z;
    for (name, value) in [
        ("ln Z, exact", ln_z.exact),
        ("ln Z, mean field (lower bound)", ln_z.mean_field),
        ("ln Z, Onsager", ln_z.onsager),
        ("ln Z, one loop", ln_z.one_loop),
        ("ln Z, Gaussian limit", ln_z.gaussian),
    ] {
        if let Some(value) = value {
            row(name, format!("{value:.3} nats"));
        }
    }
    rows
}

fn saddles(summary: &Summary) -> Vec<SaddleRow> {
    let number = |values: &[Option<f64>], k: usize| values.get(k).copied().flatten();
    (0..summary.singular_values.len())
        .map(|k| SaddleRow {
            mode: k + 1,
            lambda: summary.singular_values[k],
            x: number(&summary.saddle_x, k).unwrap_or(f64::NAN),
            y: number(&summary.saddle_y, k).unwrap_or(f64::NAN),
            energy: number(&summary.saddle_energy, k).unwrap_or(f64::NAN),
            usable: number(&summary.saddle_x, k).is_some(),
        })
        .collect()
}

fn notes(manifest: &Manifest, summary: &Summary, measured: &Measurements) -> Vec<String> {
    let mut notes = vec![
        "Pseudo-log-likelihoods are estimated on a fixed subset of rows with a few random units \
         each, the same rows and units at every evaluation: they compare points of one run. \
         `rbm-train evaluate` gives them on all rows with an error."
            .to_string(),
        format!("Data: {}", manifest.provenance),
    ];
    notes.extend(
        measured
            .notes
            .iter()
            .map(|note| format!("Measured: {note}.")),
    );
    if !measured.full {
        notes.push(
            "Figures of the experiment are measured on some snapshots and leading modes; \
             `rbm-train report RUN --full` adds annealed ln Z, constrained mean field and more \
             rotated copies, which takes minutes."
                .to_string(),
        );
    }
    // The rotation test is among the measurements.
    let of_model = summary
        .notes
        .iter()
        .filter(|(key, _)| *key != "symmetry.rotation");
    for (key, reason) in of_model {
        notes.push(format!("{key}: {reason}."));
    }
    notes
}
