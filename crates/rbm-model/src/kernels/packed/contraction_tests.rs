//! Contractions with parts of matrices and with matrices turned round.

use super::PackedStates;
use super::contraction::{Contraction, Finish, Inputs, Matrix};
use super::transpose::transpose;
use crate::kernels::Isa;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::Tiles;
use crate::kernels::simd::Simd;
use crate::kernels::statistics::{instruction_sets, numbers};
use std::ops::Range;

/// Keeps the fields, `[chains, outputs]`.
struct Keep<'a>(Tiles<'a, f32>, usize);

impl Finish for Keep<'_> {
    #[inline(always)]
    fn finish<S: Simd>(&self, _simd: S, group: usize, chains: Range<usize>, field: &[f32]) {
        let columns = GROUP * group..self.1.min(GROUP * (group + 1));
        for (field, chain) in field.chunks_exact(GROUP).zip(chains) {
            // SAFETY: no two calls have the same group and overlapping chains.
            let to = unsafe { self.0.piece(chain, columns.clone()) };
            to.copy_from_slice(&field[..columns.len()]);
        }
    }
}

fn fields(isa: Isa, states: &PackedStates, weight: Matrix<'_>, outputs: usize) -> Vec<f32> {
    let mut out = vec![0.0; states.chains() * outputs];
    let keep = Keep(Tiles::new(&mut out, outputs), outputs);
    Contraction {
        inputs: (Inputs::new(states.words(), weight), None),
        chains: states.chains(),
        outputs,
        bias: &[],
    }
    .run(isa, &keep);
    out
}

#[test]
fn a_matrix_turned_round_is_the_transposed_one() {
    for isa in instruction_sets() {
        for (inputs, outputs) in [(1, 1), (3, 70), (64, 16), (70, 33), (130, 129), (200, 64)] {
            // Chains are divided between tasks.
            let states = numbers(1, 1.0, 150 * inputs);
            let states = PackedStates::from_rows(&states, 150, inputs).unwrap();
            let turned = numbers(2, 1.0, inputs * outputs);
            let mut weight = Vec::new();
            transpose(&turned, inputs, &mut weight);
            let expected = fields(isa, &states, Matrix::new(&weight, outputs), outputs);
            let found = fields(isa, &states, Matrix::turned(&turned, inputs), outputs);
            assert!(found == expected, "{isa:?} {inputs} x {outputs}");
        }
    }
}

#[test]
fn some_columns_are_those_of_the_whole_matrix() {
    let (inputs, outputs) = (70, 300);
    let states = PackedStates::from_rows(&numbers(1, 1.0, 9 * inputs), 9, inputs).unwrap();
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
