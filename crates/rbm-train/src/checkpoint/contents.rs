//! Which files of a directory are those of a run.

use rbm_figures::atomic;
use std::io;
use std::path::Path;

/// Names that a message gives.
const NAMED: usize = 3;

/// Names what a run directory holds beside the files that training, `sample`, `evaluate` and `report` put there; `None` if
/// that is nothing.
///
/// # Errors
/// What the system said.
pub fn foreign(root: &Path) -> io::Result<Option<String>> {
    let mut found = Vec::new();
    look_into(root, &mut Vec::new(), &mut found)?;
    found.sort();
    let more = found.len().saturating_sub(NAMED);
    let named: Vec<String> = found
        .into_iter()
        .take(NAMED)
        .map(|name| format!("`{name}`"))
        .collect();
    let named = named.join(", ");
    Ok(match (named.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(named),
        (false, _) => Some(format!("{named} and {more} more")),
    })
}

/// Goes through a directory; `parts` is the way to it from the run.
fn look_into(directory: &Path, parts: &mut Vec<String>, found: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        parts.push(entry.file_name().to_string_lossy().into_owned());
        let names: Vec<&str> = parts.iter().map(String::as_str).collect();
        // Of a link, the type is neither: where it leads is not the run's.
        let kind = entry.file_type()?;
        if kind.is_dir() && is_own_directory(&names) {
            look_into(&entry.path(), parts, found)?;
        } else if !(kind.is_file() && is_own_file(&names)) {
            found.push(parts.join("/"));
        }
        parts.pop();
    }
    Ok(())
}

fn is_own_directory(parts: &[&str]) -> bool {
    matches!(
        parts,
        ["snapshots" | "checkpoint" | "report" | "samples"]
            | ["samples", "quality"]
            | ["report", "figures" | "data"]
            | ["samples", "quality", "figures" | "data"]
    )
}

fn is_own_file(parts: &[&str]) -> bool {
    match parts {
        // What a killed process was writing.
        [.., name] if atomic::is_leftover(name) => true,
        ["report", rest @ ..] | ["samples", "quality", rest @ ..] => is_of_report(rest),
        ["snapshots", name] => name.starts_with("step-") && name.ends_with(".safetensors"),
        ["checkpoint", name] => matches!(*name, "state.safetensors" | "lock"),
        ["samples", name] => matches!(
            *name,
            "samples.npy"
                | "samples.png"
                | "quality.json"
                | "clamped-probabilities.npy"
                | "clamped-samples.npy"
                | "clamped.png"
        ),
        [name] => matches!(
            *name,
            "config.toml"
                | "manifest.json"
                | "metrics.csv"
                | "timing.csv"
                | "likelihood.csv"
                | "evaluation.json"
                | "features-train.npy"
                | "features-test.npy"
                | "likelihood-path.csv"
                | "measurements.json"
                | "model.safetensors"
        ),
        _ => false,
    }
}

fn is_of_report(parts: &[&str]) -> bool {
    match parts {
        ["figures", name] => name.ends_with(".svg") || name.ends_with(".tex"),
        ["data", name] => name.ends_with(".csv"),
        [name] => *name == "index.html",
        _ => false,
    }
}
