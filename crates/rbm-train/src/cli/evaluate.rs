//! `rbm-train evaluate`.

use super::output;
use super::source::SourceArgs;
use crate::evaluation::{self, Evaluation};
use clap::Args;
use rbm_model::{Rbm, device};
use std::process::ExitCode;

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Data to evaluate on [default: that of the run; mnist for a model file]
    #[arg(long, value_name = "NAME|PATH")]
    dataset: Option<String>,
    /// Threshold for that data
    #[arg(long, allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Units drawn a row for the pseudo-likelihood where all are too many
    #[arg(long, value_name = "UNITS", default_value_t = 25)]
    units: usize,
    /// Seed of those draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to compute [default: that of the run, or the first compiled in]
    #[arg(long)]
    device: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &EvaluateArgs) -> anyhow::Result<ExitCode> {
    let source = args.source.open()?;
    let settings = source.settings(args.dataset.as_deref(), args.threshold)?;
    let data = source.data(&settings)?;
    let name = args.device.as_ref().unwrap_or(&settings.training.device);
    let rbm = Rbm::from_parameters(&source.parameters, &device::parse_device(name)?);
    let evaluation = evaluation::evaluate(&rbm, &data, args.units.max(1), args.seed)?;
    if args.json {
        output::json(&evaluation)?;
    } else {
        output::lines(table(&evaluation))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(e: &Evaluation) -> Vec<String> {
    let mut lines = vec![format!("data: {}", e.dataset)];
    match e.ln_z.exact {
        Some(ln_z) => lines.push(format!("ln Z = {ln_z:.4} nats (exact)")),
        None => lines.push(format!("ln Z: {}", e.ln_z.reason)),
    }
    for (name, part) in [("train", Some(&e.train)), ("test", e.test.as_ref())] {
        let Some(part) = part else { continue };
        let p = &part.pseudo_log_likelihood;
        lines.push(format!(
            "{name}: {} rows, pseudo-log-likelihood {:.3} ± {:.3} nats a row, reconstruction error {:.5} a unit, mean free energy {:.3}",
            part.rows, p.value, p.standard_error, part.reconstruction_error, part.free_energy
        ));
        if let Some(value) = part.log_likelihood {
            lines.push(format!(
                "{name}: log-likelihood {value:.4} nats a row (exact)"
            ));
        }
    }
    lines
}
