//! Singular values against those of a random matrix (theory, section 2).
//!
//! [`marchenko_pastur`] is the law of the bulk, [`bulk`] fits it to a spectrum and finds what stands out, [`null_spectra`] draws
//! the spectra that p-values are taken from.

pub mod bulk;
pub mod marchenko_pastur;
pub mod null_spectra;

pub use bulk::{BulkFit, KolmogorovSmirnov, LevelSpacing, fit_bulk, ks_test, level_spacing};
pub use marchenko_pastur::MarchenkoPastur;
pub use null_spectra::random_spectrum;
