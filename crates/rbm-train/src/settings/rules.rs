//! What values a setting may have by itself.

use super::error::SettingError;
use super::values::text;
use crate::learner::ChainCount;

/// A condition, and the words for it.
pub(super) struct Rule<T> {
    holds: fn(&T) -> bool,
    expected: &'static str,
}

impl<T: serde::Serialize> Rule<T> {
    pub(super) fn check(&self, setting: &'static str, value: &T) -> Result<(), SettingError> {
        if (self.holds)(value) {
            return Ok(());
        }
        Err(SettingError {
            setting,
            found: toml::Value::try_from(value).map_or_else(
                // TOML has no larger whole numbers, and no absent ones.
                |_| "out of range".into(),
                |value| text(&value),
            ),
            expected: self.expected,
        })
    }
}

const fn rule<T>(holds: fn(&T) -> bool, expected: &'static str) -> Rule<T> {
    Rule { holds, expected }
}

pub(super) const AT_LEAST_1: Rule<usize> = rule(|&n| n >= 1, "it must be at least 1");
pub(super) const AT_LEAST_2: Rule<usize> = rule(|&n| n >= 2, "it must be at least 2");
/// Updates are counted in 64 bits, and a data set has fewer than 2^32 rows.
pub(super) const COUNTABLE_IF_GIVEN: Rule<Option<usize>> = rule(
    |n| n.is_none_or(|n| n > 0 && u32::try_from(n).is_ok()),
    "it must be at least 1 and below 2^32",
);
/// Temperatures are numbered in f32.
pub(super) const TEMPERATURES: Rule<usize> = rule(
    |n| (1..1 << 23).contains(n),
    "it must be at least 1 and below 2^23",
);
pub(super) const SOME_OR_ALL: Rule<Option<usize>> =
    rule(|&n| n != Some(0), "it must be at least 1");
pub(super) const CHAINS: Rule<ChainCount> =
    rule(|&n| n != ChainCount::Count(0), "it must be at least 1");
pub(super) const NOT_NEGATIVE: Rule<f64> = rule(
    |&x| x.is_finite() && x >= 0.0,
    "it must be a number of at least 0",
);
pub(super) const POSITIVE: Rule<f64> =
    rule(|&x| x.is_finite() && x > 0.0, "it must be a number above 0");
/// Infinity is no limit.
pub(super) const LIMIT: Rule<f64> = rule(|&x| x > 0.0, "it must be a number above 0");
pub(super) const BELOW_1: Rule<f64> = rule(
    |x| (0.0..1.0).contains(x),
    "it must be a number from 0 to below 1",
);
/// TOML has no larger whole numbers.
pub(super) const SEED: Rule<u64> = rule(|&x| i64::try_from(x).is_ok(), "it must be below 2^63");
