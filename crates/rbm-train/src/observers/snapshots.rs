//! Models kept along the way.

use super::{Moment, Observer};
use crate::checkpoint::{RunDir, RunError};
use crate::state::State;
use std::path::PathBuf;

/// Writes `snapshots/step-NNNNNNNN.safetensors`.
#[derive(Debug)]
pub struct Snapshots {
    run: RunDir,
    unsynced: Vec<PathBuf>,
}

impl Snapshots {
    /// Of a run.
    pub fn new(run: RunDir) -> Self {
        Self {
            run,
            unsynced: Vec::new(),
        }
    }
}

impl Observer for Snapshots {
    fn observe(&mut self, state: &State, _moment: Moment) -> Result<(), RunError> {
        let model = rbm_model::file::container(&state.rbm)?;
        let path = self.run.snapshot_path(state.step);
        self.run.write_tensors_unsynced(&path, &model)?;
        self.unsynced.push(path);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), RunError> {
        self.run.sync(&std::mem::take(&mut self.unsynced))
    }
}
