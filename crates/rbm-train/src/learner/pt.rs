//! Parallel tempering.

use super::Learner;
use crate::sampling::reference_fields;
use burn::tensor::Tensor;
use rbm_model::Rbm;
use rbm_model::gradient::PhaseSamples;
use rbm_model::noise::stream;
use rbm_model::sampling::{
    Chains, ModelPath, PackedChains, Tempering, TemperingError, TemperingState,
};

/// Updates after which levels are laid anew, equally far apart by the swaps since.
const RESPACE: u64 = 250;

/// Ladders of replicas that go on from update to update; the negative phase comes from those at
/// inverse temperature 1, which hand states they cannot leave by themselves down the ladder.
///
/// Every update exchanges neighbours under the new parameters and makes k sweeps at every
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
    fn negative_phase(&mut self, rbm: &Rbm, _batch: &Tensor<2>, _step: u64) -> PhaseSamples {
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

    fn chains(&self) -> Option<PackedChains> {
        Some((&self.samples).into())
    }

    fn restore(&mut self, chains: PackedChains) {
        self.samples = chains.to_chains(&self.samples.visible.device());
    }

    fn tempering(&self) -> Option<&Tempering> {
        Some(&self.sampler)
    }

    fn restore_tempering(
        &mut self,
        state: TemperingState,
        visible: Tensor<2>,
    ) -> Result<(), TemperingError> {
        let path = self.sampler.path().clone();
        self.sampler = Tempering::restore(path, state, visible)?;
        Ok(())
    }
}
