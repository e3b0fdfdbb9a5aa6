//! The sum over inputs that are on, for all chains and outputs.

use super::number::Number;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::for_each_task;
use crate::kernels::simd::{Kernel, Simd};
use crate::kernels::{BitMatrix, Isa};
use std::cell::RefCell;
use std::ops::Range;

/// Chains that a task handles at most: their fields stay in the second-level cache.
const MOST_CHAINS: usize = 512;
/// Chains for which it pays at least to have tables of their own.
const LEAST_CHAINS: usize = 64;

/// sum\[r, o\] = sum over sets of inputs of sum_i bit(r, i) weight\[i, o\].
pub(super) struct Contraction<'a, T> {
    /// What is summed over, of the same chains r.
    pub(super) inputs: &'a [T],
    /// Number of columns o; not 0.
    pub(super) outputs: usize,
}

/// Inputs with their weights to the outputs.
pub(super) trait Terms: Sync {
    /// What weights and sums are made of.
    type Number: Number;
    /// How a sum is taken, the same for all its tasks.
    type Plan: Sync;

    /// `[chains, inputs]`
    fn bits(&self) -> &BitMatrix;
    /// Chooses the way.
    fn plan(&self) -> Self::Plan;
    /// Numbers that tables take.
    fn table_numbers(plan: &Self::Plan) -> usize;
    /// Adds these inputs. Must be `#[inline(always)]`.
    fn add<S: Simd>(&self, simd: S, plan: &Self::Plan, work: &mut Work<'_, Self::Number>);
}

/// 64 outputs for some chains.
pub(super) struct Work<'a, T> {
    /// The outputs are those from 64 times this on.
    pub(super) group: usize,
    /// Outputs that there are of these.
    pub(super) columns: usize,
    pub(super) chains: Range<usize>,
    pub(super) tables: &'a mut [T],
    pub(super) panel: &'a mut [f32],
    /// `[chains, 64]`
    pub(super) field: &'a mut [T],
}

/// What becomes of the sums.
pub(super) trait Finish: Sync {
    /// What they are made of.
    type Number;
    /// Takes the sums of output units `64 group ..` for some chains; `field` is
    /// `[chains.len(), 64]`. No two calls overlap. Must be `#[inline(always)]`.
    fn finish<S: Simd>(&self, simd: S, group: usize, chains: Range<usize>, field: &[Self::Number]);
}

/// A cache line; aligns what is made of it.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Memory of one thread that tasks use one after the other, so that it is not taken from the
/// system over and over.
struct Scratch {
    tables: Vec<Line>,
    panel: Vec<Line>,
    field: Vec<Line>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = const {
        RefCell::new(Scratch {
            tables: Vec::new(),
            panel: Vec::new(),
            field: Vec::new(),
        })
    };
}

/// So many zeros or leftovers, as numbers.
fn at_least<T: Number>(lines: &mut Vec<Line>, count: usize) -> &mut [T] {
    let needed = (count * size_of::<T>()).div_ceil(size_of::<Line>());
    if lines.len() < needed {
        lines.resize(needed, Line([0.0; 16]));
    }
    // SAFETY: a line is bytes without padding, any of which make numbers, and lines are as long.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), count) }
}

impl<T: Terms> Contraction<'_, T> {
    /// Works out all sums and hands them to `finish`, on all threads.
    pub(super) fn run<E: Finish<Number = T::Number>>(&self, isa: Isa, finish: &E) {
        let chains = self.chains();
        if chains == 0 {
            return;
        }
        let groups = self.outputs.div_ceil(GROUP);
        let piece = self.chains_per_task(groups);
        let pieces = chains.div_ceil(piece);
        let plans: Vec<T::Plan> = self.inputs.iter().map(T::plan).collect();
        let tables = plans.iter().map(T::table_numbers).max().unwrap_or(0);
        for_each_task(self.nanoseconds(), groups * pieces, |task| {
            let (group, first) = (task / pieces, task % pieces * piece);
            let chains = first..chains.min(first + piece);
            SCRATCH.with_borrow_mut(|scratch| {
                let field: &mut [T::Number] = at_least(&mut scratch.field, chains.len() * GROUP);
                // Compiled apart: sums do not depend on what becomes of them.
                isa.run(Sum {
                    inputs: self.inputs,
                    plans: &plans,
                    work: Work {
                        group,
                        columns: (self.outputs - GROUP * group).min(GROUP),
                        chains: chains.clone(),
                        tables: at_least(&mut scratch.tables, tables),
                        panel: at_least(&mut scratch.panel, GROUP * 2 * 16),
                        field: &mut *field,
                    },
                });
                isa.run(Finishing {
                    finish,
                    group,
                    chains,
                    field,
                });
            });
        });
    }

    /// About what one thread needs for it.
    pub(super) fn nanoseconds(&self) -> usize {
        let inputs: usize = self.inputs.iter().map(|t| t.bits().columns()).sum();
        self.chains() * (inputs * self.outputs / 256 + self.outputs)
    }

    /// Number of rows r.
    pub(super) fn chains(&self) -> usize {
        self.inputs.first().map_or(0, |t| t.bits().rows())
    }

    /// Tables are built for each task, so chains are divided only as far as cache and threads need.
    fn chains_per_task(&self, groups: usize) -> usize {
        let threads = rayon::current_num_threads();
        let for_threads = if threads == 1 {
            1
        } else {
            (2 * threads)
                .div_ceil(groups)
                .min(self.chains() / LEAST_CHAINS)
                .max(1)
        };
        let pieces = for_threads.max(self.chains().div_ceil(MOST_CHAINS));
        self.chains().div_ceil(pieces)
    }
}

/// The sums of a task.
struct Sum<'a, T: Terms> {
    inputs: &'a [T],
    plans: &'a [T::Plan],
    work: Work<'a, T::Number>,
}

impl<T: Terms> Kernel for Sum<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        self.work.field.fill(bytemuck::Zeroable::zeroed());
        for (inputs, plan) in self.inputs.iter().zip(self.plans) {
            inputs.add(simd, plan, &mut self.work);
        }
    }
}

/// What becomes of them.
struct Finishing<'a, E: Finish> {
    finish: &'a E,
    group: usize,
    chains: Range<usize>,
    field: &'a [E::Number],
}

impl<E: Finish> Kernel for Finishing<'_, E> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.finish
            .finish(simd, self.group, self.chains, self.field);
    }
}
