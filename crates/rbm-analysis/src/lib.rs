//! Reciprocal-space analysis of restricted Boltzmann machines.
//!
//! A model with energy E(v, h) = -v.W.h - b.v - c.h, units in {0, 1}, is taken apart along the singular modes of W:
//! every mode is a saddle in the plane (x, y), a Gaussian in the limit of many units, a boson in field theory, and an order
//! parameter where it has condensed. Host matrices in f64 and Burn tensors in, plain serializable
//! structs out; no files, no printing, all randomness seeded.
//!
//! Source of the approach: J. Q. Toledo-Marin, A. Maiti, G. C. Fox, R. G. Melko, Mach. Learn.: Sci. Technol. 6, 035030 (2025),
//! arXiv:2503.21536. Notation throughout: N visible and M hidden units, R = min(N, M), W = U Lambda V^T, x = U^T v, y = V^T h.
//!
//! # Rooms
//!
//! Each room is a module that names at its door all that it offers, so `rbm_analysis::mean_field::landau_modes`; the modules within
//! hold the formulas. A room uses those above it only.
//!
//! | room | theory | what it holds |
//! |---|---|---|
//! | [`random`], [`statistics`] | | Gaussian and Haar matrices from a seed; means with errors, block bootstrap |
//! | [`reciprocal`] | section 1 | decomposition, coordinates, saddles, recorded chains |
//! | [`spectrum`] | section 2 | singular values against Marchenko-Pastur |
//! | [`symmetry`](mod@symmetry) | section 2 | singular vectors and entries against Haar's |
//! | [`overlap`] | section 2 | modes between checkpoints and against principal components |
//! | [`gaussian`] | section 3 | Gaussian limit and spherical closure |
//! | [`mean_field`] | section 5 | fixed points, ln Z, Landau's expansion, free energies along modes |
//! | [`dynamics`] | section 3 | relaxation: predicted, integrated, measured |
//! | [`bosons`] | section 4 | occupations and connected correlations |
//! | [`phase`] | section 6 | phase plane |
//! | [`summary`] | | one model in one call: [`summarize`], [`analyze_modes`] |
//!
//! # Examples
//! ```
//! use rbm_analysis::{ReciprocalSpace, gaussian_limit};
//! use rbm_model::Parameters;
//! let model = Parameters::new(2, 1, vec![1.0, 1.0], vec![0.0; 2], vec![0.0])?;
//! let space = ReciprocalSpace::new(&model)?;
//! assert!((space.singular_values()[0] - 2f64.sqrt()).abs() < 1e-12);
//! assert!(gaussian_limit(&space).nonconvergent_modes.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
