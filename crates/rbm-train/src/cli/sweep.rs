//! `rbm-train sweep`.

use super::output::{self, UsageError};
use super::settings::SettingArgs;
use super::signals::{end_on_signals, stop_on_signals};
use crate::checkpoint::RunDir;
use crate::observers::{MetricsLog, MetricsRow, duration};
use crate::session;
use crate::settings::{DataSettings, Settings};
use crate::sweep::SweepPreset;
use crate::sweep::{
    self, Parallelism, Plan, PlanError, PlannedRun, ProgressTable, RunOutcome, Shard, State,
    SweepJob,
};
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `sweep`.
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// Directory of the sweep: sweep.toml, and a run directory for each run under runs/ [default:
    /// runs/sweep, with the name of the preset behind it]
    #[arg(long, value_name = "DIR", help_heading = "Sweep")]
    out: Option<PathBuf>,
    /// Sweep to start from; --config and flags override it
    #[arg(long, help_heading = "Sweep")]
    preset: Option<SweepPreset>,
    /// Settings file: that of a run, with arrays for what varies and `replicas = N` above the
    /// sections; flags override it
    #[arg(long, value_name = "FILE", help_heading = "Sweep")]
    config: Option<PathBuf>,
    /// Runs of each combination, with seeds SEED, SEED + 1, ... [default: 1]
    #[arg(long, value_name = "COUNT", help_heading = "Sweep")]
    replicas: Option<u32>,
    /// Runs at once; threads are divided between them, which changes no result [default: as many as
    /// threads, and as fit into memory; 1 on a graphics processor]
    #[arg(long, value_name = "COUNT", help_heading = "Sweep")]
    jobs: Option<std::num::NonZero<usize>>,
    /// Devices to spread the runs over, one run at a time each, also of other machines: flex,
    /// remote:ws://HOST:PORT, ... A run whose server dies goes on on another one from its checkpoint
    /// [default: each run on its own --device]
    #[arg(
        long,
        value_name = "DEVICE",
        value_delimiter = ',',
        help_heading = "Sweep"
    )]
    over: Vec<String>,
    /// Do only part I of N, I from 0 to N - 1: the runs whose number is I modulo N. For several
    /// machines with one directory
    #[arg(long, value_name = "I/N", help_heading = "Sweep")]
    shard: Option<Shard>,
    /// List the runs, what each needs, and how far it is; run and write nothing
    #[arg(long, help_heading = "Sweep")]
    dry_run: bool,
    /// Write no report of the sweep when all its runs are finished; `rbm-train report DIR` does it later
    #[arg(long, help_heading = "Sweep")]
    no_report: bool,
    /// Write an HTML report of every run, too: some seconds and about a megabyte each
    #[arg(long, help_heading = "Sweep")]
    run_reports: bool,
    /// Print one JSON document on standard output
    #[arg(long, help_heading = "Sweep")]
    json: bool,
    #[command(flatten)]
    settings: SettingArgs<true>,
}

/// What is known of a run before it starts.
#[derive(Debug, Serialize)]
struct Expected<'a> {
    name: &'a str,
    /// `waiting`, or what the manifest says.
    status: String,
    memory_mib: f64,
    snapshots_mib: f64,
}

/// What is known of a run at the end.
#[derive(Debug, Serialize)]
struct Done<'a> {
    name: &'a str,
    run: PathBuf,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Updates since its start.
    step: Option<u64>,
    /// Wall time of this session; none if there was nothing to do.
    seconds: Option<f64>,
    updates_per_second: Option<f64>,
    metrics: Option<MetricsRow>,
}

impl SweepArgs {
    fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            let preset = self.preset.and_then(|preset| {
                let value = clap::ValueEnum::to_possible_value(&preset)?;
                Some(format!("runs/sweep-{}", value.get_name()))
            });
            preset.unwrap_or_else(|| "runs/sweep".into()).into()
        })
    }

    /// The preset, then the file, then flags; what is in the directory if there is nothing of these.
    fn plan(&self) -> anyhow::Result<Plan> {
        let given = self.preset.is_some() || self.config.is_some() || self.replicas.is_some();
        let out = self.out();
        if !given && self.settings.0.is_empty() && out.join("sweep.toml").exists() {
            return Ok(Plan::of_directory(&out)?);
        }
        let mut layers = Vec::new();
        if let Some(preset) = self.preset {
            layers.push(preset.table()?);
        }
        if let Some(path) = &self.config {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read settings file {}", path.display()))?;
            let table = toml::from_str(&text).map_err(|error| {
                UsageError(format!("settings file {}: {error}", path.display()))
            })?;
            layers.push(table);
        }
        let mut flags = self.settings.0.clone();
        if let Some(replicas) = self.replicas {
            flags.insert("replicas".into(), i64::from(replicas).into());
        }
        layers.push(flags);
        Plan::new(layers).map_err(|error| match error {
            PlanError::Setting(error) => error.into(),
            PlanError::Unusable(text) => UsageError(text).into(),
            other => other.into(),
        })
    }
}

