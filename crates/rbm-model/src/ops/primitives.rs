//! What operations take and make beside single tensors.

use crate::kernels::BitMatrix;
use crate::kernels::packed::PackedChains;
use burn::backend::{Backend, ExtensionType, tensor::FloatTensor};

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

/// All parameters of a model.
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

/// Samples of both phases with the offsets of the centered gradient.
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

/// Data rows with the offsets of the centered gradient.
#[derive(ExtensionType)]
pub struct BatchPrimitives<B: Backend> {
    /// Visible states, `[rows, n_visible]`.
    pub rows: BitMatrix,
    /// mu, `[n_visible]`.
    pub visible_offset: FloatTensor<B>,
    /// lambda, `[n_hidden]`.
    pub hidden_offset: FloatTensor<B>,
}

/// What an update with chains leaves behind.
#[derive(ExtensionType)]
pub struct PcdOutput<B: Backend> {
    /// The model after it.
    #[extension_type]
    pub model: ModelPrimitives<B>,
    /// Mean of the hidden values over the data, `[n_hidden]`.
    pub mean: FloatTensor<B>,
    /// The chains after it.
    pub chains: PackedChains,
}
