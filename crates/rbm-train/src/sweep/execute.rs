//! Doing the runs of a sweep.

use super::event::{Event, RunOutcome, State};
use super::parallelism::Parallelism;
use super::plan::PlannedRun;
use super::progress_table::ProgressTable;
use crate::checkpoint::{RunDir, RunError, Status, open_lock};
use crate::observers::Meter;
use crate::session::{self, SessionOptions};
use crate::trainer::StopReason;
use anyhow::{Context, anyhow};
use burn::tensor::Tensor;
use rbm_model::device;
use rbm_model::error::ModelError;
use std::collections::VecDeque;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Pause before a run that another process trains is looked at again.
const BUSY_PAUSE: Duration = Duration::from_millis(300);
/// Pause between two looks at the meters.
const REFRESH: Duration = Duration::from_millis(200);

/// What to do.
#[derive(Debug, Clone)]
pub struct SweepJob<'a> {
    /// The directory of the sweep.
    pub out: &'a Path,
    /// Its runs, or those of a shard.
    pub runs: Vec<&'a PlannedRun>,
    /// Runs at once, and threads.
    pub parallelism: Parallelism,
    /// Devices that the runs are spread over, one worker each in turn; none: each run on its own.
    pub devices: &'a [String],
    /// Whether each run gets a report of its own.
    pub reports: bool,
    /// Set to stop all runs after their current update.
    pub stop: &'a AtomicBool,
}

impl SweepJob<'_> {
    /// The directory of a run.
    pub fn root(&self, run: usize) -> PathBuf {
        self.out.join("runs").join(&self.runs[run].name)
    }
}

