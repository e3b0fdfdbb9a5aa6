//! ln Z from runs in both directions.

use super::estimate::{check, check_ancestors, check_weights};
use crate::error::ModelError;
use crate::numeric::bisect;
use crate::parameters::sigmoid;
use serde::Serialize;

/// ln Z by Bennett's acceptance ratio, in nats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bennett {
    /// ln Z.
    pub value: f64,
    /// Its standard error, by Bennett's formula.
    pub standard_error: f64,
    /// 95% interval, 1.96 standard errors on either side.
    pub interval: [f64; 2],
}

/// Combines log weights of runs up and down the same path with the least variance.
///
/// With n_f forward and n_r reverse chains and m = ln(n_f / n_r), the difference
/// f = ln Z - `ln_z_start` solves
///
/// ```text
/// sum_forward sigmoid(ln w - f - m) = sum_reverse sigmoid(ln w + f + m)
/// ```
///
/// (weights of the reverse run being about e^-f), and its variance is, for s the terms of each sum,
/// sum over both of `(<s^2> / <s>^2 - 1) / n`. With reverse chains that start from equilibrium it is
/// consistent and nearly unbiased.
///
/// Reverse chains that start where forward chains ended say so in `ancestors`, one number of a forward
/// chain for each (empty if they start elsewhere). Neither they nor the two directions are independent
/// then: with d the deviation of a chain's term from the mean, over the sum of its direction, the variance
/// is that of what each forward chain adds along with its descendants, `sum_c (d_c - sum_k d_k)^2`.
///
/// A forward log weight of negative infinity is a chain that ended outside the region A that the reverse chains
/// start from: the same equation then gives the Z of A, since both directions of a path that ends in
/// A have the weights they have without it.
///
/// Source: C. H. Bennett, J. Comput. Phys. 22, 245 (1976), doi:10.1016/0021-9991(76)90078-4; for
/// work along a path, M. R. Shirts, E. Bair, G. Hooker and V. S. Pande, Phys. Rev. Lett. 91, 140601
/// (2003), doi:10.1103/PhysRevLett.91.140601.
///
/// # Errors
/// [`ModelError::Annealing`] for fewer than two chains in a direction, log weights that are not
/// finite (forward ones may be negative infinity), or none that is.
///
/// # Examples
/// ```
/// // Works of both directions spread evenly about ln(Z / Z0) = 1, the known ln Z0 being 2.
/// let found = rbm_model::partition::bennett(2.0, &[1.5, 0.5], &[-0.5, -1.5], &[])?;
/// assert!((found.value - 3.0).abs() < 1e-12);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn bennett(
    ln_z_start: f64,
    forward: &[f64],
    reverse: &[f64],
    ancestors: &[usize],
) -> Result<Bennett, ModelError> {
    check_weights(forward)?;
    check(reverse)?;
    check_ancestors(ancestors, forward.len(), reverse.len())?;
    let m = (forward.len() as f64 / reverse.len() as f64).ln();
    let forward_term = |f: f64, w: f64| sigmoid(w - f - m);
    let reverse_term = |f: f64, w: f64| sigmoid(w + f + m);
    // The left side falls with f, the right side rises: one solution, found by halving.
    let excess = |f: f64| {
        forward.iter().map(|w| forward_term(f, *w)).sum::<f64>()
            - reverse.iter().map(|w| reverse_term(f, *w)).sum::<f64>()
    };
    let some = || forward.iter().copied().filter(|w| w.is_finite());
    let all = || some().chain(reverse.iter().map(|w| -w));
    // Beyond all works by this margin, every term of one side is below e^-margin.
    let margin = 2.0 + m.abs() + 2.0 * ((forward.len() + reverse.len()) as f64).ln();
    let low = all().fold(f64::INFINITY, f64::min) - margin;
    let high = all().fold(f64::NEG_INFINITY, f64::max) + margin;
    let f = bisect(low, high, |f| excess(f) > 0.0);
    let deviations = |terms: Vec<f64>| -> Vec<f64> {
        let sum = terms.iter().sum::<f64>();
        let mean = sum / terms.len() as f64;
        terms.iter().map(|term| (term - mean) / sum).collect()
    };
    let mut up = deviations(forward.iter().map(|w| forward_term(f, *w)).collect());
    let mut down = deviations(reverse.iter().map(|w| reverse_term(f, *w)).collect());
    for (chain, ancestor) in ancestors.iter().enumerate() {
        up[*ancestor] -= std::mem::take(&mut down[chain]);
    }
    let variance: f64 = up.iter().chain(&down).map(|d| d * d).sum();
    let (value, standard_error) = (ln_z_start + f, variance.sqrt());
    Ok(Bennett::new(value, standard_error))
}

impl Bennett {
    /// The same with a standard error not below half of the gap between the two sides. Of two independent values with equal
    /// errors this is the Birge ratio: the error of the mean times the square root of chi-squared, where that is above 1.
    ///
    /// Source: R. T. Birge, Phys. Rev. 40, 207 (1932), doi:10.1103/PhysRev.40.207.
    pub(super) fn scaled(self, gap: f64) -> Self {
        Self::new(self.value, self.standard_error.max(gap.abs() / 2.0))
    }

    /// A value with its standard error.
    pub(super) fn new(value: f64, standard_error: f64) -> Self {
        Self {
            value,
            standard_error,
            interval: [value - 1.96 * standard_error, value + 1.96 * standard_error],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::normal;

    /// Gaussian work: forward ln w ~ N(f - s^2/2, s^2), reverse ln w ~ N(-f - s^2/2, s^2) is the one
    /// pair of that form that obeys Crooks' relation.
    fn works(f: f64, s: f64, counts: [usize; 2], seed: u64) -> [Vec<f64>; 2] {
        [(counts[0], f, 2 * seed), (counts[1], -f, 2 * seed + 1)].map(|(count, f, seed)| {
            normal(count, s, seed)
                .into_iter()
                .map(|x| f64::from(x) + f - s * s / 2.0)
                .collect()
        })
    }

    #[test]
    fn gaussian_work_gives_the_known_difference_and_a_true_error() {
        for (s, counts) in [(0.5, [200, 200]), (2.0, [200, 200]), (1.5, [400, 50])] {
            let runs = 300;
            let mut z = Vec::new();
            for seed in 0..runs {
                let [forward, reverse] = works(7.0, s, counts, 100 + seed);
                let b = bennett(100.0, &forward, &reverse, &[]).unwrap();
                z.push((b.value - 107.0) / b.standard_error);
            }
            let n = runs as f64;
            let mean = z.iter().sum::<f64>() / n;
            let square = z.iter().map(|z| z * z).sum::<f64>() / n;
            // Mean 0 and mean square 1 of standard normal scores, at four and five errors.
            assert!(mean.abs() < 4.0 / n.sqrt(), "mean {mean}");
            assert!(
                (square - 1.0).abs() < 5.0 * (2.0 / n).sqrt(),
                "square {square}"
            );
        }
    }

    #[test]
    fn equal_weights_are_exact() {
        let b = bennett(3.0, &[2.0; 5], &[-2.0; 8], &[]).unwrap();
        assert!(
            (b.value - 5.0).abs() < 1e-12 && b.standard_error < 1e-6,
            "{b:?}"
        );
    }
}
