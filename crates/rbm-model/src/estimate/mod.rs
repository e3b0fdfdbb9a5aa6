//! Likelihoods: exact by enumeration where a layer is small, pseudo-likelihood otherwise.

mod exact;
mod pseudo_likelihood;

pub use exact::{ENUMERATION_LIMIT, Enumeration, Moments};
pub use pseudo_likelihood::{HiddenFields, pseudo_log_likelihood, sampled_pseudo_log_likelihood};
