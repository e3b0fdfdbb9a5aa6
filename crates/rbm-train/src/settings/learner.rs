//! How the negative phase is sampled.

use serde::{Deserialize, Serialize};

/// How the negative phase is sampled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LearnerSettings {
    /// Where chains start.
    pub kind: LearnerKind,
    /// Gibbs sweeps an update.
    pub gibbs_steps: usize,
    /// Chains (contrastive divergence: one a batch row, this is not used; tempering: ladders).
    pub chains: ChainCount,
    /// Levels of each ladder of parallel tempering, the model itself included (other learners: not
    /// used).
    pub replicas: usize,
    /// Whether the gradient is centred.
    pub centred: bool,
}

impl Default for LearnerSettings {
    fn default() -> Self {
        Self {
            kind: LearnerKind::Pcd,
            gibbs_steps: 1,
            chains: ChainCount::Count(100),
            replicas: 10,
            centred: true,
        }
    }
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
