//! `metrics.csv`.

use super::{pseudo_log_likelihood, singular_values};
use crate::checkpoint::{RunDir, RunError};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Columns that are no metrics.
const TIME: [&str; 3] = ["step", "epoch", "learning_rate"];

/// One evaluation: a row of `metrics.csv`.
///
/// # Examples
/// The first evaluation is of the model before any update:
/// ```
/// use rbm_train::{Settings, Training, data::bars_and_stripes};
/// let (mut settings, data) = (Settings::default(), bars_and_stripes(2)?);
/// settings.model.hidden = 3;
/// settings.training.epochs = Some(1);
/// let first = &Training::new(&settings, &data).run()?.metrics[0];
/// assert_eq!((first.step, first.singular_values().len()), (0, 3));
/// // All units are on half of the time, and as good as independent.
/// assert!((first.pseudo_log_likelihood().value + 4.0 * 2f64.ln()).abs() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsRow {
    /// Updates made.
    pub step: u64,
    /// Epochs done.
    pub epoch: f64,
    /// Learning rate of the last update.
    pub learning_rate: f64,
    /// Metrics by column; a part without rows has none.
    values: Vec<(String, Option<f64>)>,
}

impl MetricsRow {
    /// An evaluation without metrics.
    pub(crate) fn new(step: u64, epoch: f64, learning_rate: f64) -> Self {
        Self {
            step,
            epoch,
            learning_rate,
            values: Vec::new(),
        }
    }

    /// The value in a column.
    pub fn value(&self, column: &str) -> Option<f64> {
        let found = self.values.iter().find(|(name, _)| name == column);
        found.and_then(|(_, value)| *value)
    }

    /// Sets the value in a column; new columns come last.
    pub(crate) fn set(&mut self, column: &str, value: Option<f64>) {
        match self.values.iter_mut().find(|(name, _)| name == column) {
            Some((_, old)) => *old = value,
            None => self.values.push((column.to_owned(), value)),
        }
    }

    /// Leading singular values of W, largest first.
    pub fn singular_values(&self) -> Vec<f64> {
        let values = self.values.iter();
        values
            .filter(|(name, _)| name.starts_with(singular_values::PREFIX))
            .filter_map(|(_, value)| *value)
            .collect()
    }

    /// Pseudo-log-likelihood of held-out rows, else of training rows.
    pub fn pseudo_log_likelihood(&self) -> PseudoLogLikelihood {
        let of = |part, value, error| {
            let (value, error) = (self.value(value)?, self.value(error));
            Some(PseudoLogLikelihood { part, value, error })
        };
        of(
            "test",
            pseudo_log_likelihood::TEST,
            pseudo_log_likelihood::TEST_ERROR,
        )
        .or_else(|| {
            let error = pseudo_log_likelihood::TRAIN_ERROR;
            of("train", pseudo_log_likelihood::TRAIN, error)
        })
        .unwrap_or(PseudoLogLikelihood {
            part: "train",
            value: f64::NAN,
            error: None,
        })
    }
}

/// A pseudo-log-likelihood, in nats per row.
///
/// # Examples
/// ```
/// let value = rbm_train::PseudoLogLikelihood { part: "test", value: -46.06, error: Some(0.21) };
/// assert_eq!(value.text(1), "-46.1 ± 0.2");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PseudoLogLikelihood {
    /// "train" or "test" rows.
    pub part: &'static str,
    /// Mean over the rows.
    pub value: f64,
    /// Its standard error over rows; runs of versions before 0.2 have none.
    pub error: Option<f64>,
}

impl PseudoLogLikelihood {
    /// Value and error with so many digits after the point: `-46.1 ± 0.2`.
    pub fn text(&self, digits: usize) -> String {
        let error = self.error.map(|error| format!(" ± {error:.digits$}"));
        format!("{:.digits$}{}", self.value, error.unwrap_or_default())
    }
}

