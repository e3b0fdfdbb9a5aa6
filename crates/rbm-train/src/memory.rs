//! Whether a run fits, before it starts.

use crate::settings::{ChainCount, LearnerKind, OptimizerKind, Settings};

/// More memory asked for than there is.
#[derive(Debug, thiserror::Error)]
#[error(
    "this run needs about {needed:.1} GiB of memory and {available:.1} GiB are available; use fewer chains (--chains {chains}), hidden units (--hidden {hidden}) or rows a batch (--batch-size {batch_size})"
)]
pub struct MemoryError {
    /// Needed, in GiB.
    pub needed: f64,
    /// Available, in GiB.
    pub available: f64,
    /// Chains asked for.
    pub chains: ChainCount,
    /// Hidden units asked for.
    pub hidden: usize,
    /// Batch asked for.
    pub batch_size: usize,
}

/// Estimates what training on `rows` rows takes and compares it with what the host has.
///
/// Where the system does not say what is available (it does on Linux), nothing is refused.
///
/// # Errors
/// [`MemoryError`].
pub fn check(settings: &Settings, n_visible: usize, rows: usize) -> Result<(), MemoryError> {
    let needed = bytes_needed(settings, n_visible, rows);
    match available_bytes() {
        Some(available) if needed > available => Err(MemoryError {
            needed: needed / GIB,
            available: available / GIB,
            chains: settings.learner.chains,
            hidden: settings.model.hidden,
            batch_size: settings.training.batch_size,
        }),
        _ => Ok(()),
    }
}

/// A count that would take more memory than there is.
#[derive(Debug, thiserror::Error)]
#[error("{name} is {count}; the memory that is available allows at most {most}")]
pub struct CountError {
    /// What is counted, as the user knows it: a flag or a setting.
    pub name: &'static str,
    /// What was asked for.
    pub count: usize,
    /// What fits.
    pub most: u64,
}

/// How many fit into memory, `bytes` each; where the system does not say what is available, into 64 GiB.
pub fn most(bytes: f64) -> u64 {
    (available_bytes().unwrap_or(64.0 * GIB) / bytes) as u64
}

/// Compares a count of what takes `bytes` each with [`most`].
///
/// # Errors
/// [`CountError`].
pub fn check_count(name: &'static str, count: usize, bytes: f64) -> Result<(), CountError> {
    let most = most(bytes);
    match count as u64 > most {
        true => Err(CountError { name, count, most }),
        false => Ok(()),
    }
}

/// Estimate of what a chain of a model takes, in bytes: states, fields and probabilities of both layers as f32.
pub fn bytes_of_chain(n_visible: usize, n_hidden: usize) -> f64 {
    12.0 * (n_visible as f64 + n_hidden as f64)
}

/// Bytes of a GiB.
pub(crate) const GIB: f64 = (1u64 << 30) as f64;

/// Estimate of what training takes, in bytes: parameters, a copy to work on and moments as f32, the
/// Gram matrix of the metrics in f64; for PCD, chains as bits (three times those of all training rows, which a checkpoint copies and
/// writes), hidden values of 64 units and two batches; for other learners, states, fields and probabilities of both phases as f32.
pub fn bytes_needed(settings: &Settings, n_visible: usize, rows: usize) -> f64 {
    let (n, m) = (n_visible as f64, settings.model.hidden as f64);
    let moments = match settings.optimizer.kind {
        OptimizerKind::Sgd => f64::from(settings.optimizer.momentum > 0.0),
        OptimizerKind::Adam => 2.0,
    };
    let batch = settings.training.batch_size as f64;
    // Chains that an update moves.
    let chains = settings.learner.chains.of_rows(batch as usize) as f64;
    let model = 4.0 * n * m * (2.0 + moments) + 8.0 * n.min(m).powi(2);
    let numbers = |chains: f64| (batch + chains) * bytes_of_chain(n_visible, settings.model.hidden);
    match settings.learner.kind {
        LearnerKind::Cd => model + numbers(batch),
        LearnerKind::Random => model + numbers(chains),
        // Parts of a divided run keep their chains as tensors.
        LearnerKind::Pcd if settings.training.devices().count() > 1 => model + numbers(chains),
        LearnerKind::Pcd => {
            let values = 4.0 * (batch + chains) * m.min(64.0);
            let kept = match settings.learner.chains {
                ChainCount::Data => chains + 3.0 * rows as f64,
                ChainCount::Count(_) => chains,
            };
            model + kept * (n + m) / 8.0 + values + 8.0 * batch * n
        }
        LearnerKind::Pt => {
            // A copy of the model at every level.
            let levels = settings.learner.levels as f64;
            model + 4.0 * n * m * levels + numbers(chains * levels)
        }
    }
}

/// Most memory that this process has held since [`reset_peak`], in bytes, where the system (Linux)
/// tells.
pub fn peak_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kib)
}

/// Starts [`peak_bytes`] anew; where the system does not allow that, it goes on.
pub fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Memory that new programs can have without swapping, in bytes, where the system (Linux) tells.
pub fn available_bytes() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_sizes_are_refused_and_defaults_fit() {
        let mut settings = Settings::default();
        assert!(bytes_needed(&settings, 784, 60_000) < 0.1 * GIB);
        settings.learner.kind = LearnerKind::Pt;
        assert!(bytes_needed(&settings, 784, 60_000) < 0.1 * GIB);
        settings.learner.levels = 1_000_000;
        assert!(bytes_needed(&settings, 784, 60_000) > 1000.0 * GIB);
        settings.learner.kind = LearnerKind::Pcd;
        let before = bytes_needed(&settings, 784, 60_000);
        settings.learner.chains = ChainCount::Data;
        let more = bytes_needed(&settings, 784, 60_000) - before;
        // Three times 60,000 chains of 784 + 500 bits.
        assert!(more > 28.8e6 && more < 29e6, "{more}");
        settings.learner.chains = ChainCount::Count(usize::MAX / 2);
        assert!(bytes_needed(&settings, 784, 60_000) > 1e6 * GIB);
        if available_bytes().is_some() {
            let error = check(&settings, 784, 60_000).unwrap_err().to_string();
            assert!(error.contains("--chains"), "{error}");
        }
        let each = bytes_of_chain(784, 500);
        assert!(check_count("--chains", 1000, each).is_ok());
        let error = check_count("--ais-chains", usize::MAX, each).unwrap_err();
        assert!(check_count("--ais-chains", error.most as usize / 2, each).is_ok());
        let error = error.to_string();
        assert!(
            error.contains("--ais-chains is 1844") && error.contains("at most"),
            "{error}"
        );
    }
}
