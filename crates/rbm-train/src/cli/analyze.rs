//! `rbm-train analyze`.

use super::output;
use super::source::SourceArgs;
use clap::Args;
use rayon::prelude::*;
use rbm_analysis::{Summary, SummaryOptions, summarize};
use serde::Serialize;
use std::process::ExitCode;

/// Modes listed in the table.
const LISTED: usize = 16;

/// Arguments of `analyze`.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// For a run: analyse its snapshots too, not only the latest model
    #[arg(long)]
    snapshots: bool,
    /// Random matrices simulated for the p-value of the Marchenko-Pastur distance; 0 for none
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    simulations: usize,
    /// Seed of those simulations
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// The latest model's analysis, and that of each snapshot if asked for.
#[derive(Debug, Serialize)]
struct Document {
    #[serde(flatten)]
    model: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<Vec<SnapshotSummary>>,
}

#[derive(Debug, Serialize)]
struct SnapshotSummary {
    step: u64,
    #[serde(flatten)]
    summary: Summary,
}

/// Runs the command.
pub fn run(args: &AnalyzeArgs) -> anyhow::Result<ExitCode> {
    let source = args.source.open()?;
    let options = SummaryOptions {
        ks_simulations: args.simulations,
        seed: args.seed,
        ..Default::default()
    };
    let model = summarize(&source.parameters, &options)?;
    let snapshots = match &source.run {
        Some(run) if args.snapshots => Some(
            run.snapshot_steps()?
                .into_par_iter()
                .map(|step| {
                    let summary = summarize(&run.snapshot(step)?, &options)?;
                    Ok(SnapshotSummary { step, summary })
                })
                .collect::<anyhow::Result<Vec<_>>>()?,
        ),
        _ => None,
    };
    if args.json {
        output::json(&Document { model, snapshots })?;
        return Ok(ExitCode::SUCCESS);
    }
    output::lines(table(&model))?;
    for snapshot in snapshots.iter().flatten() {
        output::lines([format!(
            "update {:>8}: largest λ {:.4}, {} modes with λ >= 4",
            snapshot.step,
            snapshot
                .summary
                .singular_values
                .first()
                .copied()
                .unwrap_or(f64::NAN),
            snapshot.summary.nonconvergent_modes.len()
        )])?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(s: &Summary) -> Vec<String> {
    let mut lines = vec![format!(
        "{} visible and {} hidden units, {} modes",
        s.n_visible,
        s.n_hidden,
        s.singular_values.len()
    )];
    if let Some(spectrum) = &s.marchenko_pastur {
        let fit = &spectrum.fit;
        lines.push(format!(
            "bulk: sigma {:.5} ± {:.5}, Marchenko-Pastur edges {:.4} and {:.4}, {} modes above",
            fit.scale, fit.scale_error, fit.edges[0], fit.edges[1], fit.above_edge
        ));
        let p = spectrum
            .ks
            .p_value
            .map(|p| format!(", p = {p:.3}"))
            .unwrap_or_default();
        lines.push(format!(
            "Kolmogorov-Smirnov distance {:.4}{p}",
            spectrum.ks.distance
        ));
    }
    lines.push(format!(
        "modes with lambda >= 4, not convergent: {}",
        s.nonconvergent_modes.len()
    ));
    for (name, value) in [
        ("exact", s.ln_z.exact),
        ("mean field (lower bound)", s.ln_z.mean_field),
        ("Onsager", s.ln_z.onsager),
        ("one loop", s.ln_z.one_loop),
        ("Gaussian limit", s.ln_z.gaussian),
    ] {
        if let Some(value) = value {
            lines.push(format!("ln Z {name}: {value:.4} nats"));
        }
    }
    lines.push(
        "mode   lambda        IPR left     IPR right    saddle x*    saddle y*    energy".into(),
    );
    let cell = |x: Option<f64>| x.map_or_else(|| format!("{:>12}", "-"), |x| format!("{x:>12.4e}"));
    for k in 0..s.singular_values.len().min(LISTED) {
        lines.push(format!(
            "{:>4}  {:>12.4e} {:>12.4e} {:>12.4e} {} {} {}",
            k + 1,
            s.singular_values[k],
            s.ipr_left[k],
            s.ipr_right[k],
            cell(s.saddle_x[k]),
            cell(s.saddle_y[k]),
            cell(s.saddle_energy[k])
        ));
    }
    for (key, reason) in &s.notes {
        lines.push(format!("note, {key}: {reason}"));
    }
    lines
}
