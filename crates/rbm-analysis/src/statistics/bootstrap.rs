//! Block bootstrap: errors of nonlinear functions of averages over correlated samples.

use crate::random::generator;
use crate::statistics::moments::variance;
use rand::RngExt;
use rayon::prelude::*;
use rbm_model::noise::stream;
use serde::{Deserialize, Serialize};

/// How to resample.
///
/// Source: B. Efron, Ann. Statist. 7, 1 (1979); blocks: H. R. Kuensch, Ann. Statist. 17, 1217 (1989).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootstrapOptions {
    /// Number of resamples.
    pub resamples: usize,
    /// Blocks wanted at least: chains are cut into parts where there are fewer. Parts must be longer than the
    /// autocorrelation time for the errors to be right.
    pub blocks: usize,
    /// Seed of the resampling.
    pub seed: u64,
}

impl Default for BootstrapOptions {
    fn default() -> Self {
        Self {
            resamples: 200,
            blocks: 20,
            seed: 0,
        }
    }
}

/// Standard errors of `statistic`, a function of the sums over all blocks, by drawing as many blocks with replacement.
///
/// `sums` holds one vector of sums per block (count included where the statistic needs it). `None` with fewer than two
/// blocks or resamples, or where the statistic is not finite. B. Efron, Ann. Statist. 7, 1 (1979); blocks: H. R. Kuensch, Ann. Statist. 17, 1217 (1989).
pub(crate) fn block_errors(
    sums: &[Vec<f64>],
    statistic: impl Fn(&[f64]) -> Vec<f64> + Sync,
    options: &BootstrapOptions,
) -> Vec<Option<f64>> {
    let width = sums.first().map_or(0, Vec::len);
    let total = |chosen: &mut dyn Iterator<Item = usize>| {
        let mut total = vec![0.0; width];
        for block in chosen {
            total
                .iter_mut()
                .zip(&sums[block])
                .for_each(|(t, s)| *t += s);
        }
        statistic(&total)
    };
    let values = total(&mut (0..sums.len())).len();
    if sums.len() < 2 || options.resamples < 2 {
        return vec![None; values];
    }
    let resampled: Vec<Vec<f64>> = (0..options.resamples)
        .into_par_iter()
        .map(|resample| {
            let mut random = generator(options.seed, stream::BLOCK_BOOTSTRAP + resample as u64);
            total(&mut (0..sums.len()).map(|_| random.random_range(0..sums.len())))
        })
        .collect();
    (0..values)
        .map(|at| {
            let of_resamples: Vec<f64> = resampled.iter().map(|r| r[at]).collect();
            // The draw of B blocks out of B underestimates the variance by (B-1)/B.
            let blocks = sums.len() as f64;
            let error = (variance(&of_resamples) * blocks / (blocks - 1.0)).sqrt();
            error.is_finite().then_some(error)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;

    #[test]
    fn the_error_of_a_mean_is_that_of_independent_blocks() {
        let mut random = generator(1, 0);
        let sums: Vec<Vec<f64>> = (0..400)
            .map(|_| vec![1.0, 3.0 + 2.0 * normal(&mut random)])
            .collect();
        let options = BootstrapOptions {
            resamples: 2000,
            ..Default::default()
        };
        let error = block_errors(&sums, |s| vec![s[1] / s[0]], &options)[0].unwrap();
        let values: Vec<f64> = sums.iter().map(|s| s[1]).collect();
        let expected = crate::statistics::moments::mean_and_error(&values).1;
        // A standard deviation from 2000 resamples is known to 1/sqrt(4000) = 1.6%; five of those.
        assert!((error / expected - 1.0).abs() < 0.08, "{error} {expected}");
        let again = block_errors(&sums, |s| vec![s[1] / s[0]], &options)[0].unwrap();
        assert_eq!(error.to_bits(), again.to_bits());
        assert!(block_errors(&sums[..1], |s| vec![s[1]], &options)[0].is_none());
    }
}
