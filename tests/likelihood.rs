//! Likelihoods: by enumeration and annealing, along training, and along the snapshots.

use crate::support::{assert_same_run, fail, json, succeed};
use serde_json::Value;
use std::path::Path;
use tempfile::tempdir;

const SMALL: &str = "train --dataset bars-and-stripes --learning-rate 0.1 --hidden 12 --batch-size 10 --chains 60 \
                     --gibbs-steps 5 --no-report";

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn interval(value: &Value) -> [f64; 2] {
    let ends = value["interval"].as_array().expect("two ends");
    [number(&ends[0]), number(&ends[1])]
}

#[test]
fn annealing_agrees_with_enumeration_and_keeps_its_shape() {
    let dir = tempdir().unwrap();
    succeed(dir.path(), &format!("{SMALL} --epochs 300 --out run"));
    let alone = json(&succeed(dir.path(), "evaluate run --json"));
    assert_eq!(alone["ln_z"]["verdict"], "exact");
    assert!(alone["ln_z"]["ais"].is_null() && alone["ln_z"]["bar"].is_null());

    let arguments = "evaluate run --temperatures 3000 --ais-chains 300 --json";
    let text = succeed(dir.path(), arguments);
    assert_eq!(text, succeed(dir.path(), arguments), "the same bytes");
    let found = json(&text);
    let (ln_z, likelihood) = (&found["ln_z"], &found["log_likelihood"]);
    assert_eq!(ln_z["exact"], alone["ln_z"]["exact"]);
    assert_eq!(ln_z["annealing"]["temperatures"], 3000);
    let exact = number(&ln_z["exact"]);
    for method in ["ais", "reverse_ais", "bar"] {
        let [low, high] = interval(&ln_z[method]);
        // Twice the 95% interval on either side: one chance in 10,000 to fail.
        let width = high - low;
        assert!(
            exact > low - width / 2.0 && exact < high + width / 2.0,
            "{method}: {text}"
        );
        // Log-likelihoods are -F - ln Z, so the interval turns round.
        let [worse, better] = interval(&likelihood[method]);
        let sum = number(&likelihood["exact"]) + exact;
        assert!((worse + high - sum).abs() < 1e-9 && (better + low - sum).abs() < 1e-9);
    }
    assert!(ln_z["ais"]["effective_sample_size"].is_number());
    let table = succeed(dir.path(), "evaluate run --temperatures 50 --ais-chains 60");
    for word in ["(AIS;", "(reverse AIS;", "Bennett", "verdict: exact"] {
        assert!(table.contains(word), "{word}: {table}");
    }
}

#[test]
fn a_model_too_large_to_enumerate_gets_a_verdict_with_its_reason() {
    let dir = tempdir().unwrap();
    let train = "train --dataset bars-and-stripes:6 --hidden 30 --batch-size 10 --chains 60 \
                 --epochs 100 --no-report --out run";
    succeed(dir.path(), train);
    for flags in ["--temperatures 2000 --ais-chains 100", "--budget 2s"] {
        let found = json(&succeed(
            dir.path(),
            &format!("evaluate run {flags} --json"),
        ));
        let ln_z = &found["ln_z"];
        assert!(ln_z["exact"].is_null());
        let verdict = ln_z["verdict"].as_str().unwrap();
        assert!(["bracketed", "upper bound only", "unreliable"].contains(&verdict));
        let reason = ln_z["reason"].as_str().unwrap();
        assert!(
            reason.contains("chains from") && reason.contains("R-hat"),
            "{reason}"
        );
        assert_eq!(found["log_likelihood"]["verdict"], verdict);
        assert!(found["test"]["log_likelihood"].is_number());
    }
    let file = "evaluate --model run/model.safetensors --dataset bars-and-stripes:6";
    assert!(succeed(dir.path(), &format!("{file} --temperatures 100")).contains("verdict:"));
    fail(dir.path(), "evaluate run --budget soon", 2, &["--budget"]);
    fail(dir.path(), &format!("{file} --path"), 2, &["--along-run"]);
}

fn columns(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a CSV file");
    let split = |line: &str| line.split(',').map(String::from).collect();
    text.lines().map(split).collect()
}

