//! Training end to end on small data.

use crate::support::{assert_same_run, fail, json, program, succeed};
use tempfile::tempdir;

const SMALL: &str = "--dataset bars-and-stripes --hidden 12 --batch-size 10 --chains 40";

#[test]
fn a_run_learns_and_leaves_what_it_promises() {
    let dir = tempdir().unwrap();
    let text = succeed(
        dir.path(),
        &format!("{SMALL} --gibbs-steps 10 --learning-rate 0.1 --epochs 2000 --out run --json"),
    );
    let summary = json(&text);
    assert_eq!(summary["status"], "finished");
    let run = dir.path().join("run");
    for file in [
        "config.toml",
        "manifest.json",
        "metrics.csv",
        "timing.csv",
        "model.safetensors",
        "checkpoint/state.safetensors",
        "snapshots/step-00000000.safetensors",
        "report/index.html",
    ] {
        assert!(run.join(file).exists(), "{file}");
    }
    let manifest = json(&std::fs::read_to_string(run.join("manifest.json")).unwrap());
    assert_eq!(manifest["status"], "finished");
    assert_eq!(manifest["n_hidden"], 12);

    // Exact likelihood before and after; ln(1/30) is the best there is for 30 patterns.
    let likelihood = |model: &str| {
        let text = succeed(
            dir.path(),
            &format!("evaluate --model {model} --dataset bars-and-stripes --json"),
        );
        let value = json(&text);
        assert_eq!(value["ln_z"]["verdict"], "exact");
        value["train"]["log_likelihood"].as_f64().unwrap()
    };
    let before = likelihood("run/snapshots/step-00000000.safetensors");
    let after = likelihood("run/model.safetensors");
    let best = -(30f64.ln());
    assert!(
        before < -10.0 && after > -4.0 && after <= best,
        "{before} {after} {best}"
    );

    let samples = succeed(dir.path(), "sample run --gibbs-steps 50 --json");
    assert_eq!(json(&samples)["samples"], 40);
    assert!(run.join("samples/samples.png").exists());
    for from in ["random", "data", "biases"] {
        let out =
            format!("sample run --from {from} --chains 7 --gibbs-steps 3 --out s-{from} --json");
        assert_eq!(json(&succeed(dir.path(), &out))["samples"], 7);
    }

    let analysis = json(&succeed(dir.path(), "analyze run --json"));
    assert_eq!(analysis["singular_values"].as_array().unwrap().len(), 12);
    assert!(analysis["ln_z"]["exact"].is_number());
    assert!(!succeed(dir.path(), "analyze --model run/model.safetensors").is_empty());
    let evaluation = json(&succeed(dir.path(), "evaluate run --json"));
    assert_eq!(evaluation["log_likelihood"]["verdict"], "exact");
    assert_eq!(evaluation["sample_quality"]["rows"], 30);
    assert!(succeed(dir.path(), "evaluate run").contains("held-out rows"));
}

#[test]
fn every_learner_and_optimiser_trains() {
    let dir = tempdir().unwrap();
    for (index, flags) in [
        "--learner cd --gibbs-steps 2 --learning-rate 0.1",
        "--learner random --gibbs-steps 5 --uncentred --learning-rate 0.1",
        "--learner pcd --optimizer adam --learning-rate 0.01 --schedule cosine",
        "--learner pcd --momentum 0.5 --l2 0.001 --l1 0.0001 --schedule exponential --learning-rate 0.1",
    ]
    .into_iter()
    .enumerate()
    {
        let text = succeed(
            dir.path(),
            &format!("train {SMALL} {flags} --epochs 300 --out run{index} --no-report --json"),
        );
        let error = |row: &serde_json::Value| row["train_reconstruction_error"].as_f64().unwrap();
        assert!(error(&json(&text)["metrics"]) < 0.24, "{flags}: {text}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_with_one_and_two_threads() {
    let dir = tempdir().unwrap();
    for threads in ["1", "2"] {
        let arguments = format!(
            "--dataset mnist --limit 1000 --hidden 70 --epochs 2 --batch-size 60 --chains 130 \
             --no-report --out run{threads}"
        );
        let status = program(dir.path(), &arguments)
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert!(
            status.status.success(),
            "{}",
            String::from_utf8_lossy(&status.stderr)
        );
    }
    assert_same_run(&dir.path().join("run1"), &dir.path().join("run2"));
}

#[test]
fn settings_come_from_defaults_then_file_then_flags() {
    let dir = tempdir().unwrap();
    std::fs::write(
        dir.path().join("s.toml"),
        "[model]\nhidden = 9\n[training]\nepochs = 2\n[data]\ndataset = \"bars-and-stripes\"\n",
    )
    .unwrap();
    succeed(
        dir.path(),
        "--config s.toml --epochs 3 --no-report --out run",
    );
    let config = std::fs::read_to_string(dir.path().join("run/config.toml")).unwrap();
    assert!(
        config.contains("hidden = 9") && config.contains("epochs = 3"),
        "{config}"
    );
    // A second run without --out takes a name of its own.
    for _ in 0..2 {
        succeed(dir.path(), "--config s.toml --no-report");
    }
    assert_eq!(
        std::fs::read_dir(dir.path().join("runs")).unwrap().count(),
        2
    );
}

#[test]
fn features_are_the_hidden_probabilities_of_rows_in_order() {
    let dir = tempdir().unwrap();
    let d = dir.path();
    std::fs::write(
        d.join("rows.csv"),
        "a,b,label\n0,1,3\n1,0,7\n1,1,3\n0,0,1\n",
    )
    .unwrap();
    let flags = "--dataset rows.csv --hidden 3 --epochs 40 --test-fraction 0 --no-report --out run";
    succeed(d, &format!("train {flags}"));
    let made = json(&succeed(d, "features run --out features.csv --json"));
    assert_eq!(
        (&made["rows"], &made["hidden_units"]),
        (&4.into(), &3.into())
    );
    let text = std::fs::read_to_string(d.join("features.csv")).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows[0], "label,hidden_1,hidden_2,hidden_3");
    let labels: Vec<&str> = rows[1..].iter().map(|row| &row[..1]).collect();
    assert_eq!(labels, ["3", "7", "3", "1"]);
    // By the formula, sigmoid(c + v W), from the file of the model.
    let model = rbm_model::file::read(&d.join("run/model.safetensors")).unwrap();
    let states = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]];
    for (state, row) in states.iter().zip(&rows[1..]) {
        let values = row.split(',').skip(1).map(|x| x.parse::<f64>().unwrap());
        for (unit, value) in values.enumerate() {
            let field = model.hidden_bias[unit]
                + state[0] * model.weight[unit]
                + state[1] * model.weight[3 + unit];
            let expected = 1.0 / (1.0 + (-field).exp());
            assert!((value - expected).abs() < 1e-6, "{row}: {expected}");
        }
    }
    succeed(
        d,
        "features --model run/model.safetensors --dataset rows.csv --out all.npy",
    );
    assert_eq!(
        std::fs::read(d.join("all.npy")).unwrap().len(),
        128 + 4 * 3 * 4
    );
    fail(d, "features run --part test", 2, &["no test rows"]);
    fail(d, "features run --out features.txt", 2, &[".npy or .csv"]);
}
