//! `rbm-train train`.

use super::output;
use crate::checkpoint::RunDir;
use crate::presets::Preset;
use crate::session::{self, SessionOptions};
use crate::settings::{LearnerKind, OptimizerKind, Schedule, Settings, VisibleBias};
use crate::trainer::{Outcome, StopReason};
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

/// Arguments of `train`. Defaults are those of [`Settings`]; a file given by `--config` overrides
/// them, and flags override the file.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Data: mnist, bars-and-stripes, bars-and-stripes:N, or a path (IDX, IDX.gz, CSV, npy, npz,
    /// or a directory with the four files of an MNIST-like set) [default: mnist]
    #[arg(long, value_name = "NAME|PATH", help_heading = "Data")]
    dataset: Option<String>,
    /// Make values binary: 1 where value >= THRESHOLD. For images of bytes a fraction of the full
    /// range [default there: 0.5]; for other data the value itself [default: only 0 and 1 are taken]
    #[arg(long, help_heading = "Data", allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Fraction of rows held out where the data has no test part [default: 0.1]
    #[arg(
        long,
        value_name = "FRACTION",
        help_heading = "Data",
        allow_negative_numbers = true
    )]
    test_fraction: Option<f64>,
    /// Use only the first ROWS training rows [default: all]
    #[arg(long, value_name = "ROWS", help_heading = "Data")]
    limit: Option<usize>,
    /// Use only rows with these labels, e.g. 0,1 [default: all]
    #[arg(
        long,
        value_name = "LABELS",
        value_delimiter = ',',
        help_heading = "Data"
    )]
    digits: Option<Vec<u8>>,

    /// Hidden units [default: 500]
    #[arg(long, value_name = "UNITS", help_heading = "Model")]
    hidden: Option<usize>,
    /// Standard deviation of the initial weights [default: 0.01]
    #[arg(
        long,
        value_name = "STD",
        help_heading = "Model",
        allow_negative_numbers = true
    )]
    weight_std: Option<f64>,
    /// Initial visible biases [default: data]
    #[arg(long, help_heading = "Model")]
    visible_bias: Option<VisibleBias>,

    /// Negative phase [default: pcd]
    #[arg(long, help_heading = "Learning")]
    learner: Option<LearnerKind>,
    /// Gibbs sweeps an update [default: 1]
    #[arg(long, value_name = "SWEEPS", help_heading = "Learning")]
    gibbs_steps: Option<usize>,
    /// Markov chains (cd: one a batch row instead; pt: ladders) [default: 100]
    #[arg(long, value_name = "COUNT", help_heading = "Learning")]
    chains: Option<usize>,
    /// Levels of each tempering ladder, for --learner pt: an update costs about so many times what pcd
    /// does [default: 10]
    #[arg(long, value_name = "COUNT", help_heading = "Learning")]
    replicas: Option<usize>,
    /// Use the plain instead of the centred gradient
    #[arg(long, help_heading = "Learning")]
    uncentred: bool,
    /// Rows an update [default: 100]
    #[arg(long, value_name = "ROWS", help_heading = "Learning")]
    batch_size: Option<usize>,
    /// Passes over the training rows [default: 60]
    #[arg(long, help_heading = "Learning")]
    epochs: Option<usize>,
    /// Initial learning rate, a batch mean's step [default: 0.05]
    #[arg(
        long,
        value_name = "RATE",
        help_heading = "Learning",
        allow_negative_numbers = true
    )]
    learning_rate: Option<f64>,
    /// Course of the learning rate over all epochs [default: linear, to 0]
    #[arg(long, help_heading = "Learning")]
    schedule: Option<Schedule>,
    /// Rule that follows the gradient [default: sgd]
    #[arg(long, help_heading = "Learning")]
    optimizer: Option<OptimizerKind>,
    /// Momentum of sgd [default: 0]
    #[arg(long, help_heading = "Learning", allow_negative_numbers = true)]
    momentum: Option<f64>,
    /// L1 penalty on the weights [default: 0]
    #[arg(
        long,
        value_name = "STRENGTH",
        help_heading = "Learning",
        allow_negative_numbers = true
    )]
    l1: Option<f64>,
    /// L2 penalty on the weights [default: 0]
    #[arg(
        long,
        value_name = "STRENGTH",
        help_heading = "Learning",
        allow_negative_numbers = true
    )]
    l2: Option<f64>,

    /// Seed of everything random; the same seed gives the same bytes [default: 0]
    #[arg(long, help_heading = "Run")]
    seed: Option<u64>,
    /// Where to compute: flex, ndarray, wgpu, wgpu:cpu, cuda:0, as far as compiled in
    #[arg(long, help_heading = "Run")]
    device: Option<String>,
    /// Run directory [default: runs/DATA-HIDDEN-LEARNER-seedSEED, numbered if taken]
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    out: Option<PathBuf>,
    /// Settings to start from; --config and flags override them [default: default]
    #[arg(long, help_heading = "Run")]
    preset: Option<Preset>,
    /// Settings file (TOML, like config.toml of a run); flags override it
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    config: Option<PathBuf>,
    /// Replace the run that is in the run directory
    #[arg(long, help_heading = "Run")]
    overwrite: bool,
    /// Stop when this many epochs are done; `resume` goes on to the full number
    #[arg(long, value_name = "EPOCHS", help_heading = "Run")]
    stop_after: Option<usize>,
    /// Evaluate every UPDATES updates, besides log-spaced ones and every epoch [default: never]
    #[arg(long, value_name = "UPDATES", help_heading = "Run")]
    evaluate_every: Option<usize>,
    /// Bracket the likelihood by annealing every EPOCHS epochs, into likelihood.csv [default: never]
    #[arg(long, value_name = "EPOCHS", help_heading = "Run")]
    evaluate_likelihood: Option<usize>,
    /// Write no report at the end
    #[arg(long, help_heading = "Run")]
    no_report: bool,
    /// Print one JSON document on standard output
    #[arg(long, help_heading = "Run")]
    json: bool,
}

