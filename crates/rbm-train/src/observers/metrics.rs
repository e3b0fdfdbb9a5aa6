//! Numbers that tell how a run goes.

use super::{Moment, Observer};
use crate::checkpoint::{RunDir, RunError};
use crate::data::{BinaryDataset, BinaryMatrix};
use crate::settings::MonitorSettings;
use crate::state::State;
use burn::tensor::{Tensor, TensorData};
use rbm_analysis::reciprocal::leading_singular_values;
use rbm_model::noise::{shuffle, stream};
use rbm_model::ops::with_slice;
use rbm_model::pseudo_likelihood::HiddenFields;
use rbm_model::{Rbm, ops};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::rc::Rc;

/// Units drawn a row for the pseudo-likelihood, the same at every evaluation.
const UNITS_PER_ROW: usize = 8;

/// One evaluation. Likelihoods and free energies in nats a row; a part without rows has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Updates made.
    pub step: u64,
    /// Epochs done.
    pub epoch: f64,
    /// Learning rate of the last update.
    pub learning_rate: f64,
    /// Pseudo-log-likelihood of training rows, estimated from a few units a row.
    pub train_pseudo_log_likelihood: f64,
    /// The same of held-out rows.
    pub test_pseudo_log_likelihood: Option<f64>,
    /// Mean squared difference of training rows and p(v | p(h | v)), a unit.
    pub train_reconstruction_error: f64,
    /// The same of held-out rows.
    pub test_reconstruction_error: Option<f64>,
    /// Mean free energy of training rows.
    pub free_energy_train: f64,
    /// Mean free energy of held-out rows.
    pub free_energy_test: Option<f64>,
    /// Held-out minus training free energy; grows when the model overfits.
    pub free_energy_gap: Option<f64>,
    /// Frobenius norm of W.
    pub weight_norm: f64,
    /// Largest |W_ij|.
    pub weight_max: f64,
    /// Leading singular values of W, largest first.
    #[serde(skip)]
    pub singular_values: Vec<f64>,
}

/// The rows of `metrics.csv`.
#[derive(Debug, Clone, Default)]
pub struct MetricsLog {
    /// In order of `step`.
    pub rows: Vec<Row>,
}

impl MetricsLog {
    /// The text of `metrics.csv`: the named columns, then `singular_value_1`, ...
    pub fn to_csv(&self) -> String {
        let mut text = String::from(
            "step,epoch,learning_rate,train_pseudo_log_likelihood,test_pseudo_log_likelihood,\
             train_reconstruction_error,test_reconstruction_error,free_energy_train,\
             free_energy_test,free_energy_gap,weight_norm,weight_max",
        );
        let modes = self.rows.first().map_or(0, |row| row.singular_values.len());
        for k in 1..=modes {
            text += &format!(",singular_value_{k}");
        }
        text.push('\n');
        let optional = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
        for row in &self.rows {
            text += &format!(
                "{},{},{},{},{},{},{},{},{},{},{},{}",
                row.step,
                row.epoch,
                row.learning_rate,
                row.train_pseudo_log_likelihood,
                optional(row.test_pseudo_log_likelihood),
                row.train_reconstruction_error,
                optional(row.test_reconstruction_error),
                row.free_energy_train,
                optional(row.free_energy_test),
                optional(row.free_energy_gap),
                row.weight_norm,
                row.weight_max
            );
            for value in &row.singular_values {
                text += &format!(",{value}");
            }
            text.push('\n');
        }
        text
    }

    /// Reads `metrics.csv`.
    ///
    /// # Errors
    /// What the CSV reader says of the first row that is not one.
    pub fn from_csv(text: &str) -> Result<Self, csv::Error> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers = reader.headers()?.clone();
        let named = headers
            .iter()
            .take_while(|name| !name.starts_with("singular_value_"))
            .count();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record?;
            let mut row: Row = record.deserialize(Some(&headers))?;
            row.singular_values = record
                .iter()
                .skip(named)
                .map_while(|x| x.parse().ok())
                .collect();
            rows.push(row);
        }
        Ok(Self { rows })
    }

    /// Reads the `metrics.csv` of a run; there are no rows where it is not there.
    ///
    /// # Errors
    /// [`RunError::Io`] for any other reason, [`RunError::Content`].
    pub fn of_run(run: &RunDir) -> Result<Self, RunError> {
        let path = run.metrics_path();
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::from_csv(&text).map_err(|error| RunError::Content {
                path,
                reason: error.to_string(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(RunError::Io {
                action: "read",
                path,
                source,
            }),
        }
    }

    /// Drops what came after a checkpoint, so that a resumed run repeats it.
    pub fn truncate(&mut self, step: u64) {
        self.rows.retain(|row| row.step <= step);
    }
}

/// Rows that are evaluated at a time.
const BLOCK: usize = 128;

/// Evaluates a model on fixed subsets of both parts, chosen by the seed.
pub struct Metrics<'a> {
    run: RunDir,
    log: Rc<RefCell<MetricsLog>>,
    train: Subset<'a>,
    test: Option<Subset<'a>>,
    seed: u64,
    modes: usize,
}

