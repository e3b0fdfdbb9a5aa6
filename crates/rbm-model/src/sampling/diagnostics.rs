//! Whether chains have mixed, and how much their samples are worth.
//!
//! Everything here takes several chains of one scalar (an energy, a reciprocal mode), each a series
//! of equally spaced draws, and says nothing about scalars it has not seen. Times are in draws:
//! multiply by the sweeps between draws.

use crate::numeric::mean;
use serde::{Deserialize, Serialize};

/// Sokal's factor c: correlations are summed up to the first lag M >= c tau(M).
pub const WINDOW_FACTOR: f64 = 5.0;

/// Fewest draws of a chain that can be judged.
pub const LEAST_DRAWS: usize = 4;

/// Chains that cannot be judged.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum DiagnosticsError {
    /// No chains, or too few draws.
    #[error(
        "{chains} chains of {draws} draws cannot be judged; at least 1 chain of {LEAST_DRAWS} is needed"
    )]
    TooShort {
        /// Number of chains.
        chains: usize,
        /// Length of the shortest.
        draws: usize,
    },
    /// Chains of different lengths.
    #[error("chain {chain} has {found} draws; expected {expected}, as chain 0 has")]
    Ragged {
        /// The first such chain.
        chain: usize,
        /// Its length.
        found: usize,
        /// Length of chain 0.
        expected: usize,
    },
    /// A draw that is NaN or infinite.
    #[error("draw {draw} of chain {chain} is {value}; all must be finite")]
    NotFinite {
        /// The first such chain.
        chain: usize,
        /// Its first such draw.
        draw: usize,
        /// The draw.
        value: f64,
    },
}

/// Integrated autocorrelation time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AutocorrelationTime {
    /// tau = 1/2 + sum_{t >= 1} rho(t), in draws: 1/2 for independent draws. The variance of a mean over n
    /// draws is 2 tau / n times that of one.
    pub value: f64,
    /// Its standard error, tau sqrt(2 (2 M + 1) / n) with n draws in all.
    pub standard_error: f64,
    /// Lag M at which the sum stops.
    pub window: usize,
    /// Whether M >= 5 tau. If not, the chains are too short, and tau is only a lower bound.
    pub resolved: bool,
}

/// What several chains of one scalar tell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Number of chains.
    pub chains: usize,
    /// Draws of each.
    pub draws: usize,
    /// Mean over all draws.
    pub mean: f64,
    /// Its standard error, from variance and effective sample size.
    pub standard_error: f64,
    /// R-hat, see [`r_hat`]; below 1.01 is the usual demand.
    pub r_hat: f64,
    /// Autocorrelation time.
    pub autocorrelation_time: AutocorrelationTime,
    /// Independent draws that would determine the mean as well.
    pub effective_sample_size: f64,
}

