//! What is wrong with a setting.

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("setting `{setting}` is {found}; {expected}")]
pub struct SettingError {
    /// Name of the setting in `config.toml`.
    pub setting: &'static str,
    /// Its value.
    pub found: String,
    /// What it must be.
    pub expected: &'static str,
}
