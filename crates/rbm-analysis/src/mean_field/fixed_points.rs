//! Mean-field free energy, its fixed points, dressed singular values and the corrections to ln Z.
//!
//! ```text
//! m_v = sigmoid(b + W m_h),   m_h = sigmoid(c + W^T m_v)
//! F_MF = m_v.W.m_h - sum_i softplus(b + W m_h)_i - sum_j softplus(c + W^T m_v)_j  >=  -ln Z
//! lt_k = singular values of D_v^{1/2} W D_h^{1/2},   D = diag m(1-m);   stable iff lt_1 < 1
//! ln Z ~ -F_MF + (1/2) sum_ij D_vi W_ij^2 D_hj                (Onsager, TAP)
//! ln Z ~ -F_MF - (1/2) sum_k ln(1 - lt_k^2)                   (one loop)
//! ln Z ~ -F_MF + L(4 lt)                                      (fluctuations of fixed length, see gaussian::spherical)
//! ```
//!
//! Which correction is better depends: over random 12x8 models (example `ln_z_methods`) one loop beats Onsager's term for largest singular
//! values from 3.5 up with biases of standard deviation 1/2; below, and on centered models up to 4, Onsager's term is closer, since the further
//! terms of the loop and the non-Gaussian vertices that it leaves out partly cancel.
//!
//! In modes m_v.W.m_h = sum_k lambda_k x_k y_k: these are the stationary points of the boson integral of
//! arXiv:2503.21536. Onsager's term: D. J. Thouless, P. W. Anderson, R. G. Palmer, Phil. Mag. 35, 593 (1977);
//! T. Plefka, J. Phys. A 15, 1971 (1982). The iteration alternates between the layers, each step minimizing the
//! convex free energy of one layer, so it descends and cannot oscillate.

use crate::error::{AnalysisError, check_len};
use crate::gaussian::spherical::spherical_closure;
use crate::random::generator;
use crate::reciprocal::space::check_parameters;
use crate::reciprocal::svd::{singular_values, weight_matrix};
use faer::{Mat, MatRef};
use rand::RngExt;
use rbm_model::Parameters;
use rbm_model::noise::stream;
use rbm_model::numeric::log_sum_exp;
use rbm_model::parameters::{sigmoid, softplus};
use serde::{Deserialize, Serialize};

/// How to look for fixed points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanFieldOptions {
    /// Number of random starts, besides m_h = 1/2 and the starts given.
    pub random_starts: usize,
    /// Seed of the random starts.
    pub seed: u64,
    /// Largest change of any m_h in one iteration at which a point counts as converged.
    pub tolerance: f64,
    /// Iterations at most.
    pub max_iterations: usize,
    /// Points whose means all agree to this count as one.
    pub merge_distance: f64,
}

impl Default for MeanFieldOptions {
    fn default() -> Self {
        Self {
            random_starts: 16,
            seed: 0,
            tolerance: 1e-12,
            max_iterations: 20_000,
            merge_distance: 1e-6,
        }
    }
}

/// A fixed point of the mean-field equations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FixedPoint {
    /// Mean visible units m_v, `[N]`.
    pub visible: Vec<f64>,
    /// Mean hidden units m_h, `[M]`.
    pub hidden: Vec<f64>,
    /// F_MF; -F_MF is a lower bound of ln Z.
    pub free_energy: f64,
    /// Largest violation of the equation for m_h.
    pub residual: f64,
    /// Dressed singular values lt, `[R]`, largest first.
    pub dressed_singular_values: Vec<f64>,
    /// Whether lt_1 < 1.
    pub stable: bool,
    /// ln Z with Onsager's term.
    pub ln_z_onsager: f64,
    /// ln Z to one loop; `None` at an unstable point, where the integral over fluctuations does not exist.
    pub ln_z_one_loop: Option<f64>,
    /// ln Z with fluctuations whose length is held on average, see [`crate::gaussian::spherical`]; `None` where that has no solution.
    pub ln_z_spherical: Option<f64>,
    /// How many starts ended here.
    pub starts: usize,
}

