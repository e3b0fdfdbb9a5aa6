//! Reciprocal-space analysis of restricted Boltzmann machines.
//!
//! A model with energy E(v, h) = -v.W.h - b.v - c.h, units in {0, 1}, is taken apart along the singular modes of W:
//! every mode is a saddle in the plane (x, y), a Gaussian in the limit of many units, a boson in field theory, and an order
//! parameter once its singular value passes 4. Host matrices in f64 and Burn tensors in, plain serializable
//! structs out; no files, no printing, all randomness seeded.
//!
//! Source of the approach: J. Q. Toledo-Marin, A. Maiti, G. C. Fox, R. G. Melko, Mach. Learn.: Sci. Technol. 6, 035030 (2025),
//! arXiv:2503.21536. Notation throughout: N visible and M hidden units, R = min(N, M), W = U Lambda V^T, x = U^T v, y = V^T h.

pub mod bosons;
mod cache;
pub mod dynamics;
pub mod error;
pub mod gaussian;
pub mod mean_field;
pub mod overlap;
pub mod phase;
pub mod random;
pub mod reciprocal;
pub mod spectrum;
pub mod statistics;
mod streams;
pub mod summary;
pub mod symmetry;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use error::AnalysisError;
pub use faer;
pub use gaussian::{GaussianLimit, SphericalClosure, gaussian_limit, spherical_closure};
pub use mean_field::{FixedPoint, MeanFieldOptions, MeanFieldSolution, fixed_points};
pub use phase::{PhasePoint, phase_point};
pub use reciprocal::{
    Coordinate, DeviceBasis, ReciprocalSpace, Saddle, Svd, Trajectories, Vectors, svd,
};
pub use spectrum::MarchenkoPastur;
pub use summary::{
    ModeAnalysis, ModeAnalysisOptions, Summary, SummaryOptions, analyze_modes, summarize,
};
pub use symmetry::{Symmetry, SymmetryOptions, symmetry};
