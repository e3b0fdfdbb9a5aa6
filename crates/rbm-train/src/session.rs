//! Starting a run and going on with one: settings in, outcome out.

use crate::ancestor::Ancestor;
use crate::checkpoint::{
    ARITHMETIC, Checkpoint, Manifest, RunDir, RunError, Status, state_container,
};
use crate::data::{self, BinaryDataset, DatasetSpec};
use crate::memory;
use crate::observers::{Meter, MetricsLog};
use crate::settings::{HiddenBias, Schedule, SettingError, Settings, VisibleBias};
use crate::state::State;
use crate::trainer::{Outcome, Trainer};
use anyhow::Context;
use burn::tensor::Device;
use rbm_model::noise::Layer;
use rbm_model::partition::BracketOptions;
use rbm_model::{ModelError, RbmConfig, device, init};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// What a session needs besides the settings.
#[derive(Debug, Clone, Copy)]
pub struct SessionOptions<'a> {
    /// Replace a run that is there.
    pub overwrite: bool,
    /// Stop when this many epochs of the run are done.
    pub stop_after: Option<usize>,
    /// Set to stop after the current update.
    pub stop: &'a AtomicBool,
    /// What a new run starts from, instead of random weights.
    pub from: Option<&'a Ancestor>,
    /// Where progress is told instead of shown, by who shows several runs at once.
    pub meter: Option<&'a Meter>,
}

/// Loads the data that settings ask for.
///
/// # Errors
/// [`data::DataError`].
pub fn load_data(settings: &Settings) -> Result<BinaryDataset, data::DataError> {
    data::load(&DatasetSpec {
        source: settings.data.dataset.clone(),
        threshold: settings.data.threshold,
        header: settings.data.header,
        label_column: settings.data.label_column.clone(),
        image_shape: settings.data.image_shape,
        test_fraction: settings.data.test_fraction,
        seed: settings.training.seed,
        limit: settings.data.limit,
        digits: settings.data.digits.clone(),
        ising: data::Ising {
            side: settings.data.ising_side,
            temperature: settings.data.ising_temperature,
            rows: settings.data.ising_rows,
        },
    })
}

/// The start of a run on devices that are open.
///
/// # Errors
/// [`ModelError`] for a model without units.
pub fn initial_state(
    settings: &Settings,
    data: &BinaryDataset,
    devices: &[Device],
) -> Result<State, ModelError> {
    let mean = data.train.column_means();
    let n_visible = mean.len();
    let config = RbmConfig::new(n_visible, settings.model.hidden)
        .with_weight_std(settings.model.weight_std)
        .with_seed(settings.training.seed);
    let normal = |layer, units| {
        let (std, seed) = (settings.model.weight_std, settings.training.seed);
        init::normal_bias(layer, units, std, seed)
    };
    let visible_bias = match settings.model.visible_bias {
        VisibleBias::Data => init::visible_bias_from_mean(&mean, data.train.rows()),
        VisibleBias::Zero => vec![0.0; n_visible],
        VisibleBias::Normal => normal(Layer::Visible, n_visible),
    };
    let hidden_bias = match settings.model.hidden_bias {
        HiddenBias::Zero => vec![0.0; settings.model.hidden],
        HiddenBias::Normal => normal(Layer::Hidden, settings.model.hidden),
    };
    let rbm = config.init_with_biases(visible_bias, hidden_bias, &devices[0])?;
    let state = State::new(settings, rbm, &mean, data.train.rows());
    Ok(state.divide(settings, devices))
}

