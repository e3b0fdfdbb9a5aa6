//! Modes as bosons (theory, section 4): [`occupation`] numbers, and the connected [`correlation`]s that couple them.

pub mod correlation;
pub mod occupation;

pub use correlation::{ConnectedCorrelation, Kurtosis, connected_correlations, excess_kurtosis};
pub use occupation::{Occupation, exact_occupations, occupations, point_occupations};
