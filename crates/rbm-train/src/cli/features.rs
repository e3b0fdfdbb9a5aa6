//! `rbm-train features`.

use super::output::{self, UsageError};
use super::source::SourceArgs;
use crate::data::BitMatrix;
use clap::{Args, ValueEnum};
use rbm_figures::atomic;
use rbm_model::{Rbm, device, ops};
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Rows taken to the device at a time.
const CHUNK: usize = 1000;

/// Arguments of `features`.
#[derive(Debug, Args)]
pub struct FeaturesArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Data to take rows from, in their order [default: that of the run; mnist for a model file]
    #[arg(long, value_name = "NAME|PATH")]
    dataset: Option<String>,
    /// Threshold for that data
    #[arg(long, requires = "dataset")]
    threshold: Option<f64>,
    /// Which rows; data without a test part of their own are training rows, all of them where they are given by --dataset
    #[arg(long, value_name = "PART", default_value = "train")]
    part: Part,
    /// Where to compute [default: that of the run, or the first compiled in]
    #[arg(long)]
    device: Option<String>,
    /// File to write: .npy, floats of 32 bits, [rows, hidden units]; or .csv, with labels where rows have them
    /// [default: RUN/features-PART.npy, or ./features-PART.npy]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// A part of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    /// Training rows
    Train,
    /// Test rows
    Test,
}

#[derive(Debug, Serialize)]
struct Summary {
    dataset: String,
    part: Part,
    rows: usize,
    hidden_units: usize,
    file: PathBuf,
}

/// Runs the command.
pub fn run(args: &FeaturesArgs) -> anyhow::Result<ExitCode> {
    let source = args.source.open()?;
    let settings = source.settings(args.dataset.as_deref(), args.threshold)?;
    let name = match args.part {
        Part::Train => "features-train.npy",
        Part::Test => "features-test.npy",
    };
    let file = match (&args.out, &source.run) {
        (Some(file), _) => file.clone(),
        (None, Some(run)) => run.root().join(name),
        (None, None) => name.into(),
    };
    let is = |extension: &str| {
        let found = file.extension();
        found.is_some_and(|found| found.eq_ignore_ascii_case(extension))
    };
    if !is("npy") && !is("csv") {
        return Err(UsageError(format!(
            "--out is {}; it must end in .npy or .csv",
            file.display()
        ))
        .into());
    }
    let data = source.data(&settings)?;
    let (rows, labels) = match args.part {
        Part::Train => (&data.train, data.train_labels.as_deref()),
        Part::Test => (&data.test, data.test_labels.as_deref()),
    };
    if rows.is_empty() {
        return Err(UsageError(format!("{} has no test rows", data.name)).into());
    }
    let device = args.device.as_deref();
    let device = device::parse_device(device.unwrap_or(settings.training.first_device()))?;
    let rbm = Rbm::from_parameters(&source.parameters, &device);
    let values = hidden_probabilities(&rbm, rows);
    let content = match is("csv") {
        true => csv(&values, rbm.n_hidden(), labels).into_bytes(),
        false => {
            let elements: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
            crate::data::npy_file("<f4", &[rows.rows(), rbm.n_hidden()], &elements)
        }
    };
    write(&file, &content)?;
    let summary = Summary {
        dataset: data.name.clone(),
        part: args.part,
        rows: rows.rows(),
        hidden_units: rbm.n_hidden(),
        file,
    };
    if args.json {
        output::json(&summary)?;
    } else {
        output::lines([format!(
            "p(h = 1 | v) of {} rows and {} hidden units in {}",
            summary.rows,
            summary.hidden_units,
            summary.file.display()
        )])?;
    }
    Ok(ExitCode::SUCCESS)
}

/// p(h = 1 | v) for each row, row-major `[rows, n_hidden]`.
fn hidden_probabilities(rbm: &Rbm, rows: &BitMatrix) -> Vec<f32> {
    let mut values = Vec::with_capacity(rows.rows() * rbm.n_hidden());
    for first in (0..rows.rows()).step_by(CHUNK) {
        let some = rows.slice(first..rows.rows().min(first + CHUNK));
        let (weight, bias) = (rbm.weight.val(), rbm.hidden_bias.val());
        let found = ops::hidden_probabilities(weight, bias, some.to_tensor(&rbm.device()));
        values.extend(found.into_data().iter::<f32>());
    }
    values
}

/// A table with a header, `label` first where there are labels.
fn csv(values: &[f32], hidden: usize, labels: Option<&[u8]>) -> String {
    let names = (1..=hidden).map(|unit| format!("hidden_{unit}"));
    let names: Vec<String> = labels
        .map(|_| "label".to_owned())
        .into_iter()
        .chain(names)
        .collect();
    let mut text = names.join(",") + "\n";
    for (row, values) in values.chunks_exact(hidden).enumerate() {
        let label = labels.map(|labels| f32::from(labels[row]));
        for (column, value) in label.iter().chain(values).enumerate() {
            let comma = if column > 0 { "," } else { "" };
            // A String takes everything.
            let _ = write!(text, "{comma}{value}");
        }
        text.push('\n');
    }
    text
}

fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    atomic::write(file, content)
        .map_err(|error| anyhow::anyhow!("cannot write {}: {error}", file.display()))
}
