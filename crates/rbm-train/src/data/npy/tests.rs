use super::array::with_header;
use super::*;
use std::io::{Cursor, Write};
use tempfile::tempdir;
use zip::{ZipWriter, write::SimpleFileOptions};

/// Bytes as u8.
fn npy(shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    npy_file("|u1", shape, bytes)
}

fn read(name: &str, content: &[u8], threshold: Option<f64>) -> Result<BinaryDataset, DataError> {
    let dir = tempdir().unwrap();
    let file = dir.path().join(name);
    std::fs::write(&file, content).unwrap();
    let options = ReadOptions {
        threshold,
        ..ReadOptions::default()
    };
    let format = if content.starts_with(b"PK") { NPZ } else { NPY };
    (format.load)(&file, content.to_vec(), &options)
}

fn refusal(name: &str, content: &[u8]) -> String {
    let error = read(name, content, None).unwrap_err().to_string();
    assert!(error.contains(name), "{error}");
    error
}

/// A compressed archive of arrays.
fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        let options = SimpleFileOptions::default();
        writer.start_file(format!("{name}.npy"), options).unwrap();
        writer.write_all(array).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// 0 0 1 / 0 1 0
const TABLE: [u8; 6] = [0, 0, 1, 0, 1, 0];

fn table() -> BitMatrix {
    BitMatrix::from_fn(2, 3, |r, c| r + c == 2)
}

/// The table with elements of so many bytes, of which `one` is 1.
fn elements<const N: usize>(one: [u8; N]) -> Vec<u8> {
    let element = |&unit: &u8| if unit == 1 { one } else { [0; N] };
    TABLE.iter().flat_map(element).collect()
}

#[test]
fn every_type_in_both_byte_orders() {
    let half = half::f16::from_f64(1.0);
    for (descr, content) in [
        ("|b1", elements([1])),
        ("|u1", elements([1])),
        ("|i1", elements([1])),
        ("<i2", elements(1i16.to_le_bytes())),
        (">u2", elements(1u16.to_be_bytes())),
        ("<i4", elements(1i32.to_le_bytes())),
        (">i4", elements(1i32.to_be_bytes())),
        ("<u4", elements(1u32.to_le_bytes())),
        ("<i8", elements(1i64.to_le_bytes())),
        ("<u8", elements(1u64.to_le_bytes())),
        ("<f2", elements(half.to_le_bytes())),
        ("<f4", elements(1f32.to_le_bytes())),
        (">f4", elements(1f32.to_be_bytes())),
        ("<f8", elements(1f64.to_le_bytes())),
        (">f8", elements(1f64.to_be_bytes())),
    ] {
        let content = npy_file(descr, &[2, 3], &content);
        let data = read("a.npy", &content, None);
        assert_eq!(data.unwrap().train, table(), "{descr}");
    }
    for descr in ["<c8", "|O", "<U3", "<f16", "<i3"] {
        let error = refusal("a.npy", &npy_file(descr, &[2, 3], &[0; 96]));
        assert!(error.contains("bool, integer or float"), "{error}");
    }
    // The sign of narrow integers.
    let spins = npy_file("<i2", &[1, 2], &[255, 255, 1, 0]);
    assert!(refusal("a.npy", &spins).contains("holds -1"));
}

/// Written by NumPy 2.4: `a = np.array([[0, 0, 1], [0, 1, 0]])`,
/// `np.save("column_major.npy", np.asfortranarray(a.astype("f8")))`,
/// `np.savez("plain.npz", train=a.astype("u1"), y_train=np.array([4, 255]))`,
/// `np.savez_compressed("compressed.npz", x_train=a.astype("?"), x_test=a[:1])`.
#[test]
fn files_that_numpy_wrote() {
    let column_major = include_bytes!("fixtures/column_major.npy");
    assert!(String::from_utf8_lossy(column_major).contains("'fortran_order': True"));
    assert_eq!(read("a.npy", column_major, None).unwrap().train, table());
    let data = read("a.npz", include_bytes!("fixtures/plain.npz"), None).unwrap();
    assert_eq!(data.train, table());
    assert_eq!(data.train_labels, Some(vec![4, 255]));
    let data = read("a.npz", include_bytes!("fixtures/compressed.npz"), None).unwrap();
    assert_eq!((data.train, data.test.rows()), (table(), 1));
}

