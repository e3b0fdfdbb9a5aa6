//! Sweeps: every combination of settings, several seeds each, as independent runs.
//!
//! ```text
//! DIR/sweep.toml     the whole sweep: all settings, those that vary as arrays, and the replicas
//! DIR/runs/NAME/     a run directory each, named after what varies: hidden-64,seed-1
//! DIR/lock           held while a process works here
//! ```
//!
//! All runs of a process are its own threads, each run on a pool of its own: results do not depend on
//! the number of threads, one signal stops all at a checkpoint, and a killed process leaves nobody
//! behind who still writes. A run that fails, diverges or panics does not touch the others.
//! [`Plan`] says what to run, [`Share`] how many at once, [`execute`] does it.

mod board;
mod execute;
mod plan;
mod presets;
mod share;

pub use board::{Board, text};
pub use execute::{Ended, Order, State, execute};
pub use plan::{Plan, PlanError, PlannedRun};
pub use presets::SweepPreset;
pub use share::{Shard, Share, snapshot_bytes};
