//! From a name or a path to data.

use super::file::unpacked;
use super::format::{Format, Header, ReadOptions};
use super::split::{self, split};
use super::{
    BinaryDataset, DataError, FORMATS, ImageShape, Ising, bars, bars_and_stripes, csv, idx, ising,
    mnist, npy,
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Which data to load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatasetSpec {
    /// `mnist`, `bars-and-stripes` (4x4), `bars-and-stripes:N`, `ising`, or a path. A file of one of these
    /// names is reached as `./mnist`, one array of an npz file as `FILE.npz:ARRAY`.
    pub source: String,
    /// Makes values binary; see the [module](super) for its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Whether the first line of a table of text is a header; found out where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// The column of such a table that holds labels: its name, its number from 1, or `last`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_column: Option<String>,
    /// Height and width of images whose pixels are in one row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_shape: Option<ImageShape>,
    /// Fraction of rows that is held out as the test part where the data has none of its own,
    /// 0 <= fraction < 1.
    pub test_fraction: f64,
    /// Seed of that split, and of generated data.
    pub seed: u64,
    /// At most this many training rows, the first ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Only rows with these labels, of both parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<Vec<u8>>,
    /// What `ising` is.
    pub ising: Ising,
}

impl Default for DatasetSpec {
    fn default() -> Self {
        Self {
            source: "mnist".into(),
            threshold: None,
            header: None,
            label_column: None,
            image_shape: None,
            test_fraction: 0.1,
            seed: 0,
            limit: None,
            digits: None,
            ising: Ising::default(),
        }
    }
}

/// Loads data: reads or generates it, keeps the wanted labels, splits it if it has no test part,
/// then keeps the first training rows up to the limit.
///
/// # Errors
/// [`DataError`]: an unknown name, a file that cannot be read or used, data that is not binary
/// and comes without a threshold, settings that do not fit the data, and data of which no row or
/// no column is left.
///
/// # Examples
/// ```
/// use rbm_train::data::{DatasetSpec, load};
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("rows.csv");
/// std::fs::write(&path, "a,b,label\n0.2,0.9,7\n0.7,0.5,7\n0.1,0.4,3\n")?;
/// let spec = DatasetSpec {
///     source: path.display().to_string(),
///     threshold: Some(0.5),
///     digits: Some(vec![7]),
///     test_fraction: 0.0,
///     ..DatasetSpec::default()
/// };
/// let data = load(&spec)?;
/// assert_eq!(data.train.to_numbers(), [0.0, 1.0, 1.0, 1.0]);
/// assert_eq!(data.train_labels, Some(vec![7, 7]));
/// // Numbers that are not 0 or 1 ask for a threshold.
/// assert!(load(&DatasetSpec { threshold: None, ..spec }).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load(spec: &DatasetSpec) -> Result<BinaryDataset, DataError> {
    split::check_fraction(&spec.source, spec.test_fraction)?;
    if spec.limit == Some(0) {
        return Err(setting(
            &spec.source,
            "the limit",
            "at least 1 training row",
            "0",
        ));
    }
    let mut data = read(spec)?;
    data.check_not_empty(&spec.source, "give a file with data")?;
    if let Some(shape) = spec.image_shape {
        let columns = data.train.columns();
        if shape.pixels() != Some(columns) {
            let expected = format!("ROWSxCOLUMNS with a product of {columns}, as each row has");
            return Err(setting(
                &spec.source,
                "the image shape",
                &expected,
                &shape.to_string(),
            ));
        }
        data.image_shape = Some((shape.height, shape.width));
    }
    let test_given = !data.test.is_empty();
    if let Some(digits) = &spec.digits {
        data = keep_labels(data, digits)?;
    }
    if !test_given {
        data = split(data, spec.test_fraction, spec.seed)?;
    }
    Ok(match spec.limit {
        Some(limit) if limit < data.train.rows() => first_rows(data, limit),
        _ => data,
    })
}

