//! Evaluates a model while it trains.

use super::METRICS;
use super::log::{MetricsLog, MetricsRow};
use super::metric::{Block, Measure, Weights};
use crate::checkpoint::{RunDir, RunError};
use crate::data::{BinaryDataset, BitMatrix};
use crate::observers::{Moment, Observer};
use crate::settings::MonitorSettings;
use crate::state::State;
use rbm_model::ops::with_slice;
use rbm_model::pseudo_likelihood::describe_rows;
use rbm_model::{ModelError, Rbm};
use std::cell::RefCell;
use std::rc::Rc;

/// Rows that are evaluated at a time.
const BLOCK: usize = 256;
/// Units of a row whose pseudo-likelihood corrects that of all, the same at every evaluation.
const UNITS_PER_ROW: usize = 8;

/// Evaluates a model on fixed subsets of both parts, the same for all seeds.
pub struct Metrics<'a> {
    run: Option<RunDir>,
    log: Rc<RefCell<MetricsLog>>,
    train: Subset<'a>,
    test: Option<Subset<'a>>,
    monitor: &'a MonitorSettings,
}

impl<'a> Metrics<'a> {
    /// Chooses `monitor.rows` rows of each part (or all there are); `metrics.csv` is written where there is a run.
    pub fn new(
        run: Option<RunDir>,
        log: Rc<RefCell<MetricsLog>>,
        data: &'a BinaryDataset,
        monitor: &'a MonitorSettings,
    ) -> Self {
        let rows = monitor.rows;
        Self {
            run,
            log,
            train: Subset::new(&data.train, rows),
            test: (data.test.rows() > 0).then(|| Subset::new(&data.test, rows)),
            monitor,
        }
    }

    /// Evaluates a model.
    pub fn evaluate(&self, rbm: &Rbm, step: u64, moment: Moment) -> Result<MetricsRow, RunError> {
        let train = self.train.evaluate(rbm)?;
        let test = self.test.as_ref().map(|test| test.evaluate(rbm));
        let test = test.transpose()?;
        let mut row = MetricsRow::new(step, moment.epoch, moment.learning_rate);
        let mut means = 0..;
        for metric in METRICS {
            match &metric.measure {
                Measure::OfRows {
                    columns,
                    standard_errors,
                    gap,
                    ..
                } => {
                    let index = means.next().unwrap_or_default();
                    let parts = [Some(train[index]), test.as_ref().map(|t| t[index])];
                    for (column, part) in columns.iter().zip(parts) {
                        row.set(column, part.map(|part| part.mean));
                    }
                    for (column, part) in standard_errors.iter().flatten().zip(parts) {
                        row.set(column, part.and_then(|part| part.standard_error));
                    }
                    if let Some(gap) = gap {
                        let [train, test] = parts;
                        let difference =
                            test.zip(train).map(|(test, train)| test.mean - train.mean);
                        row.set(gap, difference);
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
                        path: "metrics.csv".into(),
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
        let Some(run) = &self.run else {
            return Ok(());
        };
        let path = run.metrics_path();
        let text = self.log.borrow().to_csv();
        let text = text.map_err(|error| RunError::Content {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        run.write_unsynced(&path, &text)
    }

    fn sync(&mut self) -> Result<(), RunError> {
        match &self.run {
            Some(run) if !self.log.borrow().rows.is_empty() => run.sync(&[run.metrics_path()]),
            _ => Ok(()),
        }
    }
}

/// Some rows of a part.
struct Subset<'a> {
    data: &'a BitMatrix,
    rows: Vec<u32>,
}

/// A mean over a subset.
#[derive(Clone, Copy)]
struct Mean {
    mean: f64,
    /// None of a single row.
    standard_error: Option<f64>,
}

impl Mean {
    /// The standard error is that of neighbors in the order alone: what varies along it is in every subset.
    fn new(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let squares: f64 = values.windows(2).map(|x| (x[1] - x[0]).powi(2)).sum();
        let variance = squares / (2.0 * (count - 1.0).max(1.0));
        Self {
            mean: values.iter().sum::<f64>() / count,
            standard_error: (count > 1.0).then(|| (variance / count).sqrt()),
        }
    }
}

impl<'a> Subset<'a> {
    /// Of all rows in the order of how many units are on, so many at equal distances: rows with
    /// more units on are less likely, and each subset has its share of them.
    fn new(data: &'a BitMatrix, count: usize) -> Self {
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

    /// Means over the rows, in the order of the metrics that are such.
    ///
    /// Some rows at a time: fields of all of them may be more than the model.
    fn evaluate(&self, rbm: &Rbm) -> Result<Vec<Mean>, ModelError> {
        let of_rows = || {
            METRICS.iter().filter_map(|metric| match &metric.measure {
                Measure::OfRows { values, .. } => Some(values),
                Measure::OfWeights(_) => None,
            })
        };
        let mut all = vec![Vec::with_capacity(self.rows.len()); of_rows().count()];
        for (block, rows) in self.rows.chunks(BLOCK).enumerate() {
            let visible = self.data.select(rows);
            // One pass serves all.
            let described = &describe_rows(rbm, &visible, UNITS_PER_ROW, block * BLOCK)?;
            for (all, values) in all.iter_mut().zip(of_rows()) {
                all.extend(values(&Block { described }));
            }
        }
        Ok(all.iter().map(|values| Mean::new(values)).collect())
    }
}
