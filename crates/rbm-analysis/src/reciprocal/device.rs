//! The reciprocal transform as Burn tensor operations, on whatever device the states live.

use crate::reciprocal::space::ReciprocalSpace;
use burn::tensor::{Device, Tensor, TensorData};
use faer::MatRef;

/// Singular vectors on a device, for projecting batches where they are.
///
/// Made once by [`ReciprocalSpace::on_device`]; each call below is one matrix product in the
/// device's float type, so a transform there and back (square bases) returns states to about 1e-5 in f32.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rbm_analysis::ReciprocalSpace;
/// use rbm_model::Parameters;
/// let model = Parameters::new(2, 1, vec![3.0, 4.0], vec![0.0; 2], vec![0.0])?;
/// let device = Device::default();
/// let basis = ReciprocalSpace::new(&model)?.on_device(&device);
/// // U = (3, 4)/5
/// let x = basis.project_visible(&Tensor::from_data([[1.0_f32, 1.0]], &device));
/// assert!((x.into_scalar::<f32>() - 1.4).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct DeviceBasis {
    left: Tensor<2>,
    right: Tensor<2>,
    /// lambda, bt and ct of the paired modes, `[1, R]` each.
    singular_values: Tensor<2>,
    visible_bias: Tensor<2>,
    hidden_bias: Tensor<2>,
}

impl ReciprocalSpace {
    /// Copies the singular vectors to a device.
    pub fn on_device(&self, device: &Device) -> DeviceBasis {
        let row = |values: &[f64]| {
            tensor_from_matrix(
                MatRef::from_row_major_slice(values, 1, values.len()),
                device,
            )
        };
        DeviceBasis {
            left: tensor_from_matrix(self.svd.left.as_ref(), device),
            right: tensor_from_matrix(self.svd.right.as_ref(), device),
            singular_values: row(self.singular_values()),
            visible_bias: row(&self.visible_bias_modes[..self.modes()]),
            hidden_bias: row(&self.hidden_bias_modes[..self.modes()]),
        }
    }
}

impl DeviceBasis {
    /// x = v U.
    ///
    /// # Shapes
    /// - visible: `[batch, n_visible]`
    /// - output: `[batch, modes]`, modes = R, or n_visible with full vectors
    ///
    /// # Panics
    /// As every tensor operation: if the number of columns is not n_visible or the devices differ.
    pub fn project_visible(&self, visible: &Tensor<2>) -> Tensor<2> {
        visible.clone().matmul(self.left.clone())
    }

    /// y = h V.
    ///
    /// # Shapes
    /// - hidden: `[batch, n_hidden]`
    /// - output: `[batch, modes]`, modes = R, or n_hidden with full vectors
    ///
    /// # Panics
    /// As every tensor operation: if the number of columns is not n_hidden or the devices differ.
    pub fn project_hidden(&self, hidden: &Tensor<2>) -> Tensor<2> {
        hidden.clone().matmul(self.right.clone())
    }

    /// Energy of every paired mode in every state, -(lambda_k x_k y_k + bt_k x_k + ct_k y_k).
    ///
    /// # Shapes
    /// - x: `[batch, modes]` from [`Self::project_visible`]
    /// - y: `[batch, modes]` from [`Self::project_hidden`]
    /// - output: `[batch, R]`
    ///
    /// # Panics
    /// As every tensor operation: if the batches differ, there are fewer columns than modes, or the devices differ.
    pub fn mode_energies(&self, x: &Tensor<2>, y: &Tensor<2>) -> Tensor<2> {
        let modes = self.singular_values.dims()[1];
        let x = x.clone().narrow(1, 0, modes);
        let y = y.clone().narrow(1, 0, modes);
        // lambda x y + bt x + ct y = x (lambda y + bt) + ct y
        let along_x = x * (y.clone() * self.singular_values.clone() + self.visible_bias.clone());
        (along_x + y * self.hidden_bias.clone()).neg()
    }

    /// v = x U^T; the part in the paired modes where U is not square.
    ///
    /// # Shapes
    /// - x: `[batch, modes]`
    /// - output: `[batch, n_visible]`
    ///
    /// # Panics
    /// As every tensor operation: if the number of columns is not that of U or the devices differ.
    pub fn unproject_visible(&self, x: &Tensor<2>) -> Tensor<2> {
        x.clone().matmul(self.left.clone().transpose())
    }

    /// h = y V^T; the part in the paired modes where V is not square.
    ///
    /// # Shapes
    /// - y: `[batch, modes]`
    /// - output: `[batch, n_hidden]`
    ///
    /// # Panics
    /// As every tensor operation: if the number of columns is not that of V or the devices differ.
    pub fn unproject_hidden(&self, y: &Tensor<2>) -> Tensor<2> {
        y.clone().matmul(self.right.clone().transpose())
    }
}

fn tensor_from_matrix(matrix: MatRef<'_, f64>, device: &Device) -> Tensor<2> {
    let (rows, columns) = matrix.shape();
    let mut values = Vec::with_capacity(rows * columns);
    for i in 0..rows {
        values.extend(matrix.row(i).iter().map(|&x| x as f32));
    }
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}
