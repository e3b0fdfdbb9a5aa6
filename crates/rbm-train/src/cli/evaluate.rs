//! `rbm-train evaluate`.

use super::output::{self, UsageError};
use super::source::{Source, SourceArgs};
use crate::checkpoint::Checkpoint;
use crate::data::BinaryDataset;
use crate::evaluation::kept::Kept;
use crate::evaluation::likelihood_row::{self, LikelihoodRow};
use crate::evaluation::{self, Estimates, Evaluation, EvaluationOptions, snapshots};
use crate::memory;
use crate::progress::with_progress;
use crate::quality::{self, Quality};
use crate::report;
use crate::settings::Settings;
use burn::tensor::Device;
use clap::Args;
use rbm_model::partition::BracketOptions;
use rbm_model::sampling::Chains;
use rbm_model::{BitMatrix, Rbm, device};
use serde::Serialize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Data to evaluate on, all rows of it unless it has a test part [default: that of the run; mnist for a model
    /// file]
    #[arg(long, value_name = "NAME|PATH")]
    dataset: Option<String>,
    /// Threshold for that data
    #[arg(long, requires = "dataset", allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Units drawn per row for the pseudo-likelihood where all are too many
    #[arg(long, value_name = "UNITS", default_value_t = 25)]
    units: usize,
    /// Seed of everything random
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Time for all of it
    #[arg(long, value_name = "TIME", value_parser = seconds, help = budget_help())]
    budget: Option<Duration>,
    /// Stop before the time is over where ln Z lies in a bracket as narrow as this, in nats; 0 for never
    #[arg(long, value_name = "NATS", default_value_t = 0.1)]
    precision: f64,
    /// Temperatures of annealing in each direction: the same number gives the same bytes
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..1 << 22))]
    temperatures: Option<u32>,
    /// Chains of annealing
    #[arg(long, value_name = "COUNT", help = chains_help(), value_parser = clap::value_parser!(u32).range(2..))]
    ais_chains: Option<u32>,
    /// Bracket snapshots of a run instead
    #[arg(long, alias = "path", help = along_run_help(), conflicts_with_all = ["model", "budget"])]
    along_run: bool,
    /// How many snapshots --along-run takes, the first, the last and others evenly between
    #[arg(long, value_name = "COUNT", requires = "along_run", default_value_t = snapshots::SNAPSHOTS as u32,
          value_parser = clap::value_parser!(u32).range(2..))]
    snapshots: u32,
    /// Where to compute [default: that of the run, or the first compiled in]
    #[arg(long)]
    device: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

fn budget_help() -> String {
    let seconds = BracketOptions::TIMED.budget.map_or(0, |b| b.as_secs());
    format!(
        "Time for all of it, as 90, 90s, 5m or 1h; decides the number of temperatures, unless that is \
         given [default: {seconds}s]"
    )
}

fn chains_help() -> String {
    let chains = BracketOptions::TIMED.chains;
    format!("Chains of annealing in each direction [default: {chains}]")
}

fn along_run_help() -> String {
    let BracketOptions {
        chains,
        temperatures,
        ..
    } = BracketOptions::SNAPSHOT;
    format!(
        "Bracket snapshots of a run instead: at most {temperatures} temperatures, {chains} chains, unless \
         given; fewer temperatures where pilot runs show that they will do. With the run's own data also \
         writes likelihood-path.csv into it, for its report"
    )
}

/// Reads `90`, `90s`, `5m` or `1h`.
fn seconds(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().find(|(_, c)| c.is_alphabetic()) {
        Some((at, _)) => text.split_at(at),
        None => (text, "s"),
    };
    let factor = match unit {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("`{unit}` is no unit of time; use s, m or h")),
    };
    match number.trim().parse::<f64>().map(|x| x * factor) {
        Ok(x) if x > 0.0 && x <= 1e7 => Ok(Duration::from_secs_f64(x)),
        _ => Err("give a time above 0, such as 60s or 5m".into()),
    }
}

