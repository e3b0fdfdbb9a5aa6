//! One update of a model's parameters, from what a step learns from.

use crate::gradient::{Gradient, Offsets, PhaseSamples};
use crate::kernels::BitMatrix;
use crate::model::Rbm;
use crate::ops::{
    BatchPrimitives, ModelPrimitives, ParameterPrimitives, RbmOps, SamplePrimitives, generic,
};
use crate::optim::Step;
use crate::sampling::PackedChains;
use burn::backend::Dispatch;
use burn::module::Param;
use burn::tensor::Tensor;

/// What a rule remembers of each parameter: none to two tensors shaped like it, see
/// [`crate::optim::Rule::moments`]. Those that are missing are zero, so the default is at rest for every rule.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rbm_model::RbmConfig;
/// use rbm_model::gradient::{Gradient, Offsets};
/// use rbm_model::optim::{Rule, Step};
/// use rbm_model::update::{OptimizerState, from_gradient};
/// let device = Device::flex();
/// let mut rbm = RbmConfig::new(1, 1).init(&device)?;
/// let ones = Tensor::<1>::ones([1], &device);
/// let gradient = Gradient {
///     weight: Tensor::ones([1, 1], &device),
///     visible_bias: ones.clone(),
///     hidden_bias: ones.clone(),
/// };
/// let offsets = Offsets { visible: ones.zeros_like(), hidden: ones.zeros_like() };
/// let step = Step { rate: 0.1, l1: 0.0, l2: 0.0, rule: Rule::Momentum { decay: 0.5 } };
/// let mut state = OptimizerState::default();
/// for _ in 0..2 {
///     rbm = from_gradient(rbm, &mut state, gradient.clone(), offsets.clone(), step);
/// }
/// // Steps along 1 and 1/2 + 1.
/// assert!((rbm.parameters()?.hidden_bias[0] - 0.25).abs() < 1e-7);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct OptimizerState {
    /// Of the weights, each `[n_visible, n_hidden]`.
    pub weight: Vec<Tensor<2>>,
    /// Of the visible biases, each `[n_visible]`.
    pub visible_bias: Vec<Tensor<1>>,
    /// Of the hidden biases, each `[n_hidden]`.
    pub hidden_bias: Vec<Tensor<1>>,
}

impl OptimizerState {
    /// At rest: `count` tensors of zeros for each parameter.
    pub fn zeros(rbm: &Rbm, count: usize) -> Self {
        let (n, m, device) = (rbm.n_visible(), rbm.n_hidden(), rbm.device());
        let repeat = 0..count;
        Self {
            weight: repeat
                .clone()
                .map(|_| Tensor::zeros([n, m], &device))
                .collect(),
            visible_bias: repeat
                .clone()
                .map(|_| Tensor::zeros([n], &device))
                .collect(),
            hidden_bias: repeat.map(|_| Tensor::zeros([m], &device)).collect(),
        }
    }
}

/// Moves a model along the centered gradient of the likelihood (offsets of zero: the plain one).
///
/// The formula is that of [`crate::kernels::packed::FusedUpdate`], equal up to rounding to
/// [`crate::gradient::Gradient`] with a rule of [`crate::optim`] on it. Visible states must be
/// **binary**. The CPU backends pass over the weights once and, where the model is not shared,
/// in place.
///
/// Returns the model and the mean of the hidden values over the data, `[n_hidden]`.
///
/// # Shapes
/// `data` `[rows, n_visible]` and `[rows, n_hidden]`, `model` `[samples, n_visible]` and `[samples, n_hidden]`,
/// `offsets` `[n_visible]` and `[n_hidden]`; `state` as in [`OptimizerState`]
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rbm_model::RbmConfig;
/// use rbm_model::gradient::{Gradient, Offsets, PhaseSamples};
/// use rbm_model::optim::{Rule, Step};
/// use rbm_model::update::{OptimizerState, from_gradient, from_samples};
/// let device = Device::flex();
/// let rbm = RbmConfig::new(2, 1).init(&device)?;
/// let visible = |v| Tensor::<2>::from_floats([v], &device);
/// let hidden = |h: f32| Tensor::<2>::from_floats([[h]], &device);
/// let data = PhaseSamples { visible: visible([1.0, 0.0]), hidden: hidden(0.9) };
/// let model = PhaseSamples { visible: visible([0.0, 1.0]), hidden: hidden(0.4) };
/// let offsets = Offsets { visible: Tensor::full([2], 0.5, &device), hidden: Tensor::full([1], 0.5, &device) };
/// let step = Step { rate: 0.1, l1: 0.0, l2: 0.0, rule: Rule::Plain };
///
/// // The same as the gradient, centered, and a step along it.
/// let gradient = Gradient::from_samples(data.clone(), model.clone());
/// let state = &mut OptimizerState::default();
/// let other = from_gradient(rbm.clone(), state, gradient, offsets.clone(), step).parameters()?;
/// let (rbm, mean) = from_samples(rbm, state, data, model, offsets, step);
/// assert_eq!(mean.into_scalar::<f32>(), 0.9);
/// for (a, b) in rbm.parameters()?.weight.iter().zip(&other.weight) {
///     assert!((a - b).abs() < 1e-7);
/// }
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn from_samples(
    rbm: Rbm,
    state: &mut OptimizerState,
    data: PhaseSamples,
    model: PhaseSamples,
    offsets: Offsets,
    step: Step,
) -> (Rbm, Tensor<1>) {
    let samples = lower_samples([data, model], offsets);
    let (rbm, mean) = run(rbm, state, step, |model| {
        Dispatch::update(model, samples, step)
    });
    (rbm, Tensor::from_dispatch(mean))
}

