//! Whether a run fits, before it starts.

use super::{ChainCount, OptimizerKind, Settings};
use crate::learner::Sizes;
use crate::memory::{GIB, available_bytes};

/// More memory asked for than there is.
#[derive(Debug, thiserror::Error)]
#[error(
    "this run needs about {needed:.1} GiB of memory and {available:.1} GiB are available; use fewer chains (--chains {chains}), hidden units (--hidden {hidden}) or rows per batch (--batch-size {batch_size})"
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

impl Settings {
    /// Estimates what training on `rows` rows takes and compares it with what the host has.
    ///
    /// Where the system does not say what is available (it does on Linux), nothing is refused.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub fn check_memory(&self, n_visible: usize, rows: usize) -> Result<(), MemoryError> {
        let needed = self.memory_bytes(n_visible, rows);
        match available_bytes() {
            Some(available) if needed > available => Err(MemoryError {
                needed: needed / GIB,
                available: available / GIB,
                chains: self.learner.chains,
                hidden: self.model.hidden,
                batch_size: self.training.batch_size,
            }),
            _ => Ok(()),
        }
    }

    /// Estimate of what training takes, in bytes: parameters, a copy to work on and moments as f32, the
    /// Gram matrix of the metrics in f64, and what the learner takes.
    ///
    /// # Examples
    /// ```
    /// use rbm_train::Settings;
    /// let mut settings = Settings::default();
    /// let few = settings.memory_bytes(784, 60_000);
    /// // Twice the hidden units: twice the weights, and between twice and four times the Gram matrix.
    /// settings.model.hidden *= 2;
    /// let many = settings.memory_bytes(784, 60_000);
    /// assert!(many > 1.5 * few && many < 4.0 * few);
    /// ```
    pub fn memory_bytes(&self, n_visible: usize, rows: usize) -> f64 {
        let (n, m) = (n_visible as f64, self.model.hidden as f64);
        let moments = match self.optimizer.kind {
            OptimizerKind::Sgd => f64::from(self.optimizer.momentum > 0.0),
            OptimizerKind::Adam => 2.0,
        };
        let model = 4.0 * n * m * (2.0 + moments) + 8.0 * n.min(m).powi(2);
        let learner = self.learner.kind.registration().bytes;
        model
            + learner(&Sizes {
                options: &self.learner.options(self.training.seed),
                visible: n_visible,
                hidden: self.model.hidden,
                batch: self.training.batch_size,
                rows,
                devices: self.training.devices().count(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::LearnerKind;

    #[test]
    fn absurd_sizes_are_refused_and_defaults_fit() {
        let mut settings = Settings::default();
        assert!(settings.memory_bytes(784, 60_000) < 0.1 * GIB);
        settings.learner.kind = LearnerKind::Pt;
        assert!(settings.memory_bytes(784, 60_000) < 0.1 * GIB);
        settings.learner.levels = 1_000_000;
        assert!(settings.memory_bytes(784, 60_000) > 1000.0 * GIB);
        settings.learner.kind = LearnerKind::Pcd;
        let before = settings.memory_bytes(784, 60_000);
        settings.learner.chains = ChainCount::Data;
        let more = settings.memory_bytes(784, 60_000) - before;
        // Three times 60,000 chains of 784 + 500 bits.
        assert!(more > 28.8e6 && more < 29e6, "{more}");
        settings.learner.chains = ChainCount::Count(usize::MAX / 2);
        assert!(settings.memory_bytes(784, 60_000) > 1e6 * GIB);
        if available_bytes().is_some() {
            let error = settings.check_memory(784, 60_000).unwrap_err().to_string();
            assert!(error.contains("--chains"), "{error}");
        }
    }
}
