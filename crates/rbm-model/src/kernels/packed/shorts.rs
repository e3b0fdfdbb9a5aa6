//! Weights as i16, each output with a scale of its own: fields that are nearly right, and how nearly.

use super::contraction::{Terms, Work};
use super::number::AsTheyAre;
use super::scale::WeightScale;
use super::tabled::{Tabled, strips, table_numbers};
use super::tables::{INPUTS, tabulate, width};
use super::transpose::transpose_with;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::{Tiles, for_each_task};
use crate::kernels::simd::{Kernel, MOST_LANES, Simd, load, store};
use crate::kernels::{BitMatrix, Isa};

/// Outputs side by side in memory.
const STRIP: usize = GROUP;
/// Inputs up to which rounding leaves most of the range of an i16.
const MOST_INPUTS: usize = 1 << 14;
/// Mean error of the fields above which too many draws would have to be repaired.
const LARGEST_ERROR: f32 = 0.2;

/// Weights from inputs to outputs, r_oi = round(k_o round(2^s W_oi)).
///
/// k_o is such that no sum of r over some of the inputs can leave the range of an i16:
/// k_o max(P_o, N_o) + inputs / 2 < 32767, P_o and N_o being the sums of the positive and of the
/// negative integer weights. So sums that wrap on the way are right at the end.
///
/// The sum of r over any inputs is within max(sum of positive, sum of negative rounding errors) of k_o S,
/// with S the exact sum of [`WeightScale`].
#[derive(Clone, Debug)]
pub(super) struct ShortWeights {
    /// Rounded up to a multiple of four.
    inputs: usize,
    /// `[groups, inputs, 64]`
    numbers: Vec<i16>,
    /// 2^-s / k_o: what a sum of 1 adds to a field.
    worth: Vec<f32>,
    /// Largest distance of bias + worth sum, as computed, from the field as it is defined, but for 2^-20 |bias|.
    error: Vec<f32>,
}

impl ShortWeights {
    /// Packs weights `[outputs, inputs]`, row-major; `None` where sums would not be near enough to be of use.
    pub(super) fn new(
        isa: Isa,
        weight: &[f32],
        columns: usize,
        scale: WeightScale,
    ) -> Option<Self> {
        let packed = Self::of_any_use(isa, weight, columns, scale)?;
        let outputs = weight.len() / columns;
        let mean = packed.error.iter().sum::<f32>() / outputs as f32;
        (mean < LARGEST_ERROR).then_some(packed)
    }

    /// [`new`](Self::new), however large errors are.
    pub(super) fn of_any_use(
        isa: Isa,
        weight: &[f32],
        columns: usize,
        scale: WeightScale,
    ) -> Option<Self> {
        if columns == 0 || columns > MOST_INPUTS || scale.step().is_nan() {
            return None;
        }
        let outputs = weight.len() / columns;
        let (tasks, inputs) = (outputs.div_ceil(STRIP), columns.next_multiple_of(INPUTS));
        let mut numbers = vec![0; tasks * inputs * STRIP];
        let (mut worth, mut error) = (vec![0.0; tasks * STRIP], vec![0.0; tasks * STRIP]);
        let number_tiles = Tiles::new(&mut numbers, inputs * STRIP);
        let worth_tiles = Tiles::new(&mut worth, STRIP);
        let error_tiles = Tiles::new(&mut error, STRIP);
        for_each_task(weight.len() / 3, tasks, |task| {
            let rows = STRIP * task..outputs.min(STRIP * (task + 1));
            // SAFETY: tasks have rows of their own.
            let (numbers, worth, error) = unsafe {
                (
                    number_tiles.piece(task, 0..inputs * STRIP),
                    worth_tiles.piece(task, 0..STRIP),
                    error_tiles.piece(task, 0..STRIP),
                )
            };
            isa.run(Pack {
                weight: &weight[rows.start * columns..rows.end * columns],
                columns,
                scale,
                numbers,
                worth,
                error,
            });
        });
        Some(Self {
            inputs,
            numbers,
            worth,
            error,
        })
    }

    /// What a sum of 1 adds to the fields of a group of outputs.
    pub(super) fn worth(&self, group: usize) -> &[f32] {
        &self.worth[(GROUP * group).min(self.worth.len())..]
    }

    /// The largest errors of the fields of a group of outputs.
    pub(super) fn error(&self, group: usize) -> &[f32] {
        &self.error[(GROUP * group).min(self.error.len())..]
    }
}

/// Some rows of weights.
struct Pack<'a> {
    weight: &'a [f32],
    columns: usize,
    scale: WeightScale,
    /// `[inputs, 64]`
    numbers: &'a mut [i16],
    worth: &'a mut [f32],
    error: &'a mut [f32],
}

