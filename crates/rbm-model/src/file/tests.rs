use super::*;
use crate::config::RbmConfig;
use burn::tensor::Device;
use half::{bf16, f16};

fn container(entries: &[Entry]) -> Vec<u8> {
    with_metadata(entries, &[])
}

fn with_metadata(entries: &[Entry], metadata: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let metadata = metadata.iter().map(|(k, v)| (k.to_string(), v.to_string()));
    let container = Container {
        entries: entries.to_vec(),
        metadata: metadata.collect(),
    };
    container.write(&mut bytes).unwrap();
    bytes.into_inner()
}

fn good() -> Vec<Entry> {
    vec![
        Entry::f32("weight", &[2, 3], [0.5, -1.0, 2.0, 0.0, 1.0, 4.0]),
        Entry::f32("visible_bias", &[2], [0.1, 0.2]),
        Entry::f32("hidden_bias", &[3], [1.0, 2.0, 3.0]),
    ]
}

fn from_bytes(bytes: &[u8], path: &Path) -> Result<Parameters, ModelError> {
    super::from_bytes(bytes, path, Layout::default())
}

fn message(entries: &[Entry]) -> String {
    from_bytes(&container(entries), Path::new("m.safetensors"))
        .unwrap_err()
        .to_string()
}

#[test]
fn a_model_survives_the_round_trip_with_equal_bytes() {
    let rbm = RbmConfig::new(7, 5)
        .with_weight_std(0.3)
        .init(&Device::default())
        .unwrap();
    let bytes = to_bytes(&rbm).unwrap();
    let read = from_bytes(&bytes, Path::new("x")).unwrap();
    assert_eq!(read, rbm.parameters().unwrap());
    let again = Rbm::from_parameters(&read, &Device::default());
    assert_eq!(to_bytes(&again).unwrap(), bytes);
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["format"], "rbm");
}

#[test]
fn double_precision_and_foreign_tensors_are_read() {
    let mut entries = good();
    entries[1] = Entry {
        name: "visible_bias".into(),
        element: ElementType::F64,
        shape: vec![2],
        content: Content::Bytes([0.1f64, 0.2].iter().flat_map(|x| x.to_le_bytes()).collect()),
    };
    entries.push(Entry::u8("labels", &[1], vec![3]));
    let read = from_bytes(&container(&entries), Path::new("x")).unwrap();
    assert_eq!(read.visible_bias, [0.1, 0.2]);
    assert_eq!(read.weight_at(1, 2), 4.0);
}

fn raw(name: &str, dtype: ElementType, shape: &[usize], bytes: Vec<u8>) -> Entry {
    Entry {
        name: name.into(),
        element: dtype,
        shape: shape.to_vec(),
        content: Content::Bytes(bytes),
    }
}

#[test]
fn half_precision_is_read() {
    // Powers of two, which both types hold exactly.
    let numbers = [0.5, -1.0, 2.0, 0.0, 1.0, 4.0];
    let halves =
        |to: fn(f32) -> [u8; 2]| -> Vec<u8> { numbers.iter().flat_map(|x| to(*x)).collect() };
    let types = [
        ("F16", halves(|x| f16::from_f32(x).to_le_bytes())),
        ("BF16", halves(|x| bf16::from_f32(x).to_le_bytes())),
    ];
    let expected = from_bytes(&container(&good()), Path::new("x")).unwrap();
    for (name, bytes) in types {
        // The container writes no such types: the same bytes under another name of the type.
        let mut entries = good();
        entries[0] = raw("weight", ElementType::U8, &[2, 3], bytes);
        let bytes = container(&entries);
        let (length, rest) = bytes.split_at(8);
        let header = u64::from_le_bytes(length.try_into().unwrap()) as usize;
        let text = std::str::from_utf8(&rest[..header]).unwrap();
        let text = text.replace("U8", name);
        let mut file = (text.len() as u64).to_le_bytes().to_vec();
        file.extend(text.bytes().chain(rest[header..].iter().copied()));
        assert_eq!(
            from_bytes(&file, Path::new("x")).unwrap(),
            expected,
            "{name}"
        );
    }
}

#[test]
fn usual_names_are_known_and_doubtful_ones_are_not() {
    let named = |names: [&str; 3]| {
        let mut entries = good();
        for (entry, name) in entries.iter_mut().zip(names) {
            entry.name = name.into();
        }
        entries
    };
    let expected = from_bytes(&container(&good()), Path::new("x")).unwrap();
    for names in [
        ["W", "vbias", "hbias"],
        ["w", "a", "b"],
        ["weight_matrix", "b", "c"],
    ] {
        let read = from_bytes(&container(&named(names)), Path::new("x"));
        assert_eq!(read.unwrap(), expected, "{names:?}");
    }
    // Which of three biases are meant cannot be known.
    let mut three = named(["W", "a", "b"]);
    three.push(Entry::f32("c", &[3], [0.0; 3]));
    assert!(message(&three).contains("a [2], b [3], c [3]"));
    // This crate's own names go before others.
    let mut both = good();
    both.push(Entry::f32("W", &[1], [0.0]));
    assert_eq!(
        from_bytes(&container(&both), Path::new("x")).unwrap(),
        expected
    );
}

