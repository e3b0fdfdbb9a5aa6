//! Is a weight matrix still rotationally symmetric? Its singular vectors against Haar's, its entries against
//! those of its rotated copies.
//!
//! W_ij independent N(0, s^2) has the same distribution as Q_U W Q_V^T for any rotations: U and V are then Haar
//! distributed. Training breaks that symmetry (J. Q. Toledo-Marin, A. Maiti, G. C. Fox, R. G. Melko, arXiv:2503.21536).
//! Every statistic comes with its value under the symmetry, the spread of that value, and a p-value. The p-values are
//! those of single tests: of many, some are small by chance.

use crate::error::AnalysisError;
use crate::reciprocal::space::USABLE_SADDLE;
use crate::reciprocal::svd::Svd;
use crate::statistics::moments::two_sided_normal;
use crate::symmetry::haar;
use crate::symmetry::ipr::inverse_participation_ratios;
use crate::symmetry::rotation::{RotationTest, rotation_test};
use faer::MatRef;
use serde::{Deserialize, Serialize};

/// Largest N R^2 for which whole Haar matrices are simulated; beyond it means over the vectors are normal to
/// within their skewness, of order 10/sqrt(N R).
const SIMULATED_WORK: usize = 3_000_000;

/// Haar vectors simulated for the quantiles of one inverse participation ratio.
const SINGLE_VECTORS: usize = 2_000;

/// How much to simulate for [`symmetry`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SymmetryOptions {
    /// Haar matrices simulated for the p-values of small models; 0 for the normal law throughout.
    pub haar_simulations: usize,
    /// Rotated copies for the rotation test, whose smallest p-value is 1/(1 + rotations); below 2 for no test.
    pub rotations: usize,
    /// Seed of the simulations.
    pub seed: u64,
}

impl Default for SymmetryOptions {
    fn default() -> Self {
        Self {
            haar_simulations: 400,
            rotations: 19,
            seed: 0,
        }
    }
}

/// Tests of rotational symmetry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Symmetry {
    /// Left vectors, in the space of visible units.
    pub left: VectorSymmetry,
    /// Right vectors, in the space of hidden units.
    pub right: VectorSymmetry,
    /// Entries of W against those of its rotated copies; `None` where fewer than two were asked for.
    pub rotation: Option<RotationTest>,
}

/// Singular vectors of one layer against Haar's.
///
/// Vectors of singular values below 1e-6 of the largest are an arbitrary basis and left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VectorSymmetry {
    /// Entries of a vector: N, or M.
    pub units: usize,
    /// Number of vectors, the rank of W.
    pub vectors: usize,
    /// Mean inverse participation ratio over the vectors.
    pub ipr: HaarTest,
    /// 1%, 50% and 99% points of the inverse participation ratio of a single Haar vector (simulated).
    pub ipr_quantiles: [f64; 3],
    /// Modes whose ratio lies above the 99% point, numbered from 0; by chance one in a hundred does.
    #[serde(rename = "localised")]
    pub localized: Vec<usize>,
    /// Mean excess kurtosis of the entries; `None` below 4 units, where it has no spread.
    pub kurtosis: Option<HaarTest>,
    /// Excess kurtosis of the entries of each vector about their mean; `None` where all are equal.
    pub kurtosis_of_modes: Vec<Option<f64>>,
    /// Largest entry of all vectors.
    pub largest: LargestEntry,
    /// Largest magnitude in each vector.
    pub largest_of_modes: Vec<f64>,
}

/// A mean over singular vectors against its law for Haar matrices.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HaarTest {
    /// Mean over the vectors.
    pub mean: f64,
    /// Its expectation for a Haar matrix (exact).
    pub null: f64,
    /// Its standard deviation for a Haar matrix: exact for the inverse participation ratio; for the kurtosis with
    /// columns taken as independent, true up to a relative 1/N.
    pub null_error: f64,
    /// Two-sided p-value: (1 + number of Haar matrices as far from `null`) / (1 + simulations), or the normal law.
    pub p_value: f64,
    /// Haar matrices simulated for it; 0 where the normal law with `null_error` was used.
    pub simulations: usize,
}

/// The largest entry of a layer's singular vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LargestEntry {
    /// Its magnitude.
    pub value: f64,
    /// Mode it is in, numbered from 0.
    pub mode: usize,
    /// Unit it is at, numbered from 0.
    pub unit: usize,
    /// Median for Haar vectors, entries taken as independent.
    pub null_median: f64,
    /// Number of entries times the exact tail probability of one, at most 1: a bound that holds however entries depend
    /// on each other (Bonferroni), and is close where it is small.
    pub p_value: f64,
}

