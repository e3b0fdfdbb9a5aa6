//! Numbers that tell how a run goes.

use super::{Moment, Observer};
use crate::checkpoint::{RunDir, RunError};
use crate::data::{BinaryDataset, BinaryMatrix};
use crate::settings::MonitorSettings;
use crate::state::State;
use burn::tensor::{Tensor, TensorData};
use rbm_analysis::reciprocal::leading_singular_values;
use rbm_model::ops::with_numbers;
use rbm_model::pseudo_likelihood::describe_rows;
use rbm_model::{ModelError, Rbm};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::rc::Rc;

/// Units of a row whose pseudo-likelihood corrects that of all, the same at every evaluation.
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
    /// Pseudo-log-likelihood of training rows.
    pub train_pseudo_log_likelihood: f64,
    /// The same of held-out rows.
    pub test_pseudo_log_likelihood: Option<f64>,
    /// Standard error of that of training rows, over rows.
    #[serde(default)]
    pub train_pseudo_standard_error: Option<f64>,
    /// The same of held-out rows.
    #[serde(default)]
    pub test_pseudo_standard_error: Option<f64>,
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
             train_pseudo_standard_error,test_pseudo_standard_error,train_reconstruction_error,test_reconstruction_error,free_energy_train,\
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
                "{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
                row.step,
                row.epoch,
                row.learning_rate,
                row.train_pseudo_log_likelihood,
                optional(row.test_pseudo_log_likelihood),
                optional(row.train_pseudo_standard_error),
                optional(row.test_pseudo_standard_error),
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
const BLOCK: usize = 256;

/// Evaluates a model on fixed subsets of both parts, the same for all seeds.
pub struct Metrics<'a> {
    run: RunDir,
    log: Rc<RefCell<MetricsLog>>,
    train: Subset<'a>,
    test: Option<Subset<'a>>,
    modes: usize,
}

impl<'a> Metrics<'a> {
    /// Chooses `monitor.rows` rows of each part (or all there are).
    pub fn new(
        run: RunDir,
        log: Rc<RefCell<MetricsLog>>,
        data: &'a BinaryDataset,
        monitor: &MonitorSettings,
    ) -> Self {
        let rows = monitor.rows;
        Self {
            run,
            log,
            train: Subset::new(&data.train, rows),
            test: (data.test.rows() > 0).then(|| Subset::new(&data.test, rows)),
            modes: monitor.singular_values,
        }
    }

    /// Evaluates a model.
    pub fn evaluate(&self, rbm: &Rbm, step: u64, moment: Moment) -> Result<Row, RunError> {
        let train = self.train.evaluate(rbm)?;
        let test = self
            .test
            .as_ref()
            .map(|test| test.evaluate(rbm))
            .transpose()?;
        let mut of_weight = Ok(Vec::new());
        let (mut square, mut largest) = (0.0, 0.0f32);
        with_numbers(rbm.weight.val(), |weight| {
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
            train_pseudo_log_likelihood: train.pseudo_log_likelihood,
            test_pseudo_log_likelihood: test.map(|t| t.pseudo_log_likelihood),
            train_pseudo_standard_error: train.standard_error,
            test_pseudo_standard_error: test.and_then(|t| t.standard_error),
            train_reconstruction_error: train.reconstruction_error,
            test_reconstruction_error: test.map(|t| t.reconstruction_error),
            free_energy_train: train.free_energy,
            free_energy_test: test.map(|t| t.free_energy),
            free_energy_gap: test.map(|t| t.free_energy - train.free_energy),
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

/// Means over a subset.
#[derive(Clone, Copy)]
struct Means {
    pseudo_log_likelihood: f64,
    /// None of a single row.
    standard_error: Option<f64>,
    reconstruction_error: f64,
    free_energy: f64,
}

impl<'a> Subset<'a> {
    /// Of all rows in the order of how many units are on, so many at equal distances: rows with
    /// more units on are less likely, and each subset has its share of them.
    fn new(data: &'a BinaryMatrix, count: usize) -> Self {
        let all = data.rows();
        let count = count.min(all);
        let mut order: Vec<u32> = (0..all as u32).collect();
        if count < all {
            let on = |row: &u32| -> u32 {
                let words = data.row_words(*row as usize).iter();
                words.map(|word| word.count_ones()).sum()
            };
            order.sort_by_cached_key(on);
            order = (0..count)
                .map(|k| order[(2 * k + 1) * all / (2 * count)])
                .collect();
        }
        Self { data, rows: order }
    }

    /// Some rows at a time: fields of all of them may be more than the model.
    fn evaluate(&self, rbm: &Rbm) -> Result<Means, ModelError> {
        let columns = self.data.columns();
        let mut pseudo = Vec::with_capacity(self.rows.len());
        let (mut error, mut free_energy) = (0.0, 0.0);
        for (block, rows) in self.rows.chunks(BLOCK).enumerate() {
            let mut values = vec![0.0f32; rows.len() * columns];
            self.data.unpack_rows(rows, &mut values);
            let values = TensorData::new(values, [rows.len(), columns]);
            let visible = Tensor::<2>::from_data(values, &rbm.device());
            let values = describe_rows(rbm, visible, UNITS_PER_ROW, block * BLOCK)?;
            pseudo.extend(values.pseudo_log_likelihood);
            error += values.reconstruction_error.iter().sum::<f64>();
            free_energy += values.free_energy.iter().sum::<f64>();
        }
        let count = self.rows.len() as f64;
        // Of neighbours in the order alone: what varies along it is in every subset.
        let squares: f64 = pseudo.windows(2).map(|x| (x[1] - x[0]).powi(2)).sum();
        let variance = squares / (2.0 * (count - 1.0).max(1.0));
        Ok(Means {
            pseudo_log_likelihood: pseudo.iter().sum::<f64>() / count,
            standard_error: (count > 1.0).then(|| (variance / count).sqrt()),
            reconstruction_error: error / count,
            free_energy: free_energy / count,
        })
    }
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
            train_pseudo_standard_error: Some(0.25),
            test_pseudo_standard_error: test,
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
