//! The report of one run, from what is in its directory.

use super::brief::{self, Brief};
use super::data::{CloseUp, HiddenUnit, Replica, Samples};
use super::figures::{groups, probes, sections};
use crate::checkpoint::{Checkpoint, Manifest, RunDir};
use crate::data::BinaryDataset;
use crate::evaluation::{
    self,
    likelihood_row::{self, LikelihoodRow},
};
use crate::measure::{self, Measurements, Options};
use crate::observers::MetricsLog;
use crate::quality::Quality;
use crate::sampling::{self, Start};
use crate::session;
use anyhow::Context;
use rbm_analysis::spectrum::{KolmogorovSmirnov, fit_bulk, ks_test};
use rbm_analysis::{ReciprocalSpace, Summary, SummaryOptions};
use rbm_figures::{Block, Document, Section};
use rbm_model::{BitMatrix, Parameters, Rbm};
use std::path::{Path, PathBuf};

/// Left singular vectors shown.
const MODES: usize = 16;
/// Hidden units shown.
const HIDDEN: usize = 40;
/// Samples shown.
const SAMPLES: usize = 100;
/// Sweeps that make samples where a run keeps no chains.
const SWEEPS: usize = 1000;
/// Random matrices behind a p-value: a p-value of 1% is then known to half of itself. They cost modes² each.
const SIMULATIONS: usize = 400;
/// Modes from which on there are fewer of them.
const MANY_MODES: usize = 1000;

/// Writes the report of a run into its `report/` and returns the page. What is measured of its
/// snapshots is kept in the run: see [`measure`](crate::measure).
///
/// # Errors
/// A file of the run that cannot be read, or of the report that cannot be written.
pub fn write_run_report(run: &RunDir, options: Options) -> anyhow::Result<PathBuf> {
    let measured = measure::measure_runs(std::slice::from_ref(run), options, &probes());
    let measured = measured
        .into_iter()
        .next()
        .context("one run, one measurement")??;
    let manifest = run.manifest()?;
    let mut replica = replica(run, measured)?;
    let model = rbm_model::file::read(&run.state_path())?;
    let data = data(run, &manifest);
    let kept = brief::evaluation(run, &manifest, &model, data.as_ref())?;
    let mixing = brief::mixing(run, &manifest, &model)?;
    let close_up = close_up(run, &manifest, &replica.measurements, &model, data.as_ref())?;
    let notes = notes(&manifest, &close_up.summary, &replica.measurements);
    replica.close_up = Some(close_up);
    let brief = brief::brief(run, &manifest, &replica, kept.as_ref(), mixing.as_ref());
    let page = compose(&manifest, brief, notes, &replica);
    Ok(page.write(&run.report_path())?)
}

/// The data that a run was trained on, if they are there.
fn data(run: &RunDir, manifest: &Manifest) -> Option<BinaryDataset> {
    let data = session::load_data(&run.settings().ok()?).ok()?;
    (data.digest() == manifest.dataset_digest).then_some(data)
}

/// The page of a run: its figures between key results and settings.
fn compose(manifest: &Manifest, brief: Brief, remarks: Vec<String>, replica: &Replica) -> Document {
    let mut notes = Section::new("notes", "Notes");
    notes.blocks.extend(remarks.into_iter().map(Block::Note));
    let mut settings = Section::new("configuration", "Configuration");
    settings.blocks.push(Block::Pairs {
        rows: replica.settings.clone().into_iter().collect(),
        folded: Some(format!("All {} settings", replica.settings.len())),
    });
    let mut first = Section::new("brief", "In brief");
    first.blocks.push(Block::Pairs {
        rows: brief.rows,
        folded: None,
    });
    first
        .blocks
        .extend(brief.evidence.map(|evidence| Block::Pairs {
            rows: vec![("Verdict".to_owned(), evidence)],
            folded: Some("Evidence for the log-likelihood".to_owned()),
        }));
    let mut all = vec![first];
    all.extend(sections(&groups(std::slice::from_ref(replica))));
    all.extend([notes, settings]);
    Document {
        title: format!("RBM on {}", manifest.dataset),
        subtitle: format!(
            "{} visible and {} hidden units, {} training rows, seed {}, {}",
            manifest.n_visible,
            manifest.n_hidden,
            manifest.train_rows,
            manifest.seed,
            manifest.device
        ),
        warnings: brief.warnings,
        facts: brief.facts,
        sections: all,
    }
}

/// What the figures need of a run, without a close-up.
pub(super) fn replica(run: &RunDir, measurements: Measurements) -> anyhow::Result<Replica> {
    let mut likelihood = likelihood_rows(&run.snapshot_likelihood_path())?;
    let mut in_training = likelihood_rows(&run.likelihood_path())?;
    if likelihood.is_empty() {
        std::mem::swap(&mut likelihood, &mut in_training);
    }
    Ok(Replica {
        name: run
            .root()
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        settings: run.settings()?.flatten(),
        metrics: MetricsLog::of_run(run)?.rows,
        likelihood,
        likelihood_in_training: in_training,
        measurements,
        close_up: None,
    })
}

