//! Parallel tempering.

use super::{
    Batch, ChainCount, Learner, LearnerOptions, LearnerState, Registration, Replicas, RestoreError,
    Sizes, Start, Unfit,
};
use crate::sampling::reference_fields;
use rbm_model::gradient::PhaseSamples;
use rbm_model::noise::stream;
use rbm_model::sampling::{Chains, ModelPath, Tempering, TemperingError};
use rbm_model::{BitMatrix, Rbm};

/// Updates after which levels are laid anew, equally far apart by the swaps since.
const RESPACE: u64 = 250;

pub(super) const REGISTRATION: Registration = Registration {
    from_batch: false,
    unused: &[],
    stream: stream::TEMPERING,
    rules,
    bytes,
    start,
    part: None,
};

fn rules(options: &LearnerOptions, devices: usize) -> Result<(), Unfit> {
    let unfit = |setting, expected| Err(Unfit { setting, expected });
    if options.chains == ChainCount::Data {
        return unfit(
            "learner.chains",
            "learner `pt` has ladders, not a chain for each training row; give their number",
        );
    }
    if devices > 1 {
        return unfit(
            "training.device",
            "tempering is not divided: it must be one device where learner.kind is pt",
        );
    }
    Ok(())
}

/// A copy of the model and the chains at every level.
fn bytes(sizes: &Sizes<'_>) -> f64 {
    let levels = sizes.options.levels as f64;
    let model = 4.0 * (sizes.visible as f64) * (sizes.hidden as f64);
    model * levels + sizes.floats(sizes.chains() * levels)
}

fn start(start: &Start<'_>) -> Box<dyn Learner> {
    let LearnerOptions {
        levels,
        sweeps,
        seed,
        ..
    } = start.options;
    let (mean, ladders) = (start.data_mean, start.chains());
    match Tempered::new(start.rbm, mean, ladders, levels, sweeps, seed) {
        Ok(learner) => Box::new(learner),
        Err(error) => unreachable!("settings and data are checked before: {error}"),
    }
}

/// Ladders of replicas that go on from update to update; the negative phase comes from those at
/// inverse temperature 1, which hand states they cannot leave by themselves down the ladder.
///
/// Every update exchanges neighbors under the new parameters and makes k sweeps at every
/// level, so it costs about as much as PCD with k times the number of replicas. The first level is
/// independent units at the data's mean. The number of levels is fixed; where they lie follows
/// the model.
///
/// Source: G. Desjardins, A. Courville, Y. Bengio, P. Vincent, O. Delalleau, AISTATS 2010; K. Cho, T. Raiko,
/// A. Ilin, IJCNN 2010.
#[derive(Debug, Clone)]
pub struct Tempered {
    sampler: Tempering,
    reference: Vec<f32>,
    sweeps: usize,
    /// The replicas at inverse temperature 1.
    samples: Chains,
}

impl Tempered {
    /// `ladders` of `replicas` each, all starting from the data's mean (`[n_visible]`).
    ///
    /// # Errors
    /// [`TemperingError`] for fewer than two replicas, no ladder, or a mean of another length or not
    /// finite.
    pub fn new(
        rbm: &Rbm,
        data_mean: &[f64],
        ladders: usize,
        replicas: usize,
        sweeps: usize,
        seed: u64,
    ) -> Result<Self, TemperingError> {
        let reference = reference_fields(data_mean);
        let path = ModelPath::tempered(rbm, &reference)?;
        let positions = Tempering::even_positions(&path, replicas);
        let sampler = Tempering::new(path, positions, ladders, seed, stream::TEMPERING)?;
        let samples = Chains::from_visible(rbm, sampler.samples(), seed, stream::TEMPERING);
        Ok(Self {
            sampler,
            reference,
            sweeps,
            samples,
        })
    }
}

impl Learner for Tempered {
    fn negative_phase(&mut self, rbm: &Rbm, _batch: &Batch, _number: u64) -> PhaseSamples {
        let moved =
            ModelPath::tempered(rbm, &self.reference).and_then(|path| self.sampler.set_path(path));
        if moved.is_err() {
            unreachable!("the shapes of a model do not change while it learns");
        }
        let exchanges = self.sampler.state().exchanges;
        if exchanges > 0 && exchanges.is_multiple_of(RESPACE) {
            let replicas = self.sampler.positions().len();
            // Levels that would fall together stay where they are.
            let _ = self.sampler.respace(replicas);
        }
        let result = self.sampler.round(self.sweeps);
        self.samples.visible = result.visible.clone();
        self.samples.hidden = result.hidden;
        self.samples.step += self.sweeps as u64;
        PhaseSamples {
            visible: result.visible,
            hidden: result.hidden_probabilities,
        }
    }

    fn state(&self) -> LearnerState {
        LearnerState {
            chains: Some((&self.samples).into()),
            replicas: Some(Replicas {
                tempering: self.sampler.state().clone(),
                visible: BitMatrix::from_tensor(self.sampler.visible()),
            }),
        }
    }

    fn restore(&mut self, mut state: LearnerState) -> Result<(), RestoreError> {
        let device = self.samples.visible.device();
        let samples = state.take_chains(self.samples.count())?;
        let Some(Replicas { tempering, visible }) = state.replicas else {
            return Ok(());
        };
        let (found, expected) = (tempering.ladders, self.sampler.state().ladders);
        if found != expected {
            return Err(RestoreError::Ladders { found, expected });
        }
        let visible = visible.to_tensor(&device);
        let path = self.sampler.path().clone();
        self.sampler = Tempering::restore(path, tempering, visible)?;
        self.samples = samples.to_chains(&device);
        Ok(())
    }
}
