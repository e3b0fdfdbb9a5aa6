//! The MNIST images that come with the program.

use super::{BinaryDataset, DataError, asset, units};
use std::path::Path;

/// The embedded file; see [`asset`] for its format.
static EMBEDDED: &[u8] = include_bytes!("../../assets/mnist.bin");

/// The smallest byte that is on in the embedded images: 0.5 of the full range 0 to 255.
pub const CUTOFF: u8 = 128;

const PROVENANCE: &str = "MNIST database of handwritten digits, Yann LeCun, Corinna Cortes and \
    Christopher J. C. Burges, http://yann.lecun.com/exdb/mnist/, CC BY-SA 3.0; changed: pixels on \
    where value >= 128 of 255, all others off";

/// All 60,000 training and 10,000 test images with their labels, 28x28 pixels that are on where
/// the original has at least half of the full range.
///
/// Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Proc. IEEE 86, 2278 (1998).
///
/// # Errors
/// [`DataError::Setting`] for a threshold that would give other pixels,
/// [`DataError::Format`] if the embedded file is damaged.
///
/// # Examples
/// ```
/// use rbm_train::data::mnist::mnist;
/// let data = mnist(None)?;
/// assert_eq!((data.train.rows(), data.test.rows(), data.image_shape), (60_000, 10_000, Some((28, 28))));
/// // The images have kept no gray: another threshold cannot be had of them.
/// assert!(mnist(Some(0.3)).is_err());
/// # Ok::<(), rbm_train::data::DataError>(())
/// ```
pub fn mnist(threshold: Option<f64>) -> Result<BinaryDataset, DataError> {
    if let Some(threshold) = threshold
        && units::byte_cutoff(Path::new("mnist"), threshold)? != CUTOFF
    {
        return Err(DataError::Setting {
            data: "the embedded mnist".into(),
            setting: "the threshold",
            expected: "0.5, at which it was made binary; for another one give a directory with \
                       the original IDX files as the data set"
                .into(),
            found: threshold.to_string(),
        });
    }
    let images = asset::decode("embedded mnist.bin", EMBEDDED)?;
    Ok(BinaryDataset {
        name: "mnist".into(),
        train: images.train,
        test: images.test,
        train_labels: Some(images.train_labels),
        test_labels: Some(images.test_labels),
        image_shape: Some(images.shape),
        provenance: PROVENANCE.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::idx;
    use sha2::{Digest, Sha256};

    #[test]
    fn known_facts() {
        let data = mnist(None).unwrap();
        assert_eq!((data.train.rows(), data.test.rows()), (60_000, 10_000));
        assert_eq!(
            (data.train.columns(), data.image_shape),
            (784, Some((28, 28)))
        );
        let counts = |labels: Option<Vec<u8>>| {
            let mut counts = [0; 10];
            labels
                .unwrap()
                .into_iter()
                .for_each(|label| counts[usize::from(label)] += 1);
            counts
        };
        // Digits 0 to 9.
        assert_eq!(
            counts(data.train_labels.clone()),
            [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
        );
        assert_eq!(
            counts(data.test_labels.clone()),
            [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
        );
        assert_eq!(
            data.train_labels.as_ref().unwrap()[..10],
            [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
        );
        assert_eq!(
            data.test_labels.as_ref().unwrap()[..10],
            [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
        );
        // Manifests of runs hold this.
        let digest = "ae3c39ab365041873fc09770fae7af3bf9bb2b455ecd4ae186589a075749ae45";
        assert_eq!(data.digest(), digest);
        assert_eq!(mnist(Some(0.5)).unwrap(), data);
    }

    /// Checksums made from the original files by
    /// `python3 -c "import gzip, hashlib, sys; b = gzip.open(sys.argv[1]).read()[16:]; print(hashlib.sha256(bytes(int(x >= 128) for x in b)).hexdigest(), sum(x >= 128 for x in b))" FILE`
    #[test]
    fn checksums_of_the_original_images() {
        let data = mnist(None).unwrap();
        for (part, sum, ones) in [
            (&data.train, TRAIN_SUM, TRAIN_ONES),
            (&data.test, TEST_SUM, TEST_ONES),
        ] {
            let mut hasher = Sha256::new();
            let mut count = 0;
            for r in 0..part.rows() {
                let row: Vec<u8> = (0..784).map(|c| u8::from(part.get(r, c))).collect();
                count += row.iter().map(|&x| u64::from(x)).sum::<u64>();
                hasher.update(&row);
            }
            let found: String = hasher
                .finalize()
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            assert_eq!((found.as_str(), count), (sum, ones));
        }
    }

    const TRAIN_SUM: &str = "210ad1bf32cee090abde584506d2888ffc9b75ce3db0857e1a6251cbcc4c2d50";
    const TRAIN_ONES: u64 = 6_221_431;
    const TEST_SUM: &str = "89ba780dee8bae72a6e99d565e97bc93a9069e969c7ec81008f4a5cdf9e778a7";
    const TEST_ONES: u64 = 1_052_359;

    /// Against the IDX files themselves, where `RBM_MNIST_IDX` names their directory.
    #[test]
    fn every_bit_and_label_of_the_original_files() {
        let Some(directory) = std::env::var_os("RBM_MNIST_IDX") else {
            return;
        };
        let original = idx::load(Path::new(&directory), None).unwrap();
        let data = mnist(None).unwrap();
        assert!(original.train == data.train && original.test == data.test);
        assert_eq!(original.train_labels, data.train_labels);
        assert_eq!(original.test_labels, data.test_labels);
        assert_eq!(original.digest(), data.digest());
    }

    #[test]
    fn another_threshold_needs_the_original_files() {
        for threshold in [0.25, 0.51, 128.0] {
            let error = mnist(Some(threshold)).unwrap_err().to_string();
            assert!(
                error.contains(&threshold.to_string()) && error.contains("mnist"),
                "{error}"
            );
        }
    }
}
