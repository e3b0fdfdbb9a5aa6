//! The command line: raw arguments become validated settings, then one library call.

mod analyze;
mod bench;
mod evaluate;
mod features;
mod lost;
mod output;
mod report;
mod resume;
mod sample;
mod serve;
mod settings;
mod signals;
mod source;
mod sweep;
mod train;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::process::ExitCode;

/// Train restricted Boltzmann machines on binary data and look inside them.
///
/// Without a command: `train`, on the embedded binary MNIST, with a report at the end.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    train: train::TrainArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model and write a run directory with a report
    Train(Box<train::TrainArgs>),
    /// Go on with a run from its last checkpoint, as if it had never stopped
    Resume(resume::ResumeArgs),
    /// Train every combination of settings, several seeds each
    ///
    /// Every setting of `train` that has a value can be a list: values separated by commas, or the flag
    /// given several times (--digits 0,1 is one set of labels), in a settings file an array. All
    /// combinations are run, each in a run directory of its own. Finished runs are not run again, stopped
    /// or killed ones go on from their checkpoint: give the same command again, or only `rbm-train sweep
    /// --out DIR`. Exit code 0 says that all runs are finished.
    Sweep(Box<sweep::SweepArgs>),
    /// Draw samples from a model: a PNG grid and an npy file
    Sample(sample::SampleArgs),
    /// Measure how well a model describes data
    Evaluate(evaluate::EvaluateArgs),
    /// Write the hidden probabilities of rows, p(h = 1 | v), to npy or CSV
    Features(features::FeaturesArgs),
    /// Look at a model in reciprocal space: modes, spectrum, saddles, ln Z
    Analyze(analyze::AnalyzeArgs),
    /// Compare the speed of backends and paths on this machine
    Bench(bench::BenchArgs),
    /// Write the report of a run again, or that of a sweep
    Report(report::ReportArgs),
    /// Lend this machine's devices to training elsewhere
    ///
    /// Over WebSocket a connection has 10 seconds for 12 KB at most until its token is accepted, and then a
    /// process of its own, which ends with it. Nothing is encrypted there: use --bind beyond loopback only
    /// on a network that you trust. Refused clients are logged.
    Serve(serve::ServeArgs),
}

/// Parses the arguments of the process, runs the command, and reports errors.
///
/// Exit code 0: done; 1: failed; 2: bad usage.
pub fn main() -> ExitCode {
    // A negative number is a value that a flag may refuse by its own words, not an unknown flag.
    let command = Cli::command().allow_negative_numbers(true);
    let command = command.mut_subcommands(|command| command.allow_negative_numbers(true));
    let cli = Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    output::log_to_stderr();
    // On a thread of the pool: work that is divided then starts without waking the pool first,
    // which would cost as much as a small layer. A server's work comes from elsewhere, and this thread would only
    // wait, one of those that it needs.
    let result = match cli.command {
        Some(Command::Serve(_)) => lost::guard(|| run(cli)),
        _ => rayon::scope(|_| lost::guard(|| run(cli))),
    };
    match result {
        Ok(code) => code,
        Err(error) => output::failed(&error),
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    use Command::{Resume, Serve, Sweep, Train};
    // Training stops at a checkpoint, a server by its own rule.
    if !matches!(
        cli.command,
        None | Some(Train(_) | Resume(_) | Sweep(_) | Serve(_))
    ) {
        signals::end_on_signals("files that were written are whole, the rest is missing")?;
    }
    match cli.command {
        None => train::run(&cli.train),
        Some(Command::Train(args)) => train::run(&args),
        Some(Command::Resume(args)) => resume::run(&args),
        Some(Command::Sweep(args)) => sweep::run(&args),
        Some(Command::Sample(args)) => sample::run(&args),
        Some(Command::Evaluate(args)) => evaluate::run(&args),
        Some(Command::Features(args)) => features::run(&args),
        Some(Command::Analyze(args)) => analyze::run(&args),
        Some(Command::Bench(args)) => bench::run(&args),
        Some(Command::Report(args)) => report::run(&args),
        Some(Command::Serve(args)) => serve::run(&args),
    }
}
