//! Model files in the safetensors format.
//!
//! `weight` `[n_visible, n_hidden]`, `visible_bias` `[n_visible]`, `hidden_bias` `[n_hidden]`, F32
//! or F64, row-major; metadata `format = "rbm"`, `version`, `units`, `sha256`. Any file with those three
//! tensors and consistent shapes is read, whoever wrote it; what its metadata say must be so. Files of other programs
//! may have F16 and BF16, a transposed weight (see [`Layout`]), and other usual names:
//!
//! | weight | visible bias, hidden bias |
//! |---|---|
//! | `weight`, `weights`, `weight_matrix`, `W`, `w` | `visible_bias`, `hidden_bias`; `visible_biases`, `hidden_biases`; `bias_visible`, `bias_hidden` |
//! | `components_`, `[n_hidden, n_visible]` | `vbias`, `hbias`; `v_bias`, `h_bias`; `intercept_visible_`, `intercept_hidden_`; `a`, `b`; `b`, `c` |

use crate::error::ModelError;
use crate::model::Rbm;
use crate::ops::with_slice;
use crate::parameters::Parameters;
use burn::tensor::Tensor;
use safetensors::tensor::SafeTensors;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

mod container;
mod digest;
mod layout;

pub use container::{Container, Content, ElementType, Entry};
pub use digest::digest_holds;
pub use layout::Layout;

/// What units a model has, as a file says it.
const UNITS: &str = "binary 0/1";
/// Version of the format.
const VERSION: &str = "1";

const NAMES: [&str; 3] = ["weight", "visible_bias", "hidden_bias"];

/// A model file with F32 tensors; the same model gives the same bytes.
///
/// # Errors
/// [`ModelError::NotFinite`] if a parameter is NaN or infinite: such a model is never saved.
pub fn container(rbm: &Rbm) -> Result<Container, ModelError> {
    let metadata = [("format", "rbm"), ("units", UNITS), ("version", VERSION)];
    let metadata = metadata.map(|(k, v)| (k.to_string(), v.to_string()));
    Ok(Container {
        entries: entries(rbm)?,
        metadata: BTreeMap::from(metadata),
    })
}

/// The bytes of a model file, see [`container`].
///
/// # Errors
/// As [`container`].
pub fn to_bytes(rbm: &Rbm) -> Result<Vec<u8>, ModelError> {
    let mut bytes = Cursor::new(Vec::new());
    // Memory takes all that is written.
    let written = container(rbm)?.write(&mut bytes);
    debug_assert!(written.is_ok());
    Ok(bytes.into_inner())
}

/// The three tensors of a model, for a container that holds more than the model.
///
/// # Errors
/// [`ModelError::NotFinite`] if a parameter is NaN or infinite.
pub fn entries(rbm: &Rbm) -> Result<Vec<Entry>, ModelError> {
    let [weight, visible_bias, hidden_bias] = NAMES;
    Ok(vec![
        finite_entry(weight, &rbm.weight.val())?,
        finite_entry(visible_bias, &rbm.visible_bias.val())?,
        finite_entry(hidden_bias, &rbm.hidden_bias.val())?,
    ])
}

/// Reads the parameters of a model file in f64.
///
/// # Errors
/// What is wrong, with the file, the tensor, what was expected and what was found:
/// [`ModelError::Io`], [`ModelError::Format`], [`ModelError::MissingTensor`],
/// [`ModelError::TensorType`], or [`ModelError::InFile`] around a shape or value error.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{Rbm, RbmConfig, file};
/// let device = Device::flex();
/// let rbm = RbmConfig::new(3, 2).init(&device)?;
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("model.safetensors");
/// std::fs::write(&path, file::to_bytes(&rbm)?)?;
///
/// let parameters = file::read(&path)?;
/// assert_eq!(parameters, rbm.parameters()?);
/// // F32 there and back loses nothing: the same bytes again.
/// let again = Rbm::from_parameters(&parameters, &device);
/// assert_eq!(file::to_bytes(&again)?, std::fs::read(&path)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(path: &Path) -> Result<Parameters, ModelError> {
    read_as(path, Layout::default())
}

