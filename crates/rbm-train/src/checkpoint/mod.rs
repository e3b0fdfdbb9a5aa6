//! Run directories: everything a run leaves on disk, and how to go on from it.

pub mod atomic;
mod contents;
mod manifest;
mod reader;
mod run_dir;
mod state_file;

pub use manifest::{Manifest, Status};
pub use run_dir::{RunDir, RunError};
pub use state_file::{Saved, read_state, state_container};
