//! What a sweep runs: a table of settings, some of them lists, becomes named runs.

use crate::settings::sections::{self, lay_over};
use crate::settings::values::{self, entries};
use crate::settings::{SettingError, Settings};
use rbm_figures::atomic;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Runs of each combination, at most: all are planned before the first one starts.
const MOST_REPLICAS: i64 = 10_000;

/// What can be wrong with a sweep before it starts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The table is not one of settings.
    #[error("{0}")]
    Unusable(String),
    /// A value that no run can have.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The directory holds another sweep.
    #[error(
        "{} is another sweep: {}; go on with it by `rbm-train sweep --out {}`, or choose another --out", file.display(), differences.join("; "), out.display()
    )]
    Differs {
        /// The `sweep.toml` that is there.
        file: PathBuf,
        /// Its directory.
        out: PathBuf,
        /// What differs.
        differences: Vec<String>,
    },
    /// The directory holds something else.
    #[error("{} holds `{found}` and no sweep.toml; choose another --out, or restore that file", out.display())]
    NotASweep {
        /// The directory.
        out: PathBuf,
        /// Something in it.
        found: String,
    },
    /// A file of the sweep cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write` or `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// One run of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRun {
    /// Name of its directory.
    pub name: String,
    /// All its settings.
    pub settings: Settings,
}

/// A sweep with every setting resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    table: Table,
    /// The runs; the seed changes fastest, then what stands last among the settings.
    pub runs: Vec<PlannedRun>,
}

impl Plan {
    /// Lays tables over the default settings, the last one on top, and takes every combination of
    /// the values of lists. Beside the sections, `replicas` is the number of seeds from
    /// `training.seed` on, for each combination.
    ///
    /// # Errors
    /// [`PlanError::Unusable`] for names and types that are no setting's, empty lists, values that
    /// are there twice, and names of runs that would be the same; [`PlanError::Setting`].
    pub fn new(layers: impl IntoIterator<Item = Table>) -> Result<Self, PlanError> {
        let mut table = Settings::default().to_table();
        let mut replicas = Value::Integer(1);
        for mut layer in layers {
            if let Some(value) = layer.remove("replicas") {
                replicas = value;
            }
            lay_over(&mut table, layer);
        }
        let possible = 1..=MOST_REPLICAS;
        let count = replicas.as_integer().filter(|n| possible.contains(n));
        let count = count.ok_or_else(|| {
            let found = values::text(&replicas);
            unusable(format!(
                "`replicas` is {found}; it must be from 1 to {MOST_REPLICAS}"
            ))
        })?;
        let runs = combinations(&table, count)?;
        table.insert("replicas".into(), replicas);
        Ok(Self { table, runs })
    }

    /// The sweep of a directory.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn of_directory(out: &Path) -> Result<Self, PlanError> {
        let file = out.join("sweep.toml");
        let text = std::fs::read_to_string(&file).map_err(io("read", &file))?;
        Self::parse(&text).map_err(|error| unusable(format!("{}: {error}", file.display())))
    }

    fn parse(text: &str) -> Result<Self, PlanError> {
        let table = toml::from_str(text).map_err(|error| unusable(error.to_string()))?;
        Self::new([table])
    }

    /// Writes `sweep.toml`, or checks that the one that is there says the same.
    ///
    /// # Errors
    /// [`PlanError::Differs`], [`PlanError::NotASweep`], and what reading and writing may meet.
    pub fn write_or_verify(&self, out: &Path) -> Result<(), PlanError> {
        let file = out.join("sweep.toml");
        if file.exists() {
            let differences = Self::of_directory(out)?.differences(self);
            if differences.is_empty() {
                return Ok(());
            }
            return Err(PlanError::Differs {
                file,
                out: out.into(),
                differences,
            });
        }
        if let Some(found) = occupied(out, &self.runs).map_err(io("read", out))? {
            // Another process may have begun the same sweep meanwhile.
            return match file.exists() {
                true => self.write_or_verify(out),
                false => Err(PlanError::NotASweep {
                    out: out.into(),
                    found,
                }),
            };
        }
        let runs = out.join("runs");
        std::fs::create_dir_all(&runs).map_err(io("create", &runs))?;
        let text = toml::to_string(&self.table).map_err(|error| unusable(error.to_string()))?;
        atomic::write(&file, text.as_bytes()).map_err(io("write", &file))
    }

    /// What differs from here to there, a sentence each.
    fn differences(&self, now: &Self) -> Vec<String> {
        let values = |plan: &Self| -> Vec<(String, String)> {
            let replicas = ("replicas".into(), values::text(&plan.table["replicas"]));
            let settings = entries(&plan.table).map(|(name, value)| (name, values::text(value)));
            settings.chain([replicas]).collect()
        };
        let (there, here) = (values(self), values(now));
        let names: HashSet<&String> = there.iter().chain(&here).map(|(name, _)| name).collect();
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort();
        let value = |of: &[(String, String)], name: &str| {
            let found = of.iter().find(|(key, _)| key == name);
            found.map_or_else(|| "not set".to_string(), |(_, value)| value.clone())
        };
        names
            .into_iter()
            .map(|name| (name, value(&there, name), value(&here, name)))
            .filter(|(_, there, here)| there != here)
            .map(|(name, there, here)| format!("`{name}` is {there} there and {here} here"))
            .collect()
    }
}