fn close_up(
    run: &RunDir,
    manifest: &Manifest,
    measured: &Measurements,
    model: &Parameters,
    data: Option<&BinaryDataset>,
) -> anyhow::Result<CloseUp> {
    let space = ReciprocalSpace::new(model)?;
    let options = SummaryOptions {
        ks_simulations: simulations(model),
        exact_limit: evaluation::quick_exact_limit(model.n_visible, model.n_hidden),
        // Measured for the first and the last snapshot.
        rotations: 0,
        ..Default::default()
    };
    let test = |snapshot: Option<&measure::SnapshotSpectrum>| match snapshot {
        Some(snapshot) => bulk_test(&snapshot.singular_values, model),
        None => Ok(None),
    };
    let vectors = (0..MODES.min(space.modes()))
        .map(|k| Ok(space.left_vector(k)?.to_vec()))
        .collect::<anyhow::Result<_>>()?;
    Ok(CloseUp {
        samples: samples(run, manifest, model, data)?,
        hidden: hidden_units(model),
        quality: quality(run)?,
        vectors,
        summary: rbm_analysis::summary::summarize_in(&space, model, &options)?,
        bulk_tests: [
            test(measured.history.first())?,
            test(measured.history.last())?,
        ],
    })
}

/// The hidden units with the largest weights, by their norm.
fn hidden_units(model: &Parameters) -> Vec<HiddenUnit> {
    let (n, m) = (model.n_visible, model.n_hidden);
    let unit = |number: usize| HiddenUnit {
        number,
        bias: model.hidden_bias[number],
        weights: (0..n).map(|i| model.weight[i * m + number]).collect(),
    };
    let mut squares = vec![0.0; m];
    for row in model.weight.chunks_exact(m) {
        let each = squares.iter_mut().zip(row);
        each.for_each(|(sum, w)| *sum += w * w);
    }
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|a, b| squares[*b].total_cmp(&squares[*a]));
    order.into_iter().take(HIDDEN).map(unit).collect()
}

/// Random matrices behind a p-value, of a bounded cost.
fn simulations(model: &Parameters) -> usize {
    let modes = model.n_visible.min(model.n_hidden);
    let part = (MANY_MODES as f64 / modes.max(1) as f64).min(1.0);
    ((SIMULATIONS as f64 * part * part) as usize).max(99)
}

/// A spectrum against the law fitted to its bulk, if there is one.
fn bulk_test(values: &[f64], model: &Parameters) -> anyhow::Result<Option<KolmogorovSmirnov>> {
    let (n, m) = (model.n_visible, model.n_hidden);
    let fit = fit_bulk(values, n, m)?;
    let test = fit.map(|fit| ks_test(values, n, m, &fit, simulations(model), 0));
    Ok(test.transpose()?)
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

/// The rows of a file of likelihoods; none where it is not there.
fn likelihood_rows(path: &Path) -> anyhow::Result<Vec<LikelihoodRow>> {
    match std::fs::read_to_string(path) {
        Ok(text) => likelihood_row::from_csv(&text).with_context(|| path.display().to_string()),
        Err(_) => Ok(Vec::new()),
    }
}

/// States of the run's own chains, or of chains swept from the model's biases.
fn samples(
    run: &RunDir,
    manifest: &Manifest,
    model: &Parameters,
    data: Option<&BinaryDataset>,
) -> anyhow::Result<Samples> {
    let device = measure::device()?;
    let chains = Checkpoint::open(&run.state_path())?.chains(&device)?;
    let rbm = Rbm::from_parameters(model, &device);
    let (start, sweeps, caption) = match chains {
        Some(chains) => (
            Start::Chains(Box::new(chains)),
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
    let list = |states: &BitMatrix| {
        let unit = |row, unit| f64::from(u8::from(states.get(row, unit)));
        let state = |row| {
            (0..states.columns())
                .map(|column| unit(row, column))
                .collect()
        };
        (0..states.rows()).map(state).collect()
    };
    Ok(Samples {
        states: list(&states),
        data: data.map_or_else(Vec::new, |data| {
            list(&sampling::rows(data, SAMPLES, manifest.seed))
        }),
        caption,
    })
}

fn notes(manifest: &Manifest, summary: &Summary, measured: &Measurements) -> Vec<String> {
    let mut notes = vec![
        "Curves of pseudo-log-likelihoods are of the same rows for all runs on a data set, spread evenly over \
         all rows by how many units are on; their standard errors are over rows. `rbm-train evaluate` gives \
         them on all rows."
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
