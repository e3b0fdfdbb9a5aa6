//! Repulsion of neighboring singular values.

use crate::statistics::moments::mean_and_error;
use serde::{Deserialize, Serialize};

/// Level-spacing ratios r_k = min(s_k, s_k+1)/max(s_k, s_k+1) of neighboring gaps s_k.
///
/// Needs no unfolding: Y. Y. Atas, E. Bogomolny, O. Giraud, G. Roux, Phys. Rev. Lett. 110, 084101 (2013).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelSpacing {
    /// Mean ratio.
    pub mean: f64,
    /// Standard error of the mean, ratios taken as independent (neighboring ones correlate weakly).
    pub error: f64,
    /// Number of ratios, R - 2 less those of coinciding levels.
    pub count: usize,
    /// Mean ratio of repelling levels (Gaussian orthogonal ensemble), 0.5307.
    pub random_matrix: f64,
    /// Mean ratio of independent levels, 2 ln 2 - 1.
    pub independent: f64,
}

/// Mean level-spacing ratio of singular values in any order; `None` with fewer than two usable ratios.
///
/// # Examples
/// ```
/// use rbm_analysis::random::generator;
/// use rbm_analysis::spectrum::{level_spacing, random_spectrum};
/// let found = level_spacing(&random_spectrum(&mut generator(1, 0), 300, 200)?).unwrap();
/// assert!((found.mean - found.random_matrix).abs() < 4.0 * found.error);
/// assert!(found.mean - found.independent > 4.0 * found.error);
/// // Gaps 1, 2, 4: ratios of 1/2.
/// assert_eq!(level_spacing(&[0.0, 1.0, 3.0, 7.0]).unwrap().mean, 0.5);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn level_spacing(singular_values: &[f64]) -> Option<LevelSpacing> {
    let mut values = singular_values.to_vec();
    values.sort_by(f64::total_cmp);
    let gaps: Vec<f64> = values.windows(2).map(|w| w[1] - w[0]).collect();
    let ratios: Vec<f64> = gaps
        .windows(2)
        .filter(|g| g[0].max(g[1]) > 0.0)
        .map(|g| g[0].min(g[1]) / g[0].max(g[1]))
        .collect();
    if ratios.len() < 2 {
        return None;
    }
    let (mean, error) = mean_and_error(&ratios);
    Some(LevelSpacing {
        mean,
        error,
        count: ratios.len(),
        random_matrix: 0.5307,
        independent: 2.0 * std::f64::consts::LN_2 - 1.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::generator;
    use crate::spectrum::null_spectra::random_spectrum;

    #[test]
    fn levels_of_a_random_matrix_repel_and_independent_ones_do_not() {
        let mut random = generator(16, 0);
        let spectrum = random_spectrum(&mut random, 600, 900).unwrap();
        let repelling = level_spacing(&spectrum).unwrap();
        assert!((repelling.mean - repelling.random_matrix).abs() < 4.0 * repelling.error);
        let independent: Vec<f64> = (0..600)
            .map(|_| rand::RngExt::random::<f64>(&mut random))
            .collect();
        let poisson = level_spacing(&independent).unwrap();
        assert!((poisson.mean - poisson.independent).abs() < 4.0 * poisson.error);
        assert_eq!(level_spacing(&[1.0, 2.0, 4.0]), None);
        assert_eq!(level_spacing(&[0.0; 9]), None);
    }
}
