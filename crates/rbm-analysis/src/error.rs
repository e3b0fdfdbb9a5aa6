//! What can go wrong in an analysis.

/// Errors of this crate. Each says what was wrong, what was expected and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// A NaN or infinite entry in the input.
    #[error("{what} holds {value} at row {row}, column {column}; all entries must be finite")]
    NotFinite {
        /// Name of the input.
        what: &'static str,
        /// Row of the first such entry.
        row: usize,
        /// Column of the first such entry.
        column: usize,
        /// The entry.
        value: f64,
    },
    /// Input without rows or columns.
    #[error("{what} is empty")]
    Empty {
        /// Name of the input.
        what: &'static str,
    },
    /// Input of another size than the operation needs.
    #[error("{what} has size {found:?}; expected {expected:?}")]
    Shape {
        /// Name of the input.
        what: &'static str,
        /// Size that is needed.
        expected: Vec<usize>,
        /// Size that was found.
        found: Vec<usize>,
    },
    /// An argument outside its range.
    #[error("{name} = {found}; expected {expected}")]
    Argument {
        /// Name of the argument.
        name: &'static str,
        /// What is allowed.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A mode number beyond the last mode.
    #[error("mode {mode} does not exist; this model has {modes} modes, numbered from 0")]
    NoSuchMode {
        /// Number that was asked for.
        mode: usize,
        /// Number of modes R = min(N, M).
        modes: usize,
    },
    /// A decomposition or iteration that did not converge.
    #[error("{what} did not converge")]
    NoConvergence {
        /// What was being computed.
        what: &'static str,
    },
    /// An error of the model itself.
    #[error(transparent)]
    Model(#[from] rbm_model::ModelError),
    /// Reading a tensor back from its device failed.
    #[error("reading a tensor back failed: {0}")]
    Tensor(String),
}

/// Checks that a length is what the model needs.
pub(crate) fn check_len(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), AnalysisError> {
    if expected == found {
        Ok(())
    } else {
        Err(AnalysisError::Shape {
            what,
            expected: vec![expected],
            found: vec![found],
        })
    }
}