/// Something in a directory that is neither on the way to its `sweep.toml` nor one of these runs, by name and, where
/// it can be read, by settings: runs may have been trained before the sweep, on any device.
fn occupied(out: &Path, runs: &[PlannedRun]) -> std::io::Result<Option<String>> {
    for name in names(out)? {
        if name != "runs" && !name.starts_with('.') {
            return Ok(Some(name));
        }
    }
    let directory = out.join("runs");
    for name in names(&directory)? {
        let planned = runs.iter().find(|run| run.name == name);
        let there = std::fs::read_to_string(directory.join(&name).join("config.toml"));
        let there = there
            .ok()
            .and_then(|text| toml::from_str::<Settings>(&text).ok());
        let fits = planned
            .is_some_and(|planned| there.is_none_or(|there| there.is_run_of(&planned.settings)));
        if !fits && !name.starts_with('.') {
            return Ok(Some(format!("runs/{name}")));
        }
    }
    Ok(None)
}

/// Names in a directory, none where it is not there.
fn names(directory: &Path) -> std::io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn unusable(what: impl Into<String>) -> PlanError {
    PlanError::Unusable(what.into())
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> PlanError {
    let path = path.to_path_buf();
    move |source| PlanError::Io {
        action,
        path,
        source,
    }
}

/// A setting that varies.
struct Axis {
    /// Among all settings.
    place: usize,
    setting: String,
    short: String,
    values: Vec<Value>,
}

/// The lists of a table, in the order of the settings, then of the alphabet.
fn axes(table: &Table) -> Result<Vec<Axis>, PlanError> {
    let mut axes = Vec::new();
    for (setting, value) in entries(table) {
        let Some(values) = value.as_array() else {
            continue;
        };
        // A set of labels is one value.
        if setting == "data.digits" && !values.iter().any(Value::is_array) {
            continue;
        }
        if values.is_empty() {
            return Err(unusable(format!("setting `{setting}` is an empty list")));
        }
        if let Some(k) = (1..values.len()).find(|&k| values[..k].contains(&values[k])) {
            let twice = values::text(&values[k]);
            return Err(unusable(format!("setting `{setting}` has {twice} twice")));
        }
        let (place, short) = sections::place_and_name(&setting);
        axes.push(Axis {
            place,
            setting,
            short,
            values: values.clone(),
        });
    }
    axes.sort_by_key(|axis| (axis.place, axis.setting.clone()));
    Ok(axes)
}

fn combinations(table: &Table, replicas: i64) -> Result<Vec<PlannedRun>, PlanError> {
    let mut axes = axes(table)?;
    axes.retain(|axis| axis.setting != "training.seed");
    let seed = table.get("training").and_then(|values| values.get("seed"));
    let seeds: Vec<Value> = match (seed, replicas) {
        (Some(Value::Array(seeds)), 1) => seeds.clone(),
        (Some(Value::Integer(first)), _) => (0..replicas)
            .map(|k| first.saturating_add(k).into())
            .collect(),
        _ => {
            let seed = seed.map_or_else(|| "missing".into(), values::text);
            return Err(unusable(format!(
                "`training.seed` is {seed} and `replicas` {replicas}; give one seed, from which replicas count, or a list of seeds and no replicas"
            )));
        }
    };
    axes.push(Axis {
        place: usize::MAX,
        setting: "training.seed".into(),
        short: "seed".into(),
        values: seeds,
    });
    let mut chosen = vec![(Vec::<String>::new(), table.clone())];
    for axis in &axes {
        let with_value = |(names, table): &(Vec<String>, Table), value: &Value| {
            let (mut names, mut table) = (names.clone(), table.clone());
            names.push(format!("{}-{}", axis.short, file_safe(value)));
            values::set(&mut table, &axis.setting, value.clone());
            (names, table)
        };
        chosen = chosen
            .iter()
            .flat_map(|one| axis.values.iter().map(move |value| with_value(one, value)))
            .collect();
    }
    let mut names = HashSet::new();
    chosen
        .into_iter()
        .map(|(parts, table)| {
            let name = parts.join(",");
            if !names.insert(name.clone()) {
                return Err(unusable(format!(
                    "two runs would be named `{name}`; rename one of the files"
                )));
            }
            let settings: Settings = Value::Table(table)
                .try_into()
                .map_err(|error: toml::de::Error| unusable(error.to_string().trim_end()))?;
            settings.validate()?;
            Ok(PlannedRun { name, settings })
        })
        .collect()
}

/// A value as part of a file name: of a path the last part, of a list its members.
fn file_safe(value: &Value) -> String {
    let text = match value {
        Value::Array(values) => values
            .iter()
            .map(values::text)
            .collect::<Vec<_>>()
            .join("+"),
        Value::String(text) => {
            let path = Path::new(text);
            let last = path.file_name().unwrap_or(path.as_os_str());
            last.to_string_lossy().into_owned()
        }
        other => values::text(other),
    };
    let safe = |c: char| c.is_alphanumeric() || "-_.+".contains(c);
    text.chars()
        .map(|c| if safe(c) { c } else { '-' })
        .collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
