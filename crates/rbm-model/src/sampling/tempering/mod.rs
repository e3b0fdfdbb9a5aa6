//! Replica exchange along a path of models: parallel and trajectory tempering.
//!
//! A ladder has one replica at every level s_1 < ... < s_R of a [`ModelPath`], s_R being the model that is
//! wanted. Each replica is moved by block Gibbs sweeps of its level's model, and neighbors try to swap
//! their states: a replica that is caught in a mode goes down the path, where modes are
//! connected, forgets it, and comes back elsewhere. Many ladders run side by side.
//!
//! **What is swapped.** The state of a replica is its visible layer v; hidden units are drawn
//! anew from p_s(h | v) when a sweep begins, so the chain of v alone is what has to be
//! balanced. Neighbors s < s' with states v, v' swap with probability min(1, e^D),
//!
//! ```text
//! D = F_s(v) + F_s'(v') - F_s(v') - F_s'(v)
//! ```
//!
//! which keeps p_s(v) p_s'(v') in detailed balance. In equilibrium the rate of swaps is one minus the
//! total variation distance of that product and the swapped one; it can only fall if the
//! hidden units are included, so the free energies F give more swaps than joint energies do.
//!
//! **In which order.** Pairs (1,2), (3,4), ... and (2,3), (4,5), ... by turns: replicas then drift
//! along the ladder instead of diffusing (T. Okabe et al., Chem. Phys. Lett. 335, 435 (2001); Syed et al., arXiv:1905.02939).
//!
//! Source: R. H. Swendsen, J.-S. Wang, Phys. Rev. Lett. 57, 2607 (1986); K. Hukushima, K. Nemoto,
//! J. Phys. Soc. Jpn. 65, 1604 (1996); for RBMs G. Desjardins et al., AISTATS 2010.

mod ladder;
mod model_path;
mod softplus;
mod state;
#[cfg(test)]
mod tests;

pub use ladder::Adaptation;
pub use model_path::ModelPath;
pub use state::{Heading, TemperingState};

use crate::error::ModelError;
use crate::model::Rbm;
use crate::noise::{Layer, NoiseKey, stream};
use crate::ops::{self, SweepResult, Sweeps};
use crate::progress::ProgressFn;
use burn::tensor::{Int, Tensor, TensorData};

/// What can be wrong with a ladder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemperingError {
    /// A path of fewer than two models.
    #[error("a path needs at least 2 models; found {found}")]
    ShortPath {
        /// Models given.
        found: usize,
    },
    /// Levels that do not lead along the path to its end.
    #[error(
        "levels must be at least 2 numbers that grow from 0 or more to exactly {end}, the path's end; found {found:?}"
    )]
    Positions {
        /// Position of the path's end.
        end: f64,
        /// What was given.
        found: Vec<f64>,
    },
    /// A ladder count of 0.
    #[error("0 ladders were asked for; at least 1 is needed")]
    NoLadders,
    /// A swap rate that no ladder can have.
    #[error("the swap rate is {found}; it must be above 0 and below 1")]
    SwapRate {
        /// What was given.
        found: f64,
    },
    /// A saved state whose parts do not belong together.
    #[error("the saved tempering state is inconsistent: {what}")]
    State {
        /// What does not fit.
        what: String,
    },
    /// A model or tensor that cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Rows of noise from here on are for swaps, those before for the replicas' units.
const SWAP_ROWS: usize = 1 << 31;

