use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use tempfile::tempdir;

/// A file of unsigned bytes with this shape.
fn idx(shape: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, shape.len() as u8];
    bytes.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Two images of 2x3 pixels around the default threshold.
const PIXELS: [u8; 12] = [0, 127, 128, 255, 1, 200, 128, 0, 0, 0, 0, 127];

fn bits(matrix: &BitMatrix) -> Vec<u8> {
    (0..matrix.rows() * matrix.columns())
        .map(|k| u8::from(matrix.get(k / matrix.columns(), k % matrix.columns())))
        .collect()
}

/// Writes `content` to a file of this name and gives what loading it says.
fn refusal(name: &str, content: &[u8]) -> String {
    let dir = tempdir().unwrap();
    let file = dir.path().join(name);
    std::fs::write(&file, content).unwrap();
    let error = load(&file, None).unwrap_err().to_string();
    assert!(error.contains(name), "{error}");
    error
}

#[test]
fn plain_and_gzipped_images_with_labels() {
    let dir = tempdir().unwrap();
    for (suffix, pack) in [("", false), (".gz", true)] {
        let path = |name: &str| dir.path().join(format!("{name}{suffix}"));
        let write = |name: &str, bytes: Vec<u8>| {
            let bytes = if pack { gzip(&bytes) } else { bytes };
            std::fs::write(path(name), bytes).unwrap();
        };
        write("a-images-idx3-ubyte", idx(&[2, 2, 3], &PIXELS));
        write("a-labels-idx1-ubyte", idx(&[2], &[7, 1]));
        let data = load(&path("a-images-idx3-ubyte"), None).unwrap();
        assert_eq!(bits(&data.train), [0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0]);
        assert_eq!(data.train_labels, Some(vec![7, 1]));
        assert_eq!(data.image_shape, Some((2, 3)));
        assert!(data.test.is_empty() && data.test_labels.is_none());
        assert!(data.provenance.contains("128"), "{}", data.provenance);
        let data = load(&path("a-images-idx3-ubyte"), Some(1.0)).unwrap();
        assert_eq!(bits(&data.train), [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}

#[test]
fn a_directory_has_two_parts() {
    let dir = tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write(
        "train-images-idx3-ubyte.gz",
        &gzip(&idx(&[2, 2, 3], &PIXELS)),
    );
    write("train-labels-idx1-ubyte", &idx(&[2], &[7, 1]));
    let file = dir.path().join("train-images-idx3-ubyte.gz");
    for path in [dir.path(), &file] {
        let alone = load(path, None).unwrap();
        assert_eq!((alone.train.rows(), alone.test.rows()), (2, 0));
        assert_eq!(alone.train_labels, Some(vec![7, 1]));
    }
    // A dark part next to a bright one: its 1 is dark, too.
    write(
        "t10k-images.idx3-ubyte",
        &idx(&[1, 2, 3], &[0, 0, 1, 1, 0, 0]),
    );
    let data = load(dir.path(), None).unwrap();
    assert_eq!((data.train.rows(), data.test.rows()), (2, 1));
    assert_eq!(bits(&data.test), [0; 6]);
    assert_eq!(
        (&data.train_labels, &data.test_labels),
        (&Some(vec![7, 1]), &None)
    );
    // The training images bring the test images with them, but not the other way round.
    assert_eq!(load(&file, None).unwrap().digest(), data.digest());
    write("t10k-labels.idx1-ubyte.gz", &gzip(&idx(&[1], &[3])));
    assert_eq!(load(&file, None).unwrap().test_labels, Some(vec![3]));
    let test = load(&dir.path().join("t10k-images.idx3-ubyte"), None).unwrap();
    assert_eq!((test.train.rows(), test.test.rows()), (1, 0));
    write(
        "t10k-images.idx3-ubyte",
        &idx(&[1, 3, 2], &[0, 0, 1, 1, 0, 0]),
    );
    let other = load(dir.path(), None).unwrap_err().to_string();
    assert!(
        other.contains("2 x 3") && other.contains("3 x 2"),
        "{other}"
    );
}

#[test]
fn a_directory_without_images_is_refused() {
    let dir = tempdir().unwrap();
    let missing = load(dir.path(), None).unwrap_err().to_string();
    assert!(missing.contains("train-images-idx3-ubyte"), "{missing}");
}

#[test]
fn zeros_and_ones_are_units_already() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("bits");
    std::fs::write(&file, idx(&[2, 3], &[0, 1, 1, 0, 0, 1])).unwrap();
    for threshold in [None, Some(0.7)] {
        let data = load(&file, threshold).unwrap();
        assert_eq!(bits(&data.train), [0, 1, 1, 0, 0, 1]);
        assert_eq!(data.image_shape, None);
    }
}

#[test]
fn truncated_and_overlong_files_are_refused() {
    let good = idx(&[2, 2, 3], &PIXELS);
    for length in 0..good.len() {
        let error = refusal("cut", &good[..length]);
        assert!(length < 4 || error.contains("cut off"), "{length}: {error}");
    }
    let error = refusal("cut", &good[..good.len() - 1]);
    assert!(
        error.contains("2 x 2 x 3") && error.contains("found 11"),
        "{error}"
    );
    let error = refusal("long", &[&good[..], &[0]].concat());
    assert!(
        error.contains("trailing") && error.contains("found 13"),
        "{error}"
    );
    let packed = gzip(&good);
    let error = refusal("cut.gz", &packed[..packed.len() - 9]);
    assert!(error.contains("gzip"), "{error}");
}

#[test]
fn other_magics_and_types_are_refused() {
    for magic in [
        [0, 0, 9, 3],
        [0, 0, 13, 3],
        [1, 0, 8, 3],
        [0, 0, 8, 0],
        [0, 0, 8, 5],
        *b"%PDF",
    ] {
        let mut content = idx(&[2, 2, 3], &PIXELS);
        content[..4].copy_from_slice(&magic);
        let error = refusal("file", &content);
        assert!(
            error.contains(&format!("{magic:02x?}")) && error.contains("tables of text"),
            "{error}"
        );
    }
    let error = refusal("labels", &idx(&[3], &[1, 2, 3]));
    assert!(error.contains("1 dimension"), "{error}");
    let error = refusal("huge", &idx(&[u32::MAX; 3], &PIXELS));
    assert!(error.contains("4294967295"), "{error}");
}

#[test]
fn labels_must_match_the_images() {
    let dir = tempdir().unwrap();
    let images = dir.path().join("a-images-idx3-ubyte");
    std::fs::write(&images, idx(&[2, 2, 3], &PIXELS)).unwrap();
    std::fs::write(
        dir.path().join("a-labels-idx1-ubyte"),
        idx(&[3], &[1, 2, 3]),
    )
    .unwrap();
    let error = load(&images, None).unwrap_err().to_string();
    assert!(
        error.contains("a-labels") && error.contains("2 labels"),
        "{error}"
    );
}

#[test]
fn thresholds_are_fractions() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("images");
    std::fs::write(&file, idx(&[2, 2, 3], &PIXELS)).unwrap();
    for threshold in [128.0, 0.0, -1.0, f64::NAN] {
        let error = load(&file, Some(threshold)).unwrap_err().to_string();
        assert!(error.contains("fraction"), "{error}");
    }
}
