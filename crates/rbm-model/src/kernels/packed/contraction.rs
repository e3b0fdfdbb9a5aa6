//! The sum over inputs that are on, for all chains and outputs.

use super::nibbles::NibbleLists;
use super::tables::{BLOCK, ENTRIES, INPUTS, ROWS, TABLES, add_listed_rows, add_rows, tabulate};
use super::transpose::transpose_with;
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

/// field[r, o] = bias[o] + sum_i bit(r, i) scale weight[i, o].
///
/// The order of the additions is fixed: the bias, then one partial sum ((w0 + w1) + (w2 + w3))
/// for each four inputs, in their order, one set of inputs after the other. Sums of inputs that are all
/// off are +0 and may be left out, see [`NibbleLists`].
pub(super) struct Contraction<'a> {
    /// What is summed over: one set of inputs, or two, of the same chains r.
    pub(super) inputs: (Inputs<'a>, Option<Inputs<'a>>),
    /// Number of columns o; not 0.
    pub(super) outputs: usize,
    /// `[outputs]`, or empty for none.
    pub(super) bias: &'a [f32],
}

/// Inputs with the weights to the outputs.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    /// `[chains, inputs]`
    pub(super) bits: &'a BitMatrix,
    /// `[inputs, outputs]`
    pub(super) weight: Matrix<'a>,
    /// Multiplies all weights.
    pub(super) scale: f32,
}

impl<'a> Inputs<'a> {
    /// Inputs with the weights as they are.
    pub(super) fn new(bits: &'a BitMatrix, weight: Matrix<'a>) -> Self {
        Self {
            bits,
            weight,
            scale: 1.0,
        }
    }
}

/// A matrix of numbers in memory: some columns of a row-major one, or that turned round.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    /// From the first entry on.
    numbers: &'a [f32],
    rows: usize,
    /// Numbers between one entry and that of the next row, or column where it is turned round.
    stride: usize,
    turned: bool,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix of whole rows.
    pub(super) fn new(numbers: &'a [f32], columns: usize) -> Self {
        Self::columns(numbers, columns, 0)
    }

    /// What begins at column `first` of a row-major matrix with rows of `stride` entries.
    pub(super) fn columns(numbers: &'a [f32], stride: usize, first: usize) -> Self {
        Self {
            rows: numbers.len().checked_div(stride).unwrap_or(0),
            numbers: numbers.get(first..).unwrap_or_default(),
            stride,
            turned: false,
        }
    }

    /// A row-major matrix of whole rows turned round: its columns are the rows.
    pub(super) fn turned(numbers: &'a [f32], columns: usize) -> Self {
        Self {
            numbers,
            rows: columns,
            stride: columns,
            turned: true,
        }
    }

    /// The first `columns` entries of a row of a matrix that is not turned round.
    #[inline(always)]
    pub(super) fn row(&self, row: usize, columns: usize) -> &'a [f32] {
        &self.numbers[row * self.stride..][..columns]
    }

    /// Copies rows `first.0 ..` and columns `first.1 ..`, `size` of them, to rows of `width` numbers.
    #[inline(always)]
    fn copy<S: Simd>(
        &self,
        simd: S,
        first: (usize, usize),
        (rows, columns): (usize, usize),
        to: &mut [f32],
        width: usize,
    ) {
        if self.turned {
            let from = &self.numbers[first.1 * self.stride + first.0..];
            transpose_with(simd, from, self.stride, (columns, rows), to, width);
            return;
        }
        for (row, to) in to.chunks_exact_mut(width).take(rows).enumerate() {
            let from = (first.0 + row) * self.stride + first.1;
            to[..columns].copy_from_slice(&self.numbers[from..from + columns]);
        }
    }
}

