//! Runs of chains along a path, with the log weights that they gather.

use super::geometric_path::{GeometricPath, Noise};
use crate::device;
use crate::error::ModelError;
use crate::kernels::packed::{AnnealedModel, PackedStates, Stage};
use crate::ops;
use crate::sampling::noise::Layer;
use burn::tensor::activation::softplus;
use burn::tensor::{Device, Tensor, TensorData};
use std::ops::ControlFlow;

/// Where chains start.
#[derive(Debug, Clone)]
pub enum Start<'a> {
    /// So many chains, drawn exactly from the independent units at the start of the path; for
    /// runs that begin at beta = 0 of a path from a [`super::Base`].
    Independent(usize),
    /// Visible states, row-major zeros and ones: samples of the model that the run begins with,
    /// one a chain.
    Visible(&'a [f32]),
}

/// What a run leaves behind.
#[derive(Debug, Clone)]
pub struct AnnealingRun {
    /// ln w of each chain, `[chains]`.
    pub log_weights: Vec<f64>,
    /// Visible states after a sweep of the last model, row-major zeros and ones.
    pub visible: Vec<f32>,
    /// Temperatures done; fewer than asked for if the run was broken off, which makes the log
    /// weights those of the way so far.
    pub temperatures: usize,
}

/// What looks on: the number of temperatures done, and the log weights so far.
pub type StepObserver<'a> = dyn FnMut(usize, &[f64]) -> ControlFlow<()> + Send + 'a;

/// An [`StepObserver`] that does nothing.
pub fn ignore_steps(_: usize, _: &[f64]) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Takes chains through the models at `betas`, one Gibbs sweep each, and gathers
///
/// ```text
/// ln w = sum_k ln p*(v_k; beta_k+1) - ln p*(v_k; beta_k)
/// ```
///
/// with v_0 from the start and v_k from a sweep at beta_k. If v_0 is drawn from the first model,
/// E\[w\] = Z(last beta) / Z(first beta), whatever the number of temperatures. A sweep over the
/// visible units, v -> h -> v, is reversible, so a run down the same betas is the time reversal of
/// a run up, as Crooks' relation and [`super::bennett()`] need.
///
/// On CPU devices the sweeps are those of the bit-packed kernels, elsewhere they are tensor
/// operations. Log weights are f64. Cost: `chains` x `betas` x 2 N M.
///
/// Source: R. M. Neal, Stat. Comput. 11, 125 (2001), doi:10.1023/A:1008923215028.
///
/// # Errors
/// [`ModelError::Annealing`] for fewer than two betas, betas outside \[0, 1\], or a start that does
/// not fit; [`ModelError::Shape`] for states of another length.
pub fn anneal(
    path: &GeometricPath,
    device: &Device,
    betas: &[f64],
    start: Start<'_>,
    noise: Noise,
    each: &mut StepObserver<'_>,
) -> Result<AnnealingRun, ModelError> {
    check(path, betas, &start)?;
    if device::is_host(device) {
        on_host(path, betas, start, noise, each)
    } else {
        run(
            &mut OnDevice::new(path, device, start),
            path,
            betas,
            noise,
            each,
        )
    }
}

fn check(path: &GeometricPath, betas: &[f64], start: &Start<'_>) -> Result<(), ModelError> {
    let error = |reason: String| Err(ModelError::Annealing { reason });
    if betas.len() < 2 {
        return error(format!(
            "{} inverse temperatures are no way; at least 2 are needed",
            betas.len()
        ));
    }
    if let Some(beta) = betas.iter().find(|b| !(0.0..=1.0).contains(*b)) {
        return error(format!(
            "inverse temperature {beta} is outside the range from 0 to 1"
        ));
    }
    match start {
        Start::Independent(_) if betas[0] != 0.0 || !path.starts_independent() => error(
            "independent units are where a path from them begins, at inverse temperature 0; \
             give visible states of the first model instead"
                .into(),
        ),
        Start::Independent(0) | Start::Visible([]) => {
            error("there are no chains; at least 1 is needed".into())
        }
        Start::Visible(rows) if rows.len() % path.n_visible() != 0 => Err(ModelError::Shape {
            tensor: "visible states".into(),
            expected: vec![rows.len().div_ceil(path.n_visible()), path.n_visible()],
            found: vec![rows.len()],
        }),
        _ => Ok(()),
    }
}

