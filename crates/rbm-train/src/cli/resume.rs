//! `rbm-train resume`.

use super::signals::stop_on_signals;
use super::source::open_run;
use super::train::finish;
use crate::session::{self, SessionOptions};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Run directory
    run: PathBuf,
    /// New total number of epochs, for runs with a constant learning rate [default: as set]
    #[arg(long)]
    epochs: Option<usize>,
    /// Go on on another device, or several, A,B; on those of another backend, or another number of them,
    /// rounding may lead elsewhere [default: as set]
    #[arg(long)]
    device: Option<String>,
    /// Where the run's data set is now, if it has moved; its content must be what it was [default: as set]
    #[arg(long, value_name = "DATASET")]
    dataset: Option<String>,
    /// Stop when this many epochs of the run are done [default: at the end]
    #[arg(long, value_name = "EPOCHS")]
    stop_after: Option<usize>,
    /// Write no report at the end
    #[arg(long)]
    no_report: bool,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &ResumeArgs) -> anyhow::Result<ExitCode> {
    let options = SessionOptions {
        overwrite: false,
        stop_after: args.stop_after,
        stop: stop_on_signals()?,
        from: None,
        meter: None,
    };
    open_run(&args.run)?;
    let changes = session::Changes {
        epochs: args.epochs,
        device: args.device.as_deref(),
        dataset: args.dataset.as_deref(),
    };
    let (run, outcome) = session::resume(&args.run, changes, options)?;
    finish(&run, &outcome, !args.no_report, args.json)
}
