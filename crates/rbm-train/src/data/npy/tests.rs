use super::*;
use ndarray::{Array1, Array2, Array3, ShapeBuilder, array};
use ndarray_npy::{NpzWriter, WritableElement, WriteNpyExt};
use tempfile::tempdir;

fn npy<T: WritableElement>(array: &ndarray::ArrayD<T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    array.write_npy(&mut bytes).unwrap();
    bytes
}

fn read(name: &str, content: &[u8], threshold: Option<f64>) -> Result<BinaryDataset, DataError> {
    let dir = tempdir().unwrap();
    let file = dir.path().join(name);
    std::fs::write(&file, content).unwrap();
    load(&file, threshold)
}

fn refusal(name: &str, content: &[u8]) -> String {
    let error = read(name, content, None).unwrap_err().to_string();
    assert!(error.contains(name), "{error}");
    error
}

/// An archive, built by `add`.
fn npz(add: impl FnOnce(&mut NpzWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut writer = NpzWriter::new_compressed(Cursor::new(Vec::new()));
    add(&mut writer);
    writer.finish().unwrap().into_inner()
}

/// 0 0 1 / 0 1 0
fn table() -> BinaryMatrix {
    BinaryMatrix::from_fn(2, 3, |r, c| r + c == 2)
}

#[test]
fn every_type() {
    let units = array![[0u8, 0, 1], [0, 1, 0]].into_dyn();
    for content in [
        npy(&units),
        npy(&units.mapv(|x| x == 1)),
        npy(&units.mapv(|x| x as i8)),
        npy(&units.mapv(i32::from)),
        npy(&units.mapv(i64::from)),
        npy(&units.mapv(f32::from)),
        npy(&units.mapv(f64::from)),
    ] {
        assert_eq!(read("a.npy", &content, None).unwrap().train, table());
    }
    let error = refusal("a.npy", &npy(&units.mapv(u64::from)));
    assert!(error.contains("type u8, bool"), "{error}");
}

#[test]
fn column_major_and_big_endian_arrays() {
    let mut columns = Array2::<f64>::zeros((2, 3).f());
    columns.assign(&array![[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]);
    let mut content = npy(&columns.into_dyn());
    assert!(String::from_utf8_lossy(&content).contains("'fortran_order': True"));
    assert_eq!(read("a.npy", &content, None).unwrap().train, table());
    // The other byte order.
    let at = content.windows(3).position(|w| w == b"<f8").unwrap();
    content[at] = b'>';
    let start = content.len() - 48;
    content[start..]
        .chunks_exact_mut(8)
        .for_each(<[u8]>::reverse);
    assert_eq!(read("a.npy", &content, None).unwrap().train, table());
}

#[test]
fn images_and_thresholds() {
    let bytes = array![[[0u8, 127, 255], [1, 128, 0]]].into_dyn();
    let content = npy(&bytes);
    let data = read("a.npy", &content, Some(0.5)).unwrap();
    assert_eq!(data.image_shape, Some((2, 3)));
    assert_eq!(
        data.train,
        BinaryMatrix::from_fn(1, 6, |_, c| c == 2 || c == 4)
    );
    let error = refusal("a.npy", &content);
    assert!(error.contains("row 1, column 2 holds 127"), "{error}");
    assert!(read("a.npy", &content, Some(128.0)).is_err());
    let wide = npy(&bytes.mapv(i64::from));
    assert_eq!(read("a.npy", &wide, Some(128.0)).unwrap().train, data.train);
    let grey = npy(&bytes.mapv(|x| f32::from(x) / 255.0));
    assert_eq!(read("a.npy", &grey, Some(0.5)).unwrap().train, data.train);
    let spins = npy(&array![[-1i8, 1]].into_dyn());
    assert!(refusal("a.npy", &spins).contains("--threshold 0"));
    assert!(read("a.npy", &spins, Some(0.0)).unwrap().train.get(0, 1));
}

#[test]
fn values_that_are_not_finite_are_refused() {
    for value in [f64::NAN, f64::INFINITY] {
        let content = npy(&array![[0.0, 1.0], [value, 0.0]].into_dyn());
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
    let train = array![[0u8, 0, 255], [0, 255, 0]];
    let test = array![[1u8, 0, 1]];
    let archive = |names: [&str; 4]| {
        npz(|w| {
            w.add_array("extra", &array![1.5]).unwrap();
            w.add_array(names[0], &test).unwrap();
            w.add_array(names[1], &train).unwrap();
            w.add_array(names[2], &array![[4i64], [255]]).unwrap();
            w.add_array(names[3], &array![9u8]).unwrap();
        })
    };
    for names in [
        ["test", "train", "train_labels", "test_labels"],
        ["x_test", "x_train", "y_train", "y_test"],
        ["test_images", "train_images", "train_labels", "test_labels"],
    ] {
        let data = read("a.npz", &archive(names), Some(0.5)).unwrap();
        assert_eq!(data.train, table());
        // 1 of 255 in a part without brighter pixels.
        assert_eq!(data.test, BinaryMatrix::from_fn(1, 3, |_, _| false));
        assert_eq!(data.train_labels, Some(vec![4, 255]));
        assert_eq!(data.test_labels, Some(vec![9]));
    }
}

#[test]
fn the_first_array_by_default() {
    let content = npz(|w| {
        w.add_array("arr_0", &array![[false, false, true], [false, true, false]])
            .unwrap();
        w.add_array("labels", &array![3u8, 4]).unwrap();
    });
    let data = read("a.npz", &content, None).unwrap();
    assert_eq!((data.train, data.train_labels), (table(), Some(vec![3, 4])));
    assert!(data.test.is_empty());
    assert!(refusal("a.npz", &npz(|_| {})).contains("at least one array"));
}

#[test]
fn parts_must_fit_together() {
    let train = Array3::<u8>::zeros((3, 2, 2));
    let wrong_test = npz(|w| {
        w.add_array("train", &train).unwrap();
        w.add_array("test", &Array2::<u8>::zeros((3, 5))).unwrap();
    });
    let error = refusal("a.npz", &wrong_test);
    assert!(error.contains("[2, 2]") && error.contains("[5]"), "{error}");
    for labels in [
        Array1::from_elem(2, 1.0),
        Array1::from_elem(3, 1.5),
        Array1::from_elem(3, 256.0),
    ] {
        let content = npz(|w| {
            w.add_array("train", &train).unwrap();
            w.add_array("train_labels", &labels).unwrap();
        });
        assert!(refusal("a.npz", &content).contains("labels"));
    }
    for shape in [&[][..], &[4], &[1, 2, 1, 2]] {
        let content = npy(&ArrayD::<u8>::zeros(shape));
        assert!(refusal("a.npy", &content).contains(&format!("{shape:?}")));
    }
}

#[test]
fn damaged_files_are_refused() {
    let good = npy(&ArrayD::<f32>::zeros(&[3, 4][..]));
    for length in [0, 5, 40, good.len() - 1] {
        refusal("a.npy", &good[..length]);
    }
    refusal("a.npy", &[&good[..], &[0]].concat());
    let archive = npz(|w| w.add_array("train", &Array2::<f64>::zeros((3, 4))).unwrap());
    refusal("a.npz", &archive[..archive.len() / 2]);
    refusal("a.npz", &good);
    // A header that asks for more than any machine has; the padding gives way.
    let at = good.windows(6).position(|w| w == b"(3, 4)").unwrap();
    let mut huge = good;
    huge[at..at + 24].copy_from_slice(b"(3000000000, 900000)}   ");
    assert!(refusal("a.npy", &huge).contains("2700000000000000"));
}
