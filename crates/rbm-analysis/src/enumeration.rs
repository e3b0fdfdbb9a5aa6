//! Exact sums over all states of the smaller layer, in Gray-code order.
//!
//! Summing one layer out analytically leaves a weight per state of the other,
//! `ln w(h) = c.h + sum_i softplus(b_i + (W h)_i)`; neighbouring states of a Gray code differ in one
//! unit, so a step costs one row of W and one softplus a unit.

use crate::error::AnalysisError;
use crate::reciprocal::check_parameters;
use faer::Mat;
use rayon::prelude::*;
use rbm_model::Parameters;
use rbm_model::parameters::{sigmoid, softplus};

/// Largest layer that is enumerated: 2^25 states.
pub const ENUMERATION_LIMIT: usize = 25;

/// ln Z and the exact moments of a small model.
#[derive(Debug, Clone)]
pub struct ExactMoments {
    /// ln Z.
    pub ln_z: f64,
    /// <v>, `[N]`.
    pub visible: Vec<f64>,
    /// <h>, `[M]`.
    pub hidden: Vec<f64>,
    /// <v h^T>, `[N, M]`.
    pub visible_hidden: Mat<f64>,
}

/// ln Z and moments by enumeration of the smaller layer, exact to rounding (about 1e-13 relative).
///
/// Cost: 2^min(N, M) max(N, M) operations, in parallel.
///
/// # Errors
/// [`AnalysisError::TooLargeToEnumerate`] where min(N, M) > 25; as [`crate::svd::svd`] for unusable parameters.
pub fn exact_moments(parameters: &Parameters) -> Result<ExactMoments, AnalysisError> {
    check_parameters(parameters)?;
    let (n, m) = (parameters.n_visible, parameters.n_hidden);
    if n.min(m) > ENUMERATION_LIMIT {
        return Err(AnalysisError::TooLargeToEnumerate {
            n_visible: n,
            n_hidden: m,
            limit: ENUMERATION_LIMIT,
        });
    }
    if m <= n {
        let total = sum_hidden(parameters);
        let z = total.weight;
        Ok(ExactMoments {
            ln_z: total.ln_z(),
            visible: total.other.iter().map(|v| v / z).collect(),
            hidden: total.unit.iter().map(|h| h / z).collect(),
            visible_hidden: Mat::from_fn(n, m, |i, j| total.joint[j * n + i] / z),
        })
    } else {
        let swapped = exact_moments(&transposed(parameters))?;
        Ok(ExactMoments {
            ln_z: swapped.ln_z,
            visible: swapped.hidden,
            hidden: swapped.visible,
            visible_hidden: swapped.visible_hidden.transpose().to_owned(),
        })
    }
}

/// The same model with the layers exchanged.
pub(crate) fn transposed(parameters: &Parameters) -> Parameters {
    let (n, m) = (parameters.n_visible, parameters.n_hidden);
    Parameters {
        n_visible: m,
        n_hidden: n,
        weight: (0..m * n)
            .map(|at| parameters.weight_at(at % n, at / n))
            .collect(),
        visible_bias: parameters.hidden_bias.clone(),
        hidden_bias: parameters.visible_bias.clone(),
    }
}

/// Sums over part of the states, all relative to e^reference.
struct Sums {
    reference: f64,
    weight: f64,
    /// Per unit of the summed layer, `[N]`.
    other: Vec<f64>,
    /// Per unit of the enumerated layer, `[M]`.
    unit: Vec<f64>,
    /// Per pair, `[M][N]`.
    joint: Vec<f64>,
}

impl Sums {
    fn ln_z(&self) -> f64 {
        self.reference + self.weight.ln()
    }

    fn rescale(&mut self, reference: f64) {
        let factor = (self.reference - reference).exp();
        self.reference = reference;
        self.weight *= factor;
        for values in [&mut self.other, &mut self.unit, &mut self.joint] {
            values.iter_mut().for_each(|x| *x *= factor);
        }
    }

    fn merge(mut self, mut rest: Self) -> Self {
        let reference = self.reference.max(rest.reference);
        self.rescale(reference);
        rest.rescale(reference);
        self.weight += rest.weight;
        for (into, from) in [
            (&mut self.other, rest.other),
            (&mut self.unit, rest.unit),
            (&mut self.joint, rest.joint),
        ] {
            into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        }
        self
    }
}

