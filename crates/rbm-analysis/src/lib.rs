//! Reciprocal-space analysis of restricted Boltzmann machines.
//!
//! A model with energy E(v, h) = -v.W.h - b.v - c.h, units in {0, 1}, is taken apart along the singular modes of W:
//! every mode is a saddle in the plane (x, y), a Gaussian in the limit of many units, a boson in field theory, and an order
//! parameter once its singular value passes 4. Host matrices in f64 and Burn tensors in, plain serialisable
//! structs out; no files, no printing, all randomness seeded.
//!
//! Source of the approach: J. Q. Toledo-Marin, A. Maiti, G. C. Fox, R. G. Melko, Mach. Learn.: Sci. Technol. 6, 035030 (2025),
//! arXiv:2503.21536. Notation throughout: N visible and M hidden units, R = min(N, M), W = U Lambda V^T, x = U^T v, y = V^T h.

pub mod bootstrap;
pub mod boson;
pub mod constrained;
pub mod correlation;
pub mod density;
pub mod device;
pub mod diffusion;
pub mod error;
pub mod field;
pub mod gaussian_limit;
pub mod haar;
pub mod ipr;
pub mod landau;
pub mod langevin;
pub mod marchenko_pastur;
pub mod mean_field;
pub mod null_spectra;
pub mod overlap;
pub mod pca;
pub mod phase;
mod phase_order;
pub mod random;
pub mod reciprocal;
pub mod relaxation;
pub mod rotation;
pub mod saddle_distance;
pub mod spectrum;
pub mod spherical;
mod statistics;
pub mod summary;
pub mod svd;
pub mod symmetry;
pub mod tracking;
pub mod trajectories;
pub mod wells;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use device::DeviceBasis;
pub use error::AnalysisError;
pub use faer;
pub use field::{FieldAnalysis, FieldOptions, analyze_field};
pub use gaussian_limit::{GaussianLimit, gaussian_limit};
pub use marchenko_pastur::MarchenkoPastur;
pub use mean_field::{FixedPoint, MeanFieldOptions, MeanFieldSolution, fixed_points};
pub use phase::{PhasePoint, phase_point};
pub use reciprocal::{ReciprocalSpace, Saddle};
pub use spherical::{SphericalClosure, spherical_closure};
pub use summary::{Summary, SummaryOptions, summarize};
pub use svd::{Svd, Vectors, svd};
pub use symmetry::{Symmetry, SymmetryOptions, symmetry};
pub use trajectories::{Coordinate, Trajectories};
