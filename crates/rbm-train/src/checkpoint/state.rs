//! `checkpoint/state.safetensors`: model, optimizer, chains, counters in one file.
//!
//! One file, renamed into place, cannot be torn, and its parts always belong together. It is
//! also a valid model file.

use super::reader::Reader;
use super::run_dir::RunError;
use crate::learner::{LearnerState, Replicas};
use crate::settings::Settings;
use crate::state::State;
use burn::module::Param;
use burn::tensor::{Device, Tensor};
use rbm_model::file::{self, Container, Entry};
use rbm_model::sampling::{Chains, PackedChains, TemperingState};
use rbm_model::{BitMatrix, Rbm};
use std::collections::BTreeMap;
use std::path::Path;

/// Number of the arithmetic that states are drawn by: a run goes on bit for bit by its own alone.
///
/// 1 (checkpoints that name none): fields are sums of f32. 2: they are exact sums of integers, see
/// [`rbm_model::kernels::packed::WeightScale`].
pub const ARITHMETIC: &str = "2";

/// What a checkpoint holds. It shares the tensors of the state.
///
/// # Errors
/// [`RunError::Model`] if a parameter is not finite: a checkpoint is always a good one.
pub fn state_container(
    state: &State,
    settings: &Settings,
    dataset_digest: &str,
) -> Result<Container, RunError> {
    let mut entries = file::entries(&state.rbm)?;
    entries.push(Entry::tensor("offset.hidden", &state.offsets.hidden));
    let moments = &state.optimizer.moments;
    push_moments(&mut entries, "weight", &moments.weight);
    push_moments(&mut entries, "visible_bias", &moments.visible_bias);
    push_moments(&mut entries, "hidden_bias", &moments.hidden_bias);
    let mut metadata = BTreeMap::from([
        ("format".to_string(), "rbm".to_string()),
        ("version".to_string(), "1".to_string()),
        ("units".to_string(), "binary 0/1".to_string()),
        ("arithmetic".to_string(), ARITHMETIC.to_string()),
        ("step".to_string(), state.step.to_string()),
        ("dataset_digest".to_string(), dataset_digest.to_string()),
        (
            "settings".to_string(),
            toml::to_string(settings).unwrap_or_default(),
        ),
    ]);
    let learner = state.learner.state();
    if let Some(chains) = &learner.chains {
        entries.push(bit_entry("chains.visible", &chains.visible));
        entries.push(bit_entry("chains.hidden", &chains.hidden));
        metadata.insert("chains.step".into(), chains.step.to_string());
        metadata.insert("chains.count".into(), chains.count().to_string());
    }
    if let Some(Replicas { tempering, visible }) = &learner.replicas {
        entries.push(bit_entry("tempering.visible", visible));
        // Plain numbers and lists: there is nothing that JSON cannot hold.
        let text = serde_json::to_string(tempering).unwrap_or_default();
        metadata.insert("tempering.state".into(), text);
    }
    Ok(Container { entries, metadata })
}

/// A checkpoint that is read part by part.
pub struct Checkpoint {
    /// Settings of the run.
    pub settings: Settings,
    /// Digest of its data.
    pub dataset_digest: String,
    /// Updates made.
    pub step: u64,
    /// Number of the arithmetic it was made with, see [`ARITHMETIC`].
    pub arithmetic: String,
    reader: Reader,
    /// Visible and hidden units.
    shape: [usize; 2],
}

