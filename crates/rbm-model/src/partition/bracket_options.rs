//! How ln Z is bracketed: the one place of all defaults.

use super::geometric_path::Noise;
use std::time::Duration;

/// How [`bracket`](super::bracket()) anneals. Every default of chains, temperatures and times stands here,
/// one constant per use; the command line, its help and the settings of a run read them.
///
/// What a [`Verdict`](super::Verdict) asks for (a gap below 1 nat, 10% of the chains) is no option: it is what
/// the word means.
///
/// ```
/// use rbm_model::partition::BracketOptions;
///
/// let options = BracketOptions { temperatures: 2000, seed: 7, ..BracketOptions::default() };
/// assert_eq!(options.chains, BracketOptions::MODEL.chains);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BracketOptions {
    /// Chains in each direction, at least 2; half as many more, and not fewer than 50, for each group
    /// that starts the way down elsewhere.
    pub chains: usize,
    /// Temperatures in each direction: as many, or at most as many with `fewer`. Without effect where
    /// there is a `budget`.
    pub temperatures: usize,
    /// Take fewer temperatures where pilot runs show that they leave about half of the chains with weight.
    pub fewer: bool,
    /// Time for all of it, counted from the call: as many temperatures as fit, at least 100. Results then
    /// depend on the clock; without a budget they depend on the inputs alone.
    pub budget: Option<Duration>,
    /// Chains of the pilot run from uniform units, as a multiple of those of the other pilot runs: how
    /// much of the mass is where is decided early on the way, by the few chains that come to lie there.
    pub pilot_population: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// First step of the noise: brackets under one seed whose first steps are 2^24 or more apart share no
    /// random numbers.
    pub first_step: u64,
}

impl BracketOptions {
    /// One model, with a fixed amount of work: the default.
    pub const MODEL: Self = Self {
        chains: 200,
        temperatures: 10_000,
        fewer: false,
        budget: None,
        pilot_population: 8,
        seed: 0,
        first_step: 0,
    };
    /// One model, with as many temperatures as fit into a minute.
    pub const TIMED: Self = Self {
        budget: Some(Duration::from_secs(60)),
        ..Self::MODEL
    };
    /// Each of several snapshots of a run: little work, and less where it will do.
    pub const SNAPSHOT: Self = Self {
        chains: 128,
        temperatures: 1000,
        fewer: true,
        ..Self::MODEL
    };
    /// A model in training, every few epochs.
    pub const TRAINING: Self = Self {
        chains: 100,
        temperatures: 2000,
        ..Self::MODEL
    };
    /// A snapshot that is measured in full for a report.
    pub const REPORT: Self = Self {
        chains: 100,
        temperatures: 1000,
        ..Self::MODEL
    };

    /// Chains that are in memory together, for each one asked for: those of the pilot run from uniform
    /// units.
    pub fn chains_at_once(&self) -> f64 {
        self.pilot_population.max(1) as f64
    }

    /// The noise of a stream.
    pub(super) fn noise(&self, stream: u8) -> Noise {
        Noise {
            seed: self.seed,
            stream,
            first_step: self.first_step,
        }
    }
}

impl Default for BracketOptions {
    fn default() -> Self {
        Self::MODEL
    }
}
