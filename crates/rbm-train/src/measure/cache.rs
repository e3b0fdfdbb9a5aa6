//! Measurements kept in the run, and when they are still those of the run.

use super::context::Options;
use super::measurements::Measurements;
use super::probe::Probe;
use crate::checkpoint::RunDir;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Raised whenever what is measured, or how, changes.
const FORMAT: u32 = 6;

#[derive(Serialize, Deserialize)]
struct Kept {
    /// What the measurements belong to.
    key: String,
    measurements: Measurements,
}

fn path(run: &RunDir) -> PathBuf {
    run.root().join("measurements.json")
}

/// Format, version, names of probes, settings, and all snapshots by name and, for the last one, content.
fn key(run: &RunDir, probes: &[Probe]) -> anyhow::Result<String> {
    let mut hasher = Sha256::new();
    for probe in probes {
        hasher.update(probe.name);
    }
    let steps = run.snapshot_steps()?;
    for step in &steps {
        hasher.update(step.to_le_bytes());
    }
    if let Some(last) = steps.last() {
        hasher.update(std::fs::read(run.snapshot_path(*last))?);
    }
    hasher.update(toml::to_string(&run.settings()?)?);
    let digest: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("{FORMAT} {} {digest}", env!("CARGO_PKG_VERSION")))
}

/// The measurements kept in the run, if they are those of its present state and hold all that is asked for.
///
/// What was measured without data is measured again, since the data may be there by now. A file that cannot be read is
/// as good as none.
pub(super) fn read(run: &RunDir, options: Options, probes: &[Probe]) -> Option<Measurements> {
    let text = std::fs::read_to_string(path(run)).ok()?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    let fits = kept.key == key(run, probes).ok()?;
    let enough = kept.measurements.data && (kept.measurements.full || !options.full);
    (fits && enough).then_some(kept.measurements)
}

/// Measurements as [`read`] will give them: JSON has no number that is not finite, so that an optional one comes back as none.
/// A report must not depend on whether they were read or just made.
pub(super) fn as_read(measurements: Measurements) -> Measurements {
    let text = serde_json::to_vec(&measurements);
    let read = text.and_then(|text| serde_json::from_slice(&text));
    read.unwrap_or(measurements)
}

/// Keeps measurements in the run.
pub(super) fn write(
    run: &RunDir,
    measurements: &Measurements,
    probes: &[Probe],
) -> anyhow::Result<()> {
    let text = serde_json::to_vec(&Kept {
        key: key(run, probes)?,
        measurements: measurements.clone(),
    })?;
    run.write(&path(run), &text)?;
    Ok(())
}
