//! Reciprocal coordinates (theory, section 1): the decomposition W = U Lambda V^T and a model, its saddles and its states seen along it.
//!
//! The base of all other rooms. [`mod@svd`] decomposes with a fixed sign convention ([`leading`] is its cheap form for
//! monitoring), [`space`] holds a model in coordinates x = U^T v, y = V^T h, [`device`] makes the same transform where tensors
//! live, [`trajectories`] records the coordinates of chains and data ([`hidden_units`] completes the data), and
//! [`saddle_distance`] measures how far states lie from the saddles.

pub mod device;
pub mod hidden_units;
pub mod leading;
pub mod saddle_distance;
pub mod space;
pub mod svd;
pub mod trajectories;

pub use device::DeviceBasis;
pub use hidden_units::HiddenUnits;
pub use leading::leading_singular_values;
pub use saddle_distance::{
    RotatedDistances, SaddleDistance, root_mean_square, rotated_distances, saddle_distances,
    uniform_distances,
};
pub use space::{ReciprocalSpace, Saddle, USABLE_SADDLE};
pub use svd::{Svd, Vectors, singular_values, svd, weight_matrix};
pub use trajectories::{Coordinate, Trajectories, pairs};
