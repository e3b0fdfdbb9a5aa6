//! Counters, swap statistics and walkers of a ladder.

use super::{ModelPath, TemperingError};
use serde::{Deserialize, Serialize};

/// Which end of the ladder a walker has seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Heading {
    /// None yet.
    Unknown,
    /// The first level: on its way up to the wanted model.
    Up,
    /// The wanted model: on its way down.
    Down,
}

/// All of a [`super::Tempering`] that changes, besides the visible states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemperingState {
    /// Seed of the random numbers.
    pub seed: u64,
    /// Stream of the random numbers, see [`crate::noise::stream`].
    pub stream: u8,
    /// Levels as positions on the path, growing.
    #[serde(with = "bits")]
    pub positions: Vec<f64>,
    /// Ladders side by side.
    pub ladders: usize,
    /// Keys of sweeps used so far.
    pub step: u64,
    /// Exchanges made; keys their random numbers.
    pub exchanges: u64,
    /// Swaps tried between each level and the next since the statistics were reset.
    pub attempts: Vec<u64>,
    /// Swaps made, likewise.
    pub accepted: Vec<u64>,
    /// The walker at each level of each ladder, `[levels, ladders]`. A walker is named by the level
    /// at which it started.
    pub walkers: Vec<u32>,
    /// Where each walker of each ladder is heading, `[walkers, ladders]`.
    pub headings: Vec<Heading>,
    /// Times a walker went from the first level to the last and back, since the reset, in all ladders.
    pub round_trips: u64,
}

impl TemperingState {
    pub(super) fn new(positions: Vec<f64>, ladders: usize, seed: u64, stream: u8) -> Self {
        let levels = positions.len();
        let mut state = Self {
            seed,
            stream,
            positions,
            ladders,
            step: 0,
            exchanges: 0,
            attempts: vec![0; levels.saturating_sub(1)],
            accepted: vec![0; levels.saturating_sub(1)],
            walkers: (0..levels * ladders)
                .map(|at| (at / ladders) as u32)
                .collect(),
            headings: vec![Heading::Unknown; levels * ladders],
            round_trips: 0,
        };
        state.head();
        state
    }

    /// Number of replicas in all ladders.
    pub fn replicas(&self) -> usize {
        self.positions.len().saturating_mul(self.ladders)
    }

    /// Fraction of swaps between each level and the next that were made, `[levels - 1]`; NaN where none was tried.
    pub fn swap_rates(&self) -> Vec<f64> {
        let swaps = self.accepted.iter().zip(&self.attempts);
        swaps.map(|(a, n)| *a as f64 / *n as f64).collect()
    }

    /// Forgets swap counts, round trips and headings.
    pub fn reset_statistics(&mut self) {
        self.attempts.fill(0);
        self.accepted.fill(0);
        self.headings.fill(Heading::Unknown);
        self.round_trips = 0;
        self.head();
    }

    /// Notes a swap between `lower` and the next level.
    pub(super) fn swap(&mut self, lower: usize, ladder: usize) {
        self.accepted[lower] += 1;
        let at = lower * self.ladders + ladder;
        self.walkers.swap(at, at + self.ladders);
    }

    /// Turns the walkers round that are at an end.
    pub(super) fn head(&mut self) {
        let Some(last) = self.positions.len().checked_sub(1) else {
            return;
        };
        for ladder in 0..self.ladders {
            let at_level = |level: usize| self.walkers[level * self.ladders + ladder] as usize;
            let (bottom, top) = (at_level(0), at_level(last));
            let heading = &mut self.headings[bottom * self.ladders + ladder];
            self.round_trips += u64::from(*heading == Heading::Down);
            *heading = Heading::Up;
            self.headings[top * self.ladders + ladder] = Heading::Down;
        }
    }

    pub(super) fn check(&self, path: &ModelPath) -> Result<(), TemperingError> {
        let (end, levels) = (path.end(), self.positions.len());
        let grow = self.positions.windows(2).all(|pair| pair[0] < pair[1]);
        let ends = (self.positions.first(), self.positions.last());
        let inside = matches!(ends, (Some(first), Some(last)) if *first >= 0.0 && *last == end);
        if levels < 2 || !grow || !inside {
            return Err(TemperingError::Positions {
                end,
                found: self.positions.clone(),
            });
        }
        if self.ladders == 0 {
            return Err(TemperingError::NoLadders);
        }
        let replicas = self.replicas();
        for (what, found, expected) in [
            ("attempts", self.attempts.len(), levels - 1),
            ("accepted", self.accepted.len(), levels - 1),
            ("walkers", self.walkers.len(), replicas),
            ("headings", self.headings.len(), replicas),
        ] {
            if found != expected {
                return Err(TemperingError::State {
                    what: format!("`{what}` has {found} entries; expected {expected}"),
                });
            }
        }
        match self.walkers.iter().find(|w| **w as usize >= levels) {
            Some(walker) => Err(TemperingError::State {
                what: format!("there is no walker {walker} among {levels}"),
            }),
            None => Ok(()),
        }
    }
}

/// Numbers as the integers that their bits are: text formats may not give the last digit back.
mod bits {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        values: &[f64],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let bits: Vec<u64> = values.iter().map(|x| x.to_bits()).collect();
        bits.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<f64>, D::Error> {
        let bits = Vec::<u64>::deserialize(deserializer)?;
        Ok(bits.into_iter().map(f64::from_bits).collect())
    }
}