/// Starts a run in a fresh directory and trains it.
///
/// # Errors
/// Invalid settings, unusable data, a device that is not there, too little memory, or a
/// directory that cannot be written; nothing that was there before is changed then.
pub fn start(
    settings: &Settings,
    root: &Path,
    options: SessionOptions<'_>,
) -> anyhow::Result<(RunDir, Outcome)> {
    settings.validate()?;
    RunDir::check_free(root, options.overwrite)?;
    let devices = settings.training.open_devices()?;
    let data = load_data(settings)?;
    let settings = &settings.clone().fit_to(data.train.rows());
    check_memory(settings, &data)?;
    let n_visible = data.train.columns();
    tracing::info!(
        "{}: {} training and {} test rows of {n_visible} units",
        data.name,
        data.train.rows(),
        data.test.rows(),
    );
    for line in settings.without_effect(data.train.rows(), n_visible) {
        tracing::warn!("{line}");
    }
    let state = match options.from {
        Some(ancestor) => ancestor
            .state(settings, &data, &devices[0])?
            .divide(settings, &devices),
        None => initial_state(settings, &data, &devices)?,
    };
    let manifest = Manifest {
        format: Manifest::FORMAT.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        dataset: data.name.clone(),
        dataset_digest: data.digest(),
        provenance: data.provenance.clone(),
        n_visible,
        n_hidden: settings.model.hidden,
        image_shape: data.image_shape,
        train_rows: data.train.rows(),
        test_rows: data.test.rows(),
        seed: settings.training.seed,
        device: settings.training.device.clone(),
        adapter: adapter(&devices)?,
        parent: options.from.map(|ancestor| ancestor.parent.clone()),
        status: Status::Running,
        step: 0,
    };
    // The directory appears complete, with a first checkpoint, so it can always be resumed.
    let run = RunDir::create(root, options.overwrite, |run| {
        run.write_settings(settings)?;
        let state = state_container(&state, settings, &manifest.dataset_digest)?;
        run.write_tensors(&run.state_path(), &state)?;
        run.write_manifest(&manifest)
    })?;
    let lock = run.lock()?;
    let outcome = train(
        settings,
        &data,
        &run,
        manifest,
        state,
        MetricsLog::default(),
        options,
    )?;
    drop(lock);
    Ok((run, outcome))
}

/// What [`resume`] takes instead of the settings of the run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changes<'a> {
    /// A new total of epochs.
    pub epochs: Option<usize>,
    /// Other devices.
    pub device: Option<&'a str>,
    /// Another place of the same data.
    pub dataset: Option<&'a str>,
}

/// Goes on with a run from its last checkpoint. A finished run is left as it is.
///
/// # Errors
/// A directory that holds no run, a run whose settings or data have changed since the
/// checkpoint, or what [`start`] may meet.
pub fn resume(
    root: &Path,
    changes: Changes<'_>,
    options: SessionOptions<'_>,
) -> anyhow::Result<(RunDir, Outcome)> {
    let run = RunDir::open(root)?;
    let lock = run.lock()?;
    let mut manifest = run.manifest()?;
    let mut settings = run.settings()?;
    let saved = Checkpoint::open(&run.state_path())?;
    if saved.arithmetic != ARITHMETIC {
        return Err(RunError::Changed {
            path: root.into(),
            what: "the arithmetic of fields".into(),
            before: saved.arithmetic,
            after: ARITHMETIC.into(),
            advice: "it would go on with other bytes than it began with; resume it with the version \
                     of rbm-train that began it (see manifest.json), or train it anew. Sampling, \
                     evaluation and reports take it as it is",
        }
        .into());
    }
    if let Some(device) = changes.device {
        settings.training.device = device.into();
    }
    refuse_changes(root, &saved.settings, &settings)?;
    // The digest below says whether it is the same data.
    if let Some(dataset) = changes.dataset {
        settings.data.dataset = dataset.into();
    }
    // A total in config.toml, too, may have been changed.
    settings.training.epochs = changes.epochs.or(settings.training.epochs);
    let (before, after) = (saved.settings.epochs(), settings.epochs());
    if before != after
        && settings.optimizer.schedule != Schedule::Constant
        && settings.optimizer.schedule_epochs.is_none()
    {
        return Err(RunError::Changed {
            path: root.into(),
            what: "training.epochs".into(),
            before: before.to_string(),
            after: after.to_string(),
            advice: "the learning-rate schedule is laid over all epochs, so it would have \
                     been another run; train with the full --epochs and --stop-after N \
                     instead, or with --schedule constant",
        }
        .into());
    }
    settings.validate()?;
    let devices = settings.training.open_devices()?;
    let data = load_data(&settings).with_context(|| {
        format!(
            "the run's data set `{}` cannot be loaded; if it has moved, say where to with --dataset",
            settings.data.dataset
        )
    })?;
    let digest = data.digest();
    if digest != saved.dataset_digest {
        return Err(RunError::Changed {
            path: root.into(),
            what: format!("the content of data set `{}`", settings.data.dataset),
            before: saved.dataset_digest,
            after: digest,
            advice: "restore the data, or train a new run on the new data",
        }
        .into());
    }
    check_memory(&settings, &data)?;
    let per_epoch = settings.updates_per_epoch(data.train.rows()) as u64;
    if settings.epochs() as u64 * per_epoch < saved.step {
        return Err(SettingError {
            setting: "training.epochs",
            found: settings.epochs().to_string(),
            expected: "it must be no fewer than the epochs that are done",
        }
        .into());
    }
    if settings.epochs() as u64 * per_epoch == saved.step && manifest.status == Status::Finished {
        tracing::info!(
            "{} is finished, with all of its {} epochs: nothing is to be done; --epochs N goes on with it",
            root.display(),
            settings.epochs()
        );
        let outcome = Outcome::nothing_to_do(saved.step);
        return Ok((run, outcome));
    }
    let mean = data.train.column_means();
    let state = saved.state(&devices[0], &mean, data.train.rows())?;
    let state = state.divide(&settings, &devices);
    let mut log = MetricsLog::of_run(&run)?;
    log.truncate(state.step);
    if state.step == 0 {
        // The first evaluation is made again.
        log = MetricsLog::default();
    }
    tracing::info!("resuming {} at update {}", root.display(), state.step);
    run.write_settings(&settings)?;
    manifest.status = Status::Running;
    manifest.device = settings.training.device.clone();
    manifest.adapter = adapter(&devices)?;
    run.write_manifest(&manifest)?;
    let outcome = train(&settings, &data, &run, manifest, state, log, options)?;
    drop(lock);
    Ok((run, outcome))
}

