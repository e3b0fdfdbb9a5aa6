//! Reports of runs and sweeps.

use crate::support::{fail, json, program, succeed};
use std::path::Path;
use tempfile::tempdir;

fn train(directory: &Path, hidden: usize, seed: usize, more: &str) {
    succeed(
        directory,
        &format!(
            "train --dataset bars-and-stripes --hidden {hidden} --seed {seed} --epochs 20 --batch-size 10 \
             --chains 20 --no-report --out sweep/runs/hidden-{hidden},seed-{seed} {more}"
        ),
    );
}

#[test]
fn a_sweep_is_one_page_of_means_over_replicas() {
    let dir = tempdir().unwrap();
    for (hidden, seed) in [(4, 1), (4, 2), (6, 1), (6, 2)] {
        train(dir.path(), hidden, seed, "");
    }
    train(dir.path(), 6, 3, "--stop-after 2");
    let sweep = dir.path().join("sweep");
    std::fs::create_dir(sweep.join("runs/broken")).unwrap();
    // Without its file a directory is a run, or nothing.
    fail(dir.path(), "report sweep", 1, &["manifest.json"]);
    std::fs::write(sweep.join("sweep.toml"), "").unwrap();

    let document = json(&succeed(dir.path(), "report sweep --json"));
    assert!(document["report"].as_str().unwrap().ends_with("index.html"));
    let page = std::fs::read_to_string(sweep.join("report/index.html")).unwrap();
    assert!(
        page.contains("4 of 6") && page.contains("hidden-6,seed-3 (it was stopped before its end)")
    );
    assert!(
        page.contains("broken (cannot read"),
        "unreadable runs are named"
    );
    assert!(!page.contains("NaN"));
    let table = |name: &str| {
        std::fs::read_to_string(sweep.join(format!("report/data/{name}.csv"))).unwrap()
    };
    let overview = table("overview");
    let rows: Vec<&str> = overview.lines().skip(1).collect();
    assert!(
        rows[0].starts_with("hidden 4,4,2,") && rows[1].starts_with("hidden 6,6,2,"),
        "{overview}"
    );
    assert_eq!(table("runs").lines().count(), 7);
    for name in [
        "nonconvergent",
        "kurtosis",
        "relaxation",
        "occupations",
        "ln-z",
        "transition",
        "phase-plane",
    ] {
        assert!(table(name).lines().count() > 1, "{name}");
        assert!(page.contains(&format!("<figure id=\"{name}\">")), "{name}");
    }
    // Layers of 4 and 6 units are enumerated, and no mean-field value lies above.
    let ln_z = table("ln-z");
    assert!(ln_z.contains(",exact,"));
    let above = ln_z
        .lines()
        .filter(|row| row.starts_with("above mean field") && row.contains("exact or annealed"));
    assert!(above.clone().count() > 0, "{ln_z}");
    for row in above {
        let value: f64 = row.rsplit(',').nth(2).unwrap().parse().unwrap();
        assert!(value >= -1e-9, "{row}");
    }

    // Kept measurements are read, and measured anew when the run has changed.
    let kept = sweep.join("runs/hidden-4,seed-1/measurements.json");
    let before = std::fs::read(&kept).unwrap();
    let marked = String::from_utf8(before.clone()).unwrap();
    let marked = marked.replacen("\"nonconvergent\":0", "\"nonconvergent\":3", 1);
    assert!(marked.as_bytes() != before);
    std::fs::write(&kept, &marked).unwrap();
    succeed(dir.path(), "report sweep");
    assert_eq!(std::fs::read(&kept).unwrap(), marked.as_bytes(), "believed");
    let snapshots = sweep.join("runs/hidden-4,seed-1/snapshots");
    let names = || std::fs::read_dir(&snapshots).unwrap().flatten();
    let count = names().count();
    let last = names().map(|entry| entry.path()).max().unwrap();
    let later = snapshots.join("step-00099999.safetensors");
    std::fs::copy(last, &later).unwrap();
    succeed(dir.path(), "report sweep");
    let anew = json(&std::fs::read_to_string(&kept).unwrap());
    let history = anew["measurements"]["history"].as_array().unwrap();
    assert_eq!(history.len(), count + 1);
    assert_eq!(history[0]["nonconvergent"], 0);
    std::fs::remove_file(later).unwrap();
    std::fs::write(&kept, "{}").unwrap();
    succeed(dir.path(), "report sweep");
    assert_eq!(
        std::fs::read(&kept).unwrap(),
        before,
        "the same numbers again"
    );
}

