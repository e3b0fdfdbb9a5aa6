//! Readers that are gone, signals that are not meant, files of a run that are not what they were.

use crate::support::{check_failure, fail, program, run, succeed};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::tempdir;

const SMALL: &str = "--dataset bars-and-stripes --hidden 6 --batch-size 10";

/// Runs the program, whose output and messages nobody reads.
fn unheard(directory: &Path, arguments: &str) -> Option<i32> {
    let mut child = program(directory, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    child.wait().unwrap().code()
}

#[test]
fn work_goes_on_where_nobody_listens() {
    let dir = tempdir().unwrap();
    for arguments in [
        &format!("train {SMALL} --epochs 4 --stop-after 1 --no-report --out run"),
        "resume run --json",
        "report run",
        "evaluate run",
        "evaluate run --json",
        "analyze run --json",
        "sample run --gibbs-steps 5",
        &format!("sweep {SMALL} --epochs 1 --hidden 2,3 --out sweep"),
    ] {
        assert_eq!(unheard(dir.path(), arguments), Some(0), "{arguments}");
    }
    let text = fs::read_to_string(dir.path().join("run/manifest.json")).unwrap();
    assert!(text.contains("finished"), "{text}");
    assert!(dir.path().join("sweep/report/index.html").exists());
}

/// A disk without room for messages, and one without room for results.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_takes_messages_but_not_results() {
    let dir = tempdir().unwrap();
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let train = format!("train {SMALL} --epochs 2 --no-report --out run");
    let output = program(dir.path(), &train).stderr(full()).output();
    assert!(output.unwrap().status.success());
    let evaluate = program(dir.path(), "evaluate run --json")
        .stdout(full())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    check_failure(&evaluate, "evaluate", 1, &["standard output"]);
}

