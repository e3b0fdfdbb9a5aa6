//! Mean-field free energy at fixed coordinates of one or two modes.
//!
//! ```text
//! F(x_k) = min over m_v, m_h of Gamma(m_v, m_h)  with  U_k . m_v = x_k
//! Gamma  = - m_v.W.m_h - b.m_v - c.m_h - S(m_v) - S(m_h)
//! ```
//!
//! Minimized by alternating exact steps: m_h = sigmoid(c + W^T m_v) and m_v = sigmoid(b + W m_h + U mu), where mu minimizes the
//! convex dual sum_i softplus(b + W m_h + U mu)_i - mu.x of the constrained problem. Gamma never rises on the way, so each
//! start ends in a local minimum; the lowest of several starts is reported. Fluctuations about it give
//!
//! ```text
//! -ln p(x) ~ ln Z + F(x) + (1/2) ln [ (2 pi)^K det(1 - A A^T) det(a^T (1 - A A^T)^-1 a) ]     (one loop, K coordinates)
//! A = D_v^1/2 W D_h^1/2,   a = D_v^1/2 U,   D = diag m(1-m) at the constrained minimum
//! ```
//!
//! which stays finite where the free energy curves down along the mode. Sampled and exact -ln p: [`crate::mean_field::density`].

mod dual;
mod one_loop;

use crate::error::{AnalysisError, check_len};
use crate::random::generator;
use crate::reciprocal::space::{ReciprocalSpace, check_parameters};
use crate::reciprocal::svd::weight_matrix;
use dual::Constraint;
use faer::{Mat, MatRef};
use rand::RngExt;
use rayon::prelude::*;
use rbm_model::Parameters;
use rbm_model::noise::stream;
use rbm_model::parameters::{sigmoid, softplus};
use serde::{Deserialize, Serialize};

/// How to minimize.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConstrainedOptions {
    /// Random starts for every grid point, besides independent units at that point, m_h = 1/2 and the starts given.
    pub random_starts: usize,
    /// Seed of the random starts.
    pub seed: u64,
    /// Largest change of any m_h in one step at which a start counts as converged.
    pub tolerance: f64,
    /// Steps at most.
    pub max_iterations: usize,
    /// Whether to compute the one-loop correction: a determinant of min(N, M) rows for every grid point.
    pub one_loop: bool,
}

impl Default for ConstrainedOptions {
    fn default() -> Self {
        Self {
            random_starts: 4,
            seed: 0,
            tolerance: 1e-9,
            max_iterations: 5000,
            one_loop: false,
        }
    }
}

/// Constrained free energy on a grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConstrainedFreeEnergy {
    /// The modes held, one or two.
    pub modes: Vec<usize>,
    /// Grid of each mode's coordinate x_k = U_k . m_v.
    pub grids: Vec<Vec<f64>>,
    /// F, the last mode's index fastest; `None` where no visible state of means in [0, 1] has these coordinates
    /// (or none could be found that has them to 1e-9).
    pub free_energy: Vec<Option<f64>>,
    /// F with the fluctuations about the minimum in one-loop order, to be compared with -ln p(x) - ln Z; empty unless asked
    /// for, `None` also where another direction is unstable (a start on a ridge).
    pub one_loop: Vec<Option<f64>>,
    /// Grid points at which some start did not converge: the value is an upper bound there, like everywhere.
    pub unconverged: usize,
}

/// F(x_k) along one mode, at the given values of x_k (raw coordinates, not deviations).
///
/// `starts` are hidden means `[starts, M]` to start from as well, such as those of the mean-field points. Every
/// value is an upper bound of the constrained minimum: a global one is not guaranteed.
///
/// # Errors
/// [`AnalysisError::NoSuchMode`], [`AnalysisError::Shape`], [`AnalysisError::NotFinite`] for unusable parameters or a grid that is not finite.
///
/// # Examples
/// ```
/// use rbm_analysis::ReciprocalSpace;
/// use rbm_analysis::mean_field::{ConstrainedOptions, constrained_free_energy};
/// use rbm_model::{Parameters, parameters::softplus};
/// // One unit per layer: x is m_v itself, and F(x) = - b x - S(x) - softplus(c + W x).
/// let model = Parameters::new(1, 1, vec![2.0], vec![0.3], vec![-0.4])?;
/// let (space, x) = (ReciprocalSpace::new(&model)?, 0.25f64);
/// let found = constrained_free_energy(&model, &space, 0, &[x], None, &ConstrainedOptions::default())?;
/// let entropy = -x * x.ln() - (1.0 - x) * (1.0 - x).ln();
/// let exact = -0.3 * x - entropy - softplus(-0.4 + 2.0 * x);
/// assert!((found.free_energy[0].unwrap() - exact).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn constrained_free_energy(
    parameters: &Parameters,
    space: &ReciprocalSpace,
    mode: usize,
    grid: &[f64],
    starts: Option<MatRef<'_, f64>>,
    options: &ConstrainedOptions,
) -> Result<ConstrainedFreeEnergy, AnalysisError> {
    minimize(
        parameters,
        space,
        &[mode],
        vec![grid.to_vec()],
        starts,
        options,
    )
}