/// Judges chains of one scalar: mean, R-hat, autocorrelation time tau, and the effective sample size
///
/// ```text
/// n_eff = n / (2 tau),  at most n log10 n,      standard error of the mean = sqrt(var+ / n_eff)
/// ```
///
/// of n draws in all, var+ being the variance of all chains together, as in [`autocorrelation_time`].
///
/// Source: A. Vehtari et al., Bayesian Analysis 16, 667 (2021), arXiv:1903.08008.
///
/// # Errors
/// [`DiagnosticsError`].
///
/// # Examples
/// ```
/// use rbm_model::noise::{Sequence, stream};
/// use rbm_model::sampling::diagnostics::diagnose;
/// // Four chains of 1000 independent draws, uniform in (0, 1).
/// let mut sequence = Sequence::new(1, stream::SAMPLE, 0);
/// let chains = [(); 4].map(|()| [(); 1000].map(|()| f64::from(sequence.next_uniform())));
/// let found = diagnose(&chains)?;
/// assert!(found.r_hat < 1.01);
/// assert!((found.mean - 0.5).abs() < 5.0 * found.standard_error);
/// // sqrt(1/12 / 4000)
/// assert!((found.standard_error / (1.0 / 48_000f64).sqrt() - 1.0).abs() < 0.2);
/// # Ok::<(), rbm_model::sampling::diagnostics::DiagnosticsError>(())
/// ```
pub fn diagnose<C: AsRef<[f64]>>(chains: &[C]) -> Result<Diagnosis, DiagnosticsError> {
    let time = autocorrelation_time(chains)?;
    let draws = chains[0].as_ref().len();
    let total = (chains.len() * draws) as f64;
    let (within, between) = variances(chains);
    let mean = chains.iter().map(|c| mean(c.as_ref())).sum::<f64>() / chains.len() as f64;
    // Anticorrelated draws can be worth more than independent ones, but an estimate that says
    // so beyond this is noise (as in Vehtari et al.).
    let size = (total / (2.0 * time.value)).min(total * total.log10().max(1.0));
    Ok(Diagnosis {
        chains: chains.len(),
        draws,
        mean,
        standard_error: (pooled(within, between, draws) / size).sqrt(),
        r_hat: r_hat(chains)?,
        autocorrelation_time: time,
        effective_sample_size: size,
    })
}

/// Integrated autocorrelation time of several chains with one law.
///
/// Correlations are averaged over chains, about the mean and with the variance of all chains together:
/// rho(t) = 1 - (W - mean_m gamma_m(t)) / var+, with W the variance within chains and var+ that of all;
/// chains that disagree thus have a long time. The sum ends at Sokal's window, the first M with
/// M >= 5 tau(M). Chains that do not move at all have tau = draws / 2.
///
/// Source: A. D. Sokal, Monte Carlo Methods in Statistical Mechanics (1996), doi:10.1007/978-1-4899-0319-8_6;
/// N. Madras, A. D. Sokal, J. Stat. Phys. 50, 109 (1988); A. Vehtari et al., Bayesian Analysis 16, 667 (2021), arXiv:1903.08008.
///
/// # Errors
/// [`DiagnosticsError`].
///
/// # Examples
/// ```
/// use rbm_model::noise::{Sequence, stream};
/// use rbm_model::sampling::diagnostics::autocorrelation_time;
/// // x <- x/2 + noise: rho(t) = 2^-t, so tau = 1/2 + 1.
/// let mut sequence = Sequence::new(1, stream::SAMPLE, 0);
/// let chains = [(); 8].map(|()| {
///     let mut x = 0.0;
///     [(); 2000].map(|()| {
///         x = x / 2.0 + f64::from(sequence.next_uniform()) - 0.5;
///         x
///     })
/// });
/// let tau = autocorrelation_time(&chains)?;
/// assert!(tau.resolved && (tau.value - 1.5).abs() < 5.0 * tau.standard_error);
/// # Ok::<(), rbm_model::sampling::diagnostics::DiagnosticsError>(())
/// ```
pub fn autocorrelation_time<C: AsRef<[f64]>>(
    chains: &[C],
) -> Result<AutocorrelationTime, DiagnosticsError> {
    let draws = check(chains)?;
    let (within, between) = variances(chains);
    let all = pooled(within, between, draws);
    let centered: Vec<Vec<f64>> = chains
        .iter()
        .map(|chain| {
            let mean = mean(chain.as_ref());
            chain.as_ref().iter().map(|x| x - mean).collect()
        })
        .collect();
    let total = (chains.len() * draws) as f64;
    if within == 0.0 {
        return Ok(AutocorrelationTime {
            value: 0.5 * draws as f64,
            standard_error: 0.5 * draws as f64,
            window: draws - 1,
            resolved: false,
        });
    }
    let covariance = |lag: usize| {
        let products = centered.iter().map(|x| {
            let pairs = x.iter().zip(&x[lag..]);
            pairs.map(|(a, b)| a * b).sum::<f64>()
        });
        products.sum::<f64>() / total
    };
    let (mut tau, mut window, mut resolved) = (0.5, 0, false);
    for lag in 1..draws {
        tau += 1.0 - (within - covariance(lag)) / all;
        window = lag;
        if lag as f64 >= WINDOW_FACTOR * tau {
            resolved = true;
            break;
        }
    }
    // Noise may take the sum below what any draws can have.
    let value = tau.max(0.5 / total.log10().max(1.0));
    Ok(AutocorrelationTime {
        value,
        standard_error: value * (2.0 * (2 * window + 1) as f64 / total).sqrt(),
        window,
        resolved,
    })
}