fn check_memory(settings: &Settings, data: &BinaryDataset) -> anyhow::Result<()> {
    let (n, rows) = (data.train.columns(), data.train.rows());
    settings.check_memory(n, rows)?;
    if settings.monitor.likelihood_epochs > 0 {
        let chains = settings.monitor.likelihood_chains;
        let each = BracketOptions::TRAINING.chains_at_once()
            * memory::bytes_of_chain(n, settings.model.hidden);
        memory::check_count("monitor.likelihood_chains", chains, each)?;
    }
    Ok(())
}

/// What devices are, where that is more than their names; also said in the log.
fn adapter(devices: &[Device]) -> anyhow::Result<Option<String>> {
    let mut adapters = Vec::new();
    for device in devices {
        let description = device::describe(device)?;
        if description.adapter.is_some() {
            tracing::info!("device: {description}");
            adapters.push(description.to_string());
        }
    }
    Ok((!adapters.is_empty()).then(|| adapters.join(", ")))
}

fn train(
    settings: &Settings,
    data: &BinaryDataset,
    run: &RunDir,
    manifest: Manifest,
    state: State,
    log: MetricsLog,
    options: SessionOptions<'_>,
) -> anyhow::Result<Outcome> {
    let mut trainer = Trainer {
        settings,
        data,
        home: Some((run.clone(), manifest)),
        stop: options.stop,
        stop_after: options.stop_after,
        meter: options.meter,
        on_evaluation: None,
    };
    Ok(trainer.run(state, log)?.outcome)
}

/// A checkpoint goes on only under the settings that made it.
fn refuse_changes(root: &Path, saved: &Settings, now: &Settings) -> Result<(), RunError> {
    let (before, after) = (saved.flatten(), now.flatten());
    let keys = before.keys().chain(after.keys());
    // Counters, not the device, say what a run draws next.
    let free = ["training.epochs", "training.device", "data.dataset"];
    for key in keys.filter(|key| !free.contains(&key.as_str())) {
        let text = |map: &std::collections::BTreeMap<String, String>| {
            map.get(key).cloned().unwrap_or_else(|| "nothing".into())
        };
        if before.get(key) != after.get(key) {
            return Err(RunError::Changed {
                path: root.into(),
                what: format!("setting `{key}`"),
                before: text(&before),
                after: text(&after),
                advice: "undo the change in config.toml, or train a new run with it",
            });
        }
    }
    Ok(())
}
