//! Training on a wgpu adapter, where there is one.

use crate::support::{check_failure, json, program, run, succeed};
use tempfile::tempdir;

const SMALL: &str = "train --dataset bars-and-stripes --learning-rate 0.1 --hidden 8 --batch-size 10 --chains 20 \
                     --gibbs-steps 2 --epochs 20 --no-report";

#[test]
fn a_short_run_on_an_adapter_learns_what_it_learns_on_the_processor() {
    let dir = tempdir().unwrap();
    let output = run(dir.path(), &format!("{SMALL} --device wgpu:cpu --out wgpu"));
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains("adapters found: "), "{message}");
        assert!(!message.contains("panicked"), "{message}");
        eprintln!("skipped: {message}");
        return;
    }
    succeed(dir.path(), &format!("{SMALL} --device flex --out flex"));
    let likelihood = |model: &str| {
        let text = succeed(
            dir.path(),
            &format!("evaluate --model {model} --dataset bars-and-stripes --device flex --json"),
        );
        json(&text)["train"]["log_likelihood"].as_f64().unwrap()
    };
    let before = likelihood("wgpu/snapshots/step-00000000.safetensors");
    let after = likelihood("wgpu/model.safetensors");
    let on_flex = likelihood("flex/model.safetensors");
    assert!(after > before + 0.1, "{before} {after}");
    // The same noise: runs differ only from where rounding first decides a state.
    assert!((after - on_flex).abs() < 0.2, "{after} {on_flex}");
}

#[test]
fn an_adapter_that_is_not_there_is_an_error() {
    let dir = tempdir().unwrap();
    let arguments = format!("{SMALL} --device wgpu:4242 --out run");
    // Without this directory some drivers print a line of their own that begins with `error:`.
    let output = program(dir.path(), &arguments)
        .env("XDG_RUNTIME_DIR", dir.path())
        .output()
        .unwrap();
    let parts = ["wgpu:4242", "--device flex"];
    check_failure(&output, &arguments, 1, &parts);
    assert!(!dir.path().join("run").exists());
}
