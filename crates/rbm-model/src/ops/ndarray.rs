//! Burn's ndarray backend.
use super::cpu::{HostBackend, use_kernels};
use super::table::{operations, types::*};
use burn::backend::ndarray::NdArrayTensor;
use burn::backend::{NdArray, TensorMetadata};
use burn::tensor::{Shape, TensorData};

impl HostBackend for NdArray {
    type Contiguous = Vec<f32>;
    type Mutable = (Vec<f32>, Shape);

    fn is_f32(tensor: &FloatTensor<Self>) -> bool {
        matches!(tensor, NdArrayTensor::F32(_))
    }

    fn as_contiguous(tensor: &FloatTensor<Self>) -> Option<Vec<f32>> {
        match tensor {
            NdArrayTensor::F32(storage) => Some(storage.view().iter().copied().collect()),
            _ => None,
        }
    }

    fn from_vec<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FloatTensor<Self> {
        NdArrayTensor::from_data(TensorData::new(values, Shape::new(shape)))
    }

    fn into_mut(tensor: FloatTensor<Self>) -> (Vec<f32>, Shape) {
        let shape = tensor.shape();
        (Self::as_contiguous(&tensor).unwrap_or_default(), shape)
    }

    fn as_mut_slice((values, _): &mut (Vec<f32>, Shape)) -> &mut [f32] {
        values
    }

    fn from_mut((values, shape): (Vec<f32>, Shape)) -> FloatTensor<Self> {
        NdArrayTensor::from_data(TensorData::new(values, shape))
    }
}

operations! { use_kernels (NdArray) }
