//! Likelihood over a run: the rows of `likelihood.csv` and `likelihood-path.csv`.

use crate::data::BitMatrix;
use burn::tensor::Device;
use rbm_model::{Parameters, Rbm};
use serde::{Deserialize, Serialize};

/// Rows taken to the device at a time.
const CHUNK: usize = 1000;

/// ln Z and mean log-likelihoods of one model of a run, in nats.
///
/// With F the mean free energy of a part of the data, its log-likelihood is -F - ln Z. So it lies
/// between `log_likelihood + ln_z - ln_z_high` and `log_likelihood + ln_z - ln_z_low`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LikelihoodRow {
    /// Updates made.
    pub step: u64,
    /// Epochs done.
    pub epoch: f64,
    /// The best value: Bennett's ratio of both directions, or `ln_z_ais` where there was no way down.
    pub ln_z: f64,
    /// Statistical standard error of that.
    pub standard_error: f64,
    /// Lowest and highest value by everything known; see [`rbm_model::partition::Bracket::range`].
    pub ln_z_low: f64,
    /// The highest.
    pub ln_z_high: f64,
    /// By annealing up: low on average.
    pub ln_z_ais: f64,
    /// By annealing down: high on average, if the samples it starts from are the model's.
    pub ln_z_reverse_ais: Option<f64>,
    /// The smaller effective fraction of the chains in the two directions.
    pub effective_fraction: f64,
    /// Temperatures.
    pub temperatures: usize,
    /// Mean log-likelihood of training rows, with `ln_z`.
    pub train_log_likelihood: f64,
    /// The same of held-out rows.
    pub test_log_likelihood: Option<f64>,
    /// How far to trust it; see [`rbm_model::partition::Verdict`].
    pub verdict: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

impl LikelihoodRow {
    /// What to add to a log-likelihood for its lowest and its highest value.
    pub fn band(&self) -> [f64; 2] {
        [self.ln_z - self.ln_z_high, self.ln_z - self.ln_z_low]
    }
}

/// The text of a CSV file with a header.
///
/// # Errors
/// What the CSV writer says.
pub fn to_csv(rows: &[LikelihoodRow]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// Reads such a file.
///
/// # Errors
/// What the CSV reader says of the first row that is not one.
pub fn from_csv(text: &str) -> Result<Vec<LikelihoodRow>, csv::Error> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect()
}

/// The mean free energy of all rows; `None` without any.
pub fn mean_free_energy(model: &Parameters, device: &Device, data: &BitMatrix) -> Option<f64> {
    let rows = data.rows();
    let rbm = Rbm::from_parameters(model, device);
    let mut sum = 0.0;
    for first in (0..rows).step_by(CHUNK) {
        let visible = data.slice(first..rows.min(first + CHUNK)).to_tensor(device);
        sum += rbm
            .free_energy(visible)
            .into_data()
            .iter::<f64>()
            .sum::<f64>();
    }
    (rows > 0).then(|| sum / rows as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_round_trip() {
        let row = |step, test| LikelihoodRow {
            step,
            epoch: 0.1,
            ln_z: 800.5,
            standard_error: 1.0 / 3.0,
            ln_z_low: 800.25,
            ln_z_high: 801.0,
            ln_z_ais: 800.25,
            ln_z_reverse_ais: test,
            effective_fraction: 0.5,
            temperatures: 1000,
            train_log_likelihood: -80.0,
            test_log_likelihood: test,
            verdict: "upper bound only".into(),
            reason: "a gap, wide".into(),
        };
        let rows = vec![row(0, None), row(10, Some(-81.5))];
        let text = String::from_utf8(to_csv(&rows).unwrap()).unwrap();
        assert_eq!(from_csv(&text).unwrap(), rows);
        assert_eq!(rows[0].band(), [-0.5, 0.25]);
        assert!(from_csv("step,epoch\n1,2\n").is_err());
    }
}
