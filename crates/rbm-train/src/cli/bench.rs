//! `rbm-train bench`.

use super::output::{self, UsageError};
use crate::bench::{self, Case, Measurement, Report};
use crate::memory;
use crate::settings::LearnerKind;
use clap::{Args, ValueEnum};
use rbm_model::{device, ops::SweepKernel};
use std::process::ExitCode;

/// Arguments of `bench`. Lists are separated by commas; all combinations are measured.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Devices, each measured by itself; joined by + they divide each update, flex,flex+remote:ADDRESS
    /// [default: all compiled in]
    #[arg(long, value_delimiter = ',')]
    device: Vec<String>,
    /// Kernels of Gibbs sweeps on CPU devices
    #[arg(long, alias = "path", value_delimiter = ',', default_values = ["packed", "dense", "tensors"])]
    kernel: Vec<KernelName>,
    /// Learners
    #[arg(long, value_delimiter = ',', default_value = "pcd")]
    learner: Vec<LearnerKind>,
    /// Visible units
    #[arg(long, value_name = "UNITS", default_value_t = 784)]
    visible: usize,
    /// Hidden units
    #[arg(
        long,
        value_name = "UNITS",
        value_delimiter = ',',
        default_value = "500"
    )]
    hidden: Vec<usize>,
    /// Rows per update
    #[arg(
        long,
        value_name = "ROWS",
        value_delimiter = ',',
        default_value = "100"
    )]
    batch_size: Vec<usize>,
    /// Chains [default: as many as rows]
    #[arg(long, value_name = "COUNT")]
    chains: Option<usize>,
    /// Gibbs sweeps per update
    #[arg(
        long,
        value_name = "SWEEPS",
        value_delimiter = ',',
        default_value = "1,10"
    )]
    gibbs_steps: Vec<usize>,
    /// Updates timed per case, after a few to warm up
    #[arg(long, default_value_t = 20)]
    steps: usize,
    /// Seed of the made-up data and models
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Compare what devices compute instead of how fast: energies, free energies, and 100 PCD-1 updates
    /// of 20 x 12 units, each device against the first
    #[arg(long)]
    agreement: bool,
    /// Print one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// [`SweepKernel`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum KernelName {
    /// What runs take
    Auto,
    /// Bit-packed states and tables of partial sums
    Packed,
    /// Matrix products, then one fused pass
    Dense,
    /// Plain tensor operations
    Tensors,
}

impl BenchArgs {
    fn devices(&self) -> Vec<String> {
        match self.device.is_empty() {
            true => device::compiled_devices()
                .into_iter()
                .map(String::from)
                .collect(),
            false => self.device.clone(),
        }
    }

    fn cases(&self) -> anyhow::Result<Vec<Case>> {
        for (name, values) in [
            ("--hidden", &self.hidden[..]),
            ("--batch-size", &self.batch_size),
            ("--gibbs-steps", &self.gibbs_steps),
            ("--visible", &[self.visible]),
            ("--steps", &[self.steps]),
            ("--chains", self.chains.as_slice()),
        ] {
            if values.contains(&0) {
                return Err(UsageError(format!("{name} is 0; it must be at least 1")).into());
            }
        }
        let largest = |values: &[usize]| values.iter().copied().max().unwrap_or(0);
        let (hidden, batch) = (largest(&self.hidden), largest(&self.batch_size));
        let chain = memory::bytes_of_chain(self.visible, hidden);
        let unit = 12.0 * self.visible as f64;
        for (name, count, bytes) in [
            ("--visible", self.visible, 12.0),
            ("--hidden", hidden, unit),
            ("--batch-size", batch, chain),
            ("--chains", self.chains.unwrap_or(0), chain),
        ] {
            memory::check_count(name, count, bytes)?;
        }
        let devices = self.devices();
        let divided = devices.iter().any(|device| device.contains('+'));
        let whole = |learner: &&LearnerKind| learner.registration().part.is_none();
        if let (true, Some(learner)) = (divided, self.learner.iter().find(whole)) {
            return Err(UsageError(format!(
                "learner `{learner}` is not divided; leave out --learner {learner} or the devices joined by +"
            ))
            .into());
        }
        let mut cases = Vec::new();
        for &learner in &self.learner {
            for &gibbs_steps in &self.gibbs_steps {
                for &hidden in &self.hidden {
                    for &batch_size in &self.batch_size {
                        for device in &devices {
                            let mut devices = device.split('+');
                            let cpu = devices.all(|name| ["flex", "ndarray"].contains(&name));
                            let kernels = if cpu {
                                &self.kernel[..]
                            } else {
                                &[KernelName::Auto]
                            };
                            cases.extend(kernels.iter().map(|kernel| Case {
                                device: device.clone(),
                                kernel: match kernel {
                                    KernelName::Auto => SweepKernel::Auto,
                                    KernelName::Packed => SweepKernel::Packed,
                                    KernelName::Dense => SweepKernel::Dense,
                                    KernelName::Tensors => SweepKernel::Tensors,
                                },
                                learner,
                                visible: self.visible,
                                hidden,
                                batch_size,
                                chains: self.chains.unwrap_or(batch_size),
                                gibbs_steps,
                                seed: self.seed,
                            }));
                        }
                    }
                }
            }
        }
        Ok(cases)
    }
}