/// [`from_samples`] by tensor operations on any backend: the reference for the kernels.
pub fn from_samples_by_tensors(
    rbm: Rbm,
    state: &mut OptimizerState,
    data: PhaseSamples,
    model: PhaseSamples,
    offsets: Offsets,
    step: Step,
) -> (Rbm, Tensor<1>) {
    let samples = lower_samples([data, model], offsets);
    let (rbm, mean) = run(rbm, state, step, |model| {
        generic::update::<Dispatch>(model, samples, step)
    });
    (rbm, Tensor::from_dispatch(mean))
}

/// The same from a plain gradient that is there already, such as a sum over devices; it must live
/// on the model's device, as the offsets do.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rbm_model::RbmConfig;
/// use rbm_model::gradient::{Gradient, Offsets};
/// use rbm_model::optim::{Rule, Step};
/// use rbm_model::update::{OptimizerState, from_gradient};
/// let device = Device::flex();
/// let rbm = RbmConfig::new(1, 1).init(&device)?;
/// let (matrix, vector) = (Tensor::ones([1, 1], &device), Tensor::ones([1], &device));
/// let gradient = Gradient { weight: matrix, visible_bias: vector.clone(), hidden_bias: vector.clone() };
/// let offsets = Offsets { visible: vector.zeros_like(), hidden: vector.zeros_like() };
/// let step = Step { rate: 0.1, l1: 0.0, l2: 0.5, rule: Rule::Plain };
/// let before = rbm.parameters()?.weight[0];
/// let after = from_gradient(rbm, &mut OptimizerState::default(), gradient, offsets, step).parameters()?;
/// // rate (g - l2 W); biases have no penalty.
/// assert!((after.weight[0] - before - 0.1 * (1.0 - 0.5 * before)).abs() < 1e-7);
/// assert!((after.hidden_bias[0] - 0.1).abs() < 1e-7);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn from_gradient(
    rbm: Rbm,
    state: &mut OptimizerState,
    gradient: Gradient,
    offsets: Offsets,
    step: Step,
) -> Rbm {
    let gradient = (
        gradient.weight.into_dispatch(),
        gradient.visible_bias.into_dispatch(),
        gradient.hidden_bias.into_dispatch(),
    );
    let offsets = [offsets.visible, offsets.hidden].map(Tensor::into_dispatch);
    let along = |model| generic::apply_gradient::<Dispatch>(model, gradient, offsets, step);
    run(rbm, state, step, |model| (along(model), ())).0
}