#[test]
fn images_and_thresholds() {
    let bytes = [0u8, 127, 255, 1, 128, 0];
    let content = npy(&[1, 2, 3], &bytes);
    let data = read("a.npy", &content, Some(0.5)).unwrap();
    assert_eq!(data.image_shape, Some((2, 3)));
    assert_eq!(
        data.train,
        BitMatrix::from_fn(1, 6, |_, c| c == 2 || c == 4)
    );
    let error = refusal("a.npy", &content);
    assert!(error.contains("row 1, column 2 holds 127"), "{error}");
    assert!(read("a.npy", &content, Some(128.0)).is_err());
    let wide = bytes.map(|x| i64::from(x).to_le_bytes()).concat();
    let wide = npy_file("<i8", &[1, 2, 3], &wide);
    assert_eq!(read("a.npy", &wide, Some(128.0)).unwrap().train, data.train);
    let gray = bytes.map(|x| (f32::from(x) / 255.0).to_le_bytes()).concat();
    let gray = npy_file("<f4", &[1, 2, 3], &gray);
    assert_eq!(read("a.npy", &gray, Some(0.5)).unwrap().train, data.train);
    let spins = npy_file("|i1", &[1, 2], &[255, 1]);
    assert!(refusal("a.npy", &spins).contains("--threshold 0"));
    assert!(read("a.npy", &spins, Some(0.0)).unwrap().train.get(0, 1));
}

#[test]
fn values_that_are_not_finite_are_refused() {
    for value in [f64::NAN, f64::INFINITY] {
        let content = [0.0, 1.0, value, 0.0].map(f64::to_le_bytes).concat();
        let content = npy_file("<f8", &[2, 2], &content);
        for threshold in [None, Some(0.5)] {
            let error = read("a.npy", &content, threshold).unwrap_err().to_string();
            assert!(
                error.contains("row 2, column 1") && error.contains("finite"),
                "{error}"
            );
        }
    }
}

#[test]
fn named_arrays_and_labels() {
    let train = npy(&[2, 3], &TABLE.map(|unit| 255 * unit));
    let labels = npy_file("<i8", &[2, 1], &[4i64, 255].map(i64::to_le_bytes).concat());
    for names in [
        ["test", "train", "train_labels", "test_labels"],
        ["x_test", "x_train", "y_train", "y_test"],
        ["test_images", "train_images", "train_labels", "test_labels"],
    ] {
        let archive = npz(&[
            ("extra", npy_file("<f8", &[1], &1.5f64.to_le_bytes())),
            (names[0], npy(&[1, 3], &[1, 0, 1])),
            (names[1], train.clone()),
            (names[2], labels.clone()),
            (names[3], npy(&[1], &[9])),
        ]);
        let data = read("a.npz", &archive, Some(0.5)).unwrap();
        assert_eq!(data.train, table());
        // 1 of 255 in a part without brighter pixels.
        assert_eq!(data.test, BitMatrix::from_fn(1, 3, |_, _| false));
        assert_eq!(data.train_labels, Some(vec![4, 255]));
        assert_eq!(data.test_labels, Some(vec![9]));
    }
}

#[test]
fn the_first_array_by_default() {
    let content = npz(&[
        ("arr_0", npy_file("|b1", &[2, 3], &TABLE)),
        ("labels", npy(&[2], &[3, 4])),
    ]);
    let data = read("a.npz", &content, None).unwrap();
    assert_eq!((data.train, data.train_labels), (table(), Some(vec![3, 4])));
    assert!(data.test.is_empty());
    assert!(refusal("a.npz", &npz(&[])).contains("no array"));
}

