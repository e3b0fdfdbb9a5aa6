//! How far states lie from the saddles of the modes, in units of their own spread.
//!
//! The points (x_k, y_k) of a set of states have a mean m and a covariance C, 2 x 2, and the saddle of mode k
//! is at s. Its Mahalanobis distance
//!
//! ```text
//! d_k = sqrt( (m - s)^T C^-1 (m - s) )
//! ```
//!
//! is the same in (x, y) and in (u, w), and in any units. Of a Gaussian cloud the part exp(-d^2/2) lies farther out than the
//! saddle, and a point of the cloud itself has <d^2> = 2: well below, the saddle is in the middle, well above, outside.
//! The energy counts too: along mode k it differs from that of the saddle by lambda_k (x - x*)(y - y*), in units of
//! k_B T, and a saddle matters where that is not small.
//!
//! **Null model.** Modes that know nothing of the states are Haar distributed and independent of them. [`rotated_distances`]
//! draws such modes, with the singular values, biases and states of the model.
//!
//! Sources: P. C. Mahalanobis, Proc. Natl. Inst. Sci. India 2, 49 (1936); saddles: see [`crate::reciprocal::space`].

use crate::error::{AnalysisError, check_len};
use crate::random::{generator, haar_matrix};
use crate::reciprocal::space::ReciprocalSpace;
use crate::reciprocal::trajectories::{Coordinate, Trajectories};
use crate::statistics::moments::{mean, variance};
use faer::{Mat, MatRef};
use rbm_model::noise::stream;
use serde::{Deserialize, Serialize};

/// A covariance whose determinant is below this part of the product of its variances is singular.
const SINGULAR: f64 = 1e-12;

/// Where states lie relative to the saddle of one mode.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SaddleDistance {
    /// The mode, from 0.
    pub mode: usize,
    /// Mahalanobis distance d of the saddle from the mean of the states.
    pub distance: f64,
    /// Root mean square over the states of lambda (x - x*)(y - y*), in units of k_B T.
    pub energy: f64,
}

/// Distances in copies of a model whose modes were drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RotatedDistances {
    /// Copies drawn.
    pub copies: usize,
    /// Mean over the copies of the root mean square of d over the modes.
    pub mean: f64,
    /// Its standard deviation over the copies.
    pub deviation: f64,
    /// Rank of the model among its copies, (copies whose saddles are nearer + 1/2) / (copies + 1). Uniform where the modes are
    /// Haar; near 1 where the states lie farther from the saddles than chance has it, near 0 where they lie nearer.
    pub nearer: f64,
}

/// Root mean square of the distances; `None` without any.
pub fn root_mean_square(distances: &[SaddleDistance]) -> Option<f64> {
    let square: f64 = distances.iter().map(|d| d.distance * d.distance).sum();
    (!distances.is_empty()).then(|| (square / distances.len() as f64).sqrt())
}

/// Distances of recorded states from the saddles of the modes recorded, over all chains and times.
///
/// Modes without a usable saddle are left out, and those along which the states do not spread in two dimensions.
///
/// # Errors
/// [`AnalysisError::Argument`] where y of a recorded x is missing, [`AnalysisError::Empty`], [`AnalysisError::NoSuchMode`].
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, Trajectories};
/// use rbm_analysis::reciprocal::{pairs, saddle_distances, uniform_distances};
/// use rbm_model::Parameters;
/// // The four states of one unit per layer, once each, are its uniform measure.
/// let space = ReciprocalSpace::new(&Parameters::new(1, 1, vec![2.0], vec![0.5], vec![-1.0])?)?;
/// let states = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
/// let record = Trajectories::from_array(pairs(&[0]), 4, &states)?;
/// let (found, uniform) = (saddle_distances(&space, &record)?, uniform_distances(&space, &[0])?);
/// assert!((found[0].distance - uniform[0].distance).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn saddle_distances(
    space: &ReciprocalSpace,
    states: &Trajectories,
) -> Result<Vec<SaddleDistance>, AnalysisError> {
    states.check_recorded()?;
    let saddles = space.saddles();
    let mut all = Vec::new();
    for &coordinate in states.coordinates() {
        let Coordinate::X(mode) = coordinate else {
            continue;
        };
        space.check_mode(mode)?;
        let (x, y) = (
            states.index(coordinate)?,
            states.index(Coordinate::Y(mode))?,
        );
        let Some(saddle) = saddles[mode] else {
            continue;
        };
        let at = |time, chain| {
            let row: &[f64] = states.at(time, chain);
            [row[x] - saddle.x, row[y] - saddle.y]
        };
        let points = (0..states.times())
            .flat_map(|time| (0..states.chains()).map(move |chain| (time, chain)))
            .map(|(time, chain)| at(time, chain));
        all.extend(distance(mode, space.singular_values()[mode], points));
    }
    Ok(all)
}

