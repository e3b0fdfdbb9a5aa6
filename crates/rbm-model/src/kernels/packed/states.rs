//! States of a layer, one bit per unit.

use super::convert::{pack, unpack};
use super::transpose::transpose_bits;
use crate::error::ModelError;
use crate::kernels::{Isa, check_shape};

/// Binary states `[chains, units]` of a layer, packed into words of 64 units.
///
/// Unit u of chain r is bit `u % 64` of word `(u / 64) * chains + r`: words of one unit group
/// lie side by side for all chains, which is the order the kernels run in. Bits beyond the
/// last unit are 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedStates {
    units: usize,
    chains: usize,
    words: Vec<u64>,
}

impl PackedStates {
    /// All units off.
    #[must_use]
    pub fn zeros(chains: usize, units: usize) -> Self {
        Self {
            units,
            chains,
            words: vec![0; units.div_ceil(64) * chains],
        }
    }

    /// Packs numbers `[chains, units]`, row-major: a unit is on where the number exceeds 1/2.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the length does not fit.
    pub fn from_rows(rows: &[f32], chains: usize, units: usize) -> Result<Self, ModelError> {
        check_shape("states", rows.len(), &[chains, units])?;
        let mut packed = Self::zeros(chains, units);
        pack(Isa::detect(), rows, units, &mut packed.words);
        Ok(packed)
    }

    /// Collects rows that are packed already: `ceil(units / 64)` words each, unit u being bit
    /// `u % 64` of word `u / 64`. Bits beyond the last unit are ignored.
    ///
    /// # Errors
    /// [`ModelError::Shape`] at the first row of another length.
    pub fn from_packed_rows<'a>(
        rows: impl IntoIterator<Item = &'a [u64], IntoIter: ExactSizeIterator>,
        units: usize,
    ) -> Result<Self, ModelError> {
        let rows = rows.into_iter();
        let (chains, stride) = (rows.len(), units.div_ceil(64));
        let mut packed = Self::zeros(chains, units);
        for (chain, row) in rows.take(chains).enumerate() {
            check_shape("packed row", row.len(), &[stride])?;
            for (group, word) in row.iter().enumerate() {
                packed.words[group * chains + chain] = word & group_mask(units, group);
            }
        }
        Ok(packed)
    }

    /// The rows as [`from_packed_rows`](Self::from_packed_rows) takes them, one after the other.
    #[must_use]
    pub fn to_packed_rows(&self) -> Vec<u64> {
        let stride = self.units.div_ceil(64);
        let mut rows = vec![0; self.words.len()];
        for (index, &word) in self.words.iter().enumerate() {
            rows[(index % self.chains) * stride + index / self.chains] = word;
        }
        rows
    }

    /// Writes the states as numbers 0 and 1 `[chains, units]`, row-major.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the length does not fit.
    pub fn write_rows(&self, rows: &mut [f32]) -> Result<(), ModelError> {
        check_shape("states", rows.len(), &[self.chains, self.units])?;
        unpack(Isa::detect(), &self.words, self.units, rows);
        Ok(())
    }

    /// The states as numbers 0 and 1 `[chains, units]`, row-major.
    #[must_use]
    pub fn to_rows(&self) -> Vec<f32> {
        let mut rows = vec![0.0; self.chains * self.units];
        unpack(Isa::detect(), &self.words, self.units, &mut rows);
        rows
    }

    /// The states of some chains, in the given order.
    ///
    /// # Panics
    /// If there is no such chain.
    #[must_use]
    pub fn select(&self, chains: &[u32]) -> Self {
        let groups = (0..self.units.div_ceil(64)).map(|group| self.group(group));
        let words = groups.flat_map(|group| chains.iter().map(|chain| group[*chain as usize]));
        Self {
            units: self.units,
            chains: chains.len(),
            words: words.collect(),
        }
    }

    /// Puts the states of [`Self::select`] back.
    ///
    /// # Panics
    /// If there is no such chain, or `states` are not as many or of other units.
    pub fn put(&mut self, chains: &[u32], states: &Self) {
        assert_eq!((states.units, states.chains), (self.units, chains.len()));
        for group in 0..self.units.div_ceil(64) {
            for (chain, word) in chains.iter().zip(states.group(group)) {
                self.words[group * self.chains + *chain as usize] = *word;
            }
        }
    }

    /// Units of the layer.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.units
    }

    /// Number of chains, or of samples.
    #[must_use]
    pub const fn chains(&self) -> usize {
        self.chains
    }

    /// Whether a unit of a chain is on.
    ///
    /// # Panics
    /// If an index is out of range.
    #[must_use]
    pub fn get(&self, chain: usize, unit: usize) -> bool {
        assert!(chain < self.chains && unit < self.units);
        self.words[unit / 64 * self.chains + chain] >> (unit % 64) & 1 == 1
    }

    /// For each unit, in how many chains it is on.
    #[must_use]
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.units];
        for (group, counts) in counts.chunks_mut(64).enumerate() {
            for words in self.group(group).chunks(64) {
                for (count, word) in counts.iter_mut().zip(transpose_bits(words)) {
                    *count += word.count_ones();
                }
            }
        }
        counts
    }

    /// All words, a group of 64 units after the other.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// All words, to be written. Bits beyond the last unit must stay 0.
    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// One word for each chain: units `64 group ..`.
    pub(super) fn group(&self, group: usize) -> &[u64] {
        &self.words[group * self.chains..(group + 1) * self.chains]
    }
}

