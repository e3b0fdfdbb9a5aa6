//! Burn's ndarray backend.
#![allow(deprecated)]

use super::Sweeps;
use super::cpu::{self, HostBackend, use_kernels};
use crate::sampling::noise::NoiseKey;
use burn::backend::ndarray::NdArrayTensor;
use burn::backend::{NdArray, tensor::FloatTensor};
use burn::tensor::{Shape, TensorData};

impl HostBackend for NdArray {
    type Held = Vec<f32>;

    fn hold(tensor: &FloatTensor<Self>) -> Option<Vec<f32>> {
        match tensor {
            NdArrayTensor::F32(storage) => Some(storage.view().iter().copied().collect()),
            _ => None,
        }
    }

    fn make(values: Vec<f32>, shape: [usize; 2]) -> FloatTensor<Self> {
        NdArrayTensor::from_data(TensorData::new(values, Shape::new(shape)))
    }
}

use_kernels!(NdArray);