impl Kernel for Pack<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = simd.splat(0.0);
        let up = simd.splat(self.scale.up());
        // Integers as f32: exact, since W has 24 bits.
        let integer = |weight: &[f32]| simd.real(simd.round(simd.mul(load(simd, weight), up)));
        let room = (i16::MAX as usize - self.columns / 2 - 1) as f32;
        let rows = || self.weight.chunks_exact(self.columns);
        let mut factors = [0.0; STRIP];
        for (row, factor) in rows().zip(&mut factors) {
            let (mut size, mut sum) = (zero, zero);
            for weight in row.chunks(S::LANES) {
                let w = load(simd, weight);
                size = simd.add(size, simd.at_least(simd.sub(zero, w), w));
                sum = simd.add(sum, w);
            }
            // The larger of the sums of positive and of negative weights, or more by what rounding may
            // have taken from them.
            let most = 0.5 * (total(simd, size) + total(simd, sum).abs()) * (1.0 + ROUNDED_SUM);
            if most > 0.0 {
                *factor = room / (most * self.scale.up() + self.columns as f32);
            }
        }
        let (mut sizes, mut sums) = ([zero; STRIP], [zero; STRIP]);
        let (mut panel, mut turned) = ([0.0; STRIP * 64], [0.0; STRIP * 64]);
        for (index, numbers) in self.numbers.chunks_mut(64 * STRIP).enumerate() {
            for (r, row) in rows().enumerate() {
                let row = &row[64 * index..self.columns.min(64 * (index + 1))];
                let factor = simd.splat(factors[r]);
                let panel = panel[64 * r..64 * (r + 1)].chunks_exact_mut(S::LANES);
                let mut weights = row.chunks(S::LANES);
                for panel in panel {
                    let scaled = simd.mul(factor, integer(weights.next().unwrap_or_default()));
                    let number = simd.round(scaled);
                    let error = simd.sub(simd.real(number), scaled);
                    let size = simd.at_least(simd.sub(zero, error), error);
                    sizes[r] = simd.add(sizes[r], size);
                    sums[r] = simd.add(sums[r], error);
                    store(simd, panel, simd.with_bits(number));
                }
            }
            transpose_with(simd, &panel, 64, (STRIP, 64), &mut turned, STRIP);
            let vectors = turned.chunks_exact(S::LANES);
            for (numbers, vector) in numbers.chunks_exact_mut(S::LANES).zip(vectors) {
                // SAFETY: the slice has as many numbers.
                unsafe { simd.store_i16(numbers.as_mut_ptr(), simd.bits(load(simd, vector))) };
            }
        }
        for (r, factor) in factors.into_iter().enumerate().filter(|(_, k)| *k > 0.0) {
            let worth = self.scale.step() / factor;
            let error = 0.5 * (total(simd, sizes[r]) + total(simd, sums[r]).abs());
            // More by what rounding may have taken from the errors, and from fields of up to so many units.
            let error = 0.25 + error * (1.0 + ROUNDED_SUM) + f32::from(i16::MAX) * ROUNDING;
            (self.worth[r], self.error[r]) = (worth, error * worth);
        }
    }
}

/// Bound of the relative rounding of a sum of up to 2^14 numbers in eight lanes or more: 2^11 roundings and a
/// few.
const ROUNDED_SUM: f32 = 1.0 / 2048.0;
/// Bound of the relative rounding of a field, of both kinds together.
pub(super) const ROUNDING: f32 = 1.0 / 1_048_576.0;

/// The sum of all lanes.
#[inline(always)]
fn total<S: Simd>(simd: S, vector: S::F) -> f32 {
    let mut lanes = [0.0; MOST_LANES];
    store(simd, &mut lanes[..S::LANES], vector);
    lanes.iter().sum()
}

/// Inputs with weights that are i16.
pub(super) struct ShortInputs<'a> {
    /// `[chains, inputs]`
    pub(super) bits: &'a BitMatrix,
    pub(super) weights: &'a ShortWeights,
}

impl Terms for ShortInputs<'_> {
    type Number = i16;
    type Plan = ();

    fn bits(&self) -> &BitMatrix {
        self.bits
    }

    fn plan(&self) {}

    fn table_numbers((): &()) -> usize {
        table_numbers(false, GROUP)
    }

    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, (): &(), work: &mut Work<'_, i16>) {
        for column in strips(work.columns, width::<S, i16, 2>()) {
            self.add_all::<S, 2>(simd, column, work);
        }
    }
}

impl Tabled for ShortInputs<'_> {
    #[inline(always)]
    fn tabulate<S: Simd, const V: usize>(
        &self,
        simd: S,
        (row, most): (usize, usize),
        used: u64,
        column: usize,
        (_, tables): (&mut [f32], &mut [i16]),
        (group, _): (usize, usize),
    ) -> usize {
        let inputs = self.weights.inputs;
        let weight = &self.weights.numbers[(group * inputs + row) * STRIP + column..];
        let count = (inputs - row).min(most) / INPUTS;
        tabulate::<S, i16, _, V>(simd, AsTheyAre, (weight, STRIP), (count, used), tables);
        count
    }
}
