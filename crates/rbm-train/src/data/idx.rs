//! IDX files of unsigned bytes, the format of MNIST and its relatives, plain or gzipped.
//!
//! All numbers are big-endian: two zero bytes, the element type (8 for unsigned bytes), the
//! number of dimensions, a 32-bit size a dimension, then the elements, last dimension fastest
//! (LeCun, Cortes and Burges, "The MNIST database of handwritten digits").

use super::file::file_name;
pub use super::file::unpacked;
use super::format::Format;
use super::units::{Rule, byte_rule};
use super::{BinaryDataset, BitMatrix, DataError};
use std::path::{Path, PathBuf};

/// Images are on from this fraction of the full range upwards unless something else is asked for.
const DEFAULT_THRESHOLD: f64 = 0.5;

pub(super) const FORMAT: Format = Format {
    begins: &[&[0, 0]],
    load: |path, _, options| load(path, options.threshold),
};

/// The content of a file.
struct Idx {
    /// Size of each dimension.
    shape: Vec<usize>,
    /// The elements, last dimension fastest.
    bytes: Vec<u8>,
}

/// Parses the unpacked content of `file`, refusing another magic, another element type than
/// unsigned bytes, and fewer or more elements than the header says.
fn parse(file: &Path, content: &[u8]) -> Result<Idx, DataError> {
    let wrong = |expected: String, found: String, advice: &str| DataError::Format {
        file: file.into(),
        expected,
        found,
        advice: advice.into(),
    };
    let formats = "readable are IDX, NumPy's npy and npz, and tables of text, each also gzipped";
    let &[0, 0, 8, dimensions @ 1..=4] = content.get(..4).unwrap_or_default() else {
        return Err(wrong(
            "the beginning of an IDX file of unsigned bytes, 00 00 08 and 01 to 04".into(),
            match content.get(..4) {
                Some(magic) => format!("{magic:02x?}"),
                None => format!("{} bytes", content.len()),
            },
            formats,
        ));
    };
    let header = 4 + 4 * usize::from(dimensions);
    let cut = "the file is cut off; fetch it again";
    let Some((sizes, elements)) = content.get(4..header).zip(content.get(header..)) else {
        return Err(wrong(
            format!("a header of {header} bytes"),
            format!("{} bytes", content.len()),
            cut,
        ));
    };
    let shape: Vec<usize> = sizes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|size| u32::from_be_bytes(*size) as usize)
        .collect();
    let count = shape
        .iter()
        .try_fold(1usize, |count, &size| count.checked_mul(size));
    if count != Some(elements.len()) {
        let short = count.is_none_or(|count| elements.len() < count);
        return Err(wrong(
            format!("{} bytes after the header", product(&shape)),
            format!("{}", elements.len()),
            if short {
                cut
            } else {
                "the file has trailing bytes; fetch it again"
            },
        ));
    }
    Ok(Idx {
        shape,
        bytes: elements.to_vec(),
    })
}

/// `60000 x 28 x 28`.
fn product(shape: &[usize]) -> String {
    shape
        .iter()
        .map(usize::to_string)
        .collect::<Vec<_>>()
        .join(" x ")
}

fn read(file: &Path) -> Result<Idx, DataError> {
    parse(file, &unpacked(file)?)
}

/// Images, a row each: the file, what is in it, and the shape of an image if it has two sides.
struct Images {
    file: PathBuf,
    idx: Idx,
}

impl Images {
    fn read(file: PathBuf) -> Result<Self, DataError> {
        let idx = read(&file)?;
        if !matches!(idx.shape.len(), 2 | 3) {
            return Err(DataError::Format {
                file,
                expected: "rows x columns or images x height x width".into(),
                found: format!("{} dimension(s), {}", idx.shape.len(), product(&idx.shape)),
                advice: "name the file with the images; labels are found beside it".into(),
            });
        }
        Ok(Self { file, idx })
    }

    fn columns(&self) -> usize {
        self.idx.shape[1..].iter().product()
    }

    fn pack(&self, rule: Rule) -> Result<BitMatrix, DataError> {
        let columns = self.columns();
        let mut matrix = BitMatrix::zeros(0, columns);
        for (r, row) in self.idx.bytes.chunks_exact(columns.max(1)).enumerate() {
            let units: Result<Vec<bool>, _> = row
                .iter()
                .enumerate()
                .map(|(c, &byte)| rule.unit(&self.file, r + 1, c + 1, f64::from(byte)))
                .collect();
            matrix.push_row(units?);
        }
        Ok(matrix)
    }
}

