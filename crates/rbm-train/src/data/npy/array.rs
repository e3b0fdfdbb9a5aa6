//! One array in NumPy's format: the header says what the bytes after it are.
//!
//! Source: NumPy enhancement proposal 1, "A simple file format for NumPy arrays", versions 1.0 to 3.0.

use std::io::Read;

/// The longest header that is read, in bytes: NumPy's own are below 200.
const LONGEST_HEADER: usize = 1 << 16;

/// An array as it lies in the file.
#[derive(Debug)]
pub(in crate::data) struct Array {
    shape: Vec<usize>,
    element: Element,
    column_major: bool,
    bytes: Vec<u8>,
}

/// Elements that are numbers.
#[derive(Debug, Clone, Copy)]
struct Element {
    /// `b`, `i`, `u` or `f`, as in NumPy.
    kind: u8,
    size: usize,
    big_endian: bool,
}

impl Array {
    /// Reads an array of which `available` bytes, header and elements, are there.
    ///
    /// Nothing is allocated that the header promises and the bytes do not hold.
    ///
    /// # Errors
    /// What was expected and what was found.
    pub(in crate::data) fn read(
        mut from: impl Read,
        available: u64,
    ) -> Result<Self, (String, String)> {
        let header = header(&mut from)?;
        let (element, column_major, shape) = parse(&header.text)?;
        // A size of 0 must not hide that the others are beyond all bounds: rows are made of them.
        let count = shape
            .iter()
            .filter(|&&size| size > 0)
            .try_fold(1_usize, |n, &size| n.checked_mul(size))
            .map(|count| if shape.contains(&0) { 0 } else { count });
        let needed = count.and_then(|count| count.checked_mul(element.size));
        let found = available.saturating_sub(header.bytes);
        let expected = || format!("elements of shape {shape:?}, as its header says");
        let Some(needed) = needed.filter(|&needed| needed as u64 == found) else {
            return Err((expected(), format!("{found} bytes of them")));
        };
        let mut bytes = Vec::new();
        let mut from = from.take(found + 1);
        let read = from.read_to_end(&mut bytes);
        let read = read.map_err(|error| (expected(), error.to_string()))?;
        if read != needed {
            return Err((expected(), format!("{read} bytes of them")));
        }
        // Such an axis says nothing of where an element lies; channels of gray images are one.
        let axes = shape.iter().enumerate();
        let axes = axes.filter(|&(axis, &size)| axis < 1 || size != 1);
        let mut squeezed: Vec<usize> = axes.map(|(_, &size)| size).collect();
        if squeezed.len() < shape.len().min(2) {
            squeezed.push(1);
        }
        Ok(Self {
            shape: squeezed,
            element,
            column_major,
            bytes,
        })
    }

    pub(in crate::data) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements in row-major order.
    pub(in crate::data) fn values(&self) -> impl Iterator<Item = f64> {
        let count: usize = self.shape.iter().product();
        let Element { size, .. } = self.element;
        (0..count).map(move |index| {
            let at = if self.column_major {
                self.column_major_place(index)
            } else {
                index
            };
            self.element.value(&self.bytes[at * size..(at + 1) * size])
        })
    }

    /// Where an element lies whose row-major place this is.
    fn column_major_place(&self, mut index: usize) -> usize {
        let (mut place, mut stride) = (0, self.shape.iter().product::<usize>());
        for &size in self.shape.iter().rev() {
            stride /= size;
            place += index % size * stride;
            index /= size;
        }
        place
    }

    /// The largest byte, if these are bytes.
    pub(super) fn largest_byte(&self) -> Option<u8> {
        let bytes = self.element.kind == b'u' && self.element.size == 1;
        bytes.then(|| self.bytes.iter().copied().max().unwrap_or(0))
    }
}

impl Element {
    fn value(self, bytes: &[u8]) -> f64 {
        let mut wide = [0; 8];
        for (index, &byte) in bytes.iter().enumerate() {
            let at = if self.big_endian {
                self.size - 1 - index
            } else {
                index
            };
            wide[at] = byte;
        }
        let bits = u64::from_le_bytes(wide);
        match (self.kind, self.size) {
            (b'f', 2) => half::f16::from_bits(bits as u16).to_f64(),
            (b'f', 4) => f64::from(f32::from_bits(bits as u32)),
            (b'f', _) => f64::from_bits(bits),
            (b'i', size) => {
                // The sign is the highest bit of those that are there.
                let unused = 64 - 8 * size as u32;
                ((bits << unused) as i64 >> unused) as f64
            }
            (b'b', _) => f64::from(u8::from(bits != 0)),
            _ => bits as f64,
        }
    }
}

