//! Connected correlations of the modes: what the Gaussian limit drops.
//!
//! The connected n-body correlation (joint cumulant) of coordinates z_1 ... z_n follows from the raw moments m by
//!
//! ```text
//! m(S) = sum over subsets B of S that hold its first element of kappa(B) m(S \ B)
//! ```
//!
//! In the Gaussian limit kappa(x_k, x_k) = kappa(y_k, y_k) = 4/(16 - lambda^2), kappa(x_k, y_k) = lambda/(16 - lambda^2) and
//! all others vanish; 3- and 4-body ones measure the couplings between bosons (third and fourth cumulants of the units),
//! arXiv:2503.21536. Under uniform units the excess kurtosis kappa_4/kappa_2^2 of x_k is exactly -2 IPR_k.

use crate::error::AnalysisError;
use crate::gaussian::limit::CRITICAL_SINGULAR_VALUE;
use crate::reciprocal::space::ReciprocalSpace;
use crate::reciprocal::trajectories::{Coordinate, Trajectories};
use crate::statistics::bootstrap::{BootstrapOptions, block_errors};
use crate::symmetry::ipr::inverse_participation_ratio;
use serde::{Deserialize, Serialize};

/// One connected correlation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectedCorrelation {
    /// The coordinates, 2 to 4 of them; repetitions are allowed.
    pub coordinates: Vec<Coordinate>,
    /// The joint cumulant.
    pub value: f64,
    /// Its standard error by block bootstrap; `None` with a single block.
    pub error: Option<f64>,
    /// What the plain Gaussian limit expects; `None` for the variances of modes with lambda >= 4.
    pub gaussian: Option<f64>,
}

/// Excess kurtosis of one coordinate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kurtosis {
    /// The coordinate.
    pub coordinate: Coordinate,
    /// kappa_4/kappa_2^2; `None` where the coordinate never moved.
    pub excess: Option<f64>,
    /// Its standard error by block bootstrap.
    pub error: Option<f64>,
    /// -2 IPR_k: exact for uniform independent units.
    pub uniform: f64,
    /// -6/(N+2), its mean over Haar-distributed vectors (M for y).
    pub haar: f64,
}

/// Connected correlations of groups of 2, 3 or 4 recorded coordinates.
///
/// Errors by bootstrap with chains (or parts of them) as blocks. The estimator has a bias of order 1/(number of
/// independent samples), far below its error. Valid for stationary chains. y must be sampled, not the mean of h given v,
/// wherever it occurs more than once in a group.
///
/// # Errors
/// [`AnalysisError::Argument`] for a group of another size or a coordinate that was not recorded, [`AnalysisError::NoSuchMode`].
///
/// # Examples
/// ```
/// use rbm_analysis::bosons::connected_correlations;
/// use rbm_analysis::reciprocal::{Coordinate::{X, Y}, Trajectories, pairs};
/// use rbm_analysis::statistics::BootstrapOptions;
/// // The four states of one unit per layer, once each.
/// let states = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
/// let record = Trajectories::from_array(pairs(&[0]), 4, &states)?;
/// let groups = [vec![X(0), X(0)], vec![X(0), Y(0)]];
/// let found = connected_correlations(&record, &groups, &[2.0], &BootstrapOptions::default())?;
/// assert_eq!((found[0].value, found[1].value), (0.25, 0.0));
/// // 4/(16 - lambda^2)
/// assert_eq!(found[0].gaussian, Some(1.0 / 3.0));
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn connected_correlations(
    trajectories: &Trajectories,
    groups: &[Vec<Coordinate>],
    singular_values: &[f64],
    options: &BootstrapOptions,
) -> Result<Vec<ConnectedCorrelation>, AnalysisError> {
    trajectories.check_recorded()?;
    let blocks = trajectories.blocks(options.blocks);
    groups
        .iter()
        .map(|group| {
            if !(2..=4).contains(&group.len()) {
                return Err(AnalysisError::Argument {
                    name: "group of coordinates",
                    expected: "2, 3 or 4 coordinates".into(),
                    found: format!("{group:?}"),
                });
            }
            let sums = subset_sums(trajectories, group, &blocks)?;
            let all = 2usize.pow(group.len() as u32) - 1;
            let statistic = |s: &[f64]| vec![cumulants(s)[all]];
            Ok(ConnectedCorrelation {
                coordinates: group.clone(),
                value: statistic(&total(&sums))[0],
                error: block_errors(&sums, statistic, options)[0],
                gaussian: gaussian_expectation(group, singular_values)?,
            })
        })
        .collect()
}

