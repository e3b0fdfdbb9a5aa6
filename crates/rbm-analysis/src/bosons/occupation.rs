//! Bosons: exp(lambda x y) = int d^2z/pi exp(-|z|^2 + sqrt(lambda)(z x + zbar y)), one complex boson per mode.
//!
//! Occupation `n_k = <zbar z> - 1 = lambda_k <x_k y_k>` (arXiv:2503.21536). A macroscopic n_k/N is condensation: broken
//! symmetry, or simply biases, since `<x y>` holds the product of the means. The connected part
//! lambda_k (<x_k y_k> - <x_k><y_k>) is left when the means are taken out.

use crate::dynamics::relaxation::mode_relaxations;
use crate::error::AnalysisError;
use crate::mean_field::fixed_points::FixedPoint;
use crate::reciprocal::space::{ReciprocalSpace, transposed_times};
use crate::reciprocal::trajectories::{Coordinate, Trajectories};
use crate::statistics::bootstrap::{BootstrapOptions, block_errors};
use faer::MatRef;
use rbm_model::Parameters;
use rbm_model::partition::Enumeration;
use serde::{Deserialize, Serialize};

/// Occupation of one boson.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Occupation {
    /// The mode, numbered from 0.
    pub mode: usize,
    /// Its singular value lambda.
    pub singular_value: f64,
    /// n_k = lambda_k <x_k y_k>.
    pub occupation: f64,
    /// Standard error of n_k; `None` where nothing was sampled or there is a single block.
    pub error: Option<f64>,
    /// n_k/N, of order 1 for a condensed boson.
    pub per_visible_unit: f64,
    /// Connected part lambda_k (<x_k y_k> - <x_k><y_k>); `None` where it does not exist (an unstable point).
    pub connected: Option<f64>,
    /// Standard error of the connected part.
    pub connected_error: Option<f64>,
}

/// Occupations from recorded states, for every mode of which both x and y were recorded; errors by block bootstrap.
///
/// Model samples: [`Trajectories::record`]. Data: [`Trajectories::from_data`]; since n_k is linear in h, the conditional
/// means of h are exact there and less noisy than drawn h. Valid for stationary chains or independent rows.
///
/// # Errors
/// [`AnalysisError::Empty`] where nothing was recorded, [`AnalysisError::NoSuchMode`].
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_analysis::{ReciprocalSpace, Trajectories, reciprocal::pairs, statistics::BootstrapOptions};
/// use rbm_analysis::bosons::{exact_occupations, occupations};
/// use rbm_model::{Parameters, Rbm, noise::stream, sampling::Chains};
/// let model = Parameters::new(2, 1, vec![1.0, 2.0], vec![-0.5; 2], vec![0.3])?;
/// let (space, rbm) = (ReciprocalSpace::new(&model)?, Rbm::from_parameters(&model, &Device::flex()));
/// let mut chains = Chains::from_biases(&rbm, 100, 1, stream::SAMPLE);
/// chains.sweep(&rbm, 50);
/// let record = Trajectories::record(&space, pairs(&[0]), &rbm, &mut chains, 100, 1)?;
/// let found = occupations(&space, &record, &BootstrapOptions::default())?[0];
/// let exact = exact_occupations(&space, &model)?[0].occupation;
/// assert!((found.occupation - exact).abs() < 5.0 * found.error.unwrap());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn occupations(
    space: &ReciprocalSpace,
    trajectories: &Trajectories,
    options: &BootstrapOptions,
) -> Result<Vec<Occupation>, AnalysisError> {
    trajectories.check_recorded()?;
    let blocks = trajectories.blocks(options.blocks);
    let mut all = Vec::new();
    for (at_x, &coordinate) in trajectories.coordinates().iter().enumerate() {
        let Coordinate::X(mode) = coordinate else {
            continue;
        };
        let Ok(at_y) = trajectories.index(Coordinate::Y(mode)) else {
            continue;
        };
        space.check_mode(mode)?;
        let lambda = space.singular_values()[mode];
        let sums: Vec<Vec<f64>> = blocks
            .iter()
            .map(|block| {
                let mut sums = vec![0.0; 4];
                for &(time, chain) in block {
                    let at = trajectories.at(time, chain);
                    let (x, y) = (at[at_x], at[at_y]);
                    sums.iter_mut()
                        .zip([1.0, x, y, x * y])
                        .for_each(|(s, v)| *s += v);
                }
                sums
            })
            .collect();
        let statistic = |s: &[f64]| {
            let (x, y, xy) = (s[1] / s[0], s[2] / s[0], s[3] / s[0]);
            vec![lambda * xy, lambda * (xy - x * y)]
        };
        let total: Vec<f64> = (0..4).map(|i| sums.iter().map(|s| s[i]).sum()).collect();
        let values = statistic(&total);
        let errors = block_errors(&sums, statistic, options);
        all.push(Occupation {
            mode,
            singular_value: lambda,
            occupation: values[0],
            error: errors[0],
            per_visible_unit: values[0] / space.n_visible() as f64,
            connected: Some(values[1]),
            connected_error: errors[1],
        });
    }
    Ok(all)
}