/// `nohup`, and a script that runs something in its background, start a program so.
#[cfg(target_os = "linux")]
#[test]
fn signals_that_were_ignored_from_the_start_stay_ignored() {
    let dir = tempdir().unwrap();
    let arguments = format!("train {SMALL} --epochs 100000000 --evaluate-every 500 --out run");
    let path = program(dir.path(), "").get_program().to_owned();
    let child = std::process::Command::new("sh")
        .current_dir(dir.path())
        .env_remove("RUST_LOG")
        .arg("-c")
        .arg(format!(
            "trap '' HUP INT; exec {} {arguments}",
            path.to_string_lossy()
        ))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let signal = |name: &str| {
        let id = child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([name, &id])
            .status();
        assert!(sent.unwrap().success(), "it has ended");
    };
    let snapshots = || {
        let entries = fs::read_dir(dir.path().join("run/snapshots"));
        entries.map_or(0, |entries| entries.count())
    };
    let wait_for = |count: usize| {
        while snapshots() < count {
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    wait_for(3);
    signal("-HUP");
    signal("-INT");
    wait_for(snapshots() + 2);
    signal("-TERM");
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    let said = |part| message.matches(part).count();
    assert_eq!(said("rbm-train resume run"), 1, "{message}");
    // Where the update ends at once, nobody has to wait, and nothing is said of it.
    assert!(said("again to stop at once") <= 1, "{message}");
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_the_lock_is_not_followed() {
    let dir = tempdir().unwrap();
    succeed(
        dir.path(),
        &format!("train {SMALL} --epochs 2 --stop-after 1 --no-report --out run"),
    );
    let (mine, lock) = (
        dir.path().join("mine"),
        dir.path().join("run/checkpoint/lock"),
    );
    fs::write(&mine, "precious").unwrap();
    fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink(&mine, &lock).unwrap();
    fail(
        dir.path(),
        "resume run",
        1,
        &["checkpoint/lock", "no plain file"],
    );
    assert_eq!(fs::read_to_string(&mine).unwrap(), "precious");
}

/// Starts the program, sends SIGTERM as soon as it listens, and returns its messages; it must end with exit code 1.
#[cfg(target_os = "linux")]
fn terminate(directory: &Path, arguments: &str) -> String {
    /// The bit of SIGTERM, 15, in a mask of signals.
    const TERM: u64 = 1 << 14;
    let mut child = program(directory, arguments)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id().to_string();
    let listens = || {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let mask = status.lines().find_map(|l| l.strip_prefix("SigCgt:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & TERM != 0)
    };
    while !listens() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let kill = std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status();
    assert!(kill.unwrap().success(), "{arguments}");
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments}: {message}");
    message
}

/// Work that would take hours ends at the first signal, and nothing is left half done.
#[cfg(target_os = "linux")]
#[test]
fn every_command_ends_at_a_signal() {
    let dir = tempdir().unwrap();
    succeed(
        dir.path(),
        &format!("train {SMALL} --epochs 2 --no-report --out run"),
    );
    let before = files(dir.path());
    for arguments in [
        "sample run --gibbs-steps 4000000000",
        "analyze run --simulations 100000",
        "evaluate run --precision 0.0000001 --budget 10h",
        "bench --steps 100000000",
        "report run --full",
    ] {
        let message = terminate(dir.path(), arguments);
        assert!(
            message.contains("stopped: files that were written are whole"),
            "{message}"
        );
    }
    // An update that would take years.
    let endless = format!("train {SMALL} --gibbs-steps 4000000000 --out endless");
    let message = terminate(dir.path(), &endless);
    assert!(message.contains("stopped within an update"), "{message}");
    // Directories may have been begun; no file is torn or left over.
    let after = files(dir.path());
    assert!(before.iter().all(|file| after.contains(file)));
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(after.iter().all(|(path, _)| !name(path).starts_with('.')));
}

#[test]
fn a_checkpoint_that_was_changed_is_refused() {
    let dir = tempdir().unwrap();
    succeed(
        dir.path(),
        &format!("train {SMALL} --epochs 4 --stop-after 2 --no-report --out run"),
    );
    let state = dir.path().join("run/checkpoint/state.safetensors");
    let model = dir.path().join("run/model.safetensors");
    let (good, before) = (fs::read(&state).unwrap(), fs::read(&model).unwrap());
    for place in [
        12,
        good.len() / 3,
        good.len() / 2,
        good.len() - 100,
        good.len() - 1,
    ] {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        fs::write(&state, bytes).unwrap();
        fail(
            dir.path(),
            "resume run --no-report",
            1,
            &[
                "checkpoint/state.safetensors",
                "not a checkpoint",
                "config.toml of the run",
            ],
        );
    }
    assert_eq!(before, fs::read(&model).unwrap());
    fs::write(&state, &good).unwrap();
    let mut bytes = before.clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&model, bytes).unwrap();
    let parts = &["model.safetensors", "SHA-256"];
    fail(
        dir.path(),
        "sample --model run/model.safetensors --out s",
        1,
        parts,
    );
    succeed(dir.path(), "resume run --no-report");
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}

#[test]
fn a_report_made_again_has_the_same_bytes() {
    let dir = tempdir().unwrap();
    succeed(dir.path(), &format!("train {SMALL} --epochs 40 --out run"));
    let report = dir.path().join("run/report");
    let first = files(&report);
    succeed(dir.path(), "report run");
    for ((name, one), (_, other)) in first.iter().zip(files(&report)) {
        assert!(*one == other, "{} differs", name.display());
    }
    assert!(first.len() > 20);
}

#[test]
fn damaged_files_of_a_run_are_named() {
    let dir = tempdir().unwrap();
    succeed(
        dir.path(),
        &format!("train {SMALL} --epochs 2 --stop-after 1 --no-report --out run"),
    );
    let shape = ("manifest.json", "\"image_shape\": [\n    4,\n    4\n  ]");
    for (file, (from, to), commands, parts) in [
        (
            "config.toml",
            ("batch_size = 10", "batch_size = 0"),
            &["evaluate run --path", "evaluate run", "resume run"][..],
            &["config.toml", "training.batch_size"][..],
        ),
        (
            shape.0,
            (shape.1, "\"image_shape\": [0, 0]"),
            &["sample run", "resume run"],
            &["manifest.json", "image_shape"],
        ),
        (
            shape.0,
            ("\"n_hidden\": 6", "\"n_hidden\": 5"),
            &["sample run", "evaluate run"],
            &["manifest.json", "5 hidden"],
        ),
    ] {
        let path = dir.path().join("run").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(&path, text.replace(from, to)).unwrap();
        for command in commands {
            fail(dir.path(), command, 1, parts);
        }
        fs::write(&path, text).unwrap();
    }
    assert!(run(dir.path(), "resume run --no-report").status.success());
}

#[test]
fn counts_that_no_memory_holds_are_refused_by_name() {
    let dir = tempdir().unwrap();
    let small = format!("train {SMALL} --epochs 2 --no-report");
    succeed(dir.path(), &format!("{small} --out run"));
    fs::write(
        dir.path().join("many.toml"),
        "[monitor]\nlikelihood_chains = 9000000000000\n",
    )
    .unwrap();
    let likelihood = format!("{small} --config many.toml --evaluate-likelihood 1 --out other");
    let rows = "train --dataset ising --ising-side 4 --ising-rows 9000000000000 --out other";
    for (arguments, code, flag) in [
        (
            "analyze run --rotations 18446744073709551615",
            2,
            "not in 0..=10000",
        ),
        (
            "analyze run --simulations 18446744073709551615",
            2,
            "not in 0..=1000000",
        ),
        ("evaluate run --ais-chains 4294967295", 1, "--ais-chains"),
        (
            "evaluate run --path --ais-chains 4294967295",
            1,
            "--ais-chains",
        ),
        (
            "sample run --from biases --chains 90000000000",
            1,
            "--chains",
        ),
        (
            "sample run --method tempering --chains 90000000000",
            1,
            "--chains",
        ),
        ("bench --visible 18446744073709551615", 1, "--visible"),
        ("bench --hidden 9000000000000000", 1, "--hidden"),
        ("bench --chains 90000000000", 1, "--chains"),
        (&likelihood, 1, "monitor.likelihood_chains"),
        (
            rows,
            1,
            "the number of rows is 9000000000000; expected 1 to",
        ),
    ] {
        fail(dir.path(), arguments, code, &[flag]);
    }
    assert!(!dir.path().join("other").exists());
}

#[test]
fn a_sweep_without_its_file_starts_no_other_one() {
    let dir = tempdir().unwrap();
    succeed(
        dir.path(),
        &format!("sweep {SMALL} --epochs 1 --no-report --out sweep"),
    );
    fs::remove_file(dir.path().join("sweep/sweep.toml")).unwrap();
    fail(
        dir.path(),
        "sweep --out sweep",
        1,
        &["no sweep.toml", "restore"],
    );
}