/// A file with one array in row-major order: the header of version 1.0, padded to a multiple of 64
/// bytes, then the elements.
pub(crate) fn npy_file(descr: &str, shape: &[usize], elements: &[u8]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let sizes = sizes.join(", ") + if shape.len() == 1 { "," } else { "" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    with_header(&header, elements)
}

pub(super) fn with_header(header: &str, elements: &[u8]) -> Vec<u8> {
    // Ten bytes come before the header, a line's end after the padding.
    let text = format!("{header}{}\n", " ".repeat(63 - (header.len() + 10) % 64));
    let length = (text.len() as u16).to_le_bytes();
    [&b"\x93NUMPY\x01\0"[..], &length, text.as_bytes(), elements].concat()
}

struct Header {
    text: String,
    /// All before the elements.
    bytes: u64,
}

fn header(from: &mut impl Read) -> Result<Header, (String, String)> {
    let wrong = |found: &str| ("an array in NumPy's format".to_string(), found.to_string());
    let cut = |_| wrong("a file that ends in its header");
    let mut start = [0; 8];
    from.read_exact(&mut start).map_err(cut)?;
    if &start[..6] != b"\x93NUMPY" {
        return Err(wrong("another beginning"));
    }
    let mut length = [0; 4];
    let size = if start[6] == 1 { 2 } else { 4 };
    if !(1..=3).contains(&start[6]) {
        return Err(wrong(&format!("version {}", start[6])));
    }
    from.read_exact(&mut length[..size]).map_err(cut)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST_HEADER {
        return Err(wrong(&format!("a header of {length} bytes")));
    }
    let mut text = vec![0; length];
    from.read_exact(&mut text).map_err(cut)?;
    Ok(Header {
        text: String::from_utf8_lossy(&text).into_owned(),
        bytes: (8 + size + length) as u64,
    })
}

/// Element type, order and shape from a header, a Python dictionary such as
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }`.
fn parse(header: &str) -> Result<(Element, bool, Vec<usize>), (String, String)> {
    let wrong = |expected: &str| (expected.to_string(), header.trim().to_string());
    let shape = value(header, "shape")
        .and_then(|text| text.strip_prefix('(')?.split_once(')'))
        .and_then(|(sizes, _)| {
            let sizes = sizes.split(',').map(str::trim).filter(|s| !s.is_empty());
            // Python 2 wrote long integers with an L.
            let sizes = sizes.map(|size| size.trim_end_matches('L').parse().ok());
            sizes.collect::<Option<Vec<usize>>>()
        })
        .ok_or_else(|| wrong("a header with a shape of whole numbers"))?;
    let column_major = match value(header, "fortran_order") {
        Some(text) if text.starts_with("True") => true,
        Some(text) if text.starts_with("False") => false,
        _ => return Err(wrong("a header with fortran_order")),
    };
    let element = value(header, "descr")
        .and_then(|text| text.strip_prefix(['\'', '"'])?.split_once(['\'', '"']))
        .and_then(|(text, _)| element(text))
        .ok_or_else(|| wrong("elements of type bool, integer or float of up to 64 bits"))?;
    Ok((element, column_major, shape))
}

/// What follows a key, in either kind of quotes.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let mut places = header.match_indices(key);
    places.find_map(|(at, _)| {
        let quote = header[..at].chars().next_back()?;
        let rest = header[at + key.len()..].strip_prefix(quote)?;
        let rest = rest.trim_start().strip_prefix(':')?;
        matches!(quote, '\'' | '"').then(|| rest.trim_start())
    })
}

/// A type such as `<f4`, `|u1`, `|b1`, `>i8`.
fn element(text: &str) -> Option<Element> {
    let big_endian = match text.chars().next()? {
        '<' | '|' => false,
        '>' => true,
        '=' => cfg!(target_endian = "big"),
        _ => return None,
    };
    let kind = *text.as_bytes().get(1)?;
    let size = text.get(2..)?.parse().ok()?;
    let sizes: &[usize] = match kind {
        b'b' => &[1],
        b'i' | b'u' => &[1, 2, 4, 8],
        b'f' => &[2, 4, 8],
        _ => return None,
    };
    sizes.contains(&size).then_some(Element {
        kind,
        size,
        big_endian,
    })
}
