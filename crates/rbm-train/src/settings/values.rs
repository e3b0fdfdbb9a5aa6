//! Values in TOML tables of sections.

use toml::{Table, Value};

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

/// A count given on the command line.
///
/// # Errors
/// What it must be.
pub fn whole_number(text: &str) -> Result<usize, &'static str> {
    text.parse()
        .map_err(|_| "it must be a whole number, 0 or above")
}

/// An error of reading settings, in words rather than in types of the program.
pub fn in_words(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    let text = ["expected u64", "expected usize", "expected u32"]
        .iter()
        .fold(text, |text, kind| {
            text.replace(kind, "expected a whole number, 0 or above")
        });
    text.replace("expected f64", "expected a number")
}

/// A value as text, strings without quotes.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
