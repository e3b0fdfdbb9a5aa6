//! Data: where it comes from, how numbers become units, and how it is kept.
//!
//! [`load`] turns a [`DatasetSpec`] into a [`BinaryDataset`]. Sources are the embedded MNIST
//! images ([`mnist`]), generated patterns ([`bars_and_stripes`], [`ising()`]), and files, told apart by their
//! beginning and also gzipped: IDX, alone or a directory of four as MNIST has them, npy and npz, tables of text.
//!
//! A threshold T makes values binary. For bytes (IDX, and npy arrays of u8) it is a fraction of
//! the full range: a unit is on where value / 255 >= T; bytes that are all 0 or 1 are units
//! already and stay as they are. For all other numbers (CSV, and npy arrays of other types) it is
//! the value itself: a unit is on where value >= T; whole numbers beyond 1 with T between 0 and 1 are refused,
//! since the one might be meant for the other. Without one, IDX images take T = 0.5, and all
//! other data must hold 0 and 1 only. Rows are never dropped silently: duplicates stay.

pub mod asset;
mod bars;
mod burn;
mod csv;
mod dataset;
mod error;
mod file;
mod format;
pub mod idx;
mod image_shape;
mod ising;
mod load;
pub mod mnist;
mod npy;
mod partial;
mod split;
mod units;

pub use bars::{SIDES, bars_and_stripes};
pub use burn::{BinaryItem, DatasetView, Part};
pub use dataset::BinaryDataset;
pub use error::DataError;
pub use format::Header;
pub use image_shape::ImageShape;
pub use ising::{CRITICAL_TEMPERATURE, ISING_SIDES, Ising, ising};
pub use load::{DatasetSpec, load};
pub(crate) use npy::npy_file;
pub(crate) use partial::load_partial;
pub use rbm_model::BitMatrix;
pub use split::split;

/// Formats by the beginning of their files; what fits none before is a table of text.
const FORMATS: &[format::Format] = &[npy::NPY, npy::NPZ, idx::FORMAT, csv::FORMAT];

#[cfg(test)]
mod tests;
