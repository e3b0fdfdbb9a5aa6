//! The training loop: batches in order, updates, observers when due, checkpoints.

use crate::checkpoint::{Manifest, RunDir, RunError, Status, state_container};
use crate::data::BinaryDataset;
use crate::learner::Batch;
use crate::observers::{
    Cadence, Likelihood, Meter, Metrics, MetricsLog, MetricsRow, Moment, Observer, Progress,
    Snapshots,
};
use crate::settings::Settings;
use crate::state::State;
use rbm_model::Rbm;
use rbm_model::noise::{shuffle, stream};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Updates between checks that the parameters are finite and bounded.
const HEALTH_INTERVAL: u64 = 200;

/// Why training stopped.
///
/// # Examples
/// ```
/// use rbm_train::{Settings, StopReason, Training, data::bars_and_stripes};
/// let (mut settings, data) = (Settings::default(), bars_and_stripes(2)?);
/// settings.model.hidden = 3;
/// settings.training.epochs = Some(100);
/// let reason = |settings: &Settings| Training::new(settings, &data).run().map(|trained| trained.reason);
/// assert!(matches!(reason(&settings)?, StopReason::Finished));
/// // Weights beyond `training.weight_limit`: an end, not an error.
/// settings.optimizer.learning_rate = 1e6;
/// assert!(matches!(reason(&settings)?, StopReason::Diverged { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum StopReason {
    /// All epochs are done.
    Finished,
    /// The epochs asked for in this session are done, the run is not.
    Paused,
    /// Asked to stop.
    Interrupted,
    /// Parameters are not finite or too large.
    Diverged {
        /// Update after which that was seen.
        step: u64,
        /// What was seen.
        what: String,
        /// Update of the last good checkpoint.
        checkpoint: u64,
    },
}

/// How a session of training went.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why it stopped.
    pub reason: StopReason,
    /// Updates made since the start of the run.
    pub step: u64,
    /// Wall time of this session, in seconds.
    pub seconds: f64,
    /// Part of it that went into monitoring and saving.
    pub monitoring_seconds: f64,
    /// Updates per second in this session.
    pub updates_per_second: f64,
}

impl Outcome {
    /// That of a run which was finished before.
    pub fn nothing_to_do(step: u64) -> Self {
        Self {
            reason: StopReason::Finished,
            step,
            seconds: 0.0,
            monitoring_seconds: 0.0,
            updates_per_second: 0.0,
        }
    }
}

/// Observers with the times at which they are due.
type Observers<'a> = Vec<(Vec<Cadence>, Box<dyn Observer + 'a>)>;

/// Everything a session of training works with.
pub struct Trainer<'a> {
    /// Settings of the run.
    pub settings: &'a Settings,
    /// Its data.
    pub data: &'a BinaryDataset,
    /// Where it lives, and its identity, of which status and step are kept up to date; without, it leaves no file.
    pub home: Option<(RunDir, Manifest)>,
    /// Set to stop after the current update.
    pub stop: &'a AtomicBool,
    /// Stop when this many epochs of the run are done, to go on later.
    pub stop_after: Option<usize>,
    /// Where progress is told instead of shown.
    pub meter: Option<&'a Meter>,
    /// Told of each evaluation; may stop the run after the update.
    pub on_evaluation: Option<OnEvaluation<'a>>,
}

/// What hears of each evaluation.
pub type OnEvaluation<'a> = Box<dyn FnMut(&MetricsRow) -> ControlFlow<()> + 'a>;

/// What a session of training leaves.
pub struct Session {
    /// How it went.
    pub outcome: Outcome,
    /// The end of the run so far.
    pub state: State,
    /// All evaluations of the run so far.
    pub log: MetricsLog,
}

impl<'a> Trainer<'a> {
    /// Updates per epoch; the last batch may be smaller than the others.
    pub fn steps_per_epoch(&self) -> u64 {
        self.settings.updates_per_epoch(self.data.train.rows()) as u64
    }