/// Split R-hat: chains are cut in halves, and the deviation of all draws is compared with
/// that within the halves, R = sqrt(var+ / W). Near 1 if all halves have the same mean. NaN if no draw differs
/// from another, infinite if the chains stand still at different values.
///
/// Source: A. Gelman, D. B. Rubin, Statistical Science 7, 457 (1992); A. Gelman et al., Bayesian Data
/// Analysis, 3rd edition (2013), section 11.4.
///
/// # Errors
/// [`DiagnosticsError`].
pub fn split_r_hat<C: AsRef<[f64]>>(chains: &[C]) -> Result<f64, DiagnosticsError> {
    check(chains)?;
    Ok(plain_r_hat(&halves(chains)))
}

/// Rank-normalized split R-hat, the larger of two: of the draws, and of their distances from the median.
///
/// Draws are replaced by normal scores of their ranks, so heavy tails do no harm; the second value
/// sees chains that differ in spread alone.
///
/// Source: A. Vehtari, A. Gelman, D. Simpson, B. Carpenter, P.-C. Buerkner, Bayesian Analysis 16, 667
/// (2021), arXiv:1903.08008.
///
/// # Errors
/// [`DiagnosticsError`].
///
/// # Examples
/// ```
/// use rbm_model::sampling::diagnostics::{r_hat, split_r_hat};
/// // Two chains with one mean and different spreads: the plain R-hat does not see it.
/// let alternating = |size: f64| (0..100).map(|t| if t % 2 == 0 { size } else { -size }).collect();
/// let chains: [Vec<f64>; 2] = [alternating(1.0), alternating(10.0)];
/// assert!(split_r_hat(&chains)? < 1.01 && r_hat(&chains)? > 1.5);
/// // Chains that stand still at different values.
/// assert_eq!(split_r_hat(&[[1.0; 8], [2.0; 8]])?, f64::INFINITY);
/// # Ok::<(), rbm_model::sampling::diagnostics::DiagnosticsError>(())
/// ```
pub fn r_hat<C: AsRef<[f64]>>(chains: &[C]) -> Result<f64, DiagnosticsError> {
    check(chains)?;
    let halves = halves(chains);
    let mut sorted: Vec<f64> = halves.iter().flatten().copied().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    // Halves come in pairs of equal length, so the number of draws is even.
    let median = 0.5 * (sorted[middle - 1] + sorted[middle]);
    let folded: Vec<Vec<f64>> = halves
        .iter()
        .map(|half| half.iter().map(|x| (x - median).abs()).collect())
        .collect();
    let bulk = plain_r_hat(&normal_scores(&halves));
    let tails = plain_r_hat(&normal_scores(&folded));
    Ok(if bulk.is_nan() { bulk } else { bulk.max(tails) })
}

fn check<C: AsRef<[f64]>>(chains: &[C]) -> Result<usize, DiagnosticsError> {
    let expected = chains.first().map_or(0, |c| c.as_ref().len());
    for (chain, values) in chains.iter().enumerate() {
        let values = values.as_ref();
        if values.len() != expected {
            return Err(DiagnosticsError::Ragged {
                chain,
                found: values.len(),
                expected,
            });
        }
        if let Some(draw) = values.iter().position(|x| !x.is_finite()) {
            return Err(DiagnosticsError::NotFinite {
                chain,
                draw,
                value: values[draw],
            });
        }
    }
    if expected < LEAST_DRAWS {
        return Err(DiagnosticsError::TooShort {
            chains: chains.len(),
            draws: expected,
        });
    }
    Ok(expected)
}