/// Excess kurtosis of every recorded coordinate against -2 IPR. `space` is that of the model or data basis recorded in.
///
/// # Errors
/// [`AnalysisError::Empty`] where nothing was recorded, [`AnalysisError::NoSuchMode`].
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, Trajectories, bosons::excess_kurtosis};
/// use rbm_analysis::reciprocal::pairs;
/// use rbm_analysis::statistics::BootstrapOptions;
/// use rbm_model::Parameters;
/// let space = ReciprocalSpace::new(&Parameters::new(1, 1, vec![2.0], vec![0.0], vec![0.0])?)?;
/// let states = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
/// let record = Trajectories::from_array(pairs(&[0]), 4, &states)?;
/// // A fair coin: kappa_4/kappa_2^2 = -2, and the vector of one unit has IPR 1.
/// let found = excess_kurtosis(&record, &space, &BootstrapOptions::default())?;
/// assert!((found[0].excess.unwrap() + 2.0).abs() < 1e-12 && found[0].uniform == -2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn excess_kurtosis(
    trajectories: &Trajectories,
    space: &ReciprocalSpace,
    options: &BootstrapOptions,
) -> Result<Vec<Kurtosis>, AnalysisError> {
    trajectories.check_recorded()?;
    let blocks = trajectories.blocks(options.blocks);
    trajectories
        .coordinates()
        .iter()
        .map(|&coordinate| {
            let vector = coordinate.vector(space)?;
            let sums = subset_sums(trajectories, &[coordinate; 4], &blocks)?;
            let statistic = |s: &[f64]| {
                let k = cumulants(s);
                vec![k[0b1111] / (k[0b11] * k[0b11])]
            };
            let excess = statistic(&total(&sums))[0];
            Ok(Kurtosis {
                coordinate,
                excess: excess.is_finite().then_some(excess),
                error: block_errors(&sums, statistic, options)[0],
                uniform: -2.0 * inverse_participation_ratio(vector),
                haar: -6.0 / (vector.len() as f64 + 2.0),
            })
        })
        .collect()
}

/// Cumulant of a group in the plain Gaussian limit.
fn gaussian_expectation(
    group: &[Coordinate],
    singular_values: &[f64],
) -> Result<Option<f64>, AnalysisError> {
    for coordinate in group {
        if coordinate.mode() >= singular_values.len() {
            return Err(AnalysisError::NoSuchMode {
                mode: coordinate.mode(),
                modes: singular_values.len(),
            });
        }
    }
    let &[first, second] = group else {
        return Ok(Some(0.0));
    };
    if first.mode() != second.mode() {
        return Ok(Some(0.0));
    }
    let lambda = singular_values[first.mode()];
    let numerator = if first == second {
        CRITICAL_SINGULAR_VALUE
    } else {
        lambda
    };
    Ok((lambda < CRITICAL_SINGULAR_VALUE).then(|| numerator / (16.0 - lambda * lambda)))
}

/// For each block: at place S (a bit set over the group) the sum of prod_{i in S} (z_i - mean_i), the count at place 0.
fn subset_sums(
    trajectories: &Trajectories,
    group: &[Coordinate],
    blocks: &[Vec<(usize, usize)>],
) -> Result<Vec<Vec<f64>>, AnalysisError> {
    let indices = group
        .iter()
        .map(|&c| trajectories.index(c))
        .collect::<Result<Vec<_>, _>>()?;
    let means: Vec<f64> = indices.iter().map(|&i| trajectories.mean(i)).collect();
    let subsets = 1 << group.len();
    Ok(blocks
        .iter()
        .map(|block| {
            let mut sums = vec![0.0; subsets];
            let mut product = vec![1.0; subsets];
            for &(time, chain) in block {
                let at = trajectories.at(time, chain);
                for s in 1..subsets {
                    let first = s.trailing_zeros() as usize;
                    product[s] = product[s & (s - 1)] * (at[indices[first]] - means[first]);
                }
                sums.iter_mut().zip(&product).for_each(|(s, p)| *s += p);
            }
            sums
        })
        .collect())
}

fn total(sums: &[Vec<f64>]) -> Vec<f64> {
    let mut total = vec![0.0; sums.first().map_or(0, Vec::len)];
    for block in sums {
        total.iter_mut().zip(block).for_each(|(t, s)| *t += s);
    }
    total
}

/// Joint cumulants of all subsets from the sums of [`subset_sums`]; place 0 is unused.
fn cumulants(sums: &[f64]) -> Vec<f64> {
    let moment = |s: usize| sums[s] / sums[0];
    let mut kappa = vec![0.0; sums.len()];
    for s in 1..sums.len() {
        let first = s & s.wrapping_neg();
        let others = s ^ first;
        kappa[s] = moment(s);
        // Subsets B = first + part, with part running over the proper subsets of the others.
        let mut part = others;
        while part != 0 {
            part = (part - 1) & others;
            kappa[s] -= kappa[first | part] * moment(others ^ part);
        }
    }
    kappa
}

#[cfg(test)]
#[path = "correlation_tests.rs"]
mod tests;
