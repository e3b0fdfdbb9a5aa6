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
//! [`Plan`] says what to run, [`Parallelism`] how many at once, [`execute`] does it.

mod event;
mod execute;
mod parallelism;
mod plan;
mod presets;
mod progress_table;

pub use event::{RunOutcome, State};
pub use execute::{SweepJob, execute};
pub use parallelism::{Parallelism, Shard, snapshot_bytes};
pub use plan::{Plan, PlanError, PlannedRun};
pub use presets::SweepPreset;
pub use progress_table::{ProgressTable, text};
