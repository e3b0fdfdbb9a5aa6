//! Gibbs sweeps of the models along a path, on the host and on other devices.

use super::geometric_path::{GeometricPath, Noise};
use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::kernels::packed::{AnnealedModel, Stage};
use crate::noise::Layer;
use crate::ops;
use burn::tensor::activation::softplus;
use burn::tensor::{Device, Tensor, TensorData};

/// Where chains start.
#[derive(Debug, Clone)]
pub enum Start<'a> {
    /// So many chains, drawn exactly from the independent units at the start of the path; for
    /// runs that begin at beta = 0 of a path from a [`super::Base`].
    Independent(usize),
    /// Visible states, `[chains, n_visible]`: samples of the model that the run begins with.
    Visible(&'a BitMatrix),
}

/// The two halves of a sweep, on some kind of device.
pub(super) trait Sampler {
    fn chains(&self) -> usize;
    /// Sets v . db/dbeta of the present states, or draws those with the first model's biases.
    fn begin(
        &mut self,
        first: &Stage,
        noise: Noise,
        products: &mut [f64],
    ) -> Result<(), ModelError>;
    /// Draws h, and sets the hidden part of the work.
    fn hidden(
        &mut self,
        from: &Stage,
        to: &Stage,
        noise: (Noise, usize),
        work: &mut [f64],
    ) -> Result<(), ModelError>;
    /// Draws v, and sets v . db/dbeta.
    fn visible(
        &mut self,
        to: &Stage,
        noise: (Noise, usize),
        products: &mut [f64],
    ) -> Result<(), ModelError>;
    /// The visible states.
    fn states(self) -> BitMatrix;
}

/// States as bits, for the packed kernels.
pub(super) struct OnHost<'a> {
    model: &'a AnnealedModel<'a>,
    direction: Vec<f32>,
    visible: BitMatrix,
    hidden: BitMatrix,
    draw_first: bool,
}

impl<'a> OnHost<'a> {
    pub fn new(model: &'a AnnealedModel<'a>, path: &GeometricPath, start: Start<'_>) -> Self {
        let (n, m) = (path.n_visible(), path.n_hidden());
        let (visible, draw_first) = match start {
            Start::Independent(chains) => (BitMatrix::zeros(chains, n), true),
            Start::Visible(rows) => (rows.clone(), false),
        };
        Self {
            model,
            direction: path.direction(),
            hidden: BitMatrix::zeros(visible.rows(), m),
            visible,
            draw_first,
        }
    }
}

impl Sampler for OnHost<'_> {
    fn chains(&self) -> usize {
        self.visible.rows()
    }

    fn begin(
        &mut self,
        first: &Stage,
        noise: Noise,
        products: &mut [f64],
    ) -> Result<(), ModelError> {
        if self.draw_first {
            // The scales are 0 there: whatever the hidden units are, only biases act.
            return self.visible(first, (noise, 0), products);
        }
        for (chain, product) in products.iter_mut().enumerate() {
            let on = self.visible.ones(chain);
            *product = on.map(|i| f64::from(self.direction[i])).sum();
        }
        Ok(())
    }

    fn hidden(
        &mut self,
        from: &Stage,
        to: &Stage,
        (noise, k): (Noise, usize),
        work: &mut [f64],
    ) -> Result<(), ModelError> {
        let key = noise.key(k, Layer::Hidden);
        self.model
            .hidden_half(from, to, key, &self.visible, &mut self.hidden, work)
    }

    fn visible(
        &mut self,
        to: &Stage,
        (noise, k): (Noise, usize),
        products: &mut [f64],
    ) -> Result<(), ModelError> {
        let key = noise.key(k, Layer::Visible);
        let direction = &self.direction;
        self.model.visible_half(
            to,
            key,
            &self.hidden,
            &mut self.visible,
            direction,
            products,
        )
    }

    fn states(self) -> BitMatrix {
        self.visible
    }
}

/// States and weights as tensors of any device.
pub(super) struct OnDevice {
    weights: Vec<Tensor<2>>,
    direction: Tensor<1>,
    visible: Tensor<2>,
    hidden: Tensor<2>,
    device: Device,
    draw_first: bool,
}

impl OnDevice {
    pub fn new(path: &GeometricPath, device: &Device, start: Start<'_>) -> Self {
        let (n, m) = (path.n_visible(), path.n_hidden());
        let (visible, draw_first) = match start {
            Start::Independent(chains) => (Tensor::zeros([chains, n], device), true),
            Start::Visible(rows) => (rows.to_tensor(device), false),
        };
        let weights = path
            .weights()
            .iter()
            .map(|weight| Tensor::from_data(TensorData::new(weight.clone(), [n, m]), device));
        Self {
            weights: weights.collect(),
            direction: vector(&path.direction(), device),
            hidden: Tensor::zeros([visible.dims()[0], m], device),
            visible,
            device: device.clone(),
            draw_first,
        }
    }

    /// sum_t s_t x_t, for given x.
    fn mix(scales: [f32; 2], parts: &[Tensor<2>]) -> Tensor<2> {
        let first = parts[0].clone() * scales[0];
        match parts {
            [_, second, ..] => first + second.clone() * scales[1],
            _ => first,
        }
    }

    fn products(&self) -> Vec<f64> {
        let each = self.visible.clone() * self.direction.clone().unsqueeze();
        read(each.sum_dim(1).squeeze_dim(1))
    }
}

impl Sampler for OnDevice {
    fn chains(&self) -> usize {
        self.visible.dims()[0]
    }

    fn begin(
        &mut self,
        first: &Stage,
        noise: Noise,
        products: &mut [f64],
    ) -> Result<(), ModelError> {
        if self.draw_first {
            return self.visible(first, (noise, 0), products);
        }
        products.copy_from_slice(&self.products());
        Ok(())
    }

    fn hidden(
        &mut self,
        from: &Stage,
        to: &Stage,
        (noise, k): (Noise, usize),
        work: &mut [f64],
    ) -> Result<(), ModelError> {
        let sums = self
            .weights
            .iter()
            .map(|w| self.visible.clone().matmul(w.clone()));
        let sums: Vec<Tensor<2>> = sums.collect();
        let bias = |stage: &Stage| vector(&stage.hidden_bias, &self.device);
        let [before, after] = [from, to].map(|s| Self::mix(s.scales, &sums));
        let full = |field: Tensor<2>, stage| field + bias(stage).unsqueeze();
        // The differences are small, so their sum keeps its digits in f32.
        let difference = softplus(full(after.clone(), to), 1.0) - softplus(full(before, from), 1.0);
        work.copy_from_slice(&read(difference.sum_dim(1).squeeze_dim(1)));
        let key = noise.key(k, Layer::Hidden);
        self.hidden = ops::sample_layer(after, bias(to), key).0;
        Ok(())
    }

    fn visible(
        &mut self,
        to: &Stage,
        (noise, k): (Noise, usize),
        products: &mut [f64],
    ) -> Result<(), ModelError> {
        let sums = self
            .weights
            .iter()
            .map(|w| self.hidden.clone().matmul(w.clone().transpose()));
        let field = Self::mix(to.scales, &sums.collect::<Vec<_>>());
        let bias = vector(&to.visible_bias, &self.device);
        self.visible = ops::sample_layer(field, bias, noise.key(k, Layer::Visible)).0;
        products.copy_from_slice(&self.products());
        Ok(())
    }

    fn states(self) -> BitMatrix {
        BitMatrix::from_tensor(self.visible)
    }
}

fn vector(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

fn read(tensor: Tensor<1>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}