/// The bits of a group that stand for units.
pub(super) fn group_mask(units: usize, group: usize) -> u64 {
    match units.saturating_sub(64 * group) {
        0 => 0,
        left @ 1..64 => (1 << left) - 1,
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::statistics::{RAGGED_ROWS, RAGGED_UNITS, numbers};

    #[test]
    fn numbers_and_bits_hold_the_same_states() {
        for chains in RAGGED_ROWS {
            for units in RAGGED_UNITS {
                let rows: Vec<f32> = numbers(1, 1.0, chains * units)
                    .into_iter()
                    .map(|x| f32::from(x > 0.0))
                    .collect();
                let packed = PackedStates::from_rows(&rows, chains, units).unwrap();
                assert_eq!((packed.chains(), packed.units()), (chains, units));
                let mut back = vec![0.5; rows.len()];
                packed.write_rows(&mut back).unwrap();
                assert_eq!(back, rows);
                let mut counts = vec![0; units];
                for (index, &value) in rows.iter().enumerate() {
                    let (chain, unit) = (index / units, index % units);
                    assert_eq!(packed.get(chain, unit), value == 1.0);
                    counts[unit] += value as u32;
                }
                assert_eq!(packed.counts(), counts);
            }
        }
    }

    #[test]
    fn packed_rows_are_rows_of_words() {
        let (chains, units) = (5, 100);
        let rows = numbers(2, 1.0, chains * units);
        let states = PackedStates::from_rows(&rows, chains, units).unwrap();
        let mut words = states.to_packed_rows();
        assert_eq!(words[2 * 3 + 1] >> 7 & 1 == 1, states.get(3, 71));
        // Whatever lies beyond the last unit is dropped.
        for row in words.chunks_mut(2) {
            row[1] |= u64::MAX << 36;
        }
        let back = PackedStates::from_packed_rows(words.chunks(2), units).unwrap();
        assert_eq!(back, states);
    }

    #[test]
    fn selected_chains_come_back_to_their_places() {
        for units in RAGGED_UNITS {
            let rows = numbers(3, 1.0, 7 * units);
            let states = PackedStates::from_rows(&rows, 7, units).unwrap();
            let some = states.select(&[5, 0, 3]);
            let row = |chain: usize| &rows[chain * units..(chain + 1) * units];
            let expected = [row(5), row(0), row(3)].concat();
            assert_eq!(some, PackedStates::from_rows(&expected, 3, units).unwrap());
            let mut other = PackedStates::zeros(7, units);
            other.put(&[5, 0, 3], &some);
            assert_eq!(other.select(&[5, 0, 3]), some);
            let rest = [1, 2, 4, 6];
            assert_eq!(other.select(&rest), PackedStates::zeros(4, units));
            other.put(&rest, &states.select(&rest));
            assert_eq!(other, states);
        }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let shape = |result: Result<_, ModelError>| match result {
            Err(ModelError::Shape {
                expected, found, ..
            }) => (expected, found),
            other => panic!("{other:?}"),
        };
        let from_rows = PackedStates::from_rows(&[0.0; 5], 2, 3).map(|_| ());
        assert_eq!(shape(from_rows), (vec![2, 3], vec![5]));
        let from_packed = PackedStates::from_packed_rows([&[0_u64; 2][..]], 64).map(|_| ());
        assert_eq!(shape(from_packed), (vec![1], vec![2]));
        let write = PackedStates::zeros(2, 3).write_rows(&mut [0.0; 7]);
        assert_eq!(shape(write), (vec![2, 3], vec![7]));
    }

    #[test]
    fn nothing_is_a_set_of_states_too() {
        for (chains, units) in [(0, 3), (3, 0), (0, 0)] {
            let none = PackedStates::from_rows(&[], chains, units).unwrap();
            none.write_rows(&mut []).unwrap();
            assert_eq!(none.counts(), vec![0; units]);
            assert!(none.to_packed_rows().is_empty());
        }
    }
}
