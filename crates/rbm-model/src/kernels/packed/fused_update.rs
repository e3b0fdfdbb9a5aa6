//! Gradient and step in one pass over the weights.

use super::activation::{Fields, activate};
use super::contraction::Contraction;
use super::gibbs::check_states;
use super::integers::IntegerInputs;
use super::matrix::Matrix;
use super::phase_moments::{PhaseMoments, Values};
use super::reals::RealInputs;
use super::scale::WeightScale;
use super::weight_step::WeightStep;
use crate::error::ModelError;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::{Tiles, in_pool};
use crate::kernels::rule::{GradientStep, Parameter, StepCoefficients};
use crate::kernels::{BitMatrix, Isa, check_shape};
use crate::noise::NoiseKey;
use crate::optim::Step;
use std::ops::Range;

/// Numbers p(h | v) that are held at a time: 2 MiB.
const MOST_VALUES: usize = 1 << 19;

/// Hidden values of the samples of both phases.
#[derive(Debug)]
pub enum Hidden<'a> {
    /// These, of the data `[B, M]` and of the model `[C, M]`, row-major.
    Values([&'a [f32]; 2]),
    /// p(h = 1 | v) by the parameters before the update, some units at a time: the whole matrix is
    /// never there. From that of the model h is drawn, `[C, M]`. The scale is that of the weights before
    /// the update.
    Drawn(NoiseKey, WeightScale, &'a mut BitMatrix),
}

/// The centered gradient of the likelihood from samples of both phases, and a step along it.
///
/// With offsets mu, lambda (all zero for the plain gradient),
///
/// ```text
/// G  = <v h^T>_data - <v h^T>_model,   db = <v>_data - <v>_model,   dc = <h>_data - <h>_model
/// dW = G - mu dc^T - db lambda^T,   db' = db - dW lambda,   dc' = dc - dW^T mu
/// ```
///
/// (see [`crate::gradient`]). The weights are passed over once: hidden values, products over the
/// samples, centering, penalties, the rule and the step happen while some columns of them are at
/// hand. dW lambda and dW^T mu do not need dW: they are means over the samples too, of
/// v (h.lambda) and (v.mu) h.
#[derive(Debug)]
pub struct FusedUpdate<'a> {
    /// Visible states of the data, `[B, N]`.
    pub data: &'a BitMatrix,
    /// Visible states of the model, `[C, N]`.
    pub model: &'a BitMatrix,
    /// Hidden values that belong to them.
    pub hidden: Hidden<'a>,
    /// mu, `[N]`.
    pub visible_offset: &'a [f32],
    /// lambda, `[M]`.
    pub hidden_offset: &'a [f32],
    /// Rule and learning rate.
    pub step: Step,
    /// Instructions to use.
    pub isa: Isa,
}

impl<'a> FusedUpdate<'a> {
    /// Updates weights `[N, M]` and biases `[N]`, `[M]` in place; returns the mean of the hidden
    /// values over the data, `[M]`.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where a length does not fit; nothing is changed then.
    pub fn run(
        self,
        weight: Parameter<'_>,
        visible_bias: Parameter<'_>,
        hidden_bias: Parameter<'_>,
    ) -> Result<Vec<f32>, ModelError> {
        let (n, m) = (self.visible_offset.len(), self.hidden_offset.len());
        let moments = self.step.rule.moments();
        check_parameter("weight", &weight, &[n, m], moments)?;
        check_parameter("visible bias", &visible_bias, &[n], moments)?;
        check_parameter("hidden bias", &hidden_bias, &[m], moments)?;
        let rows = [self.data.rows(), self.model.rows()];
        for states in [self.data, self.model] {
            check_states("visible states", states, (states.rows(), n))?;
        }
        match &self.hidden {
            Hidden::Values(values) => {
                for (values, rows) in values.iter().zip(rows) {
                    check_shape("hidden values", values.len(), &[rows, m])?;
                }
            }
            Hidden::Drawn(.., states) => check_states("hidden states", states, (rows[1], m))?,
        }
        let work = (rows[0] + rows[1]) * n * m / 256;
        let mut mean = Vec::new();
        in_pool(work, || {
            mean = self.update(weight, visible_bias, hidden_bias)
        });
        Ok(mean)
    }

    fn update(
        mut self,
        mut weight: Parameter<'_>,
        visible_bias: Parameter<'_>,
        mut hidden_bias: Parameter<'_>,
    ) -> Vec<f32> {
        let (isa, mu) = (self.isa, self.visible_offset);
        let moments = self.step.rule.moments();
        let coefficients = StepCoefficients::new(&self.step);
        let phase = |states| PhaseMoments::new(states, mu);
        let (mut data, mut model) = rayon::join(|| phase(self.data), || phase(self.model));
        let visible = difference(&data.visible, &model.visible);
        let [data_scale, model_scale] = [self.data, self.model].map(|v| 1.0 / v.rows() as f32);
        let both = self.both();
        let mut spare = Vec::new();
        let mut mean = Vec::with_capacity(self.hidden_offset.len());
        for columns in self.blocks() {
            let [data_values, model_values] =
                self.values(&both, &weight, &hidden_bias, &columns, &mut spare);
            let lambda = &self.hidden_offset[columns.clone()];
            let (data_means, model_means) = rayon::join(
                || data.add(isa, data_values, lambda),
                || model.add(isa, model_values, lambda),
            );
            let hidden = difference(&data_means.hidden, &model_means.hidden);
            Contraction {
                inputs: &[
                    RealInputs {
                        bits: &data.by_unit,
                        weight: data_values.matrix,
                        scale: data_scale,
                    },
                    RealInputs {
                        bits: &model.by_unit,
                        weight: model_values.matrix,
                        scale: -model_scale,
                    },
                ],
                outputs: columns.len(),
            }
            .run(
                isa,
                &WeightStep {
                    coefficients,
                    moments,
                    visible_offset: mu,
                    hidden_offset: lambda,
                    visible: &visible,
                    hidden: &hidden,
                    column: columns.start,
                    parameters: [&mut weight.value, &mut weight.first, &mut weight.second]
                        .map(|numbers| Tiles::new(numbers, self.hidden_offset.len())),
                },
            );
            mean.extend(data_means.hidden);
            let along = difference(&data_means.along_visible, &model_means.along_visible);
            isa.run(GradientStep {
                coefficients: coefficients.without_penalty(),
                moments,
                gradient: &difference(&hidden, &along),
                parameter: hidden_bias.piece(columns),
            });
        }
        let along = difference(&data.along_hidden(mu), &model.along_hidden(mu));
        isa.run(GradientStep {
            coefficients: coefficients.without_penalty(),
            moments,
            gradient: &difference(&visible, &along),
            parameter: visible_bias,
        });
        mean
    }

    /// Hidden units that are dealt with at a time: whole groups, as many as [`MOST_VALUES`] allows. By
    /// shapes alone: results depend neither on threads nor on whether the values are there already.
    fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let m = self.hidden_offset.len();
        let rows = self.data.rows() + self.model.rows();
        let width = (MOST_VALUES / rows.max(1) / GROUP).max(1) * GROUP;
        (0..m.div_ceil(width)).map(move |block| width * block..m.min(width * (block + 1)))
    }

    /// Visible states of data and model, one after the other, where hidden values are worked out: both are
    /// sums of the same weights.
    fn both(&self) -> BitMatrix {
        let mut both = self.data.clone();
        match self.hidden {
            Hidden::Drawn(..) if both.append(self.model).is_ok() => both,
            _ => BitMatrix::zeros(0, 0),
        }
    }

    /// Hidden values of some columns, a multiple of 64 before them; `spare` is where they are worked out.
    fn values<'b>(
        &mut self,
        both: &BitMatrix,
        weight: &Parameter<'_>,
        hidden_bias: &Parameter<'_>,
        columns: &Range<usize>,
        spare: &'b mut Vec<f32>,
    ) -> [Values<'b>; 2]
    where
        'a: 'b,
    {
        let (m, units) = (hidden_bias.value.len(), columns.len());
        let (key, scale, states) = match &mut self.hidden {
            Hidden::Values(values) => {
                return values.map(|values| Values {
                    matrix: Matrix::columns(values, m, columns.start),
                    units,
                });
            }
            Hidden::Drawn(key, scale, states) => (*key, *scale, &mut **states),
        };
        spare.resize(both.rows() * units, 0.0);
        let fields = Fields {
            inputs: IntegerInputs {
                bits: both,
                weight: Matrix::columns(weight.value, m, columns.start),
                scale,
            },
            bias: &hidden_bias.value[columns.clone()],
        };
        activate(
            self.isa,
            fields,
            columns.start,
            Some((key, states)),
            Some(spare),
        );
        let (data, model) = spare.split_at(self.data.rows() * units);
        [data, model].map(|values| Values {
            matrix: Matrix::new(values, units),
            units,
        })
    }
}
fn difference(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn check_parameter(
    name: &'static str,
    parameter: &Parameter<'_>,
    shape: &[usize],
    moments: usize,
) -> Result<(), ModelError> {
    check_shape(name, parameter.value.len(), shape)?;
    for (index, moment) in [&*parameter.first, &*parameter.second]
        .into_iter()
        .enumerate()
    {
        if index < moments || !moment.is_empty() {
            check_shape("moment", moment.len(), shape)?;
        }
    }
    Ok(())
}
