//! Correlations of visible states with hidden probabilities.

use super::contraction::{Contraction, Finish};
use super::matrix::Matrix;
use super::reals::RealInputs;
use crate::error::ModelError;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::Tiles;
use crate::kernels::simd::{Simd, load, store};
use crate::kernels::{BitMatrix, Isa, check_shape};
use std::ops::Range;

/// out = scale * v^T p + beta * out, the sum over samples r of v_ri p_rj.
///
/// With p = p(h | v) and scale = 1/B this is the positive phase of the gradient; subtracting
/// the negative phase in place takes scale = -1/B and beta = 1. For beta = 0 the old content
/// is not read. The sum runs over the samples in their order, in f32.
///
/// # Shapes
/// - `visible`: `[B, N]`
/// - `probabilities`: `[B, M]`, row-major
/// - `out`: `[N, M]`, row-major
///
/// # Errors
/// [`ModelError::Shape`] where a length does not fit.
///
/// # Examples
/// ```
/// use rbm_model::{BitMatrix, kernels::packed::outer_mean};
/// let visible = BitMatrix::from_numbers(&[1.0, 0.0, 1.0, 1.0], 2, 2)?;
/// let mut out = [0.0; 2];
/// // One hidden unit with p = 1/4 and 3/4 in the two samples.
/// outer_mean(&visible, &[0.25, 0.75], 0.5, 0.0, &mut out)?;
/// assert_eq!(out, [0.5, 0.375]);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn outer_mean(
    visible: &BitMatrix,
    probabilities: &[f32],
    scale: f32,
    beta: f32,
    out: &mut [f32],
) -> Result<(), ModelError> {
    outer_mean_with(Isa::detect(), visible, probabilities, scale, beta, out)
}

/// [`outer_mean`] with given instructions.
///
/// # Errors
/// As [`outer_mean`].
pub(super) fn outer_mean_with(
    isa: Isa,
    visible: &BitMatrix,
    probabilities: &[f32],
    scale: f32,
    beta: f32,
    out: &mut [f32],
) -> Result<(), ModelError> {
    let (samples, units) = (visible.rows(), visible.columns());
    // The number of hidden units is told by what there is: by `out`, if there are no samples.
    let hidden = match samples {
        0 => out.len().checked_div(units).unwrap_or(0),
        _ => probabilities.len() / samples,
    };
    check_shape(
        "hidden probabilities",
        probabilities.len(),
        &[samples, hidden],
    )?;
    check_shape("outer mean", out.len(), &[units, hidden])?;
    if hidden == 0 || units == 0 {
        return Ok(());
    }
    Contraction {
        inputs: &[RealInputs {
            bits: &visible.transposed(),
            weight: Matrix::new(probabilities, hidden),
            scale: 1.0,
        }],
        outputs: hidden,
    }
    .run(
        isa,
        &Combination {
            scale,
            beta,
            out: Tiles::new(out, hidden),
            columns: hidden,
        },
    );
    Ok(())
}

/// out = scale * field + beta * out
struct Combination<'a> {
    scale: f32,
    beta: f32,
    out: Tiles<'a, f32>,
    columns: usize,
}

impl Finish for Combination<'_> {
    type Number = f32;

    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, group: usize, rows: Range<usize>, field: &[f32]) {
        let scale = simd.splat(self.scale);
        let beta = simd.splat(self.beta);
        let columns = GROUP * group..self.columns.min(GROUP * (group + 1));
        for (field, row) in field.chunks_exact(GROUP).zip(rows) {
            // SAFETY: no two calls have the same group and overlapping rows.
            let out = unsafe { self.out.piece(row, columns.clone()) };
            for (field, out) in field.chunks(S::LANES).zip(out.chunks_mut(S::LANES)) {
                let mut sum = simd.mul(scale, load(simd, field));
                if self.beta != 0.0 {
                    sum = simd.add(sum, simd.mul(beta, load(simd, out)));
                }
                store(simd, out, sum);
            }
        }
    }
}
