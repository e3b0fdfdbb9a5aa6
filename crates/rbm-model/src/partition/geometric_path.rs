//! Straight lines in parameter space, from independent units to a model or between two models.

use crate::error::ModelError;
use crate::kernels::packed::Stage;
use crate::noise::NoiseKey;
use crate::parameters::{Parameters, softplus};

/// Independent units, whose partition function is known: ln Z = sum_i softplus(a_i) + sum_j softplus(d_j).
///
/// # Examples
/// ```
/// use rbm_model::partition::Base;
/// // One row in which the unit is on: p = 2/3, a = ln 2, and ln Z = ln(1 + 2) + ln 2.
/// let base = Base::from_visible_mean(&[1.0], 1, 1);
/// assert!((base.visible_bias[0] - 2f64.ln()).abs() < 1e-12);
/// assert!((base.ln_z() - 6f64.ln()).abs() < 1e-12);
/// assert!((Base::uniform(3, 2).ln_z() - 32f64.ln()).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Base {
    /// Fields a on the visible units, `[n_visible]`.
    pub visible_bias: Vec<f64>,
    /// Fields d on the hidden units, `[n_hidden]`.
    pub hidden_bias: Vec<f64>,
}

impl Base {
    /// All states alike: ln Z = (N + M) ln 2.
    pub fn uniform(n_visible: usize, n_hidden: usize) -> Self {
        Self {
            visible_bias: vec![0.0; n_visible],
            hidden_bias: vec![0.0; n_hidden],
        }
    }

    /// Visible units at the data's means `[n_visible]` over `rows` rows, smoothed by Laplace's rule,
    /// p = (rows mean + 1) / (rows + 2); hidden units at 1/2 (Salakhutdinov and Murray 2008).
    pub fn from_visible_mean(mean: &[f64], rows: usize, n_hidden: usize) -> Self {
        Self {
            visible_bias: mean.iter().map(|m| smoothed_logit(*m, rows)).collect(),
            hidden_bias: vec![0.0; n_hidden],
        }
    }

    /// Both layers at means: those of the data `[n_visible]`, and those of p(h = 1 | v) over it `[n_hidden]`, smoothed as
    /// in [`from_visible_mean`](Self::from_visible_mean).
    ///
    /// With both means in place only correlations are left to be annealed: the path is that of a
    /// model centered at these means, where W multiplies `(v - <v>) (h - <h>)`. This dissipates the
    /// least work, but chains that begin close to the data may miss modes far from it; comparing
    /// forward estimates from several bases tells, the highest being the best.
    pub fn from_means(visible: &[f64], hidden: &[f64], rows: usize) -> Self {
        Self {
            visible_bias: visible.iter().map(|m| smoothed_logit(*m, rows)).collect(),
            hidden_bias: hidden.iter().map(|m| smoothed_logit(*m, rows)).collect(),
        }
    }

    /// ln Z of the independent units, in nats.
    pub fn ln_z(&self) -> f64 {
        let both = self.visible_bias.iter().chain(&self.hidden_bias);
        both.map(|b| softplus(*b)).sum()
    }
}

/// ln(p / (1 - p)) of Laplace's p.
fn smoothed_logit(mean: f64, rows: usize) -> f64 {
    let p = (rows as f64 * mean + 1.0) / (rows as f64 + 2.0);
    (p / (1.0 - p)).ln()
}

/// The models between two ends, with parameters that are linear in beta: the start at beta = 0,
/// the end at beta = 1.
///
/// ```text
/// W(beta) = (1 - beta) W0 + beta W1, and likewise both biases
/// p*(v; beta) = sum_h exp(-E(v, h; beta)) = e^{b(beta).v} prod_j (1 + e^{c_j(beta) + (v W(beta))_j})
/// ```
///
/// E is linear in the parameters, so this is the geometric path between the joint distributions.
/// Parameters are rounded to f32, in which sampling is done.
#[derive(Debug, Clone)]
pub struct GeometricPath {
    n_visible: usize,
    n_hidden: usize,
    /// The end's weights, or the start's and the end's.
    weights: Vec<Vec<f32>>,
    /// At the start and at the end.
    visible_bias: [Vec<f64>; 2],
    /// At the start and at the end.
    hidden_bias: [Vec<f64>; 2],
}

impl GeometricPath {
    /// From independent units to a model.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the base has another number of units, [`ModelError::NotFinite`]
    /// if one of its fields is not finite.
    pub fn from_base(base: &Base, model: &Parameters) -> Result<Self, ModelError> {
        // Checked as a model is.
        let independent = Parameters::new(
            model.n_visible,
            model.n_hidden,
            vec![0.0; model.weight.len()],
            base.visible_bias.clone(),
            base.hidden_bias.clone(),
        )?;
        Ok(Self {
            weights: vec![single(&model.weight)],
            ..Self::between(&independent, model)?
        })
    }

