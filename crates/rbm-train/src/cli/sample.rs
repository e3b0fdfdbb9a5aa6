//! `rbm-train sample`.

mod clamped;
mod draw;

use super::output::{self, UsageError};
use super::source::{Source, SourceArgs};
use crate::data::ImageShape;
use crate::quality::{self, Quality};
use crate::report;
use crate::sampling::{self, Mixing, TemperingReport};
use crate::settings::Settings;
use clap::{Args, ValueEnum};
use rbm_figures::atomic;
use rbm_model::sampling::diagnostics::{Diagnosis, LEAST_DRAWS};
use rbm_model::{BitMatrix, Rbm, device};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `sample`.
#[derive(Debug, Args)]
pub struct SampleArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// How to sample
    #[arg(long, default_value = "gibbs")]
    method: Method,
    /// Where the chains start, for --method gibbs [default: chains for a run that has them, else biases]
    #[arg(long)]
    from: Option<From>,
    /// Gibbs sweeps from there; for tempering, rounds of one sweep at every level and an exchange
    #[arg(long, value_name = "SWEEPS", default_value_t = 1000)]
    gibbs_steps: usize,
    /// Rate at which neighboring levels should swap, for tempering; the levels are chosen to have it
    #[arg(long, value_name = "RATE", default_value_t = 0.5)]
    swap_rate: f64,
    /// Compare the samples with held-out data (training data if there is none): neighbors, moments, free
    /// energies, principal components; writes quality.json and a page with figures
    #[arg(long)]
    quality: bool,
    /// Number of samples, one per chain or ladder [default: 100; with --from chains: all; with --quality: 1000]
    #[arg(long, value_name = "COUNT")]
    chains: Option<usize>,
    /// Complete the rows of this file: 0, 1, and NaN (npy) or an empty field (CSV) for units to be drawn given the others. Writes
    /// clamped-probabilities.npy, clamped-samples.npy and a picture; --chains for each row [default: 10]
    #[arg(long, value_name = "FILE")]
    clamp: Option<PathBuf>,
    /// Data to start from (--from data), to compare with (--quality), or whose mean tempering starts
    /// from [default: that of the run]
    #[arg(long, value_name = "NAME|PATH")]
    dataset: Option<String>,
    /// Threshold for that data
    #[arg(long, requires = "dataset", allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Seed of the sweeps
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Rows and columns of an image, e.g. 28x28 [default: that of the run, or a square]
    #[arg(long, value_name = "ROWSxCOLUMNS", alias = "shape")]
    image_shape: Option<ImageShape>,
    /// Where to compute [default: that of the run, or the first compiled in]
    #[arg(long)]
    device: Option<String>,
    /// Directory for samples.npy, samples.png and quality [default: RUN/samples, or .]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// How to sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    /// Block Gibbs chains
    Gibbs,
    /// Parallel tempering from independent units at the data's mean (without data: the model's biases)
    Tempering,
    /// Tempering along the run's snapshots
    Trajectory,
}

/// Where sampling starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// Uniformly random units
    Random,
    /// Independent units with the model's own biases
    Biases,
    /// Rows of the test part (training part if there is none)
    Data,
    /// The run's persistent chains
    Chains,
}

#[derive(Debug, Serialize)]
struct Summary {
    samples: usize,
    method: Method,
    gibbs_steps: usize,
    npy: PathBuf,
    png: Option<PathBuf>,
    /// Absent where too few sweeps were made to tell.
    mixing: Option<Mixing>,
    tempering: Option<TemperingReport>,
    quality: Option<Quality>,
}

/// Samples and what is known of how they came about.
struct Samples {
    visible: BitMatrix,
    mixing: Option<Mixing>,
    tempering: Option<TemperingReport>,
}