fn read(spec: &DatasetSpec) -> Result<BinaryDataset, DataError> {
    let (source, threshold) = (spec.source.as_str(), spec.threshold);
    let binary_already = |threshold: f64| {
        let expected = "none, since the data is binary";
        setting(source, "the threshold", expected, &threshold.to_string())
    };
    if source == "ising" {
        return threshold.map_or_else(
            || ising(&spec.ising, spec.seed),
            |threshold| Err(binary_already(threshold)),
        );
    }
    if source == "mnist" {
        return mnist::mnist(threshold);
    }
    if let Some(rest) = source.strip_prefix("bars-and-stripes")
        && (rest.is_empty() || rest.starts_with(':'))
    {
        let side = match rest.strip_prefix(':') {
            None => 4,
            Some(side) => side
                .parse()
                .map_err(|_| bars::side_error(&format!("`{side}`")))?,
        };
        if let Some(threshold) = threshold {
            return Err(binary_already(threshold));
        }
        return bars_and_stripes(side);
    }
    let options = ReadOptions {
        threshold,
        header: spec.header,
        label_column: spec.label_column.clone(),
    };
    let path = Path::new(source);
    if path.exists() {
        return read_file(path, &options);
    }
    match source.rsplit_once(':') {
        Some((file, array)) if Path::new(file).exists() => {
            npy::load_array(Path::new(file), array, &options)
        }
        _ => Err(DataError::Unknown {
            name: source.into(),
        }),
    }
}

/// Reads a file, or a directory of an MNIST-like set.
fn read_file(path: &Path, options: &ReadOptions) -> Result<BinaryDataset, DataError> {
    if path.is_dir() {
        return idx::load(path, options.threshold);
    }
    let content = unpacked(path)?;
    let fits = |format: &&Format| format.begins.iter().any(|begin| content.starts_with(begin));
    let format = FORMATS.iter().find(fits).unwrap_or(&csv::FORMAT);
    (format.load)(path, content, options)
}

/// The rows of both parts whose label is among `digits`.
fn keep_labels(data: BinaryDataset, digits: &[u8]) -> Result<BinaryDataset, DataError> {
    let found = format!("{digits:?}");
    let name = data.name.clone();
    let refused = |expected: &str| setting(&name, "the list of labels", expected, &found);
    let labels = data
        .train_labels
        .as_ref()
        .ok_or_else(|| refused("none: rows have no labels"))?;
    let test = match &data.test_labels {
        Some(labels) => labels,
        None if data.test.is_empty() => &Vec::new(),
        None => return Err(refused("none: test rows have no labels")),
    };
    if digits.is_empty() || digits.iter().any(|digit| !labels.contains(digit)) {
        let mut present = labels.clone();
        present.sort_unstable();
        present.dedup();
        return Err(refused(&format!(
            "some of those that training rows have, {present:?}"
        )));
    }
    let with = |labels: &[u8]| -> Vec<u32> {
        let rows = (0u32..)
            .zip(labels)
            .filter(|(_, label)| digits.contains(label));
        rows.map(|(row, _)| row).collect()
    };
    let (train, test) = (with(labels), with(test));
    let provenance = format!("{}; rows with labels {found}", data.provenance);
    Ok(BinaryDataset {
        provenance,
        ..data.select(&train, &test)
    })
}

fn first_rows(data: BinaryDataset, limit: usize) -> BinaryDataset {
    let rows = |count: usize| (0..count as u32).collect::<Vec<_>>();
    let provenance = format!("{}; first {limit} training rows", data.provenance);
    let test = rows(data.test.rows());
    BinaryDataset {
        provenance,
        ..data.select(&rows(limit), &test)
    }
}

fn setting(data: &str, setting: &'static str, expected: &str, found: &str) -> DataError {
    DataError::Setting {
        data: data.into(),
        setting,
        expected: expected.into(),
        found: found.into(),
    }
}
