//! Singular vectors and entries against those of a rotationally symmetric matrix (theory, section 2).
//!
//! [`vectors`] is the test as a whole; [`haar`] has the laws of Haar-distributed vectors, [`ipr`] the inverse participation ratio,
//! [`rotation`] the comparison of W with rotated copies of itself.

pub mod haar;
pub mod ipr;
pub mod rotation;
pub mod vectors;

pub use ipr::{inverse_participation_ratio, inverse_participation_ratios};
pub use rotation::{RotationDistance, RotationTest};
pub use vectors::{HaarTest, LargestEntry, Symmetry, SymmetryOptions, VectorSymmetry, symmetry};
