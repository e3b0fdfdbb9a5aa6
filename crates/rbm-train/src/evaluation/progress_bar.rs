//! How far a long evaluation is: a bar on a terminal, plain lines otherwise, on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Pause between plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Shows named stretches of work.
pub struct Progress {
    bar: Option<ProgressBar>,
    name: String,
    last: Instant,
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
            last: Instant::now(),
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
        } else if self.last.elapsed() >= LINE_INTERVAL {
            self.last = Instant::now();
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