/// Distances under the reference measure of independent units with probability 1/2, exactly: variances 1/4 along x and y,
/// no covariance, and (U^T 1/2, V^T 1/2) as mean point.
///
/// # Errors
/// [`AnalysisError::NoSuchMode`].
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, reciprocal::uniform_distances};
/// use rbm_model::Parameters;
/// // No biases: the saddle is at the origin, half a unit from the mean in x and y, each with deviation 1/2.
/// let space = ReciprocalSpace::new(&Parameters::new(1, 1, vec![2.0], vec![0.0], vec![0.0])?)?;
/// assert!((uniform_distances(&space, &[0])?[0].distance - 2f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn uniform_distances(
    space: &ReciprocalSpace,
    modes: &[usize],
) -> Result<Vec<SaddleDistance>, AnalysisError> {
    let saddles = space.saddles();
    let mut all = Vec::new();
    for &mode in modes {
        space.check_mode(mode)?;
        let Some(saddle) = saddles[mode] else {
            continue;
        };
        let (x, y) = (space.mean_x[mode] - saddle.x, space.mean_y[mode] - saddle.y);
        all.push(SaddleDistance {
            mode,
            distance: 2.0 * x.hypot(y),
            energy: space.singular_values()[mode] * ((0.25 + x * x) * (0.25 + y * y)).sqrt(),
        });
    }
    Ok(all)
}

