//! One update of all parameters from the samples of both phases.

use super::contraction::{Contraction, Finish, Inputs};
use super::moments::by_unit;
use super::phase::PhaseMeans;
use super::states::PackedStates;
use crate::ascent::Step;
use crate::error::ModelError;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::{Tiles, in_pool};
use crate::kernels::rule::{Follow, StepCoefficients};
use crate::kernels::simd::{Simd, load, store};
use crate::kernels::{Isa, check_shape};
use std::ops::Range;

/// A parameter with what the rule remembers of it, all of one shape; moments that the rule
/// does not use may be empty.
#[derive(Debug)]
pub struct Parameter<'a> {
    /// The parameter itself.
    pub value: &'a mut [f32],
    /// First moment, or velocity.
    pub first: &'a mut [f32],
    /// Second moment.
    pub second: &'a mut [f32],
}

/// Samples of one phase.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    /// Visible states, `[B, N]`.
    pub visible: &'a PackedStates,
    /// Hidden values that belong to them, usually p(h = 1 | v), `[B, M]`, row-major.
    pub hidden: &'a [f32],
}

/// The centred gradient of the likelihood from samples of both phases, and a step along it.
///
/// With offsets mu, lambda (all zero for the plain gradient),
///
/// ```text
/// G  = <v h^T>_data - <v h^T>_model,   db = <v>_data - <v>_model,   dc = <h>_data - <h>_model
/// dW = G - mu dc^T - db lambda^T,   db' = db - dW lambda,   dc' = dc - dW^T mu
/// ```
///
/// (see [`crate::gradient`]). The weights are passed over once: products over the samples,
/// centring, penalties, the rule and the step happen while a tile of them is at hand. dW lambda
/// and dW^T mu do not need dW: they are means over the samples too, of v (h.lambda) and (v.mu) h.
#[derive(Debug, Clone, Copy)]
pub struct Ascent<'a> {
    /// Samples of the data.
    pub data: Samples<'a>,
    /// Samples of the model.
    pub model: Samples<'a>,
    /// mu, `[N]`.
    pub visible_offset: &'a [f32],
    /// lambda, `[M]`.
    pub hidden_offset: &'a [f32],
    /// Rule and learning rate.
    pub step: Step,
    /// Instructions to use.
    pub isa: Isa,
}

impl Ascent<'_> {
    /// Updates weights `[N, M]` and biases `[N]`, `[M]` in place; returns the mean of the hidden
    /// values over the data, `[M]`.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where a length does not fit; nothing is changed then.
    pub fn run(
        &self,
        weight: Parameter<'_>,
        visible_bias: Parameter<'_>,
        hidden_bias: Parameter<'_>,
    ) -> Result<Vec<f32>, ModelError> {
        let (n, m) = (self.visible_offset.len(), self.hidden_offset.len());
        let moments = self.step.rule.moments();
        check_parameter("weight", &weight, &[n, m], moments)?;
        check_parameter("visible bias", &visible_bias, &[n], moments)?;
        check_parameter("hidden bias", &hidden_bias, &[m], moments)?;
        for samples in [&self.data, &self.model] {
            super::gibbs::check_states(
                "visible states",
                samples.visible,
                (samples.visible.chains(), n),
            )?;
            let expected = [samples.visible.chains(), m];
            check_shape("hidden values", samples.hidden.len(), &expected)?;
        }
        let work = (self.data.visible.chains() + self.model.visible.chains()) * n * m / 256;
        let mut mean = Vec::new();
        in_pool(work, || {
            mean = self.update(weight, visible_bias, hidden_bias)
        });
        Ok(mean)
    }

    fn update(
        &self,
        weight: Parameter<'_>,
        visible_bias: Parameter<'_>,
        hidden_bias: Parameter<'_>,
    ) -> Vec<f32> {
        let (n, m) = (self.visible_offset.len(), self.hidden_offset.len());
        let phase = |samples: Samples<'_>| {
            let words = by_unit(samples.visible);
            let offsets = (self.visible_offset, self.hidden_offset);
            let means = PhaseMeans::new(self.isa, samples, &words, offsets);
            (words, means)
        };
        let (data, model) = rayon::join(|| phase(self.data), || phase(self.model));
        let ((data_words, data), (model_words, model)) = (data, model);
        let difference =
            |a: &[f32], b: &[f32]| -> Vec<f32> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let visible = difference(&data.visible, &model.visible);
        let hidden = difference(&data.hidden, &model.hidden);
        let coefficients = StepCoefficients::new(&self.step);
        Contraction {
            inputs: (
                Inputs {
                    scale: 1.0 / self.data.visible.chains() as f32,
                    ..Inputs::new(&data_words, self.data.hidden)
                },
                Some(Inputs {
                    scale: -1.0 / self.model.visible.chains() as f32,
                    ..Inputs::new(&model_words, self.model.hidden)
                }),
            ),
            chains: n,
            outputs: m,
            bias: &[],
        }
        .run(
            self.isa,
            &Update {
                coefficients,
                ascent: self,
                visible: &visible,
                hidden: &hidden,
                value: Tiles::new(weight.value, m),
                first: Tiles::new(weight.first, m),
                second: Tiles::new(weight.second, m),
            },
        );
        // Offsets of zero take nothing off.
        let bias = |parameter: Parameter<'_>, plain: Vec<f32>, along: Vec<f32>| {
            self.isa.run(Follow {
                coefficients: coefficients.without_penalty(),
                moments: self.step.rule.moments(),
                gradient: &difference(&plain, &along),
                parameter,
            });
        };
        bias(
            visible_bias,
            visible.clone(),
            difference(&data.along_hidden, &model.along_hidden),
        );
        bias(
            hidden_bias,
            hidden.clone(),
            difference(&data.along_visible, &model.along_visible),
        );
        data.hidden
    }
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

