//! `rbm-train sample`.

use super::output::{self, UsageError};
use super::source::SourceArgs;
use crate::checkpoint::{atomic, read_state};
use crate::sampling::{self, Start};
use clap::{Args, ValueEnum};
use rbm_model::{Rbm, device};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `sample`.
#[derive(Debug, Args)]
pub struct SampleArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Where the chains start [default: chains for a run that has them, else biases]
    #[arg(long)]
    from: Option<From>,
    /// Gibbs sweeps from there
    #[arg(long, value_name = "SWEEPS", default_value_t = 1000)]
    gibbs_steps: usize,
    /// Number of samples, one a chain [default: 100; with --from chains: all]
    #[arg(long, value_name = "COUNT")]
    chains: Option<usize>,
    /// Data to start from, for --from data [default: that of the run]
    #[arg(long, value_name = "NAME|PATH")]
    dataset: Option<String>,
    /// Threshold for that data
    #[arg(long, allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Seed of the sweeps
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Rows and columns of an image, e.g. 28x28 [default: that of the run, or a square]
    #[arg(long, value_name = "ROWSxCOLUMNS")]
    shape: Option<String>,
    /// Where to compute [default: that of the run, or the first compiled in]
    #[arg(long)]
    device: Option<String>,
    /// Directory for samples.npy and samples.png [default: RUN/samples, or .]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
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
    gibbs_steps: usize,
    npy: PathBuf,
    png: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    let source = args.source.open()?;
    let settings = source.settings(args.dataset.as_deref(), args.threshold)?;
    let name = args.device.as_ref().unwrap_or(&settings.training.device);
    let device = device::parse_device(name)?;
    let rbm = Rbm::from_parameters(&source.parameters, &device);
    let n = source.parameters.n_visible;

    let saved = match &source.run {
        Some(run) if matches!(args.from, None | Some(From::Chains)) => {
            let (_, state) = read_state(&run.state_path(), Some((&device, &vec![0.5; n])))?;
            state.and_then(|state| state.learner.chains().cloned())
        }
        _ => None,
    };
    let count = args.chains.unwrap_or(100);
    if count == 0 {
        return Err(UsageError("--chains is 0; it must be at least 1".into()).into());
    }
    let start = match (args.from, saved) {
        (None | Some(From::Chains), Some(chains)) => Start::Chains(Box::new(chains)),
        (Some(From::Chains), None) => {
            return Err(UsageError(
                "--from chains needs a run that was trained with persistent chains (--learner pcd)"
                    .into(),
            )
            .into());
        }
        (None | Some(From::Biases), _) => Start::Biases(count),
        (Some(From::Random), _) => Start::Random(count),
        (Some(From::Data), _) => {
            if source.run.is_none() && args.dataset.is_none() {
                return Err(UsageError("--from data with --model needs --dataset".into()).into());
            }
            Start::Data(sampling::rows(&source.data(&settings)?, count, args.seed))
        }
    };
    let visible = sampling::draw(&rbm, start, args.gibbs_steps, args.seed, args.chains);
    let shape = match &args.shape {
        Some(text) => Some(parse_shape(text, n)?),
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
    let npy = write("samples.npy", &sampling::to_npy(&visible, n)?)?;
    let png = match shape {
        Some(shape) => {
            let bytes = sampling::to_png(&visible, shape)?;
            Some(write("samples.png", &bytes)?)
        }
        None => None,
    };
    let samples = visible.len() / n;
    if args.json {
        output::json(&Summary {
            samples,
            gibbs_steps: args.gibbs_steps,
            npy,
            png,
        })?;
    } else {
        let png = png
            .map(|p| format!(" and {}", p.display()))
            .unwrap_or_default();
        let sweeps = args.gibbs_steps;
        output::lines([format!(
            "{samples} samples after {sweeps} sweeps in {}{png}",
            npy.display()
        )])?;
    }
    Ok(ExitCode::SUCCESS)
}

fn parse_shape(text: &str, n: usize) -> anyhow::Result<(usize, usize)> {
    let parsed = text
        .split_once('x')
        .and_then(|(r, c)| Some((r.parse::<usize>().ok()?, c.parse::<usize>().ok()?)));
    match parsed {
        Some((rows, columns)) if rows.checked_mul(columns) == Some(n) => Ok((rows, columns)),
        _ => Err(UsageError(format!(
            "--shape is `{text}`; expected ROWSxCOLUMNS with a product of {n}, e.g. 28x28"
        ))
        .into()),
    }
}

fn square(n: usize) -> Option<(usize, usize)> {
    let side = n.isqrt();
    (side * side == n).then_some((side, side))
}
