//! Exact sums over all states of the smaller layer.
//!
//! ```text
//! Z = sum_h exp(c.h) prod_i (1 + exp(b_i + (W h)_i))
//! ```
//!
//! The 2^K states are visited in Gray-code order, so one row of weights is added or removed at a
//! time. Work is split into fixed blocks whose results are combined in order: the same bytes
//! for any number of threads.

use crate::error::ModelError;
use crate::parameters::{Parameters, sigmoid};
use rayon::prelude::*;

/// Largest layer that is enumerated: 2^25 states.
pub const ENUMERATION_LIMIT: usize = 25;

/// States a block visits; fields are computed afresh at each block's start, which bounds the
/// rounding error that incremental updates gather.
const BLOCK_BITS: usize = 10;

/// Exact first and second moments of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ExactMoments {
    /// <v_i>, `[n_visible]`.
    pub visible: Vec<f64>,
    /// <h_j>, `[n_hidden]`.
    pub hidden: Vec<f64>,
    /// <v_i h_j>, row-major `[n_visible, n_hidden]`.
    pub visible_hidden: Vec<f64>,
}

/// A model whose partition function has been summed exactly.
///
/// # Examples
/// Without couplings ln Z is a sum of softplus, and units are independent:
/// ```
/// use rbm_model::Parameters;
/// use rbm_model::parameters::{sigmoid, softplus};
/// use rbm_model::partition::Enumeration;
/// let model = Parameters::new(2, 1, vec![0.0; 2], vec![0.3, -1.2], vec![0.7])?;
/// let exact = Enumeration::new(&model)?;
/// let sum: f64 = [0.3, -1.2, 0.7].map(softplus).iter().sum();
/// assert!((exact.ln_z() - sum).abs() < 1e-12);
/// assert!((exact.moments().visible[1] - sigmoid(-1.2)).abs() < 1e-12);
/// // d ln p / db = v - <v>
/// assert!((exact.gradient(&[1.0, 0.0]).visible[0] - sigmoid(-0.3)).abs() < 1e-12);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Enumeration {
    parameters: Parameters,
    ln_z: f64,
}

impl Enumeration {
    /// Sums the partition function over the smaller layer; cost 2^min(N, M) max(N, M)
    /// exponentials.
    ///
    /// # Errors
    /// [`ModelError::TooLargeToEnumerate`] if both layers have more than
    /// [`ENUMERATION_LIMIT`] units.
    pub fn new(parameters: &Parameters) -> Result<Self, ModelError> {
        let side = Side::new(parameters)?;
        let blocks: Vec<LogSum> = (0..side.blocks())
            .into_par_iter()
            .map(|block| {
                let mut sum = LogSum::default();
                side.visit(block, |_, field, linear| {
                    sum.add(linear + sum_softplus(field));
                });
                sum
            })
            .collect();
        let mut total = LogSum::default();
        blocks.into_iter().for_each(|block| total.merge(block));
        Ok(Self {
            parameters: parameters.clone(),
            ln_z: total.value(),
        })
    }

    /// ln Z, in nats.
    pub fn ln_z(&self) -> f64 {
        self.ln_z
    }

    /// ln p(v) = - F(v) - ln Z of one visible state `[n_visible]`, in nats.
    ///
    /// # Examples
    /// ```
    /// use rbm_model::{Parameters, partition::Enumeration};
    /// let model = Parameters::new(2, 1, vec![1.0, -2.0], vec![0.5, 0.0], vec![0.25])?;
    /// let exact = Enumeration::new(&model)?;
    /// let states = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    /// let sum: f64 = states.iter().map(|v| exact.log_probability(v).exp()).sum();
    /// assert!((sum - 1.0).abs() < 1e-12);
    /// # Ok::<(), rbm_model::ModelError>(())
    /// ```
    pub fn log_probability(&self, visible: &[f64]) -> f64 {
        -self.parameters.free_energy(visible) - self.ln_z
    }

