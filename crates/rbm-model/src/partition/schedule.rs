//! Inverse temperatures.

use crate::error::ModelError;

/// Part of the temperatures that is spaced evenly whatever the pilot says, so that no stretch of
/// the path is left out by chance.
const EVEN_PART: f64 = 0.1;

/// `count` equal steps from 0 to 1: `count` + 1 numbers.
///
/// # Examples
/// ```
/// assert_eq!(rbm_model::partition::linear(4), [0.0, 0.25, 0.5, 0.75, 1.0]);
/// ```
pub fn linear(count: usize) -> Vec<f64> {
    (0..=count).map(|k| k as f64 / count as f64).collect()
}

/// The way back of chains that start in a region of the states: the same numbers from 1 down, with a sweep of the model first.
///
/// A way up ends with a sweep of the model, after its last work. Whether the state *after* that sweep is in the region is
/// asked of it, so its time reversal starts there, with that sweep.
pub(super) fn back(up: &[f64]) -> Vec<f64> {
    up.last()
        .into_iter()
        .chain(up.iter().rev())
        .copied()
        .collect()
}

/// `count` steps from 0 to 1 that are short at both ends,
/// beta = (s(steepness (2t - 1)) - s(-steepness)) / (s(steepness) - s(-steepness)), s the sigmoid
/// function and t = k / `count`.
///
/// # Examples
/// ```
/// let betas = rbm_model::partition::sigmoid(10, 5.0);
/// // The same from both ends, and shortest there.
/// assert!((0..=10).all(|k| (betas[k] + betas[10 - k] - 1.0).abs() < 1e-12));
/// assert!(betas[1] - betas[0] < 0.5 * (betas[6] - betas[5]));
/// ```
pub fn sigmoid(count: usize, steepness: f64) -> Vec<f64> {
    let s = crate::parameters::sigmoid;
    let (low, high) = (s(-steepness), s(steepness));
    let mut betas: Vec<f64> = linear(count)
        .into_iter()
        .map(|t| (s(steepness * (2.0 * t - 1.0)) - low) / (high - low))
        .collect();
    if let [first, .., last] = &mut betas[..] {
        (*first, *last) = (0.0, 1.0);
    }
    betas
}

/// Checks temperatures that someone gives: from 0 to 1, each above the one before.
///
/// # Errors
/// [`ModelError::Annealing`] that says which is wrong.
///
/// # Examples
/// ```
/// use rbm_model::partition::check_betas;
/// assert!(check_betas(&[0.0, 0.5, 1.0]).is_ok());
/// assert!(check_betas(&[0.0, 0.5, 0.4, 1.0]).is_err());
/// ```
pub fn check_betas(betas: &[f64]) -> Result<(), ModelError> {
    let error = |reason| Err(ModelError::Annealing { reason });
    if betas.len() < 2 || betas[0] != 0.0 || betas[betas.len() - 1] != 1.0 {
        return error("inverse temperatures must begin with 0 and end with 1".into());
    }
    match betas
        .windows(2)
        .position(|p| p[0].is_nan() || p[1].is_nan() || p[0] >= p[1])
    {
        Some(k) => error(format!(
            "inverse temperature {} is {}, after {}; each must be above the one before",
            k + 1,
            betas[k + 1],
            betas[k]
        )),
        None => Ok(()),
    }
}

/// `count` steps whose density over equal stretches of \[0, 1\] follows the square roots of
/// variances, one a stretch; see [`super::Pilot::betas`].
///
/// # Examples
/// ```
/// let betas = rbm_model::partition::spread_evenly(&[9.0, 1.0], 40);
/// // sqrt 9 : sqrt 1 of nine tenths, and half of the tenth that is even: 29 of 40 steps in the first half.
/// assert_eq!(betas.windows(2).filter(|pair| pair[1] < 0.5 + 1e-9).count(), 29);
/// ```
pub fn spread_evenly(variances: &[f64], count: usize) -> Vec<f64> {
    let roots: Vec<f64> = variances.iter().map(|v| v.max(0.0).sqrt()).collect();
    let total: f64 = roots.iter().sum();
    let stretches = roots.len().max(1) as f64;
    let mut share = vec![0.0];
    for root in &roots {
        let even = 1.0 / stretches;
        let part = if total > 0.0 { root / total } else { even };
        let last = share[share.len() - 1];
        share.push(last + EVEN_PART * even + (1.0 - EVEN_PART) * part);
    }
    if roots.is_empty() {
        return linear(count);
    }
    // The inverse of the piecewise straight line through the shares.
    let mut betas = linear(count);
    let mut stretch = 0;
    for beta in betas.iter_mut().take(count).skip(1) {
        while stretch + 1 < roots.len() && share[stretch + 1] < *beta {
            stretch += 1;
        }
        let inside = (*beta - share[stretch]) / (share[stretch + 1] - share[stretch]);
        *beta = (stretch as f64 + inside.clamp(0.0, 1.0)) / stretches;
    }
    betas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_rise_from_zero_to_one() {
        for betas in [
            linear(1),
            linear(7),
            sigmoid(10, 4.0),
            spread_evenly(&[1.0, 9.0, 0.0, 4.0], 37),
            spread_evenly(&[0.0; 3], 5),
            spread_evenly(&[], 5),
        ] {
            check_betas(&betas).unwrap();
        }
        assert_eq!(linear(4), [0.0, 0.25, 0.5, 0.75, 1.0]);
        let s = sigmoid(10, 4.0);
        assert!((s[5] - 0.5).abs() < 1e-15 && s[1] < 0.05 && s[9] > 0.95);
    }

    #[test]
    fn steps_follow_the_square_roots_of_the_variances() {
        let betas = spread_evenly(&[1.0, 9.0], 1000);
        let first = betas.iter().filter(|b| **b < 0.5).count() as f64;
        // A tenth even, the rest 1 : 3.
        assert!(
            (first - 1000.0 * (0.05 + 0.9 * 0.25)).abs() <= 1.0,
            "{first}"
        );
    }

    #[test]
    fn bad_temperatures_are_named() {
        for (betas, word) in [
            (&[0.0, 0.5][..], "end with 1"),
            (&[0.0, 0.6, 0.5, 1.0], "2 is 0.5, after 0.6"),
            (&[0.0, f64::NAN, 1.0], "NaN"),
            (&[], "begin with 0"),
        ] {
            let text = check_betas(betas).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        }
    }
}
