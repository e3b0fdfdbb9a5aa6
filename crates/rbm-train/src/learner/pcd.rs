//! Persistent contrastive divergence.

mod packed;
mod rows;

pub use packed::PackedPersistent;
pub use rows::PersistentRows;

use super::registration::chains_on_every_device;
use super::{
    Batch, ChainCount, Learner, LearnerState, Part, Registration, RestoreError, Sizes, Start,
};
use rbm_model::Rbm;
use rbm_model::device::is_host;
use rbm_model::gradient::PhaseSamples;
use rbm_model::noise::stream;
use rbm_model::sampling::Chains;

pub(super) const REGISTRATION: Registration = Registration {
    from_batch: false,
    unused: &["learner.levels"],
    stream: stream::CHAINS,
    rules: chains_on_every_device,
    bytes,
    start,
    part: Some(|part| Box::new(Persistent::part(part))),
};

/// Chains as bits (three times those of all training rows, which a checkpoint copies and writes), hidden
/// values of 64 units and two batches.
fn bytes(sizes: &Sizes<'_>) -> f64 {
    let (n, m) = (sizes.visible as f64, sizes.hidden as f64);
    let (batch, chains) = (sizes.batch as f64, sizes.chains());
    // Parts of a divided run keep their chains as tensors.
    if sizes.devices > 1 {
        return sizes.floats(chains);
    }
    let values = 4.0 * (batch + chains) * m.min(64.0);
    let kept = match sizes.options.chains {
        ChainCount::Data => chains + 3.0 * sizes.rows as f64,
        ChainCount::Count(_) => chains,
    };
    kept * (n + m) / 8.0 + values + 8.0 * batch * n
}

fn start(start: &Start<'_>) -> Box<dyn Learner> {
    let (rbm, chains) = (start.rbm, start.chains());
    let (sweeps, seed) = (start.options.sweeps, start.options.seed);
    match start.options.chains {
        ChainCount::Data => Box::new(PersistentRows::new(rbm, chains, sweeps, seed)),
        ChainCount::Count(_) if is_host(&rbm.device()) => {
            Box::new(PackedPersistent::new(rbm, chains, sweeps, seed))
        }
        ChainCount::Count(_) => Box::new(Persistent::new(rbm, chains, sweeps, seed)),
    }
}

/// PCD-k: chains that go on from update to update, k sweeps each; tensors on the model's device.
///
/// Source: T. Tieleman, ICML 2008, doi:10.1145/1390156.1390290.
#[derive(Debug, Clone)]
pub struct Persistent {
    chains: Chains,
    sweeps: usize,
}

impl Persistent {
    /// `count` chains that start from independent units with the model's biases.
    pub fn new(rbm: &Rbm, count: usize, sweeps: usize, seed: u64) -> Self {
        Self {
            chains: Chains::from_biases(rbm, count, seed, stream::CHAINS),
            sweeps,
        }
    }

    /// Some of all chains.
    fn part(part: Part) -> Self {
        let Some(chains) = part.chains else {
            unreachable!("the whole learner has chains")
        };
        Self {
            chains: Chains {
                first_row: part.range.start as u32,
                ..chains.to_chains(&part.device)
            },
            sweeps: part.options.sweeps,
        }
    }
}

impl Learner for Persistent {
    fn negative_phase(&mut self, rbm: &Rbm, _batch: &Batch, _number: u64) -> PhaseSamples {
        let hidden = self.chains.sweep(rbm, self.sweeps);
        PhaseSamples {
            visible: self.chains.visible.clone(),
            hidden,
        }
    }

    fn state(&self) -> LearnerState {
        LearnerState {
            chains: Some((&self.chains).into()),
            ..LearnerState::default()
        }
    }

    fn restore(&mut self, mut state: LearnerState) -> Result<(), RestoreError> {
        let chains = state.take_chains(self.chains.count())?;
        self.chains = Chains {
            first_row: self.chains.first_row,
            ..chains.to_chains(&self.chains.visible.device())
        };
        Ok(())
    }
}
