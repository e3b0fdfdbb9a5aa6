//! Contractions with parts of matrices and with matrices turned round.

use super::contraction::{Contraction, Finish, Terms};
use super::matrix::Matrix;
use super::number::Number;
use super::reals::RealInputs;
use super::transpose::transposed;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::Tiles;
use crate::kernels::simd::Simd;
use crate::kernels::statistics::{instruction_sets, numbers};
use crate::kernels::{BitMatrix, Isa};
use std::ops::Range;

/// Keeps the sums, `[chains, outputs]`.
pub(super) struct Keep<'a, T>(Tiles<'a, T>, usize);

impl<T: Number> Finish for Keep<'_, T> {
    type Number = T;

    #[inline(always)]
    fn finish<S: Simd>(&self, _simd: S, group: usize, chains: Range<usize>, field: &[T]) {
        let columns = GROUP * group..self.1.min(GROUP * (group + 1));
        for (field, chain) in field.chunks_exact(GROUP).zip(chains) {
            // SAFETY: no two calls have the same group and overlapping chains.
            let to = unsafe { self.0.piece(chain, columns.clone()) };
            to.copy_from_slice(&field[..columns.len()]);
        }
    }
}

/// The sums over inputs, `[chains, outputs]`.
pub(super) fn sums<T: Terms>(isa: Isa, inputs: T, outputs: usize) -> Vec<T::Number> {
    let mut out = vec![bytemuck::Zeroable::zeroed(); inputs.bits().rows() * outputs];
    let keep = Keep(Tiles::new(&mut out, outputs), outputs);
    Contraction {
        inputs: &[inputs],
        outputs,
    }
    .run(isa, &keep);
    out
}

fn fields(isa: Isa, bits: &BitMatrix, weight: Matrix<'_>, outputs: usize) -> Vec<f32> {
    let inputs = RealInputs {
        bits,
        weight,
        scale: 1.0,
    };
    sums(isa, inputs, outputs)
}

#[test]
fn a_matrix_turned_round_is_the_transposed_one() {
    for isa in instruction_sets() {
        for (inputs, outputs) in [(1, 1), (3, 70), (64, 16), (70, 33), (130, 129), (200, 64)] {
            // Chains are divided between tasks.
            let states = numbers(1, 1.0, 150 * inputs);
            let states = BitMatrix::from_numbers(&states, 150, inputs).unwrap();
            let turned = numbers(2, 1.0, inputs * outputs);
            let weight = transposed(&turned, inputs);
            let expected = fields(isa, &states, Matrix::new(&weight, outputs), outputs);
            let found = fields(isa, &states, Matrix::turned(&turned, inputs), outputs);
            assert!(found == expected, "{isa:?} {inputs} x {outputs}");
        }
    }
}

#[test]
fn some_columns_are_those_of_the_whole_matrix() {
    let (inputs, outputs) = (70, 300);
    let states = BitMatrix::from_numbers(&numbers(1, 1.0, 9 * inputs), 9, inputs).unwrap();
    let weight = numbers(2, 1.0, inputs * outputs);
    for isa in instruction_sets() {
        let whole = fields(isa, &states, Matrix::new(&weight, outputs), outputs);
        for columns in [0..64, 64..192, 192..300, 299..300] {
            let part = Matrix::columns(&weight, outputs, columns.start);
            let found = fields(isa, &states, part, columns.len());
            for (whole, found) in whole.chunks(outputs).zip(found.chunks(columns.len())) {
                assert_eq!(&whole[columns.clone()], found, "{isa:?} {columns:?}");
            }
        }
    }
}

/// Fields by the order of additions that is promised, one chain and output at a time.
fn fields_in_order(states: &[f32], weight: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let mut fields = Vec::new();
    for state in states.chunks(inputs) {
        for output in 0..outputs {
            let mut field = 0.0;
            for first in (0..inputs).step_by(4) {
                let term = |k: usize| match state.get(first + k) {
                    Some(1.0) => weight[(first + k) * outputs + output],
                    _ => 0.0,
                };
                field += (term(0) + term(1)) + (term(2) + term(3));
            }
            fields.push(field);
        }
    }
    fields
}

#[test]
fn leaving_out_zeros_changes_no_bit() {
    for isa in instruction_sets() {
        for (chains, inputs, outputs) in [(1, 256, 1), (7, 784, 70), (66, 1030, 33), (5, 2100, 130)]
        {
            for rare in [2.0, 0.5, 1e-4] {
                // Inputs are on where a normal number is beyond a bound, so few or none where it is high.
                let normal = numbers(3, 1.0, chains * inputs);
                let on = |x: &f32| f32::from(u8::from(x.abs() * rare > 1.0));
                let mut rows: Vec<f32> = normal.iter().map(on).collect();
                // The first chain has nothing on.
                rows[..inputs].fill(0.0);
                let states = BitMatrix::from_numbers(&rows, chains, inputs).unwrap();
                let weight = numbers(4, 1.0, inputs * outputs);
                let found = fields(isa, &states, Matrix::new(&weight, outputs), outputs);
                let expected = fields_in_order(&rows, &weight, inputs, outputs);
                let bits =
                    |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert!(
                    bits(&found) == bits(&expected),
                    "{isa:?} {chains} x {inputs} x {outputs}"
                );
            }
        }
    }
}
