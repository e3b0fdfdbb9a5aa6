//! Sweeps: every combination once, each run as if it were alone, whatever interrupts it.

use crate::support::{assert_same_run, fail, json, program, run, succeed};
use std::path::Path;
use std::time::Duration;
use tempfile::tempdir;

const FLAGS: &str = "--limit 600 --hidden 8,20 --learner cd,pcd --replicas 2 --epochs 3 \
                     --batch-size 50 --momentum 0.5 --evaluate-every 7";

/// Names of the runs, which have no files beside them.
fn runs(sweep: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(sweep.join("runs")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn assert_same_sweep(a: &Path, b: &Path) {
    assert_eq!(runs(a), runs(b));
    for name in runs(a) {
        assert_same_run(&a.join("runs").join(&name), &b.join("runs").join(&name));
    }
    let file = |sweep: &Path| std::fs::read_to_string(sweep.join("sweep.toml")).unwrap();
    assert_eq!(file(a), file(b));
}

#[test]
fn each_run_is_what_train_makes_of_it() {
    let dir = tempdir().unwrap();
    let text = succeed(
        dir.path(),
        &format!("sweep {FLAGS} --out all --json --jobs 3 --no-report"),
    );
    let document = json(&text);
    assert_eq!(document["finished"], 8);
    assert!(document["report"].is_null());
    assert_eq!(document["runs"][7]["name"], "hidden-20,learner-pcd,seed-1");
    assert_eq!(document["runs"][7]["state"], "finished");
    assert_eq!(document["runs"][7]["step"], 36);
    let flags = "--limit 600 --hidden 20 --learner pcd --seed 1 --epochs 3 --batch-size 50 \
                 --momentum 0.5 --evaluate-every 7 --no-report";
    succeed(dir.path(), &format!("train {flags} --out one"));
    let all = dir.path().join("all");
    let runs = all.join("runs");
    assert_same_run(
        &runs.join("hidden-20,learner-pcd,seed-1"),
        &dir.path().join("one"),
    );

    // Again: nothing is done. As another sweep: nothing is touched.
    let model = runs.join("hidden-8,learner-cd,seed-0/model.safetensors");
    let modified = || std::fs::metadata(&model).unwrap().modified().unwrap();
    let before = modified();
    let again = json(&succeed(dir.path(), "sweep --out all --json"));
    assert_eq!(again["finished"], 8);
    let page = std::fs::read_to_string(all.join("report/index.html")).unwrap();
    assert!(page.contains("hidden"), "the report of all runs");
    assert!(again["runs"][0]["seconds"].is_null());
    let changed = FLAGS.replace("8,20", "8,21");
    fail(
        dir.path(),
        &format!("sweep {changed} --out all"),
        1,
        &["`model.hidden` is [8, 20] there and [8, 21] here"],
    );
    assert_eq!(before, modified());

    // The settings file alone gives the same, in shards and at another number of threads.
    let flags = "--config all/sweep.toml --out shards";
    for shard in ["1/3", "2/3"] {
        succeed(dir.path(), &format!("sweep {flags} --shard {shard}"));
    }
    let part = program(dir.path(), &format!("sweep {flags} --shard 0/3 --jobs 1"))
        .env("RAYON_NUM_THREADS", "3")
        .output();
    assert!(part.unwrap().status.success());
    assert_same_sweep(&all, &dir.path().join("shards"));
}

#[test]
fn a_sweep_goes_on_with_runs_that_were_trained_elsewhere() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let flags = "--limit 600 --hidden 4 --epochs 2 --batch-size 50 --no-report";
    let sweep = format!("sweep {flags} --replicas 2 --out");
    succeed(dir, &format!("{sweep} here"));
    let run = |seed: usize| dir.join(format!("there/runs/seed-{seed}"));
    for (seed, more) in [(0, ""), (1, "--stop-after 1")] {
        let out = run(seed);
        let flags = format!("{flags} --seed {seed} {more} --out");
        succeed(dir, &format!("train {flags} {}", out.display()));
        // What `--over` leaves behind.
        let config = out.join("config.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        assert!(text.contains("device = \"flex\""), "{text}");
        let elsewhere = text.replace("\"flex\"", "\"remote:ws://127.0.0.1:1\"");
        std::fs::write(&config, elsewhere).unwrap();
    }
    let document = json(&succeed(dir, &format!("{sweep} there --json")));
    assert_eq!(document["finished"], 2, "{document}");
    assert_same_run(&dir.join("here/runs/seed-1"), &run(1));
    // Runs are one group, and measured where they can be.
    succeed(dir, "report there");
    let overview = std::fs::read_to_string(dir.join("there/report/data/overview.csv")).unwrap();
    let rows: Vec<&str> = overview.lines().skip(1).collect();
    assert!(
        rows.len() == 1 && rows[0].starts_with(",4,2,"),
        "{overview}"
    );
}