/// All fixed points that were found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanFieldSolution {
    /// Fixed points, lowest free energy first.
    pub points: Vec<FixedPoint>,
    /// Starts that did not reach the tolerance; they are left out.
    pub unconverged_starts: usize,
    /// ln sum_p e^{-F_p} over stable points; `None` without any. Not a bound where basins overlap.
    pub ln_z_mean_field: Option<f64>,
    /// The same with Onsager's term.
    pub ln_z_onsager: Option<f64>,
    /// The same to one loop.
    pub ln_z_one_loop: Option<f64>,
}

/// The fixed point reached from m_h = 1/2 by damped iteration.
///
/// # Errors
/// [`AnalysisError::NoConvergence`] if the tolerance is not reached; unusable parameters.
///
/// # Examples
/// ```
/// use rbm_analysis::mean_field::{MeanFieldOptions, central_fixed_point};
/// use rbm_model::{Parameters, partition::Enumeration};
/// // Centered, lambda = 2: means 1/2, F_MF = 2/4 - 2 ln 2, dressed singular value lambda/4.
/// let model = Parameters::new(1, 1, vec![2.0], vec![-1.0], vec![-1.0])?;
/// let point = central_fixed_point(&model, &MeanFieldOptions::default())?;
/// assert!((point.free_energy - 0.5 + 4f64.ln()).abs() < 1e-9);
/// assert!((point.dressed_singular_values[0] - 0.5).abs() < 1e-9);
/// assert!(-point.free_energy < Enumeration::new(&model)?.ln_z());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn central_fixed_point(
    parameters: &Parameters,
    options: &MeanFieldOptions,
) -> Result<FixedPoint, AnalysisError> {
    check_parameters(parameters)?;
    let weight = weight_matrix(parameters);
    let start = Mat::from_fn(parameters.n_hidden, 1, |_, _| 0.5);
    let ends = iterate(parameters, weight.as_ref(), start, options);
    match ends.into_iter().next() {
        Some((hidden, residual)) if residual <= options.tolerance => {
            describe(parameters, weight.as_ref(), &hidden, 1)
        }
        _ => Err(AnalysisError::NoConvergence {
            what: "the mean-field iteration",
        }),
    }
}

/// Fixed points from m_h = 1/2, from the given hidden starts `[starts, M]` (conditional means of data or samples) and
/// from random starts, duplicates merged.
///
/// Finds stable points, and an unstable one only where a start lies on its stable side exactly (m = 1/2 of a centered
/// model). Nothing guarantees that every stable point is found.
///
/// # Errors
/// [`AnalysisError::Shape`] where the starts do not have M columns; unusable parameters.
///
/// # Examples
/// ```
/// use rbm_analysis::{MeanFieldOptions, fixed_points};
/// use rbm_model::Parameters;
/// // Centered, lambda = 6: two wells that mirror each other, and the saddle between them.
/// let model = Parameters::new(1, 1, vec![6.0], vec![-3.0], vec![-3.0])?;
/// let found = fixed_points(&model, None, &MeanFieldOptions::default())?;
/// let wells: Vec<f64> = found.points.iter().filter(|p| p.stable).map(|p| p.visible[0]).collect();
/// assert_eq!(wells.len(), 2);
/// assert!((wells[0] + wells[1] - 1.0).abs() < 1e-6);
/// // m = sigmoid(6 (m - 1/2)) on this line
/// assert!((wells[0] - rbm_model::parameters::sigmoid(6.0 * wells[0] - 3.0)).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fixed_points(
    parameters: &Parameters,
    starts: Option<MatRef<'_, f64>>,
    options: &MeanFieldOptions,
) -> Result<MeanFieldSolution, AnalysisError> {
    check_parameters(parameters)?;
    let m = parameters.n_hidden;
    let given = starts.map_or(0, |s| s.nrows());
    if let Some(s) = starts {
        check_len("mean-field starts", m, s.ncols())?;
    }
    let mut random = generator(options.seed, stream::MEAN_FIELD_STARTS);
    let total = 1 + given + options.random_starts;
    let mut start = Mat::from_fn(m, total, |_, _| 0.5);
    for s in 0..total - 1 {
        for j in 0..m {
            start[(j, s + 1)] = match starts {
                Some(g) if s < given => g[(s, j)],
                _ => random.random::<f64>(),
            };
        }
    }
    let weight = weight_matrix(parameters);
    let ends = iterate(parameters, weight.as_ref(), start, options);
    let mut distinct: Vec<(Vec<f64>, usize)> = Vec::new();
    let mut unconverged_starts = 0;
    for (hidden, residual) in ends {
        // NaN: a start that was not finite.
        if residual.is_nan() || residual > options.tolerance {
            unconverged_starts += 1;
            continue;
        }
        let same = |other: &&mut (Vec<f64>, usize)| {
            other
                .0
                .iter()
                .zip(&hidden)
                .all(|(a, b)| (a - b).abs() <= options.merge_distance)
        };
        match distinct.iter_mut().find(same) {
            Some(found) => found.1 += 1,
            None => distinct.push((hidden, 1)),
        }
    }
    let mut points = distinct
        .iter()
        .map(|(hidden, starts)| describe(parameters, weight.as_ref(), hidden, *starts))
        .collect::<Result<Vec<_>, _>>()?;
    points.sort_by(|a, b| a.free_energy.total_cmp(&b.free_energy));
    let stable: Vec<&FixedPoint> = points.iter().filter(|p| p.stable).collect();
    let combine = |value: &dyn Fn(&FixedPoint) -> Option<f64>| {
        let terms: Vec<f64> = stable.iter().filter_map(|p| value(p)).collect();
        (!terms.is_empty()).then(|| log_sum_exp(&terms))
    };
    Ok(MeanFieldSolution {
        unconverged_starts,
        ln_z_mean_field: combine(&|p| Some(-p.free_energy)),
        ln_z_onsager: combine(&|p| Some(p.ln_z_onsager)),
        ln_z_one_loop: combine(&|p| p.ln_z_one_loop),
        points,
    })
}

