//! What a sweep runs: a table of settings, some of them lists, becomes named runs.

use crate::checkpoint::atomic;
use crate::settings::table::{self, FLAGS, entries, lay_over};
use crate::settings::{SettingError, Settings};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

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
    #[error("{} holds `{found}` and no sweep.toml; choose another --out", out.display())]
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
        let count = replicas.as_integer().filter(|n| *n >= 1);
        let count = count.ok_or_else(|| {
            let found = table::text(&replicas);
            unusable(format!("`replicas` is {found}; it must be at least 1"))
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
    pub fn settle(&self, out: &Path) -> Result<(), PlanError> {
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
        let runs = out.join("runs");
        std::fs::create_dir_all(&runs).map_err(io("create", &runs))?;
        for entry in std::fs::read_dir(out).map_err(io("read", out))? {
            let found = entry.map_err(io("read", out))?.file_name();
            let found = found.to_string_lossy().into_owned();
            // Other processes may be starting the same sweep.
            if !["runs", "lock", "sweep.toml"].contains(&&*found) && !found.starts_with('.') {
                return Err(PlanError::NotASweep {
                    out: out.into(),
                    found,
                });
            }
        }
        let text = toml::to_string(&self.table).map_err(|error| unusable(error.to_string()))?;
        atomic::write(&file, text.as_bytes()).map_err(io("write", &file))
    }

    /// What differs from here to there, a sentence each.
    fn differences(&self, now: &Self) -> Vec<String> {
        let values = |plan: &Self| -> Vec<(String, String)> {
            let replicas = ("replicas".into(), table::text(&plan.table["replicas"]));
            let settings = entries(&plan.table).map(|(name, value)| (name, table::text(value)));
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
    setting: String,
    short: String,
    values: Vec<Value>,
}

/// The lists of a table, in the order of the flags, then of the alphabet.
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
            let twice = table::text(&values[k]);
            return Err(unusable(format!("setting `{setting}` has {twice} twice")));
        }
        let flag = FLAGS.iter().find(|(_, of)| *of == setting);
        let short = match flag {
            Some((flag, _)) => (*flag).to_string(),
            None => setting.replace(['.', '_'], "-"),
        };
        axes.push(Axis {
            setting,
            short,
            values: values.clone(),
        });
    }
    let place = |axis: &Axis| FLAGS.iter().position(|(_, of)| *of == axis.setting);
    axes.sort_by_key(|axis| (place(axis).unwrap_or(FLAGS.len()), axis.setting.clone()));
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
            let seed = seed.map_or_else(|| "missing".into(), table::text);
            return Err(unusable(format!(
                "`training.seed` is {seed} and `replicas` {replicas}; give one seed, from which replicas count, or a list of seeds and no replicas"
            )));
        }
    };
    axes.push(Axis {
        setting: "training.seed".into(),
        short: "seed".into(),
        values: seeds,
    });
    let mut chosen = vec![(Vec::<String>::new(), table.clone())];
    for axis in &axes {
        let with_value = |(names, table): &(Vec<String>, Table), value: &Value| {
            let (mut names, mut table) = (names.clone(), table.clone());
            names.push(format!("{}-{}", axis.short, file_safe(value)));
            table::set(&mut table, &axis.setting, value.clone());
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
        Value::Array(values) => values.iter().map(table::text).collect::<Vec<_>>().join("+"),
        Value::String(text) => {
            let path = Path::new(text);
            let last = path.file_name().unwrap_or(path.as_os_str());
            last.to_string_lossy().into_owned()
        }
        other => table::text(other),
    };
    let safe = |c: char| c.is_alphanumeric() || "-_.+".contains(c);
    text.chars()
        .map(|c| if safe(c) { c } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::LearnerKind;

    fn plan(text: &str) -> Result<Plan, PlanError> {
        Plan::new([toml::from_str(text).unwrap()])
    }

    fn names(plan: &Plan) -> Vec<&str> {
        plan.runs.iter().map(|run| run.name.as_str()).collect()
    }

    #[test]
    fn every_combination_once_with_the_seed_fastest() {
        let plan = plan(
            "replicas = 2\n[learner]\nkind = [\"cd\", \"pcd\"]\n[model]\nhidden = [8, 16]\n[training]\nseed = 5",
        )
        .unwrap();
        assert_eq!(
            names(&plan),
            [
                "hidden-8,learner-cd,seed-5",
                "hidden-8,learner-cd,seed-6",
                "hidden-8,learner-pcd,seed-5",
                "hidden-8,learner-pcd,seed-6",
                "hidden-16,learner-cd,seed-5",
                "hidden-16,learner-cd,seed-6",
                "hidden-16,learner-pcd,seed-5",
                "hidden-16,learner-pcd,seed-6",
            ]
        );
        let mut expected = Settings::default();
        expected.model.hidden = 16;
        expected.learner.kind = LearnerKind::Cd;
        expected.training.seed = 6;
        assert_eq!(plan.runs[5].settings, expected);
    }

    #[test]
    fn names_are_safe_and_say_what_varies() {
        let found = plan(
            "[data]\ndataset = [\"mnist\", \"../some data/set 1.npz\"]\ndigits = [[0, 1], [7]]\n\
             [optimizer]\nlearning_rate = [0.0001, 1]\nbeta1 = [0.5]\n",
        )
        .unwrap();
        let names = names(&found);
        assert_eq!(names.len(), 8);
        assert_eq!(
            names[0],
            "dataset-mnist,digits-0+1,learning-rate-0.0001,optimizer-beta1-0.5,seed-0"
        );
        assert_eq!(
            names[7],
            "dataset-set-1.npz,digits-7,learning-rate-1,optimizer-beta1-0.5,seed-0"
        );
        assert_eq!(found.runs[7].settings.data.digits, Some(vec![7]));
        // One set of labels does not vary.
        let one = plan("[data]\ndigits = [0, 1]").unwrap();
        assert_eq!(one.runs[0].settings.data.digits, Some(vec![0, 1]));
        assert_eq!(one.runs[0].name, "seed-0");
    }

    #[test]
    fn layers_and_lists_of_seeds() {
        let layers = [
            "replicas = 3\n[model]\nhidden = [2, 3]",
            "[model]\nhidden = 4",
        ];
        let tables = layers.map(|text| toml::from_str(text).unwrap());
        let layered = Plan::new(tables).unwrap();
        assert_eq!(names(&layered), ["seed-0", "seed-1", "seed-2"]);
        assert_eq!(layered.runs[2].settings.model.hidden, 4);
        let seeds = plan("[training]\nseed = [3, 17]").unwrap();
        assert_eq!(names(&seeds), ["seed-3", "seed-17"]);
        let both = plan("replicas = 2\n[training]\nseed = [3, 17]").unwrap_err();
        assert!(both.to_string().contains("list of seeds"), "{both}");
    }

    #[test]
    fn what_no_run_can_have_is_refused_with_its_name() {
        for (text, part) in [
            ("replicas = 0", "replicas"),
            ("replicas = \"two\"", "replicas"),
            ("replica = 2", "replica"),
            ("[model]\nhiden = [3]", "hiden"),
            ("[model]\nhidden = []", "model.hidden"),
            ("[model]\nhidden = [3, 3]", "model.hidden"),
            ("[model]\nhidden = [3, 0]", "model.hidden"),
            ("[model]\nhidden = [3, \"x\"]", "hidden"),
            ("[learner]\nkind = [\"cd\", \"pdc\"]", "pdc"),
            ("[data]\ndataset = [\"a/x.csv\", \"b/x.csv\"]", "x.csv"),
            ("[training]\nseed = \"x\"", "training.seed"),
            ("model = 3", "model"),
            ("training = 3", "training"),
        ] {
            let error = plan(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_sweep_is_settled_once() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("sweep");
        let first = plan("replicas = 2\n[model]\nhidden = [8, 16]").unwrap();
        first.settle(&out).unwrap();
        first.settle(&out).unwrap();
        assert_eq!(Plan::of_directory(&out).unwrap(), first);
        let other = plan("replicas = 3\n[model]\nhidden = [8, 17]\n[data]\nlimit = 9").unwrap();
        let error = other.settle(&out).unwrap_err().to_string();
        for part in [
            "`model.hidden` is [8, 16] there and [8, 17] here",
            "`replicas` is 2 there and 3 here",
            "`data.limit` is not set there and 9 here",
        ] {
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(error.matches("there").count(), 3, "{error}");
        std::fs::write(dir.path().join("thesis.tex"), "x").unwrap();
        let error = first.settle(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("thesis.tex") || error.contains("sweep"),
            "{error}"
        );
    }
}