    /// Mean log-likelihood of visible states (row-major `[rows, n_visible]`), in nats per row; NaN
    /// without rows.
    pub fn log_likelihood(&self, visible: &[f64]) -> f64 {
        let n = self.parameters.n_visible;
        let rows = visible.len() / n;
        let total: f64 = visible
            .chunks_exact(n)
            .map(|v| self.log_probability(v))
            .sum();
        total / rows as f64
    }

    /// Exact moments; cost 2^min(N, M) N M.
    pub fn moments(&self) -> ExactMoments {
        // The constructor has checked that the model can be enumerated.
        let Ok(side) = Side::new(&self.parameters) else {
            unreachable!("enumerated before")
        };
        let (k, n) = (side.enumerated(), side.summed());
        let partial = |blocks: std::ops::Range<usize>| {
            let mut enumerated = vec![0.0; k];
            let mut summed = vec![0.0; n];
            let mut product = vec![0.0; k * n];
            let mut mean = vec![0.0; n];
            for block in blocks {
                side.visit(block, |state, field, linear| {
                    let p = (linear + sum_softplus(field) - self.ln_z).exp();
                    for (m, f) in mean.iter_mut().zip(field) {
                        *m = p * sigmoid(*f);
                    }
                    summed.iter_mut().zip(&mean).for_each(|(s, m)| *s += m);
                    for j in (0..k).filter(|j| state >> j & 1 == 1) {
                        enumerated[j] += p;
                        let row = &mut product[j * n..(j + 1) * n];
                        row.iter_mut().zip(&mean).for_each(|(s, m)| *s += m);
                    }
                });
            }
            (enumerated, summed, product)
        };
        // A fixed number of parts keeps the sum independent of the thread count.
        let parts = side.blocks().min(16);
        let per_part = side.blocks().div_ceil(parts);
        let sums: Vec<_> = (0..parts)
            .into_par_iter()
            .map(|p| partial(p * per_part..side.blocks().min((p + 1) * per_part)))
            .collect();
        let mut enumerated = vec![0.0; k];
        let mut summed = vec![0.0; n];
        let mut product = vec![0.0; k * n];
        for (e, s, p) in sums {
            add(&mut enumerated, &e);
            add(&mut summed, &s);
            add(&mut product, &p);
        }
        if side.hidden_enumerated {
            ExactMoments {
                visible: summed,
                hidden: enumerated,
                visible_hidden: transpose(&product, k, n),
            }
        } else {
            ExactMoments {
                visible: enumerated,
                hidden: summed,
                visible_hidden: product,
            }
        }
    }

    /// Gradient of the mean log-likelihood of visible states (row-major `[rows, n_visible]`) with
    /// respect to W, b and c: data moments minus model moments, laid out like the model's own.
    pub fn gradient(&self, visible: &[f64]) -> ExactMoments {
        let Parameters {
            n_visible: n,
            n_hidden: m,
            ..
        } = self.parameters;
        let scale = n as f64 / visible.len() as f64;
        let mut gradient = self.moments();
        for x in gradient
            .visible
            .iter_mut()
            .chain(&mut gradient.hidden)
            .chain(&mut gradient.visible_hidden)
        {
            *x = -*x;
        }
        for v in visible.chunks_exact(n) {
            let h: Vec<f64> = self
                .parameters
                .hidden_field(v)
                .into_iter()
                .map(|f| scale * sigmoid(f))
                .collect();
            add(&mut gradient.hidden, &h);
            for (i, v) in v.iter().enumerate().filter(|(_, v)| **v != 0.0) {
                gradient.visible[i] += scale * v;
                let row = &mut gradient.visible_hidden[i * m..(i + 1) * m];
                row.iter_mut().zip(&h).for_each(|(g, h)| *g += v * h);
            }
        }
        gradient
    }
}

/// The model seen from the layer that is enumerated.
struct Side {
    hidden_enumerated: bool,
    /// Weights, one row an enumerated unit.
    rows: Vec<f64>,
    /// Biases of the enumerated units.
    own_bias: Vec<f64>,
    /// Biases of the units that are summed over analytically.
    other_bias: Vec<f64>,
}