    /// Trains until a reason to stop.
    ///
    /// # Errors
    /// [`RunError`] when a file cannot be written; what was written before is intact.
    pub fn run(&mut self, mut state: State, log: MetricsLog) -> Result<Session, RunError> {
        let start = Instant::now();
        let first_step = state.step;
        let per_epoch = self.steps_per_epoch();
        let total = per_epoch * self.settings.epochs() as u64;
        let end = self.stop_after.map_or(total, |epochs| {
            total.min(per_epoch.saturating_mul(epochs as u64))
        });
        // What is done stays done: a finished run is not stopped by an earlier end.
        let end = end.max(first_step.min(total));
        let log = Rc::new(RefCell::new(log));
        let mut observers = self.observers(&log, first_step)?;
        let mut progress = Progress::new(state.step, total, self.meter);
        let mut monitoring = Duration::ZERO;
        let mut saved = (state.step, Instant::now());
        let mut order = Vec::new();
        let earlier = match (&self.home, first_step) {
            (Some((run, _)), 1..) => std::fs::read_to_string(run.timing_path()).unwrap_or_default(),
            _ => String::from("session_start,step,seconds,monitoring_seconds\n"),
        };
        let mut timing = Vec::new();
        if state.step == 0 {
            let began = Instant::now();
            for (_, observer) in &mut observers {
                observer.observe(&state, self.moment(0))?;
            }
            monitoring += began.elapsed();
        }
        let mut asked_to_stop = self.tell(&log, first_step);
        if first_step > 0 {
            // A kill may have come after the checkpoint and before the files that follow it.
            self.save(&state)?;
        }
        let mut reason = (state.step >= end).then(|| self.end_reason(end, total));
        while reason.is_none() {
            let (epoch, position) = (state.step / per_epoch, state.step % per_epoch);
            if position == 0 || order.is_empty() {
                let rows = self.data.train.rows() as u32;
                order = shuffle(self.settings.training.seed, stream::SHUFFLE, epoch, rows);
            }
            let rows = self.rows(&order, position as usize);
            let batch = Batch::new(self.data.train.select(rows), rows.to_vec());
            let rate = self.learning_rate(state.step);
            state = state.update(self.settings, batch, rate);

            let step = state.step;
            let began = Instant::now();
            let asked = asked_to_stop || self.stop.load(Ordering::Relaxed);
            if step >= end {
                reason = Some(self.end_reason(end, total));
            } else if asked {
                reason = Some(StopReason::Interrupted);
            }
            let save = reason.is_some()
                || saved.1.elapsed().as_secs_f64() >= self.settings.monitor.checkpoint_seconds;
            let due: Vec<usize> = (0..observers.len())
                .filter(|o| observers[*o].0.iter().any(|c| c.is_due(step)))
                .collect();
            let check = save || !due.is_empty() || step.is_multiple_of(HEALTH_INTERVAL);
            if check && let Some(what) = unhealthy(&state.rbm, self.settings.training.weight_limit)
            {
                reason = Some(StopReason::Diverged {
                    step,
                    what,
                    checkpoint: saved.0,
                });
                break;
            }
            for index in due {
                observers[index].1.observe(&state, self.moment(step))?;
            }
            if let Some(row) = log.borrow().rows.last().filter(|row| row.step == step) {
                progress.set_message(summary(row));
            }
            asked_to_stop |= self.tell(&log, step);
            if save {
                sync(&mut observers)?;
                self.save(&state)?;
                saved = (step, Instant::now());
            }
            monitoring += began.elapsed();
            if save {
                timing.push((step, start.elapsed(), monitoring));
                self.write_timing(&earlier, first_step, &timing)?;
            }
            progress.tick(step);
        }
        progress.finish(state.step);
        sync(&mut observers)?;
        let reason = reason.unwrap_or(StopReason::Finished);
        if let Some((run, manifest)) = &mut self.home {
            manifest.status = match reason {
                StopReason::Finished => Status::Finished,
                StopReason::Paused | StopReason::Interrupted => Status::Stopped,
                StopReason::Diverged { .. } => Status::Diverged,
            };
            run.write_manifest(manifest)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        let outcome = Outcome {
            reason,
            step: state.step,
            seconds,
            monitoring_seconds: monitoring.as_secs_f64(),
            updates_per_second: (state.step - first_step) as f64 / seconds.max(1e-9),
        };
        drop(observers);
        let log = log.take();
        Ok(Session {
            outcome,
            state,
            log,
        })
    }

    /// Tells of an evaluation at an update, if there was one; whether to stop.
    fn tell(&mut self, log: &RefCell<MetricsLog>, step: u64) -> bool {
        let log = log.borrow();
        let row = log.rows.last().filter(|row| row.step == step);
        match (row, &mut self.on_evaluation) {
            (Some(row), Some(hear)) => hear(row).is_break(),
            _ => false,
        }
    }

    /// Writes the complete state, the model alone, and how far the run is.
    ///
    /// # Errors
    /// [`RunError`]; the previous checkpoint is then as it was.
    fn save(&mut self, state: &State) -> Result<(), RunError> {
        let Some((run, manifest)) = &mut self.home else {
            return Ok(());
        };
        let whole = state_container(state, self.settings, &manifest.dataset_digest)?;
        run.write_tensors(&run.state_path(), &whole)?;
        let model = rbm_model::file::container(&state.rbm)?;
        run.write_tensors(&run.model_path(), &model)?;
        manifest.step = state.step;
        run.write_manifest(manifest)
    }

    /// Wall times, a row per checkpoint: session, update, seconds since the session's start.
    fn write_timing(
        &self,
        earlier: &str,
        session: u64,
        rows: &[(u64, Duration, Duration)],
    ) -> Result<(), RunError> {
        let Some((run, _)) = &self.home else {
            return Ok(());
        };
        let mut text = earlier.to_string();
        for (step, total, monitoring) in rows {
            let (total, monitoring) = (total.as_secs_f64(), monitoring.as_secs_f64());
            text += &format!("{session},{step},{total:.3},{monitoring:.3}\n");
        }
        run.write(&run.timing_path(), text.as_bytes())
    }

    fn observers(
        &self,
        log: &Rc<RefCell<MetricsLog>>,
        step: u64,
    ) -> Result<Observers<'a>, RunError> {
        let monitor = &self.settings.monitor;
        let cadence = Cadence::of_evaluations(self.settings, self.steps_per_epoch());
        let run = self.home.as_ref().map(|(run, _)| run.clone());
        let metrics = Metrics::new(run.clone(), Rc::clone(log), self.data, monitor);
        let mut observers: Observers<'a> = vec![(cadence.clone(), Box::new(metrics))];
        let Some(run) = run else {
            return Ok(observers);
        };
        observers.push((cadence, Box::new(Snapshots::new(run.clone()))));
        if monitor.likelihood_epochs > 0 {
            let epochs = monitor.likelihood_epochs as u64;
            let every = Cadence::Every(self.steps_per_epoch().saturating_mul(epochs));
            let likelihood = Likelihood::new(run, self.data, self.settings, step)?;
            observers.push((vec![every], Box::new(likelihood)));
        }
        Ok(observers)
    }