/// Runs the command.
pub fn run(args: &SweepArgs) -> anyhow::Result<ExitCode> {
    let plan = args.plan()?;
    let (out, shard) = (args.out(), args.shard.unwrap_or_default());
    let numbered = plan.runs.iter().enumerate();
    let runs: Vec<&PlannedRun> = numbered
        .filter(|(number, _)| shard.holds(*number))
        .map(|(_, run)| run)
        .collect();
    let shapes = shapes(&runs)?;
    let settings: Vec<&Settings> = runs.iter().map(|run| &run.settings).collect();
    let mut jobs = args.jobs.map(Into::into);
    if !args.over.is_empty() {
        jobs = jobs.or(Some(args.over.len()));
    }
    let parallelism = Parallelism::choose(&settings, &shapes, jobs);
    let job = SweepJob {
        out: &out,
        runs,
        parallelism,
        devices: &args.over,
        reports: args.run_reports,
        stop: stop_on_signals()?,
    };
    if args.dry_run {
        return list(&job, &shapes, args.json);
    }
    plan.write_or_verify(&out)?;
    let of_runs = settings.iter().zip(&shapes);
    let lines = of_runs.flat_map(|(settings, (n, rows))| settings.without_effect(*rows, *n));
    for line in lines.collect::<BTreeSet<String>>() {
        tracing::warn!("{line}");
    }
    tracing::info!(
        "{} of {} runs, {} at once on {} threads, in {}",
        job.runs.len(),
        plan.runs.len(),
        parallelism.jobs,
        parallelism.threads,
        out.display()
    );
    let names = job.runs.iter().map(|run| run.name.clone()).collect();
    let ended = sweep::execute(&job, ProgressTable::new(names))?;
    summarize(&job, args, ended)
}

/// Units and training rows of the data of each run; every data set is loaded once.
fn shapes(runs: &[&PlannedRun]) -> anyhow::Result<Vec<(usize, usize)>> {
    let mut known: Vec<(&DataSettings, (usize, usize))> = Vec::new();
    let mut shapes = Vec::new();
    for run in runs {
        let data = &run.settings.data;
        let shape = match known.iter().find(|(other, _)| *other == data) {
            Some((_, shape)) => *shape,
            None => {
                let rows = session::load_data(&run.settings)?.train;
                known.push((data, (rows.columns(), rows.rows())));
                (rows.columns(), rows.rows())
            }
        };
        shapes.push(shape);
    }
    Ok(shapes)
}