/// Naive mean-field Gibbs free energy Gamma = -m_v.W.m_h - b.m_v - c.m_h - S(m_v) - S(m_h) of any means in [0, 1].
///
/// An upper bound of -ln Z everywhere, equal to F_MF at a fixed point. `visible` is `[N]`, `hidden` `[M]`; in units of k_B T.
///
/// # Errors
/// [`AnalysisError::Shape`].
///
/// # Examples
/// ```
/// use rbm_analysis::mean_field::gibbs_free_energy;
/// use rbm_model::Parameters;
/// let model = Parameters::new(1, 1, vec![2.0], vec![0.0], vec![0.0])?;
/// // At means 1/2: -2/4 - 2 ln 2, above -ln Z = -ln(3 + e^2).
/// let gamma = gibbs_free_energy(&model, &[0.5], &[0.5])?;
/// assert!((gamma + 0.5 + 4f64.ln()).abs() < 1e-12 && gamma > -(3.0 + 2f64.exp()).ln());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gibbs_free_energy(
    parameters: &Parameters,
    visible: &[f64],
    hidden: &[f64],
) -> Result<f64, AnalysisError> {
    check_len("visible means", parameters.n_visible, visible.len())?;
    check_len("hidden means", parameters.n_hidden, hidden.len())?;
    let entropy = |m: &f64| -xlnx(*m) - xlnx(1.0 - *m);
    Ok(parameters.energy(visible, hidden)
        - visible.iter().map(entropy).sum::<f64>()
        - hidden.iter().map(entropy).sum::<f64>())
}

fn xlnx(x: f64) -> f64 {
    if x > 0.0 { x * x.ln() } else { 0.0 }
}

/// Damped alternating iteration of all columns of `hidden` `[M, starts]`; undamped once close, where
/// it contracts by lt_1^2 per step. Returns the means and the residual of each column.
pub(super) fn iterate(
    parameters: &Parameters,
    weight: MatRef<'_, f64>,
    mut hidden: Mat<f64>,
    options: &MeanFieldOptions,
) -> Vec<(Vec<f64>, f64)> {
    const CLOSE: f64 = 1e-4;
    let m = parameters.n_hidden;
    let mut ends: Vec<Option<(Vec<f64>, f64)>> = vec![None; hidden.ncols()];
    let mut active: Vec<usize> = (0..hidden.ncols()).collect();
    for iteration in 0..options.max_iterations.max(1) {
        let visible = layer(weight * &hidden, &parameters.visible_bias);
        let new = layer(weight.transpose() * &visible, &parameters.hidden_bias);
        let last = iteration + 1 >= options.max_iterations;
        let mut keep = Vec::with_capacity(active.len());
        for (column, &start) in active.iter().enumerate() {
            let (old, new) = (hidden.col_as_slice(column), new.col_as_slice(column));
            let residual = largest_difference(old, new);
            if residual <= options.tolerance || last || !residual.is_finite() {
                ends[start] = Some((old.to_vec(), residual));
            } else {
                keep.push((column, if residual < CLOSE { 1.0 } else { 0.5 }));
            }
        }
        if keep.is_empty() {
            break;
        }
        hidden = Mat::from_fn(m, keep.len(), |j, k| {
            let (column, step) = keep[k];
            let old = hidden[(j, column)];
            old + step * (new[(j, column)] - old)
        });
        active = keep.iter().map(|&(column, _)| active[column]).collect();
    }
    ends.into_iter().flatten().collect()
}