#[test]
fn a_transposed_weight_is_seen_and_read_where_asked() {
    let path = Path::new("x");
    let expected = from_bytes(&container(&good()), path).unwrap();
    let mut entries = good();
    entries[0] = Entry::f32("weight", &[3, 2], [0.5, 0.0, -1.0, 1.0, 2.0, 4.0]);
    assert!(message(&entries).contains("it looks transposed"));
    let bytes = container(&entries);
    let read = super::from_bytes(&bytes, path, Layout::HiddenVisible);
    assert_eq!(read.unwrap(), expected);
    // scikit-learn's is always so.
    for (entry, name) in
        entries
            .iter_mut()
            .zip(["components_", "intercept_visible_", "intercept_hidden_"])
    {
        entry.name = name.into();
    }
    assert_eq!(from_bytes(&container(&entries), path).unwrap(), expected);
    let bytes = container(&good());
    let error = super::from_bytes(&bytes, path, Layout::HiddenVisible).unwrap_err();
    assert!(error.to_string().contains("it looks transposed"));
}

#[test]
fn each_defect_is_named() {
    let mut missing = good();
    missing.remove(2);
    assert!(message(&missing).contains("hidden_bias` is missing"));
    assert!(message(&missing).contains("found visible_bias [2], weight [2, 3]"));

    let mut misshaped = good();
    misshaped[1] = Entry::f32("visible_bias", &[3], [0.0; 3]);
    let text = message(&misshaped);
    assert!(text.contains("visible_bias") && text.contains("[3]") && text.contains("[2]"));

    let mut flat = good();
    flat[0] = Entry::f32("weight", &[6], [0.0; 6]);
    assert!(message(&flat).contains("`weight` has shape [6]; expected [2, 3]"));

    let mut nan = good();
    nan[0] = Entry::f32("weight", &[2, 3], [0.0, f32::NAN, 0.0, 0.0, 0.0, 0.0]);
    assert!(message(&nan).contains("NaN at flat index 1"));

    let mut bytes = good();
    bytes[2] = Entry::u8("hidden_bias", &[3], vec![0; 3]);
    assert!(message(&bytes).contains("type U8"));

    let whole = container(&good());
    let torn = from_bytes(&whole[..whole.len() - 4], Path::new("torn.safetensors"));
    assert!(torn.unwrap_err().to_string().contains("torn.safetensors"));
    assert!(read(Path::new("/no/such/file")).is_err());
}

/// Each byte of a model changed, one bit at a time: no change is read as another model.
#[test]
fn a_changed_byte_is_refused() {
    let rbm = RbmConfig::new(3, 2).init(&Device::default()).unwrap();
    let good = to_bytes(&rbm).unwrap();
    let path = Path::new("m.safetensors");
    let parameters = from_bytes(&good, path).unwrap();
    assert_eq!(digest_holds(&mut &good[..]).unwrap(), Some(true));
    let (mut refused, mut of_data) = (0, 0);
    for place in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[place] ^= 1 << bit;
            match from_bytes(&bytes, path) {
                Err(error) => {
                    refused += 1;
                    of_data += usize::from(error.to_string().contains("SHA-256"));
                }
                // A name in the metadata, which then says less; or the case of a digit of the digest.
                Ok(read) => assert_eq!(read, parameters, "byte {place}, bit {bit}"),
            }
        }
    }
    let tensors = 8 * 4 * (6 + 3 + 2);
    assert!(of_data >= tensors, "{of_data} of {tensors}");
    assert!(refused * 10 > good.len() * 8 * 9, "{refused}");
    assert_eq!(digest_holds(&mut &good[..5]).unwrap(), None);
}

#[test]
fn other_units_and_versions_are_refused() {
    let path = Path::new("m.safetensors");
    for (metadata, expected) in [
        (
            [("format", "rbm"), ("units", "spin")],
            "its units are `spin`",
        ),
        (
            [("format", "pt"), ("units", "spin")],
            "its units are `spin`",
        ),
        ([("format", "rbm"), ("version", "9")], "its version is `9`"),
    ] {
        let error = from_bytes(&with_metadata(&good(), &metadata), path).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let foreign = with_metadata(&good(), &[("format", "pt"), ("version", "9")]);
    assert!(from_bytes(&foreign, path).is_ok());
}
