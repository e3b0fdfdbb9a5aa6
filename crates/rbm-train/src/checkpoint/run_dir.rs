//! The layout of a run directory.
//!
//! ```text
//! config.toml  manifest.json  metrics.csv  timing.csv  model.safetensors
//! snapshots/step-00001234.safetensors
//! checkpoint/state.safetensors
//! report/index.html
//! ```

use super::contents::foreign;
use super::lock::open_lock;
use super::manifest::Manifest;
use crate::settings::Settings;
use rbm_figures::atomic;
use rbm_model::file::Container;
use rbm_model::{ModelError, Parameters};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What can go wrong with a run directory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The directory is there already.
    #[error(
        "{0} already holds {what}; go on with `rbm-train resume {0}`, choose another --out, or replace it with --overwrite",
        path.display()
    )]
    Exists {
        /// The directory.
        path: PathBuf,
        /// What is in it.
        what: &'static str,
    },
    /// `--overwrite` on something that is no run.
    #[error("{} is not a run ({reason}); --overwrite replaces only runs", path.display())]
    NotARun {
        /// The directory.
        path: PathBuf,
        /// How that was seen.
        reason: String,
    },
    /// `--overwrite` on a run that has other files beside its own.
    #[error("{} also holds {found}, which no run writes; move it away, or choose another --out", path.display())]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// What was found there.
        found: String,
    },
    /// Another process is training the run.
    #[error("{}: another process is training this run", path.display())]
    Busy {
        /// The run.
        path: PathBuf,
    },
    /// A file of the run cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write`, `create` or `remove`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the run does not hold what it should.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A model that cannot be read or written.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A resumed run would not be the same run.
    #[error("cannot resume {}: {what} changed from {before} to {after}; {advice}", path.display())]
    Changed {
        /// The run.
        path: PathBuf,
        /// What changed.
        what: String,
        /// Its value in the checkpoint.
        before: String,
        /// Its value now.
        after: String,
        /// What to do.
        advice: &'static str,
    },
}

/// Turns what the system said into an error about a path.
fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> RunError {
    let path = path.to_path_buf();
    move |source| RunError::Io {
        action,
        path,
        source,
    }
}

/// A run directory.
#[derive(Debug, Clone)]
pub struct RunDir {
    root: PathBuf,
}

