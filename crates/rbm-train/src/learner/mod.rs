//! Where the negative phase of the gradient comes from.
//!
//! A learner is a file with its [`Learner`] and its [`Registration`], and a line in `kind.rs`.

mod batch;
mod cd;
mod chain_count;
mod data_parallel;
mod interface;
mod kind;
mod pcd;
mod pt;
mod random;
mod registration;

pub use batch::Batch;
pub use chain_count::ChainCount;
pub use data_parallel::DataParallel;
pub use interface::{Learner, LearnerState, Replicas, RestoreError};
pub use kind::LearnerKind;
pub use registration::{LearnerOptions, Part, Registration, Sizes, Start, Unfit};

#[cfg(test)]
mod tests;
