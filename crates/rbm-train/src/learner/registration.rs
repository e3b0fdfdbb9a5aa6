//! What the program knows of a learner, in one place.

use super::{ChainCount, Learner};
use crate::memory::bytes_of_chain;
use burn::tensor::Device;
use rbm_model::Rbm;
use rbm_model::sampling::PackedChains;
use std::ops::Range;

/// What settings say of a learner.
#[derive(Debug, Clone)]
pub struct LearnerOptions {
    /// Gibbs sweeps per update.
    pub sweeps: usize,
    /// Chains, or ladders of tempering.
    pub chains: ChainCount,
    /// Levels of each ladder.
    pub levels: usize,
    /// Seed of the run.
    pub seed: u64,
}

/// A kind of learner: how it starts, what it needs, what its settings must be.
pub struct Registration {
    /// Whether its chains start at the rows of the batch, one for each, whatever `learner.chains` says.
    pub from_batch: bool,
    /// Settings that it does not look at, by their names in `config.toml`.
    pub unused: &'static [&'static str],
    /// What its settings must be together, on so many devices; each is checked by itself before.
    pub rules: fn(&LearnerOptions, usize) -> Result<(), Unfit>,
    /// Stream of the random numbers of its chains.
    pub stream: u8,
    /// Estimate of the memory it takes besides the model, in bytes.
    pub bytes: fn(&Sizes<'_>) -> f64,
    /// The learner at the start of its run.
    pub start: fn(&Start<'_>) -> Box<dyn Learner>,
    /// One device's part of it; none where it is not divided.
    pub part: Option<fn(Part) -> Box<dyn Learner>>,
}

/// What a learner starts from.
pub struct Start<'a> {
    /// What its settings say, checked before.
    pub options: LearnerOptions,
    /// The model, on the device where it lives.
    pub rbm: &'a Rbm,
    /// Mean of the training rows, `[n_visible]`.
    pub data_mean: &'a [f64],
    /// Number of training rows.
    pub rows: usize,
}

impl Start<'_> {
    /// Number of chains.
    pub(super) fn chains(&self) -> usize {
        self.options.chains.of_rows(self.rows)
    }
}

/// What one of several devices starts from.
pub struct Part {
    /// As of the whole learner.
    pub options: LearnerOptions,
    /// Numbers of its chains among all.
    pub range: Range<usize>,
    /// The chains themselves, where the learner has some.
    pub chains: Option<PackedChains>,
    /// The device.
    pub device: Device,
}

/// Sizes of a run, for estimates.
pub struct Sizes<'a> {
    /// What settings say of the learner.
    pub options: &'a LearnerOptions,
    /// Visible units.
    pub visible: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Rows per update.
    pub batch: usize,
    /// Training rows.
    pub rows: usize,
    /// Devices.
    pub devices: usize,
}

impl Sizes<'_> {
    /// Chains that an update moves.
    pub(super) fn chains(&self) -> f64 {
        self.options.chains.of_rows(self.batch) as f64
    }

    /// States, fields and probabilities of a batch and so many chains as f32, in bytes.
    pub(super) fn floats(&self, chains: f64) -> f64 {
        (self.batch as f64 + chains) * bytes_of_chain(self.visible, self.hidden)
    }
}

/// A setting that does not go with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit {
    /// Its name in `config.toml`.
    pub setting: &'static str,
    /// What it must be.
    pub expected: &'static str,
}

/// Every device has some of the chains; one for each training row is not divided.
pub(super) fn chains_on_every_device(
    options: &LearnerOptions,
    devices: usize,
) -> Result<(), Unfit> {
    let enough = match options.chains {
        ChainCount::Data => devices == 1,
        ChainCount::Count(chains) => devices <= chains,
    };
    enough.then_some(()).ok_or(Unfit {
        setting: "training.device",
        expected: "it must be no more devices than chains (learner.chains), and one where these are `data`",
    })
}
