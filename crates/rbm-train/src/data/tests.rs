use super::error::BUILT_IN;
use super::*;
use std::path::Path;
use tempfile::tempdir;

fn spec(source: &str) -> DatasetSpec {
    DatasetSpec {
        source: source.into(),
        ..Default::default()
    }
}

fn refusal(spec: &DatasetSpec) -> String {
    load(spec).unwrap_err().to_string()
}

/// 20 rows of 5 units, row r being r in binary, labeled r % 4.
fn labeled(directory: &Path) -> String {
    let mut text = "label,a,b,c,d,e\n".to_owned();
    for r in 0..20 {
        let units: String = (0..5).map(|c| format!(",{}", r >> c & 1)).collect();
        text += &format!("{}{units}\n", r % 4);
    }
    let file = directory.join("numbers.csv");
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn unknown_names_list_the_known_ones() {
    for name in ["mnits", "nowhere/data.csv", "bars-and-stripes-4", ""] {
        let error = refusal(&spec(name));
        assert!(
            error.contains(&format!("`{name}`")) && error.contains(BUILT_IN),
            "{error}"
        );
    }
}

#[test]
fn built_in_names() {
    let data = load(&spec("bars-and-stripes")).unwrap();
    assert_eq!(
        (data.train.rows(), data.test.rows(), data.train.columns()),
        (30, 30, 16)
    );
    assert_eq!(data, load(&spec("bars-and-stripes:4")).unwrap());
    assert_eq!(
        load(&spec("bars-and-stripes:3")).unwrap().train.columns(),
        9
    );
    for side in ["1", "13", "x", "", "-4", "99999999999999999999"] {
        let error = refusal(&spec(&format!("bars-and-stripes:{side}")));
        assert!(error.contains(side) && error.contains("2 to 12"), "{error}");
    }
    let thresholded = DatasetSpec {
        threshold: Some(0.5),
        ..spec("bars-and-stripes")
    };
    assert!(refusal(&thresholded).contains("threshold"));

    let mut small = DatasetSpec {
        ising: Ising {
            side: 4,
            rows: 50,
            ..Default::default()
        },
        ..spec("ising")
    };
    let data = load(&small).unwrap();
    assert_eq!(
        (data.train.rows(), data.test.rows(), data.train.columns()),
        (45, 5, 16)
    );
    let shaped = |shape: &str| {
        load(&DatasetSpec {
            image_shape: Some(shape.parse().unwrap()),
            ..small.clone()
        })
    };
    assert_eq!(shaped("2x8").unwrap().image_shape, Some((2, 8)));
    let error = shaped("3x5").unwrap_err().to_string();
    assert!(error.contains("3x5") && error.contains("16"), "{error}");
    small.seed = 1;
    assert_ne!(load(&small).unwrap().digest(), data.digest());
    small.threshold = Some(0.5);
    assert!(refusal(&small).contains("threshold"));
}

#[test]
fn mnist_by_labels_and_limit() {
    let data = load(&DatasetSpec {
        digits: Some(vec![1, 0]),
        limit: Some(100),
        ..spec("mnist")
    })
    .unwrap();
    assert_eq!((data.train.rows(), data.test.rows()), (100, 980 + 1135));
    // The first digits of the original are 5, 0, 4, 1, 9, 2, 1.
    assert_eq!(data.train_labels.as_ref().unwrap()[..3], [0, 1, 1]);
    let all = load(&spec("mnist")).unwrap();
    assert_eq!(data.train.row_words(1), all.train.row_words(3));
    for part in ["CC BY-SA", "[1, 0]", "first 100"] {
        assert!(data.provenance.contains(part), "{}", data.provenance);
    }
}

#[test]
fn labels_then_split_then_limit() {
    let dir = tempdir().unwrap();
    let mut spec = DatasetSpec {
        test_fraction: 0.4,
        seed: 5,
        digits: Some(vec![1, 3]),
        ..spec(&labeled(dir.path()))
    };
    let data = load(&spec).unwrap();
    assert_eq!((data.train.rows(), data.test.rows()), (6, 4));
    for (part, labels) in [
        (&data.train, &data.train_labels),
        (&data.test, &data.test_labels),
    ] {
        for (r, label) in labels.as_ref().unwrap().iter().enumerate() {
            assert_eq!(part.row_words(r)[0] % 4, u64::from(*label));
            assert_eq!(label % 2, 1);
        }
    }
    spec.limit = Some(2);
    let limited = load(&spec).unwrap();
    assert_eq!(limited.train, data.train.select(&[0, 1]));
    assert_eq!(limited.test, data.test);
    spec.limit = Some(1000);
    assert_eq!(load(&spec).unwrap(), data);
    spec.test_fraction = 0.0;
    assert!(load(&spec).unwrap().test.is_empty());
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let dir = tempdir().unwrap();
    let file = labeled(dir.path());
    let refused = |change: &dyn Fn(&mut DatasetSpec), parts: &[&str]| {
        let mut spec = spec(&file);
        change(&mut spec);
        let error = refusal(&spec);
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    };
    refused(
        &|s| s.digits = Some(vec![1, 9]),
        &["[1, 9]", "[0, 1, 2, 3]"],
    );
    refused(&|s| s.digits = Some(vec![]), &["[]", "[0, 1, 2, 3]"]);
    refused(&|s| s.limit = Some(0), &["limit", "0"]);
    refused(&|s| s.test_fraction = 1.0, &["fraction", "1"]);
    refused(&|s| s.threshold = Some(f64::NAN), &["threshold", "NaN"]);
    let bars = DatasetSpec {
        digits: Some(vec![1]),
        ..spec("bars-and-stripes")
    };
    assert!(refusal(&bars).contains("no labels"));
}

#[test]
fn nothing_is_refused() {
    let dir = tempdir().unwrap();
    let npy = |shape: &str| {
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((118u16).to_le_bytes());
        bytes.extend(format!("{header:<117}\n").bytes());
        bytes
    };
    let idx = |rows: u8, columns: u8| vec![0, 0, 8, 2, 0, 0, 0, rows, 0, 0, 0, columns];
    for (name, content, what) in [
        ("empty.csv", vec![], "0 rows"),
        ("blank.csv", b"\n\n".to_vec(), "0 rows"),
        ("header.csv", b"a,b\n".to_vec(), "0 rows"),
        ("label.csv", b"label\n3\n".to_vec(), "0 columns"),
        ("rows.idx", idx(0, 3), "0 rows"),
        ("columns.idx", idx(3, 0), ""),
        ("rows.npy", npy("(0, 3)"), "0 rows"),
        ("columns.npy", npy("(3, 0)"), ""),
    ] {
        let file = dir.path().join(name);
        std::fs::write(&file, content).unwrap();
        let error = refusal(&spec(&file.display().to_string()));
        assert!(
            error.contains(name) && error.contains(what) && error.contains("0 "),
            "{error}"
        );
    }
}

#[test]
fn duplicates_stay() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("same.csv");
    std::fs::write(&file, "1,0\n".repeat(50)).unwrap();
    let data = load(&spec(&file.display().to_string())).unwrap();
    assert_eq!((data.train.rows(), data.test.rows()), (45, 5));
    assert_eq!(data.name, "same.csv");
}

#[test]
fn specs_round_trip_and_have_defaults() {
    let given: DatasetSpec = toml::from_str("source = \"data.csv\"\nthreshold = 0.25").unwrap();
    assert_eq!(
        (given.threshold, given.test_fraction, given.seed),
        (Some(0.25), 0.1, 0)
    );
    let text = toml::to_string(&given).unwrap();
    assert_eq!(toml::from_str::<DatasetSpec>(&text).unwrap(), given);
    assert!(toml::from_str::<DatasetSpec>("sauce = \"data.csv\"").is_err());
}
