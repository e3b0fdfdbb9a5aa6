//! Default bodies of [`super::RbmOps`] in tensor primitives, and the reference for the kernels.
//!
//! Uniforms are drawn on the host and uploaded, so this path is right everywhere and fast nowhere.

use super::host::{pack, unpack};
use super::{
    BatchPrimitives, ModelPrimitives, ParameterPrimitives, PcdOutput, RbmOps, SamplePrimitives,
    Sweeps,
};
use crate::kernels::packed::PackedChains;
use crate::noise::{Layer, NoiseKey};
use crate::optim::{ADAM_EPSILON, Rule, Step};
use burn::backend::{Backend, TensorMetadata, tensor::FloatTensor};
use burn::tensor::{Shape, TensorData};

/// See [`super::sample_layer`].
pub fn sample_layer<B: Backend>(
    field: FloatTensor<B>,
    bias: FloatTensor<B>,
    key: NoiseKey,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [rows, columns] = dims(&field);
    let device = field.device();
    let dtype = field.dtype();
    let probabilities = B::sigmoid(add_bias::<B>(field, bias));
    let mut noise = vec![0.0f32; rows * columns];
    key.fill(0, columns, &mut noise);
    let noise = TensorData::new(noise, Shape::new([rows, columns])).convert_dtype(dtype);
    let noise = B::float_from_data(noise, &device);
    let settings = burn::backend::get_device_settings::<B>(&device);
    let on = B::float_lower(noise, probabilities.clone(), settings.bool_dtype);
    (B::bool_into_float(on, dtype.into()), probabilities)
}

/// See [`super::gibbs_sweeps`].
pub fn gibbs_sweeps<B: Backend>(
    weight: FloatTensor<B>,
    visible_bias: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    hidden: FloatTensor<B>,
    sweeps: Sweeps,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    gibbs_sweeps_with::<B>(
        weight,
        [visible_bias, hidden_bias],
        hidden,
        sweeps,
        sample_layer::<B>,
    )
}

/// Draws a layer from its fields, see [`super::sample_layer`].
type SampleLayer<B> =
    fn(FloatTensor<B>, FloatTensor<B>, NoiseKey) -> (FloatTensor<B>, FloatTensor<B>);

/// Sweeps by dense products, with a given way to draw a layer.
pub(super) fn gibbs_sweeps_with<B: Backend>(
    weight: FloatTensor<B>,
    [visible_bias, hidden_bias]: [FloatTensor<B>; 2],
    mut hidden: FloatTensor<B>,
    sweeps: Sweeps,
    sample_layer: SampleLayer<B>,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let weight_transposed = B::float_transpose(weight.clone());
    let mut sweep = |step: u64| {
        let key = |layer| {
            NoiseKey::new(sweeps.seed, sweeps.stream)
                .with_step(step)
                .with_layer(layer)
                .with_first_row(sweeps.first_row)
        };
        let field = B::float_matmul(hidden.clone(), weight_transposed.clone());
        let (visible, _) = sample_layer(field, visible_bias.clone(), key(Layer::Visible));
        let field = B::float_matmul(visible.clone(), weight.clone());
        let (states, probabilities) = sample_layer(field, hidden_bias.clone(), key(Layer::Hidden));
        hidden = states.clone();
        (visible, states, probabilities)
    };
    let mut last = sweep(sweeps.first_step);
    for s in 1..sweeps.count {
        last = sweep(sweeps.first_step + s);
    }
    last
}

/// See [`super::hidden_probabilities`].
pub fn hidden_probabilities<B: Backend>(
    weight: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    visible: FloatTensor<B>,
) -> FloatTensor<B> {
    activate::<B>(B::float_matmul(visible, weight), hidden_bias)
}

/// See [`super::activate`].
pub fn activate<B: Backend>(field: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
    B::sigmoid(add_bias::<B>(field, bias))
}

/// See [`super::sample_hidden`].
pub fn sample_hidden<B: Backend>(
    weight: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    visible: FloatTensor<B>,
    key: NoiseKey,
) -> (FloatTensor<B>, FloatTensor<B>) {
    sample_layer::<B>(B::float_matmul(visible, weight), hidden_bias, key)
}

/// See [`super::softplus_sum`].
pub fn softplus_sum<B: Backend>(field: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
    row_sums::<B>(add_bias::<B>(field, bias))
}

