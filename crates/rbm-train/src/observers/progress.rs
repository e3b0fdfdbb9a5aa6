//! How far a run is: a bar on a terminal, plain lines otherwise, on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Pause between plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Progress of a run of known length.
pub struct Progress {
    bar: Option<ProgressBar>,
    start: Instant,
    start_step: u64,
    total: u64,
    last_line: Instant,
    message: String,
}

impl Progress {
    /// Starts at update `step` of `total`.
    pub fn new(step: u64, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8));
            if let Ok(style) = ProgressStyle::with_template(
                "{bar:30} {pos}/{len} updates  {per_sec}  {eta} left  {msg}",
            ) {
                bar.set_style(style);
            }
            bar.set_position(step);
            bar.reset_eta();
            bar
        });
        let now = Instant::now();
        Self {
            bar,
            start: now,
            start_step: step,
            total,
            last_line: now,
            message: String::new(),
        }
    }

    /// The latest results, shown beside the progress.
    pub fn set_message(&mut self, message: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(message.clone());
        }
        self.message = message;
    }

    /// An update was made.
    pub fn tick(&mut self, step: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(step);
        } else if self.last_line.elapsed() >= LINE_INTERVAL {
            self.last_line = Instant::now();
            self.line(step);
        }
    }

    /// Ends the display.
    pub fn finish(&mut self, step: u64) {
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None => self.line(step),
        }
    }

    fn line(&self, step: u64) {
        let seconds = self.start.elapsed().as_secs_f64();
        let rate = (step - self.start_step) as f64 / seconds.max(1e-9);
        let left = (self.total.saturating_sub(step)) as f64 / rate.max(1e-9);
        let separator = if self.message.is_empty() { "" } else { "  " };
        tracing::info!(
            "{step}/{} updates  {rate:.0}/s  {} left{separator}{}",
            self.total,
            duration(left),
            self.message
        );
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