/// Centres tiles of G and moves the weights along them.
struct Update<'a> {
    ascent: &'a Ascent<'a>,
    coefficients: StepCoefficients,
    /// <v>_data - <v>_model
    visible: &'a [f32],
    /// <h>_data - <h>_model
    hidden: &'a [f32],
    value: Tiles<'a, f32>,
    first: Tiles<'a, f32>,
    second: Tiles<'a, f32>,
}

impl Finish for Update<'_> {
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, group: usize, rows: Range<usize>, field: &[f32]) {
        // Compiled once for each rule: what it does not need is not there.
        match (
            self.ascent.step.rule.moments(),
            self.coefficients.penalised(),
        ) {
            (0, false) => self.tile::<S, 0, false>(simd, group, rows, field),
            (0, true) => self.tile::<S, 0, true>(simd, group, rows, field),
            (1, _) => self.tile::<S, 1, true>(simd, group, rows, field),
            _ => self.tile::<S, 2, true>(simd, group, rows, field),
        }
    }
}

impl Update<'_> {
    #[inline(always)]
    fn tile<S: Simd, const MOMENTS: usize, const PENALTY: bool>(
        &self,
        simd: S,
        group: usize,
        rows: Range<usize>,
        field: &[f32],
    ) {
        let columns = GROUP * group..self.hidden.len().min(GROUP * (group + 1));
        let width = columns.len();
        let hidden = padded(&self.hidden[columns.clone()]);
        let lambda = padded(&self.ascent.hidden_offset[columns.clone()]);
        let parameters = [&self.value, &self.first, &self.second];
        // A parameter that the rule does not need, and where the last columns are not a full group.
        let mut spare = [[0.0; GROUP]; 3];
        for (field, row) in field.chunks_exact(GROUP).zip(rows) {
            let Some(field) = field.first_chunk() else {
                continue;
            };
            let offset = Offset {
                mu: self.ascent.visible_offset[row],
                visible: self.visible[row],
                hidden: &hidden,
                lambda: &lambda,
            };
            let mut pieces: [&mut [f32]; 3] = [&mut [], &mut [], &mut []];
            for (piece, tiles) in pieces.iter_mut().zip(parameters).take(1 + MOMENTS) {
                // SAFETY: no two calls have the same group and overlapping rows, and the three
                // matrices are different ones.
                *piece = unsafe { tiles.piece(row, columns.clone()) };
            }
            let [a, b, c] = &mut spare;
            if width == GROUP {
                let [value, first, second] = pieces;
                self.group::<S, MOMENTS, PENALTY>(
                    simd,
                    field,
                    offset,
                    [
                        value.first_chunk_mut().unwrap_or(a),
                        first.first_chunk_mut().unwrap_or(b),
                        second.first_chunk_mut().unwrap_or(c),
                    ],
                );
                continue;
            }
            for (spare, piece) in [&mut *a, &mut *b, &mut *c].into_iter().zip(&pieces) {
                spare[..piece.len()].copy_from_slice(piece);
            }
            self.group::<S, MOMENTS, PENALTY>(simd, field, offset, [a, b, c]);
            for (spare, piece) in [a, b, c].into_iter().zip(pieces) {
                piece.copy_from_slice(&spare[..piece.len()]);
            }
        }
    }

    /// Moves 64 weights of a row.
    #[inline(always)]
    fn group<S: Simd, const MOMENTS: usize, const PENALTY: bool>(
        &self,
        simd: S,
        field: &[f32; GROUP],
        offset: Offset<'_>,
        [value, first, second]: [&mut [f32; GROUP]; 3],
    ) {
        let (mu, visible) = (simd.splat(offset.mu), simd.splat(offset.visible));
        for column in (0..GROUP).step_by(S::LANES) {
            let centre = simd.add(
                simd.mul(mu, load(simd, &offset.hidden[column..])),
                simd.mul(visible, load(simd, &offset.lambda[column..])),
            );
            let gradient = simd.sub(load(simd, &field[column..]), centre);
            let zero = simd.splat(0.0);
            let before = (
                load(simd, &value[column..]),
                if MOMENTS > 0 {
                    load(simd, &first[column..])
                } else {
                    zero
                },
                if MOMENTS > 1 {
                    load(simd, &second[column..])
                } else {
                    zero
                },
            );
            let (w, a, b) = self
                .coefficients
                .follow::<S, MOMENTS, PENALTY>(simd, gradient, before);
            store(simd, &mut value[column..], w);
            if MOMENTS > 0 {
                store(simd, &mut first[column..], a);
            }
            if MOMENTS > 1 {
                store(simd, &mut second[column..], b);
            }
        }
    }
}

/// What centres 64 columns of a row of G.
#[derive(Clone, Copy)]
struct Offset<'a> {
    mu: f32,
    visible: f32,
    hidden: &'a [f32; GROUP],
    lambda: &'a [f32; GROUP],
}

/// 64 numbers, with zeros behind those that there are.
#[inline(always)]
fn padded(values: &[f32]) -> [f32; GROUP] {
    let mut out = [0.0; GROUP];
    out[..values.len()].copy_from_slice(values);
    out
}