/// See [`super::shifted_softplus_sum`].
pub fn shifted_softplus_sum<B: Backend>(
    field: FloatTensor<B>,
    weight: FloatTensor<B>,
    units: Vec<u32>,
    signs: FloatTensor<B>,
) -> FloatTensor<B> {
    let (rows, device) = (units.len(), field.device());
    let settings = burn::backend::get_device_settings::<B>(&device);
    let units = TensorData::new(
        units.into_iter().map(i64::from).collect::<Vec<_>>(),
        Shape::new([rows]),
    );
    let units = B::int_from_data(units.convert_dtype(settings.int_dtype.into()), &device);
    let signs = B::float_reshape(signs, Shape::new([rows, 1]));
    let shift = B::float_mul(signs, B::float_select(weight, 0, units));
    row_sums::<B>(B::float_add(field, shift))
}

/// The sum of softplus over each row.
fn row_sums<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let rows = dims(&x)[0];
    // max(x, 0) + ln(1 + e^-|x|) does not overflow.
    let positive = B::float_clamp_min(x.clone(), 0.0.into());
    let rest = B::float_log1p(B::float_exp(B::float_neg(B::float_abs(x))));
    let sum = B::float_sum_dim(B::float_add(positive, rest), 1);
    B::float_reshape(sum, Shape::new([rows]))
}

/// See [`super::correlation_difference`].
pub fn correlation_difference<B: Backend>(
    data_visible: FloatTensor<B>,
    data_hidden: FloatTensor<B>,
    model_visible: FloatTensor<B>,
    model_hidden: FloatTensor<B>,
) -> FloatTensor<B> {
    let mean = |visible: FloatTensor<B>, hidden: FloatTensor<B>| {
        let rows = dims(&visible)[0] as f64;
        let sum = B::float_matmul(B::float_transpose(visible), hidden);
        B::float_div_scalar(sum, rows.into())
    };
    B::float_sub(
        mean(data_visible, data_hidden),
        mean(model_visible, model_hidden),
    )
}

/// See [`RbmOps::update`].
pub fn update<B: Backend>(
    model: ModelPrimitives<B>,
    samples: SamplePrimitives<B>,
    step: Step,
) -> (ModelPrimitives<B>, FloatTensor<B>) {
    let [_, m] = dims(&samples.data_hidden);
    let mean = |x: &FloatTensor<B>| B::float_mean_dim(x.clone(), 0);
    let hidden_mean = mean(&samples.data_hidden);
    let visible = B::float_sub(mean(&samples.data_visible), mean(&samples.model_visible));
    let hidden = B::float_sub(hidden_mean.clone(), mean(&samples.model_hidden));
    let offsets = [samples.visible_offset, samples.hidden_offset];
    let plain = correlation_difference::<B>(
        samples.data_visible,
        samples.data_hidden,
        samples.model_visible,
        samples.model_hidden,
    );
    let model = apply_gradient::<B>(model, (plain, visible, hidden), offsets, step);
    (model, vector::<B>(hidden_mean, m))
}

/// Centers a plain gradient and follows it; the gradients of biases may be rows.
pub fn apply_gradient<B: Backend>(
    model: ModelPrimitives<B>,
    (plain, visible, hidden): (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>),
    [mu, lambda]: [FloatTensor<B>; 2],
    step: Step,
) -> ModelPrimitives<B> {
    let [n, m] = dims(&plain);
    let shape = |x: FloatTensor<B>, shape: [usize; 2]| B::float_reshape(x, Shape::new(shape));
    let hidden = shape(hidden, [1, m]);
    let center = B::float_add(
        B::float_mul(shape(mu.clone(), [n, 1]), hidden.clone()),
        B::float_mul(
            shape(visible.clone(), [n, 1]),
            shape(lambda.clone(), [1, m]),
        ),
    );
    let gradient = B::float_sub(plain, center);
    let along_lambda = B::float_matmul(gradient.clone(), shape(lambda, [m, 1]));
    let along_mu = B::float_matmul(shape(mu, [1, n]), gradient.clone());
    let visible = B::float_sub(vector::<B>(visible, n), vector::<B>(along_lambda, n));
    let hidden = B::float_sub(vector::<B>(hidden, m), vector::<B>(along_mu, m));
    let no_penalty = Step {
        l1: 0.0,
        l2: 0.0,
        ..step
    };
    ModelPrimitives {
        weight: take_step(model.weight, gradient, step),
        visible_bias: take_step(model.visible_bias, visible, no_penalty),
        hidden_bias: take_step(model.hidden_bias, hidden, no_penalty),
    }
}