#[cfg(unix)]
#[test]
fn a_sweep_killed_five_times_is_the_same_in_the_end() {
    let dir = tempdir().unwrap();
    // A checkpoint after every update: most kills then hit a write.
    let flags = "sweep --limit 600 --hidden 8,20 --replicas 2 --epochs 4 --batch-size 50 \
                 --evaluate-every 5 --checkpoint-seconds 0 --no-report";
    succeed(dir.path(), &format!("{flags} --out whole"));
    let whole = dir.path().join("whole");
    let killed = dir.path().join("killed");
    let snapshots = || {
        let entries = std::fs::read_dir(killed.join("runs")).into_iter().flatten();
        let of_run = |run: std::fs::DirEntry| std::fs::read_dir(run.path().join("snapshots"));
        entries.flatten().flat_map(of_run).flatten().count()
    };
    for round in 0..5 {
        let mut child = program(dir.path(), &format!("{flags} --out killed"))
            .spawn()
            .unwrap();
        // Somewhere in the next fifth of the work.
        let enough = snapshots() + 3 + round;
        while snapshots() < enough && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(round as u64));
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success(), "it was done before");
        // Nobody is left who writes.
        let count = snapshots();
        std::thread::sleep(Duration::from_millis(30));
        assert_eq!(count, snapshots());
    }
    // What a kill while a run was being made would leave behind.
    std::fs::create_dir_all(killed.join("runs/.new-run-abc/run")).unwrap();
    succeed(dir.path(), "sweep --out killed --no-report");
    assert_same_sweep(&whole, &killed);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_every_run_at_a_checkpoint() {
    let dir = tempdir().unwrap();
    let flags = "--limit 600 --hidden 8,20 --batch-size 50 --schedule constant";
    let child = program(
        dir.path(),
        &format!("sweep {flags} --epochs 4000 --jobs 2 --out sweep"),
    )
    .stderr(std::process::Stdio::piped())
    .stdout(std::process::Stdio::piped())
    .spawn()
    .unwrap();
    let snapshot = |hidden: usize| {
        let run = format!("sweep/runs/hidden-{hidden},seed-0");
        dir.path()
            .join(run)
            .join("snapshots/step-00000010.safetensors")
    };
    while !(snapshot(8).exists() && snapshot(20).exists()) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("rbm-train sweep --out sweep"), "{message}");
    let listed = json(&succeed(dir.path(), "sweep --out sweep --dry-run --json"));
    for run in listed["runs"].as_array().unwrap() {
        assert_eq!(run["status"], "stopped");
    }
}

#[test]
fn a_run_that_diverges_or_fails_leaves_the_others_alone() {
    let dir = tempdir().unwrap();
    let flags = "--limit 600 --hidden 8 --epochs 3 --learning-rate 0.05,1e30,0.1,0.2 --out sweep";
    // Something else is where a run should be.
    let taken = dir
        .path()
        .join("sweep/runs/hidden-8,learning-rate-0.1,seed-0");
    let flags = flags.replace("--hidden 8", "--hidden 8,9");
    std::fs::create_dir_all(&taken).unwrap();
    std::fs::write(taken.join("thesis.tex"), "x").unwrap();
    for _ in 0..2 {
        let output = run(dir.path(), &format!("sweep {flags} --json"));
        assert_eq!(output.status.code(), Some(1));
        let document = json(&String::from_utf8(output.stdout).unwrap());
        assert_eq!(document["finished"], 5);
        let state = |k: usize| document["runs"][k]["state"].as_str().unwrap();
        assert_eq!(
            [0, 1, 2, 3].map(state),
            ["finished", "diverged", "failed", "finished"]
        );
        let why = |k: usize| document["runs"][k]["why"].as_str().unwrap();
        assert!(why(2).contains("already holds files"), "{}", why(2));
        assert!(why(1).contains("update"), "{}", why(1));
    }
    assert_eq!(std::fs::read_dir(&taken).unwrap().count(), 1);
    assert!(taken.join("thesis.tex").exists());
}

#[test]
fn two_processes_share_a_sweep() {
    let dir = tempdir().unwrap();
    let flags = format!("sweep {FLAGS} --no-report --out");
    succeed(dir.path(), &format!("{flags} one"));
    let start = || {
        program(dir.path(), &format!("{flags} two --jobs 2"))
            .spawn()
            .unwrap()
    };
    for mut child in [start(), start(), start()] {
        assert!(child.wait().unwrap().success());
    }
    assert_same_sweep(&dir.path().join("one"), &dir.path().join("two"));
}

#[test]
fn unusable_sweeps_are_bad_usage() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("typo.toml"), "[model]\nhiden = [3, 4]\n").unwrap();
    for (flags, code, parts) in [
        ("--hidden 8,0", 2, &["model.hidden", "0"][..]),
        ("--hidden 8,x", 2, &["--hidden", "x"]),
        ("--hidden 8,8", 2, &["model.hidden", "twice"]),
        ("--shard 4/4", 2, &["--shard", "0 to N - 1"]),
        ("--jobs 0", 2, &["--jobs"]),
        ("--replicas 0", 2, &["replicas"]),
        ("--seed 1,2 --replicas 2", 2, &["list of seeds"]),
        ("--config typo.toml", 2, &["hiden"]),
        ("--config missing.toml", 1, &["missing.toml"]),
        ("--dataset mnist,none.csv", 1, &["none.csv"]),
    ] {
        fail(
            dir.path(),
            &format!("sweep --out sweep {flags}"),
            code,
            parts,
        );
    }
    assert!(!dir.path().join("sweep").exists());
}
