//! `rbm-train train`.

use super::output;
use super::settings::SettingArgs;
use super::signals::{end_on_signals, stop_on_signals};
use super::source::open_run;
use crate::ancestor::Ancestor;
use crate::checkpoint::RunDir;
use crate::observers::metrics::not_converged;
use crate::presets::Preset;
use crate::session::{self, SessionOptions};
use crate::settings::{Settings, sections, values};
use crate::trainer::{Outcome, StopReason};
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `train`. Defaults are those of [`Settings`]; a file given by `--config` overrides
/// them, and flags override the file.
#[derive(Debug, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    settings: SettingArgs<false>,
    /// Run directory [default: runs/DATA-HIDDEN-LEARNER-seedSEED, numbered if taken]
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    out: Option<PathBuf>,
    /// Settings to start from; --config and flags override them [default: default]
    #[arg(long, help_heading = "Run")]
    preset: Option<Preset>,
    /// Settings file (TOML, like config.toml of a run); flags override it
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    config: Option<PathBuf>,
    /// Start from the model of a run or of a model file instead of random weights. Of a run also its settings are taken,
    /// unless --preset or --config is given; its chains go on
    #[arg(long, value_name = "RUN|FILE", help_heading = "Run")]
    from: Option<PathBuf>,
    /// Replace the run that is in the run directory
    #[arg(long, help_heading = "Run")]
    overwrite: bool,
    /// Stop when this many epochs are done; `resume` goes on to the full number
    #[arg(long, value_name = "EPOCHS", help_heading = "Run")]
    stop_after: Option<usize>,
    /// Write no report at the end
    #[arg(long, help_heading = "Run")]
    no_report: bool,
    /// Print one JSON document on standard output
    #[arg(long, help_heading = "Run")]
    json: bool,
}

impl TrainArgs {
    /// The preset or the run that it starts from, then the file, then flags.
    fn settings(&self, from: Option<&Ancestor>) -> anyhow::Result<Settings> {
        let preset = self.preset.unwrap_or(Preset::Default);
        let of_run = from.and_then(|ancestor| ancestor.settings.clone());
        let of_run = of_run.filter(|_| self.preset.is_none());
        let settings = match &self.config {
            None => of_run.unwrap_or_else(|| preset.settings()),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read settings file {}", path.display()))?;
                preset.with_file(&text).map_err(|error| {
                    output::UsageError(format!(
                        "settings file {}: {}",
                        path.display(),
                        values::in_words(error)
                    ))
                })?
            }
        };
        let mut table = settings.to_table();
        sections::lay_over(&mut table, self.settings.0.clone());
        let mut settings: Settings = table
            .try_into()
            .map_err(|error| output::UsageError(values::in_words(error)))?;
        if let Some(ancestor) = from {
            let (asked, found) = (&mut settings.model.hidden, ancestor.parameters.n_hidden);
            if values::entries(&self.settings.0).any(|(name, _)| name == "model.hidden")
                && *asked != found
            {
                return Err(output::UsageError(format!(
                    "--hidden is {asked}; the model of {} has {found} hidden units",
                    ancestor.parent.path
                ))
                .into());
            }
            *asked = found;
        }
        Ok(settings)
    }
}

/// Runs the command.
pub fn run(args: &TrainArgs) -> anyhow::Result<ExitCode> {
    let from = match &args.from {
        Some(path) => Some(ancestor(path)?),
        None => None,
    };
    let settings = args.settings(from.as_ref())?;
    settings.validate()?;
    let root = match &args.out {
        Some(root) => root.clone(),
        None => free_name(&settings, args.overwrite),
    };
    let options = SessionOptions {
        overwrite: args.overwrite,
        stop_after: args.stop_after,
        stop: stop_on_signals()?,
        from: from.as_ref(),
        meter: None,
    };
    let (run, outcome) = session::start(&settings, &root, options)?;
    finish(&run, &outcome, !args.no_report, args.json)
}