/// One update of persistent contrastive divergence: sweeps of the chains, then
/// [`from_samples`] with p(h | v) as hidden values of data and chains.
///
/// The CPU backends hold p(h | v) of a part of the hidden units at a time, and draw the last h of the
/// chains from it on the way, so the update needs hardly more memory than the weights. States are
/// those of [`PackedChains::sweep`]; `batch` is `[rows, n_visible]`.
///
/// Returns the model and the mean of the hidden values over the data, `[n_hidden]`.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rbm_model::{BitMatrix, RbmConfig};
/// use rbm_model::gradient::Offsets;
/// use rbm_model::noise::stream;
/// use rbm_model::optim::{Rule, Step};
/// use rbm_model::partition::Enumeration;
/// use rbm_model::sampling::PackedChains;
/// use rbm_model::update::{OptimizerState, pcd};
/// // Data: units 1 and 2 are on, or units 3 and 4.
/// let rows = BitMatrix::from_fn(10, 4, |row, column| row % 2 == column / 2);
/// let device = Device::flex();
/// let mut rbm = RbmConfig::new(4, 3).init(&device)?;
/// let mut chains = PackedChains::from_biases(&rbm, 100, 1, stream::CHAINS);
/// let offsets = Offsets { visible: Tensor::full([4], 0.5, &device), hidden: Tensor::full([3], 0.5, &device) };
/// let step = Step { rate: 0.2, l1: 0.0, l2: 0.0, rule: Rule::Plain };
/// let mut state = OptimizerState::default();
/// for _ in 0..500 {
///     (rbm, _) = pcd(rbm, &mut state, rows.clone(), (&mut chains, 1), offsets.clone(), step);
/// }
/// // In nats per row: -4 ln 2 before, and -ln 2 at most.
/// let visible: Vec<f64> = rows.to_numbers().into_iter().map(f64::from).collect();
/// let likelihood = Enumeration::new(&rbm.parameters()?)?.log_likelihood(&visible);
/// assert!(likelihood > -1.5 && likelihood < -2f64.ln(), "{likelihood}");
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn pcd(
    rbm: Rbm,
    state: &mut OptimizerState,
    batch: BitMatrix,
    (chains, sweeps): (&mut PackedChains, usize),
    offsets: Offsets,
    step: Step,
) -> (Rbm, Tensor<1>) {
    let batch = BatchPrimitives {
        rows: batch,
        visible_offset: offsets.visible.into_dispatch(),
        hidden_offset: offsets.hidden.into_dispatch(),
    };
    let (rbm, mean) = run(rbm, state, step, |model| {
        let before = chains.take();
        let output = Dispatch::pcd_update(model, batch, before, sweeps as u64, step);
        *chains = output.chains;
        (output.model, output.mean)
    });
    (rbm, Tensor::from_dispatch(mean))
}

fn lower_samples([data, model]: [PhaseSamples; 2], offsets: Offsets) -> SamplePrimitives<Dispatch> {
    SamplePrimitives {
        data_visible: data.visible.into_dispatch(),
        data_hidden: data.hidden.into_dispatch(),
        model_visible: model.visible.into_dispatch(),
        model_hidden: model.hidden.into_dispatch(),
        visible_offset: offsets.visible.into_dispatch(),
        hidden_offset: offsets.hidden.into_dispatch(),
    }
}

/// Takes a model and the state of its optimizer to primitives, through an operation, and back; also gives what else
/// the operation makes.
fn run<R>(
    rbm: Rbm,
    state: &mut OptimizerState,
    step: Step,
    operation: impl FnOnce(ModelPrimitives<Dispatch>) -> (ModelPrimitives<Dispatch>, R),
) -> (Rbm, R) {
    let (weight_id, weight, _) = rbm.weight.consume();
    let (visible_id, visible_bias, _) = rbm.visible_bias.consume();
    let (hidden_id, hidden_bias, _) = rbm.hidden_bias.consume();
    let count = step.rule.moments();
    let taken = std::mem::take(state);
    let parameters = ModelPrimitives {
        weight: lower(weight, taken.weight, count),
        visible_bias: lower(visible_bias, taken.visible_bias, count),
        hidden_bias: lower(hidden_bias, taken.hidden_bias, count),
    };
    let (after, made) = operation(parameters);
    let (weight, first) = lift(after.weight, count);
    state.weight = first;
    let (visible_bias, first) = lift(after.visible_bias, count);
    state.visible_bias = first;
    let (hidden_bias, first) = lift(after.hidden_bias, count);
    state.hidden_bias = first;
    let rbm = Rbm {
        weight: Param::initialized(weight_id, weight),
        visible_bias: Param::initialized(visible_id, visible_bias),
        hidden_bias: Param::initialized(hidden_id, hidden_bias),
    };
    (rbm, made)
}

fn lower<const D: usize>(
    value: Tensor<D>,
    moments: Vec<Tensor<D>>,
    count: usize,
) -> ParameterPrimitives<Dispatch> {
    let mut moments = moments.into_iter();
    let mut moment = |number: usize| {
        let moment = moments.next().unwrap_or_else(|| match number < count {
            true => value.zeros_like(),
            false => Tensor::empty([0; D], &value.device()),
        });
        moment.into_dispatch()
    };
    ParameterPrimitives {
        first: moment(0),
        second: moment(1),
        value: value.into_dispatch(),
    }
}

fn lift<const D: usize>(
    parameter: ParameterPrimitives<Dispatch>,
    count: usize,
) -> (Tensor<D>, Vec<Tensor<D>>) {
    let moments = [parameter.first, parameter.second];
    (
        Tensor::from_dispatch(parameter.value),
        moments
            .into_iter()
            .take(count)
            .map(Tensor::from_dispatch)
            .collect(),
    )
}
