//! All that changes during training.

use crate::learner::{Batch, DataParallel, Learner, Start};
use crate::optimizer::Optimizer;
use crate::settings::Settings;
use burn::tensor::{Device, Tensor, TensorData};
use rbm_model::Rbm;
use rbm_model::gradient::Offsets;

/// Weight of the newest batch in the running mean of the hidden units.
const OFFSET_RATE: f64 = 0.01;

/// A run between two updates. Saved and restored as a whole, it goes on bit for bit.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::RbmConfig;
/// use rbm_train::{Batch, Settings, State, data::bars_and_stripes};
/// let (mut settings, data) = (Settings::default(), bars_and_stripes(3)?);
/// settings.model.hidden = 8;
/// let rbm = RbmConfig::new(9, 8).init(&Device::flex())?;
/// let mut state = State::new(&settings, rbm, &data.train.column_means(), data.train.rows());
/// for rows in [0..7, 7..14] {
///     let batch = Batch::new(data.train.slice(rows.clone()), (rows.start as u32..rows.end as u32).collect());
///     state = state.update(&settings, batch, 0.05);
/// }
/// assert_eq!(state.step, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct State {
    /// The model.
    pub rbm: Rbm,
    /// The optimizer with its moments.
    pub(crate) optimizer: Optimizer,
    /// The learner with its chains.
    pub(crate) learner: Box<dyn Learner>,
    /// Offsets of the centered gradient: the data's mean, and a running mean of p(h | data).
    pub(crate) offsets: Offsets,
    /// Updates made.
    pub step: u64,
    /// Zeros: the offsets of the plain gradient.
    no_offsets: Offsets,
}

impl State {
    /// The start of a run: `data_mean` is the mean of the training rows, `[n_visible]`, and `rows` their number.
    pub fn new(settings: &Settings, rbm: Rbm, data_mean: &[f64], rows: usize) -> Self {
        let mean: Vec<f32> = data_mean.iter().map(|x| *x as f32).collect();
        let device = rbm.device();
        let offsets = Offsets {
            visible: Tensor::from_data(TensorData::new(mean, [data_mean.len()]), &device),
            hidden: burn::tensor::activation::sigmoid(rbm.hidden_bias.val()),
        };
        let no_offsets = Offsets {
            visible: offsets.visible.zeros_like(),
            hidden: offsets.hidden.zeros_like(),
        };
        let start = settings.learner.kind.registration().start;
        let learner = start(&Start {
            options: settings.learner.options(settings.training.seed),
            rbm: &rbm,
            data_mean,
            rows,
        });
        Self {
            no_offsets,
            optimizer: Optimizer::new(&settings.optimizer, &rbm),
            learner,
            offsets,
            rbm,
            step: 0,
        }
    }

    /// Divides the learner over devices, of which the first is where the model lives; one device changes
    /// nothing.
    pub(crate) fn divide(mut self, settings: &Settings, devices: &[Device]) -> Self {
        if devices.len() > 1 {
            let options = settings.learner.options(settings.training.seed);
            let chains = self.learner.state().chains;
            let kind = settings.learner.kind;
            self.learner = Box::new(DataParallel::new(kind, &options, chains, devices));
        }
        self
    }

    /// One update from a batch of binary rows.
    ///
    /// Takes the state and gives it back, so that nobody else holds the weights and they can be
    /// written in place.
    pub fn update(mut self, settings: &Settings, batch: Batch, rate: f64) -> Self {
        let offsets = if settings.learner.centered {
            self.offsets.clone()
        } else {
            self.no_offsets.clone()
        };
        let step = self.optimizer.step(rate, self.step);
        let moments = &mut self.optimizer.moments;
        let (rbm, mean) = self
            .learner
            .update(self.rbm, moments, batch, offsets, step, self.step);
        self.rbm = rbm;
        if settings.learner.centered {
            // The new mean counts from the next update on: offsets that depend on the batch
            // they center would bias the gradient.
            self.offsets.hidden = self.offsets.hidden * (1.0 - OFFSET_RATE) + mean * OFFSET_RATE;
        }
        self.step += 1;
        self
    }
}
