//! `rbm-train report`.

use super::output;
use crate::checkpoint::RunDir;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Run directory
    run: PathBuf,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let index = crate::report::of_run(&RunDir::open(&args.run)?)?;
    if args.json {
        output::json(&serde_json::json!({ "report": index }))?;
    } else {
        output::lines([index.display().to_string()])?;
    }
    Ok(ExitCode::SUCCESS)
}