/// Occupations at a mean-field point, `[R]`: n_k = lambda_k x_k y_k of the means, and as connected part the one-loop
/// fluctuation lambda_k cov(x_k, y_k) about it (to be added to n_k for the occupation in one-loop order).
///
/// # Errors
/// [`AnalysisError::Shape`] where the point has other sizes than the model.
///
/// # Examples
/// ```
/// use rbm_analysis::{MeanFieldOptions, ReciprocalSpace};
/// use rbm_analysis::{bosons::point_occupations, mean_field::central_fixed_point};
/// use rbm_model::Parameters;
/// // Centered, lambda = 2: means 1/2, and lambda cov(x, y) = lambda^2/(16 - lambda^2).
/// let model = Parameters::new(1, 1, vec![2.0], vec![-1.0], vec![-1.0])?;
/// let point = central_fixed_point(&model, &MeanFieldOptions::default())?;
/// let boson = point_occupations(&ReciprocalSpace::new(&model)?, &point)?[0];
/// assert!((boson.occupation - 2.0 / 4.0).abs() < 1e-9);
/// assert!((boson.connected.unwrap() - 4.0 / 12.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn point_occupations(
    space: &ReciprocalSpace,
    point: &FixedPoint,
) -> Result<Vec<Occupation>, AnalysisError> {
    crate::error::check_len("visible means", space.n_visible(), point.visible.len())?;
    crate::error::check_len("hidden means", space.n_hidden(), point.hidden.len())?;
    let x = transposed_times(space.svd.left.as_ref(), &point.visible);
    let y = transposed_times(space.svd.right.as_ref(), &point.hidden);
    Ok(mode_relaxations(space, Some(point))?
        .iter()
        .map(|mode| {
            let (k, lambda) = (mode.mode, mode.singular_value);
            let occupation = lambda * x[k] * y[k];
            Occupation {
                mode: k,
                singular_value: lambda,
                occupation,
                error: None,
                per_visible_unit: occupation / space.n_visible() as f64,
                connected: mode.dressed.map(|d| lambda * d.covariance),
                connected_error: None,
            }
        })
        .collect())
}

/// Exact occupations by enumeration, `[R]`; cost 2^min(N, M) N M.
///
/// # Errors
/// [`AnalysisError::Model`] where both layers are too large to enumerate.
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, bosons::exact_occupations};
/// use rbm_model::Parameters;
/// let model = Parameters::new(1, 1, vec![2.0], vec![0.0], vec![0.0])?;
/// let boson = exact_occupations(&ReciprocalSpace::new(&model)?, &model)?[0];
/// // lambda <v h> = 2 e^2 / (3 + e^2)
/// let e2 = 2f64.exp();
/// assert!((boson.occupation - 2.0 * e2 / (3.0 + e2)).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn exact_occupations(
    space: &ReciprocalSpace,
    parameters: &Parameters,
) -> Result<Vec<Occupation>, AnalysisError> {
    let moments = Enumeration::new(parameters)?.moments();
    let (n, m) = (parameters.n_visible, parameters.n_hidden);
    crate::error::check_len("visible layer", space.n_visible(), n)?;
    crate::error::check_len("hidden layer", space.n_hidden(), m)?;
    let joint = MatRef::from_row_major_slice(&moments.visible_hidden, n, m);
    let x = transposed_times(space.svd.left.as_ref(), &moments.visible);
    let y = transposed_times(space.svd.right.as_ref(), &moments.hidden);
    Ok(occupations_of(space, joint)
        .into_iter()
        .enumerate()
        .map(|(k, occupation)| {
            let lambda = space.singular_values()[k];
            Occupation {
                mode: k,
                singular_value: lambda,
                occupation,
                error: None,
                per_visible_unit: occupation / n as f64,
                connected: Some(occupation - lambda * x[k] * y[k]),
                connected_error: None,
            }
        })
        .collect())
}

/// Occupations n_k = lambda_k <x_k y_k>, `[R]`, from joint moments <v h^T>, `[N, M]`.
pub(crate) fn occupations_of(space: &ReciprocalSpace, moments: MatRef<'_, f64>) -> Vec<f64> {
    let r = space.modes();
    let projected = moments * space.svd.right.as_ref().subcols(0, r);
    (0..r)
        .map(|k| {
            let xy: f64 = space
                .svd
                .left
                .col(k)
                .iter()
                .zip(projected.col(k).iter())
                .map(|(u, p)| u * p)
                .sum();
            space.singular_values()[k] * xy
        })
        .collect()
}

#[cfg(test)]
#[path = "occupation_tests.rs"]
mod tests;
