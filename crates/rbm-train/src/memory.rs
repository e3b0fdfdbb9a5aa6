//! What memory there is, and whether a count of things fits.

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
    fn counts_that_do_not_fit_are_refused() {
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