/// Runs the command.
pub fn run(args: &EvaluateArgs) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let source = args.source.open()?;
    let settings = source.settings(args.dataset.as_deref(), args.threshold)?;
    let data = source.held_out_data(&settings, args.dataset.is_some())?;
    if let Some(chains) = args.ais_chains {
        let model = &source.parameters;
        let each = BracketOptions::MODEL.chains_at_once()
            * memory::bytes_of_chain(model.n_visible, model.n_hidden);
        memory::check_count("--ais-chains", chains as usize, each)?;
    }
    let name = args.device.as_deref();
    let device = device::parse_device(name.unwrap_or(settings.training.first_device()))?;
    if args.along_run {
        return bracket_snapshots(args, &source, &settings, &data, &device);
    }
    let rbm = Rbm::from_parameters(&source.parameters, &device);
    // Temperatures go before time, and loading is part of the time.
    let budget = match args.temperatures {
        Some(_) => None,
        None => args.budget.or(BracketOptions::TIMED.budget),
    };
    let defaults = BracketOptions::TIMED;
    let options = EvaluationOptions {
        units: args.units.max(1),
        annealing: BracketOptions {
            budget: budget.map(|all| all.saturating_sub(began.elapsed())),
            ..annealing(args, defaults)
        },
        precision: args.precision,
        always_anneal: args.budget.is_some()
            || args.temperatures.is_some()
            || args.ais_chains.is_some(),
    };
    let saved = saved_chains(&source, &device)?;
    let evaluation = with_progress(|progress| {
        evaluation::evaluate(&rbm, &data, saved.as_ref(), &options, progress)
    })?;
    if let Some(chosen) = &evaluation.ln_z.annealing {
        tracing::info!(
            "annealing from independent units, {}: {} temperatures, {} chains in each direction, {} \
             sweeps in between; {:.1} s in all",
            chosen.start,
            chosen.temperatures,
            chosen.chains,
            chosen.sweeps,
            began.elapsed().as_secs_f64()
        );
    }
    if let (Some(run), None) = (&source.run, &args.dataset) {
        // A run that cannot be written to can still be evaluated.
        let kept = Kept::new(
            &evaluation,
            run.manifest()?.step,
            began.elapsed().as_secs_f64(),
        );
        if let Err(error) = kept.write(run) {
            tracing::warn!("the result is not kept in the run: {error}");
        }
    }
    let sample_quality = match &saved {
        Some(chains) => quality_of(chains, &data, &rbm, args.seed),
        None => None,
    };
    if args.json {
        output::json(&Document {
            evaluation,
            sample_quality,
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    output::lines(table(&evaluation))?;
    if let Some(quality) = &sample_quality {
        output::lines([format!(
            "the run's {} chains beside as many held-out rows:",
            quality.rows
        )])?;
        let rows = report::quality::numbers(quality).into_iter();
        output::lines(rows.map(|(name, value)| format!("  {name}: {value}")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Options with what the command line says in place of the defaults.
fn annealing(args: &EvaluateArgs, defaults: BracketOptions) -> BracketOptions {
    let given = |count: Option<u32>, default| count.map_or(default, |count| count as usize);
    BracketOptions {
        chains: given(args.ais_chains, defaults.chains),
        temperatures: given(args.temperatures, defaults.temperatures),
        seed: args.seed,
        ..defaults
    }
}

/// What `evaluate` prints as JSON.
#[derive(Debug, Serialize)]
struct Document {
    #[serde(flatten)]
    evaluation: Evaluation,
    /// The run's saved chains beside held-out data; `None` without such chains, or with too few.
    sample_quality: Option<Quality>,
}

/// Compares the run's chains with held-out rows, or training rows if there are none.
fn quality_of(chains: &Chains, data: &BinaryDataset, rbm: &Rbm, seed: u64) -> Option<Quality> {
    let samples = BitMatrix::from_tensor(chains.visible.clone());
    let (held_out, _) = data.held_out();
    match quality::compare(&samples, held_out, Some(rbm), seed) {
        Ok(quality) => Some(Quality {
            points: None,
            ..quality
        }),
        Err(error) => {
            tracing::warn!("no sample quality: {error}");
            None
        }
    }
}

/// Chains that a run saved with its checkpoint.
fn saved_chains(source: &Source, device: &Device) -> anyhow::Result<Option<Chains>> {
    let Some(run) = &source.run else {
        return Ok(None);
    };
    Ok(Checkpoint::open(&run.state_path())?.chains(device)?)
}

/// Brackets snapshots of a run.
fn bracket_snapshots(
    args: &EvaluateArgs,
    source: &Source,
    settings: &Settings,
    data: &BinaryDataset,
    device: &Device,
) -> anyhow::Result<ExitCode> {
    let Some(run) = &source.run else {
        return Err(UsageError(
            "--along-run follows the snapshots of a run: give its directory".into(),
        )
        .into());
    };
    let options = annealing(args, BracketOptions::SNAPSHOT);
    let per_epoch = settings.updates_per_epoch(run.manifest()?.train_rows);
    let rows = with_progress(|progress| {
        snapshots::bracket_snapshots(
            run,
            device,
            data,
            per_epoch as f64,
            args.snapshots as usize,
            &options,
            progress,
        )
    })?;
    // The run's report is about the data that it was trained on.
    if args.dataset.is_none() {
        run.write(
            &run.snapshot_likelihood_path(),
            &likelihood_row::to_csv(&rows)?,
        )?;
    }
    if args.json {
        output::json(&rows)?;
    } else {
        let head = "   update         ln Z           lowest   highest   log-likelihood: train        test   verdict";
        output::lines(std::iter::once(head.to_string()).chain(rows.iter().map(line)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn line(row: &LikelihoodRow) -> String {
    format!(
        "{:>9} {:>12.3} ± {:<6.3} {:>9.3} {:>9.3} {:>23.3} {:>11}   {}",
        row.step,
        row.ln_z,
        row.standard_error,
        row.ln_z_low,
        row.ln_z_high,
        row.train_log_likelihood,
        row.test_log_likelihood
            .map_or("-".into(), |x| format!("{x:.3}")),
        row.verdict
    )
}

fn table(e: &Evaluation) -> Vec<String> {
    let mut lines = vec![format!("data: {}", e.dataset)];
    lines.extend(estimates("ln Z", &e.ln_z));
    let part = if e.test.is_some() { "test" } else { "train" };
    lines.extend(estimates(
        &format!("log-likelihood of {part} rows"),
        &e.log_likelihood,
    ));
    let (verdict, reason) = (e.log_likelihood.verdict, &e.log_likelihood.reason);
    lines.push(format!("verdict: {verdict}: {reason}"));
    for (name, part) in [("train", Some(&e.train)), ("test", e.test.as_ref())] {
        let Some(part) = part else { continue };
        let p = &part.pseudo_log_likelihood;
        lines.push(format!(
            "{name}: {} rows, pseudo-log-likelihood {:.3} ± {:.3} nats per row, reconstruction error {:.5} per unit, mean free energy {:.3}",
            part.rows, p.value, p.standard_error, part.reconstruction_error, part.free_energy
        ));
        if let Some(value) = part.log_likelihood {
            let over_rows = match part.free_energy_error {
                error if error.is_finite() => format!(", ± {error:.2} over rows"),
                _ => String::new(),
            };
            lines.push(format!(
                "{name}: log-likelihood {value:.4} nats per row ({verdict}{over_rows})"
            ));
        }
    }
    lines
}

fn estimates(name: &str, e: &Estimates) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(exact) = e.exact {
        lines.push(format!("{name} = {exact:.4} nats (exact)"));
    }
    for (method, estimate) in [("AIS", &e.ais), ("reverse AIS", &e.reverse_ais)] {
        let Some(x) = estimate else { continue };
        lines.push(format!(
            "{name} = {:.3} nats, 95% {:.3} to {:.3} ({method}; effective sample size {:.1} of {}, spread of ln w {:.2})",
            x.value, x.interval[0], x.interval[1], x.effective_sample_size, x.chains, x.log_weight_std
        ));
    }
    if let Some(bar) = &e.bar {
        lines.push(format!(
            "{name} = {:.3} ± {:.3} nats (both, Bennett's ratio)",
            bar.value, bar.standard_error
        ));
    }
    if let Some([low, high]) = e.range {
        lines.push(format!(
            "{name} lies between {low:.3} and {high:.3} nats by everything known"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        for (text, expected) in [("90", 90.0), ("90s", 90.0), ("5m", 300.0), ("0.5h", 1800.0)] {
            assert_eq!(seconds(text), Ok(Duration::from_secs_f64(expected)));
        }
        for text in ["", "s", "-3s", "5 days", "nan", "inf"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