/// Tests a decomposition and its matrix for rotational symmetry. `None` for a zero matrix, which has no modes.
///
/// `weight` is `[N, M]` and `svd` its decomposition. Cost: per rotated copy one QR decomposition per layer and
/// one product, O((N + M) R^2 + N M R).
///
/// # Errors
/// [`AnalysisError::Shape`] where the two do not belong together.
///
/// # Examples
/// ```
/// use rbm_analysis::random::{gaussian_matrix, generator};
/// use rbm_analysis::symmetry::{SymmetryOptions, symmetry};
/// use rbm_analysis::{Vectors, svd};
/// let weight = gaussian_matrix(&mut generator(1, 0), 30, 20, 0.01);
/// let modes = svd(weight.as_ref(), Vectors::Thin)?;
/// let tests = symmetry(weight.as_ref(), &modes, &SymmetryOptions::default())?.unwrap();
/// assert_eq!(tests.left.ipr.null, 3.0 / 32.0);
/// assert!(tests.left.ipr.p_value > 0.001 && tests.rotation.unwrap().jensen_shannon.p_value >= 0.05);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn symmetry(
    weight: MatRef<'_, f64>,
    svd: &Svd,
    options: &SymmetryOptions,
) -> Result<Option<Symmetry>, AnalysisError> {
    let lambda = &svd.singular_values;
    let expected = vec![svd.left.nrows(), svd.right.nrows()];
    let found = vec![weight.nrows(), weight.ncols()];
    if expected != found {
        return Err(AnalysisError::Shape {
            what: "weight",
            expected,
            found,
        });
    }
    let rank = numerical_rank(lambda);
    if rank == 0 {
        return Ok(None);
    }
    Ok(Some(Symmetry {
        left: vectors(svd.left.as_ref().subcols(0, rank), options),
        right: vectors(svd.right.as_ref().subcols(0, rank), options),
        rotation: rotation_test(weight, &lambda[..rank], options.rotations, options.seed),
    }))
}

/// Number of singular values (descending) that are at least 1e-6 of the largest.
pub(crate) fn numerical_rank(singular_values: &[f64]) -> usize {
    match singular_values.first() {
        Some(&largest) if largest > 0.0 => singular_values
            .iter()
            .take_while(|&&l| l >= USABLE_SADDLE * largest)
            .count(),
        _ => 0,
    }
}

fn vectors(vectors: MatRef<'_, f64>, options: &SymmetryOptions) -> VectorSymmetry {
    let (units, count) = vectors.shape();
    let columns = || (0..count).map(|k| vectors.col(k).iter().copied().collect::<Vec<f64>>());
    let iprs = inverse_participation_ratios(vectors);
    let single = haar::simulated_iprs(units, SINGLE_VECTORS, options.seed);
    let quantile = |q: f64| single[((SINGLE_VECTORS - 1) as f64 * q).round() as usize];
    let ipr_quantiles = [quantile(0.01), quantile(0.5), quantile(0.99)];
    // With one unit every vector has ratio 1, up to rounding.
    let beyond = ipr_quantiles[2] * (1.0 + 1e-9);
    let means = haar::column_means(vectors);
    let simulations = if units * count * count <= SIMULATED_WORK {
        options.haar_simulations
    } else {
        0
    };
    let simulated = haar::simulated_means(units, count, simulations, options.seed);
    let c = count as f64;
    let test = |which: usize, null: f64, variance: f64| {
        let distance = (means[which] - null).abs();
        let null_error = variance.max(0.0).sqrt();
        HaarTest {
            mean: means[which],
            null,
            null_error,
            p_value: if simulations > 0 {
                // Ties up to rounding count as beyond.
                let near = distance * (1.0 - 1e-9) - 1e-12;
                let beyond = simulated
                    .iter()
                    .filter(|m| (m[which] - null).abs() >= near)
                    .count();
                (1 + beyond) as f64 / (1 + simulations) as f64
            } else if null_error > 0.0 {
                two_sided_normal(distance / null_error)
            } else {
                1.0
            },
            simulations,
        }
    };
    let kurtosis_variance = haar::kurtosis_variance(units) / c;
    let ipr_variance = haar::ipr_variance(units) / c + (c - 1.0) / c * haar::ipr_covariance(units);
    let largest_units: Vec<(usize, f64)> = columns().map(|u| largest_of(&u)).collect();
    let mut largest = LargestEntry {
        value: 0.0,
        mode: 0,
        unit: 0,
        null_median: haar::largest_entry_median(units, units * count),
        p_value: 1.0,
    };
    for (mode, &(unit, value)) in largest_units.iter().enumerate() {
        if value > largest.value {
            (largest.value, largest.mode, largest.unit) = (value, mode, unit);
        }
    }
    largest.p_value = ((units * count) as f64 * haar::entry_tail(units, largest.value)).min(1.0);
    VectorSymmetry {
        units,
        vectors: count,
        ipr: test(0, haar::ipr_mean(units), ipr_variance),
        ipr_quantiles,
        localized: (0..count).filter(|&k| iprs[k] > beyond).collect(),
        kurtosis: (units >= 4).then(|| test(1, haar::kurtosis_mean(units), kurtosis_variance)),
        kurtosis_of_modes: columns().map(|u| haar::kurtosis_of(&u)).collect(),
        largest,
        largest_of_modes: largest_units.into_iter().map(|(_, value)| value).collect(),
    }
}

/// Position and magnitude of the largest entry.
fn largest_of(vector: &[f64]) -> (usize, f64) {
    vector
        .iter()
        .map(|u| u.abs())
        .enumerate()
        .fold(
            (0, 0.0),
            |best, (i, u)| if u > best.1 { (i, u) } else { best },
        )
}

#[cfg(test)]
#[path = "vectors_tests.rs"]
mod tests;
