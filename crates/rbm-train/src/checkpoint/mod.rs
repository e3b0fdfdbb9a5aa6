//! Run directories: everything a run leaves on disk, and how to go on from it.

mod contents;
mod lock;
mod manifest;
mod reader;
mod run_dir;
mod state;

pub use lock::open_lock;
pub use manifest::{Manifest, Parent, Status};
pub use run_dir::{RunDir, RunError};
pub use state::{ARITHMETIC, Checkpoint, state_container};
