//! How the negative phase is sampled.

use super::table::settings;
use serde::{Deserialize, Serialize};

settings! {
    /// How the negative phase is sampled.
    "learner" LearnerSettings

    /// Negative phase: where its chains start
    kind: LearnerKind = LearnerKind::Pcd,
        flag "learner" "LEARNER" "Learning" one LearnerKind;
    /// Gibbs sweeps per update
    gibbs_steps: usize = 1, must AT_LEAST_1
        flag "gibbs-steps" "SWEEPS" "Learning" one usize;
    /// Markov chains (cd: one per batch row instead; pt: ladders); `data`: one for each training row, of
    /// which an update moves those of its batch
    chains: ChainCount = ChainCount::Count(100), must CHAINS
        flag "chains" "COUNT|data" "Learning" one ChainCount;
    /// Levels of each tempering ladder, the model itself included, for --learner pt: an update costs
    /// about so many times what pcd does
    levels: usize = 10, must AT_LEAST_2
        flag "levels" "COUNT" "Learning" one usize
        was "replicas" flag_was "replicas";
    /// Use the plain instead of the centered gradient
    centered: bool = true,
        flag "uncentered" "" "Learning" off false
        was "centred" flag_was "uncentred";
}

/// How many chains there are, and which of them an update moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainCount {
    /// One for each training row; an update moves those of its batch. Chains that do not persist are as many as its rows.
    #[serde(rename = "data")]
    Data,
    /// This many, of which all move.
    #[serde(untagged)]
    Count(usize),
}

impl ChainCount {
    /// The number of chains with so many training rows.
    pub fn of_rows(self, rows: usize) -> usize {
        match self {
            Self::Data => rows,
            Self::Count(count) => count,
        }
    }
}

impl std::fmt::Display for ChainCount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Data => f.write_str("data"),
            Self::Count(count) => count.fmt(f),
        }
    }
}

impl std::str::FromStr for ChainCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "data" => Ok(Self::Data),
            number => number.parse().map(Self::Count).map_err(|_| {
                "expected a number, or `data` for a chain for each training row".into()
            }),
        }
    }
}

/// Where the chains of the negative phase start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LearnerKind {
    /// Contrastive divergence: from the batch.
    Cd,
    /// Persistent contrastive divergence: from where they were.
    Pcd,
    /// From random states at every update.
    Random,
    /// Parallel tempering: from where they were, exchanged along a ladder of temperatures.
    Pt,
}

impl std::fmt::Display for LearnerKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cd => "cd",
            Self::Pcd => "pcd",
            Self::Random => "random",
            Self::Pt => "pt",
        })
    }
}