/// Many ladders of replicas at the levels of a path.
///
/// A round is an [`exchange`](Self::exchange) and a [`sweep`](Self::sweep). Everything random is keyed by
/// the seed and by counters in [`TemperingState`], so a sampler that is restored from that and from its visible
/// states goes on bit for bit.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{Parameters, Rbm};
/// use rbm_model::noise::stream;
/// use rbm_model::progress::ignore_progress;
/// use rbm_model::sampling::{Adaptation, ModelPath, Tempering};
/// // All units off and all on are two wells of equal depth, between which Gibbs sweeps do not cross.
/// let model = Parameters::new(6, 4, vec![3.0; 24], vec![-6.0; 6], vec![-9.0; 4])?;
/// let path = ModelPath::tempered(&Rbm::from_parameters(&model, &Device::flex()), &[0.0; 6])?;
/// let levels = Tempering::even_positions(&path, 5);
/// let mut ladders = Tempering::new(path, levels, 20, 1, stream::TEMPERED_SAMPLE)?;
/// ladders.adapt(&Adaptation::default(), &mut ignore_progress)?;
/// let mut on = 0.0;
/// for _ in 0..300 {
///     on += ladders.round(1).visible.mean().into_scalar::<f32>() / 300.0;
/// }
/// assert!((on - 0.5).abs() < 0.1 && ladders.state().round_trips > 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tempering {
    path: ModelPath,
    models: Vec<Rbm>,
    /// `[levels * ladders, n_visible]`, level after level.
    visible: Tensor<2>,
    state: TemperingState,
}

impl Tempering {
    /// Ladders whose replicas all start from independent visible units with the biases of the
    /// path's first model.
    ///
    /// `positions` are the levels, growing, the last one being the end of the path; see
    /// [`even_positions`](Self::even_positions). For `stream` see [`stream`].
    ///
    /// # Errors
    /// [`TemperingError::Positions`], [`TemperingError::NoLadders`].
    pub fn new(
        path: ModelPath,
        positions: Vec<f64>,
        ladders: usize,
        seed: u64,
        stream: u8,
    ) -> Result<Self, TemperingError> {
        let state = TemperingState::new(positions, ladders, seed, stream);
        state.check(&path)?;
        let first = path.at(0.0);
        let field = Tensor::zeros([state.replicas(), path.n_visible()], &first.device());
        let start = NoiseKey::new(seed, stream::CHAIN_START).with_step(u64::from(stream));
        let (visible, _) = ops::sample_layer(field, first.visible_bias.val(), start);
        Self::restore(path, state, visible)
    }

    /// A sampler that goes on from a saved state: `visible` is `[levels * ladders, n_visible]`,
    /// level after level, zeros and ones.
    ///
    /// # Errors
    /// [`TemperingError::State`] where the parts do not belong together, and those of [`new`](Self::new).
    pub fn restore(
        path: ModelPath,
        state: TemperingState,
        visible: Tensor<2>,
    ) -> Result<Self, TemperingError> {
        state.check(&path)?;
        let expected = [state.replicas(), path.n_visible()];
        if visible.dims() != expected {
            return Err(ModelError::Shape {
                tensor: "visible states of the replicas".into(),
                expected: expected.to_vec(),
                found: visible.dims().to_vec(),
            }
            .into());
        }
        let models = state.positions.iter().map(|s| path.at(*s)).collect();
        Ok(Self {
            path,
            models,
            visible,
            state,
        })
    }

    /// `count` levels (at least two) in equal steps from 0 to the end of a path.
    pub fn even_positions(path: &ModelPath, count: usize) -> Vec<f64> {
        let last = count.max(2) - 1;
        (0..=last)
            .map(|level| path.end() * level as f64 / last as f64)
            .collect()
    }

    /// Puts another path under the same levels and states, as learning does after each update.
    ///
    /// # Errors
    /// [`TemperingError::Positions`] if the path ends elsewhere, [`ModelError::Shape`] if its models have
    /// another number of visible units.
    pub fn set_path(&mut self, path: ModelPath) -> Result<(), TemperingError> {
        *self = Self::restore(path, self.state.clone(), self.visible.clone())?;
        Ok(())
    }

