//! How far a run is: a bar on a terminal, plain lines otherwise, on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Pause between plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// How far a run is, told by the thread that trains it and read by another one.
#[derive(Debug, Default)]
pub struct Meter {
    step: AtomicU64,
    total: AtomicU64,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    start: Option<(Instant, u64)>,
    message: String,
}

/// What a [`Meter`] shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Updates made since the start of the run.
    pub step: u64,
    /// Updates of the whole run.
    pub total: u64,
    /// Updates per second in this session.
    pub rate: f64,
    /// Seconds until the end at that rate.
    pub left: f64,
    /// The latest results.
    pub message: String,
}

impl Meter {
    /// How far the run is; nothing before its first update.
    pub fn read(&self) -> Option<Reading> {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, first) = shared.start?;
        let (step, total) = (self.step.load(Relaxed), self.total.load(Relaxed));
        let rate = (step - first) as f64 / start.elapsed().as_secs_f64().max(1e-9);
        Some(Reading {
            step,
            total,
            rate,
            left: total.saturating_sub(step) as f64 / rate.max(1e-9),
            message: shared.message.clone(),
        })
    }

    fn start(&self, step: u64, total: u64) {
        self.step.store(step, Relaxed);
        self.total.store(total, Relaxed);
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.start = Some((Instant::now(), step));
    }
}

/// Progress of a run of known length.
pub struct Progress<'a> {
    bar: Option<ProgressBar>,
    own: Meter,
    meter: Option<&'a Meter>,
    last_line: Instant,
}

impl<'a> Progress<'a> {
    /// Starts at update `step` of `total`; with a meter, only that is told.
    pub fn new(step: u64, total: u64, meter: Option<&'a Meter>) -> Self {
        let shown = meter.is_none() && std::io::stderr().is_terminal();
        let bar = shown.then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8));
            if let Ok(style) = ProgressStyle::with_template(
                "{bar:30} {pos}/{len} updates  {rate}  {eta} left  {msg}",
            ) {
                let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                    // An indicator that cannot be drawn is no reason to stop.
                    let _ = write!(out, "{:.0}/s", state.per_sec());
                };
                bar.set_style(style.with_key("rate", rate));
            }
            bar.set_position(step);
            bar.reset_eta();
            bar
        });
        let progress = Self {
            bar,
            own: Meter::default(),
            meter,
            last_line: Instant::now(),
        };
        progress.meter().start(step, total);
        progress
    }

    fn meter(&self) -> &Meter {
        self.meter.unwrap_or(&self.own)
    }

    /// The latest results, shown beside the progress.
    pub fn set_message(&mut self, message: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(message.clone());
        }
        let shared = &self.meter().shared;
        shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .message = message;
    }

    /// An update was made.
    pub fn tick(&mut self, step: u64) {
        self.meter().step.store(step, Relaxed);
        if let Some(bar) = &self.bar {
            bar.set_position(step);
        } else if self.last_line.elapsed() >= LINE_INTERVAL {
            self.last_line = Instant::now();
            self.line();
        }
    }

    /// Ends the display.
    pub fn finish(&mut self, step: u64) {
        self.meter().step.store(step, Relaxed);
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None => self.line(),
        }
    }

    fn line(&self) {
        if let (None, Some(reading)) = (self.meter, self.own.read()) {
            tracing::info!("{reading}");
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (step, total, rate) = (self.step, self.total, self.rate);
        let left = duration(self.left);
        write!(f, "{step}/{total} updates  {rate:.0}/s  {left} left")?;
        match self.message.as_str() {
            "" => Ok(()),
            message => write!(f, "  {message}"),
        }
    }
}

/// Seconds as `12 s`, `3 min 05 s` or `2 h 10 min`.
pub fn duration(seconds: f64) -> String {
    let s = seconds.round().clamp(0.0, 1e9) as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3600, s / 60 % 60),
    }
}