fn vector<B: Backend>(x: FloatTensor<B>, length: usize) -> FloatTensor<B> {
    B::float_reshape(x, Shape::new([length]))
}

/// A step along a gradient, by the rule of [`crate::optim`].
fn take_step<B: Backend>(
    parameter: ParameterPrimitives<B>,
    mut gradient: FloatTensor<B>,
    step: Step,
) -> ParameterPrimitives<B> {
    let ParameterPrimitives {
        value,
        mut first,
        mut second,
    } = parameter;
    let scale = |x: &FloatTensor<B>, factor: f64| B::float_mul_scalar(x.clone(), factor.into());
    if step.l2 != 0.0 {
        gradient = B::float_sub(gradient, scale(&value, step.l2));
    }
    if step.l1 != 0.0 {
        gradient = B::float_sub(gradient, scale(&B::float_sign(value.clone()), step.l1));
    }
    let direction = match step.rule {
        Rule::Plain => gradient,
        Rule::Momentum { decay } => {
            first = B::float_add(scale(&first, decay), gradient);
            first.clone()
        }
        Rule::Adam { beta1, beta2, .. } => {
            let (first_factor, second_factor) = step.rule.corrections();
            let square = B::float_mul(gradient.clone(), gradient.clone());
            first = B::float_add(scale(&first, beta1), scale(&gradient, 1.0 - beta1));
            second = B::float_add(scale(&second, beta2), scale(&square, 1.0 - beta2));
            let root = B::float_sqrt(scale(&second, second_factor));
            let root = B::float_add_scalar(root, ADAM_EPSILON.into());
            B::float_div(scale(&first, first_factor), root)
        }
    };
    ParameterPrimitives {
        value: B::float_add(value, scale(&direction, step.rate)),
        first,
        second,
    }
}

/// See [`super::packed_sweeps`].
pub fn packed_sweeps<B: RbmOps>(
    weight: FloatTensor<B>,
    visible_bias: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    chains: PackedChains,
    count: u64,
) -> PackedChains {
    let hidden = unpack::<B>(&chains.hidden, &weight);
    let sweeps = chains.sweeps(count);
    let (visible, hidden, _) = B::gibbs_sweeps(weight, visible_bias, hidden_bias, hidden, sweeps);
    PackedChains {
        visible: pack::<B>(visible),
        hidden: pack::<B>(hidden),
        step: chains.step + count,
        ..chains
    }
}

/// See [`RbmOps::pcd_update`].
pub fn pcd_update<B: RbmOps>(
    model: ModelPrimitives<B>,
    batch: BatchPrimitives<B>,
    chains: PackedChains,
    count: u64,
    step: Step,
) -> PcdOutput<B> {
    let (weight, hidden_bias) = (&model.weight.value, &model.hidden_bias.value);
    let conditional =
        |visible| B::hidden_probabilities(weight.clone(), hidden_bias.clone(), visible);
    let data_visible = unpack::<B>(&batch.rows, weight);
    let data_hidden = conditional(data_visible.clone());
    let (model_visible, hidden, model_hidden) = if count == 0 {
        let visible = unpack::<B>(&chains.visible, weight);
        let hidden = unpack::<B>(&chains.hidden, weight);
        let probabilities = conditional(visible.clone());
        (visible, hidden, probabilities)
    } else {
        B::gibbs_sweeps(
            weight.clone(),
            model.visible_bias.value.clone(),
            hidden_bias.clone(),
            unpack::<B>(&chains.hidden, weight),
            chains.sweeps(count),
        )
    };
    let chains = PackedChains {
        visible: pack::<B>(model_visible.clone()),
        hidden: pack::<B>(hidden),
        step: chains.step + count,
        ..chains
    };
    let samples = SamplePrimitives {
        data_visible,
        data_hidden,
        model_visible,
        model_hidden,
        visible_offset: batch.visible_offset,
        hidden_offset: batch.hidden_offset,
    };
    let (model, mean) = B::update(model, samples, step);
    PcdOutput {
        model,
        mean,
        chains,
    }
}

fn add_bias<B: Backend>(field: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
    let [_, columns] = dims(&field);
    let bias = B::float_reshape(bias, Shape::new([1, columns]));
    B::float_add(field, bias)
}

pub(super) fn dims<T: TensorMetadata>(tensor: &T) -> [usize; 2] {
    let shape = tensor.shape();
    [shape[0], shape[1]]
}
