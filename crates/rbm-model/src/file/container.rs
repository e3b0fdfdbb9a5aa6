//! Writing safetensors containers whose bytes depend on their content alone.
//!
//! The `safetensors` crate writes metadata in the order of a hash map, which differs from run to
//! run; run directories promise reproducible bytes. Reading uses the crate.

use super::digest::{self, Hashing};
use crate::ops::with_slice;
use burn::tensor::Tensor;
use std::collections::BTreeMap;
use std::io::{self, Seek, SeekFrom, Write};

/// Element type of an [`Entry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementType {
    /// 32-bit floats, little-endian.
    F32,
    /// 64-bit floats, little-endian.
    F64,
    /// Bytes.
    U8,
}

impl ElementType {
    fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F64 => "F64",
            Self::U8 => "U8",
        }
    }
}

/// One tensor of a container.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Name of the tensor.
    pub name: String,
    /// Element type.
    pub element: ElementType,
    /// Shape.
    pub shape: Vec<usize>,
    /// What it holds.
    pub content: Content,
}

/// What an [`Entry`] holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// Row-major little-endian bytes; their length is the shape's product times the element size.
    Bytes(Vec<u8>),
    /// A tensor that is read when it is written, so that it need not be there twice.
    Floats(Box<Tensor<1>>),
}

impl Entry {
    /// An F32 tensor.
    pub fn f32(name: &str, shape: &[usize], values: impl IntoIterator<Item = f32>) -> Self {
        Self {
            name: name.into(),
            element: ElementType::F32,
            shape: shape.to_vec(),
            content: Content::Bytes(values.into_iter().flat_map(f32::to_le_bytes).collect()),
        }
    }

    /// The numbers of a tensor as F32, with its shape.
    pub fn tensor<const D: usize>(name: &str, tensor: &Tensor<D>) -> Self {
        Self {
            name: name.into(),
            element: ElementType::F32,
            shape: tensor.dims().to_vec(),
            content: Content::Floats(Box::new(tensor.clone().reshape([-1]))),
        }
    }

    /// A U8 tensor.
    pub fn u8(name: &str, shape: &[usize], bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            element: ElementType::U8,
            shape: shape.to_vec(),
            content: Content::Bytes(bytes),
        }
    }

    fn size(&self) -> usize {
        match &self.content {
            Content::Bytes(bytes) => bytes.len(),
            Content::Floats(tensor) => 4 * tensor.dims()[0],
        }
    }

    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        /// Numbers that are turned into bytes at a time.
        const SOME: usize = 4096;
        let tensor = match &self.content {
            Content::Bytes(bytes) => return to.write_all(bytes),
            Content::Floats(tensor) => tensor,
        };
        let mut result = Ok(());
        with_slice(Tensor::clone(tensor), |numbers| {
            result = numbers.chunks(SOME).try_for_each(|numbers| {
                let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
                to.write_all(&bytes)
            });
        });
        result
    }
}

/// Tensors with metadata: what a safetensors file holds.
///
/// # Examples
/// ```
/// use rbm_model::file::{Container, Entry};
/// let mut container = Container { entries: vec![], metadata: Default::default() };
/// container.entries.push(Entry::f32("x", &[2], [1.0, 2.0]));
/// let mut file = std::io::Cursor::new(Vec::new());
/// container.write(&mut file)?;
/// // The tensors are the end of the file.
/// let bytes = file.into_inner();
/// assert!(bytes.ends_with(&[1f32.to_le_bytes(), 2f32.to_le_bytes()].concat()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Container {
    /// The tensors, in the order of the file.
    pub entries: Vec<Entry>,
    /// Sorted by key.
    pub metadata: BTreeMap<String, String>,
}

impl Container {
    /// Writes a safetensors file: 8-byte header length, JSON header, tensors in order. The metadata get an entry `sha256`,
    /// by which [`digest_holds`](super::digest_holds) sees whether the file is as it was written.
    ///
    /// The header is padded with spaces to a multiple of 8 bytes, so that the data is aligned.
    ///
    /// # Errors
    /// What `to` says.
    pub fn write(&self, to: &mut (impl Write + Seek)) -> io::Result<()> {
        let start = to.stream_position()?;
        let header = self.header();
        let mut hashing = Hashing::new(&mut *to);
        hashing.write_all(&(header.len() as u64).to_le_bytes())?;
        hashing.write_all(header.as_bytes())?;
        let mut entries = self.entries.iter();
        entries.try_for_each(|entry| entry.write(&mut hashing))?;
        let digest = hashing.digest();
        // Tensors are read once, whose device may be far: the digest is put in afterwards.
        if let Some(place) = digest::place(header.as_bytes()) {
            let end = to.stream_position()?;
            to.seek(SeekFrom::Start(start + 8 + place.start as u64))?;
            to.write_all(digest.as_bytes())?;
            to.seek(SeekFrom::Start(end))?;
        }
        Ok(())
    }

    /// The header, without the digest.
    fn header(&self) -> String {
        let quote = |text: &str| serde_json::Value::from(text).to_string();
        let mut metadata = self.metadata.clone();
        metadata.insert(digest::KEY.into(), digest::UNKNOWN.into());
        let pairs: Vec<String> = metadata
            .iter()
            .map(|(k, v)| format!("{}:{}", quote(k), quote(v)))
            .collect();
        let mut header = format!("{{\"__metadata__\":{{{}}}", pairs.join(","));
        let mut offset = 0;
        for entry in &self.entries {
            let end = offset + entry.size();
            header += &format!(
                ",{}:{{\"dtype\":\"{}\",\"shape\":{:?},\"data_offsets\":[{offset},{end}]}}",
                quote(&entry.name),
                entry.element.name(),
                entry.shape,
            );
            offset = end;
        }
        header.push('}');
        while header.len() % 8 != 0 {
            header.push(' ');
        }
        header
    }
}
