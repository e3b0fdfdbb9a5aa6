//! The model and its initial values.

use super::table::settings;
use serde::{Deserialize, Serialize};

settings! {
    /// The model and its initial values.
    "model" ModelSettings

    /// Hidden units
    hidden: usize = 500, must AT_LEAST_1
        flag "hidden" "UNITS" "Model" one usize;
    /// Standard deviation of the initial weights
    weight_std: f64 = 0.01, must NOT_NEGATIVE
        flag "weight-std" "STD" "Model" one f64;
    /// Initial visible biases
    visible_bias: VisibleBias = VisibleBias::Data,
        flag "visible-bias" "VISIBLE_BIAS" "Model" one VisibleBias;
    /// Initial hidden biases
    hidden_bias: HiddenBias = HiddenBias::Zero,
        flag "hidden-bias" "HIDDEN_BIAS" "Model" one HiddenBias;
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
