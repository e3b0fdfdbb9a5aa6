//! Makes the embedded file of binary MNIST images from the four original IDX files.
//!
//! ```text
//! cargo run --release --example embed_mnist -- DIRECTORY crates/rbm-train/assets/mnist.bin
//! ```
//!
//! DIRECTORY holds `train-images-idx3-ubyte` and its three companions, plain or gzipped. Their
//! content must be the original: its MD5 sums are checked before anything is written.

use md5::{Digest, Md5};
use rbm_train::data::{self, DatasetSpec, asset, idx, mnist};
use std::error::Error;
use std::path::Path;

/// The original files and the MD5 sums of their unpacked content.
const FILES: [(&str, &str); 4] = [
    (
        "train-images-idx3-ubyte",
        "6bbc9ace898e44ae57da46a324031adb",
    ),
    (
        "train-labels-idx1-ubyte",
        "a25bea736e30d166cdddb491f175f624",
    ),
    ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"),
    ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, output] = &arguments[..] else {
        return Err("usage: embed_mnist DIRECTORY_WITH_IDX_FILES OUTPUT".into());
    };
    for (name, expected) in FILES {
        check(Path::new(directory), name, expected)?;
    }
    let data = data::load(&DatasetSpec {
        source: directory.clone(),
        threshold: Some(f64::from(mnist::CUTOFF) / 255.0),
        ..Default::default()
    })?;
    let images = asset::Images {
        train: data.train,
        test: data.test,
        train_labels: data.train_labels.ok_or("no training labels")?,
        test_labels: data.test_labels.ok_or("no test labels")?,
        shape: data.image_shape.ok_or("no image shape")?,
    };
    let file = asset::encode(&images)?;
    std::fs::write(output, &file)?;
    println!("{output}: {} bytes", file.len());
    Ok(())
}

fn check(directory: &Path, name: &str, expected: &str) -> Result<(), Box<dyn Error>> {
    let plain = directory.join(name);
    let file = if plain.exists() {
        plain
    } else {
        directory.join(format!("{name}.gz"))
    };
    let sum = Md5::digest(idx::unpacked(&file)?);
    let found: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    if found == expected {
        Ok(())
    } else {
        let file = file.display();
        Err(
            format!("{file}: expected the MD5 sum {expected}, found {found}; fetch it again")
                .into(),
        )
    }
}