/// Runs the command.
pub fn run(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    let source = args.source.open()?;
    let settings = source.settings(args.dataset.as_deref(), args.threshold)?;
    let name = args.device.as_deref();
    let device = device::parse_device(name.unwrap_or(settings.training.first_device()))?;
    let rbm = Rbm::from_parameters(&source.parameters, &device);
    let n = source.parameters.n_visible;

    let shape = match args.image_shape {
        Some(shape) if shape.pixels() == Some(n) => Some((shape.height, shape.width)),
        Some(shape) => {
            return Err(UsageError(format!(
                "--image-shape is {shape}; its product must be {n}, the visible units"
            ))
            .into());
        }
        None => match &source.run {
            Some(run) => run.manifest()?.image_shape,
            None => square(n),
        },
    };

    let out = match (&args.out, &source.run) {
        (Some(out), _) => out.clone(),
        (None, Some(run)) => run.root().join("samples"),
        (None, None) => PathBuf::from("."),
    };
    std::fs::create_dir_all(&out)
        .map_err(|e| anyhow::anyhow!("cannot create {}: {e}", out.display()))?;
    let write = |name: &str, bytes: &[u8]| -> anyhow::Result<PathBuf> {
        let path = out.join(name);
        atomic::write(&path, bytes)
            .map_err(|e| anyhow::anyhow!("cannot write {}: {e}", path.display()))?;
        Ok(path)
    };
    if let Some(file) = &args.clamp {
        clamped::run(args, file, &source, &device, shape, &write)?;
        return Ok(ExitCode::SUCCESS);
    }
    let samples = match args.method {
        Method::Gibbs => draw::gibbs(args, &source, &settings, &rbm, &device)?,
        Method::Tempering | Method::Trajectory => {
            if args.from.is_some() {
                return Err(UsageError("--from goes with --method gibbs only".into()).into());
            }
            draw::tempered(args, &source, &settings, &rbm, &device)?
        }
    };
    let visible = &samples.visible;
    let npy = write("samples.npy", &sampling::to_npy(visible))?;
    let png = match shape {
        Some(shape) => {
            let bytes = sampling::to_png(visible, shape)?;
            Some(write("samples.png", &bytes)?)
        }
        None => None,
    };
    let quality = match args.quality {
        true => Some(measure_quality(
            args, &source, &settings, &rbm, visible, &write,
        )?),
        false => None,
    };
    let count = visible.rows();
    if args.json {
        output::json(&Summary {
            samples: count,
            method: args.method,
            gibbs_steps: args.gibbs_steps,
            npy,
            png,
            mixing: samples.mixing,
            tempering: samples.tempering,
            quality,
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let png = png
        .map(|p| format!(" and {}", p.display()))
        .unwrap_or_default();
    let what = match args.method {
        Method::Gibbs => "sweeps",
        Method::Tempering | Method::Trajectory => "rounds of tempering",
    };
    let mut lines = vec![format!(
        "{count} samples after {} {what} in {}{png}",
        args.gibbs_steps,
        npy.display()
    )];
    lines.extend(samples.tempering.iter().flat_map(tempering_lines));
    lines.extend(samples.mixing.iter().flat_map(mixing_lines));
    if let Some(quality) = &quality {
        let rows = report::quality::numbers(quality);
        lines.extend(
            rows.into_iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        let page = out.join("quality").join("index.html");
        lines.push(format!("figures: {}", page.display()));
    }
    output::lines(lines)?;
    if samples.mixing.is_none() {
        tracing::warn!(
            "{} sweeps are too few to tell whether the chains have mixed ({} can be judged): samples are what so few leave of their starts",
            args.gibbs_steps,
            2 * LEAST_DRAWS
        );
    }
    if let Some(mixing) = samples.mixing.as_ref().filter(|mixing| !mixing.is_enough()) {
        tracing::warn!(
            "the chains have not mixed (R-hat {}, where {} is allowed): samples show what is near their starts, not what share of the mass it has; take more --gibbs-steps, or --method tempering",
            r_hat(mixing.largest_r_hat),
            sampling::LARGEST_R_HAT
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// R-hat as text.
fn r_hat(value: f64) -> String {
    match value {
        value if value.is_nan() => "undefined, since nothing moved".to_owned(),
        value if value.is_infinite() => "infinite, since each chain stays where it is".to_owned(),
        value => format!("{value:.3}"),
    }
}

/// Compares samples with data, and writes `quality.json` and the page.
fn measure_quality(
    args: &SampleArgs,
    source: &Source,
    settings: &Settings,
    rbm: &Rbm,
    visible: &BitMatrix,
    write: &dyn Fn(&str, &[u8]) -> anyhow::Result<PathBuf>,
) -> anyhow::Result<Quality> {
    if source.run.is_none() && args.dataset.is_none() {
        return Err(UsageError("--quality with --model needs --dataset".into()).into());
    }
    let data = source.data(settings)?;
    let (held_out, _) = data.held_out();
    let mut quality = quality::compare(visible, held_out, Some(rbm), args.seed)?;
    let file = write("quality.json", &serde_json::to_vec(&quality)?)?;
    let document = rbm_figures::Document {
        title: format!("Samples beside {}", data.name),
        subtitle: source.path.display().to_string(),
        warnings: Vec::new(),
        sections: vec![report::quality::section(&quality)],
        ..Default::default()
    };
    document.write(&file.with_file_name("quality"))?;
    // The points are in the file.
    quality.points = None;
    Ok(quality)
}

fn tempering_lines(t: &TemperingReport) -> Vec<String> {
    let list = |values: &[f64]| {
        let texts: Vec<String> = values.iter().map(|x| format!("{x:.3}")).collect();
        texts.join(" ")
    };
    vec![
        format!("{} levels at {}", t.levels.len(), list(&t.levels)),
        format!("swap rates {}", list(&t.swap_rates)),
        format!(
            "{} round trips of {} walkers in {} rounds ({:.2} per ladder and 1000 rounds)",
            t.round_trips,
            t.levels.len() * t.ladders,
            t.rounds - t.rounds / 2,
            t.round_trips_per_thousand_rounds
        ),
    ]
}

fn mixing_lines(m: &Mixing) -> Vec<String> {
    let line = |name: String, d: &Diagnosis| {
        let time = d.autocorrelation_time;
        // Draws that are all alike, or alike in each chain, have no times and no sizes.
        if !d.r_hat.is_finite() {
            return format!("{name}: mean {:.3}, R-hat {}", d.mean, r_hat(d.r_hat));
        }
        let sweeps = m.sweeps_between_draws as f64;
        format!(
            "{name}: mean {:.3} ± {:.3}, R-hat {}, autocorrelation time {}{:.1} ± {:.1} sweeps, effective sample \
             size {:.0} of {}",
            d.mean,
            d.standard_error,
            r_hat(d.r_hat),
            if time.resolved { "" } else { "at least " },
            time.value * sweeps,
            time.standard_error * sweeps,
            d.effective_sample_size,
            d.chains * d.draws
        )
    };
    let mut lines = vec![line("free energy F(v), nats".into(), &m.free_energy)];
    lines.extend(m.modes.iter().map(|mode| {
        let name = format!(
            "mode {} (singular value {:.2})",
            mode.mode, mode.singular_value
        );
        line(name, &mode.diagnosis)
    }));
    lines
}

fn square(n: usize) -> Option<(usize, usize)> {
    let side = n.isqrt();
    (side * side == n).then_some((side, side))
}
