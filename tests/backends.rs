//! The same things on every device of this build.

use crate::support::{assert_same_run, check_failure, json, run, succeed};
use burn::tensor::{Device, Tensor};
use rbm_analysis::ReciprocalSpace;
use rbm_model::{Rbm, RbmConfig, noise::stream, sampling::Chains};
use std::path::Path;
use tempfile::tempdir;

const SMALL: &str = "train --dataset bars-and-stripes --learning-rate 0.3 --hidden 8 --batch-size 10 --chains 20 \
                     --gibbs-steps 2 --epochs 100 --no-report";

/// Devices compiled in; of wgpu's, the one in software that every machine can have. `RBM_TEST_DEVICE` names one
/// more, a graphics processor say.
fn devices() -> Vec<String> {
    let known = [
        ("flex", cfg!(feature = "flex")),
        ("ndarray", cfg!(feature = "ndarray")),
        ("wgpu:cpu", cfg!(feature = "wgpu")),
    ];
    let known = known.into_iter().filter(|(_, compiled)| *compiled);
    let known = known.map(|(device, _)| device.to_string());
    known.chain(std::env::var("RBM_TEST_DEVICE")).collect()
}

/// Whether the machine has a device; if not, the program says what it has.
fn is_here(dir: &Path, device: &str) -> bool {
    let name = device.replace(':', "-");
    let output = run(
        dir,
        &format!("{SMALL} --stop-after 1 --device {device} --out {name}-probe"),
    );
    let message = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        assert!(device.starts_with("wgpu"), "{message}");
        assert!(message.contains("adapters found: "), "{message}");
        assert!(!message.contains("panicked"), "{message}");
        eprintln!("skipped: {message}");
    }
    output.status.success()
}

fn likelihood(dir: &Path, model: &str) -> f64 {
    let command =
        format!("evaluate --model {model} --dataset bars-and-stripes --device flex --json");
    json(&succeed(dir, &command))["train"]["log_likelihood"]
        .as_f64()
        .unwrap()
}

#[test]
fn every_device_trains_resumes_samples_and_is_evaluated() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let mut first = None;
    for device in &devices() {
        if !is_here(dir, device) {
            continue;
        }
        let name = device.replace(':', "-");
        succeed(dir, &format!("{SMALL} --device {device} --out {name}"));
        let before = likelihood(dir, &format!("{name}/snapshots/step-00000000.safetensors"));
        let after = likelihood(dir, &format!("{name}/model.safetensors"));
        assert!(after > before + 0.1, "{device}: {before} {after}");
        // The same noise: runs differ only from where rounding first decides a state.
        let expected = *first.get_or_insert(after);
        assert!(
            (after - expected).abs() < 0.2,
            "{device}: {after} {expected}"
        );

        succeed(
            dir,
            &format!("{SMALL} --device {device} --stop-after 40 --out {name}-parts"),
        );
        succeed(dir, &format!("resume {name}-parts --no-report"));
        if device.starts_with("wgpu") {
            // Which product kernel is the fastest may come out differently in each process.
            let resumed = likelihood(dir, &format!("{name}-parts/model.safetensors"));
            assert!((after - resumed).abs() < 0.2, "{device}: {after} {resumed}");
            let manifest = std::fs::read_to_string(dir.join(&name).join("manifest.json")).unwrap();
            assert!(
                json(&manifest)["adapter"]
                    .as_str()
                    .unwrap()
                    .starts_with("wgpu (")
            );
        } else {
            assert_same_run(&dir.join(&name), &dir.join(format!("{name}-parts")));
        }
        succeed(
            dir,
            &format!("sample {name} --gibbs-steps 5 --chains 4 --out {name}-samples"),
        );
        let text = succeed(dir, &format!("evaluate {name} --temperatures 200 --json"));
        let ln_z = &json(&text)["ln_z"];
        let (exact, ais) = (ln_z["exact"].as_f64(), ln_z["ais"]["value"].as_f64());
        assert!(
            (exact.unwrap() - ais.unwrap()).abs() < 0.5,
            "{device}: {ln_z}"
        );
        succeed(dir, &format!("analyze {name} --latest --json"));
    }
}

#[cfg(feature = "wgpu")]
#[test]
fn an_adapter_that_is_not_there_is_an_error() {
    let dir = tempdir().unwrap();
    let arguments = format!("{SMALL} --device wgpu:4242 --out run");
    // Without this directory some drivers print a line of their own that begins with `error:`.
    let output = crate::support::program(dir.path(), &arguments)
        .env("XDG_RUNTIME_DIR", dir.path())
        .output()
        .unwrap();
    let parts = ["wgpu:4242", "--device flex"];
    check_failure(&output, &arguments, 1, &parts);
    assert!(!dir.path().join("run").exists());
}

#[cfg(not(feature = "wgpu"))]
#[test]
fn a_device_that_is_not_compiled_in_is_an_error() {
    let dir = tempdir().unwrap();
    let arguments = format!("{SMALL} --device wgpu --out run");
    let parts = ["--features wgpu", "compiled in: flex"];
    check_failure(&run(dir.path(), &arguments), &arguments, 1, &parts);
}

/// U and V are orthogonal, and the terms of the modes add up to -v.W.h, in f32 on each device.
#[test]
fn on_every_device_modes_add_up_to_the_energy() {
    let host = Device::flex();
    let config = RbmConfig::new(40, 25).with_weight_std(1.0);
    let model = config.init(&host).unwrap().parameters().unwrap();
    let space = ReciprocalSpace::new_full(&model).unwrap();
    for name in devices() {
        let device = match rbm_model::device::parse_device(&name) {
            Ok(device) => device,
            Err(error) => {
                eprintln!("skipped: {error}");
                continue;
            }
        };
        let rbm = Rbm::from_parameters(&model, &device);
        let Chains {
            visible, hidden, ..
        } = Chains::from_biases(&rbm, 8, 1, stream::CHAINS);
        let basis = space.on_device(&device);
        let (x, y) = (
            basis.project_visible(&visible),
            basis.project_hidden(&hidden),
        );
        let largest = |difference: Tensor<2>| difference.abs().max().into_scalar::<f32>();
        assert!(
            largest(basis.unproject_visible(&x) - visible.clone()) < 1e-5,
            "{name}"
        );
        assert!(
            largest(basis.unproject_hidden(&y) - hidden.clone()) < 1e-5,
            "{name}"
        );
        let of_modes = basis.mode_energies(&x, &y).sum_dim(1);
        let energy = rbm.energy(visible, hidden).unsqueeze_dim::<2>(1);
        // Energies reach some 50: six digits.
        assert!(largest(of_modes - energy) < 1e-4, "{name}");
    }
}