impl Side {
    fn new(p: &Parameters) -> Result<Self, ModelError> {
        if p.n_visible.min(p.n_hidden) > ENUMERATION_LIMIT {
            return Err(ModelError::TooLargeToEnumerate {
                n_visible: p.n_visible,
                n_hidden: p.n_hidden,
                limit: ENUMERATION_LIMIT,
            });
        }
        let hidden_enumerated = p.n_hidden <= p.n_visible;
        Ok(if hidden_enumerated {
            Self {
                hidden_enumerated,
                rows: transpose(&p.weight, p.n_visible, p.n_hidden),
                own_bias: p.hidden_bias.clone(),
                other_bias: p.visible_bias.clone(),
            }
        } else {
            Self {
                hidden_enumerated,
                rows: p.weight.clone(),
                own_bias: p.visible_bias.clone(),
                other_bias: p.hidden_bias.clone(),
            }
        })
    }

    fn enumerated(&self) -> usize {
        self.own_bias.len()
    }

    fn summed(&self) -> usize {
        self.other_bias.len()
    }

    fn blocks(&self) -> usize {
        1 << self.enumerated().saturating_sub(BLOCK_BITS)
    }

    /// Calls `each(state, fields on the other layer, bias term)` for every state of a block.
    fn visit(&self, block: usize, mut each: impl FnMut(usize, &[f64], f64)) {
        let size = 1usize << self.enumerated().min(BLOCK_BITS);
        let n = self.summed();
        let mut state = gray(block * size);
        let mut field = self.other_bias.clone();
        let mut linear = 0.0;
        for j in (0..self.enumerated()).filter(|j| state >> j & 1 == 1) {
            add(&mut field, &self.rows[j * n..(j + 1) * n]);
            linear += self.own_bias[j];
        }
        each(state, &field, linear);
        for index in block * size + 1..(block + 1) * size {
            let next = gray(index);
            let j = (state ^ next).trailing_zeros() as usize;
            let sign = if next >> j & 1 == 1 { 1.0 } else { -1.0 };
            let row = &self.rows[j * n..(j + 1) * n];
            field.iter_mut().zip(row).for_each(|(f, w)| *f += sign * w);
            linear += sign * self.own_bias[j];
            state = next;
            each(state, &field, linear);
        }
    }
}

fn gray(index: usize) -> usize {
    index ^ (index >> 1)
}

/// sum_i ln(1 + e^{f_i}); one logarithm for every 512 factors, each of which lies in (1, 2].
fn sum_softplus(field: &[f64]) -> f64 {
    field
        .chunks(512)
        .map(|chunk| {
            let mut linear = 0.0;
            let mut product = 1.0;
            for f in chunk {
                linear += f.max(0.0);
                product *= 1.0 + (-f.abs()).exp();
            }
            linear + product.ln()
        })
        .sum()
}

/// A running ln(sum of e^x).
#[derive(Debug, Clone, Copy)]
struct LogSum {
    max: f64,
    sum: f64,
}

impl Default for LogSum {
    fn default() -> Self {
        Self {
            max: f64::NEG_INFINITY,
            sum: 0.0,
        }
    }
}

impl LogSum {
    fn add(&mut self, x: f64) {
        if x <= self.max {
            self.sum += (x - self.max).exp();
        } else {
            self.sum = self.sum * (self.max - x).exp() + 1.0;
            self.max = x;
        }
    }

    fn merge(&mut self, other: Self) {
        if other.sum > 0.0 {
            let max = self.max.max(other.max);
            self.sum = self.sum * (self.max - max).exp() + other.sum * (other.max - max).exp();
            self.max = max;
        }
    }

    fn value(self) -> f64 {
        self.max + self.sum.ln()
    }
}

fn add(total: &mut [f64], part: &[f64]) {
    total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
}

fn transpose(matrix: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; matrix.len()];
    for i in 0..rows {
        for j in 0..columns {
            out[j * rows + i] = matrix[i * columns + j];
        }
    }
    out
}

#[cfg(test)]
#[path = "enumeration_tests.rs"]
mod tests;
