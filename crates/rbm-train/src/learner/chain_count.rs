//! How many chains a learner has.

use rbm_model::sampling::PackedChains;
use serde::{Deserialize, Serialize};

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

/// Chains that stand for the model where there is one for each training row.
const SAMPLES: usize = 1000;

impl ChainCount {
    /// Chains that stand for the model: all, or some evenly over the training rows, which may be sorted.
    pub(crate) fn samples(self, chains: PackedChains) -> PackedChains {
        let (rows, count) = (chains.count(), chains.count().min(SAMPLES));
        match self {
            Self::Data => {
                let chosen: Vec<u32> = (0..count).map(|k| (k * rows / count) as u32).collect();
                chains.select(&chosen)
            }
            Self::Count(_) => chains,
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
