//! Statistics that all rooms share: means with errors, the block [`bootstrap`], and the normal law.
//!
//! No section of the theory: what every number that was sampled there needs to be reported with.

pub mod bootstrap;
pub mod moments;

pub use bootstrap::BootstrapOptions;
pub use moments::{Measured, mean, mean_and_error, variance};
