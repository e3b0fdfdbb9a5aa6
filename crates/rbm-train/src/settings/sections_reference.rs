//! The book's page of settings is this table.

use super::{Settings, all};
use crate::settings::table::Takes;
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "\
# Settings

<!-- Written by `RBM_BOOK=write cargo test -p rbm-train -p rbm-model -- reference`: change the table of settings instead. -->

All settings with their defaults, as `config.toml` has them: a section below is a section there. How files, presets and flags
go together: [settings and files of settings](../guide/settings.md).
";

fn page() -> String {
    let defaults = Settings::default().to_table();
    let mut page = String::from(HEAD);
    let mut section = "";
    for entry in all() {
        if entry.section != section {
            section = entry.section;
            let _ = write!(
                page,
                "\n## {section}\n\n| setting | default | flag | what it is |\n|---|---|---|---|\n"
            );
        }
        let value = defaults[section].get(entry.name);
        let default = match (value, entry.default) {
            (Some(value), None) => format!("`{value}`"),
            (Some(value), Some(shown)) => format!("`{value}`, {shown}"),
            (None, shown) => shown.unwrap_or("none").to_string(),
        };
        let flag = entry.flag.as_ref().map_or_else(String::new, |flag| {
            let value = match flag.takes {
                Takes::Nothing(_) => String::new(),
                _ => format!(" {}", flag.value_name.replace('|', "\\|")),
            };
            format!("`--{}{value}`", flag.name)
        });
        let choices = entry.arg(false, &defaults).map_or_else(Vec::new, |arg| {
            let values = arg.get_possible_values().into_iter();
            values
                .map(|value| format!("`{}`", value.get_name()))
                .collect()
        });
        let mut help = entry.help.trim().to_string();
        if !choices.is_empty() {
            let _ = write!(help, "; one of {}", choices.join(", "));
        }
        let _ = writeln!(page, "| `{}` | {default} | {flag} | {help} |", entry.name);
    }
    page
}

#[test]
fn reference_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reference/settings.md");
    let found = page();
    if std::env::var_os("RBM_BOOK").is_some_and(|value| value == "write") {
        std::fs::write(&path, &found).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    let differs = page.lines().zip(found.lines()).find(|(a, b)| a != b);
    assert!(
        page == found,
        "docs/src/reference/settings.md is not the table: {differs:?}; \
         RBM_BOOK=write cargo test -p rbm-train -p rbm-model -- reference"
    );
}