impl RunDir {
    /// Fails if a run cannot be put at `root`: something is there and `overwrite` is not given,
    /// or what is there is no run, or not only a run.
    ///
    /// # Errors
    /// [`RunError::Exists`], [`RunError::NotARun`], [`RunError::Foreign`], [`RunError::Io`].
    pub fn check_free(root: &Path, overwrite: bool) -> Result<(), RunError> {
        let occupied = match std::fs::read_dir(root) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(source) => return Err(io("read", root)(source)),
        };
        if !occupied {
            return Ok(());
        }
        let path = root.to_path_buf();
        let run = Self::open(root).and_then(|run| run.settings());
        match (overwrite, run) {
            (false, run) => Err(RunError::Exists {
                path,
                what: if run.is_ok() { "a run" } else { "files" },
            }),
            (true, Err(error)) => Err(RunError::NotARun {
                path,
                reason: error.to_string(),
            }),
            (true, Ok(_)) => match foreign(root).map_err(io("read", root))? {
                None => Ok(()),
                Some(found) => Err(RunError::Foreign { path, found }),
            },
        }
    }

    /// Makes a run directory: `fill` writes the first files beside the place, and only the
    /// complete directory is renamed into it. With `overwrite` it takes the place of an old run.
    ///
    /// # Errors
    /// As [`check_free`](Self::check_free), [`RunError::Busy`] if another process trains the old run, or what
    /// `fill` says; `root` is then as it was.
    pub fn create(
        root: &Path,
        overwrite: bool,
        fill: impl FnOnce(&Self) -> Result<(), RunError>,
    ) -> Result<Self, RunError> {
        Self::check_free(root, overwrite)?;
        // Who trains the old run would go on writing, by name, into the new one.
        let old = Self { root: root.into() };
        let _held = match overwrite && root.join("checkpoint").is_dir() {
            true => Some(old.lock()?),
            false => None,
        };
        let parent = match root.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(parent).map_err(io("create", parent))?;
        let beside = tempfile::Builder::new()
            .prefix(".new-run-")
            .tempdir_in(parent)
            .map_err(io("create", root))?;
        let staged = Self {
            root: beside.path().join("run"),
        };
        for directory in ["snapshots", "checkpoint"] {
            let directory = staged.root.join(directory);
            std::fs::create_dir_all(&directory).map_err(io("create", &directory))?;
        }
        fill(&staged)?;
        if overwrite && root.exists() {
            // The old run leaves with the temporary directory.
            std::fs::rename(root, beside.path().join("old")).map_err(io("replace", root))?;
        } else {
            // An empty directory may be there. Anything else has come since the check, stays, and
            // is met by the renaming.
            let _ = std::fs::remove_dir(root);
        }
        std::fs::rename(&staged.root, root).map_err(|source| match source.kind() {
            std::io::ErrorKind::DirectoryNotEmpty => RunError::Exists {
                path: root.into(),
                what: "a run",
            },
            _ => io("create", root)(source),
        })?;
        Ok(Self { root: root.into() })
    }

    /// Opens a run that is there.
    ///
    /// # Errors
    /// [`RunError::Io`] if it has no readable manifest.
    pub fn open(root: &Path) -> Result<Self, RunError> {
        let run = Self { root: root.into() };
        run.manifest().map(|_| run)
    }

    /// Takes the run for this process, until the file is dropped, and removes what a killed process
    /// was writing.
    ///
    /// # Errors
    /// [`RunError::Busy`] if another process trains it, [`RunError::Io`].
    pub fn lock(&self) -> Result<std::fs::File, RunError> {
        let path = self.root.join("checkpoint").join("lock");
        let file = open_lock(&path).map_err(io("lock", &path))?;
        match file.try_lock() {
            Ok(()) => {
                for directory in ["", "snapshots", "checkpoint"] {
                    let directory = self.root.join(directory);
                    atomic::remove_leftovers(&directory).map_err(io("read", &directory))?;
                }
                Ok(file)
            }
            Err(std::fs::TryLockError::WouldBlock) => Err(RunError::Busy {
                path: self.root.clone(),
            }),
            Err(std::fs::TryLockError::Error(source)) => Err(io("lock", &path)(source)),
        }
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn manifest_path(&self) -> PathBuf {
        self.root.join("manifest.json")
    }

    /// `metrics.csv`: a row per evaluation, reproducible bytes.
    pub fn metrics_path(&self) -> PathBuf {
        self.root.join("metrics.csv")
    }

    /// `likelihood.csv`: brackets of the likelihood along training, reproducible bytes.
    pub fn likelihood_path(&self) -> PathBuf {
        self.root.join("likelihood.csv")
    }

    /// `likelihood-path.csv`: brackets of the likelihood of all snapshots.
    pub fn snapshot_likelihood_path(&self) -> PathBuf {
        self.root.join("likelihood-path.csv")
    }

    /// `timing.csv`: wall times, which no two runs share.
    pub fn timing_path(&self) -> PathBuf {
        self.root.join("timing.csv")
    }

    /// `model.safetensors`: the latest model.
    pub fn model_path(&self) -> PathBuf {
        self.root.join("model.safetensors")
    }

    /// `checkpoint/state.safetensors`: all that going on needs, in one file.
    pub fn state_path(&self) -> PathBuf {
        self.root.join("checkpoint").join("state.safetensors")
    }

    /// `report/`.
    pub fn report_path(&self) -> PathBuf {
        self.root.join("report")
    }

    /// The snapshot of an update.
    pub fn snapshot_path(&self, step: u64) -> PathBuf {
        self.root
            .join("snapshots")
            .join(format!("step-{step:08}.safetensors"))
    }

    /// Writes a file of the run in one piece.
    ///
    /// # Errors
    /// [`RunError::Io`]; an existing file is then as it was.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RunError> {
        atomic::write(path, bytes).map_err(|source| RunError::Io {
            action: "write",
            path: path.into(),
            source,
        })
    }

    /// Writes a container of tensors: in one piece, or not at all.
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn write_tensors(&self, path: &Path, container: &Container) -> Result<(), RunError> {
        atomic::write_with(path, |file| container.write(file)).map_err(io("write", path))
    }

    /// As [`write`](Self::write) of what a file holds, on disk only after [`sync`](Self::sync).
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn write_unsynced(&self, path: &Path, bytes: &[u8]) -> Result<(), RunError> {
        atomic::write_unsynced(path, |file| file.write_all(bytes)).map_err(io("write", path))
    }

    /// As [`write_tensors`](Self::write_tensors), on disk only after [`sync`](Self::sync).
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn write_tensors_unsynced(
        &self,
        path: &Path,
        container: &Container,
    ) -> Result<(), RunError> {
        atomic::write_unsynced(path, |file| container.write(file)).map_err(io("write", path))
    }

    /// Brings files to disk.
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn sync(&self, files: &[PathBuf]) -> Result<(), RunError> {
        atomic::sync(files).map_err(io("write", &self.root))
    }

    /// Writes `config.toml`.
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn write_settings(&self, settings: &Settings) -> Result<(), RunError> {
        let path = self.root.join("config.toml");
        let text = toml::to_string(settings).map_err(|error| RunError::Content {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        self.write(&path, text.as_bytes())
    }

    /// Reads `config.toml`, with the checks that flags go through.
    ///
    /// # Errors
    /// [`RunError::Io`], [`RunError::Content`].
    pub fn settings(&self) -> Result<Settings, RunError> {
        let path = self.root.join("config.toml");
        let text = read_text(&path)?;
        let found = toml::from_str(&text).map_err(|error| error.to_string());
        let checked = found.and_then(|settings: Settings| match settings.validate() {
            Ok(()) => Ok(settings),
            Err(error) => Err(error.to_string()),
        });
        checked.map_err(|reason| RunError::Content { path, reason })
    }

    /// Writes `manifest.json`.
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), RunError> {
        let path = self.manifest_path();
        let mut text =
            serde_json::to_string_pretty(manifest).map_err(|error| RunError::Content {
                path: path.clone(),
                reason: error.to_string(),
            })?;
        text.push('\n');
        self.write(&path, text.as_bytes())
    }

    /// Reads `manifest.json`.
    ///
    /// # Errors
    /// [`RunError::Io`], [`RunError::Content`].
    pub fn manifest(&self) -> Result<Manifest, RunError> {
        let path = self.manifest_path();
        let text = read_text(&path)?;
        let found = serde_json::from_str(&text).map_err(|error| error.to_string());
        let checked = found.and_then(|manifest: Manifest| match manifest.fault() {
            None => Ok(manifest),
            Some(fault) => Err(fault),
        });
        checked.map_err(|reason| RunError::Content { path, reason })
    }

    /// Steps of all snapshots, in order.
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn snapshot_steps(&self) -> Result<Vec<u64>, RunError> {
        let path = self.root.join("snapshots");
        let entries = std::fs::read_dir(&path).map_err(|source| RunError::Io {
            action: "read",
            path: path.clone(),
            source,
        })?;
        let mut steps: Vec<u64> = entries
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let digits = name.strip_prefix("step-")?.strip_suffix(".safetensors")?;
                digits.parse().ok()
            })
            .collect();
        steps.sort_unstable();
        Ok(steps)
    }

    /// Reads a snapshot.
    ///
    /// # Errors
    /// [`RunError::Model`].
    pub fn snapshot(&self, step: u64) -> Result<Parameters, RunError> {
        Ok(rbm_model::file::read(&self.snapshot_path(step))?)
    }
}

fn read_text(path: &Path) -> Result<String, RunError> {
    std::fs::read_to_string(path).map_err(|source| RunError::Io {
        action: "read",
        path: path.into(),
        source,
    })
}

#[cfg(test)]
#[path = "run_dir_tests.rs"]
mod tests;
