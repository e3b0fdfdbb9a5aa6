//! Training of restricted Boltzmann machines.
//!
//! From code: [`data`] gives or takes binary rows, [`Settings`] hold what the flags and files of the program hold, and
//! [`Training`] turns both into a model of `rbm-model` with its metrics; see there for an example. The program adds run
//! directories that resume bit for bit, sweeps, evaluation and reports.
//!
//! Inside, things flow one way: `data` and `settings` -> `learner` -> `trainer` with its `observers` -> `checkpoint` ->
//! `evaluation` and `measure` -> `report`; `cli` is on top.

pub mod data;
pub mod settings;

mod ancestor;
mod bench;
mod checkpoint;
mod cli;
mod evaluation;
mod learner;
mod measure;
mod memory;
mod observers;
mod optimizer;
mod presets;
mod principal;
mod progress;
mod quality;
mod report;
mod sampling;
mod session;
mod state;
mod sweep;
mod trainer;
mod training;

pub use checkpoint::RunError;
pub use cli::main as command_line;
pub use learner::Batch;
pub use observers::{MetricsRow, PseudoLogLikelihood};
pub use settings::Settings;
pub use state::State;
pub use trainer::StopReason;
pub use training::{Trained, Training, TrainingError};

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
