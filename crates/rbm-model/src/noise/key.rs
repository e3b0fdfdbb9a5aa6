//! Names of matrices of uniform numbers.

use super::philox::{philox4x32, uniform_from_bits};

/// Which layer of the machine a draw belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The visible units.
    Visible,
    /// The hidden units.
    Hidden,
}

/// Names one matrix of uniform numbers: a row for each chain, a column for each unit.
///
/// Numbers under different keys are independent, but for keys that differ by `first_row` alone: those
/// name parts of one matrix. Rows and columns are taken modulo 2^32 and `step` modulo 2^55.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseKey {
    /// Seed of the run.
    pub seed: u64,
    /// What the numbers are for, so that two uses of one seed never share any.
    pub stream: u8,
    /// Number of the Gibbs sweep.
    pub step: u64,
    /// The layer that is drawn.
    pub layer: Layer,
    /// Row of the whole matrix that is row 0 here: chains on several devices draw what they would
    /// draw on one.
    pub first_row: u32,
}

impl NoiseKey {
    /// Visible units at step 0, of a matrix that begins with row 0.
    ///
    /// ```
    /// use rbm_model::noise::{Layer, NoiseKey, stream};
    ///
    /// let key = NoiseKey::new(7, stream::CHAINS).with_step(3).with_layer(Layer::Hidden);
    /// assert_eq!(key.with_first_row(5).uniform(0, 2), key.uniform(5, 2));
    /// ```
    #[must_use]
    pub const fn new(seed: u64, stream: u8) -> Self {
        Self {
            seed,
            stream,
            step: 0,
            layer: Layer::Visible,
            first_row: 0,
        }
    }

    /// The same at another step.
    #[must_use]
    pub const fn with_step(self, step: u64) -> Self {
        Self { step, ..self }
    }

    /// The same of a layer.
    #[must_use]
    pub const fn with_layer(self, layer: Layer) -> Self {
        Self { layer, ..self }
    }

    /// The same for the part of a matrix that begins with this row.
    #[must_use]
    pub const fn with_first_row(self, first_row: u32) -> Self {
        Self { first_row, ..self }
    }

    /// The two key words of Philox.
    #[must_use]
    #[inline]
    pub const fn philox_key(&self) -> [u32; 2] {
        [self.seed as u32, (self.seed >> 32) as u32]
    }

    /// Counter of the evaluation that serves `column` of `row`.
    #[must_use]
    #[inline]
    pub const fn counter(&self, row: usize, column: usize) -> [u32; 4] {
        let layer = match self.layer {
            Layer::Visible => 0,
            Layer::Hidden => 1 << 23,
        };
        [
            (16 * (column / 64) + column % 16) as u32,
            self.first_row.wrapping_add(row as u32),
            self.step as u32,
            (self.stream as u32) << 24 | layer | ((self.step >> 32) as u32 & 0x007F_FFFF),
        ]
    }

    /// The random word of one unit of one chain.
    #[must_use]
    #[inline]
    pub const fn bits(&self, row: usize, column: usize) -> u32 {
        philox4x32(self.counter(row, column), self.philox_key())[(column % 64) / 16]
    }

    /// The uniform number in (0, 1) of one unit of one chain.
    #[must_use]
    #[inline]
    pub const fn uniform(&self, row: usize, column: usize) -> f32 {
        uniform_from_bits(self.bits(row, column))
    }

    /// Fills whole rows, starting at `first_row`, with the numbers of [`uniform`](Self::uniform).
    ///
    /// `out` is row-major with `columns` entries per row; a last, incomplete row gets its first entries.
    pub fn fill(&self, first_row: usize, columns: usize, out: &mut [f32]) {
        if columns == 0 {
            return;
        }
        let key = self.philox_key();
        for (index, values) in out.chunks_mut(columns).enumerate() {
            for (group, values) in values.chunks_mut(64).enumerate() {
                for lane in 0..values.len().min(16) {
                    let counter = self.counter(first_row + index, 64 * group + lane);
                    let words = philox4x32(counter, key);
                    for (value, &bits) in values[lane..].iter_mut().step_by(16).zip(&words) {
                        *value = uniform_from_bits(bits);
                    }
                }
            }
        }
    }
}
