//! The whole program from outside: exit codes, messages, files.

mod errors;
mod resume;
mod support;
mod tempering;
mod train;
