//! Where and when a run was trained.

use super::Brief;
use crate::checkpoint::{Manifest, RunDir};
use rbm_figures::number::readable;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where and when a run was trained, and how to do it again.
pub(super) fn about(brief: &mut Brief, run: &RunDir, manifest: &Manifest) {
    let modified = std::fs::metadata(run.state_path()).and_then(|file| file.modified());
    if let Some(date) = modified.ok().and_then(date) {
        brief.row("Last checkpoint", date);
    }
    if let Some(seconds) = training_seconds(run) {
        brief.row("Training took", crate::observers::duration(seconds));
    }
    let root = std::path::absolute(run.root()).unwrap_or_else(|_| run.root().to_path_buf());
    brief.row("Directory", root.display().to_string());
    let from = manifest.parent.as_ref().map(|parent| {
        let step = match parent.step {
            Some(step) => format!(" after {} updates", readable(step as f64)),
            None => String::new(),
        };
        brief.row(
            "Started from",
            format!("{}{step}, SHA-256 {}", parent.path, parent.sha256),
        );
        format!(" --from {}", parent.path)
    });
    brief.row(
        "The same again",
        format!(
            "`rbm-train train --config {}{}`",
            root.join("config.toml").display(),
            from.unwrap_or_default()
        ),
    );
    brief.row(
        "Trained with",
        format!("rbm-train {} on {}", manifest.version, manifest.device),
    );
    let mut machine = vec![
        std::env::consts::OS.to_owned(),
        std::env::consts::ARCH.to_owned(),
    ];
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    machine.extend(name.map(|name| name.trim_start_matches([' ', '\t', ':']).to_owned()));
    machine.extend(manifest.adapter.clone());
    brief.row(
        "Page made with",
        format!(
            "rbm-train {} on {}",
            env!("CARGO_PKG_VERSION"),
            machine.join(", ")
        ),
    );
}

/// A time as date and time of day, in UTC.
fn date(time: SystemTime) -> Option<String> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let (mut days, of_day) = (seconds / 86_400, seconds % 86_400);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute) = (of_day / 3600, of_day / 60 % 60);
    Some(format!(
        "{year}-{month:02}-{:02} {hour:02}:{minute:02} UTC",
        days + 1
    ))
}

/// Seconds that training and its monitoring took, of all sessions.
fn training_seconds(run: &RunDir) -> Option<f64> {
    let text = std::fs::read_to_string(run.timing_path()).ok()?;
    let mut sessions = std::collections::BTreeMap::new();
    for line in text.lines().skip(1) {
        let mut cells = line.split(',');
        let start: u64 = cells.next()?.parse().ok()?;
        let seconds: f64 = cells.nth(1)?.parse().ok()?;
        sessions.insert(start, seconds);
    }
    (!sessions.is_empty()).then(|| sessions.values().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let of = |seconds| date(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        assert_eq!(of(0), "1970-01-01 00:00 UTC");
        assert_eq!(of(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(of(1_798_761_599), "2026-12-31 23:59 UTC");
    }
}
