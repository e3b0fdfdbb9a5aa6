use super::*;
use crate::config::RbmConfig;
use burn::tensor::Device;

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

#[test]
fn each_defect_is_named() {
    let mut missing = good();
    missing.remove(2);
    assert!(message(&missing).contains("hidden_bias` is missing"));

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
