//! Training of restricted Boltzmann machines, with checkpoints and reports.
//!
//! Data flows one way: [`data`] -> [`learner`] -> [`trainer`] -> [`checkpoint`] ->
//! `rbm-analysis` -> [`report`]. The binary `rbm-train` is [`cli::main`].

pub mod bench;
pub mod checkpoint;
pub mod cli;
pub mod data;
pub mod evaluation;
pub mod learner;
pub mod measure;
pub mod memory;
pub mod observers;
pub mod optimizer;
pub mod presets;
pub mod quality;
pub mod report;
pub mod sampling;
pub mod session;
pub mod settings;
pub mod state;
pub mod sweep;
pub mod trainer;
pub mod training;

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
