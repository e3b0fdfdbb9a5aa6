//! Brackets of the likelihood along training.

use super::{Moment, Observer};
use crate::checkpoint::{RunDir, RunError};
use crate::data::BinaryDataset;
use crate::evaluation::likelihood_row::{LikelihoodRow, from_csv, to_csv};
use crate::evaluation::snapshots::bracket_model;
use crate::settings::Settings;
use crate::state::State;
use rbm_model::partition::BracketOptions;

/// Writes `likelihood.csv`: one row each time, a function of the model, the learner's chains, the data
/// and the seed alone.
pub struct Likelihood<'a> {
    run: RunDir,
    data: &'a BinaryDataset,
    options: BracketOptions,
    rows: Vec<LikelihoodRow>,
}

impl<'a> Likelihood<'a> {
    /// Goes on with the rows that are there up to update `step`; with none at the start of a run.
    ///
    /// # Errors
    /// [`RunError::Content`] if `likelihood.csv` is there and cannot be read.
    pub fn new(
        run: RunDir,
        data: &'a BinaryDataset,
        settings: &Settings,
        step: u64,
    ) -> Result<Self, RunError> {
        let path = run.likelihood_path();
        let mut rows = match std::fs::read_to_string(&path) {
            Ok(text) if step > 0 => from_csv(&text).map_err(|error| RunError::Content {
                path,
                reason: error.to_string(),
            })?,
            _ => Vec::new(),
        };
        rows.retain(|row| row.step <= step);
        Ok(Self {
            run,
            data,
            options: BracketOptions {
                chains: settings.monitor.likelihood_chains,
                temperatures: settings.monitor.likelihood_temperatures,
                seed: settings.training.seed,
                ..BracketOptions::TRAINING
            },
            rows,
        })
    }
}

impl Observer for Likelihood<'_> {
    fn observe(&mut self, state: &State, moment: Moment) -> Result<(), RunError> {
        let model = state.rbm.parameters()?;
        let device = state.rbm.device();
        let chains = state.learner.samples().map(|c| c.to_chains(&device));
        let at = (state.step, moment.epoch);
        self.rows.push(bracket_model(
            &model,
            &device,
            self.data,
            chains.as_ref(),
            at,
            &self.options,
        )?);
        let path = self.run.likelihood_path();
        let bytes = to_csv(&self.rows).map_err(|error| RunError::Content {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        self.run.write(&path, &bytes)
    }
}
