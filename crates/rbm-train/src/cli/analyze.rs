//! `rbm-train analyze`.

mod field;
mod table;
mod whole_run;

use super::output::{self, UsageError};
use super::source::SourceArgs;
use clap::Args;
use rbm_analysis::{ModeAnalysis, Summary, SummaryOptions, summarize};
use serde::Serialize;
use std::process::ExitCode;
use whole_run::{WholeRun, WholeRunOptions};

/// Most simulations: eight bytes and the eigenvalues of a matrix each.
const MOST_SIMULATIONS: u64 = 1_000_000;
/// Most rotated copies: all pairs are compared, which takes 0.8 GB for so many.
const MOST_ROTATIONS: u64 = 10_000;

/// Arguments of `analyze`.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// For a run: analyze its latest model alone, not its snapshots
    #[arg(long)]
    latest: bool,
    /// For a run: compare the modes with the principal components of the training data
    #[arg(long, conflicts_with = "latest")]
    pca: bool,
    /// For a run: leading modes that are compared between snapshots and followed through the run
    #[arg(long, value_name = "COUNT", default_value_t = 32)]
    modes: usize,
    /// Follow this many leading modes along Gibbs chains: occupations, correlations, free energies, relaxation
    #[arg(long, value_name = "MODES")]
    field: Option<usize>,
    /// Random matrices simulated for the p-value of the Marchenko-Pastur distance; 0 for none
    #[arg(long, value_name = "COUNT", default_value_t = 100,
          value_parser = clap::value_parser!(u64).range(..=MOST_SIMULATIONS))]
    simulations: u64,
    /// Rotated copies for the rotation test of the latest model, whose smallest p-value is 1/(1 + COUNT); 0 for no test
    #[arg(long, value_name = "COUNT", default_value_t = 19,
          value_parser = clap::value_parser!(u64).range(..=MOST_ROTATIONS))]
    rotations: u64,
    /// Seed of the simulations and rotations
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// The latest model's analysis and, for a run, that of its snapshots.
#[derive(Debug, Serialize)]
struct Document {
    #[serde(flatten)]
    model: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<WholeRun>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<ModeAnalysis>,
}

/// Runs the command.
pub fn run(args: &AnalyzeArgs) -> anyhow::Result<ExitCode> {
    let source = args.source.open()?;
    if source.run.is_none() && args.pca {
        return Err(UsageError("--pca needs a run, whose data it takes".into()).into());
    }
    let options = SummaryOptions {
        ks_simulations: args.simulations as usize,
        rotations: args.rotations as usize,
        seed: args.seed,
        ..Default::default()
    };
    let model = summarize(&source.parameters, &options)?;
    let run = match &source.run {
        Some(run) if !args.latest => {
            let data = match args.pca {
                true => Some(source.data(&run.settings()?)?),
                false => None,
            };
            let options = WholeRunOptions {
                summary: options,
                modes: args.modes.max(1),
            };
            whole_run::whole_run(run, data.as_ref(), &options)?
        }
        _ => None,
    };
    let field = match args.field {
        Some(modes) => Some(field::field(&source, modes, args.seed)?),
        None => None,
    };
    if args.json {
        output::json(&Document { model, run, field })?;
    } else {
        output::lines(table::model(&model))?;
        output::lines(run.iter().flat_map(table::whole_run))?;
        let n_visible = source.parameters.n_visible;
        let field = field.iter();
        output::lines(field.flat_map(|field| field::table(field, n_visible)))?;
    }
    Ok(ExitCode::SUCCESS)
}
