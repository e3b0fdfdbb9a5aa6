//! What goes to standard output and standard error.

use crate::settings::SettingError;
use serde::Serialize;
use std::io::Write;
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
        .finish();
    // A second subscriber is refused; the first one stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Prints one JSON document, and nothing else, on standard output.
pub fn json<T: Serialize>(document: &T) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, document)?;
    writeln!(out)?;
    Ok(())
}

/// Prints lines for a person on standard output.
pub fn lines<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{}", line.as_ref())?;
    }
    Ok(())
}

/// Says what failed, with its causes, and gives the exit code.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    if let Some(error) = error.downcast_ref::<std::io::Error>()
        && error.kind() == std::io::ErrorKind::BrokenPipe
    {
        return ExitCode::SUCCESS;
    }
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    let usage = error.is::<SettingError>() || error.is::<UsageError>();
    // Standard error may be closed; there is nowhere else to say so.
    let _ = writeln!(std::io::stderr(), "error: {text}");
    ExitCode::from(if usage { 2 } else { 1 })
}
