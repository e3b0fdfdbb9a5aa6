//! Evaluates a model while it trains.

use super::METRICS;
use super::log::{MetricsLog, MetricsRow};
use super::metric::{Block, Measure, Metric, Weights};
use crate::checkpoint::{RunDir, RunError};
use crate::data::{BinaryDataset, BinaryMatrix};
use crate::observers::{Moment, Observer};
use crate::settings::MonitorSettings;
use crate::state::State;
use burn::tensor::{Tensor, TensorData};
use rbm_model::Rbm;
use rbm_model::noise::shuffle;
use rbm_model::noise::stream;
use rbm_model::ops::with_slice;
use rbm_model::pseudo_likelihood::HiddenFields;
use std::cell::RefCell;
use std::rc::Rc;

/// Rows that are evaluated at a time.
const BLOCK: usize = 128;

/// Evaluates a model on fixed subsets of both parts, chosen by the seed.
pub struct Metrics<'a> {
    run: RunDir,
    log: Rc<RefCell<MetricsLog>>,
    train: Subset<'a>,
    test: Option<Subset<'a>>,
    seed: u64,
    monitor: &'a MonitorSettings,
}

impl<'a> Metrics<'a> {
    /// Chooses `monitor.rows` rows of each part (or all there are).
    pub fn new(
        run: RunDir,
        log: Rc<RefCell<MetricsLog>>,
        data: &'a BinaryDataset,
        monitor: &'a MonitorSettings,
        seed: u64,
    ) -> Self {
        let rows = monitor.rows;
        Self {
            run,
            log,
            train: Subset::new(&data.train, rows, seed, 0),
            test: (data.test.rows() > 0).then(|| Subset::new(&data.test, rows, seed, 1)),
            seed,
            monitor,
        }
    }

    /// Evaluates a model.
    pub fn evaluate(&self, rbm: &Rbm, step: u64, moment: Moment) -> Result<MetricsRow, RunError> {
        let train = self.train.evaluate(rbm, self.seed);
        let test = self.test.as_ref().map(|test| test.evaluate(rbm, self.seed));
        let mut row = MetricsRow::new(step, moment.epoch, moment.learning_rate);
        let mut means = 0..;
        for metric in METRICS {
            match &metric.measure {
                Measure::OfRows { columns, gap, .. } => {
                    let index = means.next().unwrap_or_default();
                    let [train, test] = [Some(train[index]), test.as_ref().map(|t| t[index])];
                    row.set(columns[0], train);
                    row.set(columns[1], test);
                    if let Some(gap) = gap {
                        let gap_value = test.zip(train).map(|(test, train)| test - train);
                        row.set(gap, gap_value);
                    }
                }
                Measure::OfWeights(of) => {
                    let mut values = Ok(Vec::new());
                    with_slice(rbm.weight.val(), |numbers| {
                        values = of(&Weights {
                            values: numbers,
                            shape: [rbm.n_visible(), rbm.n_hidden()],
                            monitor: self.monitor,
                        });
                    });
                    let values = values.map_err(|error| RunError::Content {
                        path: self.run.metrics_path(),
                        reason: error.to_string(),
                    })?;
                    for (column, value) in values {
                        row.set(&column, Some(value));
                    }
                }
            }
        }
        Ok(row)
    }
}

impl Observer for Metrics<'_> {
    fn observe(&mut self, state: &State, moment: Moment) -> Result<(), RunError> {
        let row = self.evaluate(&state.rbm, state.step, moment)?;
        self.log.borrow_mut().rows.push(row);
        let path = self.run.metrics_path();
        let text = self.log.borrow().to_csv();
        let text = text.map_err(|error| RunError::Content {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        self.run.write(&path, &text)
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

    /// Means over the rows, in the order of the metrics that are such.
    ///
    /// Some rows at a time: fields of all of them may be more than the model.
    fn evaluate(&self, rbm: &Rbm, seed: u64) -> Vec<f64> {
        let sums_of = |block: &Block<'_>| -> Vec<f64> {
            let of = |metric: &Metric| match &metric.measure {
                Measure::OfRows { sum, .. } => Some(scalar(sum(block))),
                Measure::OfWeights(_) => None,
            };
            METRICS.iter().filter_map(of).collect()
        };
        let columns = self.data.columns();
        let mut sums = Vec::new();
        for (number, rows) in self.rows.chunks(BLOCK).enumerate() {
            let mut values = vec![0.0f32; rows.len() * columns];
            self.data.unpack_rows(rows, &mut values);
            let values = TensorData::new(values, [rows.len(), columns]);
            let visible = Tensor::<2>::from_data(values, &rbm.device());
            // One product serves all.
            let parts = sums_of(&Block {
                rbm,
                fields: HiddenFields::new(rbm, visible.clone()),
                visible,
                seed,
                number: number as u64,
            });
            sums.resize(parts.len(), 0.0);
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += part;
            }
        }
        sums.into_iter()
            .map(|sum| sum / self.rows.len() as f64)
            .collect()
    }
}

fn scalar(tensor: Tensor<1>) -> f64 {
    tensor.into_data().iter::<f64>().next().unwrap_or(f64::NAN)
}
