//! Small numerics that several parts of the workspace need: moments of a list of numbers, sums of exponentials, and bisection.

/// Mean of numbers, sum_i x_i / n; NaN for none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Unbiased variance of independent numbers, sum_i (x_i - mean)^2 / (n - 1); 0 for fewer than two.
///
/// # Examples
/// ```
/// assert_eq!(rbm_model::numeric::variance(&[1.0, 2.0, 6.0]), 7.0);
/// ```
pub fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

/// ln sum_i e^x_i; negative infinity for no terms.
///
/// # Examples
/// ```
/// let sum = rbm_model::numeric::log_sum_exp(&[1000.0, 1000.0]);
/// assert!((sum - 1000.0 - 2f64.ln()).abs() < 1e-12);
/// ```
pub fn log_sum_exp(terms: &[f64]) -> f64 {
    let max = terms.iter().fold(f64::NEG_INFINITY, |m, x| m.max(*x));
    if max.is_infinite() {
        return max;
    }
    max + terms.iter().map(|x| (x - max).exp()).sum::<f64>().ln()
}

/// Where `before` turns from true to false between `low` and `high`, by halving the range until no number lies between its
/// ends (200 times at most).
///
/// # Examples
/// ```
/// let root = rbm_model::numeric::bisect(0.0, 2.0, |x| x * x < 2.0);
/// assert!((root - 2f64.sqrt()).abs() < 1e-15);
/// ```
pub fn bisect(mut low: f64, mut high: f64, before: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if before(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}
