//! Inputs with integer weights: the sums of fields, by whichever way is the fastest.

use super::contraction::{Terms, Work};
use super::matrix::Matrix;
use super::nibbles::NibbleLists;
use super::number::Rounded;
use super::scale::WeightScale;
use super::tabled::{Tabled, strips, table_numbers, tabulate_matrix};
use super::tables::width;
use super::{direct, plan};
use crate::kernels::BitMatrix;
use crate::kernels::simd::{MOST_LANES, Simd};

/// Inputs whose weights are f32 and summed as integers, see [`WeightScale`].
#[derive(Clone, Copy)]
pub(super) struct IntegerInputs<'a> {
    /// `[chains, inputs]`
    pub(super) bits: &'a BitMatrix,
    /// `[inputs, outputs]`
    pub(super) weight: Matrix<'a>,
    /// What makes integers of them.
    pub(super) scale: WeightScale,
}

/// The ways, all of which give the same sums.
pub(super) enum IntegerPlan {
    /// The weights of each input that is on, read as they are.
    Direct,
    /// Tables of partial sums of four inputs.
    Tables,
    /// Of these the rows that are not zero.
    Nibbles(NibbleLists),
}

impl Terms for IntegerInputs<'_> {
    type Number = i32;
    type Plan = IntegerPlan;

    fn bits(&self) -> &BitMatrix {
        self.bits
    }

    fn plan(&self) -> IntegerPlan {
        plan::choose(self.bits, self.weight.turned)
    }

    fn table_numbers(plan: &IntegerPlan) -> usize {
        match plan {
            IntegerPlan::Direct => 0,
            IntegerPlan::Tables => table_numbers(false, 2 * MOST_LANES),
            IntegerPlan::Nibbles(_) => table_numbers(true, 2 * MOST_LANES),
        }
    }

    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, plan: &IntegerPlan, work: &mut Work<'_, i32>) {
        match plan {
            IntegerPlan::Direct => direct::add(simd, self, work),
            IntegerPlan::Tables => {
                for column in strips(work.columns, width::<S, i32, 2>()) {
                    self.add_all::<S, 2>(simd, column, work);
                }
            }
            IntegerPlan::Nibbles(lists) => {
                for column in strips(work.columns, width::<S, i32, 2>()) {
                    self.add_listed::<S, 2>(simd, lists, column, work);
                }
            }
        }
    }
}

impl Tabled for IntegerInputs<'_> {
    #[inline(always)]
    fn tabulate<S: Simd, const V: usize>(
        &self,
        simd: S,
        inputs: (usize, usize),
        used: u64,
        column: usize,
        scratch: (&mut [f32], &mut [i32]),
        group: (usize, usize),
    ) -> usize {
        let source = (Rounded(self.scale.up()), self.weight);
        tabulate_matrix::<S, i32, _, V>(simd, source, inputs, used, column, scratch, group)
    }
}
