//! Where the data comes from.

use serde::{Deserialize, Serialize};

/// Where the data comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataSettings {
    /// `mnist`, `bars-and-stripes`, `bars-and-stripes:N`, `ising`, or a path (IDX, CSV, npy, npz).
    pub dataset: String,
    /// Threshold that makes values binary; see the data module for its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Fraction of rows held out when the data set has no test part of its own.
    pub test_fraction: f64,
    /// Use only this many training rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Use only rows with these labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<Vec<u8>>,
    /// Side of the lattice of `ising` (other data: not used, and so below).
    pub ising_side: usize,
    /// Its temperature, in J / k_B.
    pub ising_temperature: f64,
    /// Rows drawn of it, before some are held out.
    pub ising_rows: usize,
}

impl Default for DataSettings {
    fn default() -> Self {
        let ising = crate::data::Ising::default();
        Self {
            dataset: "mnist".into(),
            threshold: None,
            test_fraction: 0.1,
            limit: None,
            digits: None,
            ising_side: ising.side,
            ising_temperature: ising.temperature,
            ising_rows: ising.rows,
        }
    }
}