#[test]
fn names_in_any_spelling_and_one_by_choice() {
    let rows = |rows: usize, unit: u8| npy(&[rows, 6], &vec![unit; 6 * rows]);
    let archive = npz(&[("X_test", rows(4, 0)), ("X_train", rows(40, 1))]);
    let data = read("b.npz", &archive, None).unwrap();
    assert_eq!((data.train.rows(), data.test.rows()), (40, 4));
    assert!(data.train.get(39, 5));
    let alone = npz(&[("test", rows(12, 0))]);
    let data = read("c.npz", &alone, None).unwrap();
    assert_eq!((data.train.rows(), data.test.rows()), (12, 0));
    let unclear = npz(&[("first", rows(3, 0)), ("second", rows(5, 1))]);
    let error = refusal("d.npz", &unclear);
    for part in ["first [3, 6], second [5, 6]", "d.npz:ARRAY"] {
        assert!(error.contains(part), "{error}");
    }
    let dir = tempdir().unwrap();
    let file = dir.path().join("d.npz");
    std::fs::write(&file, &unclear).unwrap();
    let spec = |array: &str| crate::data::DatasetSpec {
        source: format!("{}:{array}", file.display()),
        test_fraction: 0.0,
        ..Default::default()
    };
    assert_eq!(crate::data::load(&spec("second")).unwrap().train.rows(), 5);
    let error = crate::data::load(&spec("third")).unwrap_err().to_string();
    assert!(
        error.contains("third") && error.contains("second [5, 6]"),
        "{error}"
    );
}

#[test]
fn channels_of_one_are_no_axis() {
    for shape in [&[2, 1, 1, 3][..], &[2, 1, 3, 1], &[2, 3, 1]] {
        let data = read("a.npy", &npy(shape, &TABLE), None).unwrap();
        assert_eq!(data.train, table(), "{shape:?}");
    }
    let images = read("a.npy", &npy(&[1, 1, 2, 3], &TABLE), None).unwrap();
    assert_eq!(images.image_shape, Some((2, 3)));
}

/// As `scipy.sparse.save_npz` writes them: entries by rows (csr) or columns (csc).
#[test]
fn sparse_matrices() {
    let of = |format: &str, starts: &[u8], indices: &[u8]| {
        npz(&[
            ("indices", npy(&[indices.len()], indices)),
            ("indptr", npy(&[starts.len()], starts)),
            ("format", npy_file("|S3", &[], format.as_bytes())),
            ("shape", npy(&[2], &[2, 3])),
            (
                "data",
                npy_file("<f8", &[2], &[1f64, 1.0].map(f64::to_le_bytes).concat()),
            ),
        ])
    };
    for content in [
        of("csr", &[0, 1, 2], &[2, 1]),
        of("csc", &[0, 0, 1, 2], &[1, 0]),
    ] {
        assert_eq!(read("s.npz", &content, None).unwrap().train, table());
    }
    for content in [
        of("coo", &[0, 1, 2], &[2, 1]),
        of("csr", &[0, 1, 3], &[2, 1]),
        of("csr", &[0, 2], &[2, 1]),
        of("csr", &[0, 1, 2], &[2, 3]),
    ] {
        refusal("s.npz", &content);
    }
    // More rows, or wider ones, than any memory holds.
    for shape in [[f64::MAX, 3.0], [1.0, 1e18]] {
        let content = npz(&[
            ("indices", npy(&[0], &[])),
            ("indptr", npy(&[2], &[0, 0])),
            ("format", npy_file("|S3", &[], b"csr")),
            (
                "shape",
                npy_file("<f8", &[2], &shape.map(f64::to_le_bytes).concat()),
            ),
            ("data", npy(&[0], &[])),
        ]);
        if available_bytes().is_some() {
            refusal("s.npz", &content);
        }
    }
}

