//! The model and its initial values.

use serde::{Deserialize, Serialize};

/// The model and its initial values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSettings {
    /// Number of hidden units.
    pub hidden: usize,
    /// Standard deviation of the initial weights.
    pub weight_std: f64,
    /// Initial visible biases.
    pub visible_bias: VisibleBias,
    /// Initial hidden biases.
    pub hidden_bias: HiddenBias,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            hidden: 500,
            weight_std: 0.01,
            visible_bias: VisibleBias::Data,
            hidden_bias: HiddenBias::Zero,
        }
    }
}

/// Initial visible biases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum VisibleBias {
    /// ln(p / (1 - p)) of the data's means p.
    Data,
    /// All zero.
    Zero,
    /// Normal, with the standard deviation of the weights.
    Normal,
}

/// Initial hidden biases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum HiddenBias {
    /// All zero.
    Zero,
    /// Normal, with the standard deviation of the weights.
    Normal,
}