/// As [`read`], of a file whose weight lies as `layout` says.
///
/// # Errors
/// As [`read`].
pub fn read_as(path: &Path, layout: Layout) -> Result<Parameters, ModelError> {
    let bytes = std::fs::read(path).map_err(|source| ModelError::Io {
        path: path.into(),
        source,
    })?;
    from_bytes(&bytes, path, layout)
}

/// As [`read_as`], from the bytes of a file; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub fn from_bytes(bytes: &[u8], path: &Path, layout: Layout) -> Result<Parameters, ModelError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| format_error(path, e.to_string()))?;
    check_metadata(bytes, path)?;
    let in_file = |source: ModelError| ModelError::InFile {
        path: path.into(),
        source: Box::new(source),
    };
    let found = layout::find(&file, layout, path)?;
    let tensor = |name: &str| {
        let view = file
            .tensor(name)
            .map_err(|e| format_error(path, e.to_string()))?;
        let values = layout::floats(&view).ok_or_else(|| ModelError::TensorType {
            path: path.into(),
            tensor: name.into(),
            found: format!("{:?}", view.dtype()),
        })?;
        Ok((values, view.shape().to_vec()))
    };
    let [weight, visible, hidden] = found.names;
    let (weight, of_weight) = tensor(weight)?;
    let (visible_bias, of_visible) = tensor(visible)?;
    let (hidden_bias, of_hidden) = tensor(hidden)?;
    let weight =
        layout::arrange(&found, weight, [&of_weight, &of_visible, &of_hidden]).map_err(in_file)?;
    let (n, m) = (visible_bias.len(), hidden_bias.len());
    Parameters::new(n, m, weight, visible_bias, hidden_bias).map_err(in_file)
}

fn finite_entry<const D: usize>(name: &str, tensor: &Tensor<D>) -> Result<Entry, ModelError> {
    let mut bad = None;
    with_slice(tensor.clone(), |numbers| {
        let index = numbers.iter().position(|x| !x.is_finite());
        bad = index.map(|index| (index, numbers[index]));
    });
    match bad {
        None => Ok(Entry::tensor(name, tensor)),
        Some((index, value)) => Err(ModelError::NotFinite {
            tensor: name.into(),
            index,
            value: value.into(),
        }),
    }
}

/// Whether a file is as it was written, and of units and a version that are known. Files of other programs need say nothing.
fn check_metadata(bytes: &[u8], path: &Path) -> Result<(), ModelError> {
    let fault = |reason: String| Err(format_error(path, reason));
    let header =
        SafeTensors::read_metadata(bytes).map_err(|e| format_error(path, e.to_string()))?;
    let metadata = header.1.metadata().clone().unwrap_or_default();
    let said = |key: &str| metadata.get(key).map(String::as_str);
    if said("units").is_some_and(|units| units != UNITS) {
        let units = said("units").unwrap_or_default();
        return fault(format!(
            "its units are `{units}`; this program reads `{UNITS}`"
        ));
    }
    if said("format") != Some("rbm") {
        return Ok(());
    }
    if said("version").is_some_and(|version| version != VERSION) {
        let version = said("version").unwrap_or_default();
        return fault(format!(
            "its version is `{version}`; this program reads version {VERSION}"
        ));
    }
    match digest_holds(&mut &bytes[..]) {
        Ok(Some(false)) => fault(
            "it was changed after it was written: its content has another SHA-256 than it says. Restore it from a copy; \
             or, if you changed it on purpose, leave out the metadata entry `sha256`"
                .into(),
        ),
        _ => Ok(()),
    }
}

fn format_error(path: &Path, reason: String) -> ModelError {
    ModelError::Format {
        path: path.into(),
        reason,
    }
}

#[cfg(test)]
mod tests;
