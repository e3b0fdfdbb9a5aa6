//! Typed access to the entries of a checkpoint, with errors that name file and entry.

use super::run_dir::RunError;
use super::state_file::tensor;
use burn::tensor::{Device, Tensor};
use rbm_model::kernels::packed::PackedStates;
use safetensors::SafeTensors;
use std::collections::HashMap;
use std::path::Path;

/// A parsed checkpoint.
pub struct Reader<'a> {
    path: &'a Path,
    tensors: SafeTensors<'a>,
    metadata: HashMap<String, String>,
}

impl<'a> Reader<'a> {
    /// Parses the bytes of a file; `path` is for messages.
    pub fn new(bytes: &'a [u8], path: &'a Path) -> Result<Self, RunError> {
        let content = |reason: String| RunError::Content {
            path: path.into(),
            reason,
        };
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|e| content(format!("not a checkpoint: {e}")))?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| content(e.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        Ok(Self {
            path,
            tensors,
            metadata,
        })
    }

    /// An error about this file.
    pub fn error(&self, reason: String) -> RunError {
        RunError::Content {
            path: self.path.into(),
            reason,
        }
    }

    /// A metadata entry.
    pub fn text(&self, key: &str) -> Result<&str, RunError> {
        self.metadata
            .get(key)
            .map(String::as_str)
            .ok_or_else(|| self.error(format!("not a checkpoint: metadata `{key}` is missing")))
    }

    /// A metadata entry that is a whole number.
    pub fn number(&self, key: &str) -> Result<u64, RunError> {
        let text = self.text(key)?;
        text.parse()
            .map_err(|_| self.error(format!("metadata `{key}` is `{text}`; expected a number")))
    }

    /// An F32 tensor of a given shape.
    pub fn floats<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
        device: &Device,
    ) -> Result<Tensor<D>, RunError> {
        let bytes = self.entry(name, &shape, 4 * shape.iter().product::<usize>())?;
        let (values, _) = bytes.as_chunks::<4>();
        let values = values.iter().map(|b| f32::from_le_bytes(*b)).collect();
        Ok(tensor(values, shape, device))
    }

    /// States that were saved as bits.
    pub fn states(
        &self,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<PackedStates, RunError> {
        let stride = columns.div_ceil(8);
        let bytes = self.entry(name, &[rows, stride], rows * stride)?;
        let word = |bytes: &[u8]| {
            let bytes = bytes.iter().enumerate();
            bytes.fold(0u64, |word, (k, byte)| word | u64::from(*byte) << (8 * k))
        };
        let words: Vec<u64> = bytes
            .chunks(stride.max(1))
            .flat_map(|row| row.chunks(8).map(word))
            .collect();
        let packed = words.chunks(columns.div_ceil(64).max(1));
        PackedStates::from_packed_rows(packed, columns).map_err(|e| self.error(e.to_string()))
    }

    fn entry(&self, name: &str, shape: &[usize], size: usize) -> Result<&[u8], RunError> {
        let view = self
            .tensors
            .tensor(name)
            .map_err(|_| self.error(format!("tensor `{name}` is missing")))?;
        if view.shape() != shape || view.data().len() != size {
            return Err(self.error(format!(
                "tensor `{name}` has shape {:?}; expected {shape:?}",
                view.shape()
            )));
        }
        Ok(view.data())
    }
}