/// The two halves of a sweep, on some kind of device.
trait Sampler {
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
    /// The visible states as numbers.
    fn rows(&self) -> Result<Vec<f32>, ModelError>;
}

fn run(
    sampler: &mut dyn Sampler,
    path: &GeometricPath,
    betas: &[f64],
    noise: Noise,
    each: &mut StepObserver<'_>,
) -> Result<AnnealingRun, ModelError> {
    let chains = sampler.chains();
    let mut from = path.stage(betas[0]);
    let mut log_weights = vec![0.0; chains];
    let (mut work, mut products) = (vec![0.0; chains], vec![0.0; chains]);
    sampler.begin(&from, noise, &mut products)?;
    let mut done = 0;
    for (k, pair) in betas.windows(2).enumerate() {
        let to = path.stage(pair[1]);
        sampler.hidden(&from, &to, (noise, k + 1), &mut work)?;
        for (log_weight, (work, product)) in log_weights.iter_mut().zip(work.iter().zip(&products))
        {
            *log_weight += work + (pair[1] - pair[0]) * product;
        }
        sampler.visible(&to, (noise, k + 1), &mut products)?;
        from = to;
        done = k + 1;
        if each(done, &log_weights).is_break() {
            break;
        }
    }
    Ok(AnnealingRun {
        log_weights,
        visible: sampler.rows()?,
        temperatures: done,
    })
}

/// States as bits, for the packed kernels.
struct OnHost<'a> {
    model: &'a AnnealedModel<'a>,
    direction: Vec<f32>,
    visible: PackedStates,
    hidden: PackedStates,
    draw_first: bool,
}

fn on_host(
    path: &GeometricPath,
    betas: &[f64],
    start: Start<'_>,
    noise: Noise,
    each: &mut StepObserver<'_>,
) -> Result<AnnealingRun, ModelError> {
    let (n, m) = (path.n_visible(), path.n_hidden());
    let weights: Vec<&[f32]> = path.weights().iter().map(Vec::as_slice).collect();
    let model = AnnealedModel::new(&weights, n, m)?;
    let (visible, draw_first) = match start {
        Start::Independent(chains) => (PackedStates::zeros(chains, n), true),
        Start::Visible(rows) => (PackedStates::from_rows(rows, rows.len() / n, n)?, false),
    };
    let chains = visible.chains();
    let mut sampler = OnHost {
        model: &model,
        direction: path.direction(),
        hidden: PackedStates::zeros(chains, m),
        visible,
        draw_first,
    };
    let mut result = None;
    model.enter(chains, || {
        result = Some(run(&mut sampler, path, betas, noise, each));
    });
    let Some(result) = result else {
        unreachable!("the pool does its work before it returns")
    };
    result
}

impl Sampler for OnHost<'_> {
    fn chains(&self) -> usize {
        self.visible.chains()
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
            let on = (0..self.visible.units()).filter(|i| self.visible.get(chain, *i));
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

    fn rows(&self) -> Result<Vec<f32>, ModelError> {
        let mut rows = vec![0.0; self.visible.chains() * self.visible.units()];
        self.visible.write_rows(&mut rows)?;
        Ok(rows)
    }
}

/// States and weights as tensors of any device.
struct OnDevice {
    weights: Vec<Tensor<2>>,
    direction: Tensor<1>,
    visible: Tensor<2>,
    hidden: Tensor<2>,
    device: Device,
    draw_first: bool,
}

impl OnDevice {
    fn new(path: &GeometricPath, device: &Device, start: Start<'_>) -> Self {
        let (n, m) = (path.n_visible(), path.n_hidden());
        let (visible, draw_first) = match start {
            Start::Independent(chains) => (Tensor::zeros([chains, n], device), true),
            Start::Visible(rows) => {
                let data = TensorData::new(rows.to_vec(), [rows.len() / n, n]);
                (Tensor::from_data(data, device), false)
            }
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

    fn rows(&self) -> Result<Vec<f32>, ModelError> {
        Ok(self.visible.clone().into_data().iter::<f32>().collect())
    }
}

fn vector(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

fn read(tensor: Tensor<1>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[cfg(test)]
#[path = "anneal_tests.rs"]
mod tests;