#[test]
fn a_run_has_the_figures_of_the_experiment() {
    let dir = tempdir().unwrap();
    train(dir.path(), 5, 1, "");
    let output = program(dir.path(), "report sweep/runs/hidden-5,seed-1 --full")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report = dir.path().join("sweep/runs/hidden-5,seed-1/report");
    let table =
        |name: &str| std::fs::read_to_string(report.join(format!("data/{name}.csv"))).unwrap();
    let curves = table("free-energy-modes");
    assert!(curves.contains("mean field") && curves.contains("sampled"));
    let ln_z = table("ln-z");
    assert!(ln_z.contains(",highest,") && ln_z.contains(",exact,"));
}

#[test]
fn few_test_rows_are_enough_for_errors() {
    let dir = tempdir().unwrap();
    let rows = "1,0,1,0,1\n0,1,1,0,0\n0,0,1,1,0\n1,1,0,1,1\n".repeat(10);
    std::fs::write(dir.path().join("data.csv"), rows).unwrap();
    succeed(
        dir.path(),
        "train --dataset data.csv --test-fraction 0.1 --hidden 4 --epochs 5 --batch-size 10 --out run",
    );
    let kept = std::fs::read_to_string(dir.path().join("run/measurements.json")).unwrap();
    let kept = json(&kept);
    for checkpoint in kept["measurements"]["checkpoints"].as_array().unwrap() {
        let error = &checkpoint["modes"][0]["variance"][1];
        assert!(error.as_f64().unwrap() > 0.0, "{checkpoint}");
    }
}

/// Nothing on a page depends on a clock: its bracket of ln Z takes an effort that follows from the run.
#[test]
fn a_page_made_twice_has_the_same_bytes() {
    let dir = tempdir().unwrap();
    succeed(
        dir.path(),
        "train --dataset mnist --limit 500 --hidden 26 --epochs 120 --batch-size 50 --gibbs-steps 5 --out run",
    );
    let run = dir.path().join("run");
    let page = || std::fs::read(run.join("report/index.html")).unwrap();
    let evaluation = || json(&std::fs::read_to_string(run.join("evaluation.json")).unwrap());
    let (first, kept) = (page(), evaluation());
    assert!(
        kept["range"].is_array() && kept["verdict"] != "exact",
        "{kept}"
    );
    for file in ["evaluation.json", "measurements.json"] {
        std::fs::remove_file(run.join(file)).unwrap();
    }
    succeed(dir.path(), "report run");
    assert!(page() == first, "another page of the same run");
    assert_eq!(evaluation()["range"], kept["range"]);
}

/// Rows of a table have no shape: samples and modes are drawn all the same.
#[test]
fn a_table_has_its_samples_and_modes_on_the_page() {
    let dir = tempdir().unwrap();
    let rows = "1,0,1,0,1\n0,1,1,0,0\n0,0,1,1,0\n1,1,0,1,1\n".repeat(10);
    std::fs::write(dir.path().join("data.csv"), rows).unwrap();
    succeed(
        dir.path(),
        "train --dataset data.csv --hidden 4 --epochs 5 --batch-size 10 --out run",
    );
    let page = std::fs::read_to_string(dir.path().join("run/report/index.html")).unwrap();
    for name in [
        "samples",
        "samples-over-updates",
        "singular-vectors",
        "hidden-units",
        "modes-over-updates",
    ] {
        assert!(page.contains(&format!("<figure id=\"{name}\">")), "{name}");
    }
    assert!(!page.contains("images") && !page.contains("pixel_"));
}
