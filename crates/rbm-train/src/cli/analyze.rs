//! `rbm-train analyze`.

use super::output;
use super::source::SourceArgs;
use clap::Args;
use rbm_analysis::summary::{SummaryOptions, summarize};
use std::process::ExitCode;

/// Arguments of `analyze`.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &AnalyzeArgs) -> anyhow::Result<ExitCode> {
    let source = args.source.open()?;
    let summary = summarize(&source.parameters, &SummaryOptions::default())?;
    if args.json {
        output::json(&summary)?;
    } else {
        output::lines(["TODO"])?;
    }
    Ok(ExitCode::SUCCESS)
}
