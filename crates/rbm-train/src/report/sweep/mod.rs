//! The report of a sweep: all its runs on one page, as means over replicas.

mod tables;

use super::data::Replica;
use super::figures::{self, Group, groups};
use super::run::replica;
use crate::checkpoint::{Manifest, RunDir, Status};
use crate::measure::{self, Options};
use crate::observers::metrics::pseudo_log_likelihood;
use rbm_figures::number::significant;
use rbm_figures::{Block, Document, Section};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Whether a directory holds a sweep.
pub fn is_sweep(root: &Path) -> bool {
    root.join("sweep.toml").exists()
}

/// A directory under `runs/`.
struct Entry {
    name: String,
    manifest: Option<Manifest>,
    /// Why it is not in the figures; `None` if it is.
    left_out: Option<String>,
}

/// Writes the report of a sweep into its `report/` and returns the page. Finished runs are averaged; all others are
/// listed with the reason why they are left out.
///
/// # Errors
/// A sweep without a readable `runs/`, or a report that cannot be written. A run that cannot be read is no error.
pub fn write_sweep_report(root: &Path, options: Options) -> anyhow::Result<PathBuf> {
    let (mut entries, replicas) = read(root, options)?;
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let title = root.file_name().map_or_else(
        || "Sweep".to_owned(),
        |name| format!("Sweep {}", name.to_string_lossy()),
    );
    let document = compose(title, &entries, &replicas);
    Ok(document.write(&root.join("report"))?)
}

fn read(root: &Path, options: Options) -> anyhow::Result<(Vec<Entry>, Vec<Replica>)> {
    let directory = root.join("runs");
    let mut paths: Vec<PathBuf> = match std::fs::read_dir(&directory) {
        Ok(found) => found.flatten().map(|entry| entry.path()).collect(),
        Err(error) => anyhow::bail!(
            "{}: {error}; a sweep has its runs there",
            directory.display()
        ),
    };
    // Hidden names are those of runs that are being created.
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_dir() && !name.starts_with('.')
    });
    paths.sort();
    let (mut entries, mut finished) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (manifest, left_out) =
            match RunDir::open(&path).and_then(|run| Ok((run.manifest()?, run))) {
                Err(error) => (None, Some(error.to_string())),
                Ok((manifest, run)) => {
                    let reason = match manifest.status {
                        Status::Finished => {
                            finished.push((entries.len(), run));
                            None
                        }
                        Status::Running => Some("it is running, or was killed".to_owned()),
                        Status::Stopped => Some("it was stopped before its end".to_owned()),
                        Status::Diverged => Some("it diverged".to_owned()),
                    };
                    (Some(manifest), reason)
                }
            };
        entries.push(Entry {
            name: name.into_owned(),
            manifest,
            left_out,
        });
    }
    let (places, runs): (Vec<usize>, Vec<RunDir>) = finished.into_iter().unzip();
    let mut replicas = Vec::new();
    for ((place, run), measured) in
        places
            .iter()
            .zip(&runs)
            .zip(measure::measure_runs(&runs, options, &figures::probes()))
    {
        match measured.and_then(|measured| replica(run, measured)) {
            Ok(replica) => replicas.push(replica),
            Err(error) => entries[*place].left_out = Some(format!("{error:#}")),
        }
    }
    Ok((entries, replicas))
}

fn compose(title: String, entries: &[Entry], replicas: &[Replica]) -> Document {
    let groups = groups(replicas);
    let left_out: Vec<&Entry> = entries.iter().filter(|e| e.left_out.is_some()).collect();
    let mut overview = Section::new("overview", "Overview");
    if !left_out.is_empty() {
        let names: Vec<String> = left_out
            .iter()
            .map(|e| format!("{} ({})", e.name, e.left_out.as_deref().unwrap_or_default()))
            .collect();
        overview.blocks.push(Block::Note(format!(
            "Left out of all figures and means, {} of {} runs: {}.",
            left_out.len(),
            entries.len(),
            names.join("; ")
        )));
    }
    let mut sections = Vec::new();
    if groups.is_empty() {
        overview.blocks.push(Block::Note(
            "No run is finished yet: there is nothing to draw.".to_owned(),
        ));
    } else {
        overview.blocks.push(Block::Grid(tables::summary(&groups)));
        sections = figures::sections(&groups);
    }
    let mut notes = Section::new("notes", "Notes");
    let mut all: Vec<String> = replicas
        .iter()
        .flat_map(|run| {
            run.measurements
                .notes
                .iter()
                .map(|note| format!("{}: {note}.", run.name))
        })
        .collect();
    let mut seen = BTreeSet::new();
    all.retain(|note| seen.insert(note.clone()));
    notes.blocks.extend(all.into_iter().map(Block::Note));
    if replicas.iter().any(|run| !run.measurements.full) {
        notes.blocks.push(Block::Note(
            "Measured on some snapshots and leading modes of each run; `rbm-train report DIR --full` adds annealed ln Z, \
             constrained mean field and more rotated copies, which takes minutes a run."
                .to_owned(),
        ));
    }
    let mut runs = Section::new("runs", "All runs");
    runs.blocks
        .push(Block::Grid(tables::all_runs(entries, replicas)));
    let mut settings = Section::new("configuration", "Configuration");
    let shared = shared_settings(replicas);
    if !shared.is_empty() {
        settings.blocks.push(Block::Pairs {
            folded: Some(format!("{} settings that all runs share", shared.len())),
            rows: shared,
        });
    }
    let data = entries.iter().find_map(|e| e.manifest.as_ref());
    let mut all = vec![overview];
    all.extend(sections);
    all.extend([notes, runs, settings]);
    Document {
        title,
        subtitle: data.map_or_else(String::new, |manifest| {
            format!(
                "RBMs on {}, {} visible units",
                manifest.dataset, manifest.n_visible
            )
        }),
        warnings: Vec::new(),
        facts: facts(entries, &groups),
        sections: all,
    }
}

fn facts(entries: &[Entry], groups: &[Group<'_>]) -> Vec<(String, String)> {
    let counts = || groups.iter().map(|group| group.replicas.len());
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let replica_count = if least == most {
        most.to_string()
    } else {
        format!("{least} to {most}")
    };
    // Of a group, not of its luckiest replica.
    let of_group = |group: &Group<'_>| {
        let runs = group.replicas.iter();
        let values: Vec<f64> = runs
            .filter_map(|run| run.metrics.last()?.value(pseudo_log_likelihood::TEST))
            .collect();
        rbm_model::numeric::mean(&values)
    };
    let best = groups
        .iter()
        .map(of_group)
        .fold(f64::NEG_INFINITY, f64::max);
    let status = |entry: &Entry| Some(entry.manifest.as_ref()?.status);
    let finished = entries
        .iter()
        .filter(|entry| status(entry) == Some(Status::Finished));
    let mut facts = vec![
        (
            "runs finished".to_owned(),
            format!("{} of {}", finished.count(), entries.len()),
        ),
        ("settings compared".to_owned(), groups.len().to_string()),
        ("replicas of each".to_owned(), replica_count),
    ];
    if best.is_finite() {
        facts.push((
            "best test pseudo-log-likelihood, mean over replicas".to_owned(),
            format!("{} nats", significant(best, 4)),
        ));
    }
    facts
}

fn shared_settings(replicas: &[Replica]) -> Vec<(String, String)> {
    let Some(first) = replicas.first() else {
        return Vec::new();
    };
    let shared = first.settings.iter().filter(|(key, value)| {
        replicas
            .iter()
            .all(|run| run.settings.get(*key) == Some(*value))
    });
    shared
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
