//! Counter-based random numbers: a draw is a pure function of where it is used.
//!
//! Philox4x32-10 encrypts a 128-bit counter under a 64-bit key. Here the counter says which
//! unit of which chain at which step is drawn, so there is no state to store or to share
//! between threads: the same seed gives the same run on any number of threads and on every
//! backend, and a run that is resumed at step `t` continues with the draws of step `t`.
//!
//! | counter word | holds |
//! |---|---|
//! | 0 | `16 * (column / 64) + column % 16` |
//! | 1 | row |
//! | 2 | step, low 32 bits |
//! | 3 | `stream << 24 \| layer << 23 \| (step >> 32)`, with 8, 1 and 23 bits |
//!
//! and the output word is number `(column % 64) / 16` of the four. One evaluation thus serves
//! columns `c`, `c + 16`, `c + 32` and `c + 48` of a group of 64: a kernel that runs over
//! sixteen columns at a time, and one that runs over rows, both use all four words without
//! moving any between lanes.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11 (2011),
//! doi:10.1145/2063384.2063405; the constants are those of its reference implementation, Random123.
//!
//! [`stream`] is the one table of what numbers are drawn for.

mod key;
mod philox;
mod sequence;
pub mod stream;
#[cfg(test)]
mod tests;

pub use key::{Layer, NoiseKey};
pub(crate) use philox::{PHILOX_MULTIPLIERS, PHILOX_ROUNDS, PHILOX_WEYL};
pub use philox::{philox4x32, uniform_from_bits};
pub use sequence::{Sequence, shuffle};
