//! What is shown while a sweep runs: a line per run on a terminal, plain lines otherwise, on standard
//! error.

use super::event::{Event, State};
use crate::observers::{Meter, duration};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Pause between plain lines about the runs.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// The runs of a sweep by name, and how far they are.
pub struct ProgressTable {
    names: Vec<String>,
    bars: Option<Bars>,
    running: Vec<usize>,
    /// Finished, and ended in another way.
    ended: (usize, usize),
    start: Instant,
    last_line: Instant,
}

struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    runs: Vec<Option<ProgressBar>>,
}

impl ProgressTable {
    /// Nothing is shown yet.
    pub fn new(names: Vec<String>) -> Self {
        let bars = std::io::stderr().is_terminal().then(|| {
            let all = MultiProgress::new();
            let total = all.add(ProgressBar::no_length());
            total.set_style(style("{wide_msg}"));
            Bars {
                all,
                total,
                runs: vec![None; names.len()],
            }
        });
        Self {
            names,
            bars,
            running: Vec::new(),
            ended: (0, 0),
            start: Instant::now(),
            last_line: Instant::now(),
        }
    }

    pub(super) fn notify(&mut self, event: &Event, meters: &[Meter]) {
        match event {
            Event::Started { run, threads } => {
                self.running.push(*run);
                let (name, text) = (&self.names[*run], threads_text(*threads));
                match &mut self.bars {
                    Some(bars) => {
                        let bar = ProgressBar::no_length();
                        let bar = bars.all.insert_before(&bars.total, bar);
                        bar.set_style(style("  {prefix}  {bar:20} {wide_msg}"));
                        bar.set_prefix(name.clone());
                        bar.set_message(format!("starts on {text}"));
                        bars.runs[*run] = Some(bar);
                    }
                    None => tracing::info!("{name}: starts on {text}"),
                }
            }
            Event::Busy { run } => {
                let name = &self.names[*run];
                self.print_line(&format!(
                    "{name}: another process trains it; left for later"
                ));
                self.remove(*run);
            }
            Event::Lost { run, device, why } => {
                let name = &self.names[*run];
                self.print_line(&format!(
                    "{name}: {device} is lost ({why}); waits for another device"
                ));
                self.remove(*run);
            }
            Event::Ended { run, ended } => {
                let name = &self.names[*run];
                let state = match (ended.state, &ended.outcome) {
                    (State::Finished, None) => "finished before".to_string(),
                    (state, None) => text(state).to_string(),
                    (state, Some(outcome)) => format!(
                        "{} after update {}, {}",
                        text(state),
                        outcome.step,
                        duration(outcome.seconds)
                    ),
                };
                let why = ended.why.iter().map(|why| format!(": {why}"));
                self.print_line(&format!("{name}: {state}{}", why.collect::<String>()));
                self.remove(*run);
                match ended.state {
                    State::Finished => self.ended.0 += 1,
                    _ => self.ended.1 += 1,
                }
            }
        }
        if self.bars.is_some() {
            self.refresh(meters);
        }
    }

    /// Shows how far the runs are now.
    pub(super) fn refresh(&mut self, meters: &[Meter]) {
        let (finished, other) = self.ended;
        let count = self.names.len();
        let total = format!(
            "{finished} of {count} runs finished, {} running, {} waiting{}; {}",
            self.running.len(),
            count - finished - other - self.running.len(),
            match other {
                0 => String::new(),
                _ => format!(", {other} not finished"),
            },
            duration(self.start.elapsed().as_secs_f64()),
        );
        let readings = self.running.iter().map(|run| (*run, meters[*run].read()));
        if let Some(bars) = &self.bars {
            for (run, reading) in readings {
                if let (Some(bar), Some(reading)) = (&bars.runs[run], reading) {
                    bar.set_length(reading.total);
                    bar.set_position(reading.step);
                    bar.set_message(reading.to_string());
                }
            }
            bars.total.set_message(total);
        } else if self.last_line.elapsed() >= LINE_INTERVAL {
            self.last_line = Instant::now();
            tracing::info!("{total}");
            for (run, reading) in readings {
                if let Some(reading) = reading {
                    tracing::info!("  {}: {reading}", self.names[run]);
                }
            }
        }
    }

    pub(super) fn finish(self) {
        if let Some(bars) = &self.bars {
            bars.total.finish_and_clear();
        }
    }

    fn remove(&mut self, run: usize) {
        self.running.retain(|other| *other != run);
        if let Some(bars) = &mut self.bars
            && let Some(bar) = bars.runs[run].take()
        {
            bar.finish_and_clear();
            bars.all.remove(&bar);
        }
    }

    fn print_line(&self, line: &str) {
        match &self.bars {
            // A line that cannot be shown is no reason to stop the runs.
            Some(bars) => drop(bars.all.println(line)),
            None => tracing::info!("{line}"),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn threads_text(threads: usize) -> String {
    match threads {
        1 => "1 thread".into(),
        _ => format!("{threads} threads"),
    }
}

/// A state in a word or two.
pub fn text(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Finished => "finished",
        State::Stopped => "stopped",
        State::Diverged => "diverged",
        State::Failed => "failed",
    }
}
