//! Training that starts from the model of a file or of another run.

use crate::checkpoint::{Checkpoint, Parent, RunDir};
use crate::data::BinaryDataset;
use crate::settings::Settings;
use crate::state::State;
use burn::tensor::Device;
use rbm_model::file::{self, Layout};
use rbm_model::sampling::PackedChains;
use rbm_model::{Parameters, Rbm};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Sweeps from the biases that bring persistent chains to a model which comes without chains.
const SWEEPS: usize = 100;
/// Training rows whose hidden units give the first offsets of the centered gradient.
const ROWS: usize = 1000;

/// What a run starts from.
#[derive(Debug, Clone)]
pub struct Ancestor {
    /// Its model.
    pub parameters: Parameters,
    /// Its settings, if it is a run.
    pub settings: Option<Settings>,
    /// What the manifest of the new run says of it.
    pub parent: Parent,
    chains: Option<PackedChains>,
}

impl Ancestor {
    /// Reads a model file, or the last checkpoint of a run.
    ///
    /// # Errors
    /// What is wrong with the file or the run.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let run = match path.is_dir() {
            true => Some(RunDir::open(path)?),
            false => None,
        };
        let model = run.as_ref().map_or(path.to_path_buf(), RunDir::state_path);
        let bytes = std::fs::read(&model).map_err(|source| rbm_model::ModelError::Io {
            path: model.clone(),
            source,
        })?;
        let parameters = file::from_bytes(&bytes, &model, Layout::default())?;
        let mut ancestor = Self {
            parameters,
            settings: None,
            parent: Parent {
                path: path.display().to_string(),
                sha256: Sha256::digest(&bytes)
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect(),
                step: None,
            },
            chains: None,
        };
        if let Some(run) = run {
            let saved = Checkpoint::open(&model)?;
            let chains = saved.chains(&crate::measure::device()?)?;
            let chains = chains.filter(|chains| chains.count() > 0);
            ancestor.chains = chains.as_ref().map(PackedChains::from);
            ancestor.parent.step = Some(saved.step);
            ancestor.settings = Some(run.settings()?);
        }
        Ok(ancestor)
    }

    /// The start of a run: the model with chains of its own, and an optimizer and a learner that begin.
    ///
    /// Persistent chains start where those of the parent are, each as often as it takes, or go by [`SWEEPS`] sweeps from the
    /// biases. Offsets of hidden units are their means over [`ROWS`] rows.
    ///
    /// # Errors
    /// Data of other columns.
    pub fn state(
        &self,
        settings: &Settings,
        data: &BinaryDataset,
        device: &Device,
    ) -> anyhow::Result<State> {
        let (found, expected) = (data.train.columns(), self.parameters.n_visible);
        anyhow::ensure!(
            found == expected,
            "data set `{}` has {found} columns; the model {} has {expected} visible units",
            data.name,
            self.parent.path
        );
        let rows = data.train.rows();
        let rbm = Rbm::from_parameters(&self.parameters, device);
        let mut state = State::new(settings, rbm, &data.train.column_means(), rows);
        let some = data.train.slice(0..rows.min(ROWS)).to_tensor(device);
        let hidden = state.rbm.hidden_probabilities(some);
        state.offsets.hidden = hidden.mean_dim(0).squeeze_dim(0);
        let mut learner = state.learner.state();
        if let Some(chains) = &mut learner.chains {
            match &self.chains {
                Some(parents) => {
                    let count = parents.count() as u32;
                    let which: Vec<u32> = (0..chains.count() as u32).map(|c| c % count).collect();
                    let PackedChains {
                        visible, hidden, ..
                    } = parents.select(&which);
                    (chains.visible, chains.hidden) = (visible, hidden);
                }
                None => chains.sweep(&state.rbm, SWEEPS),
            }
            state.learner.restore(learner)?;
        }
        Ok(state)
    }
}
