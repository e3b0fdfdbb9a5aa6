//! Singular values against those of a random matrix (theory, section 2).
//!
//! [`marchenko_pastur`] is the law of the bulk, [`bulk`] fits it to a spectrum and finds what stands out, [`null_spectra`] draws
//! the spectra that [`kolmogorov_smirnov`] takes its p-values from, and [`mod@level_spacing`] tells whether levels repel.

pub mod bulk;
pub mod kolmogorov_smirnov;
pub mod level_spacing;
pub mod marchenko_pastur;
pub mod null_spectra;

pub use bulk::{BulkFit, fit_bulk};
pub use kolmogorov_smirnov::{KolmogorovSmirnov, ks_test};
pub use level_spacing::{LevelSpacing, level_spacing};
pub use marchenko_pastur::MarchenkoPastur;
pub use null_spectra::random_spectrum;
