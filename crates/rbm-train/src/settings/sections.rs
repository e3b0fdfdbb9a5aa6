//! All settings there are, and tables of them.
//!
//! Settings as TOML tables of sections, what files, flags and presets name, are laid over each other here.

use super::table::Entry;
use super::values::{entries, text};
use super::{
    DataSettings, LearnerSettings, ModelSettings, MonitorSettings, OptimizerSettings, Settings,
    TrainingSettings,
};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// All settings, in the order of the help and of the names of a sweep's runs.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    [
        DataSettings::ENTRIES,
        ModelSettings::ENTRIES,
        LearnerSettings::ENTRIES,
        TrainingSettings::ENTRIES,
        OptimizerSettings::ENTRIES,
        MonitorSettings::ENTRIES,
    ]
    .into_iter()
    .flatten()
}

/// Place in the table, and short name, of a setting; names that are none come last.
pub fn place_and_name(setting: &str) -> (usize, String) {
    let mut entries = all().enumerate();
    let found = entries.find(|(_, entry)| entry.setting() == setting);
    found.map_or_else(
        || (usize::MAX, setting.replace(['.', '_'], "-")),
        |(place, entry)| (place, entry.short()),
    )
}

impl Settings {
    /// The settings as `section.name` to value, for comparison and display.
    pub fn flatten(&self) -> BTreeMap<String, String> {
        let table = self.to_table();
        entries(&table)
            .map(|(setting, value)| (setting, text(value)))
            .collect()
    }

    /// The settings as a table of sections.
    pub fn to_table(&self) -> Table {
        match Value::try_from(self) {
            Ok(Value::Table(table)) => table,
            // Every part of the settings is a table, and seeds are validated to fit.
            _ => Table::new(),
        }
    }
}

/// Lays `layer` over `table`, setting by setting; names of earlier versions count as today's.
pub fn lay_over(table: &mut Table, layer: Table) {
    for (section, values) in layer {
        match (table.get_mut(&section), values) {
            (Some(Value::Table(into)), Value::Table(values)) => {
                into.extend(values.into_iter().map(|(name, value)| {
                    let today = all().find(|e| e.section == section && e.was == Some(&name));
                    (today.map_or(name, |entry| entry.name.into()), value)
                }));
            }
            (_, values) => {
                table.insert(section, values);
            }
        }
    }
}

#[cfg(test)]
#[path = "sections_reference.rs"]
mod reference;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Header;
    use crate::settings::values::set;

    #[test]
    fn every_setting_is_in_the_table_once() {
        let mut settings = Settings::default();
        settings.data.threshold = Some(0.5);
        settings.data.limit = Some(1);
        settings.data.header = Some(Header::Yes);
        settings.data.label_column = Some("last".into());
        settings.data.image_shape = "2x3".parse().ok();
        settings.training.epochs = Some(1);
        settings.monitor.epochs_between = Some(1);
        settings.data.digits = Some(vec![1]);
        settings.optimizer.schedule_epochs = Some(1);
        let mut known: Vec<String> = entries(&settings.to_table())
            .map(|(name, _)| name)
            .collect();
        let mut listed: Vec<String> = all().map(Entry::setting).collect();
        known.sort();
        listed.sort();
        assert_eq!(listed, known);
        assert_eq!(place_and_name("model.hidden").1, "hidden");
        assert_eq!(place_and_name("optimizer.kind").1, "optimizer");
        assert_eq!(place_and_name("monitor.rows").1, "monitor-rows");
        assert_eq!(place_and_name("learner.centered").1, "centered");
        assert_eq!(
            place_and_name("no.setting"),
            (usize::MAX, "no-setting".into())
        );
    }

    #[test]
    fn the_help_gives_the_defaults_that_hold() {
        let defaults = Settings::default().to_table();
        for entry in all() {
            let Some(arg) = entry.arg(false, &defaults) else {
                continue;
            };
            let help = arg.get_help().unwrap().to_string();
            if let Some(value) = defaults[entry.section].get(entry.name)
                && entry.default.is_none()
                && !matches!(value, Value::Boolean(_))
            {
                let end = format!("[default: {}]", text(value));
                assert!(help.ends_with(&end), "{help}");
            }
        }
    }

    #[test]
    fn names_of_earlier_versions_are_read() {
        let old = "[learner]\nreplicas = 4\ncentred = false\n[monitor]\nper_decade = 7\n";
        let read: Settings = toml::from_str(old).unwrap();
        let mut table = Settings::default().to_table();
        lay_over(&mut table, toml::from_str(old).unwrap());
        let laid: Settings = table.try_into().unwrap();
        assert_eq!(read, laid);
        assert_eq!((read.learner.levels, read.learner.centered), (4, false));
        assert_eq!(read.monitor.snapshots_per_decade, 7);
    }

    #[test]
    fn layers_replace_what_they_name() {
        let mut table = Settings::default().to_table();
        let before = table.clone();
        lay_over(
            &mut table,
            toml::from_str("[model]\nhidden = [7, 8]").unwrap(),
        );
        let changed: Vec<_> = entries(&table)
            .filter(|(name, value)| {
                let (section, key) = name.split_once('.').unwrap();
                before[section].get(key) != Some(value)
            })
            .collect();
        assert_eq!(changed.len(), 1);
        assert_eq!(
            (changed[0].0.as_str(), text(changed[0].1)),
            ("model.hidden", "[7, 8]".into())
        );
        set(&mut table, "model.hidden", 3.into());
        assert_eq!(table["model"]["hidden"], 3.into());
    }
}