fn list(job: &SweepJob<'_>, shapes: &[(usize, usize)], json: bool) -> anyhow::Result<ExitCode> {
    const MIB: f64 = (1u64 << 20) as f64;
    let runs = job.runs.iter().zip(shapes).enumerate();
    let runs: Vec<Expected> = runs
        .map(|(k, (run, (n_visible, train_rows)))| {
            let manifest = RunDir::open(&job.root(k)).and_then(|run| run.manifest());
            let status = manifest.map(|m| format!("{:?}", m.status).to_lowercase());
            Expected {
                name: &run.name,
                status: status.unwrap_or_else(|_| "waiting".into()),
                memory_mib: run.settings.memory_bytes(*n_visible, *train_rows) / MIB,
                snapshots_mib: sweep::snapshot_bytes(&run.settings, *n_visible, *train_rows) / MIB,
            }
        })
        .collect();
    if json {
        let Parallelism { jobs, threads } = job.parallelism;
        output::json(&serde_json::json!({
            "sweep": job.out, "jobs": jobs, "threads": threads, "runs": runs
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let width = width(runs.iter().map(|run| run.name));
    let mut lines = vec![format!(
        "{:width$}  {:>8}  {:>12}  {:>15}",
        "run", "state", "memory, MiB", "snapshots, MiB"
    )];
    lines.extend(runs.iter().map(|run| {
        let Expected { name, status, .. } = run;
        let (memory, snapshots) = (run.memory_mib, run.snapshots_mib);
        format!("{name:width$}  {status:>8}  {memory:>12.0}  {snapshots:>15.0}")
    }));
    lines.push(format!(
        "{} runs, {} at once on {} threads; snapshots {:.0} MiB together",
        runs.len(),
        job.parallelism.jobs,
        job.parallelism.threads,
        runs.iter().map(|run| run.snapshots_mib).sum::<f64>()
    ));
    output::lines(lines)?;
    Ok(ExitCode::SUCCESS)
}

fn width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(str::len).max().unwrap_or(0).max(3)
}

/// Prints how the runs ended, and writes the report of all; exit code 0 if all are finished.
fn summarize(
    job: &SweepJob<'_>,
    args: &SweepArgs,
    ended: Vec<RunOutcome>,
) -> anyhow::Result<ExitCode> {
    let done: Vec<Done> = ended
        .into_iter()
        .enumerate()
        .map(|(k, ended)| {
            let root = job.root(k);
            let run = RunDir::open(&root).ok();
            let log = run.as_ref().and_then(|run| MetricsLog::of_run(run).ok());
            Done {
                name: &job.runs[k].name,
                state: ended.state,
                why: ended.why,
                step: run.and_then(|run| Some(run.manifest().ok()?.step)),
                seconds: ended.outcome.as_ref().map(|o| o.seconds),
                updates_per_second: ended.outcome.as_ref().map(|o| o.updates_per_second),
                metrics: log.and_then(|mut log| log.rows.pop()),
                run: root,
            }
        })
        .collect();
    let finished = done
        .iter()
        .filter(|run| run.state == State::Finished)
        .count();
    let next = format!("rbm-train report {}", job.out.display());
    let count = done.len();
    if !args.json {
        output::lines(table(&done))?;
    }
    let all = finished == count && args.shard.is_none();
    let report = match all && !args.no_report {
        true => {
            end_on_signals(format!(
                "all runs are finished; the report is written by: {next}"
            ))?;
            tracing::info!("measuring and drawing ...");
            Some(crate::report::write_sweep_report(
                job.out,
                Default::default(),
            )?)
        }
        false => None,
    };
    if args.json {
        output::json(&serde_json::json!({
            "sweep": job.out, "finished": finished, "runs": done, "report": report, "next": next
        }))?;
    }
    let part = args.shard.map(|shard| format!(" --shard {shard}"));
    let part = part.unwrap_or_default();
    if finished == count {
        match (args.shard, report) {
            (_, Some(index)) => tracing::info!("report: {}", index.display()),
            (None, None) => {
                tracing::info!("all {count} runs finished; look at them together with: {next}")
            }
            (Some(shard), None) => tracing::info!(
                "all {count} runs of part {shard} finished; when the other parts are, look at them together with: {next}"
            ),
        }
        return Ok(ExitCode::SUCCESS);
    }
    tracing::info!(
        "{finished} of {count} runs finished; go on with: rbm-train sweep --out {}{part}",
        job.out.display()
    );
    Ok(ExitCode::from(1))
}

fn table(done: &[Done]) -> Vec<String> {
    let width = width(done.iter().map(|run| run.name));
    let mut lines = vec![format!(
        "{:width$}  {:>8}  {:>8}  {:>12}  {:>8}  pseudo-log-likelihood, nats",
        "run", "state", "updates", "time", "1/s"
    )];
    for run in done {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let likelihood = run
            .metrics
            .as_ref()
            .map(MetricsRow::pseudo_log_likelihood)
            .map(|found| format!("{} {}", found.part, found.text(2)));
        lines.push(format!(
            "{:width$}  {:>8}  {:>8}  {:>12}  {:>8}  {}",
            run.name,
            sweep::text(run.state),
            or_dash(run.step.map(|step| step.to_string())),
            or_dash(run.seconds.map(duration)),
            or_dash(run.updates_per_second.map(|rate| format!("{rate:.0}"))),
            or_dash(likelihood),
        ));
        lines.extend(run.why.iter().map(|why| format!("  {why}")));
    }
    lines
}
