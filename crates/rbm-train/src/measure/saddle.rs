//! Where data, samples and the mean point lie relative to the saddles of the leading modes.

use super::chains::Record;
use super::context::Context;
use rbm_analysis::reciprocal::{
    HiddenUnits, RotatedDistances, SaddleDistance, Trajectories, pairs, rotated_distances,
    saddle_distances, uniform_distances,
};
use rbm_analysis::{AnalysisError, ReciprocalSpace};
use rbm_model::Parameters;
use serde::{Deserialize, Serialize};

/// Copies with modes drawn anew.
pub const COPIES: usize = 99;

/// Distances from the saddles of the leading modes, mode by mode.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Saddles {
    /// Of data rows with drawn hidden units.
    pub data: Vec<SaddleDistance>,
    /// Of samples of the model.
    pub model: Vec<SaddleDistance>,
    /// Of independent units with probability 1/2, about the mean point (U^T 1/2, V^T 1/2).
    pub uniform: Vec<SaddleDistance>,
    /// Of the data with Haar-distributed modes: in place of the first mode, and of the others.
    pub rotated: [Option<RotatedDistances>; 2],
}

/// Measures the first `count` modes of a snapshot.
pub(super) fn measure(
    context: &Context<'_>,
    parameters: &Parameters,
    space: &ReciprocalSpace,
    record: &Record,
    count: usize,
) -> Result<Saddles, AnalysisError> {
    let leading: Vec<usize> = (0..count).collect();
    let mut saddles = Saddles {
        model: saddle_distances(space, &record.states)?,
        uniform: uniform_distances(space, &leading)?,
        ..Default::default()
    };
    if let Some(reference) = context.reference.filter(|r| r.rows.nrows() > 0) {
        let visible = reference.rows.as_ref();
        let hidden = HiddenUnits::Drawn { seed: context.seed }.of(parameters, visible)?;
        let states = (visible, hidden.as_ref());
        let rows = Trajectories::from_states(space, pairs(&leading), states.0, states.1)?;
        saddles.data = saddle_distances(space, &rows)?;
        let (first, others) = saddles.data.split_at(saddles.data.len().min(1));
        for (rotated, modes) in saddles.rotated.iter_mut().zip([first, others]) {
            *rotated = rotated_distances(space, states, modes, COPIES, context.seed)?;
        }
    }
    Ok(saddles)
}