/// Reads what to start from, or says what was given in its place.
fn ancestor(path: &Path) -> anyhow::Result<Ancestor> {
    if path.is_dir() {
        open_run(path)?;
    }
    Ancestor::read(path)
}

/// What a session of training prints as JSON.
#[derive(Debug, Serialize)]
struct Summary {
    run: PathBuf,
    status: crate::checkpoint::Status,
    step: u64,
    seconds: f64,
    monitoring_seconds: f64,
    updates_per_second: f64,
    metrics: Option<crate::observers::MetricsRow>,
    /// What says so, where training was too short.
    not_converged: Option<String>,
    report: Option<PathBuf>,
}

/// Says how a session ended, writes the report, and gives the exit code.
pub fn finish(
    run: &RunDir,
    outcome: &Outcome,
    report: bool,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let root = run.root().display();
    if outcome.seconds > 0.0 {
        tracing::info!(
            "{} updates in {:.1} s ({:.0} updates/s; monitoring and saving {:.1}%)",
            outcome.step,
            outcome.seconds,
            outcome.updates_per_second,
            100.0 * outcome.monitoring_seconds / outcome.seconds,
        );
    }
    let code = match &outcome.reason {
        StopReason::Finished => ExitCode::SUCCESS,
        StopReason::Paused => {
            tracing::info!("paused; go on with: rbm-train resume {root}");
            ExitCode::SUCCESS
        }
        StopReason::Interrupted => {
            tracing::info!(
                "stopped after update {}; go on with: rbm-train resume {root}",
                outcome.step
            );
            return Ok(ExitCode::from(1));
        }
        StopReason::Diverged {
            step,
            what,
            checkpoint,
        } => {
            return Err(anyhow::anyhow!(
                "training diverged at update {step}: {what}. The last good checkpoint is that of \
                 update {checkpoint}, in {root}/checkpoint. Try a lower --learning-rate (a third, \
                 say), more --gibbs-steps, or an --l2 penalty"
            ));
        }
    };
    let report = if report {
        end_on_signals(format!(
            "the run is saved; its report is written by: rbm-train report {root}"
        ))?;
        let index = crate::report::write_run_report(run, Default::default())?;
        tracing::info!("report: {}", index.display());
        Some(index)
    } else {
        None
    };
    tracing::info!("run: {root}");
    let mut log = crate::observers::MetricsLog::of_run(run)?;
    let not_converged = match outcome.reason {
        StopReason::Finished => not_converged(&log.rows),
        _ => None,
    };
    if let Some(line) = &not_converged {
        tracing::warn!("{line}");
    }
    if json {
        output::json(&Summary {
            run: run.root().into(),
            status: run.manifest()?.status,
            step: outcome.step,
            seconds: outcome.seconds,
            monitoring_seconds: outcome.monitoring_seconds,
            updates_per_second: outcome.updates_per_second,
            metrics: log.rows.pop(),
            not_converged,
            report,
        })?;
    }
    Ok(code)
}

/// `runs/DATA-HIDDEN-LEARNER-seedSEED`, with a number behind it if that is taken.
fn free_name(settings: &Settings, overwrite: bool) -> PathBuf {
    let path = Path::new(&settings.data.dataset);
    let data = path
        .file_stem()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let data: String = data
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '-' {
                c
            } else {
                '-'
            }
        })
        .collect();
    let name = format!(
        "{data}-{}-{}{}-seed{}",
        settings.model.hidden,
        settings.learner.kind,
        settings.learner.gibbs_steps,
        settings.training.seed
    );
    let base = Path::new("runs").join(&name);
    if overwrite || !base.exists() {
        return base;
    }
    let numbered = |k: usize| Path::new("runs").join(format!("{name}-{k}"));
    let free = (2..).map(numbered).find(|path| !path.exists());
    free.unwrap_or(base)
}
