//! Default bodies of [`super::RbmOps`] in tensor primitives, and the reference for the kernels.
//!
//! Uniforms are drawn on the host and uploaded, so this path is right everywhere and fast nowhere.

use super::Sweeps;
use crate::sampling::noise::{Layer, NoiseKey};
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
        visible_bias,
        hidden_bias,
        hidden,
        sweeps,
        sample_layer::<B>,
    )
}

/// [`gibbs_sweeps`] with a backend's own way to draw a layer from (field, bias, key).
pub(super) fn gibbs_sweeps_with<B: Backend>(
    weight: FloatTensor<B>,
    visible_bias: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    mut hidden: FloatTensor<B>,
    sweeps: Sweeps,
    sample_layer: impl Fn(FloatTensor<B>, FloatTensor<B>, NoiseKey) -> (FloatTensor<B>, FloatTensor<B>),
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let weight_transposed = B::float_transpose(weight.clone());
    let mut sweep = |step: u64| {
        let key = |layer| NoiseKey {
            seed: sweeps.seed,
            stream: sweeps.stream,
            step,
            layer,
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
    B::sigmoid(add_bias::<B>(B::float_matmul(visible, weight), hidden_bias))
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

fn add_bias<B: Backend>(field: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
    let [_, columns] = dims(&field);
    let bias = B::float_reshape(bias, Shape::new([1, columns]));
    B::float_add(field, bias)
}

pub(super) fn dims<T: TensorMetadata>(tensor: &T) -> [usize; 2] {
    let shape = tensor.shape();
    [shape[0], shape[1]]
}
