//! Model files in the safetensors format.
//!
//! `weight` `[n_visible, n_hidden]`, `visible_bias` `[n_visible]`, `hidden_bias` `[n_hidden]`, F32
//! or F64, row-major; metadata `format = "rbm"`, `version`, `units`, `sha256`. Any file with those three
//! tensors and consistent shapes is read, whoever wrote it; what its metadata say must be so.

use crate::error::ModelError;
use crate::model::Rbm;
use crate::ops::with_slice;
use crate::parameters::Parameters;
use burn::tensor::Tensor;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

mod container;
mod digest;

pub use container::{Container, Content, ElementType, Entry};
pub use digest::digest_holds;

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
    let bytes = std::fs::read(path).map_err(|source| ModelError::Io {
        path: path.into(),
        source,
    })?;
    from_bytes(&bytes, path)
}

/// As [`read`], from the bytes of a file; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Parameters, ModelError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| format_error(path, e.to_string()))?;
    check_metadata(bytes, path)?;
    let in_file = |source: ModelError| ModelError::InFile {
        path: path.into(),
        source: Box::new(source),
    };
    let mut values = Vec::with_capacity(3);
    let mut shapes = Vec::with_capacity(3);
    for name in NAMES {
        let view = file.tensor(name).map_err(|_| {
            let mut found: Vec<String> = file.names().into_iter().map(String::from).collect();
            found.sort();
            ModelError::MissingTensor {
                path: path.into(),
                tensor: name,
                found,
            }
        })?;
        values.push(floats(&view).ok_or_else(|| ModelError::TensorType {
            path: path.into(),
            tensor: name.into(),
            found: format!("{:?}", view.dtype()),
        })?);
        shapes.push(view.shape().to_vec());
    }
    let [n, m] = shapes[0][..] else {
        return Err(in_file(ModelError::Shape {
            tensor: "weight".into(),
            expected: vec![shapes[1].iter().product(), shapes[2].iter().product()],
            found: shapes[0].clone(),
        }));
    };
    for (index, units) in [(1, n), (2, m)] {
        if shapes[index] != [units] {
            return Err(in_file(ModelError::Shape {
                tensor: NAMES[index].into(),
                expected: vec![units],
                found: shapes[index].clone(),
            }));
        }
    }
    let mut values = values.into_iter();
    let mut next = || values.next().unwrap_or_default();
    Parameters::new(n, m, next(), next(), next()).map_err(in_file)
}

fn floats(view: &TensorView<'_>) -> Option<Vec<f64>> {
    let data = view.data();
    match view.dtype() {
        Dtype::F32 => Some(
            data.as_chunks::<4>()
                .0
                .iter()
                .map(|b| f64::from(f32::from_le_bytes(*b)))
                .collect(),
        ),
        Dtype::F64 => Some(
            data.as_chunks::<8>()
                .0
                .iter()
                .map(|b| f64::from_le_bytes(*b))
                .collect(),
        ),
        _ => None,
    }
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