fn layer(mut field: Mat<f64>, bias: &[f64]) -> Mat<f64> {
    for column in 0..field.ncols() {
        for (f, b) in field.col_as_slice_mut(column).iter_mut().zip(bias) {
            *f = sigmoid(*f + b);
        }
    }
    field
}

/// Largest |a - b|; NaN if any difference is.
fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |largest, (a, b)| {
        let d = (a - b).abs();
        if d > largest || d.is_nan() {
            d
        } else {
            largest
        }
    })
}

/// F_MF at the hidden means of a fixed point and the fields from them on both layers.
pub(super) fn free_energy(
    parameters: &Parameters,
    hidden: &[f64],
    [to_visible, to_hidden]: [&[f64]; 2],
) -> f64 {
    let coupling: f64 = to_hidden
        .iter()
        .zip(&parameters.hidden_bias)
        .zip(hidden)
        .map(|((f, c), m)| (f - c) * m)
        .sum();
    coupling
        - to_visible.iter().map(|&f| softplus(f)).sum::<f64>()
        - to_hidden.iter().map(|&f| softplus(f)).sum::<f64>()
}

/// Everything that follows from the hidden means of a fixed point.
pub(super) fn describe(
    parameters: &Parameters,
    weight: MatRef<'_, f64>,
    hidden: &[f64],
    starts: usize,
) -> Result<FixedPoint, AnalysisError> {
    let visible_field = parameters.visible_field(hidden);
    let visible: Vec<f64> = visible_field.iter().map(|&f| sigmoid(f)).collect();
    let hidden_field = parameters.hidden_field(&visible);
    let free_energy = free_energy(parameters, hidden, [&visible_field, &hidden_field]);
    let next: Vec<f64> = hidden_field.iter().map(|&f| sigmoid(f)).collect();
    let residual = largest_difference(hidden, &next);
    // m(1-m) from the field: no cancellation where a unit is nearly always on.
    let spread =
        |field: &[f64]| -> Vec<f64> { field.iter().map(|&f| sigmoid(f) * sigmoid(-f)).collect() };
    let (dv, dh) = (spread(&visible_field), spread(&hidden_field));
    let mut dressed = weight.to_owned();
    let mut onsager = 0.0;
    for j in 0..dh.len() {
        let root_h = dh[j].sqrt();
        for (w, d) in dressed.col_as_slice_mut(j).iter_mut().zip(&dv) {
            *w *= d.sqrt() * root_h;
            onsager += *w * *w;
        }
    }
    let dressed_singular_values = singular_values(dressed.as_ref())?;
    let stable = dressed_singular_values[0] < 1.0;
    // Of variance 1/4, as the closure has its units.
    let scaled: Vec<f64> = dressed_singular_values.iter().map(|lt| 4.0 * lt).collect();
    let closure = spherical_closure(&scaled, parameters.n_visible, parameters.n_hidden).ok();
    Ok(FixedPoint {
        free_energy,
        residual,
        stable,
        ln_z_onsager: -free_energy + 0.5 * onsager,
        ln_z_one_loop: stable.then(|| {
            -free_energy
                - 0.5
                    * dressed_singular_values
                        .iter()
                        .map(|l| (-l * l).ln_1p())
                        .sum::<f64>()
        }),
        ln_z_spherical: closure.map(|closure| closure.ln_z_gain - free_energy),
        dressed_singular_values,
        visible,
        hidden: hidden.to_vec(),
        starts,
    })
}

#[cfg(test)]
#[path = "fixed_points_tests.rs"]
mod tests;
