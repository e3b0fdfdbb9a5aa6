//! Runs of chains along a path, with the log weights that they gather.

use super::geometric_path::{GeometricPath, Noise};
use super::sampler::{OnDevice, OnHost, Sampler, Start};
use crate::device;
use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::kernels::packed::AnnealedModel;
use burn::tensor::Device;
use std::ops::ControlFlow;

/// What a run leaves behind.
#[derive(Debug, Clone)]
pub struct AnnealingRun {
    /// ln w of each chain, `[chains]`.
    pub log_weights: Vec<f64>,
    /// Visible states after a sweep of the last model, `[chains, n_visible]`.
    pub visible: BitMatrix,
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
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{RbmConfig, noise::stream};
/// use rbm_model::partition::{
///     Base, Direction, Enumeration, Estimate, GeometricPath, Noise, Start, anneal, ignore_steps, linear,
/// };
/// let device = Device::flex();
/// let model = RbmConfig::new(10, 6).with_weight_std(0.5).init(&device)?.parameters()?;
/// let base = Base::uniform(10, 6);
/// let path = GeometricPath::from_base(&base, &model)?;
/// let noise = Noise { seed: 1, stream: stream::ANNEALING, first_step: 0 };
/// let run = anneal(&path, &device, &linear(200), Start::Independent(100), noise, &mut ignore_steps)?;
///
/// let found = Estimate::new(Direction::Forward, base.ln_z(), &run.log_weights, 200, 1)?;
/// let exact = Enumeration::new(&model)?.ln_z();
/// assert!((found.value - exact).abs() < 5.0 * found.log_weight_std / 100f64.sqrt());
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
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
        let sampler = OnDevice::new(path, device, start);
        run(sampler, path, betas, noise, each)
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
        Start::Visible(rows) if rows.columns() != path.n_visible() => Err(ModelError::Shape {
            tensor: "visible states".into(),
            expected: vec![rows.rows(), path.n_visible()],
            found: vec![rows.rows(), rows.columns()],
        }),
        Start::Independent(chains) if *chains > 0 => Ok(()),
        Start::Visible(rows) if !rows.is_empty() => Ok(()),
        _ => error("there are no chains; at least 1 is needed".into()),
    }
}

fn run(
    mut sampler: impl Sampler,
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
        visible: sampler.states(),
        temperatures: done,
    })
}

fn on_host(
    path: &GeometricPath,
    betas: &[f64],
    start: Start<'_>,
    noise: Noise,
    each: &mut StepObserver<'_>,
) -> Result<AnnealingRun, ModelError> {
    let weights: Vec<&[f32]> = path.weights().iter().map(Vec::as_slice).collect();
    let model = AnnealedModel::new(&weights, path.n_visible(), path.n_hidden())?;
    let sampler = OnHost::new(&model, path, start);
    let mut result = None;
    model.enter(sampler.chains(), || {
        result = Some(run(sampler, path, betas, noise, each));
    });
    let Some(result) = result else {
        unreachable!("the pool does its work before it returns")
    };
    result
}

#[cfg(test)]
#[path = "anneal_tests.rs"]
mod tests;