impl TrainArgs {
    /// The preset, then the file, then flags.
    fn settings(&self) -> anyhow::Result<Settings> {
        let preset = self.preset.unwrap_or(Preset::Default);
        let mut s = match &self.config {
            None => preset.settings(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read settings file {}", path.display()))?;
                preset.with_file(&text).map_err(|error| {
                    output::UsageError(format!("settings file {}: {error}", path.display()))
                })?
            }
        };
        fn set<T: Clone>(target: &mut T, flag: &Option<T>) {
            if let Some(value) = flag {
                *target = value.clone();
            }
        }
        fn set_optional<T: Clone>(target: &mut Option<T>, flag: &Option<T>) {
            if flag.is_some() {
                target.clone_from(flag);
            }
        }
        set(&mut s.data.dataset, &self.dataset);
        set_optional(&mut s.data.threshold, &self.threshold);
        set(&mut s.data.test_fraction, &self.test_fraction);
        set_optional(&mut s.data.limit, &self.limit);
        set_optional(&mut s.data.digits, &self.digits);
        set(&mut s.model.hidden, &self.hidden);
        set(&mut s.model.weight_std, &self.weight_std);
        set(&mut s.model.visible_bias, &self.visible_bias);
        set(&mut s.learner.kind, &self.learner);
        set(&mut s.learner.gibbs_steps, &self.gibbs_steps);
        set(&mut s.learner.chains, &self.chains);
        set(&mut s.learner.replicas, &self.replicas);
        s.learner.centred &= !self.uncentred;
        set(&mut s.training.batch_size, &self.batch_size);
        set(&mut s.training.epochs, &self.epochs);
        set(&mut s.optimizer.learning_rate, &self.learning_rate);
        set(&mut s.optimizer.schedule, &self.schedule);
        set(&mut s.optimizer.kind, &self.optimizer);
        set(&mut s.optimizer.momentum, &self.momentum);
        set(&mut s.optimizer.l1, &self.l1);
        set(&mut s.optimizer.l2, &self.l2);
        set(&mut s.training.seed, &self.seed);
        set(&mut s.training.device, &self.device);
        set(&mut s.monitor.every, &self.evaluate_every);
        set(&mut s.monitor.likelihood_epochs, &self.evaluate_likelihood);
        Ok(s)
    }
}

/// Runs the command.
pub fn run(args: &TrainArgs) -> anyhow::Result<ExitCode> {
    let settings = args.settings()?;
    settings.validate()?;
    let root = match &args.out {
        Some(root) => root.clone(),
        None => free_name(&settings, args.overwrite),
    };
    let options = SessionOptions {
        overwrite: args.overwrite,
        stop_after: args.stop_after,
        stop: stop_on_ctrl_c()?,
    };
    let (run, outcome) = session::start(&settings, &root, options)?;
    finish(&run, &outcome, !args.no_report, args.json)
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
    metrics: Option<crate::observers::Row>,
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
    tracing::info!(
        "{} updates in {:.1} s ({:.0} updates/s; monitoring and saving {:.1}%)",
        outcome.step,
        outcome.seconds,
        outcome.updates_per_second,
        100.0 * outcome.monitoring_seconds / outcome.seconds.max(1e-9),
    );
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
        let index = crate::report::of_run(run, Default::default())?;
        tracing::info!("report: {}", index.display());
        Some(index)
    } else {
        None
    };
    tracing::info!("run: {root}");
    if json {
        let text = std::fs::read_to_string(run.metrics_path())?;
        output::json(&Summary {
            run: run.root().into(),
            status: run.manifest()?.status,
            step: outcome.step,
            seconds: outcome.seconds,
            monitoring_seconds: outcome.monitoring_seconds,
            updates_per_second: outcome.updates_per_second,
            metrics: crate::observers::MetricsLog::from_csv(&text)?.rows.pop(),
            report,
        })?;
    }
    Ok(code)
}

/// The first Ctrl-C finishes the update and saves; the second one stops at once.
pub fn stop_on_ctrl_c() -> anyhow::Result<&'static AtomicBool> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
        tracing::warn!("stopping after this update (again to stop at once)");
    })
    .context("cannot listen to Ctrl-C")?;
    Ok(&STOP)
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
