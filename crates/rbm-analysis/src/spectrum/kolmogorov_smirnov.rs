//! Distance of a whole spectrum from its fitted law, against that of simulated random matrices.

use crate::error::{AnalysisError, check_len};
use crate::spectrum::bulk::BulkFit;
use crate::spectrum::marchenko_pastur::MarchenkoPastur;
use crate::spectrum::null_spectra::null_distances;
use serde::{Deserialize, Serialize};

/// Kolmogorov-Smirnov comparison with the fitted law.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KolmogorovSmirnov {
    /// Distance sup |F_empirical - F| over all R modes.
    pub distance: f64,
    /// Share of random matrices of the same shape, fitted in the same way, with at least this distance:
    /// (1 + number) / (1 + simulations). `None` where no simulations were asked for.
    pub p_value: Option<f64>,
    /// Median of the distance over the simulated random matrices: the null value.
    pub null_median: Option<f64>,
    /// Number of random matrices simulated.
    pub simulations: usize,
}

/// Distance of the whole spectrum from the fitted law, with a p-value from simulated random
/// matrices of the same shape (simulations of one shape and seed are kept for later calls).
///
/// Null hypothesis: independent Gaussian entries of one unknown variance.
///
/// # Errors
/// As [`fit_bulk`](super::fit_bulk).
///
/// # Examples
/// ```
/// use rbm_analysis::random::generator;
/// use rbm_analysis::spectrum::{fit_bulk, ks_test, random_spectrum};
/// let p_value = |values: &[f64]| -> Result<Option<f64>, rbm_analysis::AnalysisError> {
///     let fit = fit_bulk(values, 60, 40)?.unwrap();
///     Ok(ks_test(values, 60, 40, &fit, 99, 1)?.p_value)
/// };
/// // A random matrix, and levels at equal distances, which no such matrix has: 1/(1 + 99).
/// assert!(p_value(&random_spectrum(&mut generator(1, 0), 60, 40)?)? > Some(0.05));
/// let even: Vec<f64> = (1..=40).rev().map(f64::from).collect();
/// assert_eq!(p_value(&even)?, Some(0.01));
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn ks_test(
    singular_values: &[f64],
    n_visible: usize,
    n_hidden: usize,
    fit: &BulkFit,
    simulations: usize,
    seed: u64,
) -> Result<KolmogorovSmirnov, AnalysisError> {
    check_len(
        "singular values",
        n_visible.min(n_hidden),
        singular_values.len(),
    )?;
    let law = MarchenkoPastur::new(n_visible, n_hidden, fit.scale)?;
    let distance = law.ks_distance(singular_values);
    if simulations == 0 {
        return Ok(KolmogorovSmirnov {
            distance,
            p_value: None,
            null_median: None,
            simulations,
        });
    }
    let null = null_distances(n_visible, n_hidden, simulations, seed)?;
    let beyond = null.iter().filter(|&&d| d >= distance).count();
    Ok(KolmogorovSmirnov {
        distance,
        p_value: Some((1 + beyond) as f64 / (1 + simulations) as f64),
        null_median: Some(null[simulations / 2]),
        simulations,
    })
}

#[cfg(test)]
#[path = "kolmogorov_smirnov_tests.rs"]
mod tests;
