//! Training from code, in memory.

use crate::checkpoint::RunError;
use crate::data::{BinaryDataset, DataError};
use crate::observers::{Meter, MetricsLog, MetricsRow};
use crate::session::initial_state;
use crate::settings::{MemoryError, SettingError, Settings};
use crate::trainer::{OnEvaluation, StopReason, Trainer};
use rbm_model::{ModelError, Rbm};
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

/// Trains a model as the command `train` does, but leaves no file: the same settings and data give the same model.
///
/// # Examples
/// ```
/// use rbm_train::data::bars_and_stripes;
/// use rbm_train::{Settings, Training};
/// use std::ops::ControlFlow;
///
/// let data = bars_and_stripes(3)?;
/// let mut settings = Settings::default();
/// settings.model.hidden = 8;
/// settings.learner.gibbs_steps = 5;
/// settings.training.batch_size = 7;
/// settings.training.epochs = Some(400);
/// settings.optimizer.learning_rate = 0.5;
///
/// let mut evaluations = 0;
/// let trained = Training::new(&settings, &data)
///     .on_evaluation(|row| {
///         evaluations += 1;
///         // Enough seen: stop after this update.
///         if row.epoch >= 200.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
///     })
///     .run()?;
/// assert_eq!((trained.model.n_visible(), trained.model.n_hidden()), (9, 8));
/// assert_eq!(trained.metrics.len(), evaluations);
/// let [first, last] = [0, evaluations - 1].map(|k| trained.metrics[k].pseudo_log_likelihood().value);
/// assert!(last > first + 1.0, "in nats: {first} {last}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Training<'a> {
    settings: &'a Settings,
    data: &'a BinaryDataset,
    on_evaluation: Option<OnEvaluation<'a>>,
}

/// A trained model.
pub struct Trained {
    /// The model after the last update.
    pub model: Rbm,
    /// All evaluations: before the first update, and as the settings in `monitor` say.
    pub metrics: Vec<MetricsRow>,
    /// Updates made.
    pub updates: u64,
    /// Why training stopped.
    pub reason: StopReason,
}

/// Why a model cannot be trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// A setting that cannot be used.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Data without rows or columns.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Too little memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A device that is not there, or a model without units.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// An evaluation that failed.
    #[error(transparent)]
    Evaluation(#[from] RunError),
}

impl<'a> Training<'a> {
    /// Of a model on data, as settings say. Of these, those of `data` are not looked at, nor those of brackets and
    /// checkpoints.
    pub fn new(settings: &'a Settings, data: &'a BinaryDataset) -> Self {
        Self {
            settings,
            data,
            on_evaluation: None,
        }
    }

    /// Calls `hear` with each evaluation as soon as it is made; [`ControlFlow::Break`] stops training after the next
    /// update.
    #[must_use]
    pub fn on_evaluation(mut self, hear: impl FnMut(&MetricsRow) -> ControlFlow<()> + 'a) -> Self {
        self.on_evaluation = Some(Box::new(hear));
        self
    }

    /// Trains.
    ///
    /// # Errors
    /// [`TrainingError`]. A model that diverges is none: see [`Trained::reason`].
    pub fn run(self) -> Result<Trained, TrainingError> {
        let data = self.data;
        self.settings.validate()?;
        data.check_not_empty(&data.name, "give a data set with rows")?;
        let settings = &self.settings.clone().fit_to(data.train.rows());
        settings.check_memory(data.train.columns(), data.train.rows())?;
        let devices = settings.training.open_devices()?;
        let state = initial_state(settings, data, &devices)?;
        let (stop, quiet) = (AtomicBool::new(false), Meter::default());
        let mut trainer = Trainer {
            settings,
            data,
            home: None,
            stop: &stop,
            stop_after: None,
            meter: Some(&quiet),
            on_evaluation: self.on_evaluation,
        };
        let session = trainer.run(state, MetricsLog::default())?;
        Ok(Trained {
            model: session.state.rbm,
            metrics: session.log.rows,
            updates: session.outcome.step,
            reason: session.outcome.reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::bars_and_stripes;
    use crate::session::{SessionOptions, start};
    use burn_dataset::InMemDataset;

    fn settings() -> Settings {
        let mut settings = Settings::default();
        settings.data.dataset = "bars-and-stripes:3".into();
        settings.data.test_fraction = 0.0;
        settings.model.hidden = 5;
        settings.training.batch_size = 4;
        settings.training.epochs = Some(6);
        settings
    }

    #[test]
    fn the_model_is_that_of_a_run_with_files() {
        let (settings, dir) = (settings(), tempfile::tempdir().unwrap());
        let data = bars_and_stripes(3).unwrap();
        let trained = Training::new(&settings, &data).run().unwrap();
        let stop = AtomicBool::new(false);
        let options = SessionOptions {
            overwrite: false,
            stop_after: None,
            stop: &stop,
            from: None,
            meter: None,
        };
        let (run, outcome) = start(&settings, &dir.path().join("run"), options).unwrap();
        assert_eq!(
            (trained.updates, trained.reason),
            (outcome.step, outcome.reason)
        );
        let model = rbm_model::file::read(&run.model_path()).unwrap();
        assert_eq!(trained.model.parameters().unwrap(), model);
        assert_eq!(trained.metrics, MetricsLog::of_run(&run).unwrap().rows);
    }

    #[test]
    fn data_without_rows_are_refused() {
        let mut data = bars_and_stripes(3).unwrap();
        data.train = data.train.select(&[]);
        let error = Training::new(&settings(), &data).run().err();
        assert!(matches!(error, Some(TrainingError::Data(_))), "{error:?}");
    }

    #[test]
    fn any_burn_data_set_is_trained_on_until_it_is_enough() {
        let rows = bars_and_stripes(3).unwrap().train;
        let rows = (0..rows.rows()).map(|row| {
            let units = (0..rows.columns()).map(|unit| u8::from(rows.get(row, unit)));
            units.collect::<Vec<u8>>()
        });
        let data = BinaryDataset::from_burn("mine", &InMemDataset::new(rows.collect())).unwrap();
        let (settings, mut heard) = (settings(), Vec::new());
        let trained = Training::new(&settings, &data)
            .on_evaluation(|row| {
                heard.push(row.step);
                match row.step {
                    0..=3 => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(()),
                }
            })
            .run()
            .unwrap();
        assert_eq!(trained.reason, StopReason::Interrupted);
        assert_eq!(
            heard,
            trained
                .metrics
                .iter()
                .map(|row| row.step)
                .collect::<Vec<_>>()
        );
        assert!(trained.updates < 24, "{}", trained.updates);
        let mut wrong = settings.clone();
        wrong.model.hidden = 0;
        let error = Training::new(&wrong, &data).run().err().unwrap();
        assert!(error.to_string().contains("model.hidden"), "{error}");
    }
}