    /// Lays new levels. Each takes the states of the old level that is nearest, so a change of levels
    /// has to be followed by sweeps that bring them into equilibrium. Swap counts and walkers start anew.
    ///
    /// # Errors
    /// [`TemperingError::Positions`].
    pub fn set_positions(&mut self, positions: Vec<f64>) -> Result<(), TemperingError> {
        let old = &self.state.positions;
        let nearest = |s: f64| {
            let distance = |level: &usize| (old[*level] - s).abs();
            (0..old.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)))
        };
        let ladders = self.state.ladders;
        let rows: Vec<usize> = positions
            .iter()
            .filter_map(|s| nearest(*s))
            .flat_map(|level| level * ladders..(level + 1) * ladders)
            .collect();
        let state = TemperingState {
            step: self.state.step,
            exchanges: self.state.exchanges,
            ..TemperingState::new(positions, ladders, self.state.seed, self.state.stream)
        };
        state.check(&self.path)?;
        let visible = self.rows(&rows);
        *self = Self::restore(self.path.clone(), state, visible)?;
        Ok(())
    }

    /// Levels, from the first to the model that is wanted.
    pub fn positions(&self) -> &[f64] {
        &self.state.positions
    }

    /// The path of models.
    pub fn path(&self) -> &ModelPath {
        &self.path
    }

    /// Counters, swap statistics and walkers: with [`visible`](Self::visible) all that changes.
    pub fn state(&self) -> &TemperingState {
        &self.state
    }

    /// Visible states of all replicas, `[levels * ladders, n_visible]`, level after level.
    pub fn visible(&self) -> Tensor<2> {
        self.visible.clone()
    }

    /// Visible states at one level, `[ladders, n_visible]`.
    ///
    /// # Panics
    /// If there is no such level.
    pub fn visible_at(&self, level: usize) -> Tensor<2> {
        let ladders = self.state.ladders;
        self.visible.clone().narrow(0, level * ladders, ladders)
    }

    /// Samples of the wanted model, `[ladders, n_visible]`.
    pub fn samples(&self) -> Tensor<2> {
        self.visible_at(self.models.len() - 1)
    }

    /// Moves every replica by Gibbs sweeps at its level, and returns the samples of the wanted
    /// model with the probabilities p(h = 1 | v) of just those.
    pub fn sweep(&mut self, sweeps: usize) -> SweepResult {
        let ladders = self.state.ladders;
        let keys = sweeps as u64 + 1;
        let mut results: Vec<SweepResult> = Vec::with_capacity(self.models.len());
        for (level, rbm) in self.models.iter().enumerate() {
            // Each level has steps of its own: one for the hidden units to start with, one per sweep.
            let first_step = self.state.step + level as u64 * keys;
            let visible = self.visible.clone().narrow(0, level * ladders, ladders);
            let key = NoiseKey::new(self.state.seed, self.state.stream)
                .with_step(first_step)
                .with_layer(Layer::Hidden);
            let (weight, hidden_bias) = (rbm.weight.val(), rbm.hidden_bias.val());
            let (hidden, hidden_probabilities) =
                ops::sample_hidden(weight.clone(), hidden_bias.clone(), visible.clone(), key);
            results.push(if sweeps == 0 {
                SweepResult {
                    visible,
                    hidden,
                    hidden_probabilities,
                }
            } else {
                let sweeps = Sweeps {
                    seed: self.state.seed,
                    stream: self.state.stream,
                    first_step: first_step + 1,
                    count: sweeps as u64,
                    first_row: 0,
                };
                ops::gibbs_sweeps(weight, rbm.visible_bias.val(), hidden_bias, hidden, sweeps)
            });
        }
        self.state.step += self.models.len() as u64 * keys;
        self.visible = Tensor::cat(results.iter().map(|r| r.visible.clone()).collect(), 0);
        // A ladder has levels.
        results.swap_remove(results.len() - 1)
    }

    /// Lets neighbors swap: even pairs and odd pairs by turns.
    pub fn exchange(&mut self) {
        let (levels, ladders) = (self.models.len(), self.state.ladders);
        let first = if levels > 2 {
            (self.state.exchanges % 2) as usize
        } else {
            0
        };
        let key = NoiseKey::new(self.state.seed, self.state.stream).with_step(self.state.exchanges);
        let mut rows: Vec<usize> = (0..levels * ladders).collect();
        for lower in (first..levels - 1).step_by(2) {
            let both = self.visible.clone().narrow(0, lower * ladders, 2 * ladders);
            let positions = [self.state.positions[lower], self.state.positions[lower + 1]];
            let models = [&self.models[lower], &self.models[lower + 1]];
            let [f, g] = self.path.free_energies(positions, models, both);
            for ladder in 0..ladders {
                let (a, b) = (ladder, ladders + ladder);
                let log_ratio = f[a] + g[b] - f[b] - g[a];
                if f64::from(key.uniform(SWAP_ROWS + ladder, lower)).ln() < log_ratio {
                    rows.swap(lower * ladders + a, lower * ladders + b);
                    self.state.swap(lower, ladder);
                }
            }
            self.state.attempts[lower] += ladders as u64;
        }
        self.visible = self.rows(&rows);
        self.state.exchanges += 1;
        self.state.head();
    }

    /// Makes a round: an exchange, then sweeps; returns what [`sweep`](Self::sweep) does.
    pub fn round(&mut self, sweeps: usize) -> SweepResult {
        self.exchange();
        self.sweep(sweeps)
    }

    /// Chooses number and place of the levels such that neighbors swap at a given rate.
    ///
    /// Runs [`Adaptation::passes`] times [`Adaptation::rounds`] rounds and lays the levels anew after each.
    /// What comes before and during adaptation is not a sample of anything: let the ladder run into
    /// equilibrium afterwards. Swap statistics start anew. `progress` is told of each round.
    ///
    /// # Errors
    /// [`TemperingError::SwapRate`].
    pub fn adapt(
        &mut self,
        adaptation: &Adaptation,
        progress: &mut ProgressFn<'_>,
    ) -> Result<(), TemperingError> {
        let rate = adaptation.swap_rate;
        if !(rate > 0.0 && rate < 1.0) {
            return Err(TemperingError::SwapRate { found: rate });
        }
        let (before, counted) = (adaptation.rounds / 4, adaptation.rounds.max(2));
        let total = adaptation.passes * (before + counted);
        for pass in 0..adaptation.passes {
            for round in 0..before + counted {
                if round == before {
                    self.state.reset_statistics();
                }
                self.round(1);
                progress(
                    "adapting the ladder",
                    pass * (before + counted) + round + 1,
                    total,
                );
            }
            let count = ladder::levels_for(&self.distances(), adaptation);
            self.respace(count)?;
        }
        Ok(())
    }

    /// Forgets swap counts and round trips, as after running into equilibrium.
    pub fn reset_statistics(&mut self) {
        self.state.reset_statistics();
    }

    /// Lays `count` levels equally far apart, judged by the swaps since the statistics were last reset.
    ///
    /// # Errors
    /// [`TemperingError::Positions`] if `count` is below 2.
    pub fn respace(&mut self, count: usize) -> Result<(), TemperingError> {
        if count < 2 {
            return Err(TemperingError::Positions {
                end: self.path.end(),
                found: self.state.positions[..count].to_vec(),
            });
        }
        let positions = ladder::respaced(&self.state.positions, &self.distances(), count);
        self.set_positions(positions)
    }

    fn distances(&self) -> Vec<f64> {
        let swaps = self.state.accepted.iter().zip(&self.state.attempts);
        swaps
            .map(|(accepted, attempts)| {
                let trials = (*attempts as f64).max(1.0);
                ladder::distance(*accepted as f64 / trials, trials)
            })
            .collect()
    }

    fn rows(&self, rows: &[usize]) -> Tensor<2> {
        let indices: Vec<i64> = rows.iter().map(|row| *row as i64).collect();
        let indices = TensorData::new(indices, [rows.len()]);
        let indices = Tensor::<1, Int>::from_data(indices, &self.visible.device());
        self.visible.clone().select(0, indices)
    }
}
