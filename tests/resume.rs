//! Going on with a run gives the bytes of a run that never stopped.

use crate::support::{assert_same_run, fail, json, program, run, succeed};
use std::time::Duration;
use tempfile::tempdir;

const FLAGS: &str = "--dataset mnist --limit 1500 --hidden 40 --epochs 3 --batch-size 50 \
                     --chains 70 --momentum 0.5 --evaluate-every 40 --no-report";

#[test]
fn three_epochs_are_one_and_two_more() {
    let dir = tempdir().unwrap();
    succeed(dir.path(), &format!("train {FLAGS} --out whole"));
    succeed(
        dir.path(),
        &format!("train {FLAGS} --stop-after 1 --out parts"),
    );
    succeed(dir.path(), "resume parts --no-report");
    assert_same_run(&dir.path().join("whole"), &dir.path().join("parts"));

    // A constant learning rate lets the number of epochs be chosen later.
    for (epochs, out) in [(3, "long"), (1, "short")] {
        let flags = FLAGS.replace("--epochs 3", &format!("--epochs {epochs}"));
        succeed(
            dir.path(),
            &format!(
                "train {flags} --optimizer adam --learning-rate 0.001 --schedule constant --out {out}"
            ),
        );
    }
    succeed(dir.path(), "resume short --epochs 3 --no-report");
    assert_same_run(&dir.path().join("long"), &dir.path().join("short"));
}

/// A chain for each row, also where the last batch of an epoch is a short one.
#[test]
fn chains_of_rows_go_on_with_their_rows() {
    let dir = tempdir().unwrap();
    let flags = FLAGS.replace("--chains 70", "--chains data");
    let flags = flags.replace("--batch-size 50", "--batch-size 70");
    succeed(dir.path(), &format!("train {flags} --out whole"));
    succeed(
        dir.path(),
        &format!("train {flags} --stop-after 1 --out parts"),
    );
    succeed(dir.path(), "resume parts --stop-after 2 --no-report");
    succeed(dir.path(), "resume parts --no-report");
    assert_same_run(&dir.path().join("whole"), &dir.path().join("parts"));
    succeed(dir.path(), "sample whole --gibbs-steps 2 --out samples");
    fail(
        dir.path(),
        &format!("train {flags} --learner pt --out other"),
        2,
        &["learner.chains", "ladders"],
    );
    // Settings of a plain number stay what they were.
    succeed(
        dir.path(),
        &format!("train {FLAGS} --stop-after 1 --out plain"),
    );
    let text =
        |run: &str| std::fs::read_to_string(dir.path().join(run).join("config.toml")).unwrap();
    assert!(text("plain").contains("\nchains = 70\n"));
    assert!(text("whole").contains("\nchains = \"data\"\n"));
}

