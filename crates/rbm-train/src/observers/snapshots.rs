//! Models kept along the way.

use super::{Moment, Observer};
use crate::checkpoint::{RunDir, RunError};
use crate::state::State;

/// Writes `snapshots/step-NNNNNNNN.safetensors`.
#[derive(Debug, Clone)]
pub struct Snapshots {
    /// Where to.
    pub run: RunDir,
}

impl Observer for Snapshots {
    fn observe(&mut self, state: &State, _moment: Moment) -> Result<(), RunError> {
        let model = rbm_model::file::container(&state.rbm)?;
        self.run
            .write_tensors(&self.run.snapshot_path(state.step), &model)
    }
}
