//! Everything that can be wrong with what a user gives: one clear message, exit code 1 or 2, and
//! existing files as they were.

use crate::support::{check_failure, fail, program, reproducible_files, succeed};
use std::path::Path;
use tempfile::tempdir;

fn write(directory: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(directory.join(name), bytes).unwrap();
}

/// An IDX file of `count` images of 2x2 bytes, cut to `length` bytes.
fn idx(magic: u32, count: u32, length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = [magic, count, 2, 2]
        .iter()
        .flat_map(|x| x.to_be_bytes())
        .collect();
    bytes.extend(std::iter::repeat_n(200u8, 4 * count as usize));
    bytes.truncate(length);
    bytes
}

#[test]
fn unusable_data_is_refused() {
    let dir = tempdir().unwrap();
    let d = dir.path();
    write(d, "truncated.idx", idx(0x0803, 10, 40));
    write(d, "magic.idx", idx(0x0999, 10, 56));
    write(d, "text.csv", "0,1,1\n1,zero,0\n");
    write(d, "ragged.csv", "0,1,1\n1,0\n");
    write(d, "range.csv", "0,1,1\n1,0,7\n");
    write(d, "empty.csv", "");
    for (data, parts) in [
        ("missing.csv", &["missing.csv"][..]),
        ("truncated.idx", &["truncated.idx"]),
        ("magic.idx", &["magic.idx"]),
        ("text.csv", &["text.csv", "zero"]),
        ("ragged.csv", &["ragged.csv"]),
        ("range.csv", &["range.csv", "7"]),
        ("empty.csv", &["empty.csv"]),
    ] {
        fail(d, &format!("train --dataset {data} --out run"), 1, parts);
        assert!(!d.join("run").exists(), "{data} left a run behind");
    }
    assert_eq!(std::fs::read_dir(d).unwrap().count(), 6);
}

#[test]
fn unusable_settings_are_bad_usage() {
    let dir = tempdir().unwrap();
    let small = "train --dataset bars-and-stripes --out run";
    for (flags, parts) in [
        ("--hidden 0", &["model.hidden", "0"][..]),
        ("--learning-rate -0.1", &["learning_rate", "-0.1"]),
        ("--batch-size 0", &["batch_size"]),
        ("--epochs 0", &["epochs"]),
        ("--epochs 1000000000000000000", &["training.epochs", "2^32"]),
        ("--momentum 1.5", &["momentum"]),
        ("--hidden -5", &["--hidden", "-5", "whole number"]),
        ("--seed -1", &["training.seed", "-1", "whole number"]),
        ("--config missing.toml --hidden x", &["--hidden"]),
    ] {
        fail(dir.path(), &format!("{small} {flags}"), 2, parts);
    }
    fail(
        dir.path(),
        &format!("{small} --device tpu"),
        2,
        &["tpu", "flex"],
    );
    fail(
        dir.path(),
        &format!("{small} --device cuda:0"),
        1,
        &["--features cuda"],
    );
    fail(
        dir.path(),
        &format!("{small} --config missing.toml"),
        1,
        &["missing.toml"],
    );
    fail(
        dir.path(),
        &format!("{small} --chains 100000000000"),
        1,
        &["memory", "GiB", "--chains 100000000000"],
    );
    write(dir.path(), "typo.toml", "[model]\nhiden = 3\n");
    fail(
        dir.path(),
        &format!("{small} --config typo.toml"),
        2,
        &["typo.toml", "hiden"],
    );
    assert!(!dir.path().join("run").exists());
}

#[test]
fn existing_runs_and_files_are_kept() {
    let dir = tempdir().unwrap();
    let small = "train --dataset bars-and-stripes --hidden 4 --epochs 2 --no-report";
    succeed(dir.path(), &format!("{small} --out run"));
    let before = reproducible_files(&dir.path().join("run"));
    fail(
        dir.path(),
        &format!("{small} --out run"),
        1,
        &["--overwrite", "resume"],
    );
    // A replacement that fails leaves the old run.
    fail(
        dir.path(),
        &format!("{small} --out run --overwrite --dataset none.csv"),
        2,
        &["--dataset"],
    );
    fail(
        dir.path(),
        "train --dataset none.csv --out run --overwrite",
        1,
        &["none.csv"],
    );
    assert!(before == reproducible_files(&dir.path().join("run")));
    succeed(
        dir.path(),
        &format!("{small} --seed 3 --out run --overwrite"),
    );
    assert!(before != reproducible_files(&dir.path().join("run")));

    std::fs::create_dir(dir.path().join("mine")).unwrap();
    write(dir.path(), "mine/thesis.tex", "x");
    fail(
        dir.path(),
        &format!("{small} --out mine --overwrite"),
        1,
        &["not a run"],
    );
    // Any program may have a file of that name.
    write(dir.path(), "mine/manifest.json", "{}");
    for out in ["mine", "run"] {
        write(dir.path(), &format!("{out}/thesis.tex"), "x");
        fail(
            dir.path(),
            &format!("{small} --out {out} --overwrite"),
            1,
            &[if out == "run" {
                "`thesis.tex`"
            } else {
                "not a run"
            }],
        );
        assert!(dir.path().join(out).join("thesis.tex").exists());
    }
    write(dir.path(), "file", "x");
    fail(dir.path(), &format!("{small} --out file/run"), 1, &["file"]);
}

