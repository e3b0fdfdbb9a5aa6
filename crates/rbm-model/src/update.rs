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