/// F(x_k, x_l) over a pair of different modes, on the product of two grids; otherwise as [`constrained_free_energy`].
///
/// # Errors
/// As [`constrained_free_energy`]; [`AnalysisError::Argument`] where both modes are the same.
///
/// # Examples
/// ```
/// use rbm_analysis::ReciprocalSpace;
/// use rbm_analysis::mean_field::{ConstrainedOptions, constrained_free_energy_pair};
/// use rbm_model::Parameters;
/// // Two modes without coupling between them: F is a sum, and x is a unit's mean.
/// let model = Parameters::new(2, 2, vec![3.0, 0.0, 0.0, 2.0], vec![0.0; 2], vec![0.0; 2])?;
/// let space = ReciprocalSpace::new(&model)?;
/// let grid = [0.25, 0.75];
/// let found = constrained_free_energy_pair(
///     &model, &space, [0, 1], [&grid, &grid], None, &ConstrainedOptions::default(),
/// )?;
/// let f: Vec<f64> = found.free_energy.iter().map(|f| f.unwrap()).collect();
/// assert!((f[0] + f[3] - f[1] - f[2]).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn constrained_free_energy_pair(
    parameters: &Parameters,
    space: &ReciprocalSpace,
    modes: [usize; 2],
    grids: [&[f64]; 2],
    starts: Option<MatRef<'_, f64>>,
    options: &ConstrainedOptions,
) -> Result<ConstrainedFreeEnergy, AnalysisError> {
    if modes[0] == modes[1] {
        return Err(AnalysisError::Argument {
            name: "modes",
            expected: "two different modes".into(),
            found: format!("{modes:?}"),
        });
    }
    let grids = grids.map(<[f64]>::to_vec).to_vec();
    minimize(parameters, space, &modes, grids, starts, options)
}

fn minimize(
    parameters: &Parameters,
    space: &ReciprocalSpace,
    modes: &[usize],
    grids: Vec<Vec<f64>>,
    starts: Option<MatRef<'_, f64>>,
    options: &ConstrainedOptions,
) -> Result<ConstrainedFreeEnergy, AnalysisError> {
    check_parameters(parameters)?;
    check_len("visible layer", space.n_visible(), parameters.n_visible)?;
    check_len("hidden layer", space.n_hidden(), parameters.n_hidden)?;
    if let Some(starts) = starts {
        check_len("hidden starts", parameters.n_hidden, starts.ncols())?;
    }
    for (row, grid) in grids.iter().enumerate() {
        if let Some(column) = grid.iter().position(|x| !x.is_finite()) {
            return Err(AnalysisError::NotFinite {
                what: "grid",
                row,
                column,
                value: grid[column],
            });
        }
    }
    let vectors = modes
        .iter()
        .map(|&mode| space.left_vector(mode))
        .collect::<Result<Vec<_>, _>>()?;
    let constraint = Constraint { vectors };
    let targets: Vec<Vec<f64>> = match grids.as_slice() {
        [one] => one.iter().map(|&x| vec![x]).collect(),
        _ => grids[0]
            .iter()
            .flat_map(|&x| grids[1].iter().map(move |&y| vec![x, y]))
            .collect(),
    };
    let limits = constraint.limits();
    let feasible: Vec<usize> = (0..targets.len())
        .filter(|&t| limits.contain(&targets[t]))
        .collect();
    let columns = start_columns(
        parameters,
        &constraint,
        &targets,
        &feasible,
        starts,
        options,
    );
    let ends = descend(parameters, &constraint, &targets, columns, options);
    let mut best: Vec<Option<End>> = targets.iter().map(|_| None).collect();
    let mut converged = vec![true; targets.len()];
    for end in ends {
        converged[end.target] &= end.converged;
        let best = &mut best[end.target];
        if end.met
            && best
                .as_ref()
                .is_none_or(|b| end.free_energy < b.free_energy)
        {
            *best = Some(end);
        }
    }
    let one_loop = if options.one_loop {
        let weight = weight_matrix(parameters);
        let corrected = |end: &End| {
            let correction = one_loop::correction(
                weight.as_ref(),
                &end.visible_field,
                &end.hidden_field,
                &constraint.vectors,
            )?;
            Some(end.free_energy + correction)
        };
        best.par_iter()
            .map(|b| b.as_ref().and_then(corrected))
            .collect()
    } else {
        Vec::new()
    };
    Ok(ConstrainedFreeEnergy {
        modes: modes.to_vec(),
        grids,
        free_energy: best
            .iter()
            .map(|b| b.as_ref().map(|b| b.free_energy))
            .collect(),
        one_loop,
        unconverged: converged.iter().filter(|c| !**c).count(),
    })
}