impl<'a> Metrics<'a> {
    /// Chooses `monitor.rows` rows of each part (or all there are).
    pub fn new(
        run: RunDir,
        log: Rc<RefCell<MetricsLog>>,
        data: &'a BinaryDataset,
        monitor: &MonitorSettings,
        seed: u64,
    ) -> Self {
        let rows = monitor.rows;
        Self {
            run,
            log,
            train: Subset::new(&data.train, rows, seed, 0),
            test: (data.test.rows() > 0).then(|| Subset::new(&data.test, rows, seed, 1)),
            seed,
            modes: monitor.singular_values,
        }
    }

    /// Evaluates a model.
    pub fn evaluate(&self, rbm: &Rbm, step: u64, moment: Moment) -> Result<Row, RunError> {
        let train = self.train.evaluate(rbm, self.seed);
        let test = self.test.as_ref().map(|test| test.evaluate(rbm, self.seed));
        let mut of_weight = Ok(Vec::new());
        let (mut square, mut largest) = (0.0, 0.0f32);
        with_slice(rbm.weight.val(), |weight| {
            square = weight.iter().map(|w| f64::from(*w).powi(2)).sum();
            largest = weight.iter().fold(0.0, |max, w| max.max(w.abs()));
            of_weight =
                leading_singular_values(weight, rbm.n_visible(), rbm.n_hidden(), self.modes);
        });
        let singular_values = of_weight.map_err(|error| RunError::Content {
            path: self.run.metrics_path(),
            reason: error.to_string(),
        })?;
        Ok(Row {
            step,
            epoch: moment.epoch,
            learning_rate: moment.learning_rate,
            train_pseudo_log_likelihood: train[0],
            test_pseudo_log_likelihood: test.map(|t| t[0]),
            train_reconstruction_error: train[1],
            test_reconstruction_error: test.map(|t| t[1]),
            free_energy_train: train[2],
            free_energy_test: test.map(|t| t[2]),
            free_energy_gap: test.map(|t| t[2] - train[2]),
            weight_norm: square.sqrt(),
            weight_max: f64::from(largest),
            singular_values,
        })
    }
}

impl Observer for Metrics<'_> {
    fn observe(&mut self, state: &State, moment: Moment) -> Result<(), RunError> {
        let row = self.evaluate(&state.rbm, state.step, moment)?;
        self.log.borrow_mut().rows.push(row);
        let text = self.log.borrow().to_csv();
        self.run.write(&self.run.metrics_path(), text.as_bytes())
    }
}

/// Some rows of a part.
struct Subset<'a> {
    data: &'a BinaryMatrix,
    rows: Vec<u32>,
}

impl<'a> Subset<'a> {
    fn new(data: &'a BinaryMatrix, rows: usize, seed: u64, part: u64) -> Self {
        let mut order = shuffle(seed, stream::MONITOR, u64::MAX - part, data.rows() as u32);
        order.truncate(rows);
        order.shrink_to_fit();
        Self { data, rows: order }
    }

    /// Means over the rows: pseudo-log-likelihood, reconstruction error a unit, free energy.
    ///
    /// Some rows at a time: fields of all of them may be more than the model.
    fn evaluate(&self, rbm: &Rbm, seed: u64) -> [f64; 3] {
        let columns = self.data.columns();
        let mut sums = [0.0; 3];
        for (block, rows) in self.rows.chunks(BLOCK).enumerate() {
            let mut values = vec![0.0f32; rows.len() * columns];
            self.data.unpack_rows(rows, &mut values);
            let values = TensorData::new(values, [rows.len(), columns]);
            let visible = Tensor::<2>::from_data(values, &rbm.device());
            // One product serves all three.
            let fields = HiddenFields::new(rbm, visible.clone());
            let pseudo = fields.sampled_pseudo_log_likelihood(UNITS_PER_ROW, seed, block as u64);
            let none = rbm.hidden_bias.val().zeros_like();
            let free_energy = fields.free_energy();
            let hidden = ops::activate(fields.field, none);
            let difference = rbm.visible_probabilities(hidden) - visible;
            let error = difference.powi_scalar(2).sum() / columns as f64;
            for (sum, part) in sums
                .iter_mut()
                .zip([pseudo.sum(), error, free_energy.sum()])
            {
                *sum += scalar(part);
            }
        }
        sums.map(|sum| sum / self.rows.len() as f64)
    }
}

fn scalar(tensor: Tensor<1>) -> f64 {
    tensor.into_data().iter::<f64>().next().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_round_trip_with_and_without_a_test_part() {
        let row = |step, test| Row {
            step,
            epoch: 0.1,
            learning_rate: 0.1 / 3.0,
            train_pseudo_log_likelihood: -100.25,
            test_pseudo_log_likelihood: test,
            train_reconstruction_error: 1e-9,
            test_reconstruction_error: test,
            free_energy_train: -3.0,
            free_energy_test: test,
            free_energy_gap: test,
            weight_norm: 2.0,
            weight_max: 0.5,
            singular_values: vec![1.5, 0.25],
        };
        let mut log = MetricsLog {
            rows: vec![row(1, Some(0.5)), row(2, None)],
        };
        let read = MetricsLog::from_csv(&log.to_csv()).unwrap();
        assert_eq!(read.rows, log.rows);
        log.truncate(1);
        assert_eq!(log.rows.len(), 1);
        assert!(MetricsLog::from_csv("step,epoch\nx,1\n").is_err());
    }
}
