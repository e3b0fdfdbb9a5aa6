//! Small runs whose bytes are written down: a change of the code that is not meant to change a
//! number must leave them as they are.
//!
//! `tests/golden/runs.txt` holds the SHA-256 of each file, one per line, below the name of the processor
//! that they were recorded on. Bytes are compared on that processor alone, with two threads: blocks of
//! matrix products, and so last digits, depend on its caches. Elsewhere the names of the files are.
//!
//! After a change that is meant, or to work on another processor:
//! `RBM_GOLDEN=write cargo test --test integration -- golden`, and the reason in the commit.

use crate::support::program;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

/// Each learner, each rule, divided chains and devices, a stop in between, a sweep: name and
/// commands, where `OUT` is the run's name.
const RUNS: [(&str, &[&str]); 8] = [
    (
        "cd-sgd",
        &["train FLAGS --learner cd --gibbs-steps 3 --l2 0.001 --out OUT"],
    ),
    (
        "pcd-momentum",
        &["train FLAGS --chains 70 --gibbs-steps 2 --momentum 0.5 --out OUT"],
    ),
    (
        "random-adam",
        &[
            "train FLAGS --learner random --chains 30 --optimizer adam --learning-rate 0.001 --schedule constant --out OUT",
        ],
    ),
    (
        "tempering",
        &["train FLAGS --learner pt --replicas 4 --chains 20 --out OUT"],
    ),
    (
        "chains-of-rows",
        &["train FLAGS --chains data --uncentred --l1 0.0001 --out OUT"],
    ),
    (
        "two-devices",
        &["train FLAGS --chains 70 --device flex,flex --out OUT"],
    ),
    (
        "resumed",
        &[
            "train FLAGS --optimizer adam --learning-rate 0.002 --chains 40 --stop-after 1 --out OUT",
            "resume OUT --no-report",
            "report OUT",
            "evaluate OUT --temperatures 200 --ais-chains 20 --json",
        ],
    ),
    (
        "sweep",
        &[
            "sweep --dataset bars-and-stripes --hidden 6,9 --replicas 2 --epochs 30 --batch-size 10 --chains 20 --out OUT",
            "report OUT",
        ],
    ),
];

const FLAGS: &str =
    "--dataset mnist --limit 900 --hidden 30 --epochs 2 --batch-size 50 --no-report";

/// Files whose bytes are the same on all machines and with all threads.
fn kept(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let data = path.contains("report/data/") && file.ends_with(".csv");
    file.ends_with(".safetensors") && !path.contains("checkpoint/")
        || ["metrics.csv", "measurements.json", "likelihood.csv"].contains(&file)
        || data && !file.contains("timing")
}

/// The processor's name, model and cache, where the system (Linux) tells.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let names = [
        "model name",
        "cpu family",
        "model\t",
        "stepping",
        "cache size",
    ];
    let line = |name| text.lines().find(|line| line.starts_with(name));
    let values = names
        .into_iter()
        .filter_map(line)
        .filter_map(|line| line.split(':').nth(1));
    format!("#{}", values.collect::<Vec<_>>().join(","))
}

fn files(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn golden_runs_have_the_bytes_written_down() {
    let dir = tempdir().unwrap();
    let mut lines = Vec::new();
    for (name, commands) in RUNS {
        for command in commands {
            let arguments = command.replace("FLAGS", FLAGS).replace("OUT", name);
            let mut command_line = program(dir.path(), &arguments);
            let output = command_line.env("RAYON_NUM_THREADS", "2").output();
            let output = output.expect("the program starts");
            let message = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments}: {message}");
            if command.ends_with("--json") {
                let command = command.split_whitespace().next().unwrap_or_default();
                lines.push(format!("{}  {name}/{command}.json", digest(&output.stdout)));
            }
        }
        let mut paths = Vec::new();
        files(&dir.path().join(name), &mut paths);
        for path in paths {
            let shown = path.strip_prefix(dir.path()).expect("below it");
            let shown = shown.to_string_lossy().replace('\\', "/");
            if kept(&shown) {
                let bytes = std::fs::read(&path).expect("a file");
                lines.push(format!("{}  {shown}", digest(&bytes)));
            }
        }
    }
    lines.sort_by(|a, b| a[64..].cmp(&b[64..]));

    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/runs.txt");
    if std::env::var_os("RBM_GOLDEN").is_some_and(|value| value == "write") {
        let text = format!("{}\n{}\n", processor(), lines.join("\n"));
        std::fs::write(&list, text).expect("written");
    }
    let text = std::fs::read_to_string(&list).expect("the list");
    let mut recorded = text.lines();
    let all = recorded.next() == Some(&processor());
    let shown = |line: &str| line[if all { 0 } else { 66 }..].to_string();
    let expected: Vec<String> = recorded.map(shown).collect();
    let found: Vec<String> = lines.iter().map(|line| shown(line)).collect();
    let changed: Vec<_> = found
        .iter()
        .filter(|line| !expected.contains(line))
        .collect();
    let missing: Vec<_> = expected
        .iter()
        .filter(|line| !found.contains(line))
        .collect();
    assert!(
        changed.is_empty() && missing.is_empty(),
        "found {changed:#?}, expected {missing:#?}"
    );
    assert!(found.len() > 50, "{} files were compared", found.len());
}