impl Checkpoint {
    /// Reads what a checkpoint says of itself.
    ///
    /// # Errors
    /// [`RunError::Io`], [`RunError::Content`].
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let reader = Reader::open(path)?;
        // Checkpoints that name no arithmetic are older than digests.
        if reader.has("arithmetic") && !reader.has_digest() {
            return Err(reader.error("not a checkpoint: its digest `sha256` is missing".into()));
        }
        let settings: Settings =
            toml::from_str(reader.text("settings")?).map_err(|e| reader.error(e.to_string()))?;
        settings
            .validate()
            .map_err(|e| reader.error(e.to_string()))?;
        let &[n, m @ 1..=usize::MAX] = reader.shape("weight")? else {
            return Err(reader.error("tensor `weight` is not a matrix with columns".into()));
        };
        Ok(Self {
            dataset_digest: reader.text("dataset_digest")?.to_string(),
            step: reader.number("step")?,
            arithmetic: match reader.has("arithmetic") {
                true => reader.text("arithmetic")?.to_string(),
                false => "1".into(),
            },
            shape: [n, m],
            settings,
            reader,
        })
    }

    /// The chains that stand for the model, on a device, where its learner has some that live on.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn chains(&self, device: &Device) -> Result<Option<Chains>, RunError> {
        if !self.reader.has("chains.count") {
            return Ok(None);
        }
        let chains = self.saved_chains()?;
        let samples = self.settings.learner.chains.samples(chains);
        Ok(Some(samples.to_chains(device)))
    }

    /// The whole state, on a device.
    ///
    /// `data_mean` is the mean of the training rows and `rows` their number; they are not saved because they follow
    /// from the data, whose digest is.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn state(
        &self,
        device: &Device,
        data_mean: &[f64],
        rows: usize,
    ) -> Result<State, RunError> {
        let (reader, [n, m]) = (&self.reader, self.shape);
        if data_mean.len() != n {
            return Err(reader.error(format!(
                "the model has {n} visible units, the data {} columns",
                data_mean.len()
            )));
        }
        let rbm = Rbm {
            weight: Param::from_tensor(reader.floats("weight", [n, m], device)?),
            visible_bias: Param::from_tensor(reader.floats("visible_bias", [n], device)?),
            hidden_bias: Param::from_tensor(reader.floats("hidden_bias", [m], device)?),
        };
        let mut state = State::new(&self.settings, rbm, data_mean, rows);
        state.step = self.step;
        state.offsets.hidden = reader.floats("offset.hidden", [m], device)?;
        let of = &mut state.optimizer.moments;
        restore(reader, "weight", &mut of.weight, [n, m], device)?;
        restore(reader, "visible_bias", &mut of.visible_bias, [n], device)?;
        restore(reader, "hidden_bias", &mut of.hidden_bias, [m], device)?;
        let fresh = state.learner.state();
        let learner = LearnerState {
            chains: fresh.chains.map(|_| self.saved_chains()).transpose()?,
            replicas: fresh.replicas.map(|_| self.saved_replicas()).transpose()?,
        };
        let restored = state.learner.restore(learner);
        restored.map_err(|e| reader.error(e.to_string()))?;
        Ok(state)
    }

    fn saved_chains(&self) -> Result<PackedChains, RunError> {
        let (reader, [n, m]) = (&self.reader, self.shape);
        let count = reader.number("chains.count")? as usize;
        Ok(PackedChains {
            visible: reader.states("chains.visible", count, n)?,
            hidden: reader.states("chains.hidden", count, m)?,
            seed: self.settings.training.seed,
            stream: self.settings.learner.kind.registration().stream,
            step: reader.number("chains.step")?,
        })
    }

    fn saved_replicas(&self) -> Result<Replicas, RunError> {
        let reader = &self.reader;
        let tempering: TemperingState = serde_json::from_str(reader.text("tempering.state")?)
            .map_err(|e| reader.error(format!("metadata `tempering.state`: {e}")))?;
        let visible = reader.states("tempering.visible", tempering.replicas(), self.shape[0])?;
        Ok(Replicas { tempering, visible })
    }
}

/// States as bits, eight units per byte, each chain from a new byte.
fn bit_entry(name: &str, states: &BitMatrix) -> Entry {
    let stride = states.columns().div_ceil(8);
    let rows = (0..states.rows()).map(|row| states.row_words(row).iter());
    let bytes = rows
        .flat_map(|row| row.flat_map(|word| word.to_le_bytes()).take(stride))
        .collect();
    Entry::u8(name, &[states.rows(), stride], bytes)
}

fn push_moments<const D: usize>(entries: &mut Vec<Entry>, name: &str, moments: &[Tensor<D>]) {
    for (index, moment) in moments.iter().enumerate() {
        entries.push(Entry::tensor(&format!("moment.{index}.{name}"), moment));
    }
}

fn restore<const D: usize>(
    reader: &Reader,
    name: &str,
    moments: &mut [Tensor<D>],
    shape: [usize; D],
    device: &Device,
) -> Result<(), RunError> {
    for (index, moment) in moments.iter_mut().enumerate() {
        *moment = reader.floats(&format!("moment.{index}.{name}"), shape, device)?;
    }
    Ok(())
}