/// Taken from the first value, so that it is exactly 0 where all are the same: chains that stand still are told by that.
fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let from_first = || values.iter().map(|x| x - values[0]);
    let mean = from_first().sum::<f64>() / n;
    from_first().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)
}

/// Mean variance within chains, and variance of their means (0 for one chain).
fn variances<C: AsRef<[f64]>>(chains: &[C]) -> (f64, f64) {
    let within: Vec<f64> = chains.iter().map(|c| variance(c.as_ref())).collect();
    let means: Vec<f64> = chains.iter().map(|c| mean(c.as_ref())).collect();
    let between = if means.len() > 1 {
        variance(&means)
    } else {
        0.0
    };
    (mean(&within), between)
}

/// var+, the variance of all draws.
fn pooled(within: f64, between: f64, draws: usize) -> f64 {
    within * (1.0 - 1.0 / draws as f64) + between
}

fn plain_r_hat(chains: &[Vec<f64>]) -> f64 {
    let (within, between) = variances(chains);
    (pooled(within, between, chains[0].len()) / within).sqrt()
}

/// First and second half of every chain, without the draw in the middle of an odd number.
fn halves<C: AsRef<[f64]>>(chains: &[C]) -> Vec<Vec<f64>> {
    let half = |values: &[f64]| values.len() / 2;
    chains
        .iter()
        .map(AsRef::as_ref)
        .flat_map(|c| [&c[..half(c)], &c[c.len() - half(c)..]])
        .map(<[f64]>::to_vec)
        .collect()
}

/// Every draw replaced by Phi^-1((rank - 3/8) / (S + 1/4)); equal draws share their mean rank.
fn normal_scores(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let draws = chains[0].len();
    let value = |at: usize| chains[at / draws][at % draws];
    let count = chains.len() * draws;
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_unstable_by(|a, b| value(*a).total_cmp(&value(*b)));
    let mut scores = vec![vec![0.0; draws]; chains.len()];
    let mut first = 0;
    while first < count {
        let same = |at: &&usize| value(**at) == value(order[first]);
        let equal = order[first..].iter().take_while(same).count();
        let rank = first as f64 + 0.5 * (equal as f64 + 1.0);
        let score = normal_quantile((rank - 0.375) / (count as f64 + 0.25));
        for at in &order[first..first + equal] {
            scores[at / draws][at % draws] = score;
        }
        first += equal;
    }
    scores
}

/// Phi^-1(p) for 0 < p < 1, to a relative 1.2e-9: P. J. Acklam's rational approximation (2003).
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e1,
        2.209460984245205e2,
        -2.759285104469687e2,
        1.38357751867269e2,
        -3.066479806614716e1,
        2.506628277459239,
    ];
    const B: [f64; 6] = [
        -5.447609879822406e1,
        1.615858368580409e2,
        -1.556989798598866e2,
        6.680131188771972e1,
        -1.328068155288572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-3,
        -3.223964580411365e-1,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    ];
    const D: [f64; 5] = [
        7.784695709041462e-3,
        3.224671290700398e-1,
        2.445134137142996,
        3.754408661907416,
        1.0,
    ];
    const TAIL: f64 = 0.02425;
    let polynomial = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |s, c| s * x + c);
    let tail = |p: f64| {
        let q = (-2.0 * p.ln()).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    };
    if p < TAIL {
        tail(p)
    } else if p > 1.0 - TAIL {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        q * polynomial(&A, q * q) / polynomial(&B, q * q)
    }
}

#[cfg(test)]
#[path = "diagnostics_tests.rs"]
mod tests;