/// A start on its way down.
struct Column {
    target: usize,
    hidden: Vec<f64>,
    multipliers: Vec<f64>,
}

/// Where a start ended.
struct End {
    target: usize,
    free_energy: f64,
    converged: bool,
    met: bool,
    visible_field: Vec<f64>,
    hidden_field: Vec<f64>,
}

fn start_columns(
    parameters: &Parameters,
    constraint: &Constraint<'_>,
    targets: &[Vec<f64>],
    feasible: &[usize],
    starts: Option<MatRef<'_, f64>>,
    options: &ConstrainedOptions,
) -> Vec<Column> {
    let m = parameters.n_hidden;
    let mut random = generator(options.seed, stream::CONSTRAINED_STARTS);
    let mut common: Vec<Vec<f64>> = vec![vec![0.5; m]];
    if let Some(starts) = starts {
        common.extend(starts.row_iter().map(|row| row.iter().copied().collect()));
    }
    for _ in 0..options.random_starts {
        common.push((0..m).map(|_| random.random()).collect());
    }
    let none = vec![0.0; constraint.vectors.len()];
    let mut columns = Vec::new();
    for &target in feasible {
        let mut add = |hidden| {
            columns.push(Column {
                target,
                hidden,
                multipliers: none.clone(),
            });
        };
        // Independent units with these coordinates, and the hidden means that they imply.
        let (field, _) = constraint.solve(parameters.visible_bias.clone(), &targets[target], &none);
        let visible: Vec<f64> = field.into_iter().map(sigmoid).collect();
        add(parameters
            .hidden_field(&visible)
            .into_iter()
            .map(sigmoid)
            .collect());
        common.iter().for_each(|hidden| add(hidden.clone()));
    }
    columns
}

fn descend(
    parameters: &Parameters,
    constraint: &Constraint<'_>,
    targets: &[Vec<f64>],
    mut columns: Vec<Column>,
    options: &ConstrainedOptions,
) -> Vec<End> {
    let weight = weight_matrix(parameters);
    let mut ends = Vec::with_capacity(columns.len());
    for iteration in 0..options.max_iterations.max(1) {
        if columns.is_empty() {
            break;
        }
        let hidden = Mat::from_fn(parameters.n_hidden, columns.len(), |j, c| {
            columns[c].hidden[j]
        });
        let field = &weight * &hidden;
        let solved: Vec<(Vec<f64>, Vec<f64>)> = columns
            .par_iter()
            .with_min_len(16)
            .enumerate()
            .map(|(c, column)| {
                let field = field.col_as_slice(c).iter().zip(&parameters.visible_bias);
                let field = field.map(|(f, b)| f + b).collect();
                constraint.solve(field, &targets[column.target], &column.multipliers)
            })
            .collect();
        let visible = Mat::from_fn(parameters.n_visible, columns.len(), |i, c| {
            sigmoid(solved[c].0[i])
        });
        let hidden_field = weight.transpose() * &visible;
        let last = iteration + 1 >= options.max_iterations;
        let mut next = Vec::with_capacity(columns.len());
        for (c, (mut column, (field, multipliers))) in columns.into_iter().zip(solved).enumerate() {
            let hidden_field: Vec<f64> = hidden_field
                .col_as_slice(c)
                .iter()
                .zip(&parameters.hidden_bias)
                .map(|(f, b)| f + b)
                .collect();
            let hidden: Vec<f64> = hidden_field.iter().map(|&f| sigmoid(f)).collect();
            let change = hidden
                .iter()
                .zip(&column.hidden)
                .fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
            // Not-a-number (a start that was not finite) never converges.
            let settled = change <= options.tolerance;
            if settled || last {
                let free_energy = free_energy(parameters, &field, &hidden_field);
                // A value off the constraint would be no bound.
                let met = constraint.violation(&field, &targets[column.target]) <= 1e-9;
                if free_energy.is_finite() {
                    ends.push(End {
                        target: column.target,
                        free_energy,
                        converged: settled && met,
                        met,
                        visible_field: field,
                        hidden_field,
                    });
                }
            } else {
                column.hidden = hidden;
                column.multipliers = multipliers;
                next.push(column);
            }
        }
        columns = next;
    }
    ends
}

/// Gamma at m_v = sigmoid(field) and the best m_h for it: -b.m_v - S(m_v) - sum_j softplus(c + W^T m_v).
fn free_energy(parameters: &Parameters, field: &[f64], hidden_field: &[f64]) -> f64 {
    let visible: f64 = field
        .iter()
        .zip(&parameters.visible_bias)
        .map(|(&f, b)| sigmoid(f) * (f - b) - softplus(f))
        .sum();
    visible - hidden_field.iter().map(|&f| softplus(f)).sum::<f64>()
}

#[cfg(test)]
mod tests;
