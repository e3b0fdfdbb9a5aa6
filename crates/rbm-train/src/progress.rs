//! How far long work is, other than training: a bar on a terminal, plain lines otherwise, on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rbm_model::progress::ProgressFn;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Before the first plain line.
const FIRST_LINE: Duration = Duration::from_secs(2);
/// Pause between plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Does work that tells how far it is, and ends the display however that ends.
pub fn with_progress<T>(work: impl FnOnce(&mut ProgressFn<'_>) -> T) -> T {
    let mut progress = Progress::default();
    let result = work(&mut |name, done, total| progress.show(name, done, total));
    progress.finish();
    result
}

/// Shows named stages of work.
pub struct Progress {
    bar: Option<ProgressBar>,
    name: String,
    next_line: Instant,
}

impl Default for Progress {
    fn default() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
            if let Ok(style) =
                ProgressStyle::with_template("{bar:30} {pos}/{len}  {eta} left  {msg}")
            {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            name: String::new(),
            next_line: Instant::now() + FIRST_LINE,
        }
    }
}

impl Progress {
    /// So many steps of `name` are done.
    pub fn show(&mut self, name: &str, done: usize, total: usize) {
        let new = self.name != name;
        if new {
            self.name = name.into();
        }
        if let Some(bar) = &self.bar {
            if new {
                bar.reset();
                bar.set_message(self.name.clone());
            }
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        } else if Instant::now() >= self.next_line {
            self.next_line = Instant::now() + LINE_INTERVAL;
            tracing::info!("{name}: {done}/{total}");
        }
    }

    /// Ends the display.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
