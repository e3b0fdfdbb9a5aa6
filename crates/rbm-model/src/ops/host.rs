//! Between tensors and the host's memory: their numbers, and states as bits.

use super::{RbmOps, generic};
use crate::kernels::BitMatrix;
use burn::backend::{Backend, Dispatch, TensorMetadata, tensor::FloatTensor};
use burn::tensor::{Device, Tensor, TensorData};

impl BitMatrix {
    /// The entries as numbers 0 and 1 on a device, `[rows, columns]`.
    pub fn to_tensor(&self, device: &Device) -> Tensor<2> {
        Tensor::from_data(self.to_data(), device)
    }

    /// The entries of a tensor `[rows, columns]`: 1 where a number exceeds 1/2.
    ///
    /// # Examples
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use rbm_model::BitMatrix;
    /// let device = Device::flex();
    /// let rows = BitMatrix::from_tensor(Tensor::from_floats([[0.0, 1.0, 0.6]], &device));
    /// assert_eq!(rows.to_numbers(), [0.0, 1.0, 1.0]);
    /// assert_eq!(BitMatrix::from_tensor(rows.to_tensor(&device)), rows);
    /// ```
    pub fn from_tensor(states: Tensor<2>) -> Self {
        pack::<Dispatch>(states.into_dispatch())
    }

    fn to_data(&self) -> TensorData {
        TensorData::new(self.to_numbers(), [self.rows(), self.columns()])
    }
}

/// Reads the numbers of a tensor, in row-major order; in place where they are in the host's memory as
/// f32, else a copy.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// let tensor = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0]], &Device::flex());
/// let mut trace = 0.0;
/// rbm_model::ops::with_slice(tensor, |numbers| trace = numbers[0] + numbers[3]);
/// assert_eq!(trace, 5.0);
/// ```
pub fn with_slice<const D: usize>(tensor: Tensor<D>, mut read: impl FnMut(&[f32])) {
    Dispatch::with_slice(tensor.into_dispatch(), &mut read);
}

/// [`with_slice`] by a copy.
pub(super) fn read_back<B: Backend>(tensor: FloatTensor<B>, read: &mut dyn FnMut(&[f32])) {
    let data = burn::tensor::read_sync(B::float_into_data(tensor));
    // A device that fails to answer has nothing to read: like all of Burn's reading back.
    let numbers: Vec<f32> = match data {
        Ok(data) => data.iter::<f32>().collect(),
        Err(error) => panic!("cannot read a tensor back: {error}"),
    };
    read(&numbers);
}

/// States `[rows, units]` as bits.
pub(super) fn pack<B: RbmOps>(states: FloatTensor<B>) -> BitMatrix {
    let [rows, units] = generic::dims(&states);
    let mut packed = None;
    B::with_slice(states, &mut |numbers| {
        packed = BitMatrix::from_numbers(numbers, rows, units).ok();
    });
    // A tensor has as many numbers as its shape says.
    packed.unwrap_or_else(|| BitMatrix::zeros(rows, units))
}

/// States as numbers of the type and on the device of another tensor.
pub(super) fn unpack<B: Backend>(states: &BitMatrix, like: &FloatTensor<B>) -> FloatTensor<B> {
    B::float_from_data(states.to_data().convert_dtype(like.dtype()), &like.device())
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    #[test]
    fn numbers_above_one_half_are_packed() {
        let device = Device::flex();
        let states = Tensor::<2>::from_floats([[0.0, 1.0, 0.6], [1.0, 0.4, 0.0]], &device);
        let bits = BitMatrix::from_tensor(states);
        assert_eq!(bits.to_numbers(), [0.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        let tensor = bits.to_tensor(&device);
        assert_eq!(tensor.dims(), [2, 3]);
        assert_eq!(BitMatrix::from_tensor(tensor), bits);
    }
}
