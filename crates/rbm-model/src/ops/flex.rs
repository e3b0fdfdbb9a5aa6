//! Burn's flex backend.

use super::cpu::{HostBackend, use_kernels};
use super::table::{operations, types::*};
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Shape, TensorData};

/// A contiguous f32 tensor, shared with its owner where that is contiguous already.
pub struct Contiguous(FlexTensor);

impl AsRef<[f32]> for Contiguous {
    fn as_ref(&self) -> &[f32] {
        // `as_contiguous` has checked the type and made the layout contiguous.
        self.0.as_slice().unwrap_or_default()
    }
}

impl HostBackend for Flex {
    type Contiguous = Contiguous;
    type Mutable = FlexTensor;

    fn is_f32(tensor: &FloatTensor<Self>) -> bool {
        tensor.dtype() == DType::F32
    }

    fn as_contiguous(tensor: &FloatTensor<Self>) -> Option<Contiguous> {
        Self::is_f32(tensor).then(|| Contiguous(tensor.to_contiguous()))
    }

    fn from_vec<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FloatTensor<Self> {
        FlexTensor::from_data(TensorData::new(values, Shape::new(shape)))
    }

    fn into_mut(tensor: FloatTensor<Self>) -> FlexTensor {
        match tensor.layout().contiguous_offsets() {
            Some((0, end)) if 4 * end == tensor.bytes().len() => tensor,
            // A view: its numbers alone.
            _ => FlexTensor::from_data(tensor.into_data()),
        }
    }

    fn as_mut_slice(tensor: &mut FlexTensor) -> &mut [f32] {
        tensor.storage_mut()
    }

    fn from_mut(tensor: FlexTensor) -> FloatTensor<Self> {
        tensor
    }
}

operations! { use_kernels (Flex) }
