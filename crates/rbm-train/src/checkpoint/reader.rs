//! Typed access to the entries of a checkpoint, with errors that name file and entry.

use super::run_dir::RunError;
use burn::tensor::{Device, Tensor, TensorData};
use rbm_model::{BitMatrix, file};
use safetensors::tensor::Metadata;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Largest header that is believed.
const MOST_HEADER: u64 = 100_000_000;

/// What can be done about a file that cannot be used.
const ADVICE: &str = "Restore it from a copy, or train again with `rbm-train train --config` and config.toml of the run; \
                      model and snapshots of the run are files of their own";

/// An open checkpoint: the header is in memory, tensors are read when asked for, so that the file need
/// not be there beside them.
pub struct Reader {
    path: PathBuf,
    file: File,
    /// Where the tensors begin.
    start: u64,
    header: Metadata,
    has_digest: bool,
}

impl Reader {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let content = |reason: String| RunError::Content {
            path: path.into(),
            reason: format!("not a checkpoint: {reason}. {ADVICE}"),
        };
        let io = |source| RunError::Io {
            action: "read",
            path: path.into(),
            source,
        };
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let digest = file::digest_holds(&mut file).map_err(io)?;
        if digest == Some(false) {
            return Err(content(
                "it was changed after it was written: its content has another SHA-256 than it says"
                    .into(),
            ));
        }
        file.rewind().map_err(io)?;
        let mut size = [0; 8];
        file.read_exact(&mut size).map_err(io)?;
        let size = u64::from_le_bytes(size);
        if size > MOST_HEADER.min(length) {
            return Err(content(format!("a header of {size} bytes")));
        }
        let mut header = Vec::new();
        (&file).take(size).read_to_end(&mut header).map_err(io)?;
        let header: Metadata =
            serde_json::from_slice(&header).map_err(|e| content(e.to_string()))?;
        let start = 8 + size;
        let ends = header.tensors().into_values().map(|t| t.data_offsets.1);
        let expected = start.saturating_add(ends.max().unwrap_or(0) as u64);
        if length != expected {
            return Err(content(format!(
                "it has {length} bytes; expected {expected}"
            )));
        }
        Ok(Self {
            path: path.into(),
            file,
            start,
            header,
            has_digest: digest.is_some(),
        })
    }

    /// Whether the file says its digest, which it then has.
    pub fn has_digest(&self) -> bool {
        self.has_digest
    }

    /// An error about this file.
    pub fn error(&self, reason: String) -> RunError {
        RunError::Content {
            path: self.path.clone(),
            reason,
        }
    }

    /// Whether there is a metadata entry.
    pub fn has(&self, key: &str) -> bool {
        let metadata = self.header.metadata().as_ref();
        metadata.is_some_and(|metadata| metadata.contains_key(key))
    }

    /// A metadata entry.
    pub fn text(&self, key: &str) -> Result<&str, RunError> {
        let metadata = self.header.metadata().as_ref();
        metadata
            .and_then(|metadata| metadata.get(key))
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
        /// Numbers that are read at a time.
        const SOME: usize = 4096;
        let count = shape.iter().product();
        let mut entry = self.entry(name, &shape, 4 * count)?;
        let mut values = Vec::with_capacity(count);
        let mut bytes = [0; 4 * SOME];
        while values.len() < count {
            let bytes = &mut bytes[..4 * SOME.min(count - values.len())];
            entry.read_exact(bytes).map_err(|e| self.io(e))?;
            let (numbers, _) = bytes.as_chunks::<4>();
            values.extend(numbers.iter().map(|b| f32::from_le_bytes(*b)));
        }
        match values.iter().position(|x: &f32| !x.is_finite()) {
            None => Ok(tensor(values, shape, device)),
            Some(index) => Err(self.error(format!(
                "tensor `{name}` holds {} at flat index {index}",
                values[index]
            ))),
        }
    }

    /// States that were saved as bits.
    pub fn states(&self, name: &str, rows: usize, columns: usize) -> Result<BitMatrix, RunError> {
        let stride = columns.div_ceil(8);
        let size = rows.saturating_mul(stride);
        let mut entry = self.entry(name, &[rows, stride], size)?;
        // There are as many bytes in the file.
        let mut bytes = vec![0; size];
        entry.read_exact(&mut bytes).map_err(|e| self.io(e))?;
        let word = |bytes: &[u8]| {
            let bytes = bytes.iter().enumerate();
            bytes.fold(0u64, |word, (k, byte)| word | u64::from(*byte) << (8 * k))
        };
        let words = bytes
            .chunks(stride.max(1))
            .flat_map(|row| row.chunks(8).map(word))
            .collect();
        let states = BitMatrix::from_words(rows, columns, words);
        states.ok_or_else(|| {
            self.error(format!(
                "tensor `{name}` holds more than {columns} bits per row"
            ))
        })
    }

    /// Shape of a tensor.
    pub fn shape(&self, name: &str) -> Result<&[usize], RunError> {
        let info = self.header.info(name);
        info.map(|info| &info.shape[..])
            .ok_or_else(|| self.error(format!("tensor `{name}` is missing")))
    }

    /// The bytes of a tensor of a given shape and size.
    fn entry(
        &self,
        name: &str,
        shape: &[usize],
        size: usize,
    ) -> Result<impl Read + use<'_>, RunError> {
        let found = self.shape(name)?;
        let offsets = self.header.info(name).map(|info| info.data_offsets);
        let (start, end) = offsets.unwrap_or_default();
        if found != shape || end.saturating_sub(start) != size {
            return Err(self.error(format!(
                "tensor `{name}` has shape {found:?}; expected {shape:?}"
            )));
        }
        let mut file = &self.file;
        let place = SeekFrom::Start(self.start + start as u64);
        file.seek(place).map_err(|e| self.io(e))?;
        Ok(file.take(size as u64))
    }

    fn io(&self, source: std::io::Error) -> RunError {
        RunError::Io {
            action: "read",
            path: self.path.clone(),
            source,
        }
    }
}

/// An F32 tensor from host values.
fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}