/// Runs the command.
pub fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    if args.agreement {
        return agreement(args);
    }
    let cases = args.cases()?;
    tracing::info!(
        "{} cases in turns, {} updates each",
        cases.len(),
        args.steps
    );
    let mut last = std::time::Instant::now();
    let report = bench::run(&cases, args.steps, |round| {
        if last.elapsed().as_secs() >= 5 {
            last = std::time::Instant::now();
            tracing::info!("round {round}");
        }
    })?;
    if args.json {
        output::json(&report)?;
    } else {
        output::lines(table(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares each device with the first.
fn agreement(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    let names = args.devices();
    let devices = names.iter().map(|name| device::parse_device(name));
    let devices = devices.collect::<Result<Vec<_>, _>>()?;
    let mut lines = vec![format!(
        "{:24} {:>14} {:>14} {:>14} {:>14} {:>6} {:>12}",
        "device", "energy", "free energy", "equal updates", "weights", "flips", "widest |u-p|"
    )];
    let mut results = Vec::new();
    for (name, device) in names.iter().zip(&devices) {
        let found = rbm_model::agreement::compare([&devices[0], device], [20, 12, 40], 100)?;
        lines.push(format!(
            "{name:24} {:>14.1e} {:>14.1e} {:>10}/{} {:>14.1e} {:>6} {:>12.1e}",
            found.energy,
            found.free_energy,
            found.equal_updates,
            found.updates,
            found.weights,
            found.flips.len(),
            found.widest_flip(),
        ));
        results.push(serde_json::json!({ "device": name, "agreement": found }));
    }
    match args.json {
        true => {
            output::json(&serde_json::json!({ "reference": names.first(), "results": results }))?
        }
        false => output::lines(lines)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(report: &Report) -> Vec<String> {
    let mut lines = vec![format!(
        "{} threads, {}; dense f32 products reach {}",
        report.threads,
        report.instructions,
        report
            .peak_gflops
            .iter()
            .map(|(device, peak)| format!("{peak:.0} GFLOP/s on {device}"))
            .collect::<Vec<_>>()
            .join(", ")
    )];
    lines.push(format!(
        "{:8} {:8} {:7} {:>6} {:>6} {:>6} {:>5}  {:>9} {:>9} {:>9}  {:>9} {:>9}  {:>6} {:>6}  {:>7}",
        "device", "kernel", "learner", "hidden", "batch", "chains", "sweeps", "step ms", "(min", "max)",
        "sweeps/s", "alone/s", "x peak", "alone", "MiB"
    ));
    lines.extend(report.results.iter().map(row));
    lines
}

fn row(m: &Measurement) -> String {
    let memory = m.peak_memory.map_or("-".into(), |b| {
        format!("{:.0}", b as f64 / (1 << 20) as f64)
    });
    format!(
        "{:8} {:8} {:7} {:>6} {:>6} {:>6} {:>6} {:>9.3} {:>9.3} {:>9.3}  {:>9.1} {:>9.1}  {:>6.2} {:>6.2}  {memory:>7}",
        m.device,
        m.kernel,
        m.learner.to_string(),
        m.hidden,
        m.batch_size,
        m.chains,
        m.gibbs_steps,
        m.step_ms.median,
        m.step_ms.min,
        m.step_ms.max,
        m.sweeps_per_s,
        m.pure_sweeps_per_s,
        m.fraction_of_peak,
        m.pure_fraction_of_peak,
    )
}