#[test]
fn parts_must_fit_together() {
    let train = npy(&[3, 2, 2], &[0; 12]);
    let wrong_test = npz(&[("train", train.clone()), ("test", npy(&[3, 5], &[0; 15]))]);
    let error = refusal("a.npz", &wrong_test);
    assert!(error.contains("[2, 2]") && error.contains("[5]"), "{error}");
    for labels in [vec![1.0; 2], vec![1.5; 3], vec![256.0; 3]] {
        let bytes: Vec<u8> = labels.iter().flat_map(|x: &f64| x.to_le_bytes()).collect();
        let content = npz(&[
            ("train", train.clone()),
            ("train_labels", npy_file("<f8", &[labels.len()], &bytes)),
        ]);
        assert!(refusal("a.npz", &content).contains("labels"));
    }
    for shape in [&[][..], &[4], &[1, 2, 3, 2]] {
        let content = npy(shape, &vec![0; shape.iter().product()]);
        assert!(refusal("a.npy", &content).contains(&format!("{shape:?}")));
    }
}

#[test]
fn damaged_files_are_refused() {
    let good = npy_file("<f4", &[3, 4], &[0; 48]);
    for length in [0, 5, 40, good.len() - 1] {
        refusal("a.npy", &good[..length]);
    }
    refusal("a.npy", &[&good[..], &[0]].concat());
    let archive = npz(&[("train", npy(&[3, 4], &[0; 12]))]);
    refusal("a.npz", &archive[..archive.len() / 2]);
}

/// However a header spells it, nothing is allocated that the bytes do not hold.
#[test]
fn shapes_beyond_the_file_are_refused_in_every_spelling() {
    let whole = "{'descr': '|u1', 'fortran_order': False, ";
    for shape in [
        "'shape': (3000000000, 900000), }",
        "'shape':(3000000000,900000)}",
        "\"shape\": (3000000000, 900000)}",
        "'shape' : ( 3000000000L, 900000L, ) }",
        "'shape': (18446744073709551615, 2)}",
        "'shape': (0xb2d05e00, 0xdbba0)}",
        "'shape': (3e9, 2)}",
        "'shape': 3000000000}",
        "'shape': (-1, 2)}",
        "'Shape': (1, 2)}",
    ] {
        let content = with_header(&format!("{whole}{shape}"), &[0; 8]);
        refusal("a.npy", &content);
        refusal("a.npz", &npz(&[("train", content)]));
    }
    // Without rows nothing is there, so nothing is allocated by the columns.
    for sizes in ["0, 1099511627776", "0, 1048576, 1048576"] {
        let content = with_header(&format!("{whole}'shape': ({sizes})}}"), &[]);
        let read = read("a.npy", &content, None).unwrap();
        assert_eq!(read.train.rows(), 0);
    }
    for sizes in ["0, 4611686018427387904, 8", "8, 0, 4611686018427387904"] {
        let content = with_header(&format!("{whole}'shape': ({sizes})}}"), &[]);
        refusal("a.npy", &content);
    }
    // A header of 4 GB.
    let long = [&b"\x93NUMPY\x02\0\xff\xff\xff\xff{"[..], &[b' '; 100]].concat();
    assert!(refusal("a.npy", &long).contains("4294967295"));
    assert!(refusal("a.npy", b"\x93NUMPY\x09\0").contains("version 9"));
    // Few bytes that unpack to many, of one unit a row: 64 times as many in memory.
    if available_bytes().is_some() {
        let rows = 1 << 40;
        let array = Array::read(&npy(&[0, 1], &[])[..], 128).unwrap();
        assert_eq!(
            pack(Path::new("a"), &array, Rule::Binary).unwrap().rows(),
            0
        );
        assert!(check_memory(Path::new("a"), rows, 1).is_err());
    }
}
