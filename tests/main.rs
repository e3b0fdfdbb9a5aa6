//! The whole program from outside: exit codes, messages, files.

mod analyze;
mod ancestor;
mod backends;
mod book;
mod errors;
mod golden;
mod hostile;
mod likelihood;
#[cfg(feature = "remote")]
mod remote;
mod report;
mod resume;
mod split;
mod support;
mod sweep;
mod tempering;
mod train;
