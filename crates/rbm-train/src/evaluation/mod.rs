//! How well a model describes data.

use crate::data::{BinaryDataset, BinaryMatrix};
use burn::tensor::{Tensor, TensorData};
use rbm_model::Rbm;
use rbm_model::estimate::{
    ENUMERATION_LIMIT, Enumeration, pseudo_log_likelihood, sampled_pseudo_log_likelihood,
};
use serde::Serialize;

/// Rows taken to the device at a time.
const CHUNK: usize = 1000;
/// Up to this many softplus evaluations the pseudo-likelihood takes in all units.
const ALL_UNITS_LIMIT: f64 = 1e9;

/// What `evaluate` measures. Likelihoods and energies in nats a row.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// Name of the data set.
    pub dataset: String,
    /// ln Z.
    pub ln_z: Estimates,
    /// Mean log-likelihood of the test rows (training rows if there are none).
    pub log_likelihood: Estimates,
    /// Training rows.
    pub train: Part,
    /// Held-out rows, if there are any.
    pub test: Option<Part>,
}

/// One quantity by each method; absent where a method does not apply.
#[derive(Debug, Clone, Serialize)]
pub struct Estimates {
    /// By enumeration of the smaller layer.
    pub exact: Option<f64>,
    /// `exact`, or `unavailable`.
    pub verdict: &'static str,
    /// Why.
    pub reason: String,
}

/// One part of the data.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// Number of rows.
    pub rows: usize,
    /// Mean log-likelihood, where ln Z is exact.
    pub log_likelihood: Option<f64>,
    /// Mean pseudo-log-likelihood.
    pub pseudo_log_likelihood: Mean,
    /// Mean squared difference of v and p(v | p(h | v)), a unit.
    pub reconstruction_error: f64,
    /// Mean free energy.
    pub free_energy: f64,
}

/// A mean over rows.
#[derive(Debug, Clone, Serialize)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error over rows.
    pub standard_error: f64,
    /// Units drawn a row, or all of them.
    pub units_per_row: usize,
}

/// Evaluates a model on both parts of a data set.
///
/// # Errors
/// [`rbm_model::ModelError`] if the model holds values that are not finite.
pub fn evaluate(
    rbm: &Rbm,
    data: &BinaryDataset,
    units: usize,
    seed: u64,
) -> Result<Evaluation, rbm_model::ModelError> {
    let parameters = rbm.parameters()?;
    let small = parameters.n_visible.min(parameters.n_hidden);
    let ln_z = if small <= ENUMERATION_LIMIT {
        Some(Enumeration::new(&parameters)?.ln_z())
    } else {
        None
    };
    let reason = match ln_z {
        Some(_) => format!("enumeration of 2^{small} states"),
        None => format!(
            "not enumerated: the smaller layer has {small} units, more than {ENUMERATION_LIMIT}"
        ),
    };
    let train = part(rbm, &data.train, ln_z, units, seed);
    let test = (data.test.rows() > 0).then(|| part(rbm, &data.test, ln_z, units, seed));
    let estimates = |exact: Option<f64>| Estimates {
        exact,
        verdict: if exact.is_some() {
            "exact"
        } else {
            "unavailable"
        },
        reason: reason.clone(),
    };
    Ok(Evaluation {
        dataset: data.name.clone(),
        ln_z: estimates(ln_z),
        log_likelihood: estimates(test.as_ref().unwrap_or(&train).log_likelihood),
        train,
        test,
    })
}

fn part(rbm: &Rbm, data: &BinaryMatrix, ln_z: Option<f64>, units: usize, seed: u64) -> Part {
    let (rows, n) = (data.rows(), data.columns());
    let work = rows as f64 * n as f64 * rbm.n_hidden() as f64;
    let all = work <= ALL_UNITS_LIMIT || units >= n;
    let mut pseudo = Vec::with_capacity(rows);
    let (mut free_energy, mut squares) = (0.0, 0.0);
    for (chunk, first) in (0..rows).step_by(CHUNK).enumerate() {
        let indices: Vec<u32> = (first as u32..rows.min(first + CHUNK) as u32).collect();
        let mut values = vec![0.0f32; indices.len() * n];
        data.unpack_rows(&indices, &mut values);
        let visible =
            Tensor::<2>::from_data(TensorData::new(values, [indices.len(), n]), &rbm.device());
        if all {
            pseudo.extend(read(pseudo_log_likelihood(rbm, visible.clone())));
        } else {
            let step = chunk as u64;
            let some = sampled_pseudo_log_likelihood(rbm, visible.clone(), units, seed, step);
            pseudo.extend(read(some));
        }
        free_energy += read(rbm.free_energy(visible.clone())).iter().sum::<f64>();
        let hidden = rbm.hidden_probabilities(visible.clone());
        let difference = rbm.visible_probabilities(hidden) - visible;
        squares += read(difference.powi_scalar(2)).iter().sum::<f64>();
    }
    let count = rows as f64;
    let mean = pseudo.iter().sum::<f64>() / count;
    let variance = pseudo.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    Part {
        rows,
        log_likelihood: ln_z.map(|ln_z| -free_energy / count - ln_z),
        pseudo_log_likelihood: Mean {
            value: mean,
            standard_error: (variance / count).sqrt(),
            units_per_row: if all { n } else { units },
        },
        reconstruction_error: squares / (count * n as f64),
        free_energy: free_energy / count,
    }
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}
