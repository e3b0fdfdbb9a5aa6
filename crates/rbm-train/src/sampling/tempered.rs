//! Samples by tempering.

use super::mixing::{DRAWS, Recorder};
use rbm_model::BitMatrix;
use rbm_model::init::visible_bias_from_mean;
use rbm_model::noise::stream;
use rbm_model::progress::ProgressFn;
use rbm_model::sampling::{Adaptation, ModelPath, Tempering, TemperingError};
use serde::Serialize;

/// Levels before adaptation.
const FIRST_LEVELS: usize = 10;
/// The reference takes the data's mean as if over so many rows: fields of units that never change stay
/// moderate, and so does the first level.
const REFERENCE_ROWS: usize = 100;

/// How a ladder ran.
#[derive(Debug, Clone, Serialize)]
pub struct TemperingReport {
    /// Ladders side by side; each gives a sample.
    pub ladders: usize,
    /// Levels as positions on the path: inverse temperatures, or numbers of snapshots from 0.
    pub levels: Vec<f64>,
    /// Rounds after adaptation; each is an exchange, and a sweep at every level.
    pub rounds: usize,
    /// Rounds before that chose the levels.
    pub adaptation_rounds: usize,
    /// Sweeps of a chain in all, adaptation included: what a Gibbs sampler could have made instead.
    pub sweeps_per_sample: usize,
    /// Fraction of swaps accepted between each level and the next, in the second half of the rounds.
    pub swap_rates: Vec<f64>,
    /// Round trips of all walkers over the whole ladder in those rounds.
    pub round_trips: u64,
    /// The same for each ladder and thousand rounds.
    pub round_trips_per_thousand_rounds: f64,
}

/// Reference fields for a path that starts from independent units at the data's mean (`[n_visible]`).
pub fn reference_fields(data_mean: &[f64]) -> Vec<f32> {
    visible_bias_from_mean(data_mean, REFERENCE_ROWS)
}

/// Adapts a ladder to a swap rate, then makes rounds; returns the visible states of the replicas at
/// the path's end.
///
/// # Errors
/// [`TemperingError`].
pub fn tempered(
    path: ModelPath,
    ladders: usize,
    swap_rate: f64,
    rounds: usize,
    seed: u64,
    recorder: &mut Recorder,
    progress: &mut ProgressFn<'_>,
) -> Result<(BitMatrix, TemperingReport), TemperingError> {
    let positions = Tempering::even_positions(&path, FIRST_LEVELS);
    let mut sampler = Tempering::new(path, positions, ladders, seed, stream::TEMPERED_SAMPLE)?;
    let adaptation = Adaptation {
        swap_rate,
        ..Default::default()
    };
    sampler.adapt(&adaptation, progress)?;
    let levels = sampler.positions().len();
    let adaptation_rounds = adaptation.passes * (adaptation.rounds / 4 + adaptation.rounds);
    // Most keys of noise are one a level and round for the hidden units, one for the sweep.
    let spent = sampler.state().step as usize / 2;
    tracing::info!("{ladders} ladders of {levels} levels, {rounds} rounds");
    let every = (rounds / DRAWS).max(1);
    for round in 0..rounds {
        if round == rounds / 2 {
            sampler.reset_statistics();
        }
        sampler.round(1);
        if (round + 1) % every == 0 {
            recorder.record(&sampler.samples());
        }
        progress("rounds of tempering", round + 1, rounds);
    }
    let state = sampler.state();
    let counted = rounds - rounds / 2;
    let lowest = state.swap_rates().into_iter().fold(1.0, f64::min);
    if lowest < 0.5 * swap_rate {
        tracing::warn!(
            "some neighbors swap at a rate of {lowest:.3} only, in {levels} levels (at most {}): replicas can \
             hardly pass there, so do not count on these samples",
            adaptation.max_levels
        );
    }
    let report = TemperingReport {
        ladders,
        levels: sampler.positions().to_vec(),
        rounds,
        adaptation_rounds,
        sweeps_per_sample: spent + rounds * levels,
        swap_rates: state.swap_rates(),
        round_trips: state.round_trips,
        round_trips_per_thousand_rounds: 1000.0 * state.round_trips as f64
            / (ladders * counted.max(1)) as f64,
    };
    Ok((BitMatrix::from_tensor(sampler.samples()), report))
}
