//! What goes to standard output and standard error.

use crate::settings::SettingError;
use anyhow::Context;
use rbm_model::ModelError;
use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Bad usage, in the sense of exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Sends log lines to standard error; `RUST_LOG` chooses what (default: information).
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .with_level(false)
        .with_ansi(false)
        // A line that cannot be written would else be told by `eprintln!`, which panics where standard error is lost.
        .log_internal_errors(false)
        .finish();
    // A second subscriber is refused; the first one stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Prints one JSON document, and nothing else, on standard output.
pub fn json<T: Serialize>(document: &T) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec_pretty(document)?;
    text.push(b'\n');
    print(&text)
}

/// Prints lines for a person on standard output.
pub fn lines<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> anyhow::Result<()> {
    let mut text = String::new();
    for line in lines {
        text += line.as_ref();
        text.push('\n');
    }
    print(text.as_bytes())
}

/// Who reads no further has seen enough: that is no error, and what is still to be done is done.
fn print(text: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

/// Says what failed, with its causes, and gives the exit code.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    let device = matches!(error.downcast_ref(), Some(ModelError::UnknownDevice { .. }));
    let usage = device || error.is::<SettingError>() || error.is::<UsageError>();
    // Standard error may be closed; there is nowhere else to say so.
    let _ = writeln!(std::io::stderr(), "error: {text}");
    ExitCode::from(if usage { 2 } else { 1 })
}