/// A file of images, or a directory with the training and test files of an MNIST-like set, with
/// the labels beside them if they are there. Where the file is the training images of such a set, or
/// the directory holds the test images, too, these are the test part.
///
/// A unit is on where value / 255 >= `threshold`, by default 0.5; bytes that are all 0 or 1 are
/// taken as they are. Names are those of MNIST, `train-images-idx3-ubyte` and so on, with
/// `idx1` and `labels` for labels, with or without `.gz`, also with a dot before `idx`.
pub(super) fn load(path: &Path, threshold: Option<f64>) -> Result<BinaryDataset, DataError> {
    let train = match path.is_dir() {
        true => images_in(path, "train").ok_or_else(|| no_images(path))?,
        false => path.into(),
    };
    let is_training = file_name(&train).starts_with("train-images");
    let test = match train.parent() {
        Some(directory) if is_training => images_in(directory, "t10k"),
        _ => None,
    };
    let (train, test) = (Images::read(train)?, test.map(Images::read).transpose()?);
    let labels = |images: &Images| labels_beside(&images.file, images.idx.shape[0]);
    let train_labels = labels(&train)?;
    let test_labels = test.as_ref().map(labels).transpose()?.flatten();
    if let Some(test) = &test
        && test.idx.shape[1..] != train.idx.shape[1..]
    {
        return Err(DataError::Format {
            file: test.file.clone(),
            expected: format!(
                "images of {} as for training",
                product(&train.idx.shape[1..])
            ),
            found: product(&test.idx.shape[1..]),
            advice: "put files of one data set together".into(),
        });
    }
    let all = train
        .idx
        .bytes
        .iter()
        .chain(test.iter().flat_map(|test| &test.idx.bytes));
    let largest = all.copied().max().unwrap_or(0);
    let threshold = threshold.unwrap_or(DEFAULT_THRESHOLD);
    let rule = byte_rule(path, largest, Some(threshold))?;
    let shape = &train.idx.shape;
    Ok(BinaryDataset {
        name: file_name(path),
        test: match &test {
            Some(test) => test.pack(rule)?,
            None => BitMatrix::zeros(0, train.columns()),
        },
        train: train.pack(rule)?,
        train_labels,
        test_labels,
        image_shape: (shape.len() == 3).then(|| (shape[1], shape[2])),
        provenance: format!("IDX {}; {}", path.display(), rule.describe()),
    })
}

/// The images of one part of a directory.
fn images_in(directory: &Path, part: &str) -> Option<PathBuf> {
    ["images-idx3-ubyte", "images.idx3-ubyte"]
        .iter()
        .find_map(|name| existing(&directory.join(format!("{part}-{name}"))))
}

fn no_images(directory: &Path) -> DataError {
    DataError::Format {
        file: directory.into(),
        expected: "the file train-images-idx3-ubyte (or .gz) in this directory".into(),
        found: "no such file".into(),
        advice: "put the files of an MNIST-like set there, or name a single file".into(),
    }
}

/// The path itself or with `.gz`, if there is such a file.
fn existing(path: &Path) -> Option<PathBuf> {
    let mut packed = path.as_os_str().to_owned();
    packed.push(".gz");
    [path.into(), packed.into()]
        .into_iter()
        .find(|path: &PathBuf| path.is_file())
}

/// The labels of `rows` images, from the file beside them whose name has `labels` for `images`.
fn labels_beside(images: &Path, rows: usize) -> Result<Option<Vec<u8>>, DataError> {
    let name = file_name(images);
    if !name.contains("images") {
        return Ok(None);
    }
    let name = name.replace("images", "labels").replace("idx3", "idx1");
    let Some(file) = existing(&images.with_file_name(name.trim_end_matches(".gz"))) else {
        return Ok(None);
    };
    let idx = read(&file)?;
    if idx.shape != [rows] {
        return Err(DataError::Format {
            file,
            expected: format!("{rows} labels, as many as images"),
            found: product(&idx.shape),
            advice: "put files of one data set together, or take this one away".into(),
        });
    }
    Ok(Some(idx.bytes))
}

#[cfg(test)]
mod tests;