    /// The rows of a batch.
    fn rows<'o>(&self, order: &'o [u32], position: usize) -> &'o [u32] {
        let size = self.settings.training.batch_size;
        &order[position * size..order.len().min((position + 1) * size)]
    }

    fn learning_rate(&self, step: u64) -> f64 {
        let optimizer = &self.settings.optimizer;
        let steps = self.steps_per_epoch() * self.settings.schedule_epochs() as u64;
        optimizer.learning_rate * optimizer.schedule.factor(step as f64 / steps as f64)
    }

    fn moment(&self, step: u64) -> Moment {
        Moment {
            epoch: step as f64 / self.steps_per_epoch() as f64,
            learning_rate: self.learning_rate(step.saturating_sub(1)),
        }
    }

    fn end_reason(&self, end: u64, total: u64) -> StopReason {
        if end == total {
            StopReason::Finished
        } else {
            StopReason::Paused
        }
    }
}

/// What observers wrote is on disk before a checkpoint that goes on from there.
fn sync(observers: &mut Observers<'_>) -> Result<(), RunError> {
    let mut all = observers.iter_mut();
    all.try_for_each(|(_, observer)| observer.sync())
}

/// What is wrong with the parameters, if anything is.
fn unhealthy(rbm: &Rbm, limit: f64) -> Option<String> {
    let names = ["weight", "visible bias", "hidden bias"];
    let limits = [limit, f64::INFINITY, f64::INFINITY];
    let all = names.into_iter().zip(rbm.largest_magnitudes()).zip(limits);
    all.into_iter().find_map(|((name, largest), limit)| {
        if !largest.is_finite() {
            Some(format!("the {name}s are no longer finite"))
        } else if largest > limit {
            Some(format!(
                "the largest {name} is {largest:.1}, beyond the limit {limit}"
            ))
        } else {
            None
        }
    })
}

fn summary(row: &MetricsRow) -> String {
    let found = row.pseudo_log_likelihood();
    format!(
        "epoch {:.2}  {} pseudo-log-likelihood {} nats",
        row.epoch,
        found.part,
        found.text(1)
    )
}
