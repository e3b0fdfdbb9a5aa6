//! What happens to the runs of a sweep.

use crate::trainer::Outcome;
use serde::Serialize;

/// How far a run of a sweep got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not begun, since the sweep was stopped before.
    Waiting,
    /// All epochs done.
    Finished,
    /// Stopped at a checkpoint.
    Stopped,
    /// Parameters were not finite or exploded.
    Diverged,
    /// An error or a panic.
    Failed,
}

/// How a run of a sweep ended.
#[derive(Debug, Clone)]
pub struct RunOutcome {
    /// How far it got.
    pub state: State,
    /// Why, where it is not finished.
    pub why: Option<String>,
    /// How the session went; none if there was nothing to do.
    pub outcome: Option<Outcome>,
    /// Whether it failed because its device's server is not there, or not any more.
    pub device_lost: bool,
}

impl RunOutcome {
    pub(super) fn new(state: State) -> Self {
        Self {
            state,
            why: None,
            outcome: None,
            device_lost: false,
        }
    }

    pub(super) fn failed(why: String) -> Self {
        Self {
            why: Some(why),
            ..Self::new(State::Failed)
        }
    }
}

/// What a worker tells.
pub(super) enum Event {
    /// A run starts or goes on.
    Started { run: usize, threads: usize },
    /// Another process trains it; it is looked at again when nothing else is left to do.
    Busy { run: usize },
    /// The device of a run is gone; the run goes on elsewhere, if there is a device left.
    Lost {
        run: usize,
        device: String,
        why: String,
    },
    /// A run has ended.
    Ended { run: usize, ended: RunOutcome },
}
