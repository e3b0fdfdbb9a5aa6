//! Running the program.

use std::path::Path;
use std::process::{Command, Output};

/// The program, with a working directory and arguments separated by spaces.
pub fn program(directory: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rbm-train"));
    command
        .current_dir(directory)
        .args(arguments.split_whitespace())
        .env_remove("RUST_LOG");
    command
}

/// Runs the program.
pub fn run(directory: &Path, arguments: &str) -> Output {
    program(directory, arguments)
        .output()
        .expect("the program starts")
}

/// Runs the program, which must succeed, and returns its standard output.
pub fn succeed(directory: &Path, arguments: &str) -> String {
    let output = run(directory, arguments);
    assert!(
        output.status.success(),
        "{arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8 output")
}

/// Runs the program, which must fail with an exit code and one message holding all `parts`.
pub fn fail(directory: &Path, arguments: &str, code: i32, parts: &[&str]) {
    check_failure(&run(directory, arguments), arguments, code, parts);
}

/// Checks how a run failed.
pub fn check_failure(output: &Output, arguments: &str, code: i32, parts: &[&str]) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments}: {message}");
    let errors = message.lines().filter(|l| l.starts_with("error:")).count();
    assert_eq!(errors, 1, "{arguments}: one message, not {message}");
    assert!(
        output.stdout.is_empty(),
        "{arguments}: nothing on standard output"
    );
    assert!(!message.contains("panicked"), "{arguments}: {message}");
    for part in parts {
        assert!(
            message.contains(part),
            "{arguments}: `{part}` is not in {message}"
        );
    }
}

/// JSON from standard output.
pub fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("one JSON document")
}

/// All files of a run that must be reproducible, as (path, bytes), sorted.
pub fn reproducible_files(run: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        "config.toml",
        "manifest.json",
        "metrics.csv",
        "model.safetensors",
    ]
    .into_iter()
    .map(String::from)
    .collect::<Vec<_>>();
    files.push("checkpoint/state.safetensors".into());
    for entry in std::fs::read_dir(run.join("snapshots")).expect("snapshots") {
        let name = entry.expect("entry").file_name();
        files.push(format!("snapshots/{}", name.to_string_lossy()));
    }
    files.sort();
    files
        .into_iter()
        .map(|name| {
            let bytes = std::fs::read(run.join(&name)).expect("a file of the run");
            (name, bytes)
        })
        .collect()
}

/// Fails with the name of the first file that differs.
pub fn assert_same_run(a: &Path, b: &Path) {
    let (a, b) = (reproducible_files(a), reproducible_files(b));
    let names = |files: &[(String, Vec<u8>)]| {
        files
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&a), names(&b));
    for ((name, x), (_, y)) in a.iter().zip(&b) {
        assert!(x == y, "{name} differs");
    }
}
