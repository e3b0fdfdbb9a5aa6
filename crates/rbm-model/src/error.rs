//! What can be wrong with a model or its file.

use std::path::PathBuf;

/// Errors of this crate. Each says what was wrong, what was expected and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A name that is no device's.
    #[error("device `{requested}`: no such device; known are {known}")]
    UnknownDevice {
        /// The name.
        requested: String,
        /// Names that there are.
        known: &'static str,
    },
    /// A layer without units.
    #[error("the {layer} layer has 0 units; it needs at least 1")]
    EmptyLayer {
        /// `visible` or `hidden`.
        layer: &'static str,
    },
    /// A tensor whose shape does not fit the model.
    #[error("tensor `{tensor}` has shape {found:?}; expected {expected:?}")]
    Shape {
        /// Name of the tensor.
        tensor: String,
        /// Shape that the model needs.
        expected: Vec<usize>,
        /// Shape that was found.
        found: Vec<usize>,
    },
    /// A NaN or infinite parameter.
    #[error("tensor `{tensor}` holds {value} at flat index {index}; all entries must be finite")]
    NotFinite {
        /// Name of the tensor.
        tensor: String,
        /// Row-major index of the first such entry.
        index: usize,
        /// The entry.
        value: f64,
    },
    /// A tensor that a model file lacks.
    #[error("{}: tensor `{tensor}` is missing, or has several other names; found {}", path.display(), found.join(", "))]
    MissingTensor {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: &'static str,
        /// Names and shapes that the file holds.
        found: Vec<String>,
    },
    /// A weight whose shape fits the biases the other way round.
    #[error(
        "tensor `{tensor}` has shape {found:?} beside {n_visible} visible and {n_hidden} hidden biases: it looks transposed"
    )]
    Transposed {
        /// Name of the tensor.
        tensor: String,
        /// Number of visible units, by the biases.
        n_visible: usize,
        /// Number of hidden units, by the biases.
        n_hidden: usize,
        /// Shape that was found.
        found: Vec<usize>,
    },
    /// A tensor of a type that is no float.
    #[error("{}: tensor `{tensor}` has type {found}; expected F64, F32, F16 or BF16", path.display())]
    TensorType {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Type that was found.
        found: String,
    },
    /// A model file whose content cannot be used.
    #[error("{}: {source}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: Box<ModelError>,
    },
    /// A file that is not in the safetensors format, is damaged, or says that it holds another kind of model.
    #[error("{}: not a readable model file: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Enumeration was asked for on layers that are both too large.
    #[error(
        "exact enumeration needs a layer of at most {limit} units; this model has {n_visible} visible and {n_hidden} hidden"
    )]
    TooLargeToEnumerate {
        /// Number of visible units.
        n_visible: usize,
        /// Number of hidden units.
        n_hidden: usize,
        /// Largest layer that is enumerated.
        limit: usize,
    },
    /// An annealing run, or an estimate from one, that cannot be made.
    #[error("annealing: {reason}")]
    Annealing {
        /// What was wrong, and what to do.
        reason: String,
    },
    /// A device that this build or machine does not have.
    #[error("device `{requested}`: {reason}")]
    Device {
        /// What was asked for.
        requested: String,
        /// Why it is not available, and what to do.
        reason: String,
    },
}
