//! How the negative phase is sampled.

use super::table::settings;
use crate::learner::{ChainCount, LearnerKind, LearnerOptions};

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

impl LearnerSettings {
    /// What the learner needs to know of them.
    pub(crate) fn options(&self, seed: u64) -> LearnerOptions {
        LearnerOptions {
            sweeps: self.gibbs_steps,
            chains: self.chains,
            levels: self.levels,
            seed,
        }
    }
}
