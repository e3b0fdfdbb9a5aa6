//! `rbm-train report`.

use super::output;
use super::source::open_run;
use crate::measure::Options;
use crate::report;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Run directory, or directory of a sweep
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Also measure what takes minutes per run: ln Z of checkpoints by annealing, constrained mean field, more
    /// rotated copies
    #[arg(long)]
    full: bool,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let options = Options { full: args.full };
    let index = if report::is_sweep(&args.directory) {
        report::write_sweep_report(&args.directory, options)?
    } else {
        report::write_run_report(&open_run(&args.directory)?, options)?
    };
    if args.json {
        output::json(&serde_json::json!({ "report": index }))?;
    } else {
        output::lines([index.display().to_string()])?;
    }
    Ok(ExitCode::SUCCESS)
}
