//! One update of a model's parameters from the samples of both phases.

use super::RbmOps;
use crate::Rbm;
use crate::gradient::{Gradient, Offsets, PhaseSamples};
use crate::optim::Step;
use burn::backend::{Backend, Dispatch, ExtensionType, tensor::FloatTensor};
use burn::module::Param;
use burn::tensor::Tensor;

/// A parameter with what a rule remembers of it; moments that it does not use are empty tensors.
#[derive(ExtensionType)]
pub struct ParameterPrimitives<B: Backend> {
    /// The parameter.
    pub value: FloatTensor<B>,
    /// First moment, or velocity.
    pub first: FloatTensor<B>,
    /// Second moment.
    pub second: FloatTensor<B>,
}

/// All parameters of a model; see [`update`].
#[derive(ExtensionType)]
pub struct ModelPrimitives<B: Backend> {
    /// Weights, `[n_visible, n_hidden]`.
    #[extension_type]
    pub weight: ParameterPrimitives<B>,
    /// Visible biases, `[n_visible]`.
    #[extension_type]
    pub visible_bias: ParameterPrimitives<B>,
    /// Hidden biases, `[n_hidden]`.
    #[extension_type]
    pub hidden_bias: ParameterPrimitives<B>,
}

/// Samples of both phases with the offsets of the centered gradient; see [`update`].
#[derive(ExtensionType)]
pub struct SamplePrimitives<B: Backend> {
    /// Visible states of the data, `[rows, n_visible]`.
    pub data_visible: FloatTensor<B>,
    /// Hidden values that belong to them, `[rows, n_hidden]`.
    pub data_hidden: FloatTensor<B>,
    /// Visible states of the model, `[chains, n_visible]`.
    pub model_visible: FloatTensor<B>,
    /// Hidden values that belong to them, `[chains, n_hidden]`.
    pub model_hidden: FloatTensor<B>,
    /// mu, `[n_visible]`.
    pub visible_offset: FloatTensor<B>,
    /// lambda, `[n_hidden]`.
    pub hidden_offset: FloatTensor<B>,
}

/// What a rule remembers of each parameter: none to two tensors shaped like it, see
/// [`crate::optim::Rule::moments`].
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
    /// At rest: all zero.
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
pub fn update(
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

/// [`update`] by tensor operations on any backend: the reference for the kernels.
pub fn update_by_tensors(
    rbm: Rbm,
    state: &mut OptimizerState,
    data: PhaseSamples,
    model: PhaseSamples,
    offsets: Offsets,
    step: Step,
) -> (Rbm, Tensor<1>) {
    let samples = lower_samples([data, model], offsets);
    let (rbm, mean) = run(rbm, state, step, |model| {
        super::generic::update::<Dispatch>(model, samples, step)
    });
    (rbm, Tensor::from_dispatch(mean))
}

/// The same from a plain gradient that is there already, such as a sum over devices; it must live
/// on the model's device, as the offsets do.
pub fn apply_gradient(
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
    let along = |model| super::generic::apply_gradient::<Dispatch>(model, gradient, offsets, step);
    run(rbm, state, step, |model| (along(model), ())).0
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
pub(super) fn run<R>(
    rbm: Rbm,
    state: &mut OptimizerState,
    step: Step,
    operation: impl FnOnce(ModelPrimitives<Dispatch>) -> (ModelPrimitives<Dispatch>, R),
) -> (Rbm, R) {
    let device = rbm.device();
    let (weight_id, weight, _) = rbm.weight.consume();
    let (visible_id, visible_bias, _) = rbm.visible_bias.consume();
    let (hidden_id, hidden_bias, _) = rbm.hidden_bias.consume();
    let count = step.rule.moments();
    let taken = std::mem::take(state);
    let parameters = ModelPrimitives {
        weight: lower(weight, taken.weight, &device),
        visible_bias: lower(visible_bias, taken.visible_bias, &device),
        hidden_bias: lower(hidden_bias, taken.hidden_bias, &device),
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
    device: &burn::tensor::Device,
) -> ParameterPrimitives<Dispatch> {
    let mut moments = moments.into_iter();
    let mut next = || {
        moments
            .next()
            .unwrap_or_else(|| Tensor::empty([0; D], device))
            .into_dispatch()
    };
    ParameterPrimitives {
        first: next(),
        second: next(),
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
