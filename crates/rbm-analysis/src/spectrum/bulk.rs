//! The bulk of a spectrum: the Marchenko-Pastur law fitted to it, and the modes that stand out.

use crate::error::{AnalysisError, check_len};
use crate::spectrum::marchenko_pastur::MarchenkoPastur;
use serde::{Deserialize, Serialize};

/// Fit of the law to the bulk of a spectrum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkFit {
    /// Standard deviation s of the entries that the bulk implies.
    pub scale: f64,
    /// Standard error of `scale` for Gaussian entries, s/sqrt(2 (N-k)(M-k)), k outliers left out.
    pub scale_error: f64,
    /// Edges l-, l+ of the fitted law.
    pub edges: [f64; 2],
    /// Value that the largest mode of a random matrix with this s exceeds with probability 1%; with s fitted to the same
    /// matrix less often, about 0.3% for layers of 20 to 80 units.
    pub outlier_threshold: f64,
    /// Number of modes above the edge l+ itself.
    pub above_edge: usize,
    /// Modes above `outlier_threshold`, numbered from 0: structure, not chance.
    pub outliers: Vec<usize>,
    /// Distance of each outlier from the edge relative to it, (lambda - l+)/l+.
    pub separation: Vec<f64>,
}

/// Fits s to the bulk of the singular values (descending) of an N x M matrix, robust against outliers.
///
/// Starts from the median singular value (half of the modes may be anything), then removes the k
/// modes beyond the 1% point of the largest mode of a random matrix and takes s^2 from the rest,
/// sum lambda^2 = s^2 (N-k)(M-k), until k no longer changes; last, the smallest removed mode returns as long as it lies
/// within that point of the bulk that includes it. `None` where the median is zero:
/// a zero matrix or one of rank at most R/2 has no bulk to fit.
///
/// # Errors
/// [`AnalysisError::Shape`] unless there are min(N, M) values; [`AnalysisError::Argument`] for one that is not finite.
///
/// # Examples
/// ```
/// use rbm_analysis::random::generator;
/// use rbm_analysis::spectrum::{fit_bulk, random_spectrum};
/// // A random matrix of standard normal entries with one planted mode.
/// let mut values = random_spectrum(&mut generator(1, 0), 60, 40)?;
/// values[0] = 30.0;
/// let fit = fit_bulk(&values, 60, 40)?.unwrap();
/// assert_eq!(fit.outliers, [0]);
/// assert!((fit.scale - 1.0).abs() < 5.0 * fit.scale_error);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn fit_bulk(
    singular_values: &[f64],
    n_visible: usize,
    n_hidden: usize,
) -> Result<Option<BulkFit>, AnalysisError> {
    let r = n_visible.min(n_hidden);
    check_len("singular values", r, singular_values.len())?;
    let mut values = singular_values.to_vec();
    if let Some(bad) = values.iter().find(|s| !(s.is_finite() && **s >= 0.0)) {
        return Err(AnalysisError::Argument {
            name: "singular value",
            expected: "finite and not negative".into(),
            found: bad.to_string(),
        });
    }
    values.sort_by(|a, b| b.total_cmp(a));
    if r == 0 {
        return Err(AnalysisError::Empty { what: "matrix" });
    }
    let median = 0.5 * (values[(r - 1) / 2] + values[r / 2]);
    // Decompositions leave rounding noise where exact zeros belong.
    if median <= 1e-12 * values[0] {
        return Ok(None);
    }
    let unit = MarchenkoPastur::new(n_visible, n_hidden, 1.0)?;
    let mut scale = median / unit.quantile(0.5)?;
    let threshold = unit.outlier_threshold();
    // s from the modes that are left without the k largest; relative to the largest of all, whose square may leave the range.
    let without = |k: usize| {
        let square: f64 = values[k..].iter().map(|l| (l / values[0]).powi(2)).sum();
        values[0] * (square / ((n_visible - k) * (n_hidden - k)) as f64).sqrt()
    };
    let mut outliers = 0;
    for round in 0.. {
        // Modes only leave the bulk here, so this ends.
        let beyond = values.iter().take_while(|&&l| l > scale * threshold);
        let count = beyond.count().max(outliers);
        if count >= r || (round > 0 && count == outliers) {
            break;
        }
        outliers = count;
        scale = without(count);
    }
    // Without its largest mode a bulk looks narrower than it is, so a mode that left by chance would not come back: each must
    // stand out from a bulk that includes it.
    while outliers > 0 && values[outliers - 1] <= without(outliers - 1) * threshold {
        outliers -= 1;
    }
    scale = without(outliers);
    let law = MarchenkoPastur::new(n_visible, n_hidden, scale)?;
    let (low, high) = law.edges();
    let threshold = law.outlier_threshold();
    let found: Vec<usize> = (0..r).filter(|&k| values[k] > threshold).collect();
    let entries = ((n_visible - outliers) * (n_hidden - outliers)) as f64;
    Ok(Some(BulkFit {
        scale,
        scale_error: scale / (2.0 * entries).sqrt(),
        edges: [low, high],
        outlier_threshold: threshold,
        above_edge: values.iter().filter(|&&l| l > high).count(),
        separation: found.iter().map(|&k| (values[k] - high) / high).collect(),
        outliers: found,
    }))
}

#[cfg(test)]
#[path = "bulk_tests.rs"]
mod tests;
