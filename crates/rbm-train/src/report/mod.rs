//! Reports: a run or a sweep on one page, its figures as SVG and LaTeX, and their data as CSV.
//!
//! [`write_run_report`] and [`write_sweep_report`] make the report of what is in a directory, in layers: [`data`] and [`crate::measure`]
//! (numbers) → [`figures`] (what to show, of one run and of many) → [`rbm_figures`] (how it looks).

mod brief;
pub mod data;
pub mod figures;

mod run;
mod sweep;
mod theory;

#[cfg(test)]
#[path = "../../../rbm-figures/src/well_formed.rs"]
mod well_formed;

pub use figures::quality;
pub use run::write_run_report;
pub use sweep::{is_sweep, write_sweep_report};
