//! `RUN | --model FILE`: where a command takes its model and data from.

use super::output::UsageError;
use crate::checkpoint::RunDir;
use crate::data::BinaryDataset;
use crate::session;
use crate::settings::Settings;
use anyhow::Context;
use clap::Args;
use rbm_model::file::{self, Layout};
use rbm_model::{ModelError, Parameters};
use std::path::{Path, PathBuf};

/// A run, or a model file.
#[derive(Debug, Args)]
pub struct SourceArgs {
    /// Run directory
    #[arg(value_name = "RUN", conflicts_with = "model")]
    pub run: Option<PathBuf>,
    /// Model file (safetensors) instead of a run
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// The model file's weight is [n_hidden, n_visible]; of a square one nothing else can tell
    #[arg(long, requires = "model")]
    pub transpose: bool,
}

/// What was found there.
pub struct Source {
    /// The latest model.
    pub parameters: Parameters,
    /// The run, if it is one.
    pub run: Option<RunDir>,
    /// Where the model was read from.
    pub path: PathBuf,
}

/// Opens a run, or says what was given in its place.
///
/// # Errors
/// [`UsageError`] for a file or a sweep; else as [`RunDir::open`].
pub fn open_run(root: &Path) -> anyhow::Result<RunDir> {
    let shown = root.display();
    if root.is_file() {
        return Err(UsageError(format!(
            "{shown} is a file, not a run directory; a model file is given as --model {shown}"
        ))
        .into());
    }
    if !root.exists() {
        anyhow::bail!("{shown}: there is no such run directory");
    }
    if !crate::report::is_sweep(root) && !root.join("manifest.json").exists() {
        anyhow::bail!("{shown} is no run directory: it holds no manifest.json");
    }
    if crate::report::is_sweep(root) {
        return Err(UsageError(format!(
            "{shown} is a sweep; give one of the run directories in it"
        ))
        .into());
    }
    Ok(RunDir::open(root)?)
}

impl SourceArgs {
    /// Reads a model file.
    fn read(&self, path: &Path) -> anyhow::Result<Parameters> {
        let layout = match self.transpose {
            true => Layout::HiddenVisible,
            false => Layout::VisibleHidden,
        };
        file::read_as(path, layout).map_err(|error| {
            let hint = match (&error, self.transpose) {
                (ModelError::InFile { source, .. }, false)
                    if matches!(**source, ModelError::Transposed { .. }) =>
                {
                    "; --transpose reads it so"
                }
                _ => "",
            };
            anyhow::anyhow!("{error}{hint}")
        })
    }

    /// Reads the model.
    pub fn open(&self) -> anyhow::Result<Source> {
        match (&self.run, &self.model) {
            (Some(root), _) => {
                let run = open_run(root)?;
                // The checkpoint is the latest state of a run that was killed, too.
                let path = run.state_path();
                let parameters = rbm_model::file::read(&path)?;
                let manifest = run.manifest()?;
                let (said, found) = (
                    (manifest.n_visible, manifest.n_hidden),
                    (parameters.n_visible, parameters.n_hidden),
                );
                anyhow::ensure!(
                    said == found,
                    "{}: manifest.json says {} visible and {} hidden units, {} holds {} and {}",
                    root.display(),
                    said.0,
                    said.1,
                    path.display(),
                    found.0,
                    found.1
                );
                Ok(Source {
                    parameters,
                    run: Some(run),
                    path,
                })
            }
            (None, Some(path)) if path.is_dir() => {
                let path = path.display();
                Err(UsageError(format!(
                    "{path} is a directory, not a model file; a run is given without --model"
                ))
                .into())
            }
            (None, Some(path)) => Ok(Source {
                parameters: self.read(path)?,
                run: None,
                path: path.clone(),
            }),
            (None, None) => Err(UsageError(
                "nothing to work on: give a run directory or --model FILE".into(),
            )
            .into()),
        }
    }
}

impl Source {
    /// The settings of the run, or the defaults with a given data set, of which nothing is held out.
    pub fn settings(
        &self,
        dataset: Option<&str>,
        threshold: Option<f64>,
    ) -> anyhow::Result<Settings> {
        let mut settings = match &self.run {
            Some(run) => run.settings()?,
            None => Settings::default(),
        };
        if let Some(dataset) = dataset {
            settings.data = crate::settings::DataSettings {
                dataset: dataset.into(),
                threshold,
                test_fraction: 0.0,
                ..Default::default()
            };
        }
        Ok(settings)
    }

    /// Loads data and checks that it fits the model, and that the run's own is what it was: rows that were added would
    /// be split anew, and trained rows be taken for held-out ones.
    pub fn data(&self, settings: &Settings) -> anyhow::Result<BinaryDataset> {
        let own = match &self.run {
            Some(run) if run.settings()?.data == settings.data => Some(run.manifest()?),
            _ => None,
        };
        let name = &settings.data.dataset;
        let data = session::load_data(settings).with_context(|| match own {
            Some(_) => format!(
                "the run's data set `{name}`, as its config.toml says, cannot be loaded; --dataset names another place"
            ),
            None => format!("data set `{name}` cannot be loaded"),
        })?;
        if own.is_some_and(|manifest| manifest.dataset_digest != data.digest()) {
            return Err(anyhow::anyhow!(
                "data set `{name}` is not what the run was trained on: restore it, or name what to take with --dataset, \
                 and all its rows count as held out"
            ));
        }
        let (found, expected) = (data.train.columns(), self.parameters.n_visible);
        if found != expected {
            return Err(anyhow::anyhow!(
                "data set `{}` has {found} columns; the model {} has {expected} visible units",
                data.name,
                self.path.display()
            ));
        }
        Ok(data)
    }

    /// The run's own data, with the run's split, if that is what lies at `place`: known by its digest.
    fn own_data_at(&self, place: &str) -> anyhow::Result<Option<BinaryDataset>> {
        let Some(run) = &self.run else {
            return Ok(None);
        };
        let mut settings = run.settings()?;
        settings.data.dataset = place.into();
        let digest = run.manifest()?.dataset_digest;
        // What cannot be read as the run's data is another set, and is read as such.
        let own = session::load_data(&settings).ok();
        let own = own.filter(|data| data.digest() == digest);
        if own.is_some() {
            tracing::info!(
                "`{place}` holds the run's own data, with the test rows it was trained without"
            );
        }
        Ok(own)
    }

    /// Data to compare the model with: all rows of a given data set are held out, unless it has a test part of its own.
    /// Training rows are then those of the run, where there is one.
    pub fn held_out_data(&self, settings: &Settings, given: bool) -> anyhow::Result<BinaryDataset> {
        if given && let Some(own) = self.own_data_at(&settings.data.dataset)? {
            return Ok(own);
        }
        let mut data = self.data(settings)?;
        if given && data.test.is_empty() {
            data.test = data.train;
            data.test_labels = data.train_labels.take();
            // The run's own may have gone or changed since: that is why another set is given.
            let own = match &self.run {
                Some(run) => self.data(&run.settings()?).ok(),
                None => None,
            };
            data.train = own.map_or_else(|| data.test.clone(), |own| own.train);
        }
        Ok(data)
    }
}