/// Calls `visit(state bits, ln w, field on the visible units)` for every hidden state whose upper bits are `block`.
pub(crate) fn for_each_hidden_state(
    parameters: &Parameters,
    columns: &[f64],
    low_bits: usize,
    block: usize,
    mut visit: impl FnMut(usize, f64, &[f64]),
) {
    let (n, m) = (parameters.n_visible, parameters.n_hidden);
    let mut field = vec![0.0; n];
    let mut bias = 0.0;
    for step in 0..1usize << low_bits {
        let state = (block << low_bits) | (step ^ (step >> 1));
        if step % 4096 == 0 {
            // From scratch now and then: rounding would add up over millions of steps.
            field.copy_from_slice(&parameters.visible_bias);
            bias = 0.0;
            for j in (0..m).filter(|j| state >> j & 1 == 1) {
                bias += parameters.hidden_bias[j];
                add(&mut field, &columns[j * n..(j + 1) * n], 1.0);
            }
        } else {
            let j = step.trailing_zeros() as usize;
            let sign = if state >> j & 1 == 1 { 1.0 } else { -1.0 };
            bias += sign * parameters.hidden_bias[j];
            add(&mut field, &columns[j * n..(j + 1) * n], sign);
        }
        let log_weight = bias + field.iter().map(|&f| softplus(f)).sum::<f64>();
        visit(state, log_weight, &field);
    }
}

/// How the hidden states are split for parallel sums: (low bits a block, number of blocks). Independent of
/// the thread count, so that results are too.
pub(crate) fn blocks(n_hidden: usize) -> (usize, usize) {
    let high = n_hidden.saturating_sub(8).min(6);
    (n_hidden - high, 1 << high)
}

/// Columns of W one after another, `[M][N]`.
pub(crate) fn weight_columns(parameters: &Parameters) -> Vec<f64> {
    transposed(parameters).weight
}

fn sum_hidden(parameters: &Parameters) -> Sums {
    let columns = weight_columns(parameters);
    let (low_bits, count) = blocks(parameters.n_hidden);
    let parts: Vec<Sums> = (0..count)
        .into_par_iter()
        .map(|block| sum_block(parameters, &columns, low_bits, block))
        .collect();
    // Merged in order: the result does not depend on the schedule.
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or(Sums {
        reference: 0.0,
        weight: 0.0,
        other: Vec::new(),
        unit: Vec::new(),
        joint: Vec::new(),
    });
    parts.fold(first, Sums::merge)
}

fn sum_block(parameters: &Parameters, columns: &[f64], low_bits: usize, block: usize) -> Sums {
    let (n, m) = (parameters.n_visible, parameters.n_hidden);
    let mut sums = Sums {
        reference: f64::NEG_INFINITY,
        weight: 0.0,
        other: vec![0.0; n],
        unit: vec![0.0; m],
        joint: vec![0.0; m * n],
    };
    // Sums over the states in which unit j is on are differences of running totals, taken where
    // unit j switches: one row a step instead of one a unit that is on.
    let mut previous = 0usize;
    for_each_hidden_state(parameters, columns, low_bits, block, |state, log_weight, field| {
        settle(&mut sums, previous, state, n);
        previous = state;
        if log_weight > sums.reference {
            if sums.reference == f64::NEG_INFINITY {
                sums.reference = log_weight;
            } else {
                sums.rescale(log_weight);
            }
        }
        let w = (log_weight - sums.reference).exp();
        sums.weight += w;
        for (total, &f) in sums.other.iter_mut().zip(field) {
            *total += w * sigmoid(f);
        }
    });
    settle(&mut sums, previous, 0, n);
    sums
}

/// Adds or subtracts the running totals for every unit that differs between two states.
fn settle(sums: &mut Sums, from: usize, to: usize, n: usize) {
    let mut changed = from ^ to;
    while changed != 0 {
        let j = changed.trailing_zeros() as usize;
        changed &= changed - 1;
        let sign = if to >> j & 1 == 1 { -1.0 } else { 1.0 };
        sums.unit[j] += sign * sums.weight;
        add(&mut sums.joint[j * n..(j + 1) * n], &sums.other, sign);
    }
}

fn add(into: &mut [f64], from: &[f64], factor: f64) {
    for (a, b) in into.iter_mut().zip(from) {
        *a += factor * b;
    }
}