/// What becomes of the fields.
pub(super) trait Finish: Sync {
    /// Takes the fields of output units `64 group ..` for some chains; `field` is
    /// `[chains.len(), 64]`. No two calls overlap. Must be `#[inline(always)]`.
    fn finish<S: Simd>(&self, simd: S, group: usize, chains: Range<usize>, field: &[f32]);
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
fn at_least(lines: &mut Vec<Line>, count: usize) -> &mut [f32] {
    let needed = count.div_ceil(16);
    if lines.len() < needed {
        lines.resize(needed, Line([0.0; 16]));
    }
    // SAFETY: a line is 16 numbers without padding, so this is the same memory.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), count) }
}

impl Contraction<'_> {
    /// Works out all fields and hands them to `finish`, on all threads.
    pub(super) fn run<E: Finish>(&self, isa: Isa, finish: &E) {
        let chains = self.chains();
        if chains == 0 {
            return;
        }
        let groups = self.outputs.div_ceil(GROUP);
        let piece = self.chains_per_task(groups);
        let pieces = chains.div_ceil(piece);
        let list = |set: Inputs| NibbleLists::new(set.bits);
        let lists = (list(self.inputs.0), self.inputs.1.and_then(list));
        let tables = if lists.0.is_some() || lists.1.is_some() {
            ROWS
        } else {
            TABLES * ENTRIES
        };
        for_each_task(self.nanoseconds(), groups * pieces, |task| {
            let first = task % pieces * piece;
            let chains = first..chains.min(first + piece);
            SCRATCH.with_borrow_mut(|scratch| {
                isa.run(Task {
                    tables: at_least(&mut scratch.tables, tables * 2 * 16),
                    panel: at_least(&mut scratch.panel, GROUP * 2 * 16),
                    field: at_least(&mut scratch.field, chains.len() * GROUP),
                    contraction: self,
                    lists: &lists,
                    finish,
                    group: task / pieces,
                    chains,
                });
            });
        });
    }

    /// About what one thread needs for it.
    pub(super) fn nanoseconds(&self) -> usize {
        let inputs: usize = self.sets().map(|set| set.weight.rows).sum();
        self.chains() * (inputs * self.outputs / 256 + self.outputs)
    }

    /// Number of rows r.
    pub(super) fn chains(&self) -> usize {
        self.inputs.0.bits.rows()
    }

    fn sets(&self) -> impl Iterator<Item = Inputs<'_>> {
        std::iter::once(self.inputs.0).chain(self.inputs.1)
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

/// 64 outputs for some chains.
struct Task<'a, E> {
    contraction: &'a Contraction<'a>,
    lists: &'a (Option<NibbleLists>, Option<NibbleLists>),
    finish: &'a E,
    group: usize,
    chains: Range<usize>,
    tables: &'a mut [f32],
    panel: &'a mut [f32],
    field: &'a mut [f32],
}

impl<E: Finish> Kernel for Task<'_, E> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let columns = (self.contraction.outputs - GROUP * self.group).min(GROUP);
        self.start(columns);
        let mut column = 0;
        while column < columns {
            // Two vectors side by side share the work of finding a table row.
            if columns - column > S::LANES {
                self.strip::<S, 2>(simd, column, columns);
                column += 2 * S::LANES;
            } else {
                self.strip::<S, 1>(simd, column, columns);
                column += S::LANES;
            }
        }
        self.finish
            .finish(simd, self.group, self.chains.clone(), self.field);
    }
}

