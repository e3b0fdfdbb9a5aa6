//! Runs that start from the model of a file or of another run.

use crate::support::{assert_same_run, fail, json, succeed};
use sha2::{Digest, Sha256};
use std::path::Path;
use tempfile::tempdir;

const PARENT: &str = "train --dataset bars-and-stripes --hidden 6 --batch-size 8 --chains 20 --learning-rate 0.1 \
                      --schedule constant --epochs 30 --no-report --out parent";

fn bytes(dir: &Path, file: &str) -> Vec<u8> {
    std::fs::read(dir.join(file)).unwrap()
}

#[test]
fn a_run_starts_from_a_model_and_says_from_which() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    succeed(dir, PARENT);
    let model = bytes(dir, "parent/model.safetensors");
    for (from, flags) in [
        ("parent", ""),
        ("parent/model.safetensors", "--dataset bars-and-stripes"),
    ] {
        let train = format!(
            "train --from {from} {flags} --learning-rate 0.01 --epochs 2 --no-report --overwrite --out child"
        );
        succeed(dir, &train);
        assert_eq!(
            bytes(dir, "child/snapshots/step-00000000.safetensors"),
            model
        );
        assert_ne!(bytes(dir, "child/model.safetensors"), model);
        let manifest = json(&String::from_utf8(bytes(dir, "child/manifest.json")).unwrap());
        assert_eq!(manifest["n_hidden"], 6);
        let parent = &manifest["parent"];
        let file = if flags.is_empty() {
            "parent/checkpoint/state.safetensors"
        } else {
            from
        };
        let digest = Sha256::digest(bytes(dir, file));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(parent["sha256"], digest.as_str());
        assert_eq!(parent["path"], from);
    }
    // The settings of the parent, but for what is given.
    succeed(
        dir,
        "train --from parent --epochs 3 --no-report --out longer",
    );
    let config = String::from_utf8(bytes(dir, "longer/config.toml")).unwrap();
    assert!(
        config.contains("chains = 20") && config.contains("epochs = 3"),
        "{config}"
    );
}

#[test]
fn such_a_run_resumes_to_the_byte() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    succeed(dir, PARENT);
    let train = "train --from parent --epochs 4 --learner pcd --chains 30 --no-report --out";
    succeed(dir, &format!("{train} whole"));
    succeed(dir, &format!("{train} parts --stop-after 1"));
    // The parent is not needed any more.
    std::fs::rename(dir.join("parent"), dir.join("elsewhere")).unwrap();
    succeed(dir, "resume parts --no-report");
    assert_same_run(&dir.join("whole"), &dir.join("parts"));
}

#[test]
fn what_does_not_fit_is_refused() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    succeed(dir, PARENT);
    let train = "train --epochs 1 --no-report --out child --from";
    let hidden = ["--hidden is 5", "has 6 hidden units"];
    fail(dir, &format!("{train} parent --hidden 5"), 2, &hidden);
    let columns = ["784 columns", "16 visible units"];
    fail(
        dir,
        &format!("{train} parent --dataset mnist --limit 100"),
        1,
        &columns,
    );
    fail(dir, &format!("{train} nowhere"), 1, &["nowhere"]);
    assert!(!dir.join("child").exists());
}
