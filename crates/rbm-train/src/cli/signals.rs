//! Signals that ask the program to stop.

use anyhow::Context;
use rbm_figures::atomic;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[cfg(unix)]
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// How soon a signal is noticed.
const NOTICED: Duration = Duration::from_millis(50);

/// How long an update may still take that a signal has asked to be the last.
const PATIENCE: Duration = Duration::from_secs(5);

/// Set by the first signal.
static STOP: AtomicBool = AtomicBool::new(false);
/// What is left when a signal ends the program; none while training is to stop by itself.
static LEFT: Mutex<Option<String>> = Mutex::new(None);

/// For training: the first signal (Ctrl-C, termination, a lost terminal) finishes the update and saves, or stops at the last
/// checkpoint if that takes more than 5 seconds; the second one stops at once.
///
/// Signals that the process was started to ignore (under `nohup`, or in the background of a script) stay ignored,
/// where the system (Linux) tells which.
pub fn stop_on_signals() -> anyhow::Result<&'static AtomicBool> {
    listen()?;
    Ok(&STOP)
}

/// From here on the first signal ends the program as soon as no file is being written, with exit code 1; `left` says what
/// is left then. So does one that came before.
pub fn end_on_signals(left: impl Into<String>) -> anyhow::Result<()> {
    *LEFT.lock().unwrap_or_else(PoisonError::into_inner) = Some(left.into());
    listen()?;
    end_if_asked();
    Ok(())
}

fn listen() -> anyhow::Result<()> {
    static LISTENING: AtomicBool = AtomicBool::new(false);
    if LISTENING.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    for signal in heard() {
        // In this order: what the first signal sets is what the second one finds.
        flag::register_conditional_shutdown(signal, 1, &STOP)
            .and_then(|_| flag::register(signal, &STOP))
            .context("cannot listen to signals")?;
    }
    std::thread::spawn(|| {
        while !STOP.load(Ordering::SeqCst) {
            std::thread::sleep(NOTICED);
        }
        end_if_asked();
        tracing::warn!("stopping after this update (again to stop at once)");
        std::thread::sleep(PATIENCE);
        let _whole = atomic::hold();
        tracing::warn!(
            "stopped within an update, which takes long: what came after the last checkpoint is to be done again"
        );
        std::process::exit(1);
    });
    Ok(())
}

/// Ends the program if a signal came and nothing is to be finished.
fn end_if_asked() {
    let left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    if let (true, Some(left)) = (STOP.load(Ordering::SeqCst), &*left) {
        let _whole = atomic::hold();
        tracing::warn!("stopped: {left}");
        std::process::exit(1);
    }
}

/// For what only waits: the first signal ends the program, exit code 0.
#[cfg(feature = "remote")]
pub fn end_waiting_on_signals() -> anyhow::Result<()> {
    static AT_ONCE: AtomicBool = AtomicBool::new(true);
    for signal in heard() {
        flag::register_conditional_shutdown(signal, 0, &AT_ONCE)
            .context("cannot listen to signals")?;
    }
    Ok(())
}

/// The signals that the process was not started to ignore.
fn heard() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let heard = SIGNALS.into_iter();
    heard
        .filter(|signal| !is_ignored(&status, *signal))
        .collect()
}

/// Whether a signal is among those that a process ignores, as Linux says in its `status`: a bit each, from the lowest for
/// signal 1.
fn is_ignored(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::is_ignored;

    #[test]
    fn ignored_signals_are_read_from_the_mask() {
        // Signals 1 (hang-up), 2 (interrupt) and 13 (pipe).
        let status = "Name:\ta\nSigBlk:\t00000000ffffffff\nSigIgn:\t0000000000001003\nSigCgt:\t0000000000004000\n";
        let ignored: Vec<i32> = (1..=64).filter(|s| is_ignored(status, *s)).collect();
        assert_eq!(ignored, [1, 2, 13]);
        for unknown in ["", "SigIgn:\tx\n"] {
            assert!(!is_ignored(unknown, 1));
        }
    }
}