impl<E: Finish> Task<'_, E> {
    /// Sets the fields to the bias.
    #[inline(always)]
    fn start(&mut self, columns: usize) {
        let mut bias = [0.0; GROUP];
        if !self.contraction.bias.is_empty() {
            let first = GROUP * self.group;
            bias[..columns].copy_from_slice(&self.contraction.bias[first..first + columns]);
        }
        // No field is -0, so that additions of +0 change nothing.
        for bias in &mut bias {
            *bias += 0.0;
        }
        for field in self.field.chunks_exact_mut(GROUP) {
            field.copy_from_slice(&bias);
        }
    }

    /// Adds all inputs to the fields of V vectors of outputs, from `column` of the group on.
    #[inline(always)]
    fn strip<S: Simd, const V: usize>(&mut self, simd: S, column: usize, columns: usize) {
        let lists = self.lists;
        self.add_set::<S, V>(simd, self.contraction.inputs.0, &lists.0, column, columns);
        if let Some(inputs) = self.contraction.inputs.1 {
            self.add_set::<S, V>(simd, inputs, &lists.1, column, columns);
        }
    }

    /// Adds one set of inputs.
    #[inline(always)]
    fn add_set<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        inputs: Inputs,
        lists: &Option<NibbleLists>,
        column: usize,
        columns: usize,
    ) {
        match lists {
            Some(lists) => self.add_listed::<S, V>(simd, inputs, lists, column, columns),
            None => self.add_all::<S, V>(simd, inputs, column, columns),
        }
    }

    /// Adds one set of inputs, word by word: the tables of a word stay in the first-level cache while
    /// all chains pass over them.
    #[inline(always)]
    fn add_all<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        inputs: Inputs,
        column: usize,
        columns: usize,
    ) {
        let stride = inputs.bits.stride();
        for word in 0..stride {
            let tables = self.tabulate::<S, V>(simd, inputs, word, u64::MAX, 0, column, columns);
            let words = inputs.bits.words()[self.chains.start * stride + word..].iter();
            let words = words.step_by(stride).copied().take(self.chains.len());
            let field = &mut self.field[column..];
            if tables == TABLES {
                add_rows::<S, V>(simd, self.tables, TABLES, words, field);
            } else {
                add_rows::<S, V>(simd, self.tables, tables, words, field);
            }
        }
    }

    /// Adds one set of inputs, block by block: of each chain only the rows in its list.
    #[inline(always)]
    fn add_listed<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        inputs: Inputs,
        lists: &NibbleLists,
        column: usize,
        columns: usize,
    ) {
        for (block, used) in lists.used().chunks(BLOCK).enumerate() {
            for (word, &used) in used.iter().enumerate() {
                if used != 0 {
                    let at = BLOCK * block + word;
                    self.tabulate::<S, V>(simd, inputs, at, used, word, column, columns);
                }
            }
            // Row 0 fills up lists, and its table may not have been made.
            self.tables[..V * S::LANES].fill(0.0);
            let lists = self.chains.clone().map(|chain| lists.list(block, chain));
            add_listed_rows::<S, V>(simd, self.tables, lists, &mut self.field[column..]);
        }
    }

    /// Makes the tables of word `word` of the inputs, but for those without any input in `used`, behind
    /// those of `before` words; returns how many the word has.
    #[expect(clippy::too_many_arguments, reason = "what, which, and where")]
    #[inline(always)]
    fn tabulate<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        Inputs { weight, scale, .. }: Inputs,
        word: usize,
        used: u64,
        before: usize,
        column: usize,
        columns: usize,
    ) -> usize {
        let width = V * S::LANES;
        let start = 64 * word;
        let first = GROUP * self.group + column;
        let rows = (weight.rows - start).min(64);
        let tables = rows.div_ceil(INPUTS);
        let whole = columns - column >= width && rows.is_multiple_of(INPUTS);
        let (from, stride) = if whole && !weight.turned {
            (
                &weight.numbers[start * weight.stride + first..],
                weight.stride,
            )
        } else {
            let panel = &mut self.panel[..tables * INPUTS * width];
            if !whole {
                // Zeros where the matrix ends.
                panel.fill(0.0);
            }
            let present = (columns - column).min(width);
            weight.copy(simd, (start, first), (rows, present), panel, width);
            (&*panel, width)
        };
        let to = &mut self.tables[before * TABLES * ENTRIES * width..];
        if scale == 1.0 {
            tabulate::<S, V, false>(simd, from, stride, (tables, used), scale, to);
        } else {
            tabulate::<S, V, true>(simd, from, stride, (tables, used), scale, to);
        }
        tables
    }
}
