//! The step that some columns of the weights take.

use super::contraction::Finish;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::Tiles;
use crate::kernels::rule::StepCoefficients;
use crate::kernels::simd::{Simd, load, store};
use std::ops::Range;

/// Centers tiles of G and moves the weights along them.
pub(super) struct WeightStep<'a> {
    /// What multiplies what in the rule.
    pub(super) coefficients: StepCoefficients,
    /// Moments that the rule has.
    pub(super) moments: usize,
    /// mu, `[N]`.
    pub(super) visible_offset: &'a [f32],
    /// lambda of these columns.
    pub(super) hidden_offset: &'a [f32],
    /// <v>_data - <v>_model, `[N]`.
    pub(super) visible: &'a [f32],
    /// <h>_data - <h>_model of these columns.
    pub(super) hidden: &'a [f32],
    /// First of these columns.
    pub(super) column: usize,
    /// The weights, `[N, M]`, their first and second moments.
    pub(super) parameters: [Tiles<'a, f32>; 3],
}

impl Finish for WeightStep<'_> {
    type Number = f32;

    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, group: usize, rows: Range<usize>, field: &[f32]) {
        // Compiled once for each rule: what it does not need is not there.
        match (self.moments, self.coefficients.penalized()) {
            (0, false) => self.tile::<S, 0, false>(simd, group, rows, field),
            (0, true) => self.tile::<S, 0, true>(simd, group, rows, field),
            (1, _) => self.tile::<S, 1, true>(simd, group, rows, field),
            _ => self.tile::<S, 2, true>(simd, group, rows, field),
        }
    }
}

impl WeightStep<'_> {
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
        let lambda = padded(&self.hidden_offset[columns.clone()]);
        let place = self.column + columns.start..self.column + columns.end;
        // A parameter that the rule does not need, and where the last columns are not a full group.
        let mut spare = [[0.0; GROUP]; 3];
        for (field, row) in field.chunks_exact(GROUP).zip(rows) {
            let Some(field) = field.first_chunk() else {
                continue;
            };
            let offset = Offset {
                mu: self.visible_offset[row],
                visible: self.visible[row],
                hidden: &hidden,
                lambda: &lambda,
            };
            let mut pieces: [&mut [f32]; 3] = [&mut [], &mut [], &mut []];
            for (piece, tiles) in pieces.iter_mut().zip(&self.parameters).take(1 + MOMENTS) {
                // SAFETY: no two calls have the same group and overlapping rows, and the three
                // matrices are different ones.
                *piece = unsafe { tiles.piece(row, place.clone()) };
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
            let center = simd.add(
                simd.mul(mu, load(simd, &offset.hidden[column..])),
                simd.mul(visible, load(simd, &offset.lambda[column..])),
            );
            let gradient = simd.sub(load(simd, &field[column..]), center);
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
                .step::<S, MOMENTS, PENALTY>(simd, gradient, before);
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

/// What centers 64 columns of a row of G.
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
