//! One model trained on several devices.

use crate::support::{assert_same_run, fail, succeed};
use std::path::Path;
use tempfile::tempdir;

const FLAGS: &str = "train --dataset mnist --limit 1510 --hidden 40 --epochs 3 --batch-size 50 --chains 70 \
                     --momentum 0.5 --no-report";

/// Weights, biases and moments of a run's checkpoint, and the bits of its chains.
fn state(run: &Path) -> (Vec<f32>, Vec<u8>) {
    let bytes = std::fs::read(run.join("checkpoint/state.safetensors")).unwrap();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let tensors: serde_json::Value = serde_json::from_slice(&bytes[8..header]).unwrap();
    let (mut numbers, mut bits) = (vec![], vec![]);
    for (name, tensor) in tensors.as_object().unwrap() {
        let Some(range) = tensor["data_offsets"].as_array() else {
            continue;
        };
        let [start, end] = [0, 1].map(|i| header + range[i].as_u64().unwrap() as usize);
        match name.starts_with("chains.") {
            true => bits.extend_from_slice(&bytes[start..end]),
            false => numbers.extend(
                bytes[start..end]
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes(b.try_into().unwrap())),
            ),
        }
    }
    (numbers, bits)
}

/// Runs that differ by rounding. A state that rounding decides, of the 5 million drawn, moves what it
/// touches by the learning rate over the number of chains, 7e-4, and its chain until it meets the other.
fn assert_close(a: &Path, b: &Path) {
    let ((x, chains), (y, others)) = (state(a), state(b));
    let apart = chains
        .iter()
        .zip(&others)
        .map(|(x, y)| (x ^ y).count_ones());
    let apart: u32 = apart.sum();
    assert!(
        (apart as usize) < 8 * chains.len() / 100,
        "{}: {apart}",
        b.display()
    );
    assert_eq!((x.len(), chains.len()), (y.len(), others.len()));
    let gap = x
        .iter()
        .zip(&y)
        .map(|(x, y)| (x - y).abs())
        .fold(0.0, f32::max);
    assert!(gap < 5e-3, "{}: {gap}", b.display());
}

#[test]
fn a_divided_run_is_that_of_one_device_and_goes_on_on_any_list() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    succeed(dir, &format!("{FLAGS} --out one"));
    // The last batch of an epoch has 10 rows; parts are uneven.
    succeed(dir, &format!("{FLAGS} --device flex,flex,flex --out three"));
    assert_close(&dir.join("one"), &dir.join("three"));
    for (out, first, then) in [
        ("same", "flex,flex,flex", "flex,flex,flex"),
        ("to-one", "flex,flex", "flex"),
        ("to-two", "flex", "flex,flex"),
    ] {
        succeed(
            dir,
            &format!("{FLAGS} --device {first} --stop-after 1 --out {out}"),
        );
        succeed(dir, &format!("resume {out} --device {then} --no-report"));
        assert_close(&dir.join("one"), &dir.join(out));
    }
    assert_same_run(&dir.join("three"), &dir.join("same"));
    // What has one device takes the first of the list.
    succeed(dir, "sample three --gibbs-steps 2 --chains 4 --out samples");
}

#[test]
fn a_list_that_cannot_divide_the_work_is_refused() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    for (device, flags, code, parts) in [
        ("flex,tpu", "", 2, ["`tpu`", "no such device"]),
        (
            "flex,flex",
            "--learner pt",
            2,
            ["training.device", "tempering is not divided"],
        ),
        (
            "flex,flex",
            "--batch-size 1",
            2,
            ["training.device", "more devices than rows"],
        ),
        (
            "flex,flex",
            "--chains 1",
            2,
            ["training.device", "more devices than chains"],
        ),
    ] {
        let base = match flags.split(' ').next() {
            Some("--batch-size") => FLAGS.replace("--batch-size 50", ""),
            Some("--chains") => FLAGS.replace("--chains 70", ""),
            _ => FLAGS.into(),
        };
        let arguments = format!("{base} {flags} --device {device} --out run");
        fail(dir, &arguments, code, &parts);
        assert!(!dir.join("run").exists());
    }
}