impl Serialize for MetricsRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(TIME.len() + self.values.len()))?;
        map.serialize_entry(TIME[0], &self.step)?;
        map.serialize_entry(TIME[1], &self.epoch)?;
        map.serialize_entry(TIME[2], &self.learning_rate)?;
        for (name, value) in &self.values {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The rows of `metrics.csv`.
#[derive(Debug, Clone, Default)]
pub struct MetricsLog {
    /// In order of `step`.
    pub rows: Vec<MetricsRow>,
}

impl MetricsLog {
    /// The bytes of `metrics.csv`. Columns are those of the first row.
    ///
    /// # Errors
    /// What the CSV writer says.
    pub fn to_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let first = self.rows.first().map_or(&[][..], |row| &row.values);
        let names = || first.iter().map(|(name, _)| name.as_str());
        writer.write_record(TIME.into_iter().chain(names()))?;
        for row in &self.rows {
            // As Rust writes numbers: the shortest digits that read back the same, without exponent.
            let time = [
                row.step.to_string(),
                row.epoch.to_string(),
                row.learning_rate.to_string(),
            ];
            let text = |name| row.value(name).map(|x| x.to_string()).unwrap_or_default();
            writer.write_record(time.into_iter().chain(names().map(text)))?;
        }
        writer
            .into_inner()
            .map_err(|error| error.into_error().into())
    }

    /// Reads `metrics.csv`.
    ///
    /// # Errors
    /// What the CSV reader says of the first row that is not one.
    pub fn from_csv(text: &str) -> Result<Self, csv::Error> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers = reader.headers()?.clone();
        if !headers.iter().take(TIME.len()).eq(TIME) {
            let reason = format!("the first columns must be {}", TIME.join(", "));
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, reason).into());
        }
        let names = || headers.iter().skip(TIME.len()).map(String::from);
        let mut rows = Vec::new();
        for record in reader.deserialize() {
            let (step, epoch, learning_rate, values): (u64, f64, f64, Vec<Option<f64>>) = record?;
            rows.push(MetricsRow {
                values: names().zip(values).collect(),
                ..MetricsRow::new(step, epoch, learning_rate)
            });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_round_trip_with_and_without_a_test_part() {
        let row = |step, test| {
            let mut row = MetricsRow::new(step, 0.1, 0.1 / 3.0);
            row.set("train_pseudo_log_likelihood", Some(-100.25));
            row.set("test_pseudo_log_likelihood", test);
            row.set("train_reconstruction_error", Some(1e-9));
            row.set("weight_norm", Some(2.0));
            row.set("singular_value_1", Some(1.5));
            row.set("singular_value_2", Some(0.25));
            row
        };
        let mut log = MetricsLog {
            rows: vec![row(1, Some(0.5)), row(2, None)],
        };
        let text = String::from_utf8(log.to_csv().unwrap()).unwrap();
        assert_eq!(
            text,
            "step,epoch,learning_rate,train_pseudo_log_likelihood,test_pseudo_log_likelihood,\
             train_reconstruction_error,weight_norm,singular_value_1,singular_value_2\n\
             1,0.1,0.03333333333333333,-100.25,0.5,0.000000001,2,1.5,0.25\n\
             2,0.1,0.03333333333333333,-100.25,,0.000000001,2,1.5,0.25\n"
        );
        let read = MetricsLog::from_csv(&text).unwrap();
        assert_eq!(read.rows, log.rows);
        assert_eq!(read.rows[1].singular_values(), [1.5, 0.25]);
        let found = read.rows[1].pseudo_log_likelihood();
        assert_eq!(
            (found.part, found.value, found.error),
            ("train", -100.25, None)
        );
        assert_eq!(found.text(1), "-100.2");
        log.truncate(1);
        assert_eq!(log.rows.len(), 1);
        for wrong in [
            "step,epoch\nx,1\n",
            "step,epoch,learning_rate\nx,1,1\n",
            "step,epoch,learning_rate,weight_norm\n1,1,1,x\n",
            "a,b,c\n1,1,1\n",
        ] {
            assert!(MetricsLog::from_csv(wrong).is_err(), "{wrong}");
        }
    }
}
