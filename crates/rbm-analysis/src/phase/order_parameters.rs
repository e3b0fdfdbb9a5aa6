//! Order parameters of one model, exact or from chains.

use crate::error::AnalysisError;
use crate::phase::plane::Units;
use crate::random::generator;
use crate::statistics::moments::mean;
use burn::tensor::{Device, Tensor, TensorData};
use faer::Mat;
use rand::RngExt;
use rbm_model::noise::stream;
use rbm_model::partition::Enumeration;
use rbm_model::sampling::Chains;
use rbm_model::{Parameters, Rbm};

/// How thermal averages of one model are taken.
#[derive(Debug, Clone)]
pub enum Averages {
    /// By enumeration: min(N, M) <= 25, cost 2^min(N, M) N M per model.
    Exact,
    /// From Gibbs chains started at random.
    Sampled(ChainOptions),
}

/// Gibbs chains for thermal averages.
#[derive(Debug, Clone)]
pub struct ChainOptions {
    /// Independent chains, at least 2: squares of averages are taken between different chains and have no bias from their number.
    pub chains: usize,
    /// Sweeps before the first measurement. Deep in the spin glass none suffice; see [`MapPoint::drift`](super::MapPoint::drift).
    pub burn_in: usize,
    /// Measurements, at least 2.
    pub measurements: usize,
    /// Sweeps between measurements.
    pub interval: usize,
    /// Where the chains live.
    pub device: Device,
}

/// Order parameters of one model, as the fields of the same names of the map's points.
pub(super) struct OrderParameters {
    pub magnetization: f64,
    pub edwards_anderson: f64,
    pub layer_magnetization: f64,
    pub layer_overlap: f64,
    pub drift: Option<f64>,
}

/// A unit's value, given as 0 or 1, in some units.
fn value(units: Units, bit: f64) -> f64 {
    match units {
        Units::Binary => bit,
        Units::Spin => 2.0 * bit - 1.0,
    }
}

pub(super) fn exact_order_parameters(
    model: &Parameters,
    units: Units,
) -> Result<OrderParameters, AnalysisError> {
    let moments = Enumeration::new(model)?.moments();
    let (n, m) = (model.n_visible, model.n_hidden);
    let means = || {
        let all = moments.visible.iter().chain(&moments.hidden);
        all.map(|&mean| value(units, mean))
    };
    let correlation = |k: usize| {
        let (v, h) = (moments.visible[k / m], moments.hidden[k % m]);
        4.0 * moments.visible_hidden[k] - 2.0 * v - 2.0 * h + 1.0
    };
    let pairs = (n * m) as f64;
    Ok(OrderParameters {
        magnetization: means().sum::<f64>() / (n + m) as f64,
        edwards_anderson: means().map(|x| x * x).sum::<f64>() / (n + m) as f64,
        layer_magnetization: (0..n * m).map(correlation).sum::<f64>() / pairs,
        layer_overlap: (0..n * m).map(|k| correlation(k).powi(2)).sum::<f64>() / pairs,
        drift: None,
    })
}

/// Squares of thermal averages are products between different chains, (|sum_c a_c|^2 - sum_c |a_c|^2)/(C (C-1)), and so unbiased.
pub(super) fn sampled_order_parameters(
    model: &Parameters,
    units: Units,
    options: &ChainOptions,
    seed: u64,
    index: usize,
) -> Result<OrderParameters, AnalysisError> {
    let (n, m, count) = (model.n_visible, model.n_hidden, options.chains);
    let mut random = generator(seed, stream::PHASE_CHAINS + index as u64);
    let start: Vec<f32> = (0..count * n)
        .map(|_| f32::from(u8::from(random.random::<bool>())))
        .collect();
    let rbm = Rbm::from_parameters(model, &options.device);
    let visible = Tensor::from_data(TensorData::new(start, [count, n]), &options.device);
    let mut chains = Chains::from_visible(&rbm, visible, random.random(), stream::SAMPLE);
    chains.sweep(&rbm, options.burn_in);
    let (pairs, all) = ((n * m) as f64, (n + m) as f64);
    let between = (count * (count - 1)) as f64;
    let mut sums = [0.0; 3];
    let mut overlaps = Vec::with_capacity(options.measurements);
    for _ in 0..options.measurements {
        chains.sweep(&rbm, options.interval.max(1));
        let (v, h) = (bits(&chains.visible, n)?, bits(&chains.hidden, m)?);
        let spin = |a: &Mat<f64>| Mat::from_fn(count, a.ncols(), |c, i| 2.0 * a[(c, i)] - 1.0);
        let (s, t) = (spin(&v), spin(&h));
        let product = s.transpose() * &t;
        let mut total = 0.0;
        for j in 0..m {
            total += product.col(j).iter().sum::<f64>();
        }
        sums[0] += total / (count as f64 * pairs);
        // |s_c|^2 |t_c|^2 = N M in every chain.
        overlaps.push((product.squared_norm_l2() / pairs - count as f64) / between);
        for layer in [&v, &h] {
            for i in 0..layer.ncols() {
                let (mut sum, mut square) = (0.0, 0.0);
                for &bit in layer.col(i).iter() {
                    let x = value(units, bit);
                    sum += x;
                    square += x * x;
                }
                sums[1] += sum / (count as f64 * all);
                sums[2] += (sum * sum - square) / (between * all);
            }
        }
    }
    let measurements = options.measurements as f64;
    let half = options.measurements / 2;
    Ok(OrderParameters {
        magnetization: sums[1] / measurements,
        edwards_anderson: sums[2] / measurements,
        layer_magnetization: sums[0] / measurements,
        layer_overlap: mean(&overlaps),
        drift: Some(mean(&overlaps[overlaps.len() - half..]) - mean(&overlaps[..half])),
    })
}

/// States of chains on the host, `[chains, units]`.
fn bits(states: &Tensor<2>, units: usize) -> Result<Mat<f64>, AnalysisError> {
    let values: Vec<f32> = states
        .to_data()
        .convert::<f32>()
        .try_into_vec()
        .map_err(|error| AnalysisError::Tensor(format!("{error:?}")))?;
    Ok(Mat::from_fn(values.len() / units, units, |c, i| {
        f64::from(values[c * units + i])
    }))
}