#[test]
fn unusable_models_are_refused() {
    let dir = tempdir().unwrap();
    // Containers by hand: 8-byte header length, header, data.
    let container = |header: &str, data: &[f32]| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data.iter().flat_map(|x| x.to_le_bytes()));
        bytes
    };
    let tensor = |name: &str, shape: &str, from: usize, to: usize| {
        format!("\"{name}\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[{from},{to}]}}")
    };
    let weight = tensor("weight", "[2,2]", 0, 16);
    let (b, c) = (
        tensor("visible_bias", "[2]", 16, 24),
        tensor("hidden_bias", "[2]", 24, 32),
    );
    let good = [0.0f32; 8];
    let mut nan = good;
    nan[3] = f32::NAN;
    let wrong = tensor("hidden_bias", "[1]", 24, 28);
    write(
        dir.path(),
        "missing.safetensors",
        container(&format!("{{{weight},{b}}}"), &good[..6]),
    );
    write(
        dir.path(),
        "shape.safetensors",
        container(&format!("{{{weight},{b},{wrong}}}"), &good[..7]),
    );
    write(
        dir.path(),
        "nan.safetensors",
        container(&format!("{{{weight},{b},{c}}}"), &nan),
    );
    write(
        dir.path(),
        "good.safetensors",
        container(&format!("{{{weight},{b},{c}}}"), &good),
    );
    write(dir.path(), "text.safetensors", "not a model");
    for command in ["evaluate --dataset bars-and-stripes", "analyze", "sample"] {
        for (file, parts) in [
            ("missing", &["missing.safetensors", "hidden_bias"][..]),
            ("shape", &["shape.safetensors", "hidden_bias", "[1]", "[2]"]),
            ("nan", &["nan.safetensors", "weight", "NaN"]),
            ("text", &["text.safetensors"]),
            ("none", &["none.safetensors"]),
        ] {
            fail(
                dir.path(),
                &format!("{command} --model {file}.safetensors"),
                1,
                parts,
            );
        }
        fail(dir.path(), command, 2, &["--model"]);
    }
    fail(
        dir.path(),
        "analyze --model .",
        2,
        &["is a directory", "--model"],
    );
    fail(
        dir.path(),
        "report .",
        1,
        &["no run directory", "manifest.json"],
    );
    for command in ["resume", "evaluate", "report", "sample", "analyze"] {
        let parts = ["no-such-run", "no such run directory"];
        fail(dir.path(), &format!("{command} no-such-run"), 1, &parts);
    }
    succeed(dir.path(), "analyze --model good.safetensors --json");
    fail(
        dir.path(),
        "evaluate --model good.safetensors --dataset bars-and-stripes",
        1,
        &["16 columns", "2 visible"],
    );
}

#[test]
fn divergence_stops_with_step_checkpoint_and_advice() {
    let dir = tempdir().unwrap();
    let arguments = "train --dataset bars-and-stripes --hidden 8 --epochs 5000 --batch-size 10 \
                     --learning-rate 1e9 --schedule constant --out run";
    fail(
        dir.path(),
        arguments,
        1,
        &["diverged at update", "checkpoint", "--learning-rate"],
    );
    let manifest = std::fs::read_to_string(dir.path().join("run/manifest.json")).unwrap();
    assert!(manifest.contains("diverged"), "{manifest}");
    succeed(
        dir.path(),
        "analyze --model run/checkpoint/state.safetensors --json",
    );
}

/// A limit on the size of written files acts like a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_stops_the_run_and_keeps_what_was_written() {
    let dir = tempdir().unwrap();
    let small = "train --dataset bars-and-stripes --hidden 40 --epochs 5 --no-report --out run";
    let path = program(dir.path(), "").get_program().to_owned();
    let shell = |blocks: u32, arguments: &str| {
        std::process::Command::new("sh")
            .current_dir(dir.path())
            .arg("-c")
            .arg(format!(
                "trap '' XFSZ; ulimit -f {blocks}; exec {} {arguments}",
                path.to_string_lossy()
            ))
            .output()
            .unwrap()
    };
    check_failure(&shell(2, small), small, 1, &["run", "File too large"]);
    assert!(!dir.path().join("run").exists());
    succeed(dir.path(), &format!("{small} --stop-after 1"));
    let before = reproducible_files(&dir.path().join("run"));
    check_failure(&shell(2, "resume run"), "resume run", 1, &["cannot write"]);
    let after = reproducible_files(&dir.path().join("run"));
    let state = |files: &[(String, Vec<u8>)]| files[0].clone();
    assert!(state(&before) == state(&after), "the checkpoint is intact");
    succeed(dir.path(), "resume run --no-report");
}
