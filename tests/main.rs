//! The whole program from outside: exit codes, messages, files.

mod analyze;
mod errors;
mod likelihood;
mod report;
mod resume;
mod support;
mod sweep;
mod tempering;
mod train;
#[cfg(feature = "wgpu")]
mod wgpu;
