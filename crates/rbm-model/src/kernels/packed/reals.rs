//! Inputs with real weights: the sums of the gradient, samples being the inputs.

use super::contraction::{Terms, Work};
use super::matrix::Matrix;
use super::nibbles::NibbleLists;
use super::number::Scaled;
use super::tabled::{Tabled, strips, table_numbers, tabulate_matrix};
use super::tables::width;
use crate::kernels::BitMatrix;
use crate::kernels::simd::{MOST_LANES, Simd};

/// Inputs whose weights are f32.
///
/// The order of the additions is fixed: one partial sum ((w0 + w1) + (w2 + w3)) for each four inputs, in
/// their order. Sums of inputs that are all off are +0 and may be left out, see [`NibbleLists`].
#[derive(Clone, Copy)]
pub(super) struct RealInputs<'a> {
    /// `[chains, inputs]`
    pub(super) bits: &'a BitMatrix,
    /// `[inputs, outputs]`
    pub(super) weight: Matrix<'a>,
    /// Multiplies all weights.
    pub(super) scale: f32,
}

impl Terms for RealInputs<'_> {
    type Number = f32;
    type Plan = Option<NibbleLists>;

    fn bits(&self) -> &BitMatrix {
        self.bits
    }

    fn plan(&self) -> Self::Plan {
        NibbleLists::if_sparse(self.bits)
    }

    fn table_numbers(plan: &Self::Plan) -> usize {
        table_numbers(plan.is_some(), 2 * MOST_LANES)
    }

    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, plan: &Self::Plan, work: &mut Work<'_, f32>) {
        // Two vectors side by side share the work of finding a table row.
        for column in strips(work.columns, width::<S, f32, 2>()) {
            match plan {
                Some(lists) => self.add_listed::<S, 2>(simd, lists, column, work),
                None => self.add_all::<S, 2>(simd, column, work),
            }
        }
    }
}

impl Tabled for RealInputs<'_> {
    #[inline(always)]
    fn tabulate<S: Simd, const V: usize>(
        &self,
        simd: S,
        inputs: (usize, usize),
        used: u64,
        column: usize,
        scratch: (&mut [f32], &mut [f32]),
        group: (usize, usize),
    ) -> usize {
        let source = (Scaled(self.scale), self.weight);
        tabulate_matrix::<S, f32, _, V>(simd, source, inputs, used, column, scratch, group)
    }
}
