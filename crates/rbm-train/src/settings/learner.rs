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
    /// Number of chains (contrastive divergence: one a batch row, this is not used; tempering: of
    /// ladders).
    pub chains: usize,
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
            chains: 100,
            replicas: 10,
            centred: true,
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
