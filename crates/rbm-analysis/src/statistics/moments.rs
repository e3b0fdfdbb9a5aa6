//! Means of independent numbers, with their errors.

pub use rbm_model::numeric::{mean, variance};
use serde::{Deserialize, Serialize};

/// A number and its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// Its standard error; 0 where it is not known, as with a single independent sample.
    pub error: f64,
}

/// Mean of independent numbers and its standard error, sqrt(variance / n).
///
/// Never NaN: the mean of no numbers is 0, and so is the error with fewer than two.
///
/// # Examples
/// ```
/// use rbm_analysis::statistics::mean_and_error;
/// assert_eq!(mean_and_error(&[1.0, 3.0, 5.0, 7.0]), (4.0, (5.0f64 / 3.0).sqrt()));
/// ```
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    if values.is_empty() {
        return (0.0, 0.0);
    }
    (
        mean(values),
        (variance(values) / values.len() as f64).sqrt(),
    )
}

/// P(|z| >= value) of a standard normal number z, erfc(|value| / sqrt 2).
pub(crate) fn two_sided_normal(value: f64) -> f64 {
    libm::erfc(value.abs() / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_numbers_have_no_error() {
        assert_eq!(mean_and_error(&[]), (0.0, 0.0));
        assert_eq!(mean_and_error(&[3.0]), (3.0, 0.0));
    }

    #[test]
    fn the_normal_law_matches_tables() {
        for (z, p) in [
            (0.0, 1.0),
            (1.0, 0.317_310_507_862_914_1),
            (1.959_963_984_540_054, 0.05),
            (3.5, 4.652_581_580_710_501e-4),
            (3.6, 3.182_171_803_150_68e-4),
            (8.0, 1.244_192_114_854_364e-15),
        ] {
            let found = two_sided_normal(z);
            assert!(
                (found - p).abs() < 1e-12 * p.max(1e-3) || (found / p - 1.0).abs() < 1e-9,
                "{z}: {found}"
            );
        }
    }
}
