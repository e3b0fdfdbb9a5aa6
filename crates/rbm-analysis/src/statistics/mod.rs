//! Statistics shared by the analyses: means with errors, and the block [`bootstrap`].

pub mod bootstrap;
pub(crate) mod moments;

pub use bootstrap::BootstrapOptions;
