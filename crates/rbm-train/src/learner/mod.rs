//! Where the negative phase of the gradient comes from.
//!
//! A learner is a file with its [`Learner`] and its [`Registration`], and a line in the table below.

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
pub use registration::{LearnerOptions, Part, Registration, Sizes, Start, Unfit};

kind::learners! {
    /// Contrastive divergence: from the batch.
    Cd => cd::REGISTRATION,
    /// Persistent contrastive divergence: from where they were.
    Pcd => pcd::REGISTRATION,
    /// From random states at every update.
    Random => random::REGISTRATION,
    /// Parallel tempering: from where they were, exchanged along a ladder of temperatures.
    Pt => pt::REGISTRATION,
}

#[cfg(test)]
mod tests;
