//! Burn's flex backend.

use super::Sweeps;
use super::cpu::{self, HostBackend, use_kernels};
use crate::sampling::noise::NoiseKey;
use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, tensor::FloatTensor};
use burn::tensor::{DType, Shape, TensorData};

/// A contiguous f32 tensor, shared with its owner where that is contiguous already.
pub struct Contiguous(FlexTensor);

impl AsRef<[f32]> for Contiguous {
    fn as_ref(&self) -> &[f32] {
        // `hold` has checked the type and made the layout contiguous.
        self.0.as_slice().unwrap_or_default()
    }
}

impl HostBackend for Flex {
    type Held = Contiguous;

    fn hold(tensor: &FloatTensor<Self>) -> Option<Contiguous> {
        (tensor.dtype() == DType::F32).then(|| Contiguous(tensor.to_contiguous()))
    }

    fn make(values: Vec<f32>, shape: [usize; 2]) -> FloatTensor<Self> {
        FlexTensor::from_data(TensorData::new(values, Shape::new(shape)))
    }
}

use_kernels!(Flex);