/// Does the runs, several at once, and says how each ended, in their job.
///
/// Finished runs are not touched, begun ones go on from their checkpoint. A run that another process
/// trains is left until the end, then waited for.
///
/// # Errors
/// The directory cannot be locked or cleaned. What goes wrong in a run is told in its [`RunOutcome`].
pub fn execute(job: &SweepJob<'_>, mut progress: ProgressTable) -> anyhow::Result<Vec<RunOutcome>> {
    let _working = lock(job.out)?;
    let meters: Vec<Meter> = job.runs.iter().map(|_| Meter::default()).collect();
    let queue = Queue {
        waiting: Mutex::new((0..job.runs.len()).map(|run| (run, false)).collect()),
        running: AtomicUsize::new(0),
    };
    let mut ended = vec![RunOutcome::new(State::Waiting); job.runs.len()];
    std::thread::scope(|scope| {
        let (notify, events) = channel();
        for worker in 0..job.parallelism.jobs {
            let (notify, queue, meters) = (notify.clone(), &queue, &meters);
            let device = job.devices.iter().cycle().nth(worker).map(String::as_str);
            scope.spawn(move || work(job, device, queue, meters, &notify));
        }
        drop(notify);
        // A run whose device is lost waits again; if no worker is left, that is how it ended.
        loop {
            match events.recv_timeout(REFRESH) {
                Ok(event) => {
                    progress.notify(&event, &meters);
                    match event {
                        Event::Ended { run, ended: how } => ended[run] = how,
                        Event::Lost { run, why, .. } => ended[run] = RunOutcome::failed(why),
                        Event::Started { .. } | Event::Busy { .. } => {}
                    }
                }
                Err(RecvTimeoutError::Timeout) => progress.refresh(&meters),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    progress.finish();
    Ok(ended)
}

/// Says that a process works here. The first one removes what killed ones were making.
fn lock(out: &Path) -> anyhow::Result<File> {
    let path = out.join("lock");
    let cannot = || format!("cannot lock {}", path.display());
    let file = open_lock(&path).with_context(cannot)?;
    if file.try_lock().is_ok() {
        let runs = out.join("runs");
        for entry in std::fs::read_dir(&runs).with_context(|| runs.display().to_string())? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(".new-run-") {
                std::fs::remove_dir_all(entry.path())
                    .with_context(|| format!("cannot remove {}", entry.path().display()))?;
            }
        }
        file.unlock().with_context(cannot)?;
    }
    file.lock_shared().with_context(cannot)?;
    Ok(file)
}

/// Runs to do, each with whether another process was seen to train it, and how many are being done.
struct Queue {
    waiting: Mutex<VecDeque<(usize, bool)>>,
    running: AtomicUsize,
}

impl Queue {
    /// Takes the next run, which counts as running from then on. Where none waits, the error is how many are
    /// running, which may come back: both seen at one moment, as [`give_back`](Self::give_back) changes both.
    fn take(&self) -> Result<(usize, bool), usize> {
        let mut waiting = self.waiting();
        let Some(next) = waiting.pop_front() else {
            return Err(self.running.load(Ordering::Relaxed));
        };
        self.running.fetch_add(1, Ordering::Relaxed);
        Ok(next)
    }

    /// Puts a run behind the others, with whether another process was seen to train it.
    fn give_back(&self, run: usize, is_busy: bool) {
        let mut waiting = self.waiting();
        waiting.push_back((run, is_busy));
        self.running.fetch_sub(1, Ordering::Relaxed);
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<(usize, bool)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn work(
    job: &SweepJob<'_>,
    device: Option<&str>,
    queue: &Queue,
    meters: &[Meter],
    notify: &Sender<Event>,
) {
    // The receiver outlives all workers.
    let notify = |event| drop(notify.send(event));
    while !job.stop.load(Ordering::Relaxed) {
        let (run, was_busy) = match queue.take() {
            Ok(next) => next,
            // The device of a run that others do may be lost.
            Err(running) if running > 0 && device.is_some() => {
                std::thread::sleep(BUSY_PAUSE);
                continue;
            }
            Err(_) => break,
        };
        if was_busy {
            std::thread::sleep(BUSY_PAUSE);
        }
        let root = job.root(run);
        let mut ended = None;
        if !is_busy(&root) {
            let unfinished = queue.running.load(Ordering::Relaxed) + queue.waiting().len();
            let threads = job.parallelism.threads_of_one(unfinished);
            let there = RunDir::open(&root).and_then(|run| run.manifest());
            if !there.is_ok_and(|manifest| manifest.status == Status::Finished) {
                notify(Event::Started { run, threads });
            }
            ended = do_run(job, run, device, threads, &meters[run]);
        }
        if let (Some(device), Some(end)) = (device, &ended)
            && end.device_lost
        {
            notify(Event::Lost {
                run,
                device: device.into(),
                why: end.why.clone().unwrap_or_default(),
            });
            return queue.give_back(run, false);
        }
        match ended {
            Some(ended) => {
                queue.running.fetch_sub(1, Ordering::Relaxed);
                notify(Event::Ended { run, ended });
            }
            None => {
                if !was_busy {
                    notify(Event::Busy { run });
                }
                queue.give_back(run, true);
            }
        }
    }
}

fn is_busy(root: &Path) -> bool {
    let locked = RunDir::open(root).and_then(|run| run.lock());
    matches!(locked, Err(RunError::Busy { .. }))
}

/// Starts a run or goes on with it, on a pool of its own; none if another process got it first.
fn do_run(
    job: &SweepJob<'_>,
    run: usize,
    device: Option<&str>,
    threads: usize,
    meter: &Meter,
) -> Option<RunOutcome> {
    let ended = guard(|| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        // What a run logs is for its own terminal.
        let silent = tracing::subscriber::NoSubscriber::default();
        pool.install(|| {
            tracing::subscriber::with_default(silent, || train(job, run, device, meter))
        })
    });
    let own = &job.runs[run].settings.training.device;
    let device = device.unwrap_or(own);
    ended.map(|ended| RunOutcome {
        device_lost: ended.device_lost && device.contains("remote:") && !answers(device),
        ..ended
    })
}

/// Whether a device, or each of several that share a model, computes. One that does is not why a run failed; the session of a lost server stays
/// broken, so that opening it again says nothing.
fn answers(device: &str) -> bool {
    let compute = || {
        for name in device.split([',', '+']) {
            let device = device::parse_device(name).ok()?;
            Tensor::<1>::ones([1], &device).try_into_data().ok()?;
        }
        Some(())
    };
    matches!(catch_unwind(compute), Ok(Some(())))
}

/// Errors and panics as ends of the run; none if it belongs to another process.
fn guard(session: impl FnOnce() -> anyhow::Result<RunOutcome>) -> Option<RunOutcome> {
    match catch_unwind(AssertUnwindSafe(session)) {
        Ok(Ok(ended)) => Some(ended),
        Ok(Err(error)) => match error.downcast_ref() {
            Some(RunError::Busy { .. }) => None,
            Some(RunError::Exists { path, .. }) if RunDir::open(path).is_ok() => None,
            _ => Some(RunOutcome {
                device_lost: matches!(error.downcast_ref(), Some(ModelError::Device { .. })),
                ..RunOutcome::failed(format!("{error:#}"))
            }),
        },
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref().copied());
            let text = text.unwrap_or("without a message");
            Some(RunOutcome {
                // Burn panics where a server's answer does not come.
                device_lost: true,
                ..RunOutcome::failed(format!("panicked: {text}"))
            })
        }
    }
}

fn train(
    job: &SweepJob<'_>,
    run: usize,
    device: Option<&str>,
    meter: &Meter,
) -> anyhow::Result<RunOutcome> {
    let (root, mut settings) = (job.root(run), job.runs[run].settings.clone());
    if let Some(device) = device {
        settings.training.device = device.into();
    }
    let options = SessionOptions {
        overwrite: false,
        stop_after: None,
        stop: job.stop,
        from: None,
        meter: Some(meter),
    };
    let (directory, outcome) = match RunDir::open(&root) {
        Err(_) => session::start(&settings, &root, options).map(|(run, how)| (run, Some(how)))?,
        Ok(there) => {
            let before = there.settings()?;
            if !before.is_run_of(&settings) {
                return Err(anyhow!(
                    "{} holds a run with other settings; take it away, or undo the change in its config.toml",
                    root.display()
                ));
            }
            let manifest = there.manifest()?;
            match manifest.status {
                Status::Finished => (there, None),
                Status::Diverged => {
                    return Ok(RunOutcome {
                        why: Some(format!(
                            "diverged in an earlier session, after the checkpoint of update {}; remove {} to try again",
                            manifest.step,
                            root.display()
                        )),
                        ..RunOutcome::new(State::Diverged)
                    });
                }
                Status::Running | Status::Stopped => {
                    let device = Some(settings.training.device.as_str());
                    let changes = session::Changes {
                        device,
                        ..Default::default()
                    };
                    session::resume(&root, changes, options).map(|(run, how)| (run, Some(how)))?
                }
            }
        }
    };
    let (state, why) = match outcome.as_ref().map(|how| &how.reason) {
        None | Some(StopReason::Finished) => (State::Finished, None),
        Some(StopReason::Paused | StopReason::Interrupted) => (State::Stopped, None),
        Some(StopReason::Diverged { step, what, .. }) => {
            (State::Diverged, Some(format!("update {step}: {what}")))
        }
    };
    let fresh = outcome.is_some() || !directory.report_path().join("index.html").exists();
    if job.reports && state == State::Finished && fresh {
        crate::report::write_run_report(&directory, Default::default())?;
    }
    Ok(RunOutcome {
        device_lost: false,
        state,
        why,
        outcome,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn errors_and_panics_end_the_run_alone() {
        let why = |session: fn() -> anyhow::Result<RunOutcome>| {
            let ended = guard(session).unwrap();
            assert_eq!(ended.state, State::Failed);
            ended.why.unwrap()
        };
        let disk = || Err(anyhow!("disk full").context("cannot write model"));
        assert_eq!(why(disk), "cannot write model: disk full");
        assert_eq!(why(|| panic!("number {}", 7)), "panicked: number 7");
        assert_eq!(why(|| panic!("plain")), "panicked: plain");
        let finished = guard(|| Ok(RunOutcome::new(State::Finished)));
        assert_eq!(finished.unwrap().state, State::Finished);
        let path = PathBuf::from("run");
        assert!(guard(|| Err(RunError::Busy { path }.into())).is_none());
    }

    #[test]
    fn a_device_that_computes_is_not_lost() {
        assert!(answers(&Settings::default().training.device));
        assert!(!answers("remote:ws://127.0.0.1:1") && !answers("none"));
    }
}