/// Distances of states (`[rows, N]`, `[rows, M]`) in `copies` models with Haar-distributed modes and the singular values and biases of this one, for
/// the modes of `measured`, which holds the [`saddle_distances`] of the same states.
///
/// `None` without measured distances or copies.
///
/// # Errors
/// [`AnalysisError::Shape`].
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, Trajectories, faer::Mat, random::{gaussian_matrix, generator}};
/// use rbm_analysis::reciprocal::{pairs, root_mean_square, rotated_distances, saddle_distances};
/// use rbm_model::{Parameters, init::normal};
/// // Random modes know nothing of random states: W is one of its rotated copies.
/// let weight = normal(30 * 20, 0.1, 1).into_iter().map(f64::from).collect();
/// let space = ReciprocalSpace::new(&Parameters::new(30, 20, weight, vec![0.1; 30], vec![-0.1; 20])?)?;
/// let bits = |stream, columns| {
///     let normal = gaussian_matrix(&mut generator(1, stream), 100, columns, 1.0);
///     Mat::from_fn(100, columns, |i, j| f64::from(u8::from(normal[(i, j)] > 0.0)))
/// };
/// let (v, h) = (bits(1, 30), bits(2, 20));
/// let modes: Vec<usize> = (0..20).collect();
/// let record = Trajectories::from_states(&space, pairs(&modes), v.as_ref(), h.as_ref())?;
/// let measured = saddle_distances(&space, &record)?;
/// let copies = rotated_distances(&space, (v.as_ref(), h.as_ref()), &measured, 50, 1)?.unwrap();
/// assert!((root_mean_square(&measured).unwrap() - copies.mean).abs() < 4.0 * copies.deviation);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rotated_distances(
    space: &ReciprocalSpace,
    states: (MatRef<'_, f64>, MatRef<'_, f64>),
    measured: &[SaddleDistance],
    copies: usize,
    seed: u64,
) -> Result<Option<RotatedDistances>, AnalysisError> {
    let (visible, hidden) = states;
    check_len("visible states", space.n_visible(), visible.ncols())?;
    check_len("hidden states", space.n_hidden(), hidden.ncols())?;
    check_len("hidden states (rows)", visible.nrows(), hidden.nrows())?;
    let (Some(own), true) = (root_mean_square(measured), copies > 0) else {
        return Ok(None);
    };
    let lambda: Vec<f64> = measured
        .iter()
        .map(|one| space.singular_values()[one.mode])
        .collect();
    let modes = lambda.len();
    let mut random = generator(seed, stream::SADDLE_COPIES);
    let mut frames = |units: usize| {
        let mut all = Mat::zeros(units, copies * modes);
        for copy in 0..copies {
            let frame = haar_matrix(&mut random, units, modes);
            all.as_mut()
                .subcols_mut(copy * modes, modes)
                .copy_from(&frame);
        }
        all
    };
    let (left, right) = (frames(space.n_visible()), frames(space.n_hidden()));
    let row = |bias: &[f64]| Mat::from_fn(1, bias.len(), |_, unit| bias[unit]);
    let (x, y) = (visible * &left, hidden * &right);
    let (b, c) = (
        row(&space.visible_bias) * &left,
        row(&space.hidden_bias) * &right,
    );
    let found: Vec<f64> = (0..copies)
        .filter_map(|copy| {
            let of_modes: Vec<_> = (0..modes)
                .filter_map(|k| {
                    let at = copy * modes + k;
                    let (x, y) = (x.col_as_slice(at), y.col_as_slice(at));
                    let saddle = [-c[(0, at)] / lambda[k], -b[(0, at)] / lambda[k]];
                    let points = x.iter().zip(y);
                    let points = points.map(|(x, y)| [x - saddle[0], y - saddle[1]]);
                    distance(k, lambda[k], points)
                })
                .collect();
            root_mean_square(&of_modes)
        })
        .collect();
    let count = found.len() as f64;
    let nearer = found.iter().filter(|d| **d < own).count() as f64;
    Ok((!found.is_empty()).then(|| RotatedDistances {
        copies: found.len(),
        mean: mean(&found),
        deviation: variance(&found).sqrt(),
        nearer: (0.5 + nearer) / (1.0 + count),
    }))
}

/// Of points relative to the saddle; `None` where they do not spread in two dimensions.
fn distance(
    mode: usize,
    lambda: f64,
    points: impl Iterator<Item = [f64; 2]> + Clone,
) -> Option<SaddleDistance> {
    let count = points.clone().count() as f64;
    let mean = [0, 1].map(|k| points.clone().map(|p| p[k]).sum::<f64>() / count);
    let [mut xx, mut yy, mut xy, mut energy] = [0.0; 4];
    for [x, y] in points {
        let (dx, dy) = (x - mean[0], y - mean[1]);
        xx += dx * dx / count;
        yy += dy * dy / count;
        xy += dx * dy / count;
        energy += (x * y).powi(2) / count;
    }
    let determinant = xx * yy - xy * xy;
    let spread = xx * yy > 0.0 && determinant > SINGULAR * xx * yy;
    let square = yy * mean[0].powi(2) - 2.0 * xy * mean[0] * mean[1] + xx * mean[1].powi(2);
    spread.then(|| SaddleDistance {
        mode,
        distance: (square / determinant).max(0.0).sqrt(),
        energy: lambda * energy.sqrt(),
    })
}

#[cfg(test)]
#[path = "saddle_distance_tests.rs"]
mod tests;
