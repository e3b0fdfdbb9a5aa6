//! Settings as TOML tables of sections: what files, flags and presets name, laid over each other.

use super::Settings;
use toml::{Table, Value};

/// Settings that have a flag: its name, which is also their short name, and where they are.
pub const FLAGS: [(&str, &str); 31] = [
    ("dataset", "data.dataset"),
    ("threshold", "data.threshold"),
    ("test-fraction", "data.test_fraction"),
    ("limit", "data.limit"),
    ("digits", "data.digits"),
    ("ising-side", "data.ising_side"),
    ("ising-temperature", "data.ising_temperature"),
    ("ising-rows", "data.ising_rows"),
    ("hidden", "model.hidden"),
    ("weight-std", "model.weight_std"),
    ("visible-bias", "model.visible_bias"),
    ("hidden-bias", "model.hidden_bias"),
    ("learner", "learner.kind"),
    ("gibbs-steps", "learner.gibbs_steps"),
    ("chains", "learner.chains"),
    ("levels", "learner.replicas"),
    ("centred", "learner.centred"),
    ("batch-size", "training.batch_size"),
    ("epochs", "training.epochs"),
    ("learning-rate", "optimizer.learning_rate"),
    ("schedule", "optimizer.schedule"),
    ("optimizer", "optimizer.kind"),
    ("momentum", "optimizer.momentum"),
    ("l1", "optimizer.l1"),
    ("l2", "optimizer.l2"),
    ("snapshots", "monitor.per_decade"),
    ("evaluate-every", "monitor.every"),
    ("evaluate-likelihood", "monitor.likelihood_epochs"),
    ("checkpoint-seconds", "monitor.checkpoint_seconds"),
    ("device", "training.device"),
    ("seed", "training.seed"),
];

/// Where the setting of a flag is.
pub fn of_flag(flag: &str) -> Option<&'static str> {
    let found = FLAGS.iter().find(|(name, _)| *name == flag);
    found.map(|(_, setting)| *setting)
}

impl Settings {
    /// The settings as a table of sections.
    pub fn to_table(&self) -> Table {
        match Value::try_from(self) {
            Ok(Value::Table(table)) => table,
            // Every part of the settings is a table, and seeds are validated to fit.
            _ => Table::new(),
        }
    }
}

/// Lays `layer` over `table`, setting by setting.
pub fn lay_over(table: &mut Table, layer: Table) {
    for (section, values) in layer {
        match (table.get_mut(&section), values) {
            (Some(Value::Table(into)), Value::Table(values)) => into.extend(values),
            (_, values) => {
                table.insert(section, values);
            }
        }
    }
}

/// Puts a value at `section.name`.
pub fn set(table: &mut Table, setting: &str, value: Value) {
    let (section, name) = setting.split_once('.').unwrap_or((setting, ""));
    let values = table
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(values) = values {
        values.insert(name.into(), value);
    }
}

/// `section.name` and value of everything in a table of sections.
pub fn entries(table: &Table) -> impl Iterator<Item = (String, &Value)> {
    table.iter().flat_map(|(section, values)| {
        let named = values.as_table().into_iter().flatten();
        named.map(move |(name, value)| (format!("{section}.{name}"), value))
    })
}

/// A value as text, strings without quotes.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_names_a_setting() {
        let mut settings = Settings::default();
        settings.data.threshold = Some(0.5);
        settings.data.limit = Some(1);
        settings.data.digits = Some(vec![1]);
        let table = settings.to_table();
        let known: Vec<String> = entries(&table).map(|(setting, _)| setting).collect();
        for (flag, setting) in FLAGS {
            assert!(
                known.iter().any(|name| name == setting),
                "{flag}: {setting}"
            );
            assert_eq!(of_flag(flag), Some(setting));
        }
        assert_eq!(of_flag("none"), None);
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
