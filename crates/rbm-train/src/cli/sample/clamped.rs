//! `sample --clamp`: rows of which some units are given.

use super::{Method, SampleArgs};
use crate::cli::output::{self, UsageError};
use crate::cli::source::Source;
use crate::data::{load_partial, npy_file};
use crate::memory;
use crate::progress::with_progress;
use crate::sampling::{ClampedOptions, Completed, LARGEST_R_HAT, complete, picture};
use burn::tensor::Device;
use rbm_model::BitMatrix;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Chains for each row, where no number is given.
const CHAINS: usize = 10;
/// Rows in the picture, and chains of each.
const SHOWN: [usize; 2] = [20, 8];

#[derive(Debug, Serialize)]
struct Summary {
    rows: usize,
    chains: usize,
    gibbs_steps: usize,
    /// Free units of all rows together.
    free_units: usize,
    /// Rows whose probabilities are sums over all states.
    exact_rows: usize,
    /// The largest R-hat of a row whose probabilities are means over chains; null where none could be judged.
    largest_r_hat: Option<f64>,
    /// Such rows, from 1, whose chains have not mixed.
    not_mixed: Vec<usize>,
    probabilities: PathBuf,
    samples: PathBuf,
    png: Option<PathBuf>,
}

/// Completes the rows of a file and writes what was found.
pub(super) fn run(
    args: &SampleArgs,
    file: &Path,
    source: &Source,
    device: &Device,
    shape: Option<(usize, usize)>,
    write: &dyn Fn(&str, &[u8]) -> anyhow::Result<PathBuf>,
) -> anyhow::Result<()> {
    if args.method != Method::Gibbs || args.from.is_some() || args.quality {
        let text = "--clamp goes with neither --method, --from nor --quality";
        return Err(UsageError(text.into()).into());
    }
    let rows = load_partial(file)?;
    let model = &source.parameters;
    let n = model.n_visible;
    anyhow::ensure!(
        rows[0].len() == n,
        "{} has {} columns; the model has {n} visible units",
        file.display(),
        rows[0].len()
    );
    let options = ClampedOptions {
        chains: args.chains.unwrap_or(CHAINS),
        sweeps: args.gibbs_steps,
        seed: args.seed,
    };
    if options.chains == 0 {
        return Err(UsageError("--chains is 0; it must be at least 1".into()).into());
    }
    let each = memory::bytes_of_chain(n, model.n_hidden) + (rows.len() * n) as f64 / 8.0;
    memory::check_count("--chains", options.chains, each)?;
    let found = with_progress(|progress| {
        let all = rows.iter().enumerate().map(|(row, known)| {
            progress("rows", row, rows.len());
            complete(model, device, known, row, options)
        });
        all.collect::<Result<Vec<Completed>, _>>()
    })?;

    let bytes = found.iter().flat_map(|row| &row.probabilities);
    let bytes: Vec<u8> = bytes.flat_map(|p| p.to_le_bytes()).collect();
    let probabilities = write(
        "clamped-probabilities.npy",
        &npy_file("<f4", &[found.len(), n], &bytes),
    )?;
    let mut states = BitMatrix::zeros(0, n);
    for row in &found {
        states.append(&row.states)?;
    }
    let units = |row| (0..n).map(move |unit| (row, unit));
    let bits = (0..states.rows()).flat_map(units);
    let bits: Vec<u8> = bits
        .map(|(row, unit)| u8::from(states.get(row, unit)))
        .collect();
    let samples = write(
        "clamped-samples.npy",
        &npy_file("|u1", &[found.len(), options.chains, n], &bits),
    )?;
    let png = match shape {
        Some(shape) => Some(write("clamped.png", &drawn(&rows, &found, shape)?)?),
        None => None,
    };
    let sampled = || found.iter().enumerate().filter(|(_, row)| !row.exact);
    // NaN: all chains were in one state all the time, and agree.
    let not_mixed = sampled().filter(|(_, row)| row.r_hat.is_some_and(|r| r > LARGEST_R_HAT));
    let summary = Summary {
        rows: rows.len(),
        chains: options.chains,
        gibbs_steps: options.sweeps,
        free_units: rows.iter().flatten().filter(|unit| unit.is_none()).count(),
        exact_rows: found.iter().filter(|row| row.exact).count(),
        largest_r_hat: sampled()
            .filter_map(|(_, row)| row.r_hat)
            .filter(|r| !r.is_nan())
            .reduce(f64::max),
        not_mixed: not_mixed.map(|(row, _)| row + 1).collect(),
        probabilities,
        samples,
        png,
    };
    if args.json {
        return output::json(&summary);
    }
    let count =
        |count: usize, name: &str| format!("{count} {name}{}", if count == 1 { "" } else { "s" });
    let mut lines = vec![
        format!(
            "{} with {}: probabilities in {}, {} each in {}",
            count(summary.rows, "row"),
            count(summary.free_units, "free unit"),
            summary.probabilities.display(),
            count(summary.chains, "chain"),
            summary.samples.display()
        ),
        format!(
            "probabilities of {} are sums over all states, of the others means over the second half of {} sweeps",
            count(summary.exact_rows, "row"),
            summary.gibbs_steps
        ),
    ];
    lines.extend(
        summary
            .png
            .iter()
            .map(|png| format!("picture (given, probabilities, chains): {}", png.display())),
    );
    lines.extend(
        summary
            .largest_r_hat
            .map(|r| format!("largest R-hat of a row: {}", super::r_hat(r))),
    );
    output::lines(lines)?;
    if !summary.not_mixed.is_empty() {
        tracing::warn!(
            "the chains of {} of {} rows have not mixed (R-hat above {LARGEST_R_HAT}): their probabilities depend on where chains started; \
             take more --gibbs-steps",
            summary.not_mixed.len(),
            summary.rows
        );
    } else if sampled().any(|(_, row)| row.r_hat.is_none()) {
        tracing::warn!(
            "so few sweeps or chains cannot be judged: take 8 --gibbs-steps and 2 --chains or more"
        );
    }
    Ok(())
}

/// A line for each row: what is given (free units gray), probabilities, chains.
fn drawn(
    rows: &[Vec<Option<bool>>],
    found: &[Completed],
    shape: (usize, usize),
) -> anyhow::Result<Vec<u8>> {
    let [most, chains] = SHOWN;
    let mut images: Vec<Vec<u8>> = Vec::new();
    let chains = chains.min(found[0].states.rows());
    for (known, row) in rows.iter().zip(found).take(most) {
        let gray = |unit: &Option<bool>| unit.map_or(96, |on| 255 * u8::from(on));
        images.push(known.iter().map(gray).collect());
        images.push(
            row.probabilities
                .iter()
                .map(|p| (255.0 * p).round() as u8)
                .collect(),
        );
        images.extend((0..chains).map(|chain| {
            let on = |unit| 255 * u8::from(row.states.get(chain, unit));
            (0..known.len()).map(on).collect()
        }));
    }
    picture(&images, shape, 2 + chains)
}