    /// From one model to another of the same shape.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the shapes differ.
    ///
    /// # Examples
    /// ```
    /// use burn::tensor::Device;
    /// use rbm_model::{ModelError, Parameters, Rbm, noise::stream, sampling::PackedChains};
    /// use rbm_model::partition::{
    ///     Direction, Enumeration, Estimate, GeometricPath, Noise, Start, anneal, ignore_steps, linear,
    /// };
    /// let model = |w: f64| Parameters::new(4, 3, vec![w; 12], vec![-0.5; 4], vec![0.0; 3]);
    /// let (start, end, device) = (model(0.2)?, model(0.6)?, Device::flex());
    /// let rbm = Rbm::from_parameters(&start, &device);
    /// let mut chains = PackedChains::from_biases(&rbm, 400, 1, stream::SAMPLE);
    /// chains.sweep(&rbm, 100);
    /// // From samples of the one model to the other: ln Z of the second from that of the first.
    /// let path = GeometricPath::between(&start, &end)?;
    /// let noise = Noise { seed: 1, stream: stream::ANNEALING, first_step: 0 };
    /// let from = Start::Visible(&chains.visible);
    /// let run = anneal(&path, &device, &linear(50), from, noise, &mut ignore_steps)?;
    /// let known = Enumeration::new(&start)?.ln_z();
    /// let found = Estimate::new(Direction::Forward, known, &run.log_weights, 50, 1)?;
    /// let exact = Enumeration::new(&end)?.ln_z();
    /// assert!((found.value - exact).abs() < 5.0 * found.log_weight_std / 400f64.sqrt());
    /// # Ok::<(), ModelError>(())
    /// ```
    pub fn between(start: &Parameters, end: &Parameters) -> Result<Self, ModelError> {
        let shape = |p: &Parameters| vec![p.n_visible, p.n_hidden];
        if shape(start) != shape(end) {
            return Err(ModelError::Shape {
                tensor: "weight of the path's end".into(),
                expected: shape(start),
                found: shape(end),
            });
        }
        Ok(Self {
            n_visible: end.n_visible,
            n_hidden: end.n_hidden,
            weights: vec![single(&start.weight), single(&end.weight)],
            visible_bias: [start.visible_bias.clone(), end.visible_bias.clone()],
            hidden_bias: [start.hidden_bias.clone(), end.hidden_bias.clone()],
        })
    }

    /// Number of visible units N.
    pub fn n_visible(&self) -> usize {
        self.n_visible
    }

    /// Number of hidden units M.
    pub fn n_hidden(&self) -> usize {
        self.n_hidden
    }

    /// Whether the start is independent units.
    pub fn starts_independent(&self) -> bool {
        self.weights.len() == 1
    }

    /// The weight matrices that the fields are made of.
    pub(super) fn weights(&self) -> &[Vec<f32>] {
        &self.weights
    }

    /// The model at beta.
    pub(super) fn stage(&self, beta: f64) -> Stage {
        let mix = |[start, end]: &[Vec<f64>; 2]| {
            let pairs = start.iter().zip(end);
            pairs
                .map(|(a, b)| ((1.0 - beta) * a + beta * b) as f32)
                .collect()
        };
        Stage {
            scales: if self.starts_independent() {
                [beta as f32, 0.0]
            } else {
                [(1.0 - beta) as f32, beta as f32]
            },
            visible_bias: mix(&self.visible_bias),
            hidden_bias: mix(&self.hidden_bias),
        }
    }

    /// db/dbeta, `[n_visible]`.
    pub(super) fn direction(&self) -> Vec<f32> {
        let [start, end] = &self.visible_bias;
        let pairs = start.iter().zip(end);
        pairs.map(|(a, b)| (b - a) as f32).collect()
    }
}

/// Which random numbers a run along a path takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    /// Seed.
    pub seed: u64,
    /// Stream, see [`crate::noise::stream`].
    pub stream: u8,
    /// Step of the first temperature; each temperature takes the next.
    pub first_step: u64,
}

impl Noise {
    /// The key of the k-th temperature.
    pub(super) fn key(&self, k: usize, layer: crate::noise::Layer) -> NoiseKey {
        NoiseKey::new(self.seed, self.stream)
            .with_step(self.first_step.wrapping_add(k as u64))
            .with_layer(layer)
    }
}

fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|x| *x as f32).collect()
}