#[test]
fn likelihood_along_training_resumes_and_is_drawn() {
    let dir = tempdir().unwrap();
    std::fs::write(
        dir.path().join("quick.toml"),
        "[monitor]\nlikelihood_temperatures = 200\nlikelihood_chains = 60\n",
    )
    .unwrap();
    let flags = format!("{SMALL} --config quick.toml --evaluate-likelihood 10 --epochs 40");
    succeed(dir.path(), &format!("{flags} --out whole"));
    succeed(dir.path(), &format!("{flags} --stop-after 23 --out parts"));
    succeed(dir.path(), "resume parts --no-report");
    let (whole, parts) = (dir.path().join("whole"), dir.path().join("parts"));
    assert_same_run(&whole, &parts);
    let rows = columns(&whole.join("likelihood.csv"));
    assert_eq!(rows, columns(&parts.join("likelihood.csv")));
    // The start, and every ten epochs.
    assert_eq!(rows.len(), 1 + 5);

    let path = json(&succeed(
        dir.path(),
        "evaluate whole --along-run --temperatures 300 --ais-chains 60 --json",
    ));
    let path = path.as_array().unwrap();
    assert_eq!(
        columns(&whole.join("likelihood-path.csv")).len(),
        1 + path.len()
    );
    for row in path.iter().step_by(5) {
        // Against enumeration of the snapshot itself.
        let model = format!(
            "whole/snapshots/step-{:08}.safetensors",
            row["step"].as_u64().unwrap()
        );
        let arguments = format!("evaluate --model {model} --dataset bars-and-stripes --json");
        let exact = number(&json(&succeed(dir.path(), &arguments))["ln_z"]["exact"]);
        let error = 5.0 * number(&row["standard_error"]) + 1e-3;
        assert!(
            (number(&row["ln_z"]) - exact).abs() < error,
            "{row} {exact}"
        );
    }
    assert!(succeed(dir.path(), "evaluate parts --path --temperatures 20").contains("lowest"));
    succeed(dir.path(), "report whole");
    assert!(whole.join("report/figures/log-likelihood.svg").exists());
    let table = columns(&whole.join("report/data/log-likelihood.csv"));
    let rows = |quantity: &str| {
        let chosen = table.iter();
        let chosen = chosen.filter(|row| row[0] == quantity && row[2] == "test rows");
        chosen.count()
    };
    assert_eq!(rows("combined"), path.len());
    assert_eq!(rows("combined (during training)"), 5);
}

#[test]
fn likelihoods_of_wide_models_are_finite() {
    let dir = tempdir().unwrap();
    let train = "train --dataset bars-and-stripes --hidden 1024 --epochs 1 --no-report --out run";
    succeed(dir.path(), train);
    let metrics = std::fs::read_to_string(dir.path().join("run/metrics.csv")).unwrap();
    for word in ["inf", "NaN"] {
        assert!(!metrics.contains(word), "{metrics}");
    }
    let found = json(&succeed(dir.path(), "evaluate run --json"));
    assert_eq!(found["log_likelihood"]["verdict"], "exact");
    // The model has learned next to nothing: all 2^16 states are alike.
    let uniform = -16.0 * std::f64::consts::LN_2;
    let value = number(&found["log_likelihood"]["exact"]);
    assert!(
        (value - uniform).abs() < 2.0,
        "{value} is far from {uniform}"
    );
    let ln_z = number(&found["ln_z"]["exact"]);
    assert!(
        (ln_z - 1040.0 * std::f64::consts::LN_2).abs() < 30.0,
        "{ln_z}"
    );
}

#[test]
fn a_file_given_for_evaluation_is_held_out_as_a_whole() {
    let dir = tempdir().unwrap();
    let rows = |count: usize| -> String {
        let row = |k: usize| format!("{},{},{},1\n", k % 2, k / 2 % 2, k / 4 % 2);
        (0..count).map(row).collect()
    };
    std::fs::write(dir.path().join("all.csv"), rows(40)).unwrap();
    std::fs::write(dir.path().join("new.csv"), rows(24)).unwrap();
    let train =
        "train --dataset all.csv --test-fraction 0 --hidden 3 --epochs 2 --no-report --out run";
    succeed(dir.path(), train);
    let of_run = json(&succeed(
        dir.path(),
        "evaluate run --dataset new.csv --json",
    ));
    assert_eq!(of_run["test"]["rows"], 24);
    assert_eq!(of_run["train"]["rows"], 40);
    let of_model = "evaluate --model run/model.safetensors --dataset new.csv --json";
    assert_eq!(json(&succeed(dir.path(), of_model))["test"]["rows"], 24);
}

#[test]
fn data_that_have_changed_are_not_taken_for_those_of_the_run() {
    let dir = tempdir().unwrap();
    let d = dir.path();
    let rows = "0,1,1\n1,0,0\n1,1,0\n0,0,1\n".repeat(8);
    std::fs::write(d.join("a.csv"), &rows).unwrap();
    succeed(d, "train --dataset a.csv --hidden 2 --epochs 2 --out run");
    // Also a directory that `train` and its report filled may be replaced.
    succeed(
        d,
        "train --dataset a.csv --hidden 2 --epochs 2 --out run --overwrite",
    );
    std::fs::write(d.join("a.csv"), rows.clone() + "1,1,1\n").unwrap();
    for command in ["evaluate run", "features run", "sample run --quality"] {
        fail(
            d,
            command,
            1,
            &["a.csv", "not what the run was trained on", "--dataset"],
        );
    }
    succeed(d, "evaluate run --dataset a.csv");
    std::fs::remove_file(d.join("a.csv")).unwrap();
    fail(d, "evaluate run", 1, &["config.toml", "--dataset"]);
    std::fs::write(d.join("b.csv"), &rows).unwrap();
    succeed(d, "evaluate run --dataset b.csv");
}
