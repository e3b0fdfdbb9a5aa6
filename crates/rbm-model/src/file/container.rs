//! Writing safetensors containers whose bytes depend on their content alone.
//!
//! The `safetensors` crate writes metadata in the order of a hash map, which differs from run to
//! run; run directories promise reproducible bytes. Reading uses the crate.

use std::collections::BTreeMap;

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
    /// Row-major little-endian bytes; their length is the shape's product times the element size.
    pub bytes: Vec<u8>,
}

impl Entry {
    /// An F32 tensor.
    pub fn f32(name: &str, shape: &[usize], values: impl IntoIterator<Item = f32>) -> Self {
        Self {
            name: name.into(),
            element: ElementType::F32,
            shape: shape.to_vec(),
            bytes: values.into_iter().flat_map(f32::to_le_bytes).collect(),
        }
    }

    /// A U8 tensor.
    pub fn u8(name: &str, shape: &[usize], bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            element: ElementType::U8,
            shape: shape.to_vec(),
            bytes,
        }
    }
}

/// The bytes of a safetensors file: 8-byte header length, JSON header, tensors in order.
///
/// Entries are written as given, metadata sorted by key; the header is padded with spaces to a
/// multiple of 8 bytes, so that the data is aligned.
pub fn serialize(entries: &[Entry], metadata: &BTreeMap<String, String>) -> Vec<u8> {
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    let pairs: Vec<String> = metadata
        .iter()
        .map(|(k, v)| format!("{}:{}", quote(k), quote(v)))
        .collect();
    let mut header = format!("{{\"__metadata__\":{{{}}}", pairs.join(","));
    let mut offset = 0;
    for entry in entries {
        let end = offset + entry.bytes.len();
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
    let mut out = Vec::with_capacity(8 + header.len() + offset);
    out.extend((header.len() as u64).to_le_bytes());
    out.extend(header.as_bytes());
    for entry in entries {
        out.extend(&entry.bytes);
    }
    out
}
