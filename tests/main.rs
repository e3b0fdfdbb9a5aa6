//! The whole program from outside: exit codes, messages, files.

mod errors;
mod likelihood;
mod resume;
mod support;
mod train;
