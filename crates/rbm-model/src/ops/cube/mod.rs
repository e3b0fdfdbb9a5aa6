//! Burn's CubeCL backends: wgpu (Vulkan, Metal, DirectX 12, OpenGL) and CUDA.
//!
//! A Gibbs sweep is four launches, all queued without waiting: matrix product, drawing kernel
//! ([`kernel`]), for the visible and then for the hidden units. The noise is computed where it is
//! used, from eleven numbers that a launch carries, so nothing but launches goes to the device
//! during a sweep, and nothing comes back; the first product of each new shape excepted, for
//! which CubeCL times its candidates. In memory are the weights once (the product reads them
//! transposed), the states, and the fields and probabilities of a layer, as f32. Field, bias and
//! results may have any strides; CUDA pads rows.
//!
//! States are those of the CPU from the same key, except where rounding of the field decides.
//! Which product kernel is the fastest is measured in each process, and another one may add in
//! another order: the same seed need not give the same bytes in two processes. Timing them takes
//! minutes on a driver in software; the environment variable `CUBECL_AUTOTUNE_LEVEL=minimal`
//! makes it seconds.
//!
//! Tested on Mesa's software Vulkan. Not tested for want of the hardware: CUDA, Metal,
//! DirectX 12, and the speed of any of it on a graphics processor.

mod kernel;
#[cfg(all(test, feature = "wgpu", feature = "flex"))]
mod model_tests;
#[cfg(all(test, feature = "wgpu"))]
mod tests;

use super::{RbmOps, Sweeps, generic};
use crate::noise::NoiseKey;
use burn::backend::TensorMetadata;
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::tensor::DType;
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::untile;
use burn_cubecl::ops::numeric::empty_device_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::{CubeDim, calculate_cube_count_elemwise};

impl RbmOps for CubeBackend {
    fn sample_layer(
        field: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        key: NoiseKey,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let shape = generic::dims(&field);
        let fits = bias.shape().num_elements() == shape[1];
        if field.dtype() != DType::F32 || bias.dtype() != DType::F32 || !fits {
            return generic::sample_layer::<Self>(field, bias, key);
        }
        if shape.contains(&0) {
            // Nothing to draw: the results are as empty as the field.
            return (field.clone(), field);
        }
        launch(untile(field), untile(bias), key)
    }

    fn gibbs_sweeps(
        weight: FloatTensor<Self>,
        visible_bias: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        hidden: FloatTensor<Self>,
        sweeps: Sweeps,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        generic::gibbs_sweeps_with::<Self>(
            weight,
            [visible_bias, hidden_bias],
            hidden,
            sweeps,
            Self::sample_layer,
        )
    }

    fn sample_hidden(
        weight: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        visible: FloatTensor<Self>,
        key: NoiseKey,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        Self::sample_layer(Self::float_matmul(visible, weight), hidden_bias, key)
    }
}

/// Queues the kernel for a field `[rows, columns]` of f32 with at least one entry.
fn launch(field: CubeTensor, bias: CubeTensor, key: NoiseKey) -> (CubeTensor, CubeTensor) {
    let [rows, columns] = generic::dims(&field);
    let client = field.client.clone();
    let empty = || {
        empty_device_dtype(
            client.clone(),
            field.device.clone(),
            field.shape(),
            DType::F32,
        )
    };
    let (states, probabilities) = (empty(), empty());
    let evaluations = kernel::evaluations_per_row(columns);
    let units = rows * evaluations;
    let cube_dim = CubeDim::new(&client, units);
    let cube_count = calculate_cube_count_elemwise(&client, units, cube_dim);
    let address_type = field
        .required_address_type()
        .max(bias.required_address_type())
        .max(states.required_address_type());
    // SAFETY: the kernel reads and writes entries with row < rows and column < columns only,
    // which all four tensors have (`bias` has `columns` entries), at their own strides.
    unsafe {
        kernel::sample_layer::launch_unchecked(
            &client,
            cube_count,
            cube_dim,
            address_type,
            field.into_tensor_arg(),
            bias.into_tensor_arg(),
            states.clone().into_tensor_arg(),
            probabilities.clone().into_tensor_arg(),
            evaluations,
            kernel::noise_arg(key),
        );
    }
    (states, probabilities)
}
