//! What a run shows in reciprocal space, measured once and kept in its directory.
//!
//! [`measure_runs`] turns run directories into [`Measurements`]: numbers only, ready to be drawn for one run or
//! averaged over replicas. Everything that needs the weights, the data or chains is done here; the result is
//! kept as `measurements.json` in the run and read from there until the model, its snapshots or the program
//! change.
//!
//! Costs are bounded: spectra of all snapshots, but chains, mean-field points and singular vectors of
//! [`CHECKPOINTS`] of them only, and of [`MODES`] leading modes. [`Options::full`] adds what takes minutes.

pub mod chains;
pub mod history;
pub mod landscape;
pub mod probe;
pub mod snapshot;

mod cache;
mod context;
mod measurements;
mod reference;
mod run;

pub use context::{MODES, Options, WithError};
pub use history::SnapshotSpectrum;
pub use landscape::Landscape;
pub use measurements::Measurements;
pub use probe::{Probe, Snapshot, kept};
pub use run::{device, measure_runs};
pub use snapshot::{ModeState, SnapshotMeasurement};