#[cfg(unix)]
#[test]
fn a_killed_run_resumes_from_wherever_it_was() {
    let dir = tempdir().unwrap();
    let settings = dir.path().join("often.toml");
    // A checkpoint after every update: most kills then hit a write.
    std::fs::write(&settings, "[monitor]\ncheckpoint_seconds = 0\n").unwrap();
    let flags = format!("train --config often.toml {FLAGS}");
    succeed(dir.path(), &format!("{flags} --out whole"));
    let mut child = program(dir.path(), &format!("{flags} --out killed"))
        .spawn()
        .unwrap();
    let killed = dir.path().join("killed");
    let mut started = false;
    for pause in [30, 90, 10, 60, 120] {
        // The directory appears complete, so once it is there it can be resumed.
        while !started {
            started = killed.exists();
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        child = program(dir.path(), "resume killed --no-report")
            .spawn()
            .unwrap();
    }
    assert!(child.wait().unwrap().success());
    assert_same_run(&dir.path().join("whole"), &killed);
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_says_how_to_go_on() {
    let dir = tempdir().unwrap();
    let arguments = FLAGS.replace("--epochs 3", "--epochs 4000");
    let child = program(dir.path(), &format!("train {arguments} --out run"))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while !dir
        .path()
        .join("run/snapshots/step-00000010.safetensors")
        .exists()
    {
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupt = std::process::Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupt.success());
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("rbm-train resume run"), "{message}");
    let resumed = run(dir.path(), "resume run --stop-after 1 --no-report");
    assert!(resumed.status.success());
}

/// A container with the digest of its present content.
fn with_digest(mut bytes: Vec<u8>) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let key = b"\"sha256\":\"";
    let at = bytes.windows(key.len()).position(|part| part == key);
    let place = at.unwrap() + key.len()..at.unwrap() + key.len() + 64;
    bytes[place.clone()].fill(b'0');
    let digest = Sha256::digest(&bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes[place].copy_from_slice(digest.as_bytes());
    bytes
}

#[test]
fn changes_are_refused_with_a_word() {
    let dir = tempdir().unwrap();
    let rows = |first: &str| format!("{first}\n{}", "1,0,1,0\n0,1,1,0\n".repeat(10));
    let data = dir.path().join("data.csv");
    std::fs::write(&data, rows("1,1,0,0")).unwrap();
    succeed(
        dir.path(),
        "train --dataset data.csv --hidden 3 --epochs 4 --stop-after 1 --no-report --out run",
    );
    std::fs::write(&data, rows("0,1,0,0")).unwrap();
    fail(dir.path(), "resume run", 1, &["data.csv", "changed"]);
    std::fs::write(&data, rows("1,1,0,0")).unwrap();

    fail(
        dir.path(),
        "resume run --epochs 9",
        1,
        &["learning-rate schedule", "--stop-after"],
    );

    let config = dir.path().join("run/config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("batch_size = 100", "batch_size = 10")).unwrap();
    fail(
        dir.path(),
        "resume run",
        1,
        &["training.batch_size", "from 100 to 10"],
    );
    std::fs::write(&config, text.replace("epochs = 4", "epochs = 9")).unwrap();
    fail(
        dir.path(),
        "resume run",
        1,
        &["training.epochs", "from 4 to 9", "learning-rate schedule"],
    );
    std::fs::write(&config, text).unwrap();

    let metrics = dir.path().join("run/metrics.csv");
    let rows_so_far = std::fs::read(&metrics).unwrap();
    std::fs::write(&metrics, b"\xff\xfe").unwrap();
    fail(dir.path(), "resume run", 1, &["cannot read", "metrics.csv"]);
    assert_eq!(std::fs::read(&metrics).unwrap(), b"\xff\xfe");
    std::fs::write(&metrics, rows_so_far).unwrap();

    let state = dir.path().join("run/checkpoint/state.safetensors");
    let bytes = std::fs::read(&state).unwrap();
    let with = |from: &[u8], to: &[u8]| {
        let at = bytes.windows(from.len()).position(|part| part == from);
        let at = at.expect("it is in the header");
        with_digest([&bytes[..at], to, &bytes[at + from.len()..]].concat())
    };
    for count in ["999", "101"] {
        let count = format!("\"chains.count\":\"{count}\"");
        std::fs::write(&state, with(b"\"chains.count\":\"100\"", count.as_bytes())).unwrap();
        fail(
            dir.path(),
            "resume run",
            1,
            &["state.safetensors", "chains"],
        );
    }
    // Of a program that had sums of f32.
    let name = b"\"arithmetic\":\"2\"";
    for other in [&b"\"arithmetic\":\"1\""[..], b"\"arithmetik\":\"2\""] {
        std::fs::write(&state, with(name, other)).unwrap();
        let words = ["arithmetic of fields", "from 1 to 2", "manifest.json"];
        fail(dir.path(), "resume run", 1, &words);
    }
    // Moved to another device and killed before its first checkpoint there.
    std::fs::write(
        &state,
        with(b"device = \\\"flex\\\"", b"device = \\\"wgpu\\\""),
    )
    .unwrap();
    succeed(dir.path(), "resume run --stop-after 2 --no-report");
    let bytes = std::fs::read(&state).unwrap();
    std::fs::write(&state, &bytes[..bytes.len() / 2]).unwrap();
    fail(dir.path(), "resume run", 1, &["state.safetensors"]);
    std::fs::write(&state, &bytes).unwrap();
    succeed(dir.path(), "resume run --no-report");
}

#[test]
fn fewer_epochs_than_are_done_are_refused() {
    let dir = tempdir().unwrap();
    let train = "train --dataset bars-and-stripes --hidden 4 --schedule constant --epochs 3 --no-report --out run";
    succeed(dir.path(), train);
    let config = || std::fs::read(dir.path().join("run/config.toml")).unwrap();
    let before = config();
    let parts = ["training.epochs", "is 2", "epochs that are done"];
    fail(dir.path(), "resume run --epochs 2", 2, &parts);
    assert_eq!(config(), before);
    succeed(dir.path(), "resume run --epochs 4 --no-report");
}

#[test]
fn a_finished_run_is_left_as_it_is() {
    let dir = tempdir().unwrap();
    let train = "train --dataset bars-and-stripes --hidden 4 --epochs 3 --no-report --out run";
    succeed(dir.path(), train);
    let files = [
        "config.toml",
        "manifest.json",
        "checkpoint/state.safetensors",
    ];
    let changed = || {
        files.map(|file| {
            let metadata = std::fs::metadata(dir.path().join("run").join(file)).unwrap();
            metadata.modified().unwrap()
        })
    };
    let before = changed();
    let output = run(dir.path(), "resume run --no-report");
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("nothing is to be done"), "{said}");
    assert_eq!(changed(), before);
}

/// Data are known by their content, wherever they lie and the program is started.
#[test]
fn data_that_moved_are_found_and_other_data_refused() {
    let dir = tempdir().unwrap();
    let rows = |shift: usize| -> String {
        let row = |r: usize| (0..6).map(move |c| ((r >> (c % 4)) + shift + c) % 2);
        let text = |r| {
            row(r)
                .map(|bit| bit.to_string())
                .collect::<Vec<_>>()
                .join(",")
        };
        (0..40).map(|r| text(r) + "\n").collect()
    };
    std::fs::write(dir.path().join("a.csv"), rows(0)).unwrap();
    let train = "train --dataset a.csv --hidden 3 --epochs 4 --schedule constant --stop-after 2 --no-report --out run";
    succeed(dir.path(), train);
    let evaluate = "evaluate run --json";
    let before = succeed(dir.path(), evaluate);

    let elsewhere = dir.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::rename(dir.path().join("a.csv"), elsewhere.join("b.csv")).unwrap();
    std::fs::write(dir.path().join("other.csv"), rows(1)).unwrap();
    fail(dir.path(), "resume run", 1, &["a.csv", "--dataset"]);
    let other = ["the content of data set `other.csv`"];
    fail(dir.path(), "resume run --dataset other.csv", 1, &other);

    let after = succeed(dir.path(), &format!("{evaluate} --dataset elsewhere/b.csv"));
    for part in ["train", "test", "ln_z"] {
        assert_eq!(json(&after)[part], json(&before)[part], "{part}");
    }
    succeed(&elsewhere, "resume ../run --dataset b.csv --no-report");
    // From now on the run knows the place.
    succeed(&elsewhere, "resume ../run --epochs 5 --no-report");
}
